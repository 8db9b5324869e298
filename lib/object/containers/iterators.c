/* object/containers/iterators.c - iterators of tuples, lists, dicts, sets, and
 * of whatever can be indexed.
 *
 * One structure serves all. An iterator that has come to its end lets its
 * container go, and stays at the end. Dicts and sets may not change their size
 * meanwhile: then all that comes is RuntimeError.
 */
#include "object/containers/container.h"

#include "object/containers/dict.h"
#include "object/containers/set.h"

typedef struct iterator {
    kaa_object header;
    kaa_object *container; /* NULL: at the end */
    size_t position;
    size_t count; /* of a dict or set, when it began */
} iterator;

static iterator *
as_iterator(kaa_object *object)
{
    return (iterator *)(void *)object;
}

kaa_object *
kaa_object__iterator_new(kaa_context *ctx, kaa_object__internal_id id,
                         kaa_object *container)
{
    kaa_object *object =
        kaa_object__new(ctx, kaa_object__internal(ctx, id), sizeof(iterator),
                        KAA_HEAP_OBJECT_TRACKED);

    if (object == NULL)
        return NULL;
    as_iterator(object)->container = kaa_object__take(container);
    as_iterator(object)->position = 0;
    as_iterator(object)->count = 0;
    if (id == KAA_OBJECT__INTERNAL_DICT_ITERATOR)
        as_iterator(object)->count = kaa_object__as_dict(container)->count;
    else if (id == KAA_OBJECT__INTERNAL_SET_ITERATOR)
        as_iterator(object)->count = kaa_object__as_set(container)->count;
    return object;
}

kaa_object *
kaa_object__sequence_iterator_new(kaa_context *ctx, kaa_object *object)
{
    return kaa_object__iterator_new(ctx, KAA_OBJECT__INTERNAL_SEQUENCE_ITERATOR,
                                    object);
}

static void
end(kaa_context *ctx, kaa_object *self)
{
    kaa_object *container = as_iterator(self)->container;

    as_iterator(self)->container = NULL;
    if (container != NULL)
        kaa_object__give(ctx, container);
}

static kaa_object *
iterator_iter(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return kaa_object__take(self);
}

/* Of a tuple or a list. */
static kaa_object *
next_item(kaa_context *ctx, kaa_object *self)
{
    iterator *own = as_iterator(self);
    kaa_object *const *items;
    size_t count;

    if (own->container == NULL)
        return NULL;
    items = kaa_object__sequence(own->container, &count);
    if (KAA_LIKELY(own->position < count))
        return kaa_object__take(items[own->position++]);
    end(ctx, self);
    return NULL;
}

static kaa_object *
next_by_index(kaa_context *ctx, kaa_object *self)
{
    iterator *own = as_iterator(self);
    kaa_object *container, *item;

    if (own->container == NULL)
        return NULL;
    container = kaa_object__take(own->container); /* a nested call may end it */
    item = kaa_object__get_index(ctx, container, (ptrdiff_t)own->position);
    kaa_object__give(ctx, container);
    if (item != NULL) {
        own->position++;
        return item;
    }
    if (kaa_object__error_matches(ctx, kaa_builtin(ctx, KAA_INDEX_ERROR)) ||
        kaa_object__error_matches(ctx, kaa_builtin(ctx, KAA_STOP_ITERATION))) {
        kaa_object__error_clear(ctx);
        end(ctx, self);
    }
    return NULL;
}

static kaa_object *
next_key(kaa_context *ctx, kaa_object *self)
{
    iterator *own = as_iterator(self);
    kaa_object *key;

    if (own->container == NULL)
        return NULL;
    if (own->count != kaa_object__as_dict(own->container)->count) {
        own->count = SIZE_MAX; /* so it stays */
        kaa_object__raise_text(ctx, KAA_RUNTIME_ERROR,
                               "dictionary changed size during iteration");
        return NULL;
    }
    if (kaa_object__dict_step(kaa_object__as_dict(own->container),
                              &own->position, &key, NULL))
        return kaa_object__take(key);
    end(ctx, self);
    return NULL;
}

static kaa_object *
next_member(kaa_context *ctx, kaa_object *self)
{
    iterator *own = as_iterator(self);
    kaa_object *item;

    if (own->container == NULL)
        return NULL;
    if (own->count != kaa_object__as_set(own->container)->count) {
        own->count = SIZE_MAX; /* so it stays */
        kaa_object__raise_text(ctx, KAA_RUNTIME_ERROR,
                               "Set changed size during iteration");
        return NULL;
    }
    if (kaa_object__set_step(kaa_object__as_set(own->container), &own->position,
                             &item))
        return kaa_object__take(item);
    end(ctx, self);
    return NULL;
}

static int
iterator_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    KAA_VISIT(as_iterator(self)->container);
    return 0;
}

static void
iterator_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    static const char text[] = "(iterated)";

    (void)self;
    (void)number;
    if (size > sizeof(text))
        size = sizeof(text);
    if (size > 0) {
        memcpy(buffer, text, size);
        buffer[size - 1] = '\0';
    }
}

#define ITERATOR(next_function)                                                \
    {                                                                          \
        .flags = KAA_OBJECT__NO_WEAKREFS | KAA_OBJECT__NO_SUBTYPES |           \
                 KAA_OBJECT__NO_INSTANCES,                                     \
        .block_bytes = sizeof(iterator), .traverse = iterator_traverse,        \
        .clear = end, .release = end, .describe_reference = iterator_describe, \
        .iter = iterator_iter, .next = (next_function)                         \
    }

const kaa_object__type kaa_object__template_list_iterator = ITERATOR(next_item);
const kaa_object__type kaa_object__template_tuple_iterator =
    ITERATOR(next_item);
const kaa_object__type kaa_object__template_sequence_iterator =
    ITERATOR(next_by_index);
const kaa_object__type kaa_object__template_dict_iterator = ITERATOR(next_key);
const kaa_object__type kaa_object__template_set_iterator =
    ITERATOR(next_member);
