/* gc/gc.h - what native/ needs of the collector beyond kaa/gc.h. */
#ifndef KAA_GC_GC_H
#define KAA_GC_GC_H

#include <kaa/context.h>
#include <kaa/runtime.h>

/* After the builtin types are there: sets runtime->gc, ->collect and
 * ->until_collect. 0, or -1 when memory is short. */
int kaa_gc__start(kaa_context *ctx);
/* Frees what the collector has outside the heap. Repeating it does nothing. */
void kaa_gc__stop(kaa_context *ctx);
/* Forgets them, in a child of fork() that lacks the thread which was at work on
 * them: that may have been about to replace any pointer, so nothing is freed.
 */
void kaa_gc__abandon(kaa_runtime *runtime);
/* The slot `collect`. */
ptrdiff_t kaa_gc__collect_all(kaa_context *ctx);

#endif /* KAA_GC_GC_H */
