/* object/types/exception.c - exceptions as objects.
 *
 * An exception holds the arguments it was made with, a cause, and the places of
 * C code that it passed, innermost first. The one MemoryError that is there
 * before it is needed is immortal and keeps nothing: no places, no cause.
 */
#include <stdio.h>
#include <string.h>

#include "object/types/exception.h"
#include "object/types/type.h"

static kaa_object__exception *
exception_of(kaa_object *self)
{
    return (kaa_object__exception *)(void *)self;
}

static int
is_shared(const kaa_object *self)
{
    return (self->word & KAA_OBJECT__IMMORTAL) != 0;
}

/* ---- Life */

kaa_object *
kaa_object__exception_new(kaa_context *ctx, kaa_object__type *type,
                          kaa_object *const *args, size_t count)
{
    kaa_object *self, *held = NULL;

    if (count == 1) {
        held = kaa_incref(ctx, args[0]);
    } else if (count != 0) {
        held = kaa_object__tuple_from_array(ctx, args, count);
        if (held == NULL)
            return NULL;
    }
    self = kaa_object__new_zeroed(ctx, type, sizeof(kaa_object__exception),
                                  KAA_HEAP_OBJECT_TRACKED);
    if (self == NULL) {
        kaa_decref(ctx, held);
        return NULL;
    }
    exception_of(self)->args = held;
    exception_of(self)->is_single = count == 1;
    return self;
}

static kaa_object *
exception_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
                 size_t nargs, kaa_object *kwnames)
{
    kaa_object__type *own = (kaa_object__type *)(void *)type;
    kaa_object *self;
    int failed;

    if (own->init == NULL &&
        kaa_object__refuse_keywords(ctx, kaa_object__short_name(own),
                                    kwnames) != 0)
        return NULL;
    self = kaa_object__exception_new(ctx, own, args, nargs);
    if (self == NULL)
        return NULL;
    failed = kaa_object__derives(own, kaa_object__builtin(ctx, KAA_OS_ERROR)) &&
             kaa_object__os_error_init(ctx, exception_of(self)) != 0;
    if (!failed && own->init != NULL)
        failed = own->init(ctx, self, args, nargs, kwnames) != 0;
    if (failed)
        KAA_CLEAR(ctx, self);
    return self;
}

kaa_object *
kaa_object__exception_simple(kaa_context *ctx, kaa_object__type *type,
                             kaa_object *value)
{
    if (type->create != exception_create || type->init != NULL ||
        (type->flags & KAA_OBJECT__NO_INSTANCES) != 0)
        return NULL;
    return kaa_object__exception_new(ctx, type, &value, value != NULL);
}

static int
exception_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    kaa_object__exception *own = exception_of(self);

    KAA_VISIT(&kaa_object__type_of_dead(self)->header);
    KAA_VISIT(own->args);
    KAA_VISIT(own->cause);
    KAA_VISIT(own->filename);
    KAA_VISIT(own->dict);
    return 0;
}

static void
exception_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__exception *own = exception_of(self);

    KAA_CLEAR(ctx, own->args);
    KAA_CLEAR(ctx, own->cause);
    KAA_CLEAR(ctx, own->filename);
    KAA_CLEAR(ctx, own->dict);
}

static void
exception_release(kaa_context *ctx, kaa_object *self)
{
    kaa_object__exception *own = exception_of(self);

    if (own->frame_capacity != 0)
        kaa_object__memory_free(ctx, own->frames);
    own->frame_capacity = 0;
    own->frame_count = 0;
    exception_clear(ctx, self);
}

static void
exception_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    static const char *const words[] = {"__class__", "args", "__cause__",
                                        "filename", "__dict__"};
    kaa_object__exception *own = exception_of(self);
    const void *held[5];
    size_t i;

    held[0] = own;
    held[1] = own->args;
    held[2] = own->cause;
    held[3] = own->filename;
    held[4] = own->dict;
    for (i = 0; i < 5; i++) {
        if (held[i] != NULL && number-- == 0) {
            snprintf(buffer, size, "%s", words[i]);
            return;
        }
    }
    snprintf(buffer, size, "?");
}

int
kaa_object__exceptions_start(kaa_context *ctx)
{
    kaa_object *error = kaa_object__exception_new(
        ctx, kaa_object__builtin(ctx, KAA_MEMORY_ERROR), NULL, 0);

    if (error == NULL)
        return -1;
    kaa_object__make_immortal(error);
    kaa_object__runtime_of(ctx)->memory_error = error;
    return 0;
}

/* ---- str() and repr() */

static size_t
count_args(kaa_context *ctx, const kaa_object__exception *self)
{
    if (self->args == NULL || self->is_single)
        return self->args != NULL;
    return (size_t)kaa_object__tuple_size(ctx, self->args);
}

static kaa_object *
arg_at(kaa_context *ctx, const kaa_object__exception *self, size_t index)
{
    if (self->is_single)
        return self->args;
    return kaa_object__tuple_get_borrowed(ctx, self->args, (ptrdiff_t)index);
}

/* "[Errno 2] No such file or directory: 'x'" */
static kaa_object *
os_error_str(kaa_context *ctx, kaa_object__exception *self)
{
    kaa_object *number = kaa_object__str(ctx, arg_at(ctx, self, 0));
    kaa_object *words = kaa_object__str(ctx, arg_at(ctx, self, 1));
    kaa_object *name = NULL, *result = NULL;
    kaa_base__text text = {0};

    if (number != NULL && words != NULL && self->filename != NULL)
        name = kaa_object__repr(ctx, self->filename);
    if (number != NULL && words != NULL &&
        (name != NULL || self->filename == NULL)) {
        kaa_base__text_printf(&text, "[Errno %s] %s",
                              kaa_object__text_of(ctx, number),
                              kaa_object__text_of(ctx, words));
        if (name != NULL)
            kaa_base__text_printf(&text, ": %s",
                                  kaa_object__text_of(ctx, name));
        if (text.failed)
            kaa_object__raise_memory(ctx);
        else
            result = kaa_object__message(ctx, text.bytes, text.length);
    }
    kaa_base__text_fini(&text);
    kaa_decref(ctx, name);
    kaa_decref(ctx, words);
    kaa_decref(ctx, number);
    return result;
}

static kaa_object *
exception_str(kaa_context *ctx, kaa_object *self)
{
    kaa_object__exception *own = exception_of(self);
    size_t count = count_args(ctx, own);

    if (count == 0)
        return kaa_object__str_from_utf8(ctx, "", 0);
    if (count == 1) {
        if (kaa_object__derives(self->type,
                                kaa_object__builtin(ctx, KAA_KEY_ERROR)))
            return kaa_object__repr(ctx, arg_at(ctx, own, 0));
        return kaa_object__str(ctx, arg_at(ctx, own, 0));
    }
    if (count == 2 &&
        kaa_object__derives(self->type, kaa_object__builtin(ctx, KAA_OS_ERROR)))
        return os_error_str(ctx, own);
    return kaa_object__repr(ctx, own->args);
}

static kaa_object *
exception_repr(kaa_context *ctx, kaa_object *self)
{
    kaa_object__exception *own = exception_of(self);
    const char *name = kaa_object__short_name(self->type);
    size_t count = count_args(ctx, own);
    kaa_object *inside = NULL, *result = NULL;
    kaa_base__text text = {0};

    kaa_base__text_puts(&text, name);
    if (count == 0) {
        kaa_base__text_puts(&text, "()");
    } else {
        inside =
            kaa_object__repr(ctx, count == 1 ? arg_at(ctx, own, 0) : own->args);
        if (inside == NULL) {
            kaa_base__text_fini(&text);
            return NULL;
        }
        kaa_base__text_printf(&text, count == 1 ? "(%s)" : "%s",
                              kaa_object__text_of(ctx, inside));
    }
    if (text.failed)
        kaa_object__raise_memory(ctx);
    else
        result = kaa_object__message(ctx, text.bytes, text.length);
    kaa_decref(ctx, inside);
    kaa_base__text_fini(&text);
    return result;
}

/* ---- Attributes */

static kaa_object *
get_args(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__exception *own = exception_of(self);
    kaa_object *tuple;

    (void)user;
    if (own->args == NULL)
        return kaa_object__tuple_from_array(ctx, NULL, 0);
    if (own->is_single) {
        tuple = kaa_object__tuple_from_array(ctx, &own->args, 1);
        if (tuple == NULL)
            return NULL;
        kaa_decref(ctx, own->args);
        own->args = tuple;
        own->is_single = 0;
    }
    return kaa_incref(ctx, own->args);
}

static int
set_args(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    kaa_object *args, *before;

    (void)user;
    if (value == NULL)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "args may not be deleted");
    args = kaa_object__to_tuple(ctx, value);
    if (args == NULL)
        return -1;
    if (is_shared(self)) {
        kaa_decref(ctx, args);
        return 0;
    }
    before = exception_of(self)->args;
    exception_of(self)->args = args;
    exception_of(self)->is_single = 0;
    kaa_decref(ctx, before);
    return 0;
}

static kaa_object *
get_cause(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__exception_cause(ctx, self);
}

static int
set_cause(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    (void)user;
    if (value == NULL)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "__cause__ may not be deleted");
    return kaa_object__exception_set_cause(ctx, self, value);
}

static kaa_object *
get_traceback(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__exception_traceback(ctx, self);
}

static const kaa_property exception_properties[] = {
    {"args", get_args, set_args, NULL, NULL},
    {"__cause__", get_cause, set_cause, NULL, NULL},
    {"__traceback__", get_traceback, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* The argument at an index, or None. */
static kaa_object *
get_arg(kaa_context *ctx, kaa_object *self, void *user)
{
    size_t index = *(const unsigned char *)user;

    if (count_args(ctx, exception_of(self)) <= index)
        return kaa_none(ctx);
    return kaa_incref(ctx, arg_at(ctx, exception_of(self), index));
}

/* errno and strerror are there only if both were given. */
static kaa_object *
get_os_arg(kaa_context *ctx, kaa_object *self, void *user)
{
    if (count_args(ctx, exception_of(self)) != 2)
        return kaa_none(ctx);
    return get_arg(ctx, self, user);
}

static kaa_object *
get_filename(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object *filename = exception_of(self)->filename;

    (void)user;
    return filename != NULL ? kaa_incref(ctx, filename) : kaa_none(ctx);
}

static const unsigned char indices[] = {0, 1};

const kaa_property kaa_object__os_error_properties[] = {
    {"errno", get_os_arg, NULL, NULL, (void *)(uintptr_t)&indices[0]},
    {"strerror", get_os_arg, NULL, NULL, (void *)(uintptr_t)&indices[1]},
    {"filename", get_filename, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_property kaa_object__stop_iteration_properties[] = {
    {"value", get_arg, NULL, NULL, (void *)(uintptr_t)&indices[0]},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_property kaa_object__system_exit_properties[] = {
    {"code", get_arg, NULL, NULL, (void *)(uintptr_t)&indices[0]},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_object__type kaa_object__template_exception = {
    .flags = KAA_OBJECT__EXCEPTION | KAA_OBJECT__HAS_DICT,
    .block_bytes = sizeof(kaa_object__exception),
    .dict_offset = offsetof(kaa_object__exception, dict),
    .properties = exception_properties,
    .traverse = exception_traverse,
    .clear = exception_clear,
    .release = exception_release,
    .describe_reference = exception_describe,
    .create = exception_create,
    .repr = exception_repr,
    .str = exception_str,
};

/* ---- Cause and traceback */

static int
check_exception(kaa_context *ctx, const char *what, kaa_object *object)
{
    if (kaa_object__is_exception(ctx, object))
        return 0;
    return kaa_object__raise_type(ctx, what, "an exception", object);
}

kaa_object *
kaa_object__exception_cause(kaa_context *ctx, kaa_object *exception)
{
    kaa_object *cause;

    if (check_exception(ctx, "exception_cause()", exception) != 0)
        return NULL;
    cause = exception_of(exception)->cause;
    return cause != NULL ? kaa_incref(ctx, cause) : kaa_none(ctx);
}

int
kaa_object__exception_set_cause(kaa_context *ctx, kaa_object *exception,
                                kaa_object *cause)
{
    kaa_object *before;

    if (check_exception(ctx, "exception_set_cause()", exception) != 0)
        return -1;
    if (kaa_is_none(ctx, cause))
        cause = NULL;
    else if (!kaa_object__is_exception(ctx, cause))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "exception cause must be None or derive from BaseException");
    if (is_shared(exception))
        return 0;
    before = exception_of(exception)->cause;
    exception_of(exception)->cause = kaa_incref(ctx, cause);
    kaa_decref(ctx, before);
    return 0;
}

/* Room for one frame more; without it the frame is left out. */
static kaa_object__frame *
next_frame(kaa_context *ctx, kaa_object__exception *self)
{
    uint32_t capacity = self->frame_capacity;
    kaa_object__frame *frames;

    if (capacity == 0 && self->frame_count < KAA_OBJECT__FRAMES_INLINE)
        return &self->inline_frames[self->frame_count];
    if (capacity == 0 || self->frame_count == capacity) {
        kaa_heap *heap = kaa_object__runtime_of(ctx)->heap;

        capacity = self->frame_count * 2;
        frames = kaa_heap_alloc(heap, capacity * sizeof(*frames), KAA_HEAP_RAW);
        if (frames == NULL)
            return NULL;
        memcpy(frames,
               self->frame_capacity != 0 ? self->frames : self->inline_frames,
               self->frame_count * sizeof(*frames));
        if (self->frame_capacity != 0)
            kaa_object__memory_free(ctx, self->frames);
        self->frames = frames;
        self->frame_capacity = capacity;
    }
    return &self->frames[self->frame_count];
}

void
kaa_object__error_add_frame(kaa_context *ctx, const char *function,
                            const char *file, int line)
{
    kaa_object *pending = kaa_object__context_of(ctx)->pending;
    kaa_object__frame *frame;

    if (pending == NULL || is_shared(pending) || function == NULL)
        return;
    frame = next_frame(ctx, exception_of(pending));
    if (frame == NULL)
        return;
    frame->function = function;
    frame->file = file;
    frame->line = line;
    exception_of(pending)->frame_count++;
}

static kaa_object *
frame_tuple(kaa_context *ctx, const kaa_object__frame *frame)
{
    kaa_object *items[3];

    items[0] =
        kaa_object__message(ctx, frame->function, strlen(frame->function));
    items[1] = frame->file != NULL
                   ? kaa_object__message(ctx, frame->file, strlen(frame->file))
                   : kaa_none(ctx);
    items[2] = kaa_int(ctx, frame->line);
    return kaa_object__tuple_take_array(ctx, items, 3);
}

kaa_object *
kaa_object__exception_traceback(kaa_context *ctx, kaa_object *exception)
{
    kaa_object__exception *self = exception_of(exception);
    kaa_object *list, *tuple;
    uint32_t i;

    if (check_exception(ctx, "exception_traceback()", exception) != 0)
        return NULL;
    if (self->frame_count == 0)
        return kaa_none(ctx);
    list = kaa_object__list_new(ctx, self->frame_count);
    for (i = 0; list != NULL && i < self->frame_count; i++) {
        const kaa_object__frame *frames =
            self->frame_capacity != 0 ? self->frames : self->inline_frames;

        if (kaa_object__list_take_append(ctx, list,
                                         frame_tuple(ctx, &frames[i])) != 0)
            KAA_CLEAR(ctx, list);
    }
    if (list == NULL)
        return NULL;
    tuple = kaa_object__to_tuple(ctx, list);
    kaa_decref(ctx, list);
    return tuple;
}
