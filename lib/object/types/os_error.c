/* object/types/os_error.c - errors of the operating system. */
#include <errno.h>
#include <string.h>

#include "object/types/exception.h"
#include "object/types/type.h"

kaa_builtin_id
kaa_object__errno_type(int number)
{
    switch (number) {
    case EEXIST:
        return KAA_FILE_EXISTS_ERROR;
    case ENOENT:
        return KAA_FILE_NOT_FOUND_ERROR;
    case EINTR:
        return KAA_INTERRUPTED_ERROR;
    case EACCES:
    case EPERM:
        return KAA_PERMISSION_ERROR;
    case ETIMEDOUT:
        return KAA_TIMEOUT_ERROR;
    default:
        return KAA_OS_ERROR;
    }
}

/* OSError itself becomes the subclass of the number; a third argument is the
 * name of the file. */
int
kaa_object__os_error_init(kaa_context *ctx, kaa_object__exception *self)
{
    ptrdiff_t count = self->args != NULL && !self->is_single
                          ? kaa_object__tuple_size(ctx, self->args)
                          : 0;
    kaa_object *items[2], *args, *filename;
    int64_t number;

    if (count < 2 || count > 3)
        return 0;
    items[0] = kaa_object__tuple_get_borrowed(ctx, self->args, 0);
    items[1] = kaa_object__tuple_get_borrowed(ctx, self->args, 1);
    if (self->header.type == kaa_object__builtin(ctx, KAA_OS_ERROR) &&
        kaa_object__is_int_tag(items[0])) {
        number = kaa_object__tagged_int(items[0]);
        if (number > 0 && number < 4096)
            self->header.type =
                kaa_object__builtin(ctx, kaa_object__errno_type((int)number));
    }
    if (count == 2)
        return 0;
    filename = kaa_object__tuple_get_borrowed(ctx, self->args, 2);
    if (!kaa_is_none(ctx, filename))
        self->filename = kaa_incref(ctx, filename);
    args = kaa_object__tuple_from_array(ctx, items, 2);
    if (args == NULL)
        return -1;
    filename = self->args;
    self->args = args;
    kaa_decref(ctx, filename);
    return 0;
}

/* The XSI and the GNU strerror_r differ in what they return. */
static const char *
words_of(int number, char *buffer, size_t size)
{
#if defined(__GLIBC__)
    return strerror_r(number, buffer, size);
#else
    return strerror_r(number, buffer, size) == 0 ? buffer : "Unknown error";
#endif
}

int
kaa_object__raise_errno(kaa_context *ctx, int number, const char *filename)
{
    char buffer[256];
    const char *words = words_of(number, buffer, sizeof(buffer));
    kaa_object *items[3] = {NULL, NULL, NULL}, *error = NULL;
    size_t count = filename != NULL ? 3 : 2;

    kaa_object__error_clear(ctx);
    items[0] = kaa_int(ctx, number);
    items[1] = kaa_object__message(ctx, words, strlen(words));
    if (filename != NULL && items[1] != NULL)
        items[2] = kaa_object__message(ctx, filename, strlen(filename));
    if (items[1] != NULL && (filename == NULL || items[2] != NULL)) {
        kaa_object__type *type = kaa_object__builtin(ctx, KAA_OS_ERROR);

        error = type->create(ctx, &type->header, items, count, NULL);
    }
    kaa_decref(ctx, items[1]);
    kaa_decref(ctx, items[2]);
    if (error != NULL)
        kaa_object__set_pending(ctx, error);
    return -1;
}
