/* Secrets come from files: flags and environments are seen by others. */
#include "io/config_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/log.h"

/* A bare name is a credential of systemd's (LoadCredential=), when there are any. */
static FILE *open_secret(const char *name, const char *path)
{
    char whole[VALUE_SIZE + SOURCE_SIZE];
    struct stat status;
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    bool bare = folder && *folder && !strchr(path, '/');
    snprintf(whole, sizeof(whole), "%s%s%s", bare ? folder : "", bare ? "/" : "", path);
    FILE *file = fopen(whole, "re");
    if (file && fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & S_IROTH) != 0) {
        log_warn("secret_readable_by_all", KEY_STRING("key", name), KEY_STRING("file", whole),
                 KEY_STRING("cure", "chmod o-rwx"));
    }
    return file;
}

enum err config_read_secret(struct config *config, const char *name, const char *path,
                            const char *source, struct err_note *note)
{
    if (config->count == VALUES_MAX) {
        return err_note(note, ERR_CONFIG, "%s: more than %d settings", source, VALUES_MAX);
    }
    FILE *file = open_secret(name, path);
    if (!file) {
        return err_note(note, ERR_CONFIG, "%s: %s_file %s: %s", source, name, path,
                        strerror(errno));
    }
    struct value *value = &config->values[config->count];
    size_t size = fread(value->value, 1, sizeof(value->value), file);
    fclose(file);
    bool too_long = size == sizeof(value->value);
    size -= size && value->value[size - 1] == '\n';
    size -= size && value->value[size - 1] == '\r';
    value->value[too_long ? 0 : size] = 0;
    if (strlen(value->value) != size || size == 0) {
        value->value[0] = 0;
        return err_note(note, ERR_CONFIG,
                        "%s: %s_file %s: is empty, a folder, binary or over %d bytes", source, name,
                        path, VALUE_SIZE - 1);
    }
    snprintf(value->key, sizeof(value->key), "%s", name);
    snprintf(value->source, sizeof(value->source), "%s", source);
    value->secret = true;
    config->count++;
    return OK;
}
