/* native/snapshot.c - all objects of a runtime, and how often each is referred
 * to from within: what its count says more is held by C code.
 *
 * The runtime's own are those that it has had from the beginning, or keeps for
 * itself, and all that they lead to: immortal objects, the builtin types with
 * their dicts, the MemoryError made in advance.
 */
#include "native/snapshot.h"

#include "base/error.h"
#include "base/memory.h"

#define OBJECTS (1u << KAA_HEAP_OBJECT_TRACKED | 1u << KAA_HEAP_OBJECT_PLAIN)

static kaa_native__entry *
probe(const kaa_native__snapshot *snapshot, const kaa_object *object)
{
    size_t mask = snapshot->capacity - 1;
    size_t at =
        (size_t)((uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15) >>
                 24) &
        mask;

    while (snapshot->slots[at].object != NULL &&
           snapshot->slots[at].object != object)
        at = (at + 1) & mask;
    return &snapshot->slots[at];
}

kaa_native__entry *
kaa_native__snapshot_find(const kaa_native__snapshot *snapshot,
                          const kaa_object *object)
{
    kaa_native__entry *entry;

    if (object == NULL || kaa_is_tagged(object))
        return NULL;
    entry = probe(snapshot, object);
    return entry->object != NULL ? entry : NULL;
}

int64_t
kaa_native__snapshot_held(const kaa_native__entry *entry)
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
    kaa_native__snapshot *snapshot = user;
    kaa_object *object = block->block;
    kaa_native__entry *entry;

    if (kaa_object__is_dead(object))
        return 0;
    entry = probe(snapshot, object);
    entry->object = object;
    entry->bytes = block->block_size;
    snapshot->count++;
    return 0;
}

static int
count_reference(kaa_object *object, void *arg)
{
    kaa_native__entry *entry = kaa_native__snapshot_find(arg, object);

    if (entry != NULL)
        entry->found++;
    return 0;
}

/* A traverse visits the type if that is no builtin one; objects without one
 * refer to nothing else. */
static void
count_references_of(kaa_native__snapshot *snapshot, kaa_object *object)
{
    if (object->type->traverse != NULL)
        object->type->traverse(object, count_reference, snapshot);
    else
        count_reference(&object->type->header, snapshot);
}

/* ---- The runtime's own */

typedef struct marking {
    kaa_native__snapshot *snapshot;
    kaa_native__entry **stack;
    size_t count;
} marking;

static int
mark(kaa_object *object, void *arg)
{
    marking *state = arg;
    kaa_native__entry *entry =
        kaa_native__snapshot_find(state->snapshot, object);

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
find_own(kaa_runtime *runtime, kaa_native__snapshot *snapshot, kaa_error *err)
{
    marking state = {.snapshot = snapshot};

    state.stack = kaa_base__alloc_array(snapshot->count + 1, sizeof(void *));
    if (state.stack == NULL)
        return kaa_base__fail_memory(err, "a snapshot of objects");
    mark(runtime->memory_error, &state);
    mark(runtime->empty_str, &state);
    mark(runtime->empty_bytes, &state);
    mark(runtime->empty_tuple, &state);
    for (size_t i = 0; i < KAA_BUILTIN_COUNT; i++)
        mark(runtime->builtins[i], &state);
    for (size_t i = 0; i < runtime->type_count; i++) {
        kaa_object *type = &runtime->types[i].header;

        if (type->type != NULL && type->type->traverse != NULL) {
            type->type->traverse(type, count_reference, snapshot);
            type->type->traverse(type, mark, &state);
        }
    }
    mark_all(&state);
    for (size_t i = 0; i < snapshot->capacity; i++) {
        kaa_object *object = snapshot->slots[i].object;

        if (object != NULL && (object->word & KAA_OBJECT__IMMORTAL) != 0) {
            mark(object, &state);
            mark_all(&state);
        }
    }
    kaa_base__free((void *)state.stack);
    return KAA_OK;
}

kaa_status
kaa_native__snapshot_take(kaa_context *ctx, kaa_native__snapshot *snapshot,
                          kaa_error *err)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_status status;
    size_t blocks = 0;

    *snapshot = (kaa_native__snapshot){.capacity = 64};
    kaa_heap_walk(runtime->heap, OBJECTS, count_block, &blocks);
    while (snapshot->capacity < blocks * 2)
        snapshot->capacity *= 2;
    snapshot->slots =
        kaa_base__alloc_zeroed(snapshot->capacity * sizeof(*snapshot->slots));
    if (snapshot->slots == NULL)
        return kaa_base__fail_memory(err, "a snapshot of objects");
    kaa_heap_walk(runtime->heap, OBJECTS, add_block, snapshot);
    for (size_t i = 0; i < snapshot->capacity; i++)
        if (snapshot->slots[i].object != NULL)
            count_references_of(snapshot, snapshot->slots[i].object);
    status = find_own(runtime, snapshot, err);
    if (status != KAA_OK)
        kaa_native__snapshot_fini(snapshot);
    return status;
}

void
kaa_native__snapshot_fini(kaa_native__snapshot *snapshot)
{
    kaa_base__free(snapshot->slots);
    *snapshot = (kaa_native__snapshot){0};
}
