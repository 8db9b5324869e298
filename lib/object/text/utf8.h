/* object/text/utf8.h - UTF-8 as the Unicode standard has it (table 3-7): no
 * surrogates, nothing overlong, nothing above U+10FFFF. */
#ifndef KAA_OBJECT_UTF8_H
#define KAA_OBJECT_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Why text is no UTF-8, in CPython's words. */
typedef struct kaa_object__utf8_error {
    size_t start; /* the bytes at fault: [start, end) */
    size_t end;
    const char *reason;
} kaa_object__utf8_error;

/* How many bytes at the start of a text are ASCII. */
static inline size_t
kaa_object__utf8_ascii(const char *text, size_t size)
{
    size_t at = 0;
    uint64_t word;

    while (size - at >= sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
        at += sizeof(word);
    }
    while (at < size && (text[at] & 0x80) == 0)
        at++;
    return at;
}

/* Characters in *out_count, and 0; or -1, with *error filled in. */
int kaa_object__utf8_check(const char *text, size_t size, size_t *out_count,
                           kaa_object__utf8_error *error);
/* Characters of valid text. */
size_t kaa_object__utf8_count(const char *text, size_t size);
/* Bytes from the start of valid text to character number `index`, which it has,
 * or to its end. */
size_t kaa_object__utf8_skip(const char *text, size_t index);

/* Whether a byte is not the first one of a character. */
static inline int
kaa_object__utf8_is_inner(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Bytes of the character that begins with `first`, in valid text. */
static inline size_t
kaa_object__utf8_width(char first)
{
    unsigned char byte = (unsigned char)first;

    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/* The character at the start of valid text. */
uint32_t kaa_object__utf8_decode(const char *text);
/* Writes a code point; how many bytes. */
size_t kaa_object__utf8_encode(uint32_t point, char out[4]);

#endif /* KAA_OBJECT_UTF8_H */
