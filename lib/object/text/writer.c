/* object/text/writer.c - text that grows and becomes a str. */
#include "object/text/writer.h"

#include "object/text/str.h"
#include "object/text/utf8.h"

/* Room for `size` more bytes. */
static int
reserve(kaa_object__writer *writer, size_t size)
{
    size_t capacity = writer->capacity;
    char *text;

    if (writer->failed)
        return -1;
    if (writer->text == NULL) {
        writer->text = writer->here;
        capacity = writer->capacity = sizeof(writer->here);
    }
    if (KAA_LIKELY(size <= capacity - writer->size))
        return 0;
    if (size > PTRDIFF_MAX / 4 - writer->size) {
        writer->failed = 1;
        return kaa_object__raise_memory(writer->ctx);
    }
    while (capacity - writer->size < size)
        capacity *= 2;
    if (writer->text == writer->here) {
        text = kaa_object__memory(writer->ctx, capacity);
        if (text != NULL)
            memcpy(text, writer->here, writer->size);
    } else {
        text = kaa_object__memory_resize(writer->ctx, writer->text, capacity);
    }
    if (text == NULL) {
        writer->failed = 1;
        return -1;
    }
    writer->text = text;
    writer->capacity = capacity;
    return 0;
}

static int
add(kaa_object__writer *writer, const char *text, size_t size, size_t count)
{
    if (reserve(writer, size) < 0)
        return -1;
    memcpy(writer->text + writer->size, text, size);
    writer->size += size;
    writer->count += count;
    return 0;
}

int
kaa_object__write(kaa_object__writer *writer, const char *text, size_t size)
{
    return add(writer, text, size, kaa_object__utf8_count(text, size));
}

int
kaa_object__write_text(kaa_object__writer *writer, const char *text)
{
    return kaa_object__write(writer, text, strlen(text));
}

int
kaa_object__write_str(kaa_object__writer *writer, kaa_object *str)
{
    return add(writer, kaa_object__str_text(str), kaa_object__str_size(str),
               kaa_object__str_count(str));
}

int
kaa_object__write_code_point(kaa_object__writer *writer, uint32_t point)
{
    char text[4];

    return add(writer, text, kaa_object__utf8_encode(point, text), 1);
}

int
kaa_object__write_repeated(kaa_object__writer *writer, char what, size_t times)
{
    if (reserve(writer, times) < 0)
        return -1;
    memset(writer->text + writer->size, what, times);
    writer->size += times;
    writer->count += times;
    return 0;
}

/* Takes the str, or the failure that made it NULL. */
static int
take(kaa_object__writer *writer, kaa_object *str)
{
    int result;

    if (str == NULL) {
        writer->failed = 1;
        return -1;
    }
    result = kaa_object__write_str(writer, str);
    kaa_decref(writer->ctx, str);
    return result;
}

int
kaa_object__write_repr(kaa_object__writer *writer, kaa_object *object)
{
    return writer->failed ? -1
                          : take(writer, kaa_object__repr(writer->ctx, object));
}

int
kaa_object__write_str_of(kaa_object__writer *writer, kaa_object *object)
{
    return writer->failed ? -1
                          : take(writer, kaa_object__str(writer->ctx, object));
}

kaa_object *
kaa_object__writer_finish(kaa_object__writer *writer)
{
    kaa_object *result = NULL;

    if (!writer->failed) {
        if (writer->count == writer->size) {
            result =
                kaa_object__str_ascii(writer->ctx, writer->text, writer->size);
        } else {
            result =
                kaa_object__str_alloc(writer->ctx, writer->size, writer->count);
            if (result != NULL)
                memcpy(kaa_object__str_fill(result), writer->text,
                       writer->size);
        }
    }
    kaa_object__writer_fini(writer);
    return result;
}

void
kaa_object__writer_fini(kaa_object__writer *writer)
{
    if (writer->text != NULL && writer->text != writer->here)
        kaa_object__memory_free(writer->ctx, writer->text);
    writer->text = NULL;
    writer->size = writer->capacity = writer->count = 0;
    writer->failed = 1;
}
