/* insight/sites.c - see sites.h. */
#include "insight/sites.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/memory.h"

#define INDEX_SIZE ((size_t)KAA_INSIGHT__SITES_CAPACITY * 2)
#define PLACES_MAX (1u << 22)
#define CODES_SIZE (1u << 17)

#define ENTRIES_BYTES (KAA_INSIGHT__SITES_CAPACITY * sizeof(kaa_insight__site))
#define PLACES_BYTES (PLACES_MAX * sizeof(kaa_insight__place))
#define INDEX_BYTES (INDEX_SIZE * sizeof(uint32_t))
#define CODES_BYTES (CODES_SIZE * sizeof(void *))
#define ALL_BYTES (ENTRIES_BYTES + PLACES_BYTES + INDEX_BYTES + CODES_BYTES)

/* Where an object has its type, in words (Include/object.h). */
#define TYPE 1
#define TYPE_FREE 3 /* of a free-threaded build */

/* A mark in pointers to code objects. */
#define UNKEPT ((uintptr_t)1)

kaa_status
kaa_insight__sites_init(kaa_insight__sites *sites, kaa_error *err)
{
    char *memory = MAP_FAILED;

    if (!kaa_base__fault_due())
        memory = mmap(NULL, ALL_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return kaa_base__fail_memory(err, "the table of sites");
    memset(sites, 0, sizeof(*sites));
    sites->memory = memory;
    sites->entries = (kaa_insight__site *)(void *)memory;
    memory += ENTRIES_BYTES;
    sites->places = (kaa_insight__place *)(void *)memory;
    memory += PLACES_BYTES;
    sites->index = (uint32_t *)(void *)memory;
    memory += INDEX_BYTES;
    sites->codes = (void **)(void *)memory;
    sites->entries_count = 1;
    return KAA_OK;
}

void
kaa_insight__sites_fini(kaa_insight__sites *sites,
                        const kaa_insight__interpreter *in)
{
    kaa_insight__sites old = *sites;

    memset(sites, 0, sizeof(*sites));
    if (old.memory == NULL)
        return;
    for (uint32_t i = 0; i < CODES_SIZE && in != NULL && old.codes_count != 0;
         i++)
        if (old.codes[i] != NULL && ((uintptr_t)old.codes[i] & UNKEPT) == 0)
            in->decref(old.codes[i]);
    munmap(old.memory, ALL_BYTES);
}

static uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

/* Where one stood that ended before it was referred to. */
#define ENDED ((void *)UNKEPT)

static void *
marked(const void *code)
{
    return (void *)((uintptr_t)code | UNKEPT);
}

/* Refers to a code object, once, now or later. 0: there is no room, or it is
 * none. */
static int
keep_code(kaa_insight__sites *sites, const kaa_insight__interpreter *in,
          void *code, int has_gil)
{
    uint32_t i = (uint32_t)(mix(1, (uintptr_t)code) >> 32) % CODES_SIZE;

    for (; sites->codes[i] != NULL; i = (i + 1) % CODES_SIZE)
        if (sites->codes[i] == code || sites->codes[i] == marked(code))
            return 1;
    if (sites->codes_count >= CODES_SIZE / 4 * 3 ||
        ((void **)code)[in->is_free_threaded ? TYPE_FREE : TYPE] !=
            in->code_type)
        return 0;
    if (has_gil) {
        in->incref(code);
        sites->codes[i] = code;
    } else {
        if (sites->unkept_count == KAA_INSIGHT__UNKEPT_MAX)
            return 0;
        sites->unkept[sites->unkept_count++] = i;
        sites->codes[i] = marked(code);
    }
    sites->codes_count++;
    return 1;
}

/* Its memory will be another's: no place may name it. */
static void
forget_code(kaa_insight__sites *sites, const void *code)
{
    for (uint32_t i = 0; i < sites->places_count; i++)
        if (sites->places[i].code == code &&
            sites->places[i].instruction != KAA_INSIGHT__PLACE_C)
            sites->places[i].code = NULL;
}

void
kaa_insight__sites_keep(kaa_insight__sites *sites,
                        const kaa_insight__interpreter *in)
{
    for (uint32_t k = 0; k < sites->unkept_count; k++) {
        void **slot = &sites->codes[sites->unkept[k]];
        void *code = (void *)((uintptr_t)*slot & ~UNKEPT);

        if (kaa_insight__is_referred(in, code)) {
            in->incref(code);
            *slot = code;
        } else {
            *slot = ENDED;
            forget_code(sites, code);
        }
    }
    sites->unkept_count = 0;
}

/* A new site's number; 0: there is no room. */
static uint32_t
add(kaa_insight__sites *sites, const kaa_insight__interpreter *in,
    const kaa_insight__place *places, uint32_t count, int has_gil)
{
    kaa_insight__site *site;

    if (sites->entries_count == KAA_INSIGHT__SITES_CAPACITY ||
        sites->places_count + count > PLACES_MAX)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (places[i].instruction != KAA_INSIGHT__PLACE_C &&
            !keep_code(sites, in, places[i].code, has_gil))
            return 0;
    site = &sites->entries[sites->entries_count];
    site->first = sites->places_count;
    site->count = count;
    site->peak = sites->all.peak; /* nothing of it was alive then */
    memcpy(&sites->places[site->first], places, count * sizeof(*places));
    sites->places_count += count;
    return sites->entries_count++;
}

uint32_t
kaa_insight__sites_find(kaa_insight__sites *sites,
                        const kaa_insight__interpreter *in,
                        const kaa_insight__place *places, uint32_t count,
                        int has_gil)
{
    uint64_t hash = count;
    uint32_t i, number;

    if (count == 0)
        return 0;
    for (uint32_t k = 0; k < count; k++) {
        hash = mix(hash, (uintptr_t)places[k].code);
        hash = mix(hash, (uint64_t)places[k].instruction);
    }
    i = (uint32_t)(hash >> 32) % INDEX_SIZE;
    for (; (number = sites->index[i]) != 0; i = (i + 1) % INDEX_SIZE) {
        const kaa_insight__site *site = &sites->entries[number];

        if (site->count == count && memcmp(&sites->places[site->first], places,
                                           count * sizeof(*places)) == 0)
            return number;
    }
    number = add(sites, in, places, count, has_gil);
    if (number == 0)
        sites->lost++;
    else
        sites->index[i] = number;
    return number;
}

kaa_insight_frame
kaa_insight__frame_of(const kaa_insight__interpreter *in,
                      const kaa_insight__place *place)
{
    kaa_insight_frame made = {.code = place->code};
    int line;

    if (place->instruction == KAA_INSIGHT__PLACE_C) {
        made.instruction = KAA_INSIGHT_FRAME_C;
        return made;
    }
    made.instruction = (int32_t)place->instruction;
    if (place->code == NULL)
        return made;
    line = in->code_line(place->code,
                         place->instruction < 0 ? 0 : (int)place->instruction);
    made.line = line > 0 ? line : 0;
    return made;
}

void
kaa_insight__sites_blocks(kaa_insight__sites *sites, uint64_t *out_live,
                          uint64_t *out_peak)
{
    *out_live = *out_peak = 0;
    for (uint32_t i = 0; i < sites->entries_count; i++) {
        kaa_insight__site *site = &sites->entries[i];

        kaa_insight__site_settle(site, sites->all.peak);
        *out_live += kaa_insight__site_blocks(site);
        *out_peak += site->peak_blocks;
    }
}
