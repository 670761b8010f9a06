# The fuzz build's own hiredis and jansson, compiled as our code is, when tests/fuzz/sources has
# fetched them. hiredis reads what Redis answers, to fuzz_redis; of the product only hiredis is linked:
# jansson is the other opinion in fuzz_json, and so sees the same bytes as our reader.
function(add_instrumented name folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEFINES" ${ARGN})
  list(TRANSFORM ARG_SOURCES PREPEND ${FUZZ_SOURCES}/${folder}/)
  add_library(instrumented_${name} STATIC ${ARG_SOURCES})
  target_compile_definitions(instrumented_${name} PRIVATE ${ARG_DEFINES})
  target_compile_options(instrumented_${name} PRIVATE -fPIC -w
    -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer)
  string(TOUPPER ${name} upper)
  target_include_directories(instrumented_${name} INTERFACE ${${upper}_INCLUDE_DIRS})
  add_library(PkgConfig::${upper} ALIAS instrumented_${name})
endfunction()

add_instrumented(hiredis hiredis SOURCES hiredis.c net.c read.c sds.c alloc.c)
add_instrumented(jansson jansson/src
  SOURCES dump.c error.c hashtable.c hashtable_seed.c load.c memory.c pack_unpack.c strbuffer.c
          strconv.c utf.c value.c version.c
  DEFINES HAVE_STDINT_H HAVE_SYS_TYPES_H HAVE_SYS_TIME_H HAVE_UNISTD_H HAVE_LOCALE_H HAVE_STRTOLL
          HAVE_LOCALECONV HAVE_ATOMIC_BUILTINS HAVE_GETTIMEOFDAY INITIAL_HASHTABLE_ORDER=3)
# What its configure script would write is said above; what it tells its users is Debian's.
set(config ${CMAKE_BINARY_DIR}/instrumented)
file(WRITE ${config}/jansson_private_config.h "")
target_include_directories(instrumented_jansson PRIVATE ${config})
