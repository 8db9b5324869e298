/* gc/verify.c - counts against the references that are found.
 *
 * The table of a collection, over the blocks of plain objects too, holds for
 * each object its count less the references found inside the heap: what C code
 * holds. Less than nothing is a reference that nobody counted.
 */
#include <string.h>

#include "base/error.h"
#include "gc/internal.h"

static int
is_object(const kaa_heap__arena *arena, uint32_t index)
{
    uint32_t code = arena->codes[index];

    if (code == KAA_HEAP__LARGE)
        code = arena->pages[index].code;
    else if (!KAA_HEAP__IS_BLOCKS(code))
        return 0;
    return KAA_HEAP__KIND(code) != KAA_HEAP_RAW;
}

/* All blocks of objects, frozen ones too. */
static int
add_objects(kaa_gc *gc, kaa_gc__set *set)
{
    if (kaa_gc__list_arenas(gc) != 0)
        return -1;
    for (size_t i = 0; i < gc->arena_count; i++)
        for (uint32_t k = 0; k < KAA_HEAP__PAGES; k++)
            if (is_object(gc->arenas[i], k) &&
                kaa_gc__set_add(set, gc->arenas[i], k) != 0)
                return -1;
    kaa_gc__set_drop_hot(set, KAA_HEAP_OBJECT_TRACKED);
    kaa_gc__set_drop_hot(set, KAA_HEAP_OBJECT_PLAIN);
    return 0;
}

static kaa_status
check_page(kaa_gc__set *set, const kaa_gc__page *member,
           void (*held)(kaa_object *object, uint64_t references, void *user),
           void *user, kaa_error *err)
{
    uint32_t capacity = kaa_gc__capacity(member);

    for (uint32_t i = 0; i < capacity; i++) {
        kaa_object *object;
        int64_t more;

        if (member->table[i] == KAA_GC__OUT)
            continue;
        object = kaa_gc__object_at(set, member, i);
        more = object->word & KAA_OBJECT__IMMORTAL
                   ? 0
                   : (int64_t)(int32_t)member->table[i];
        if (more < 0)
            return kaa_base__fail(
                err, KAA_CORRUPT, KAA_NO_ARGUMENT,
                "an object of type %s at %p counts %llu references, but %lld "
                "more were found",
                object->type->name, (void *)object,
                (unsigned long long)(object->word & KAA_OBJECT__COUNT_MASK),
                (long long)-more);
        if (held != NULL)
            held(object, (uint64_t)more, user);
    }
    return KAA_OK;
}

kaa_status
kaa_gc__verify(kaa_context *ctx,
               void (*held)(kaa_object *object, uint64_t references,
                            void *user),
               void *user, kaa_error *err)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    kaa_gc__set *set = &gc->young;
    kaa_status status = KAA_OK;

    if (gc->is_running || gc->runtime->releasing != 0)
        return KAA_OK;
    kaa_gc__full_drop(gc);
    set->ignores_frozen = 1;
    if (add_objects(gc, set) != 0) {
        kaa_gc__set_end(set, 1);
        return kaa_base__fail_memory(err, "the tables of a check");
    }
    for (size_t i = 0; i < set->count; i++)
        kaa_gc__count_page(set, &set->pages[i]);
    kaa_gc__count_flush(set);
    for (size_t i = 0; i < set->count && status == KAA_OK; i++)
        status = check_page(set, &set->pages[i], held, user, err);
    kaa_gc__set_end(set, 1);
    return status;
}
