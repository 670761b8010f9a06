#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

enum err err_note(struct err_note *note, enum err err, const char *format, ...)
{
    if (note != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(note->text, sizeof(note->text), format, args);
        va_end(args);
    }
    return err;
}
