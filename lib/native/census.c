/* native/census.c - all objects of a runtime, and how often each is referred to
 * from within: what its count says more is held by C code.
 *
 * The runtime's own are those that it has had from the beginning, or keeps for
 * itself, and all that they lead to: immortal objects, the builtin types with
 * their dicts, the MemoryError made in advance.
 */
#include "native/census.h"

#include "base/error.h"
#include "base/memory.h"

#define OBJECTS (1u << KAA_HEAP_OBJECT_TRACKED | 1u << KAA_HEAP_OBJECT_PLAIN)

static kaa_native__entry *
probe(const kaa_native__census *census, const kaa_object *object)
{
    size_t mask = census->capacity - 1;
    size_t at =
        (size_t)((uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15) >>
                 24) &
        mask;

    while (census->slots[at].object != NULL &&
           census->slots[at].object != object)
        at = (at + 1) & mask;
    return &census->slots[at];
}

kaa_native__entry *
kaa_native__census_find(const kaa_native__census *census,
                        const kaa_object *object)
{
    kaa_native__entry *entry;

    if (object == NULL || kaa_is_tagged(object))
        return NULL;
    entry = probe(census, object);
    return entry->object != NULL ? entry : NULL;
}

int64_t
kaa_native__census_held(const kaa_native__entry *entry)
{
    if ((entry->object->word & KAA_OBJECT__IMMORTAL) != 0)
        return 0;
    return (int64_t)(entry->object->word & KAA_OBJECT__COUNT_MASK) -
           (int64_t)entry->found;
}

static int
count_block(const kaa_heap_block *block, void *user)
{
    (void)block;
    ++*(size_t *)user;
    return 0;
}

static int
add_block(const kaa_heap_block *block, void *user)
{
    kaa_native__census *census = user;
    kaa_object *object = block->block;
    kaa_native__entry *entry;

    if (kaa_object__is_dead(object))
        return 0;
    entry = probe(census, object);
    entry->object = object;
    entry->bytes = block->block_size;
    census->count++;
    return 0;
}

static int
count_reference(kaa_object *object, void *arg)
{
    kaa_native__entry *entry = kaa_native__census_find(arg, object);

    if (entry != NULL)
        entry->found++;
    return 0;
}

/* A traverse visits the type if that is no builtin one; objects without one
 * refer to nothing else. */
static void
count_references_of(kaa_native__census *census, kaa_object *object)
{
    if (object->type->traverse != NULL)
        object->type->traverse(object, count_reference, census);
    else
        count_reference(&object->type->header, census);
}

/* ---- The runtime's own */

typedef struct marking {
    kaa_native__census *census;
    kaa_native__entry **stack;
    size_t count;
} marking;

static int
mark(kaa_object *object, void *arg)
{
    marking *state = arg;
    kaa_native__entry *entry = kaa_native__census_find(state->census, object);

    if (entry != NULL && !entry->is_own) {
        entry->is_own = 1;
        state->stack[state->count++] = entry;
    }
    return 0;
}

static void
mark_all(marking *state)
{
    while (state->count != 0) {
        kaa_object *object = state->stack[--state->count]->object;

        if (object->type->traverse != NULL)
            object->type->traverse(object, mark, state);
    }
}

static kaa_status
find_own(kaa_runtime *runtime, kaa_native__census *census, kaa_error *err)
{
    marking state = {.census = census};

    state.stack = kaa_base__alloc_array(census->count + 1, sizeof(void *));
    if (state.stack == NULL)
        return kaa_base__fail_memory(err, "a census of objects");
    mark(runtime->memory_error, &state);
    mark(runtime->empty_str, &state);
    mark(runtime->empty_bytes, &state);
    mark(runtime->empty_tuple, &state);
    for (size_t i = 0; i < KAA_BUILTIN_COUNT; i++)
        mark(runtime->builtins[i], &state);
    for (size_t i = 0; i < runtime->type_count; i++) {
        kaa_object *type = &runtime->types[i].header;

        if (type->type != NULL && type->type->traverse != NULL) {
            type->type->traverse(type, count_reference, census);
            type->type->traverse(type, mark, &state);
        }
    }
    mark_all(&state);
    for (size_t i = 0; i < census->capacity; i++) {
        kaa_object *object = census->slots[i].object;

        if (object != NULL && (object->word & KAA_OBJECT__IMMORTAL) != 0) {
            mark(object, &state);
            mark_all(&state);
        }
    }
    kaa_base__free((void *)state.stack);
    return KAA_OK;
}

kaa_status
kaa_native__census_take(kaa_context *ctx, kaa_native__census *census,
                        kaa_error *err)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_status status;
    size_t blocks = 0;

    *census = (kaa_native__census){.capacity = 64};
    kaa_heap_walk(runtime->heap, OBJECTS, count_block, &blocks);
    while (census->capacity < blocks * 2)
        census->capacity *= 2;
    census->slots =
        kaa_base__alloc_zeroed(census->capacity * sizeof(*census->slots));
    if (census->slots == NULL)
        return kaa_base__fail_memory(err, "a census of objects");
    kaa_heap_walk(runtime->heap, OBJECTS, add_block, census);
    for (size_t i = 0; i < census->capacity; i++)
        if (census->slots[i].object != NULL)
            count_references_of(census, census->slots[i].object);
    status = find_own(runtime, census, err);
    if (status != KAA_OK)
        kaa_native__census_fini(census);
    return status;
}

void
kaa_native__census_fini(kaa_native__census *census)
{
    kaa_base__free(census->slots);
    *census = (kaa_native__census){0};
}
