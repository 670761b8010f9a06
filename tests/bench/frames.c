#include "client.h"

#include <stdlib.h>
#include <string.h>

struct bytes file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        die(path, "cannot be read");
    }
    long size = ftell(file);
    char *at = malloc((size_t)size + 1);
    rewind(file);
    if (at == NULL || size > UINT32_MAX || fread(at, 1, (size_t)size, file) != (size_t)size) {
        die(path, "cannot be read");
    }
    fclose(file);
    return (struct bytes){ at, (uint32_t)size };
}

static uint32_t take_number(struct bytes *rest)
{
    uint32_t number;
    if (rest->size < sizeof(number)) {
        die("frame", "cut short");
    }
    memcpy(&number, rest->at, sizeof(number));
    rest->at += sizeof(number);
    rest->size -= sizeof(number);
    return number;
}

static struct bytes take_bytes(struct bytes *rest)
{
    uint32_t size = take_number(rest);
    if (rest->size < size) {
        die("frame", "cut short");
    }
    struct bytes taken = { rest->at, size };
    rest->at += size;
    rest->size -= size;
    return taken;
}

bool frame_read(struct bytes *rest, struct frame *out)
{
    if (rest->size == 0) {
        return false;
    }
    out->key = take_bytes(rest);
    out->value = take_bytes(rest);
    out->header_count = take_number(rest);
    if (out->header_count > FRAME_HEADERS_MAX) {
        die("frame", "too many headers");
    }
    for (uint32_t i = 0; i < out->header_count; i++) {
        out->names[i] = take_bytes(rest);
        out->values[i] = take_bytes(rest);
    }
    return true;
}

static void write_bytes(FILE *file, struct bytes bytes)
{
    fwrite(&bytes.size, sizeof(bytes.size), 1, file);
    fwrite(bytes.at, 1, bytes.size, file);
}

void frame_write(FILE *file, const struct frame *frame)
{
    write_bytes(file, frame->key);
    write_bytes(file, frame->value);
    fwrite(&frame->header_count, sizeof(frame->header_count), 1, file);
    for (uint32_t i = 0; i < frame->header_count; i++) {
        write_bytes(file, frame->names[i]);
        write_bytes(file, frame->values[i]);
    }
}

void frame_of(const rd_kafka_message_t *message, struct frame *out)
{
    rd_kafka_headers_t *headers;
    out->key = (struct bytes){ message->key, (uint32_t)message->key_len };
    out->value = (struct bytes){ message->payload, (uint32_t)message->len };
    out->header_count = 0;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;
    }
    const char *name;
    const void *value;
    size_t size;
    while (out->header_count < FRAME_HEADERS_MAX &&
           rd_kafka_header_get_all(headers, out->header_count, &name, &value, &size) ==
               RD_KAFKA_RESP_ERR_NO_ERROR) {
        out->names[out->header_count] = (struct bytes){ name, (uint32_t)strlen(name) };
        out->values[out->header_count++] = (struct bytes){ value, (uint32_t)size };
    }
}

uint64_t frame_bytes(const struct frame *frame)
{
    uint64_t bytes = (uint64_t)frame->key.size + frame->value.size;
    for (uint32_t i = 0; i < frame->header_count; i++) {
        bytes += frame->names[i].size + frame->values[i].size + 2; /* as Kafka stores their sizes */
    }
    return bytes;
}

static char *put(char *to, struct bytes bytes)
{
    if (bytes.size > 0) {
        memcpy(to, bytes.at, bytes.size);
    }
    return to + bytes.size;
}

struct bytes frame_flat(const struct frame *frame)
{
    uint32_t size = (uint32_t)(frame_bytes(frame) - frame->key.size);
    char *made = malloc(size + 1), *to = made;
    if (made == NULL) {
        die("memory", "none left");
    }
    for (uint32_t i = 0; i < frame->header_count; i++) {
        to = put(to, frame->names[i]);
        *to++ = ' ';
        to = put(to, frame->values[i]);
        *to++ = ' ';
    }
    put(to, frame->value);
    return (struct bytes){ made, size };
}
