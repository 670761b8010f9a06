/* RFC 9562, section 5.5: SHA-1 over namespace and name, cut to 128 bits. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA1_*: the EVP calls allocate and cost 4 times as much */
#include "base/uuid5.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

static const unsigned char namespace[16] = { 0x37, 0x4a, 0x46, 0x52, 0x5e, 0xf6, 0x53, 0x2a,
                                             0xb0, 0xef, 0xa3, 0x6e, 0x59, 0x7b, 0x53, 0xbe };

void uuid5(struct text name, char out[UUID_TEXT_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, namespace, sizeof(namespace));
    SHA1_Update(&context, name.at, name.size);
    SHA1_Final(digest, &context);
    digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x50); /* version 5 */
    digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80); /* variant   */
    char *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = hex[digest[i] >> 4];
        *at++ = hex[digest[i] & 15];
    }
    *at = 0;
}

const char *uuid5_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}
