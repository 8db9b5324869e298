/* object/types/raise.c - the pending exception of a context: making one
 * pending, asking for it, taking it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "object/text/str.h"
#include "object/types/exception.h"
#include "object/types/type.h"

#define MESSAGE_BYTES 1024

void
kaa_object__set_pending(kaa_context *ctx, kaa_object *exception)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_object *before = own->pending;

    own->pending = exception;
    kaa_decref(ctx, before);
}

int
kaa_object__error_occurred(kaa_context *ctx)
{
    return kaa_object__has_error(ctx);
}

int
kaa_object__error_matches(kaa_context *ctx, kaa_object *type)
{
    kaa_object *pending = kaa_object__context_of(ctx)->pending;
    kaa_object__type *own = kaa_object__as_type(ctx, type);
    ptrdiff_t i, size;

    if (pending == NULL)
        return 0;
    if (own != NULL)
        return kaa_object__derives(pending->type, own);
    if (!kaa_object__check(ctx, type, KAA_TUPLE_TYPE))
        return 0;
    size = kaa_object__tuple_size(ctx, type);
    for (i = 0; i < size; i++) {
        own = kaa_object__as_type(ctx,
                                  kaa_object__tuple_get_borrowed(ctx, type, i));
        if (own != NULL && kaa_object__derives(pending->type, own))
            return 1;
    }
    return 0;
}

void
kaa_object__error_clear(kaa_context *ctx)
{
    if (kaa_object__has_error(ctx))
        kaa_object__set_pending(ctx, NULL);
}

kaa_object *
kaa_object__error_take(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_object *pending = own->pending;

    own->pending = NULL;
    return pending;
}

int
kaa_object__raise_memory(kaa_context *ctx)
{
    kaa_object *error = kaa_object__runtime_of(ctx)->memory_error;

    /* While a runtime begins there is none yet: the NULL tells it all. */
    if (error != NULL)
        kaa_object__set_pending(ctx, kaa_incref(ctx, error));
    return -1;
}

int
kaa_object__raise_exception(kaa_context *ctx, kaa_object *exception)
{
    if (!kaa_object__is_exception(ctx, exception))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "exceptions must derive from BaseException");
    kaa_object__set_pending(ctx, kaa_incref(ctx, exception));
    return -1;
}

int
kaa_object__raise_object(kaa_context *ctx, kaa_object *type, kaa_object *value)
{
    kaa_object__type *own = kaa_object__as_type(ctx, type);
    kaa_object *error;

    if (own == NULL || (own->flags & KAA_OBJECT__EXCEPTION) == 0)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "exceptions must derive from BaseException");
    kaa_object__error_clear(ctx);
    error = kaa_object__exception_simple(ctx, own, value);
    if (KAA_LIKELY(error != NULL)) {
        kaa_object__set_pending(ctx, error);
        return -1;
    }
    if (kaa_object__has_error(ctx))
        return -1;
    error = kaa_object__call(ctx, type, &value, value != NULL, NULL);
    if (error == NULL)
        return -1;
    if (!kaa_object__is_exception(ctx, error))
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "exceptions must derive from BaseException");
    else
        kaa_object__set_pending(ctx, kaa_incref(ctx, error));
    kaa_decref(ctx, error);
    return -1;
}

/* How many bytes of a well-formed character begin here; 0: none does. */
static size_t
character_bytes(const unsigned char *text, size_t size)
{
    size_t bytes, i;

    if (text[0] < 0x80)
        return 1;
    bytes = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || bytes > size)
        return 0;
    for (i = 1; i < bytes; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) ||
        (text[0] == 0xed && text[1] >= 0xa0) ||
        (text[0] == 0xf0 && text[1] < 0x90) ||
        (text[0] == 0xf4 && text[1] >= 0x90))
        return 0;
    return bytes;
}

kaa_object *
kaa_object__message(kaa_context *ctx, const char *text, size_t size)
{
    kaa_base__text clean = {0};
    kaa_object *result = NULL;
    size_t i = 0, bytes;

    while (i < size && (unsigned char)text[i] < 0x80)
        i++;
    if (KAA_LIKELY(i == size))
        return kaa_object__str_ascii(ctx, text, size);
    while (i < size && (bytes = character_bytes((const unsigned char *)text + i,
                                                size - i)) != 0)
        i += bytes;
    if (i == size)
        return kaa_object__str_from_utf8(ctx, text, size);
    kaa_base__text_add(&clean, text, i);
    while (i < size) {
        bytes = character_bytes((const unsigned char *)text + i, size - i);
        if (bytes == 0)
            kaa_base__text_puts(&clean, "\xef\xbf\xbd"); /* U+FFFD */
        else
            kaa_base__text_add(&clean, text + i, bytes);
        i += bytes != 0 ? bytes : 1;
    }
    if (clean.failed)
        kaa_object__raise_memory(ctx);
    else
        result = kaa_object__str_from_utf8(ctx, clean.bytes, clean.length);
    kaa_base__text_fini(&clean);
    return result;
}

int
kaa_object__raise(kaa_context *ctx, kaa_object *type, const char *text)
{
    kaa_object *message = kaa_object__message(ctx, text, strlen(text));

    if (message == NULL)
        return -1;
    kaa_object__raise_object(ctx, type, message);
    kaa_decref(ctx, message);
    return -1;
}

int
kaa_object__raise_text(kaa_context *ctx, kaa_builtin_id type,
                       const char *format, ...)
{
    char text[MESSAGE_BYTES];
    kaa_object *message, *error;
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (length < 0)
        length = 0;
    if (length >= (int)sizeof(text))
        length = (int)sizeof(text) - 1;
    /* Without a call: this may be told of too many calls. */
    message = kaa_object__message(ctx, text, (size_t)length);
    if (message == NULL)
        return -1;
    error = kaa_object__exception_new(ctx, kaa_object__builtin(ctx, type),
                                      &message, 1);
    kaa_decref(ctx, message);
    if (error != NULL)
        kaa_object__set_pending(ctx, error);
    return -1;
}

int
kaa_object__raise_type(kaa_context *ctx, const char *what, const char *wanted,
                       kaa_object *object)
{
    return kaa_object__raise_text(
        ctx, KAA_TYPE_ERROR, "%s must be %s, not %s", what, wanted,
        object != NULL ? kaa_object__borrow_type(ctx, object)->name : "NULL");
}
