/*
 * What a Redis answers, whatever it is: to a read of two groups, to folds, to the check of who owns the
 * database. Each connection gets the next part of the input, parts end with a line "%"; the first byte
 * says whether it begins with a good answer to the check, and whether the owner is asked for.
 *
 * The promise: what is not said to be absent is not taken for absent, an index is none or at least 0,
 * and whatever is not understood has a line that says so.
 */
#define _GNU_SOURCE /* memmem() */
#include <hiredis/hiredis.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "io/signals.h"
#include "io/view_redis.h"

enum { PART_MAX = 32768 };

static struct text rest; /* of the input */
static bool told_owner;
static int peers[64];
static size_t peer_count;

/* An array that says it is huge is refused, as where memory ends: by the sanitizer, or by the system. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

void __asan_init(void) __attribute__((weak));

static void bound_memory(void)
{
    struct rlimit limit = { 256 << 20, 256 << 20 };
    if (__asan_init == NULL) {
        setrlimit(RLIMIT_AS, &limit);
    }
}

/* --- the other end --- */

static void answer(int peer, const char *bytes, size_t size)
{
    PROMISE(write(peer, bytes, size) == (ssize_t)size, "the socket is full");
}

static struct text next_part(void)
{
    const char *end = rest.size ? memmem(rest.at, rest.size, "\n%\n", 3) : NULL;
    struct text part = { rest.at, end ? (uint32_t)(end - rest.at) + 1 : rest.size };
    uint32_t past = end ? part.size + 2 : part.size;
    part.size = part.size < PART_MAX ? part.size : PART_MAX;
    rest.at += past;
    rest.size -= past;
    return part;
}

/* The linker puts it before hiredis' own (-Wl,--wrap). */
redisContext *__wrap_redisConnectUnixWithTimeout(const char *path, const struct timeval timeout);
redisContext *__wrap_redisConnectUnixWithTimeout(const char *path, const struct timeval timeout)
{
    static const char owner[] = "$27\r\nmaxmemory_policy:noeviction\r\n";
    struct text part = next_part();
    int ends[2];
    (void)path, (void)timeout;
    PROMISE(peer_count < sizeof(peers) / sizeof(*peers), "it connects without end");
    PROMISE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "no socket");
    peers[peer_count++] = ends[1];
    if (told_owner) {
        answer(ends[1], owner, sizeof(owner) - 1);
    }
    answer(ends[1], part.at, part.size);
    shutdown(ends[1], SHUT_WR);
    return redisConnectFd(ends[0]);
}

/* --- what is asked --- */

/* How often the input says that there is nothing: more than that cannot be absent. */
static size_t nothings(struct text input)
{
    size_t count = 0;
    for (uint32_t i = 0; i + 4 < input.size; i++) {
        count += memcmp(input.at + i, "$-1\r\n", 5) == 0 || memcmp(input.at + i, "*-1\r\n", 5) == 0;
    }
    return count;
}

static void expect_reason(enum view_result result, struct err_note *note)
{
    PROMISE(result == VIEW_OK || result == VIEW_LOST || note->text[0], "no reason is given");
    note->text[0] = 0;
}

static uint64_t sum; /* of every byte, so that every byte is looked at */

static size_t look(const struct view_read *read)
{
    size_t absent = read->index == -1;
    PROMISE(read->index >= -1, "index %lld", (long long)read->index);
    for (size_t i = 0; i < read->key_count; i++) {
        absent += read->values[i].at == NULL;
        sum += read->values[i].at ? hash128(read->values[i]).low : 0;
    }
    for (size_t i = 0; i < read->due_count; i++) {
        PROMISE(read->due[i].key.at != NULL, "a due time of nobody");
        sum += hash128(read->due[i].key).low;
    }
    return absent;
}

static void read_some(struct view *view, struct arena *arena, size_t nothings_said)
{
    struct text keys[] = { TEXT("A"), TEXT("B") };
    struct view_read reads[] = {
        { .group = TEXT("a-0"), .keys = keys, .key_count = 2, .due_max = 3, .due_limit_ms = 100 },
        { .group = TEXT("a-1"), .keys = keys, .key_count = 1 },
    };
    struct err_note note = { "" };
    enum view_result result = view->ops->read(view, arena, reads, 2, &note);
    expect_reason(result, &note);
    if (result == VIEW_OK) {
        size_t absent = look(&reads[0]) + look(&reads[1]);
        PROMISE(absent <= nothings_said, "%zu are absent, %zu were said to be", absent, nothings_said);
    }
}

static void fold_some(struct view *view)
{
    struct view_entry entries[] = { { TEXT("A"), TEXT("1"), 5 }, { TEXT("B"), { 0 }, 0 } };
    struct view_fold folds[] = {
        { .group = TEXT("a-0"), .before = 3, .after = 4, .entries = entries, .count = 2 },
        { .group = TEXT("a-1"), .before = -1, .after = 1, .entries = entries, .count = 1 },
    };
    struct err_note note = { "" };
    enum view_result result = view_fold_all(view, folds, 2, &note);
    expect_reason(result, &note);
    for (size_t i = 0; result == VIEW_OK && i < 2; i++) {
        PROMISE(folds[i].result == VIEW_OK ? folds[i].index == folds[i].after
                                           : folds[i].result == VIEW_LOST,
                "fold %zu: %d, index %lld", i, (int)folds[i].result, (long long)folds[i].index);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err_note note = { "" };
    enum err err;
    struct view_redis_setup setup = { .url = "unix:///of-the-fuzzer", .identity = size > 0 && bytes[0] & 2 ? "me" : "" };
    struct arena arena = { 0 };
    struct view *view = view_redis_new(&setup, &err, &note);
    PROMISE(view != NULL, "%s", note.text);
    bound_memory();
    signals_ignore_pipe();
    told_owner = size > 0 && bytes[0] % 2;
    rest = (struct text){ (const char *)bytes + (size > 0), (uint32_t)(size - (size > 0)) };
    size_t said = nothings(rest);
    read_some(view, &arena, said);
    fold_some(view);
    expect_reason(view->ops->check(view, &note), &note);
    read_some(view, &arena, said);
    view->ops->close(view);
    arena_release(&arena);
    while (peer_count > 0) {
        close(peers[--peer_count]);
    }
    return 0;
}
