/* base/text.c - text that grows. */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

void
kaa_base__text_init(kaa_base__text *text, char *storage, size_t size)
{
    *text = (kaa_base__text){
        .bytes = storage, .capacity = size, .storage = storage};
    storage[0] = '\0';
}

static int
reserve(kaa_base__text *text, size_t more)
{
    size_t need, capacity;
    char *bytes;

    if (text->failed || more >= SIZE_MAX / 4 - text->length) {
        text->failed = 1;
        return 0;
    }
    need = text->length + more + 1;
    if (need <= text->capacity)
        return 1;
    capacity = text->capacity != 0 ? text->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    bytes = kaa_base__realloc(text->bytes == text->storage ? NULL : text->bytes,
                              capacity);
    if (bytes == NULL) {
        text->failed = 1;
        return 0;
    }
    if (text->bytes == text->storage && text->length != 0)
        memcpy(bytes, text->bytes, text->length + 1);
    text->bytes = bytes;
    text->capacity = capacity;
    return 1;
}

void
kaa_base__text_add(kaa_base__text *text, const char *bytes, size_t length)
{
    if (!reserve(text, length))
        return;
    if (length != 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void
kaa_base__text_puts(kaa_base__text *text, const char *string)
{
    kaa_base__text_add(text, string, strlen(string));
}

void
kaa_base__text_printf(kaa_base__text *text, const char *format, ...)
{
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(NULL, 0, format, values);
    va_end(values);
    if (length < 0 || !reserve(text, (size_t)length))
        return;
    va_start(values, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, values);
    va_end(values);
    text->length += (size_t)length;
}

void
kaa_base__text_fini(kaa_base__text *text)
{
    if (text->bytes != text->storage)
        kaa_base__free(text->bytes);
    memset(text, 0, sizeof(*text));
}

size_t
kaa_base__copy_out(const char *text, size_t length, char *buffer, size_t size)
{
    if (size > 0) {
        size_t fits = length < size ? length : size - 1;
        if (fits != 0)
            memcpy(buffer, text, fits);
        buffer[fits] = '\0';
    }
    return length;
}
