/* Shared by the files of the configuration alone. */
#ifndef MAKEGOOD_IO_CONFIG_INSIDE_H
#define MAKEGOOD_IO_CONFIG_INSIDE_H

#include <stddef.h>

#include "io/config.h"

enum { VALUES_MAX = 256, KEY_SIZE = 128, VALUE_SIZE = 8192, SOURCE_SIZE = 256 };

enum rank { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct value {
    char key[KEY_SIZE], value[VALUE_SIZE], source[SOURCE_SIZE];
    enum rank rank;
    bool secret;
};

struct config {
    bool (*fixed)(const char *property);
    struct value values[VALUES_MAX];
    size_t count;
    const char *kafka[VALUES_MAX * 2 + 1];
};

/* Adds the value that a file holds, without a newline at its end. */
enum err config_read_secret(struct config *config, const char *name, const char *path,
                            const char *source, struct err_note *note);

#endif
