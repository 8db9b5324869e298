/* object/containers/list.h - what list.c gives to list_type.c. */
#ifndef KAA_OBJECT_LIST_H
#define KAA_OBJECT_LIST_H

#include "object/containers/container.h"

/* list[start:end] of a tuple or list, as a new list; bounds are cut. */
kaa_object *kaa_object__list_of(kaa_context *ctx, kaa_object *sequence,
                                size_t start, size_t end);
/* The list's `clear`: empties it. */
void kaa_object__list_empty(kaa_context *ctx, kaa_object *self);
/* list.sort(key=key, reverse=is_reversed); `key` may be NULL. */
int kaa_object__list_sort_by(kaa_context *ctx, kaa_object *list,
                             kaa_object *key, int is_reversed);

#endif /* KAA_OBJECT_LIST_H */
