/* native/snapshot.h - all objects of a runtime, and how often each is referred
 * to from within. */
#ifndef KAA_NATIVE_SNAPSHOT_H
#define KAA_NATIVE_SNAPSHOT_H

#include "object/core/object.h"

typedef struct kaa_native__entry {
    kaa_object *object; /* NULL: a free slot */
    uint64_t found;     /* references from other objects */
    uint64_t bytes;     /* of its block */
    uint32_t is_own;    /* the runtime has it for itself */
    uint32_t unused;
} kaa_native__entry;

/* A table by address: linear probing, at most half full. */
typedef struct kaa_native__snapshot {
    kaa_native__entry *slots;
    size_t capacity, count;
} kaa_native__snapshot;

/* Nothing may be allocated in the runtime, or freed, while the snapshot is
 * used. Objects that are dead are not in it. */
kaa_status kaa_native__snapshot_take(kaa_context *ctx,
                                     kaa_native__snapshot *snapshot,
                                     kaa_error *err);
void kaa_native__snapshot_fini(kaa_native__snapshot *snapshot);
/* NULL for what is none of its objects: a builtin type, None. */
kaa_native__entry *
kaa_native__snapshot_find(const kaa_native__snapshot *snapshot,
                          const kaa_object *object);
/* References that C code must be holding; negative: fewer are counted than were
 * found. */
int64_t kaa_native__snapshot_held(const kaa_native__entry *entry);

/* report.c */

/* Fills in *report about what is left, and tells it. */
kaa_status kaa_native__report(kaa_context *ctx, kaa_runtime_report *report,
                              kaa_error *err);

#endif /* KAA_NATIVE_SNAPSHOT_H */
