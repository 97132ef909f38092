#ifndef PRISMFED_TESTS_HEX_H
#define PRISMFED_TESTS_HEX_H

/* Bytes from the hex digits (either case, spaces between them) of a vector; what is
 * not hex is an error of the test and aborts. The caller frees. */

#include <ctype.h>

#include "base/text.h"

static inline struct buf hex_buf(const char *hex)
{
    struct buf lower = {0}, out = {0};
    enum err err;

    for (; *hex != '\0'; hex++) {
        if (*hex != ' ')
            buf_add_byte(&lower, (uint8_t)tolower((unsigned char)*hex));
    }
    err = hex_decode(bytes_of_buf(&lower), &out);
    ASSERT(err == ERR_OK);
    buf_free(&lower);
    return out;
}

static inline struct buf base64_buf(const char *text)
{
    struct buf out = {0};
    enum err err = base64_decode(bytes_of_text(text), &out);

    ASSERT(err == ERR_OK);
    return out;
}

#endif
