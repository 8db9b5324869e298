/* insight/garbage.h - what the cycle collector freed, by type and site.
 *
 * While a collection runs, a block that is freed was a member of a garbage
 * cycle, or kept by one. Its type still stands in its memory: behind nothing,
 * the collector's header (16 bytes), or that and two words more (objects with a
 * dict, from 3.11 on). What stands there is believed if it is a type: it has
 * one, which says that its instances are types.
 */
#ifndef KAA_INSIGHT_GARBAGE_H
#define KAA_INSIGHT_GARBAGE_H

#include <stddef.h>
#include <stdint.h>

#include <kaa/insight.h>

#define KAA_INSIGHT__KINDS_MAX 1024u /* types of a collection */

/* A type that was looked at. */
typedef struct kaa_insight__kind {
    uintptr_t word; /* where it is; 0: none */
    uintptr_t text; /* where its name is */
    uint32_t round; /* the last collection that it was seen in */
    char name[KAA_INSIGHT_TYPE_NAME];
} kaa_insight__kind;

typedef struct kaa_insight__garbage {
    const void *state;     /* of the thread that collects; NULL: none */
    const void *type_type; /* &PyType_Type */
    kaa_insight_heap_collected *entries;
    uint32_t count;
    uint32_t round; /* number of the collection */
    uint64_t began; /* ns; that it began */
    uint64_t lost;
    kaa_insight__kind kinds[KAA_INSIGHT__KINDS_MAX]; /* by a hash */
} kaa_insight__garbage;

/* Of a new profile. Without memory nothing is told. */
void kaa_insight__garbage_init(kaa_insight__garbage *garbage, void *handle);
void kaa_insight__garbage_fini(kaa_insight__garbage *garbage);

/* A collection begins in the thread with this state, or ends (NULL): then the
 * result is how long it took, in ns. */
uint64_t kaa_insight__garbage_collect(kaa_insight__garbage *garbage,
                                      const void *state);

/* A block of a site is about to be freed, in a collection. Callers exclude each
 * other. */
void kaa_insight__garbage_note(kaa_insight__garbage *garbage, const void *block,
                               size_t size, uint32_t site, uint64_t bytes,
                               uint64_t blocks);

/* What kaa_insight_heap_freed_by_collector() tells. */
uint32_t kaa_insight__garbage_read(const kaa_insight__garbage *garbage,
                                   kaa_insight_heap_collected *out,
                                   uint32_t capacity);

#endif /* KAA_INSIGHT_GARBAGE_H */
