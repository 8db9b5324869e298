/* checked/kept.c - who keeps what: the references that a module holds between
 * its calls.
 *
 * What came with a reference and stands in data is the data's (`words`); a
 * member that the host writes is, too; of the rest (`kept`) it is looked
 * whether it stands in the file's own data.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "checked/checked.h"

enum { KEYS_MAX = 64 };

/* Data whose holder has a name. */
typedef struct span {
    uintptr_t start;
    size_t bytes;
    const char *holder;
    const kaa_checked__spec *spec; /* NULL: not an instance's */
} span;

typedef struct holdings {
    const kaa_checked__module *module;
    span *spans; /* by address */
    size_t span_count;
    kaa_checked_holding *out;
    size_t capacity, count;
} holdings;

static void
add(holdings *self, const char *holder, const kaa_checked__entry *from,
    const void *object, int64_t count)
{
    if (self->count < self->capacity)
        self->out[self->count] = (kaa_checked_holding){
            .module = self->module->definition.name,
            .holder = holder,
            .slot = kaa_checked__slot_name((kaa_checked__slot)from->slot),
            .site = from->site,
            .object = object,
            .count = (uint64_t)count};
    self->count++;
}

/* ---- A call's */

int
kaa_checked__take_kept(const kaa_checked__context *own,
                       const kaa_object *object)
{
    kaa_checked__entry *entry;
    int result = 0;

    pthread_mutex_lock(&own->module->lock);
    entry = kaa_checked__entry_of(&own->module->kept, object, 0);
    if (entry != NULL && entry->balance > 0) {
        entry->balance--;
        result = 1;
    }
    pthread_mutex_unlock(&own->module->lock);
    if (!result)
        return 0;
    entry = kaa_checked__entry_of(&own->frame->ledger, object, 1);
    if (entry == NULL)
        kaa_checked__miss(own->module, own->frame);
    else if (entry->kept < UINT16_MAX)
        entry->kept++;
    return 1;
}

void
kaa_checked__settle_kept(kaa_checked__context *own, kaa_checked__frame *frame)
{
    for (size_t i = 0; i < frame->ledger.capacity; i++) {
        kaa_checked__entry *entry = &frame->ledger.entries[i], *kept;
        const kaa_object *object = (kaa_object *)entry->key;
        size_t before, now;

        if (entry->key == 0 || entry->kept == 0)
            continue;
        before = kaa_checked__count_before(own, frame, object);
        now = kaa_checked__count_now(frame, object);
        pthread_mutex_lock(&own->module->lock);
        kept = kaa_checked__entry_of(&own->module->kept, object, 0);
        while (kept != NULL && entry->kept != 0 &&
               before > now + entry->moved) {
            kept->balance++;
            entry->kept--;
            entry->moved++;
        }
        pthread_mutex_unlock(&own->module->lock);
    }
}

/* ---- Data */

static int
compare_spans(const void *left, const void *right)
{
    const span *a = left, *b = right;

    return (a->start > b->start) - (a->start < b->start);
}

/* The instances' data and the states there are now. */
static int
find_spans(holdings *self, const kaa_checked__module *module)
{
    const kaa_checked__ledger *owners = &module->owners;
    const kaa_checked__region *region;
    size_t most = owners->count;

    for (region = module->regions; region != NULL; region = region->next)
        most++;
    self->spans = kaa_base__alloc_array(most + 1, sizeof(*self->spans));
    if (self->spans == NULL)
        return 0;
    for (region = module->regions; region != NULL; region = region->next)
        if (!region->is_static)
            self->spans[self->span_count++] = (span){
                (uintptr_t)region->start, region->bytes, "module state", NULL};
    for (size_t i = 0; i < owners->capacity; i++) {
        const kaa_checked__entry *entry = &owners->entries[i];
        const kaa_checked__spec *spec = (void *)(intptr_t)entry->balance;

        if (entry->key != 0 && spec != NULL && entry->what != OWNER_IS_TYPE)
            self->spans[self->span_count++] = (span){
                entry->key, spec->spec.data_bytes, spec->spec.name, spec};
    }
    qsort(self->spans, self->span_count, sizeof(*self->spans), compare_spans);
    return 1;
}

/* NULL: it is in data of no known one. */
static const span *
span_of(const holdings *self, uintptr_t place)
{
    size_t low = 0, high = self->span_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (self->spans[middle].start <= place)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 ||
        place - self->spans[low - 1].start >= self->spans[low - 1].bytes)
        return NULL;
    return &self->spans[low - 1];
}

/* Those that are still there. */
static void
add_words(holdings *self, const kaa_checked__ledger *words)
{
    for (size_t i = 0; i < words->capacity; i++) {
        const kaa_checked__entry *entry = &words->entries[i];
        const span *holder;
        uintptr_t value = 0;

        if (entry->key == 0 || entry->balance == 0 || entry->what != OWNED)
            continue;
        holder = span_of(self, entry->key);
        if (holder != NULL &&
            kaa_checked__read((const void *)entry->key, &value,
                              sizeof(value)) == sizeof(value) &&
            (int64_t)value == entry->balance)
            add(self, holder->holder, entry, (const void *)value, 1);
    }
}

static void
add_members(holdings *self)
{
    const kaa_checked__entry unknown = {.slot = SLOT_NONE};

    for (size_t i = 0; i < self->span_count; i++) {
        const span *one = &self->spans[i];
        const kaa_member *member =
            one->spec != NULL ? one->spec->before.members : NULL;

        for (; member != NULL && member->name != NULL; member++) {
            uintptr_t value = 0;

            if (member->kind != KAA_MEMBER_OBJECT ||
                kaa_checked__read((const void *)(one->start + member->offset),
                                  &value, sizeof(value)) != sizeof(value) ||
                value == 0 || kaa_is_tagged((kaa_object *)value))
                continue;
            add(self, one->holder, &unknown, (const void *)value, 1);
        }
    }
}

/* ---- The rest */

static void
add_kept(holdings *self, kaa_checked__module *module,
         const kaa_checked__entry *entries, size_t count)
{
    for (size_t from = 0; from < count; from += KEYS_MAX) {
        const void *keys[KEYS_MAX];
        size_t some = count - from < KEYS_MAX ? count - from : KEYS_MAX;
        uint64_t found;

        for (size_t i = 0; i < some; i++)
            keys[i] = (const void *)entries[from + i].key;
        found = kaa_checked__find_static(module, keys, some);
        for (size_t i = 0; i < some; i++)
            add(self, found >> i & 1 ? "static data" : "", &entries[from + i],
                keys[i], entries[from + i].balance);
    }
}

/* A copy, to be looked through without the lock; NULL: memory is short. */
static kaa_checked__entry *
copy_kept(const kaa_checked__ledger *kept, size_t *out_count)
{
    kaa_checked__entry *copy =
        kaa_base__alloc_array(kept->count + 1, sizeof(*copy));

    *out_count = 0;
    for (size_t i = 0; copy != NULL && i < kept->capacity; i++)
        if (kept->entries[i].key != 0 && kept->entries[i].balance > 0)
            copy[(*out_count)++] = kept->entries[i];
    return copy;
}

static int
add_module(holdings *self, kaa_checked__module *module)
{
    kaa_checked__entry *kept = NULL;
    size_t kept_count;

    self->module = module;
    self->spans = NULL;
    self->span_count = 0;
    pthread_mutex_lock(&module->lock);
    if (find_spans(self, module)) {
        add_words(self, &module->words);
        add_members(self);
        kept = copy_kept(&module->kept, &kept_count);
    }
    pthread_mutex_unlock(&module->lock);
    if (kept != NULL)
        add_kept(self, module, kept, kept_count);
    kaa_base__free(self->spans);
    kaa_base__free(kept);
    return kept != NULL;
}

kaa_status
kaa_checked_holdings(kaa_checked_holding *out, size_t capacity,
                     size_t *out_count, kaa_error *err)
{
    holdings self = {.out = out, .capacity = out != NULL ? capacity : 0};
    kaa_checked__module *module = kaa_checked__modules();

    if (out_count == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 3,
                              "out_count is NULL");
    *out_count = 0;
    for (; module != NULL; module = module->next)
        if (module->mode != KAA_CHECKED_TRACE && !add_module(&self, module))
            return kaa_base__fail_memory(err, "holdings");
    *out_count = self.count;
    return KAA_OK;
}

void
kaa_checked_place(const void *site, char *out, size_t size)
{
    if (out == NULL || size == 0)
        return;
    out[0] = '\0';
    if (site != NULL)
        kaa_checked__place(site, out, size);
}
