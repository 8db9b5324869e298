/* walk/walk.c - finds all objects, as the collector sees them and beyond. */
#include "walk/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define NONE KAA_WALK__NO_NODE
/* Arrays of so many come from the system, and grow without leaving a copy of
 * their content behind: audit.c looks for addresses in all memory. */
#define OBJECTS_FIRST ((uint32_t)1 << 18)
#define KINDS_FIRST 256u /* a power of two */
#define FLAG_GC ((unsigned long)1 << 14)
#define FLAG_DICTS ((unsigned long)1 << 29)
#define FLAG_TYPES ((unsigned long)1 << 31)
#define LOWEST_ADDRESS 4096u
#define HIDDEN UINT32_MAX /* as a number: of what is not looked at */

/* ---- room ---- */

static int
grow_array(void *array, size_t capacity, size_t bytes)
{
    void *old, *grown;

    memcpy(&old, array, sizeof(old));
    grown = kaa_base__realloc_array(old, capacity, bytes);
    if (grown == NULL)
        return 0;
    memcpy(array, &grown, sizeof(grown));
    return 1;
}

static int
grow_objects(kaa_walk *walk)
{
    size_t capacity =
        walk->capacity != 0 ? (size_t)walk->capacity * 2 : OBJECTS_FIRST;

    if (capacity > UINT32_MAX - 8 ||
        !grow_array(&walk->objects, capacity, sizeof(void *)) ||
        !grow_array(&walk->sizes, capacity, sizeof(uint64_t)) ||
        !grow_array(&walk->kind_of, capacity, sizeof(uint32_t)) ||
        !grow_array(&walk->flags, capacity, 1) ||
        !grow_array(&walk->graph.first, capacity + 2, sizeof(uint32_t)))
        return 0;
    walk->capacity = (uint32_t)capacity;
    return 1;
}

static int
grow_edges(kaa_walk *walk, uint64_t wanted)
{
    uint64_t capacity =
        walk->edges_capacity != 0 ? walk->edges_capacity : OBJECTS_FIRST;

    while (capacity < wanted)
        capacity *= 2;
    if (wanted > UINT32_MAX - 8)
        return 0;
    if (capacity > UINT32_MAX - 8)
        capacity = UINT32_MAX - 8;
    if (!grow_array(&walk->graph.targets, (size_t)capacity, sizeof(uint32_t)))
        return 0;
    walk->edges_capacity = (uint32_t)capacity;
    return 1;
}

/* The node of an object, made if need be; NONE: there is no room, or it can be
 * no object. */
static uint32_t
add(kaa_walk *walk, void *object)
{
    uint32_t *place, node = walk->count;

    if ((uintptr_t)object < LOWEST_ADDRESS || (uintptr_t)object % 8 != 0)
        return NONE;
    place = kaa_walk__numbers_place(&walk->numbers, object);
    if (place == NULL ||
        (*place == 0 && node == walk->capacity && !grow_objects(walk))) {
        walk->is_short = 1;
        return NONE;
    }
    if (*place != 0)
        return *place != HIDDEN ? *place - 1 : NONE;
    walk->objects[node] = object;
    walk->flags[node] = 0;
    *place = node + 1;
    walk->count++;
    return node;
}

uint32_t
kaa_walk__node(kaa_walk *walk, const void *object)
{
    uint32_t number = 0;

    if ((uintptr_t)object >= LOWEST_ADDRESS)
        number = kaa_walk__numbers_find(&walk->numbers, object);
    if (number == 0 || number == HIDDEN || walk->objects[number - 1] != object)
        return NONE;
    return number - 1;
}

/* What the object that is looked at refers to: called by tp_traverse. */
static int
visit(void *object, void *user)
{
    kaa_walk *walk = user;
    uint32_t node = add(walk, object);

    if (walk->is_short)
        return -1;
    if (node == NONE)
        return 0;
    if (walk->graph.count == walk->edges_capacity &&
        !grow_edges(walk, (uint64_t)walk->graph.count + 1)) {
        walk->is_short = 1;
        return -1;
    }
    walk->graph.targets[walk->graph.count++] = node;
    return 0;
}

/* ---- types ---- */

static uint32_t
slot_of(const kaa_walk *walk, const void *type)
{
    uint32_t i =
        (uint32_t)((((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15u) >> 32);

    for (;; i++) {
        uint32_t number = walk->kind_index[i &= walk->kinds_capacity * 2 - 1];

        if (number == 0 || walk->kinds[number - 1].type == type)
            return i;
    }
}

static int
grow_kinds(kaa_walk *walk)
{
    uint32_t capacity =
        walk->kinds_capacity != 0 ? walk->kinds_capacity * 2 : KINDS_FIRST;
    uint32_t *index =
        kaa_base__alloc_zeroed((size_t)capacity * 2 * sizeof(uint32_t));

    if (index == NULL ||
        !grow_array(&walk->kinds, capacity, sizeof(kaa_walk__kind))) {
        kaa_base__free(index);
        return 0;
    }
    kaa_base__free(walk->kind_index);
    walk->kind_index = index;
    walk->kinds_capacity = capacity;
    for (uint32_t i = 0; i < walk->kinds_count; i++)
        index[slot_of(walk, walk->kinds[i].type)] = i + 1;
    return 1;
}

uint32_t
kaa_walk__kind_at(const kaa_walk *walk, const void *type)
{
    uint32_t number = walk->kind_index[slot_of(walk, type)];

    return number != 0 ? number - 1 : NONE;
}

static uint32_t
kind_of(kaa_walk *walk, void *type)
{
    uint32_t i = slot_of(walk, type);

    if (walk->kind_index[i] != 0)
        return walk->kind_index[i] - 1;
    if (walk->kinds_count == walk->kinds_capacity) {
        if (!grow_kinds(walk))
            return NONE;
        i = slot_of(walk, type);
    }
    kaa_walk__kind_init(&walk->python, type, &walk->kinds[walk->kinds_count]);
    walk->kind_index[i] = ++walk->kinds_count;
    add(walk, type); /* types are objects */
    return walk->kinds_count - 1;
}

/* ---- references ---- */

/* tp_traverse of a dict leaves out its keys if all are strings. */
static void
visit_dict(kaa_walk *walk, void *dict, int is_exact)
{
    ptrdiff_t at = 0;
    void *key, *value;

    while (walk->python.dict_next(dict, &at, &key, &value)) {
        visit(key, walk);
        if (is_exact)
            visit(value, walk);
    }
}

/* The table of interned strings does not count as one that refers to them: they
 * may go while it is looked at. */
#define INTERNED_LEAST 200u

static int
is_interned_table(kaa_walk *walk, void *dict)
{
    int answer = 0;

    if (walk->interned != NULL &&
        kaa_walk__dict_length(&walk->python, dict) >= INTERNED_LEAST)
        answer = walk->python.dict_contains(dict, walk->interned);
    if (answer < 0)
        walk->python.clear_error();
    if (answer == 1)
        walk->interned = NULL; /* there is one */
    return answer == 1;
}

/* A code object refers to constants and names, but is not the collector's. */
static void
visit_code(kaa_walk *walk, const void *code)
{
    for (uint32_t i = 0; i < walk->code_fields_count; i++) {
        void *object;

        memcpy(&object, (const char *)code + walk->code_fields[i],
               sizeof(object));
        visit(object, walk);
    }
}

static int
compare_links(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const kaa_walk_link *)a)->source;
    uintptr_t right = (uintptr_t)((const kaa_walk_link *)b)->source;

    return left < right ? -1 : left > right;
}

static void
visit_links(kaa_walk *walk, void *from)
{
    uint32_t low = 0, high = walk->links_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if ((uintptr_t)walk->links[middle].source < (uintptr_t)from)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < walk->links_count && walk->links[low].source == from; low++)
        visit(walk->links[low].target, walk);
}

static void
look_at(kaa_walk *walk, uint32_t node)
{
    kaa_walk__python *python = &walk->python;
    void *object = walk->objects[node];
    uint32_t number = kind_of(walk, kaa_walk__type_of(python, object));
    kaa_walk__kind *kind;

    walk->kind_of[node] = number;
    if (number == NONE) {
        walk->is_short = 1;
        return;
    }
    kind = &walk->kinds[number];
    walk->sizes[node] = kaa_walk__size_of(python, kind, object);
    kind->count++;
    kind->bytes += walk->sizes[node];
    if (kind->type == python->dict_type) {
        if (!is_interned_table(walk, object))
            visit_dict(walk, object, 1);
    } else {
        if (kind->type == python->code_type)
            visit_code(walk, object);
        if ((kind->flags & FLAG_GC) != 0 && kind->traverse != NULL &&
            python->is_gc(object))
            kind->traverse(object, visit, walk);
        if ((kind->flags & FLAG_DICTS) != 0)
            visit_dict(walk, object, 0);
    }
    if ((walk->flags[node] & KAA_WALK__LINKED) != 0)
        visit_links(walk, object);
}

/* Looks at each object; that finds more. */
static kaa_status
look_at_all(kaa_walk *walk, kaa_error *err)
{
    for (uint32_t node = 0; node < walk->count && !walk->is_short; node++) {
        walk->graph.first[node] = walk->graph.count;
        if (node + 6 < walk->count)
            __builtin_prefetch(walk->objects[node + 6]);
        look_at(walk, node);
    }
    if (walk->is_short)
        return kaa_base__fail_memory(err, "the objects of the walk");
    /* Until here `count` was that of edges. */
    walk->graph.first[walk->count] = walk->graph.count;
    walk->graph.count = walk->count;
    return KAA_OK;
}

/* Modules, types and what running functions have are in cycles in every
 * program; those are no mistakes. */
static void
leave_out(kaa_walk *walk)
{
    for (uint32_t node = 0; node < walk->count; node++) {
        const kaa_walk__kind *kind = &walk->kinds[walk->kind_of[node]];
        uint32_t names;

        if ((kind->flags & FLAG_TYPES) != 0 ||
            (walk->flags[node] & KAA_WALK__ROOT) != 0)
            walk->flags[node] |= KAA_WALK__LEFT_OUT;
        if (kind->type != walk->python.module_type)
            continue;
        walk->flags[node] |= KAA_WALK__LEFT_OUT;
        names =
            kaa_walk__node(walk, walk->python.module_dict(walk->objects[node]));
        if (names != NONE)
            walk->flags[names] |= KAA_WALK__LEFT_OUT;
    }
}

/* ---- the beginning and the end ---- */

static void
add_first(kaa_walk *walk, const kaa_walk_options *options)
{
    ptrdiff_t count = walk->python.list_size(options->objects);

    for (uint32_t i = 0; i < options->hidden_count; i++) {
        uint32_t *place =
            kaa_walk__numbers_place(&walk->numbers, options->hidden[i]);

        walk->is_short |= place == NULL;
        if (place != NULL)
            *place = HIDDEN;
    }
    for (uint32_t i = 0; i < options->roots_count; i++) {
        uint32_t node = add(walk, options->roots[i]);

        if (node != NONE)
            walk->flags[node] |= KAA_WALK__ROOT;
    }
    for (uint32_t i = 0; i < options->links_count; i++) {
        uint32_t node = add(walk, options->links[i].source);

        if (node != NONE)
            walk->flags[node] |= KAA_WALK__LINKED;
    }
    for (ptrdiff_t i = 0; i < count && !walk->is_short; i++) {
        uint32_t node = add(walk, walk->python.list_item(options->objects, i));

        if (node != NONE)
            walk->flags[node] |= KAA_WALK__LISTED;
    }
}

static kaa_status
check(const kaa_walk_options *chosen, kaa_error *err)
{
    if (chosen->version < 0x0309 || chosen->version > 0x03ff)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.version is 0x%x, not a CPython from 3.9",
                              (unsigned)chosen->version);
    if (chosen->objects == NULL || chosen->getsizeof == NULL ||
        (chosen->roots == NULL && chosen->roots_count != 0) ||
        (chosen->hidden == NULL && chosen->hidden_count != 0) ||
        (chosen->links == NULL && chosen->links_count != 0))
        return kaa_base__fail(
            err, KAA_INVALID_ARGUMENT, 0,
            "options.objects, getsizeof, roots, links or hidden is "
            "NULL");
    if (chosen->code_fields_count > KAA_WALK_FIELDS)
        return kaa_base__fail(
            err, KAA_LIMIT, 0, "options.code_fields_count is %u, at most %d",
            (unsigned)chosen->code_fields_count, KAA_WALK_FIELDS);
    return KAA_OK;
}

static kaa_status
prepare(kaa_walk *walk, const kaa_walk_options *chosen, kaa_error *err)
{
    kaa_status status = kaa_walk__objects_open(
        chosen->handle, chosen->version, chosen->getsizeof, &walk->python, err);

    if (status == KAA_OK)
        status = kaa_walk__numbers_init(&walk->numbers, err);
    if (status != KAA_OK)
        return status;
    if (chosen->code_fields_count != 0)
        memcpy(walk->code_fields, chosen->code_fields,
               chosen->code_fields_count * sizeof(uint32_t));
    walk->code_fields_count = chosen->code_fields_count;
    walk->interned = chosen->interned;
    walk->links = kaa_base__alloc_array((size_t)chosen->links_count + 1,
                                        sizeof(kaa_walk_link));
    if (walk->links == NULL || !grow_objects(walk) || !grow_kinds(walk) ||
        !grow_edges(walk, 1))
        return kaa_base__fail_memory(err, "the walk");
    if (chosen->links_count != 0)
        memcpy(walk->links, chosen->links,
               chosen->links_count * sizeof(kaa_walk_link));
    walk->links_count = chosen->links_count;
    qsort(walk->links, walk->links_count, sizeof(kaa_walk_link), compare_links);
    return KAA_OK;
}

kaa_status
kaa_walk_create(const kaa_walk_options *options, kaa_walk **out, kaa_error *err)
{
    kaa_walk_options chosen = {.size = sizeof(chosen)};
    kaa_walk *walk;
    kaa_status status;

    if (options == NULL || out == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options and out may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check(&chosen, err);
    if (status != KAA_OK)
        return status;
    walk = kaa_base__alloc_zeroed(sizeof(*walk));
    if (walk == NULL)
        return kaa_base__fail_memory(err, "the walk");
    status = prepare(walk, &chosen, err);
    if (status == KAA_OK) {
        add_first(walk, &chosen);
        status = look_at_all(walk, err);
    }
    if (status != KAA_OK) {
        kaa_walk_destroy(walk);
        return status;
    }
    leave_out(walk);
    *out = walk;
    return KAA_OK;
}

void
kaa_walk_destroy(kaa_walk *walk)
{
    if (walk == NULL)
        return;
    kaa_walk__graph_fini(&walk->graph);
    kaa_walk__graph_fini(&walk->reversed);
    kaa_walk__tree_fini(&walk->tree);
    kaa_walk__numbers_fini(&walk->numbers);
    kaa_walk__objects_close(&walk->python);
    kaa_base__free(walk->objects);
    kaa_base__free(walk->sizes);
    kaa_base__free(walk->kind_of);
    kaa_base__free(walk->flags);
    kaa_base__free(walk->kinds);
    kaa_base__free(walk->kind_index);
    kaa_base__free(walk->links);
    kaa_base__free(walk->retained);
    kaa_base__free(walk->below);
    kaa_base__free(walk->components);
    kaa_base__free(walk->cycles);
    kaa_base__free(walk);
}

uint32_t
kaa_walk_types(const kaa_walk *walk, kaa_walk_type *out, uint32_t capacity)
{
    uint32_t count = walk != NULL ? walk->kinds_count : 0;

    for (uint32_t i = 0; i < count && i < capacity && out != NULL; i++)
        out[i] = (kaa_walk_type){
            .type = walk->kinds[i].type,
            .count = walk->kinds[i].count,
            .bytes = walk->kinds[i].bytes,
            .retained_bytes = walk->kinds[i].retained,
        };
    return count;
}

/* Objects of the collector's have its header in front, and from 3.11 on perhaps
 * two more words; others have nothing. */
static void *
type_at(kaa_walk *walk, uintptr_t block)
{
    for (uint32_t before = 0; before <= 32; before += 16) {
        uint32_t node = kaa_walk__node(walk, (const void *)(block + before));
        const kaa_walk__kind *kind;

        if (node == NONE)
            continue;
        kind = &walk->kinds[walk->kind_of[node]];
        if ((before != 0) == ((kind->flags & FLAG_GC) != 0))
            return kind->type;
    }
    return NULL;
}

void
kaa_walk_types_at(kaa_walk *walk, const void *blocks, size_t stride,
                  void **types, uint32_t count)
{
    if (walk == NULL || blocks == NULL || types == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t block;

        memcpy(&block, (const char *)blocks + i * stride, sizeof(block));
        types[i] = type_at(walk, block);
    }
}

uint32_t
kaa_walk_objects(const kaa_walk *walk, const uint64_t **sizes,
                 void *const **objects)
{
    if (walk == NULL)
        return 0;
    if (sizes != NULL)
        *sizes = walk->sizes;
    if (objects != NULL)
        *objects = walk->objects;
    return walk->count;
}

uint32_t
kaa_walk_referents(kaa_walk *walk, const void *object, void **out,
                   uint32_t capacity)
{
    uint32_t node = walk != NULL ? kaa_walk__node(walk, object) : NONE;
    uint32_t first, count;

    if (node == NONE)
        return 0;
    first = walk->graph.first[node];
    count = walk->graph.first[node + 1] - first;
    for (uint32_t i = 0; i < count && i < capacity && out != NULL; i++)
        out[i] = walk->objects[walk->graph.targets[first + i]];
    return count;
}
