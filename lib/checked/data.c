/* checked/data.c - what stands in the data of instances and in a module's
 * state.
 *
 * The module's `words` has an entry for each word of data that is known to be
 * an object's handle: by its place, with the handle for the balance. OWNED is
 * one that came with a reference, BORROWED one that came without. Words that
 * are declared as KAA_MEMBER_OBJECT have none: the host writes and visits them.
 * What a call has done is seen by comparing data as it found them with data as
 * it left them.
 *
 * Each type with data has a `destroy` here, if only one that calls its `clear`,
 * so that the end of data is seen, and what is left in them is told.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "checked/checked.h"

enum { VISITS_MAX = 256, WORDS_MAX = 512 };

/* ---- What is known */

void
kaa_checked__know_type(kaa_checked__context *own, kaa_checked__spec *spec,
                       const kaa_object *type, const kaa_object *base)
{
    const kaa_checked__entry *parent;
    kaa_checked__entry *entry;
    size_t bytes = 0;

    pthread_mutex_lock(&own->module->lock);
    if (base != NULL) {
        parent = kaa_checked__entry_of(&own->module->owners, base, 0);
        bytes = SIZE_MAX;
        if (parent != NULL && parent->balance != 0)
            bytes = ((const kaa_checked__spec *)(intptr_t)parent->balance)
                        ->spec.data_bytes;
    }
    if (bytes > spec->base_bytes)
        spec->base_bytes = bytes;
    entry = kaa_checked__entry_of(&own->module->owners, type, 1);
    if (entry != NULL) {
        entry->balance = (intptr_t)spec;
        entry->what = OWNER_IS_TYPE;
    } else {
        kaa_checked__miss(own->module, NULL);
    }
    pthread_mutex_unlock(&own->module->lock);
}

/* Of few instances nothing is known when memory is short. */
void
kaa_checked__know_data(kaa_checked__module *module, const void *data,
                       const kaa_checked__spec *spec)
{
    kaa_checked__entry *entry;

    if (data == NULL || spec == NULL || spec == &module->state)
        return;
    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->owners, data, 1);
    if (entry != NULL && entry->balance == 0) {
        entry->balance = (intptr_t)spec;
        entry->what = 0;
    }
    if (entry == NULL)
        kaa_checked__miss(module, NULL);
    pthread_mutex_unlock(&module->lock);
}

const kaa_checked__spec *
kaa_checked__spec_of(kaa_checked__module *module, const void *data)
{
    const kaa_checked__entry *entry;
    const kaa_checked__spec *spec = NULL;

    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->owners, data, 0);
    if (entry != NULL)
        spec = (const kaa_checked__spec *)(intptr_t)entry->balance;
    pthread_mutex_unlock(&module->lock);
    return spec;
}

int
kaa_checked__is_borrowed(kaa_checked__module *module, const void *place,
                         const kaa_object *object)
{
    const kaa_checked__entry *entry;
    int result = 0;

    pthread_mutex_lock(&module->lock);
    if (module->words.count != 0) {
        entry = kaa_checked__entry_of(&module->words, place, 0);
        result = entry != NULL && entry->balance == (intptr_t)object &&
                 entry->what == BORROWED;
    }
    pthread_mutex_unlock(&module->lock);
    return result;
}

/* What is known of a word: 0, OWNED or BORROWED. */
static uint32_t
get_word(kaa_checked__module *module, const void *place, uintptr_t value,
         kaa_checked__entry *out)
{
    const kaa_checked__entry *entry;
    uint32_t result = 0;

    pthread_mutex_lock(&module->lock);
    if (module->words.count != 0) {
        entry = kaa_checked__entry_of(&module->words, place, 0);
        if (entry != NULL && value != 0 && entry->balance == (int64_t)value) {
            result = entry->what;
            if (out != NULL)
                *out = *entry;
        }
    }
    pthread_mutex_unlock(&module->lock);
    return result;
}

static void
set_word(kaa_checked__module *module, const void *place, uintptr_t value,
         uint32_t what, const kaa_checked__entry *from)
{
    kaa_checked__entry *entry;

    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->words, place, what != 0);
    if (entry != NULL) {
        entry->balance = what != 0 ? (int64_t)value : 0;
        entry->what = (uint8_t)what;
        entry->slot = from != NULL ? from->slot : SLOT_NONE;
        entry->site = from != NULL ? from->site : NULL;
        entry->stack = from != NULL ? from->stack : 0;
    } else if (what != 0) {
        kaa_checked__miss(module, NULL);
    }
    pthread_mutex_unlock(&module->lock);
}

static int
is_member(const kaa_checked__spec *spec, size_t offset)
{
    const kaa_member *member = spec->before.members;

    for (; member != NULL && member->name != NULL; member++)
        if (member->kind == KAA_MEMBER_OBJECT && member->offset == offset)
            return 1;
    return 0;
}

/* An object that the call was given or lent. */
static int
is_given(const kaa_checked__frame *frame, uintptr_t value)
{
    const intptr_t *given = frame->given;
    kaa_object *const *items;

    for (size_t i = 0; i < frame->lent_count; i++)
        if (frame->lent[i].bytes == 0 &&
            (uintptr_t)frame->lent[i].start == value)
            return 1;
    if (frame->thunk == NULL || given == NULL)
        return 0;
    if ((uintptr_t)given[1] == value)
        return 1;
    switch (frame->thunk->takes) {
    case TAKES_ONE:
        return (uintptr_t)given[2] == value;
    case TAKES_TWO:
        return (uintptr_t)given[2] == value || (uintptr_t)given[3] == value;
    case TAKES_ARRAY:
        items = (kaa_object *const *)given[2];
        for (intptr_t i = 0; i < given[3] && i < VISITS_MAX; i++)
            if ((uintptr_t)items[i] == value)
                return 1;
        return 0;
    case TAKES_NONE:
    default:
        return 0;
    }
}

/* ---- Traversal */

typedef struct visited {
    size_t count;
    kaa_object *objects[VISITS_MAX];
} visited;

static int
note_visit(kaa_object *object, void *arg)
{
    visited *self = arg;

    if (object == NULL || kaa_is_tagged(object))
        return 0;
    if (self->count == VISITS_MAX)
        return 1;
    self->objects[self->count++] = object;
    return 0;
}

static size_t
count_visits(const visited *self, const kaa_object *object)
{
    size_t count = 0;

    for (size_t i = 0; i < self->count; i++)
        count += self->objects[i] == object;
    return count;
}

/* What cannot be part of a cycle need not be visited. */
static int
is_leaf(kaa_context *ctx, kaa_object *object)
{
    static const kaa_builtin_id leaves[] = {
        KAA_STR_TYPE,   KAA_BYTES_TYPE,   KAA_INT_TYPE,
        KAA_FLOAT_TYPE, KAA_COMPLEX_TYPE, KAA_BYTEARRAY_TYPE,
        KAA_BOOL_TYPE,  KAA_TYPE_TYPE,    KAA_MODULE_TYPE};

    if (kaa_is_none(ctx, object))
        return 1;
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        if (kaa_check_exact(ctx, object, (int)leaves[i]))
            return 1;
    return 0;
}

/* Each reference that the call put into the data is to be visited, and no
 * more than there are. */
static void
judge_traverse(kaa_checked__context *own, const kaa_checked__snapshot *seen,
               const uintptr_t *now)
{
    const kaa_checked__spec *spec = seen->spec;
    kaa_checked__frame alone = {0};
    kaa_checked__snapshot *copy;
    visited walk = {0};

    if (spec->before.traverse == NULL ||
        spec->before.traverse((void *)(uintptr_t)seen->data, note_visit,
                              &walk) != 0)
        return;
    for (size_t i = 0; i < seen->words; i++) {
        const void *place = (const char *)seen->data + i * sizeof(now[0]);
        kaa_object *object = (kaa_object *)now[i];
        uint32_t what = now[i] == seen->before[i]
                            ? 0
                            : get_word(own->module, place, now[i], NULL);

        if (what == OWNED && count_visits(&walk, object) == 0 &&
            !is_leaf(own->inner, object))
            kaa_checked__tell(own, "not visited by traverse", SLOT_NONE, object,
                              NULL, ", which the data hold");
        if (what == BORROWED && count_visits(&walk, object) != 0) {
            kaa_checked__tell(own, "visited without a reference", SLOT_NONE,
                              object, NULL,
                              ", which the data hold without a reference");
            kaa_incref(own->inner, object); /* what ends them gives it up */
            set_word(own->module, place, now[i], OWNED, NULL);
        }
    }
    copy = kaa_base__alloc(sizeof(*copy) + seen->words * sizeof(now[0]));
    if (copy == NULL) {
        kaa_checked__miss(own->module, NULL);
        return;
    }
    *copy = *seen;
    copy->next = NULL;
    alone.snapshots = copy;
    for (size_t i = 0; i < walk.count; i++) {
        size_t visits = count_visits(&walk, walk.objects[i]), held = 0;

        for (size_t j = 0; j < seen->words; j++)
            held += now[j] == (uintptr_t)walk.objects[i];
        if (visits <= held ||
            visits <= held + kaa_checked__find(own->module, &alone,
                                               walk.objects[i], visits))
            continue;
        kaa_checked__tell(own, "visited without a reference", SLOT_NONE, NULL,
                          NULL,
                          held != 0 ? ": traverse visits an object more often "
                                      "than the data hold it"
                                    : ": traverse visits an object that the "
                                      "data do not hold");
        break;
    }
    kaa_base__free(copy);
}

/* ---- Changes */

/* References that were in the data and are neither there nor given up. */
static void
judge_gone(kaa_checked__context *own, kaa_checked__frame *frame,
           const kaa_checked__entry *word, int is_end)
{
    kaa_object *object = (kaa_object *)(intptr_t)word->balance;
    const kaa_checked__entry *entry =
        kaa_checked__entry_of(&frame->ledger, object, 0);
    size_t before = kaa_checked__count_before(own, frame, object);
    size_t now = is_end ? 0 : kaa_checked__count_now(frame, object);
    size_t given_up = entry != NULL ? entry->moved : 0;

    if (before <= now + given_up ||
        kaa_checked__find(own->module, is_end ? NULL : frame, object, 1) != 0)
        return;
    kaa_checked__tell_leak(own, "leaked reference", object, word,
                           is_end
                               ? ", which the data held at their end"
                               : ", which was in the data and is overwritten");
}

/* What the call has put into one word of data that are known. */
static void
judge_fresh(kaa_checked__context *own, kaa_checked__frame *frame,
            const kaa_checked__snapshot *seen, size_t at, uintptr_t value)
{
    const void *place = (const char *)seen->data + at * sizeof(value);
    kaa_object *object = (kaa_object *)value;
    const kaa_checked__entry *entry;
    size_t before, now;
    int64_t owned;

    if (value == 0 || kaa_is_tagged(object))
        return;
    entry = kaa_checked__entry_of(&frame->ledger, object, 0);
    if ((entry == NULL || entry->slot == SLOT_NONE) && !is_given(frame, value))
        return;
    before = kaa_checked__count_before(own, frame, object);
    now = kaa_checked__count_now(frame, object);
    owned = entry != NULL ? entry->balance : 0;
    if (now > before && owned < (int64_t)(now - before)) {
        set_word(own->module, place, value, BORROWED, entry);
        return;
    }
    if (now > before)
        set_word(own->module, place, value, OWNED, entry);
}

static int
is_container(kaa_checked__context *own, uintptr_t value)
{
    return !is_leaf(own->inner, (kaa_object *)value);
}

static void
judge_snapshot(kaa_checked__context *own, kaa_checked__frame *frame,
               const kaa_checked__snapshot *seen)
{
    const kaa_checked__spec *spec = seen->spec;
    uintptr_t now[WORDS_MAX];
    kaa_checked__entry word;
    int is_changed = 0;
    uint32_t was;

    if (seen->words > WORDS_MAX ||
        memcmp(seen->data, seen->before, seen->words * sizeof(now[0])) == 0)
        return;
    memcpy(now, seen->data, seen->words * sizeof(now[0]));
    for (size_t i = 0; i < seen->words; i++) {
        const char *place = (const char *)seen->data + i * sizeof(now[0]);

        if (now[i] == seen->before[i] || is_member(spec, i * sizeof(now[0])))
            continue;
        is_changed = 1;
        if (get_word(own->module, place, now[i], NULL) != 0)
            continue; /* a call within this one has put it there */
        was = get_word(own->module, place, seen->before[i], &word);
        set_word(own->module, place, 0, 0, NULL);
        judge_fresh(own, frame, seen, i, now[i]);
        if (was == OWNED)
            judge_gone(own, frame, &word, 0);
        if (spec->before.traverse == NULL && spec != &own->module->state &&
            get_word(own->module, place, now[i], NULL) == OWNED &&
            is_container(own, now[i]))
            kaa_checked__tell(own, "not visited by traverse", SLOT_NONE,
                              (kaa_object *)now[i], NULL,
                              ", which the data hold: the type has none");
    }
    if (is_changed)
        judge_traverse(own, seen, now);
}

/* A member declared as KAA_MEMBER_OBJECT is given up by the host. */
static void
judge_members(kaa_checked__context *own, kaa_checked__frame *frame,
              const kaa_checked__snapshot *seen)
{
    const kaa_member *member = seen->spec->before.members;

    for (; member != NULL && member->name != NULL; member++) {
        size_t at = member->offset / sizeof(uintptr_t);
        const kaa_checked__entry *entry;
        kaa_object *object;
        size_t before, now;

        if (member->kind != KAA_MEMBER_OBJECT || at >= seen->words)
            continue;
        memcpy(&object, (const char *)seen->data + member->offset,
               sizeof(object));
        if (object == NULL || kaa_is_tagged(object) ||
            (uintptr_t)object == seen->before[at] ||
            !is_given(frame, (uintptr_t)object))
            continue;
        before = kaa_checked__count_before(own, frame, object);
        now = kaa_checked__count_now(frame, object);
        entry = kaa_checked__entry_of(&frame->ledger, object, 0);
        if (now <= before ||
            (entry != NULL && entry->balance >= (int64_t)(now - before)))
            continue;
        kaa_checked__tell(own, "stored without a reference", SLOT_NONE, object,
                          NULL, ", which is borrowed: kaa_incref() it");
        kaa_incref(own->inner, object);
    }
}

/* The data are about to be freed: what they own must be given up. */
static void
judge_end(kaa_checked__context *own, kaa_checked__frame *frame,
          const kaa_checked__snapshot *seen)
{
    const kaa_checked__spec *spec = seen->spec;
    size_t first = 0;
    kaa_checked__entry word;

    if (spec != &own->module->state)
        first = spec->base_bytes == SIZE_MAX
                    ? seen->words
                    : (spec->base_bytes + 7) / sizeof(uintptr_t);
    for (size_t i = first; i < seen->words; i++) {
        const char *place = (const char *)seen->data + i * sizeof(uintptr_t);

        if (get_word(own->module, place, seen->before[i], &word) == OWNED)
            judge_gone(own, frame, &word, 1);
        set_word(own->module, place, 0, 0, NULL);
    }
}

void
kaa_checked__judge_data(kaa_checked__context *own, kaa_checked__frame *frame)
{
    int is_end = frame->thunk != NULL && frame->thunk->kind == ENDS_DATA;
    const kaa_checked__snapshot *seen;

    if (frame->is_blind || frame->is_thread)
        return;
    for (seen = frame->snapshots; seen != NULL; seen = seen->next) {
        if (seen->spec == NULL)
            continue;
        if (is_end && seen->data == (const void *)frame->given[1]) {
            judge_end(own, frame, seen);
            continue;
        }
        judge_snapshot(own, frame, seen);
        if (!frame->has_called)
            judge_members(own, frame, seen);
    }
    if (is_end) {
        kaa_checked__entry *entry;

        pthread_mutex_lock(&own->module->lock);
        entry = kaa_checked__entry_of(&own->module->owners,
                                      (const void *)frame->given[1], 0);
        if (entry != NULL)
            entry->balance = 0;
        pthread_mutex_unlock(&own->module->lock);
    }
}
