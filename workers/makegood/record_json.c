/* Records of Kafka as JSON. */
#include "workers/makegood/record_json.h"

#include <stdio.h>
#include <string.h>

/* "ce_" and what CloudEvents allows in a name, so that it can stand in JSON as it is. */
static bool is_attribute(struct text name)
{
    bool good = name.size > 3 && name.size < 64 && text_starts(name, TEXT("ce_"));
    for (uint32_t i = 3; good && i < name.size; i++) {
        char c = name.at[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    }
    return good;
}

/* Valid JSON on one line: what an event was sent as may stand over several. */
static struct text on_one_line(struct arena *arena, struct text json)
{
    char *out = arena_bytes(arena, json.size);
    uint32_t size = 0;
    bool quoted = false;
    if (!memchr(json.at, '\n', json.size) && !memchr(json.at, '\r', json.size)) {
        return json;
    }
    for (uint32_t i = 0; i < json.size; i++) {
        char c = json.at[i];
        if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            continue;
        }
        out[size++] = c;
        if (quoted && c == '\\') {
            out[size++] = json.at[++i];
        } else if (c == '"') {
            quoted = !quoted;
        }
    }
    return (struct text){ out, size };
}

void record_put_outcome(struct json_writer *writer, struct text value, const struct header *headers,
                        size_t count)
{
    json_open_object(writer, "event");
    for (size_t i = 0; i < count; i++) {
        struct text name = headers[i].name;
        if (text_is(name, "content-type")) {
            json_put_text(writer, "datacontenttype", headers[i].value);
        } else if (is_attribute(name)) {
            char plain[64];
            snprintf(plain, sizeof(plain), "%.*s", (int)name.size - 3, name.at + 3);
            json_put_text(writer, plain, headers[i].value);
        }
    }
    json_put_raw(writer, "data", on_one_line(writer->arena, value));
    json_close_object(writer);
}

struct text text_as_utf8(struct arena *arena, struct text bytes)
{
    struct json json;
    struct json_fault fault;
    char *out = arena_bytes(arena, (size_t)bytes.size * 3 + 1);
    uint32_t size = 0;
    for (uint32_t i = 0; i < bytes.size;) {
        unsigned char c = (unsigned char)bytes.at[i];
        uint32_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        bool good = c < 0x80;
        if (!good && length <= bytes.size - i) { /* let the JSON reader judge one character */
            char quoted[6] = { '"' };
            memcpy(quoted + 1, bytes.at + i, length);
            quoted[length + 1] = '"';
            good = json_parse(arena, (struct text){ quoted, length + 2 }, &json, &fault);
        }
        memcpy(out + size, good ? bytes.at + i : "\xef\xbf\xbd", good ? length : 3);
        size += good ? length : 3;
        i += good ? length : 1;
    }
    return (struct text){ out, size };
}

void record_put_input(struct arena *arena, struct json_writer *writer, struct text value)
{
    struct json json;
    struct json_fault fault;
    if (value.at && json_parse(arena, value, &json, &fault) &&
        json.tokens[0].type == JSON_KIND_OBJECT) {
        json_put_raw(writer, "event", on_one_line(arena, json_raw(&json, 0)));
    } else {
        json_put_text(writer, "raw", text_as_utf8(arena, value));
    }
}
