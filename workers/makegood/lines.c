/* One pass is for judging, the second for sending, so what comes by a pipe is kept in a file. */
#include "workers/makegood/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ensure.h"
#include "wire/json.h"

static enum err copy(FILE *from, FILE *to, struct err_note *note)
{
    char bytes[16384];
    size_t size;
    while (!ferror(from) && (size = fread(bytes, 1, sizeof(bytes), from)) > 0) {
        if (fwrite(bytes, 1, size, to) != size) {
            return err_note(note, ERR_IO, "cannot keep the events in a temporary file: %s",
                            strerror(errno));
        }
    }
    return ferror(from) ? err_note(note, ERR_IO, "cannot read the events: %s", strerror(errno))
                        : OK;
}

static enum err keep(struct lines *lines, FILE *from, struct err_note *note)
{
    lines->file = tmpfile();
    if (!lines->file) {
        return err_note(note, ERR_IO, "cannot make a temporary file: %s", strerror(errno));
    }
    return copy(from, lines->file, note);
}

enum err lines_open(struct lines *lines, const char *path, struct err_note *note)
{
    *lines = (struct lines){ .bytes = malloc(LINE_BYTES_MAX + 1) };
    ENSURE(lines->bytes != NULL);
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!file) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        return err_note(note, missing ? ERR_NO_INPUT : ERR_IO, "cannot open %s: %s", path,
                        strerror(errno));
    }
    if (file != stdin && fseeko(file, 0, SEEK_SET) == 0) {
        lines->file = file;
        return OK;
    }
    enum err err = keep(lines, file, note);
    if (file != stdin) {
        fclose(file);
    }
    return err == OK ? lines_rewind(lines, note) : err;
}

enum err lines_rewind(struct lines *lines, struct err_note *note)
{
    lines->number = 0;
    lines->line = (struct text){ lines->bytes, 0 };
    if (fseeko(lines->file, 0, SEEK_SET) != 0) {
        return err_note(note, ERR_IO, "cannot read the events twice: %s", strerror(errno));
    }
    return OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct text trimmed(struct text text)
{
    while (text.size && is_space(text.at[text.size - 1])) {
        text.size--;
    }
    while (text.size && is_space(text.at[0])) {
        text.at++;
        text.size--;
    }
    return text;
}

/* At the start: the whole file, if it is small and one JSON value. */
static bool whole_file(struct lines *lines)
{
    struct json json;
    struct json_fault fault;
    struct arena arena;
    size_t size = fread(lines->bytes, 1, LINE_BYTES_MAX + 1, lines->file);
    struct text all = trimmed((struct text){ lines->bytes, (uint32_t)size });
    bool several = memchr(all.at, '\n', all.size) != NULL;
    arena_init(&arena, 0);
    bool whole = size <= LINE_BYTES_MAX && several && json_parse(&arena, all, &json, &fault);
    arena_release(&arena);
    if (whole) {
        lines->line = all;
        lines->number = 1;
        return true;
    }
    clearerr(lines->file);
    rewind(lines->file);
    return false;
}

bool lines_next(struct lines *lines)
{
    uint32_t size = 0;
    int c;
    if (lines->number == 0 && whole_file(lines)) {
        return true;
    }
    flockfile(lines->file);
    while ((c = getc_unlocked(lines->file)) != EOF && c != '\n') {
        if (size <= LINE_BYTES_MAX) {
            lines->bytes[size++] = (char)c;
        }
    }
    funlockfile(lines->file);
    struct text line = { lines->bytes, size };
    lines->line = size > LINE_BYTES_MAX ? line : trimmed(line);
    lines->number++;
    return c != EOF || size > 0;
}

enum err lines_failed(const struct lines *lines, struct err_note *note)
{
    return ferror(lines->file) ? err_note(note, ERR_IO, "cannot read line %lld: %s",
                                          (long long)lines->number, strerror(errno))
                               : OK;
}

void lines_close(struct lines *lines)
{
    if (lines->file) {
        fclose(lines->file);
    }
    free(lines->bytes);
    *lines = (struct lines){ 0 };
}
