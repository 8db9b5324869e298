/* checked/uses.c - objects and pointers after their time.
 *
 * What a function gives up is held until its call ends (the last HELD_MAX of
 * it), and so is the owner of what it was lent: a text, the memory of a buffer,
 * an item of a tuple. An object that lives by that alone is dead for the
 * module. So a late use can be told with the object's repr, and harms nothing.
 * Destructors of what is held run a little later than without checks.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "checked/checked.h"

enum { HASHED_MAX = 4096, MANY = 1000 /* more than are ever held here */ };

/* ---- Holding */

size_t
kaa_checked__held(const kaa_checked__context *own, const kaa_object *object)
{
    const kaa_checked__frame *frame;
    const kaa_checked__snapshot *seen;
    size_t count = 0;

    for (frame = own->frame; frame != NULL; frame = frame->outer) {
        size_t held = frame->held_count;

        for (size_t i = 0; i < (held < HELD_MAX ? held : HELD_MAX); i++)
            count += frame->held[i] == object;
        for (size_t i = 0; i < frame->lent_count; i++)
            count += frame->lent[i].owner == object;
        for (seen = frame->snapshots; seen != NULL; seen = seen->next)
            count += seen->instance == object;
    }
    return count;
}

/* Anew, without those that are held no more; all that is lent may be. */
static void
make_mask(kaa_checked__frame *frame)
{
    memset(frame->held_mask, 0, sizeof(frame->held_mask));
    for (size_t i = 0; i < HELD_MAX; i++)
        kaa_checked__mask(frame, frame->held[i]);
    for (size_t i = 0; i < frame->lent_count; i++)
        if (frame->lent[i].bytes == 0)
            kaa_checked__mask(frame, frame->lent[i].start);
}

void
kaa_checked__release(kaa_checked__context *own, kaa_object *object)
{
    kaa_checked__frame *frame = own->frame;
    kaa_object *oldest;

    if (frame == NULL || own->is_telling) {
        kaa_decref(own->inner, object);
        return;
    }
    if (own->inner->api->refcount(own->inner, object) > MANY) {
        kaa_decref(own->inner, object); /* it will not die of this */
        return;
    }
    if (frame->held_count >= HELD_MAX && frame->held_count % HELD_MAX == 0)
        make_mask(frame);
    kaa_checked__mask(frame, object);
    for (size_t i = 0; frame->has_items && i < frame->lent_count; i++)
        if (frame->lent[i].owner == object)
            kaa_checked__mask(frame, frame->lent[i].start);
    oldest = frame->held_count < HELD_MAX
                 ? NULL
                 : frame->held[frame->held_count % HELD_MAX];
    frame->held[frame->held_count++ % HELD_MAX] = object;
    kaa_decref(own->inner, oldest);
}

void
kaa_checked__release_all(kaa_checked__context *own, kaa_checked__frame *frame)
{
    size_t count = frame->held_count < HELD_MAX ? frame->held_count : HELD_MAX;

    for (size_t i = 0; i < count; i++) {
        size_t at = (frame->held_count - count + i) % HELD_MAX;
        kaa_object *object = frame->held[at];

        frame->held[at] = NULL;
        kaa_decref(own->inner, object);
    }
    frame->held_count = 0;
}

static int
is_dead(const kaa_checked__context *own, kaa_object *object)
{
    size_t count = own->inner->api->refcount(own->inner, object);
    size_t held = count <= MANY ? kaa_checked__held(own, object) : 0;

    return held != 0 && count <= held;
}

/* ---- Uses */

int
kaa_checked__see_null(const kaa_checked__look *look)
{
    kaa_checked__context *own = look->own;
    char more[80];

    switch ((int)look->slot) {
    case SLOT_error_unraisable:
    case SLOT_set_new:
    case SLOT_frozenset_new:
    case SLOT_slice_new:
    case SLOT_list_take_append:
        return 1;
    case SLOT_exception_new_type:
    case SLOT_function_new:
    case SLOT_type_new:
        return 1;
    case SLOT_list_set_slice:
    case SLOT_weakref_new:
    case SLOT_set_attr_text:
    case SLOT_call:
    case SLOT_call_method:
        if (look->index == 2 || look->slot == SLOT_call_method)
            return 1;
        break;
    case SLOT_set_attr:
    case SLOT_generic_set_attr:
    case SLOT_set_item:
    case SLOT_call_dict:
        if (look->index == 3)
            return 1;
        break;
    default:
        break;
    }
    snprintf(more, sizeof(more), ": object %d of the call is NULL",
             look->index);
    kaa_checked__tell(own, "NULL for an object", look->slot, NULL, look->site,
                      more);
    if (!kaa_error_occurred(own->inner))
        kaa_raise(own->inner, kaa_builtin(own->inner, KAA_SYSTEM_ERROR),
                  "NULL was given where an object was expected");
    look->frame->may_be_pending = 1;
    return 0;
}

void
kaa_checked__see_use(const kaa_checked__look *look, kaa_object *object)
{
    kaa_checked__context *own = look->own;
    const kaa_checked__frame *frame = look->frame;
    const kaa_checked__entry *entry;

    entry = kaa_checked__entry_of(&look->frame->ledger, object, 0);
    if (entry != NULL && entry->balance > 0)
        return;
    if (is_dead(own, object)) {
        kaa_checked__tell(own, "used after release", look->slot, object,
                          look->site,
                          ", whose last reference was given up before");
        return;
    }
    for (; frame != NULL; frame = frame->outer)
        for (size_t i = 0; i < frame->lent_count; i++) {
            const kaa_checked__lent *lent = &frame->lent[i];

            if (lent->bytes != 0 || lent->start != (const char *)object ||
                !is_dead(own, lent->owner) ||
                own->inner->api->refcount(own->inner, object) >
                    1 + kaa_checked__held(own, object))
                continue;
            kaa_checked__tell(own, "used after release", look->slot, object,
                              look->site,
                              ", which was borrowed from a tuple that is gone");
            return;
        }
}

void
kaa_checked__see_text(const kaa_checked__look *look, const void *text)
{
    kaa_checked__context *own = look->own;

    for (size_t i = 0; i < look->frame->lent_count; i++) {
        const kaa_checked__lent *lent = &look->frame->lent[i];
        uintptr_t offset = (uintptr_t)text - (uintptr_t)lent->start;

        if (lent->bytes == 0 || offset > lent->bytes)
            continue;
        if (lent->is_over)
            kaa_checked__tell(own, "borrowed pointer used", look->slot,
                              lent->owner, look->site,
                              ", whose buffer was released before");
        else if (is_dead(own, lent->owner))
            kaa_checked__tell(own, "borrowed pointer used", look->slot,
                              lent->owner, look->site,
                              ", whose last reference was given up before");
        return;
    }
}

int
kaa_checked__only_looks(kaa_checked__slot slot)
{
    switch ((int)slot) {
    case SLOT_incref:
    case SLOT_decref:
    case SLOT_dealloc:
    case SLOT_refcount:
    case SLOT_error_occurred:
    case SLOT_error_matches:
    case SLOT_error_clear:
    case SLOT_error_take:
    case SLOT_raise_exception:
    case SLOT_raise_object:
    case SLOT_raise:
    case SLOT_raise_format_v:
    case SLOT_raise_errno:
    case SLOT_raise_memory:
    case SLOT_error_unraisable:
    case SLOT_error_print:
    case SLOT_error_add_frame:
    case SLOT_check:
    case SLOT_check_exact:
    case SLOT_is_callable:
    case SLOT_str_length:
    case SLOT_str_equals:
    case SLOT_tuple_size:
    case SLOT_tuple_take_array:
    case SLOT_tuple_get_borrowed:
    case SLOT_list_size:
    case SLOT_list_take_array:
    case SLOT_list_take_append:
    case SLOT_dict_size:
    case SLOT_dict_take_array:
    case SLOT_set_size:
    case SLOT_instance_data:
    case SLOT_build_v:
    case SLOT_module_state:
    case SLOT_runtime_handle:
    case SLOT_add_external:
    case SLOT_leave_call:
    case SLOT_repr_leave:
        return 1;
    default:
        return 0;
    }
}

/* What may be called with an exception pending: what ends things, too. */
static int
may_be_pending(kaa_checked__slot slot)
{
    switch ((int)slot) {
    case SLOT_buffer_release:
    case SLOT_begin_allow_threads:
    case SLOT_end_allow_threads:
    case SLOT_thread_enter:
    case SLOT_thread_leave:
    case SLOT_mem_alloc:
    case SLOT_mem_resize:
    case SLOT_mem_free:
        return 1;
    default:
        return kaa_checked__only_looks(slot);
    }
}

void
kaa_checked__see_pending(kaa_checked__context *own, kaa_checked__slot slot,
                         const void *site)
{
    kaa_context *ctx = own->inner;
    kaa_object *pending;

    if (may_be_pending(slot))
        return;
    if (!kaa_error_occurred(ctx)) {
        own->frame->may_be_pending = 0;
        return;
    }
    pending = kaa_error_take(ctx);
    own->frame->may_be_pending = 0; /* told of once */
    kaa_checked__tell(own, "called with an exception pending", slot, pending,
                      site, ": kaa_error_take() or kaa_error_clear() it first");
    kaa_raise_exception(ctx, pending);
    kaa_decref(ctx, pending);
}

/* ---- Lending */

/* Of the first bytes; never 0. */
static uint32_t
hash_of(const char *start, size_t bytes)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15), word;
    size_t rest = bytes < HASHED_MAX ? bytes : HASHED_MAX;

    for (; rest >= sizeof(word); rest -= sizeof(word)) {
        memcpy(&word, start, sizeof(word));
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
        start += sizeof(word);
    }
    word = 0;
    memcpy(&word, start, rest);
    hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 32;
    return (uint32_t)hash != 0 ? (uint32_t)hash : 1;
}

void
kaa_checked__lend(kaa_checked__context *own, const void *start, size_t bytes,
                  kaa_object *owner, int is_writable, kaa_checked__slot slot,
                  const void *site)
{
    kaa_checked__frame *frame = own->frame;
    kaa_checked__lent *lent;

    if (start == NULL || frame == NULL || own->is_telling ||
        kaa_is_tagged(owner) || kaa_is_tagged(start) ||
        frame->lent_count == LENT_MAX)
        return;
    for (size_t i = 0; i < frame->lent_count; i++)
        if (frame->lent[i].start == (const char *)start &&
            frame->lent[i].owner == owner && !frame->lent[i].is_over)
            return;
    if (frame->lent == NULL) {
        frame->lent = own->spare;
        own->spare = NULL;
    }
    if (frame->lent == NULL)
        frame->lent = kaa_base__alloc(LENT_MAX * sizeof(*frame->lent));
    if (frame->lent == NULL) { /* then nothing is said of it */
        kaa_checked__miss(own->module, NULL);
        return;
    }
    lent = &frame->lent[frame->lent_count++];
    lent->start = start;
    lent->bytes = bytes;
    lent->owner = kaa_incref(own->inner, owner);
    lent->hash = is_writable || bytes == 0 ? 0 : hash_of(start, bytes);
    lent->slot = (uint32_t)slot;
    lent->site = kaa_checked__caller(own, site);
    lent->is_over = 0;
    frame->has_items |= bytes == 0;
}

/* The memory can be looked at only as long as it is lent. */
static void
judge_written(kaa_checked__context *own, kaa_checked__lent *lent)
{
    if (lent->hash == 0 || hash_of(lent->start, lent->bytes) == lent->hash)
        return;
    lent->hash = 0;
    kaa_checked__tell(own, "written to what may not change",
                      (kaa_checked__slot)lent->slot, lent->owner, lent->site,
                      ", which others have too");
}

void
kaa_checked__lent_over(kaa_checked__context *own, const void *start)
{
    kaa_checked__frame *frame = own->frame;

    for (; frame != NULL; frame = frame->outer)
        for (size_t i = 0; i < frame->lent_count; i++)
            if (frame->lent[i].start == start &&
                frame->lent[i].slot == SLOT_buffer_get) {
                judge_written(own, &frame->lent[i]);
                frame->lent[i].hash = 0;
                frame->lent[i].is_over = 1;
            }
}

/* A pointer that stands where the module will find it again, while the module
 * has no reference to what it points into. `in_static`: the pointer stands in
 * the module's static data, and its owner does. */
static int
is_kept(kaa_checked__context *own, kaa_checked__frame *frame,
        const kaa_checked__lent *lent, const int in_static[2])
{
    const kaa_checked__entry *entry;
    int is_owned = 0;

    if (lent->bytes == 0 || (lent->slot == SLOT_buffer_get && !lent->is_over) ||
        (!in_static[0] && kaa_checked__count_now(frame, lent->start) <=
                              kaa_checked__count_before(
                                  own, frame, (const kaa_object *)lent->start)))
        return 0;
    if (lent->is_over)
        return 1;
    pthread_mutex_lock(&own->module->lock);
    entry = kaa_checked__entry_of(&own->module->kept, lent->owner, 0);
    is_owned = entry != NULL && entry->balance > 0;
    pthread_mutex_unlock(&own->module->lock);
    entry = kaa_checked__entry_of(&frame->ledger, lent->owner, 0);
    return !is_owned && (entry == NULL || entry->balance <= 0) &&
           kaa_checked__count_now(frame, lent->owner) == 0 && !in_static[1];
}

/* In one pass: a bit for each pointer, and behind those one for each owner. */
static uint64_t
find_lent(kaa_checked__context *own, const kaa_checked__frame *frame)
{
    const void *keys[2 * LENT_MAX];
    size_t count = frame->lent_count;
    int are_any = 0;

    for (size_t i = 0; i < count; i++) {
        const kaa_checked__lent *lent = &frame->lent[i];

        keys[i] = keys[count + i] = lent->owner;
        if (lent->bytes == 0)
            continue;
        keys[i] = lent->start;
        are_any = 1;
    }
    return are_any ? kaa_checked__find_static(own->module, keys, 2 * count) : 0;
}

void
kaa_checked__judge_lent(kaa_checked__context *own, kaa_checked__frame *frame)
{
    uint64_t in_static = frame->is_blind ? 0 : find_lent(own, frame);
    size_t count = frame->lent_count;

    for (size_t i = 0; i < frame->lent_count; i++) {
        kaa_checked__lent *lent = &frame->lent[i];
        const int is_static[2] = {(int)(in_static >> i & 1),
                                  (int)(in_static >> (count + i) & 1)};

        judge_written(own, lent);
        if (!frame->is_blind && is_kept(own, frame, lent, is_static))
            kaa_checked__tell(
                own, "borrowed pointer kept", (kaa_checked__slot)lent->slot,
                lent->owner, lent->site,
                lent->is_over ? ", whose buffer was released"
                              : ", which the module does not hold");
    }
    while (frame->lent_count > 0) {
        kaa_checked__lent *lent = &frame->lent[--frame->lent_count];
        kaa_object *owner = lent->owner;

        lent->owner = NULL; /* what is over refers to nothing */
        lent->start = NULL;
        kaa_decref(own->inner, owner);
    }
    if (own->spare == NULL)
        own->spare = frame->lent;
    else
        kaa_base__free(frame->lent);
    frame->lent = NULL;
}
