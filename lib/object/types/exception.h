/* object/types/exception.h - what an exception consists of. */
#ifndef KAA_OBJECT_EXCEPTION_H
#define KAA_OBJECT_EXCEPTION_H

#include "base/text.h"
#include "object/core/object.h"

/* A place of C code; the texts are constants, `file` may be NULL. */
typedef struct kaa_object__frame {
    const char *function;
    const char *file;
    int line;
} kaa_object__frame;

#define KAA_OBJECT__FRAMES_INLINE 2

typedef struct kaa_object__exception {
    kaa_object header;
    kaa_object *args;     /* a tuple; NULL is an empty one; see is_single */
    kaa_object *cause;    /* or NULL */
    kaa_object *filename; /* of an OSError; or NULL */
    kaa_object *dict;     /* attributes; or NULL */
    kaa_object__frame *frames;
    uint32_t frame_count;
    uint32_t frame_capacity; /* of `frames`, if they are not the inline ones */
    uint32_t is_single;      /* `args` is the only argument itself */
    uint32_t reserved;
    kaa_object__frame inline_frames[KAA_OBJECT__FRAMES_INLINE];
} kaa_object__exception;

static inline int
kaa_object__is_exception(kaa_context *ctx, const kaa_object *object)
{
    return object != NULL && (kaa_object__borrow_type(ctx, object)->flags &
                              KAA_OBJECT__EXCEPTION) != 0;
}

/* Makes an instance pending, and takes over the reference. */
void kaa_object__set_pending(kaa_context *ctx, kaa_object *exception);
/* An exception with these arguments, its type's `init` not called. */
kaa_object *kaa_object__exception_new(kaa_context *ctx, kaa_object__type *type,
                                      kaa_object *const *args, size_t count);
/* The same as calling its type with one argument (NULL: none) where that runs
 * no code of others; else NULL without an exception. */
kaa_object *kaa_object__exception_simple(kaa_context *ctx,
                                         kaa_object__type *type,
                                         kaa_object *value);
/* Adds "Type: message" to a text, running code of the exception's type. No
 * exception is left pending by it. */
void kaa_object__exception_line(kaa_context *ctx, kaa_object *exception,
                                kaa_base__text *out);
/* Adds traceback, causes and message: what error_print() prints. */
void kaa_object__exception_story(kaa_context *ctx, kaa_object *exception,
                                 kaa_base__text *out);
/* Which exception type an errno has. */
kaa_builtin_id kaa_object__errno_type(int number);
/* OSError(number, text[, filename]): completes an instance. 0, or -1. */
int kaa_object__os_error_init(kaa_context *ctx, kaa_object__exception *self);

#endif /* KAA_OBJECT_EXCEPTION_H */
