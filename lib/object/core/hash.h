/* object/core/hash.h - hashes of what is no object yet. */
#ifndef KAA_OBJECT_HASH_H
#define KAA_OBJECT_HASH_H

#include "object/core/object.h"

uint64_t kaa_object__siphash13(const uint64_t key[2], const void *data,
                               size_t size);
/* `object` is whose value it is: a NaN has its hash from its address. */
int64_t kaa_object__hash_complex(double real, double imaginary,
                                 const kaa_object *object);

#endif /* KAA_OBJECT_HASH_H */
