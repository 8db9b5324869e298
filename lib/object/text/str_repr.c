/* object/text/str_repr.c - what text and bytes look like in source.
 *
 * What is escaped: backslash, the quote, control characters, separators other
 * than the space, format characters, private use, and code points that are no
 * characters. Code points that Unicode has not given away yet stand as they
 * are; CPython escapes those too, as far as its tables go.
 */
#include "object/text/str.h"
#include "object/text/utf8.h"
#include "object/text/writer.h"

static const char hex[] = "0123456789abcdef";

/* First and last of what is not printed, in order. */
static const uint32_t hidden[][2] = {
    {0x00, 0x1F},       {0x7F, 0xA0},        {0xAD, 0xAD},
    {0x600, 0x605},     {0x61C, 0x61C},      {0x6DD, 0x6DD},
    {0x70F, 0x70F},     {0x890, 0x891},      {0x8E2, 0x8E2},
    {0x1680, 0x1680},   {0x180E, 0x180E},    {0x2000, 0x200F},
    {0x2028, 0x202F},   {0x205F, 0x206F},    {0x3000, 0x3000},
    {0xD800, 0xF8FF},   {0xFDD0, 0xFDEF},    {0xFEFF, 0xFEFF},
    {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},    {0x110BD, 0x110BD},
    {0x110CD, 0x110CD}, {0x13430, 0x1343F},  {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0x1FFFE, 0x1FFFF},  {0x2FFFE, 0x2FFFF},
    {0x3FFFE, 0xE00FF}, {0xE01F0, 0x10FFFF},
};

static int
is_hidden(uint32_t point)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (point <= hidden[i][1])
            return point >= hidden[i][0];
    return 0;
}

static void
write_escape(kaa_object__writer *writer, uint32_t point)
{
    char text[10] = {'\\', 'x'};
    size_t width = point < 0x100 ? 2 : point < 0x10000 ? 4 : 8;

    if (width > 2)
        text[1] = width == 4 ? 'u' : 'U';
    for (size_t i = 0; i < width; i++)
        text[2 + i] = hex[point >> 4 * (width - 1 - i) & 15];
    kaa_object__write(writer, text, 2 + width);
}

/* A character that cannot stand for itself, if it is one. */
static int
write_special(kaa_object__writer *writer, char what, char quote)
{
    char text[2] = {'\\', what};

    if (what == '\n')
        text[1] = 'n';
    else if (what == '\r')
        text[1] = 'r';
    else if (what == '\t')
        text[1] = 't';
    else if (what != '\\' && what != quote)
        return 0;
    kaa_object__write(writer, text, 2);
    return 1;
}

/* Double quotes only where they save escapes. */
static char
choose_quote(const char *text, size_t size)
{
    return size != 0 && memchr(text, '\'', size) != NULL &&
                   memchr(text, '"', size) == NULL
               ? '"'
               : '\'';
}

kaa_object *
kaa_object__str_repr(kaa_context *ctx, kaa_object *str)
{
    kaa_object__writer writer = {.ctx = ctx};
    const char *text = kaa_object__str_text(str);
    size_t size = kaa_object__str_size(str), at = 0, plain = 0;
    char quote = choose_quote(text, size);

    kaa_object__write(&writer, &quote, 1);
    while (at < size) {
        size_t width = kaa_object__utf8_width(text[at]);
        uint32_t point = kaa_object__utf8_decode(text + at);

        if (point != '\\' && point != (unsigned char)quote &&
            !is_hidden(point)) {
            at += width;
            continue;
        }
        kaa_object__write(&writer, text + plain, at - plain);
        if (!write_special(&writer, text[at], quote))
            write_escape(&writer, point);
        at += width;
        plain = at;
    }
    kaa_object__write(&writer, text + plain, size - plain);
    kaa_object__write(&writer, &quote, 1);
    return kaa_object__writer_finish(&writer);
}

kaa_object *
kaa_object__repr_data(kaa_context *ctx, const char *before, const void *data,
                      size_t size, const char *after)
{
    kaa_object__writer writer = {.ctx = ctx};
    const char *bytes = data;
    char quote = choose_quote(bytes, size);

    kaa_object__write_text(&writer, before);
    kaa_object__write(&writer, "b", 1);
    kaa_object__write(&writer, &quote, 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (write_special(&writer, bytes[i], quote))
            continue;
        if (byte < 0x20 || byte >= 0x7F)
            write_escape(&writer, byte);
        else
            kaa_object__write(&writer, bytes + i, 1);
    }
    kaa_object__write(&writer, &quote, 1);
    kaa_object__write_text(&writer, after);
    return kaa_object__writer_finish(&writer);
}

kaa_object *
kaa_object__bytes_repr(kaa_context *ctx, kaa_object *bytes)
{
    return kaa_object__repr_data(ctx, "", kaa_object__str_text(bytes),
                                 kaa_object__str_size(bytes), "");
}
