/* native/native.h - what the files of native/ share, and tests use. */
#ifndef KAA_NATIVE_NATIVE_H
#define KAA_NATIVE_NATIVE_H

#include "module/module.h"
#include "object/core/object.h"

/* kaa_runtime_create() with KAA_OBJECT__WATCH_* bits that are on from the first
 * allocation. */
kaa_status kaa_native__create(const kaa_runtime_options *options,
                              uint32_t watch, kaa_runtime **out_runtime,
                              kaa_error *err);

/* ---- ending.c */

/* Frees a runtime and its parts, as many as there are, without a look at the
 * objects. */
void kaa_native__free(kaa_runtime *runtime);

/* ---- context.c */

/* A context for making a runtime, or ending one, that no thread knows: it
 * belongs to no thread. Storage of the caller's. */
void kaa_native__context_init(kaa_object__context *own, kaa_runtime *runtime);
/* Whether other threads than the caller are attached. */
int kaa_native__others_attached(kaa_runtime *runtime);
/* What contexts of threads that are gone have left. The GIL is held, or nobody
 * else can have it. */
void kaa_native__sweep(kaa_context *ctx);
/* ---- gate.c */

/* From now on the runtime's handle is known. */
void kaa_native__gate_open(kaa_runtime *runtime);
/* It is not any more: nobody is on the way in. */
void kaa_native__gate_gone(kaa_runtime *runtime);
/* Refuses threads that are not attached from now on, and waits until nobody is
 * on the way in and, `with_others`, no other thread is attached; the GIL, if
 * the caller has it, is let go meanwhile. 1; 0: the time is over. */
int kaa_native__gate_close(kaa_runtime *runtime, int with_others,
                           uint64_t timeout_ns);

/* Slots of the table: context.c and gate.c. */
void *kaa_native__begin_allow_threads(kaa_context *ctx);
void kaa_native__end_allow_threads(kaa_context *ctx, void *begun);
int kaa_native__poll(kaa_context *ctx);
void *kaa_native__runtime_handle(kaa_context *ctx);
kaa_context *kaa_native__thread_enter(void *runtime);
void kaa_native__thread_leave(kaa_context *ctx);

/* ---- import.c */

/* How modules are made here; see module/module.h. */
extern const kaa_module__maker kaa_native__maker;
kaa_object *kaa_native__import(kaa_context *ctx, const char *name);

#endif /* KAA_NATIVE_NATIVE_H */
