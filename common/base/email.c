/* The hash that partners and other systems make of the same address in the same way. */
#include "base/email.h"

#include <openssl/sha.h>

static struct text trim(struct text text)
{
    while (text.size && text.at[0] == ' ') {
        text.at++;
        text.size--;
    }
    while (text.size && text.at[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

struct text email_hash(struct arena *arena, struct text address)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct text trimmed = trim(address);
    char *lower = arena_bytes(arena, trimmed.size), *out = arena_bytes(arena, EMAIL_HASH_SIZE);
    for (uint32_t i = 0; i < trimmed.size; i++) {
        char c = trimmed.at[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    SHA256((const unsigned char *)lower, trimmed.size, digest);
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        out[i * 2] = hex[digest[i] >> 4];
        out[i * 2 + 1] = hex[digest[i] & 15];
    }
    return (struct text){ out, EMAIL_HASH_SIZE };
}
