/* base/nearest.h - how far two names are from each other. */
#ifndef KAA_BASE_NEAREST_H
#define KAA_BASE_NEAREST_H

#include <kaa/base.h>

/* How many letters must be changed, added, taken away or swapped with their
 * neighbours to make `b` of `a` (optimal string alignment); limit + 1 where it
 * is more than `limit`, which is below 120, or a name is longer than 120. */
uint32_t kaa_base__distance(const char *a, const char *b, uint32_t limit);
/* Up to how many such edits one of the names may be meant by the other. */
uint32_t kaa_base__edits_allowed(const char *a, const char *b);

/* The place of the nearest of `names`, if it is near enough; `count` if none
 * is. */
size_t kaa_base__nearest(const char *wanted, const char *const *names,
                         size_t count);

#endif /* KAA_BASE_NEAREST_H */
