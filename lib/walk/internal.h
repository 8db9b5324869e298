/* walk/internal.h - a walk over all objects: the objects, what they refer to,
 * and what is worked out from that.
 *
 *     walk.c     finds the objects and their references
 *     retain.c   roots, the dominator tree, retained sizes
 *     cycles.c   what keeps itself alive
 *     wastes.c   strings that are there twice, room that is not used
 *     audit.c    counts that the references to an object do not come to
 */
#ifndef KAA_WALK_INTERNAL_H
#define KAA_WALK_INTERNAL_H

#include <kaa/walk.h>

#include "walk/graph.h"
#include "walk/numbers.h"
#include "walk/sizes.h"

/* What is known of a node. */
enum {
    KAA_WALK__LISTED = 1,     /* the caller's list refers to it */
    KAA_WALK__ROOT = 2,       /* the caller named it as one */
    KAA_WALK__LINKED = 4,     /* has references that the caller told */
    KAA_WALK__LEFT_OUT = 8,   /* of cycles: what all programs have */
    KAA_WALK__CANDIDATE = 16, /* of an audit: its count is not what was found */
};

/* Objects that look alike in cycles: components of the same types. */
typedef struct kaa_walk__cycle {
    uint64_t signature;
    kaa_walk_cycle sums;
    uint32_t example;       /* a component of it, the smallest */
    uint32_t example_count; /* of its objects */
} kaa_walk__cycle;

struct kaa_walk {
    kaa_walk__python python;
    kaa_walk__numbers numbers; /* of an address: its node's and 1 */
    /* By node. */
    void **objects;
    uint64_t *sizes;
    uint32_t *kind_of;
    unsigned char *flags;
    uint32_t count, capacity;
    /* Edges, in the order of nodes. In the end node `count` is the root of all,
     * which refers to the roots. */
    kaa_walk__graph graph;
    uint32_t edges_capacity;
    int is_short; /* of memory, or of numbers */
    /* Types. */
    kaa_walk__kind *kinds;
    uint32_t *kind_index; /* a hash table of numbers and 1 */
    uint32_t kinds_count, kinds_capacity;
    /* What the caller told. */
    kaa_walk_link *links; /* by source */
    uint32_t links_count;
    uint32_t code_fields[KAA_WALK_FIELDS];
    uint32_t code_fields_count;
    void *interned;
    /* Made when asked for. */
    kaa_walk__graph reversed;
    kaa_walk__tree tree;
    uint64_t *retained; /* by number in the tree */
    uint32_t *below;    /* objects that would go, itself included */
    uint32_t *components;
    uint32_t components_count;
    kaa_walk__cycle *cycles;
    uint32_t cycles_count;
};

/* The node of an object; NO_NODE: it was not seen. */
uint32_t kaa_walk__node(kaa_walk *walk, const void *object);

/* The type that stands there, as a number of `kinds`; NO_NODE: none was seen.
 */
uint32_t kaa_walk__kind_at(const kaa_walk *walk, const void *type);

/* How many references to each node were found. The caller's links stand for a
 * reference each, and so does the caller's own to what they lead to. NULL:
 * there is no memory; for kaa_base__free(). */
uint32_t *kaa_walk__count_references(kaa_walk *walk);

/* The `capacity` largest of the values that are handed to it; a heap whose
 * first is the least. */
typedef struct kaa_walk__ranked {
    uint64_t value;
    uint32_t number;
} kaa_walk__ranked;

typedef struct kaa_walk__largest {
    kaa_walk__ranked *entries;
    uint32_t count, capacity;
} kaa_walk__largest;

void kaa_walk__largest_add(kaa_walk__largest *largest, uint64_t value,
                           uint32_t number);
/* The largest first; of equal ones, that with the lower number. */
void kaa_walk__largest_sort(kaa_walk__largest *largest);

#endif /* KAA_WALK_INTERNAL_H */
