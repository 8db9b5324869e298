/* convert/words.h - text in a buffer of the caller's, cut where that ends. */
#ifndef KAA_CONVERT_WORDS_H
#define KAA_CONVERT_WORDS_H

#include "convert/convert.h"

typedef struct kaa_convert__text {
    char *bytes;
    size_t size;
    size_t length; /* of the whole, also where it did not fit */
} kaa_convert__text;

void kaa_convert__put(kaa_convert__text *out, const char *bytes, size_t length);
/* At most 511 bytes at once. */
void kaa_convert__printf(kaa_convert__text *out, const char *format, ...)
    KAA_PRINTF(2, 3);

#endif /* KAA_CONVERT_WORDS_H */
