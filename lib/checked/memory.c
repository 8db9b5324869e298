/* checked/memory.c - whether a module still has a pointer somewhere.
 *
 * Looked through word by word: the module's static data, its states, its blocks
 * of mem_alloc, the instances' data that the call has seen, and what is found
 * by following pointers from there. How long the memory behind a pointer is
 * says the size in front of it, as glibc's malloc keeps it, if it looks like
 * one; else a little is looked at. All of it is read by the kernel, which
 * refuses what is not there.
 */
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/os/os.h"
#include "checked/checked.h"

enum {
    PAGE = 4096,
    PIECE = 4096, /* bytes read at once */
    FILES_MAX = 256,
    LITTLE = 128,        /* bytes behind a pointer of unknown size */
    PLACES_MAX = 2048,   /* pointers followed in one search */
    PLACES_FIRST = 64,   /* of those, before the module's own memory */
    BYTES_MAX = 8 << 20, /* looked at in one search */
    BLOCK_MAX = 4 << 20  /* that a malloc size may say */
};

size_t
kaa_checked__read(const void *address, void *out, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        uintptr_t at = (uintptr_t)address + done;
        size_t step = PAGE - at % PAGE;

        if (step > bytes - done)
            step = bytes - done;
        if (!kaa_base__peek(getpid(), at, (char *)out + done, step))
            break;
        done += step;
    }
    return done;
}

/* ---- Regions */

int
kaa_checked__add_region(kaa_checked__module *module, const void *start,
                        size_t bytes)
{
    kaa_checked__region *region;

    for (region = module->regions; region != NULL; region = region->next)
        if (region->start == start)
            return 1;
    region = kaa_base__alloc(sizeof(*region));
    if (region == NULL)
        return 0;
    region->start = start;
    region->bytes = bytes;
    region->is_static = 0;
    region->next = module->regions;
    module->regions = region;
    return 1;
}

/* Where what the loader has made read-only ends; 0: there is no such thing. No
 * pointer of the module's is ever put there. */
static uintptr_t
end_of_relro(const struct dl_phdr_info *info, uintptr_t start)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_GNU_RELRO && at == start)
            return (at + part->p_memsz) & ~(page - 1);
    }
    return 0;
}

static int
add_segment(kaa_checked__module *module, const struct dl_phdr_info *info,
            const ElfW(Phdr) * part)
{
    uintptr_t start = info->dlpi_addr + part->p_vaddr;
    uintptr_t end = start + part->p_memsz, fixed = end_of_relro(info, start);

    if (fixed > start)
        start = fixed < end ? fixed : end;
    return kaa_checked__add_region(module, (void *)start, end - start);
}

static int
add_segments(struct dl_phdr_info *info, size_t size, void *user)
{
    kaa_checked__module *module = user;
    int is_it = kaa_base__holds(info, module->original);

    (void)size;
    for (int i = 0; is_it && i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD &&
            (info->dlpi_phdr[i].p_flags & PF_W) != 0 &&
            !add_segment(module, info, &info->dlpi_phdr[i]))
            return -1;
    for (int i = 0; is_it && i < info->dlpi_phnum; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        uintptr_t end = start + info->dlpi_phdr[i].p_memsz;

        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        if (module->first == 0 || start < module->first)
            module->first = start;
        if (end > module->last)
            module->last = end;
    }
    for (kaa_checked__region *one = module->regions; is_it && one != NULL;
         one = one->next)
        one->is_static = 1;
    return is_it;
}

int
kaa_checked__add_static(kaa_checked__module *module)
{
    module->loaded = (uintptr_t)kaa_base__loaded_object(module->original);
    return dl_iterate_phdr(add_segments, module) >= 0;
}

enum { STATIC_MAX = 1 << 16, FILTER = 1024 /* bits */ };

static size_t
filter_bit(uintptr_t key)
{
    return (size_t)((key >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 54);
}

static uint64_t
match(uintptr_t word, const void *const *keys, size_t count)
{
    uint64_t found = 0;

    for (size_t i = 0; i < count; i++)
        found |= (uint64_t)((uintptr_t)keys[i] == word) << i;
    return found;
}

/* AddressSanitizer's gaps between variables are looked at, too. Few words are
 * as large as any key. */
__attribute__((no_sanitize_address)) static uint64_t
find_in(const kaa_checked__region *region, const uint64_t *filter,
        const void *const *keys, size_t count)
{
    uintptr_t least = UINTPTR_MAX, most = 0;
    uintptr_t start = ((uintptr_t)region->start + 7) & ~(uintptr_t)7;
    uintptr_t end = (uintptr_t)region->start + region->bytes;
    const uintptr_t *words = (const uintptr_t *)start;
    uint64_t found = 0;

    for (size_t i = 0; i < count; i++) {
        least = (uintptr_t)keys[i] < least ? (uintptr_t)keys[i] : least;
        most = (uintptr_t)keys[i] > most ? (uintptr_t)keys[i] : most;
    }
    for (size_t i = 0; i < (end - start) / sizeof(words[0]); i++) {
        size_t bit;

        if (words[i] - least > most - least)
            continue;
        bit = filter_bit(words[i]);
        if (words[i] != 0 && (filter[bit / 64] >> (bit % 64) & 1) != 0)
            found |= match(words[i], keys, count);
    }
    return found;
}

/* The file stays loaded as long as the process: its data can be read. */
uint64_t
kaa_checked__find_static(kaa_checked__module *module, const void *const *keys,
                         size_t count)
{
    uint64_t filter[FILTER / 64] = {0}, found = 0;
    const kaa_checked__region *region;

    for (size_t i = 0; i < count; i++) {
        size_t bit = filter_bit((uintptr_t)keys[i]);

        filter[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    pthread_mutex_lock(&module->lock);
    for (region = module->regions; region != NULL; region = region->next)
        if (region->is_static && region->bytes <= STATIC_MAX)
            found |= find_in(region, filter, keys, count);
    pthread_mutex_unlock(&module->lock);
    return found;
}

/* ---- Searching */

typedef struct search {
    uintptr_t key;
    size_t found, enough, bytes;
    uintptr_t places[PLACES_MAX]; /* followed, or to be */
    size_t count, next;
    uintptr_t seen[PLACES_MAX * 4]; /* the same, by hash */
    int is_over;                    /* too much, or not readable at all */
    kaa_checked__module *module;
    const kaa_checked__frame *frame;
    size_t file_count;
    struct {
        uintptr_t start, end;
    } files[FILES_MAX]; /* loaded ones: no pointer into them is followed */
} search;

static int
add_file(struct dl_phdr_info *info, size_t size, void *user)
{
    search *self = user;
    uintptr_t start = UINTPTR_MAX, end = 0;

    (void)size;
    if (self->file_count == FILES_MAX)
        return 1;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        if (at < start)
            start = at;
        if (at + info->dlpi_phdr[i].p_memsz > end)
            end = at + info->dlpi_phdr[i].p_memsz;
    }
    self->files[self->file_count].start = start;
    self->files[self->file_count++].end = end;
    return 0;
}

static int
is_within(uintptr_t place, const kaa_checked__ledger *ledger)
{
    uintptr_t start = (uintptr_t)ledger->entries;

    return place >= start &&
           place - start < ledger->capacity * sizeof(*ledger->entries);
}

/* The calls' own notes: each has what is looked for. */
static int
is_note(const kaa_checked__frame *frame, uintptr_t place)
{
    const kaa_checked__snapshot *seen;

    for (; frame != NULL; frame = frame->outer) {
        uintptr_t start = (uintptr_t)frame;

        if ((place >= start && place - start < sizeof(*frame)) ||
            is_within(place, &frame->ledger) || place == (uintptr_t)frame->lent)
            return 1;
        for (seen = frame->snapshots; seen != NULL; seen = seen->next)
            if (place == (uintptr_t)seen)
                return 1;
    }
    return 0;
}

/* Files have their own data, among them the loader's list of everything; the
 * ledgers have each pointer that is looked for. */
static int
is_followed(const search *self, uintptr_t place)
{
    const kaa_checked__module *module = self->module;

    for (size_t i = 0; i < self->file_count; i++)
        if (place >= self->files[i].start && place < self->files[i].end)
            return 0;
    return place != module->loaded && place != (uintptr_t)module &&
           !is_within(place, &module->kept) &&
           !is_within(place, &module->blocks) &&
           !is_within(place, &module->words) &&
           !is_within(place, &module->owners) && !is_note(self->frame, place);
}

static void
follow(search *self, uintptr_t place)
{
    size_t at = (place >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 40;

    if (place % 8 != 0 || place < 0x10000 || place >> 47 != 0)
        return;
    at %= (size_t)PLACES_MAX * 4;
    while (self->seen[at] != 0 && self->seen[at] != place)
        at = (at + 1) % ((size_t)PLACES_MAX * 4);
    if (self->seen[at] == place || !is_followed(self, place))
        return;
    if (self->count == PLACES_MAX) {
        self->is_over = 1;
        return;
    }
    self->seen[at] = place;
    self->places[self->count++] = place;
}

/* A handle that is known leads to no memory of the module's. */
static int
is_handle(const search *self, uintptr_t place, uintptr_t value)
{
    kaa_checked__module *module = self->module;
    const void *key = (const void *)value;
    const kaa_checked__entry *entry;

    entry = kaa_checked__entry_of(&module->words, (const void *)place, 0);
    if (entry != NULL && entry->balance == (int64_t)value)
        return 1;
    entry = kaa_checked__entry_of(&module->kept, key, 0);
    if (entry != NULL && entry->balance > 0)
        return 1;
    return 0;
}

/* `counts` 0: only what it points to is of interest. */
static void
look(search *self, uintptr_t start, size_t bytes, int counts)
{
    uintptr_t words[PIECE / sizeof(uintptr_t)];
    size_t done = 0;

    start = (start + 7) & ~(uintptr_t)7;
    while (done < bytes && self->found < self->enough && !self->is_over) {
        size_t wanted = bytes - done < PIECE ? bytes - done : PIECE;
        size_t got = kaa_checked__read((void *)(start + done), words, wanted);

        for (size_t i = 0; i < got / sizeof(words[0]); i++) {
            if (words[i] == self->key)
                self->found += counts != 0;
            else if (words[i] != 0 &&
                     !is_handle(self, start + done + i * sizeof(words[0]),
                                words[i]))
                follow(self, words[i]);
        }
        done += got;
        self->bytes += got;
        if (self->bytes > BYTES_MAX)
            self->is_over = 1;
        if (got < wanted)
            break;
    }
}

/* The usable bytes of a block of malloc, if that is what it is. */
static size_t
size_behind(uintptr_t place)
{
    uintptr_t size = 0;

    if (place % 16 != 0 || kaa_checked__read((void *)(place - 8), &size,
                                             sizeof(size)) != sizeof(size))
        return LITTLE;
    size &= ~(uintptr_t)7;
    if (size % 16 != 0 || size < 32 || size > BLOCK_MAX)
        return LITTLE;
    return size - 8;
}

static void
go_on(search *self, size_t places)
{
    while (self->next < self->count && self->next < places &&
           self->found < self->enough && !self->is_over) {
        uintptr_t place = self->places[self->next++];

        look(self, place, size_behind(place), 1);
    }
}

/* What the module has itself. */
static void
look_through(search *self, kaa_checked__module *module)
{
    const kaa_checked__region *region;

    for (region = module->regions; region != NULL; region = region->next)
        look(self, (uintptr_t)region->start, region->bytes, 1);
    /* That a block refers to itself says nothing. */
    for (size_t i = 0; i < module->blocks.capacity; i++)
        if (module->blocks.entries[i].key != 0 &&
            module->blocks.entries[i].key != self->key &&
            module->blocks.entries[i].balance != 0 &&
            module->blocks.entries[i].what != LEAKED)
            look(self, module->blocks.entries[i].key,
                 (size_t)module->blocks.entries[i].balance, 1);
}

size_t
kaa_checked__find(kaa_checked__module *module, const kaa_checked__frame *frame,
                  const void *key, size_t enough)
{
    search *self = kaa_base__alloc_zeroed(sizeof(*self));
    const kaa_checked__snapshot *seen;
    size_t found = enough;

    /* Where reading is refused nothing can be told. */
    if (self == NULL ||
        kaa_checked__read(&key, &self->key, sizeof(self->key)) == 0) {
        if (self == NULL)
            kaa_checked__miss(module, NULL);
        kaa_base__free(self);
        return found;
    }
    self->key = (uintptr_t)key;
    self->enough = enough;
    self->module = module;
    self->frame = frame;
    dl_iterate_phdr(add_file, self);
    pthread_mutex_lock(&module->lock);
    /* What a call keeps is mostly near what it has looked at. */
    for (; frame != NULL; frame = frame->outer)
        for (seen = frame->snapshots; seen != NULL; seen = seen->next)
            look(self, (uintptr_t)seen->data, seen->words * sizeof(uintptr_t),
                 0);
    go_on(self, PLACES_FIRST);
    look_through(self, module);
    go_on(self, PLACES_MAX);
    pthread_mutex_unlock(&module->lock);
    if (!self->is_over && self->found < enough)
        found = self->found;
    kaa_base__free(self);
    return found;
}
