/*
 * Gives files to a fuzz target, for compilers without libFuzzer: `fuzz_json FILE|FOLDER...`. Each file
 * is also given cut short, and with a byte changed, at places that the file's size chooses: the same
 * ones in every run.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

enum { FILE_BYTES_MAX = 1 << 20, VARIANTS = 4 };

static long given;

static void give(const char *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1); /* of its very size: a sanitizer sees what reads beyond */
    PROMISE(copy != NULL, "out of memory");
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    given++;
}

static void give_variants(char *bytes, size_t size)
{
    for (size_t i = 1; size && i <= VARIANTS; i++) {
        size_t at = size * i / (VARIANTS + 1);
        char kept = bytes[at];
        give(bytes, at);
        bytes[at] = (char)(kept ^ (1 << i));
        give(bytes, size);
        bytes[at] = kept;
    }
}

static void replay_file(const char *path)
{
    static char bytes[FILE_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    PROMISE(file != NULL, "%s: %s", path, strerror(errno));
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    PROMISE(!ferror(file) && feof(file), "%s: cannot be read, or more than 1 MiB", path);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last one is the one that broke a promise */
    give(bytes, size);
    give_variants(bytes, size);
}

static int is_seen(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct stat status;
    struct dirent **entries;
    PROMISE(stat(path, &status) == 0, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode)) {
        replay_file(path);
        return;
    }
    int count = scandir(path, &entries, is_seen, alphasort);
    PROMISE(count >= 0, "%s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char inside[4096];
        snprintf(inside, sizeof(inside), "%s/%s", path, entries[i]->d_name);
        replay(inside);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    printf("%ld inputs\n", given);
    return given > 0 ? 0 : 1;
}
