/* object/types/capsule.h - what a capsule keeps. */
#ifndef KAA_OBJECT_CAPSULE_H
#define KAA_OBJECT_CAPSULE_H

#include "object/core/object.h"

typedef struct kaa_object__capsule {
    kaa_object header;
    void *pointer;
    const char *name;               /* the caller's, a constant */
    void (*destroy)(void *pointer); /* not NULL: counts in runtime->calls */
} kaa_object__capsule;

#endif /* KAA_OBJECT_CAPSULE_H */
