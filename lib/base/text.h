/* base/text.h - building text in a buffer of fixed size, or one that grows. */
#ifndef KAA_BASE_TEXT_H
#define KAA_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include <kaa/base.h>

/* Text that grows. Zeroed storage is empty text. After the first failed
 * allocation `failed` is 1 and appends do nothing: check once, at the end. */
typedef struct kaa_base__text {
    char *bytes; /* NUL-terminated, or NULL while empty */
    size_t length;
    size_t capacity;
    int failed;
    char *storage; /* NULL, or bytes of the caller's to begin with */
} kaa_base__text;

/* Empty text that allocates nothing until it is longer than `storage`, which
 * must last as long as the text. `bytes` is not to be freed or kept then. */
void kaa_base__text_init(kaa_base__text *text, char *storage, size_t size);
void kaa_base__text_add(kaa_base__text *text, const char *bytes, size_t length);
void kaa_base__text_puts(kaa_base__text *text, const char *string);
void kaa_base__text_printf(kaa_base__text *text, const char *format, ...)
    KAA_PRINTF(2, 3);
void kaa_base__text_fini(kaa_base__text *text);

/* The convention of every public `..., char *buffer, size_t size)` function:
 * copies as much as fits, always NUL-terminates when size > 0, and returns the
 * length of the whole. */
size_t kaa_base__copy_out(const char *text, size_t length, char *buffer,
                          size_t size);

#endif /* KAA_BASE_TEXT_H */
