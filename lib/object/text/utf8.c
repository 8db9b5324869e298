/* object/text/utf8.c - checking, counting and coding of UTF-8. */
#include "object/text/utf8.h"

/* The bytes that may follow the first one; all later ones are 80 to BF. */
static void
second_range(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    *high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
}

static int
refuse(kaa_object__utf8_error *error, size_t start, size_t end,
       const char *reason)
{
    error->start = start;
    error->end = end;
    error->reason = reason;
    return -1;
}

/* The character at text[at], which is not ASCII: moves *at on. */
static int
check_one(const char *text, size_t size, size_t *at,
          kaa_object__utf8_error *error)
{
    size_t start = *at;
    unsigned char first = (unsigned char)text[start], low, high;
    size_t width =
        first < 0xC2 || first > 0xF4 ? 0 : kaa_object__utf8_width(text[start]);

    if (width == 0)
        return refuse(error, start, start + 1, "invalid start byte");
    second_range(first, &low, &high);
    for (size_t i = 1; i < width; i++) {
        unsigned char byte;

        if (start + i >= size)
            return refuse(error, start, size, "unexpected end of data");
        byte = (unsigned char)text[start + i];
        if (byte < low || byte > high)
            return refuse(error, start, start + i, "invalid continuation byte");
        low = 0x80;
        high = 0xBF;
    }
    *at = start + width;
    return 0;
}

int
kaa_object__utf8_check(const char *text, size_t size, size_t *out_count,
                       kaa_object__utf8_error *error)
{
    size_t at = 0, count = 0;

    while (at < size) {
        size_t plain = kaa_object__utf8_ascii(text + at, size - at);

        at += plain;
        count += plain;
        while (at < size && (text[at] & 0x80) != 0) {
            if (check_one(text, size, &at, error) < 0)
                return -1;
            count++;
        }
    }
    *out_count = count;
    return 0;
}

size_t
kaa_object__utf8_count(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += !kaa_object__utf8_is_inner(text[i]);
    return count;
}

size_t
kaa_object__utf8_skip(const char *text, size_t index)
{
    size_t at = 0;

    while (index-- > 0)
        at += kaa_object__utf8_width(text[at]);
    return at;
}

uint32_t
kaa_object__utf8_decode(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;

    switch (kaa_object__utf8_width(text[0])) {
    case 1:
        return bytes[0];
    case 2:
        return (uint32_t)(bytes[0] & 0x1F) << 6 | (bytes[1] & 0x3F);
    case 3:
        return (uint32_t)(bytes[0] & 0x0F) << 12 |
               (uint32_t)(bytes[1] & 0x3F) << 6 | (bytes[2] & 0x3F);
    default:
        return (uint32_t)(bytes[0] & 0x07) << 18 |
               (uint32_t)(bytes[1] & 0x3F) << 12 |
               (uint32_t)(bytes[2] & 0x3F) << 6 | (bytes[3] & 0x3F);
    }
}

size_t
kaa_object__utf8_encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}
