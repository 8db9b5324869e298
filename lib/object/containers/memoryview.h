/* object/containers/memoryview.h - what memoryview.c and view_methods.c share.
 */
#ifndef KAA_OBJECT_MEMORYVIEW_H
#define KAA_OBJECT_MEMORYVIEW_H

#include "object/containers/buffer.h"

typedef struct kaa_object__view {
    kaa_object header;
    kaa_object *managed; /* NULL: released */
    size_t exports;
    uint64_t hash;      /* 0: not known yet */
    kaa_buffer buffer;  /* has shape and strides; owner is not used */
    ptrdiff_t arrays[]; /* shape, strides, suboffsets */
} kaa_object__view;

/* The view, if it is not released; else NULL and ValueError. */
kaa_object__view *kaa_object__view_of(kaa_context *ctx, kaa_object *self);
/* A view that shares what is borrowed; shape and strides are to be set. */
kaa_object__view *kaa_object__view_new(kaa_context *ctx, kaa_object *shared,
                                       int32_t dimensions);
/* The same, of the same memory as `from`. */
kaa_object__view *kaa_object__view_like(kaa_context *ctx, kaa_object *shared,
                                        const kaa_buffer *from);
int kaa_object__view_release(kaa_context *ctx, kaa_object__view *view);
/* The object whose memory it is, as a new reference. */
kaa_object *kaa_object__view_exporter(kaa_context *ctx, kaa_object__view *view);

/* Slots of the type. */
kaa_object *kaa_object__view_compare(kaa_context *ctx, kaa_object *left,
                                     kaa_object *right, int op);
int64_t kaa_object__view_hash(kaa_context *ctx, kaa_object *self);

extern const kaa_method kaa_object__view_methods[];
extern const kaa_property kaa_object__view_properties[];

#endif /* KAA_OBJECT_MEMORYVIEW_H */
