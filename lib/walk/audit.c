/* walk/audit.c - objects whose count is not what the references to them come
 * to.
 *
 * A reference that is counted is stored somewhere: in an object, in the C
 * library's memory, in static data, on a stack. So two things are counted for
 * an object, and set against what it says itself:
 *
 *     found   references that objects tell of (the edges of the walk)
 *     words   words of the process's memory that hold its address
 *
 * More references than both: somebody took one and has lost it, as a leak does.
 * Fewer than both: one was given up that was not owned, and the object will be
 * freed while it is in use. Memory that holds an old address only hides
 * mistakes; it makes none up. Objects that no object refers to and that the
 * collector does not know (a float that was leaked) are looked for in memory,
 * too: a count, then the address of a type. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/os/os.h"
#include "walk/internal.h"

#define NONE KAA_WALK__NO_NODE
#define FLAG_GC ((unsigned long)1 << 14)
#define HASH UINT64_C(0x9e3779b97f4a7c15)
#define FILTER_BITS 20u
#define STRAY_COUNT_MAX                                                        \
    0xff                    /* of what is found in memory: else too much fits */
#define IMMORTAL 500000000  /* static objects of 3.11 begin with more */
#define DEAD_MAX 512u       /* bytes */
#define TAGS ((uintptr_t)7) /* that interpreters keep in addresses */

/* An object that is looked for in memory. */
typedef struct candidate {
    uintptr_t object; /* 0: a free place of the table */
    uint32_t node;    /* NONE: it was found in memory */
    uint32_t words;
} candidate;

typedef struct range {
    uintptr_t start, end;
} range;

enum { RANGES = 5, STRAYS_MAX = 1 << 20, AHEAD = 8 };

typedef struct audit {
    kaa_walk *walk;
    uint32_t *found; /* by node */
    candidate *table;
    size_t capacity, count;
    uint64_t *filter; /* a bit for the hash of each candidate */
    uint64_t *types;  /* likewise, of each type */
    range own[RANGES];
    uintptr_t stack;   /* below it, on its stack, nothing is alive */
    uintptr_t *strays; /* of STRAYS_MAX: objects that were found in memory */
    size_t strays_count;
} audit;

static uint32_t
hash_of(uintptr_t address)
{
    return (uint32_t)(((address >> 4) * HASH) >> (64 - FILTER_BITS));
}

static int
may_be_in(const uint64_t *filter, uintptr_t address)
{
    uint32_t hash = hash_of(address);

    return (int)(filter[hash >> 6] >> (hash & 63) & 1);
}

static void
put_in(uint64_t *filter, uintptr_t address)
{
    uint32_t hash = hash_of(address);

    filter[hash >> 6] |= (uint64_t)1 << (hash & 63);
}

/* ---- candidates ---- */

static candidate *
place_of(const audit *in, uintptr_t object)
{
    size_t i = (size_t)(((object >> 4) * HASH) >> 24) & (in->capacity - 1);

    while (in->table[i].object != 0 && in->table[i].object != object)
        i = (i + 1) & (in->capacity - 1);
    return &in->table[i];
}

/* There is room: the table was made for as many as there are. */
static void
add_candidate(audit *in, uintptr_t object, uint32_t node)
{
    candidate *place = place_of(in, object);

    if (place->object != 0 || in->count >= in->capacity / 2)
        return;
    *place = (candidate){.object = object, .node = node};
    in->count++;
    put_in(in->filter, object);
}

static int64_t
count_of(const audit *in, uintptr_t object)
{
    return kaa_walk__count_of(&in->walk->python, (const void *)object);
}

/* ---- memory ---- */

static uintptr_t
word_at(uintptr_t address)
{
    uintptr_t value;

    memcpy(&value, (const void *)address, sizeof(value));
    return value;
}

static void
count_words(audit *in, uintptr_t start, uintptr_t end)
{
    for (uintptr_t at = start; at < end; at += sizeof(uintptr_t)) {
        uintptr_t object = word_at(at) & ~TAGS;
        candidate *place;

        if (!may_be_in(in->filter, object))
            continue;
        place = place_of(in, object);
        if (place->object != 0 && place->words != UINT32_MAX)
            place->words++;
    }
}

/* Whether a word can be the beginning of a C string, such as in a block that
 * was an object's and was given back. */
static int
is_text(uintptr_t word)
{
    if (word == 0)
        return 0;
    for (; word != 0; word >>= 8)
        if ((word & 0xff) < ' ' || (word & 0xff) > '~')
            return 0;
    return 1;
}

/* Whether an object that the walk has not seen begins there. What was freed has
 * a count of 0, or the allocator's words in its place. */
static int
is_stray(const audit *in, uintptr_t at, uintptr_t end)
{
    const kaa_walk__python *python = &in->walk->python;
    uintptr_t type = word_at(at + python->head - 8);
    const kaa_walk__kind *kind;
    uint32_t number;
    int64_t count;

    if (!may_be_in(in->types, type))
        return 0;
    if (python->version < 0x030c && word_at(at) > STRAY_COUNT_MAX)
        return 0;
    count = count_of(in, at);
    if (count < 1 || count > STRAY_COUNT_MAX || is_text(word_at(at)))
        return 0;
    number = kaa_walk__kind_at(in->walk, (const void *)type);
    if (number == NONE)
        return 0;
    kind = &in->walk->kinds[number];
    return kaa_walk__is_likely(python, kind, (const void *)at, end - at);
}

/* Whether the collector has it in its lists: a link in front of it says so. */
static int
is_tracked(const audit *in, uintptr_t at, uintptr_t start)
{
    uintptr_t type = word_at(at + in->walk->python.head - 8);
    uint32_t number = kaa_walk__kind_at(in->walk, (const void *)type);

    return (in->walk->kinds[number].flags & FLAG_GC) != 0 &&
           (at - start < 16 || word_at(at - 16) != 0);
}

static size_t
block_of(const audit *in, uintptr_t at, uintptr_t end)
{
    uintptr_t type = word_at(at + in->walk->python.head - 8);
    uint32_t number = kaa_walk__kind_at(in->walk, (const void *)type);

    if (number == NONE)
        return 0;
    return kaa_walk__block_of(&in->walk->python, &in->walk->kinds[number],
                              (const void *)at, end - at);
}

/* The bytes of the object that begins there, if the walk has seen it, or if it
 * is dead or immortal; else 0. Nothing inside is taken for an object, such as
 * the length and the first item of a tuple of types. What a dead object says of
 * its size is not believed if it is large. */
static size_t
bytes_at(const audit *in, uintptr_t at, uintptr_t end)
{
    size_t bytes;

    if (!may_be_in(in->types, word_at(at + in->walk->python.head - 8)))
        return 0;
    bytes = block_of(in, at, end);
    if (kaa_walk__numbers_find(&in->walk->numbers, (const void *)at) != 0)
        return bytes;
    return count_of(in, at) <= 0 && bytes <= DEAD_MAX ? bytes : 0;
}

/* Objects do not lie in each other: what seems to be one, and is longer than up
 * to the next that the walk has seen, is something else. */
static int
reaches_another(const audit *in, uintptr_t at, size_t bytes)
{
    for (uintptr_t next = at + 16; next < at + bytes; next += 16)
        if (kaa_walk__numbers_find(&in->walk->numbers, (const void *)next) != 0)
            return 1;
    return 0;
}

static void
add_stray(audit *in, uintptr_t at)
{
    if (in->strays_count < STRAYS_MAX)
        in->strays[in->strays_count++] = at;
}

static void
look_for_strays(audit *in, uintptr_t start, uintptr_t end)
{
    uint32_t head = in->walk->python.head;
    uintptr_t at = (start + 15) & ~(uintptr_t)15;

    while (at + head <= end) {
        size_t bytes = bytes_at(in, at, end);

        if (bytes == 0 && is_stray(in, at, end)) {
            bytes = block_of(in, at, end);
            if (reaches_another(in, at, bytes))
                bytes = 0;
            else if (!is_tracked(in, at, start))
                add_stray(in, at);
        }
        at += bytes > 16 ? (bytes + 15) & ~(size_t)15 : 16;
    }
}

typedef void scan(audit *in, uintptr_t start, uintptr_t end);

/* Leaves out what the audit itself wrote, and of this thread's stack what is
 * not in use. */
static void
scan_rest(audit *in, scan *do_scan, uintptr_t start, uintptr_t end)
{
    if (start < in->stack && in->stack < end)
        start = in->stack;
    for (size_t i = 0; i < RANGES; i++) {
        range own = in->own[i];

        if (own.start >= end || own.end <= start)
            continue;
        if (own.start > start)
            scan_rest(in, do_scan, start, own.start);
        if (own.end < end)
            scan_rest(in, do_scan, own.end, end);
        return;
    }
    do_scan(in, start, end);
}

static void
see_words(uintptr_t start, uintptr_t end, int is_anonymous, void *user)
{
    (void)is_anonymous;
    scan_rest(user, count_words, start, end);
}

static void
see_strays(uintptr_t start, uintptr_t end, int is_anonymous, void *user)
{
    audit *in = user;

    if (is_anonymous && !in->walk->python.is_free_threaded &&
        (in->stack < start || in->stack >= end))
        scan_rest(in, look_for_strays, start, end);
}

/* ---- references ---- */

static void
lose(audit *in, const void *object)
{
    uint32_t node = kaa_walk__node(in->walk, object);

    if (node != NONE && in->found[node] != 0)
        in->found[node]--;
}

/* Dicts of one class share their keys, which then refer to each name once for
 * all of them; and the values of some are their instance's, which tells of them
 * itself. */
static void
correct_dict(audit *in, void *dict)
{
    const kaa_walk__python *python = &in->walk->python;
    int shares = kaa_walk__shares(python, dict);
    ptrdiff_t at = 0;
    void *key, *value;

    while (shares != 0 && python->dict_next(dict, &at, &key, &value)) {
        lose(in, key);
        if (shares == KAA_WALK__SHARES_VALUES)
            lose(in, value);
    }
}

/* What an object that is never freed refers to may not be counted: those of
 * 3.11 are static data. */
static void
correct_references(audit *in)
{
    kaa_walk *walk = in->walk;

    for (uint32_t node = 0; node < walk->count; node++) {
        int64_t count;

        if (node + AHEAD < walk->count)
            __builtin_prefetch(walk->objects[node + AHEAD]);
        count = count_of(in, (uintptr_t)walk->objects[node]);
        if (count < 0 || count >= IMMORTAL)
            for (uint32_t i = walk->graph.first[node];
                 i < walk->graph.first[node + 1]; i++)
                lose(in, walk->objects[walk->graph.targets[i]]);
        else if (walk->kinds[walk->kind_of[node]].type ==
                 walk->python.dict_type)
            correct_dict(in, walk->objects[node]);
    }
}

/* How many objects say of themselves what was not found. */
static size_t
mark_candidates(audit *in)
{
    kaa_walk *walk = in->walk;
    size_t marked = 0;

    for (uint32_t node = 0; node < walk->count; node++) {
        int64_t count;

        if (node + AHEAD < walk->count)
            __builtin_prefetch(walk->objects[node + AHEAD]);
        count = count_of(in, (uintptr_t)walk->objects[node]);
        if (count < 0 || count >= IMMORTAL || count == (int64_t)in->found[node])
            continue;
        walk->flags[node] |= KAA_WALK__CANDIDATE;
        marked++;
    }
    return marked;
}

static range
range_of(const void *start, size_t bytes)
{
    return (range){(uintptr_t)start, (uintptr_t)start + bytes};
}

static kaa_status
make_table(audit *in, size_t wanted, kaa_error *err)
{
    for (in->capacity = 1024; in->capacity < wanted * 4;)
        in->capacity *= 2;
    in->table = kaa_base__alloc_zeroed(in->capacity * sizeof(candidate));
    if (in->table == NULL)
        return kaa_base__fail_memory(err, "an audit");
    in->own[1] = range_of(in->table, in->capacity * sizeof(candidate));
    return KAA_OK;
}

static kaa_status
prepare(audit *in, kaa_error *err)
{
    kaa_walk *walk = in->walk;
    size_t filter_bytes = ((size_t)1 << FILTER_BITS) / 8;

    in->found = kaa_walk__count_references(walk);
    in->filter = kaa_base__alloc_zeroed(filter_bytes);
    in->types = kaa_base__alloc_zeroed(filter_bytes);
    in->strays = kaa_base__map(STRAYS_MAX * sizeof(uintptr_t), 4096);
    if (in->found == NULL || in->filter == NULL || in->types == NULL ||
        in->strays == NULL)
        return kaa_base__fail_memory(err, "an audit");
    correct_references(in);
    kaa_base__wipe_free_memory();
    for (uint32_t i = 0; i < walk->kinds_count; i++)
        put_in(in->types, (uintptr_t)walk->kinds[i].type);
    in->own[0] = range_of(walk->objects, walk->capacity * sizeof(void *));
    in->own[2] =
        range_of(walk->kinds, walk->kinds_capacity * sizeof(kaa_walk__kind));
    in->own[3] =
        range_of(walk->links, walk->links_count * sizeof(*walk->links));
    in->own[4] = range_of(in->strays, STRAYS_MAX * sizeof(uintptr_t));
    return KAA_OK;
}

/* Finds the candidates, and how often each stands in memory. */
static kaa_status
count_all(audit *in, kaa_error *err)
{
    int is_read = kaa_base__each_written(see_strays, in);
    size_t marked = mark_candidates(in);
    kaa_status status = make_table(in, marked + in->strays_count, err);

    if (status != KAA_OK)
        return status;
    for (uint32_t node = 0; node < in->walk->count; node++)
        if ((in->walk->flags[node] & KAA_WALK__CANDIDATE) != 0)
            add_candidate(in, (uintptr_t)in->walk->objects[node], node);
    for (size_t i = 0; i < in->strays_count; i++)
        add_candidate(in, in->strays[i], NONE);
    is_read = is_read && kaa_base__each_written(see_words, in);
    return is_read ? KAA_OK
                   : kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                                    "the memory of this process cannot be read "
                                    "by /proc/self/maps and pagemap");
}

/* ---- what is told ---- */

static int64_t
distance(const kaa_walk_suspect *one)
{
    int64_t by = one->count - one->references;

    return by < 0 ? -by : by;
}

static int
compare(const void *a, const void *b)
{
    const kaa_walk_suspect *left = a, *right = b;
    int64_t by = distance(right) - distance(left);

    if (by != 0)
        return by < 0 ? -1 : 1;
    return left->object < right->object ? -1 : left->object > right->object;
}

/* 1: the count is wrong. */
static int
judge(const audit *in, const candidate *one, kaa_walk_suspect *out)
{
    int64_t count = count_of(in, one->object), words = one->words;
    int64_t found = one->node != NONE ? (int64_t)in->found[one->node] : 0;
    int64_t most = words > found ? words : found;
    int64_t least = words < found ? words : found;
    /* The caller's list, which refers to it, is not the program's. */
    int64_t listed = one->node != NONE &&
                     (in->walk->flags[one->node] & KAA_WALK__LISTED) != 0;

    /* Static data begin with a reference of their own. */
    if (count == most + 1 &&
        kaa_base__loaded_object((void *)one->object) != NULL)
        return 0;
    if (count <= most && count >= least)
        return 0;
    *out = (kaa_walk_suspect){
        .object = (void *)one->object,
        .count = count - listed,
        .references = (count > most ? most : least) - listed,
    };
    return 1;
}

/* The first objects that refer to each suspect. Here `found`, which is no
 * longer needed, has the suspect's number and 1. */
static void
find_holders(audit *in, kaa_walk_suspect *out, uint32_t count)
{
    kaa_walk *walk = in->walk;

    memset(in->found, 0, (size_t)walk->count * sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t node = kaa_walk__node(walk, out[i].object);

        if (node != NONE)
            in->found[node] = i + 1;
    }
    for (uint32_t node = 0; node < walk->count; node++)
        for (uint32_t i = walk->graph.first[node];
             i < walk->graph.first[node + 1]; i++) {
            uint32_t number = in->found[walk->graph.targets[i]];
            kaa_walk_suspect *one;

            if (number == 0)
                continue;
            one = &out[number - 1];
            if (one->holders_count < KAA_WALK_HOLDERS)
                one->holders[one->holders_count++] = walk->objects[node];
        }
}

static kaa_status
tell(audit *in, kaa_walk_suspect *out, uint32_t capacity, uint32_t *count,
     kaa_error *err)
{
    kaa_walk_suspect *all = kaa_base__alloc_array(in->count + 1, sizeof(*all));
    uint32_t told = 0;

    if (all == NULL)
        return kaa_base__fail_memory(err, "an audit");
    for (size_t i = 0; i < in->capacity; i++)
        if (in->table[i].object != 0)
            told += (uint32_t)judge(in, &in->table[i], &all[told]);
    qsort(all, told, sizeof(*all), compare);
    *count = told;
    if (told > capacity)
        told = capacity;
    if (told != 0)
        memcpy(out, all, told * sizeof(*all));
    kaa_base__free(all);
    find_holders(in, out, told);
    return KAA_OK;
}

kaa_status
kaa_walk_audit(kaa_walk *walk, kaa_walk_suspect *out, uint32_t capacity,
               uint32_t *count, kaa_error *err)
{
    audit in = {.walk = walk, .stack = (uintptr_t)&in};
    kaa_status status;

    if (walk == NULL || count == NULL || (out == NULL && capacity != 0))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "walk, out and count may not be NULL");
    status = prepare(&in, err);
    if (status == KAA_OK)
        status = count_all(&in, err);
    if (status == KAA_OK)
        status = tell(&in, out, capacity, count, err);
    kaa_base__free(in.found);
    kaa_base__free(in.filter);
    kaa_base__free(in.types);
    kaa_base__free(in.table);
    if (in.strays != NULL)
        kaa_base__unmap(in.strays, STRAYS_MAX * sizeof(uintptr_t));
    return status;
}
