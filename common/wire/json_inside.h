/* Shared by the files of the JSON reader alone. */
#ifndef MAKEGOOD_WIRE_JSON_INSIDE_H
#define MAKEGOOD_WIRE_JSON_INSIDE_H

static inline int json_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

#endif
