/* Opening the servers for commands that only look. */
#include "workers/makegood/servers.h"

#include <stdio.h>
#include <string.h>

#include "io/config.h"
#include "io/log.h"
#include "io/view_redis.h"
#include "workers/makegood/command.h"

void view_identity(const struct config *config, const char *cluster, char out[VIEW_IDENTITY_SIZE])
{
    snprintf(out, VIEW_IDENTITY_SIZE, "cluster=%s prefix=%s group=%s format=1", cluster,
             config_get(config, "topics.prefix"), config_get(config, "group"));
}

struct kafka_admin *servers_kafka_quiet(const struct config *config, enum err *err,
                                        struct err_note *note)
{
    bool debug = strcmp(config_get(config, "log.level"), "debug") == 0;
    log_configure(debug ? LOG_DEBUG : LOG_ERROR, config_get(config, "log.format")[0] == 'j');
    *err = OK;
    return kafka_admin_new(config_kafka(config), config_get(config, "topics.prefix"), err, note);
}

struct kafka_admin *servers_kafka(const struct config *config, enum err *err)
{
    struct err_note note = { "" };
    struct kafka_admin *admin = servers_kafka_quiet(config, err, &note);
    if (!admin) {
        fail_with(*err, "%s", note.text);
    }
    return admin;
}

void servers_complete(const struct config *config, enum err err, struct err_note *note)
{
    const char *tried = config_get(config, "kafka.bootstrap.servers");
    if (err == ERR_UNAVAILABLE && strncmp(note->text, "Kafka", 5) == 0 &&
        !strstr(note->text, tried)) {
        struct err_note whole;
        err_note(&whole, err, "%.*s (kafka.bootstrap.servers = %.100s)", ERR_NOTE_MAX - 140,
                 note->text, tried);
        *note = whole;
    }
}

int servers_failed(const struct config *config, enum err err, struct err_note *note)
{
    servers_complete(config, err, note);
    if (err == ERR_NO_INPUT) {
        return fail_with(ERR_CONFIG, "%s; run `makegood topics create`", note->text);
    }
    return fail_with(err, "%s", note->text);
}

enum err view_error(enum view_result result)
{
    return result == VIEW_OK       ? OK
           : result == VIEW_DOWN   ? ERR_UNAVAILABLE
           : result == VIEW_DENIED ? ERR_REFUSED
                                   : ERR_CONFIG;
}

struct view *servers_view(const struct config *config, const char *cluster, enum err *err,
                          struct err_note *note)
{
    char identity[VIEW_IDENTITY_SIZE] = "";
    if (cluster) {
        view_identity(config, cluster, identity);
    }
    struct view *view = view_redis_new(
        &(struct view_redis_setup){ .url = config_get(config, "redis.url"),
                                    .password = config_get(config, "redis.password"),
                                    .identity = identity,
                                    .read_only = true },
        err, note);
    if (!view) {
        return NULL;
    }
    *err = view_error(view->ops->check(view, note));
    if (*err != OK) {
        view->ops->close(view);
        return NULL;
    }
    return view;
}
