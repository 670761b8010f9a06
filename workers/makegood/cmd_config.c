/* `config` and `version`. */
#include <stdio.h>

#include "base/arena.h"
#include "io/config.h"
#include "wire/json_write.h"
#include "workers/makegood/command.h"

static void print_row(void *context, const char *key, const char *value, const char *source,
                      const char *help)
{
    (void)context;
    printf("%-26s %-28s %-26s %s\n", key, *value ? value : "\"\"", source, help);
}

static void print_json(void *context, const char *key, const char *value, const char *source,
                       const char *help)
{
    struct arena *arena = context;
    struct json_writer writer;
    (void)help;
    json_writer_init(&writer, arena, 256);
    json_open_object(&writer, NULL);
    json_put_text(&writer, "key", text_of(key));
    json_put_text(&writer, "value", text_of(value));
    json_put_text(&writer, "source", text_of(source));
    json_close_object(&writer);
    struct text text = json_writer_text(&writer);
    printf("%.*s\n", TEXT_ARGS(text));
}

int run_config(const struct call *call)
{
    if (call->output && call->output[0] == 'j') {
        struct arena arena;
        arena_init(&arena, 0);
        config_each(call->config, print_json, &arena);
        arena_release(&arena);
        return OK;
    }
    printf("%-26s %-28s %-26s %s\n", "KEY", "VALUE", "FROM", "WHAT");
    config_each(call->config, print_row, NULL);
    return OK;
}

int run_version(const struct call *call)
{
    (void)call;
    puts("makegood " MAKEGOOD_VERSION);
    return OK;
}
