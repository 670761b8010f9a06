/* `config` and `version`. */
#include <stdio.h>

#include "base/hash.h"
#include "base/uuid5.h"
#include "io/bus_kafka.h"
#include "io/config.h"
#include "io/http.h"
#include "io/view_redis.h"
#include "workers/makegood/command.h"
#include "workers/makegood/output.h"
#include "workers/makegood/record_json.h"

static void print_row(void *context, const char *key, const char *value, const char *source,
                      const char *help)
{
    (void)context;
    printf("%-26s %-28s %-26s %s\n", key, *value ? value : "\"\"", source, help);
}

/* Bytes that are no UTF-8 may come by the environment. */
static void put_row(void *context, const char *key, const char *value, const char *source,
                    const char *help)
{
    struct output *output = context;
    struct json_writer *writer = output_row(output);
    json_put_text(writer, "key", text_as_utf8(&output->arena, text_of(key)));
    json_put_text(writer, "value", text_as_utf8(&output->arena, text_of(value)));
    json_put_text(writer, "source", text_as_utf8(&output->arena, text_of(source)));
    json_put_text(writer, "help", text_of(help));
    output_row_end(output);
}

int run_config(const struct call *call)
{
    struct output output;
    output_open(&output, call);
    if (!output.json) {
        printf("%-26s %-28s %-26s %s\n", "KEY", "VALUE", "FROM", "WHAT");
    }
    config_each(call->config, output.json ? put_row : print_row, &output);
    output_close(&output);
    return OK;
}

int run_version(const struct call *call)
{
    const char *const rows[][2] = { { "makegood", MAKEGOOD_VERSION },
                                    { "librdkafka", bus_kafka_library() },
                                    { "hiredis", view_redis_library() },
                                    { "libmicrohttpd", http_library() },
                                    { "openssl", uuid5_library() },
                                    { "xxhash", hash_library() } };
    struct output output;
    output_open_single(&output, call);
    struct json_writer *writer = output.json ? output_row(&output) : NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (writer) {
            json_put_text(writer, rows[i][0], text_of(rows[i][1]));
        } else {
            printf("%s %s\n", rows[i][0], rows[i][1]);
        }
    }
    if (writer) {
        output_row_end(&output);
    }
    output_close(&output);
    return OK;
}
