/* checked/lent.c - the slots that lend: buffers, memory, the lock, threads. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "checked/look.h"

static int
fails(kaa_context *ctx, kaa_checked__slot slot, const void *site)
{
    const kaa_checked__look look = {
        own_of(ctx), own_of(ctx)->frame, slot, 0, NULL, site};

    return kaa_checked__is_failing(&look);
}

/* ---- Buffers */

static int
lend_buffer_get(kaa_context *ctx, kaa_object *object, kaa_buffer *out,
                int request)
{
    kaa_context *inner = enter(ctx, SLOT_buffer_get, SITE);
    kaa_checked__frame *frame = own_of(ctx)->frame;
    kaa_checked__buffer *one;
    int result;

    if (inner == NULL || fails(ctx, SLOT_buffer_get, SITE))
        return -1;
    result = inner->api->buffer_get(inner, object, out, request);
    if (result != 0 && frame != NULL)
        frame->may_be_pending = 1;
    if (result != 0 || frame == NULL)
        return result;
    if (out->bytes > 0)
        kaa_checked__lend(own_of(ctx), out->data, (size_t)out->bytes, object,
                          !out->is_readonly, SLOT_buffer_get, SITE);
    one = kaa_base__alloc(sizeof(*one));
    if (one == NULL) { /* then nothing is said of it */
        kaa_checked__miss(own_of(ctx)->module, NULL);
        return result;
    }
    one->buffer = out;
    one->owner = object;
    one->next = frame->buffers;
    frame->buffers = one;
    return result;
}

static void
lend_buffer_release(kaa_context *ctx, kaa_buffer *buffer)
{
    kaa_context *inner = enter(ctx, SLOT_buffer_release, SITE);
    kaa_checked__frame *frame = own_of(ctx)->frame;

    if (inner == NULL)
        return;
    if (buffer != NULL && buffer->owner != NULL)
        kaa_checked__lent_over(own_of(ctx), buffer->data);
    for (; frame != NULL; frame = frame->outer) {
        kaa_checked__buffer **link = &frame->buffers, *one;

        while ((one = *link) != NULL && one->buffer != buffer)
            link = &one->next;
        if (one != NULL) {
            *link = one->next;
            kaa_base__free(one);
            break;
        }
    }
    inner->api->buffer_release(inner, buffer);
}

/* ---- Memory: behind each block stands a pattern, which must stay */

enum { GUARD = 16 };

static size_t
guarded(size_t size)
{
    return size < SIZE_MAX - GUARD ? size + GUARD : size;
}

static void
judge_guard(kaa_checked__context *own, const void *block, int64_t size,
            kaa_checked__slot slot, const void *site)
{
    const unsigned char *guard = (const unsigned char *)block + size;
    char more[64];

    for (int i = 0; i < GUARD; i++)
        if (guard[i] != 0xa5) {
            snprintf(more, sizeof(more), ": of %lld bytes", (long long)size);
            kaa_checked__tell(own, "written beyond a block", slot, NULL, site,
                              more);
            return;
        }
}

static void
add_block(kaa_checked__context *own, void *block, size_t size,
          kaa_checked__slot slot, const void *site)
{
    kaa_checked__module *module = own->module;
    kaa_checked__entry *entry;
    uint16_t stack;

    site = kaa_checked__caller(own, site);
    stack = kaa_checked__stack_at(module, site);
    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->blocks, block, 1);
    if (entry != NULL) {
        /* An empty block is one of a byte. */
        entry->balance = size != 0 ? (int64_t)size : 1;
        memset((char *)block + entry->balance, 0xa5,
               size != 0 ? GUARD : GUARD - 1);
        entry->slot = (uint8_t)slot;
        entry->site = site;
        entry->stack = stack;
        entry->what = FRESH;
        module->fresh_blocks++;
    } else {
        module->is_blind = 1;
        kaa_checked__miss(module, NULL);
    }
    pthread_mutex_unlock(&module->lock);
}

/* 1 if the block was the module's, or may have been; its size into *out_size,
 * 0 where that is not known. */
static int
remove_block(kaa_checked__module *module, const void *block, int64_t *out_size)
{
    kaa_checked__entry *entry;
    int result;

    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->blocks, block, 0);
    result = module->is_blind;
    *out_size = 0;
    if (entry != NULL && entry->balance != 0) {
        module->fresh_blocks -= entry->what == FRESH;
        *out_size = entry->balance;
        entry->balance = 0;
        result = 1;
    }
    pthread_mutex_unlock(&module->lock);
    return result;
}

/* A reference that is kept is one of the call's again; 0: it cannot be. */
static int
doubt(kaa_checked__context *own, const void *object)
{
    kaa_checked__entry *kept, *entry;
    kaa_checked__entry taken = {0};

    if (object == NULL || kaa_is_tagged(object))
        return 1;
    pthread_mutex_lock(&own->module->lock);
    kept = kaa_checked__entry_of(&own->module->kept, object, 0);
    if (kept != NULL && kept->balance > 0) {
        taken = *kept;
        kept->balance--;
    }
    pthread_mutex_unlock(&own->module->lock);
    if (taken.balance <= 0)
        return 1;
    entry = kaa_checked__entry_of(&own->frame->ledger, object, 1);
    if (entry == NULL) {
        kaa_checked__miss_reference(own->module, own->frame);
        return 0;
    }
    entry->balance++;
    entry->slot = taken.slot;
    entry->site = taken.site;
    return 1;
}

/* What is kept in a block that goes may be nobody's from now on: it is judged
 * again when the call ends. The kernel reads it, since a program that is
 * watched (valgrind) has not written all of it. */
static void
doubt_items(kaa_checked__context *own, const void *block, int64_t size)
{
    const void *words[64];
    size_t rest = (size_t)size / sizeof(words[0]);
    const char *at = block;
    int has_kept;

    pthread_mutex_lock(&own->module->lock);
    has_kept = own->module->kept.count != 0;
    pthread_mutex_unlock(&own->module->lock);
    while (own->frame != NULL && has_kept && rest > 0) {
        size_t wanted = rest < 64 ? rest : 64;
        size_t got =
            kaa_checked__read(at, (void *)words, wanted * sizeof(words[0])) /
            sizeof(words[0]);

        for (size_t i = 0; i < got; i++)
            if (!doubt(own, words[i]))
                return;
        if (got < wanted)
            return;
        at += got * sizeof(words[0]);
        rest -= got;
    }
}

static int
end_block(kaa_checked__context *own, void *block, kaa_checked__slot slot,
          const void *site, int is_freed, int64_t *out_size)
{
    int result = remove_block(own->module, block, out_size);
    int64_t size = *out_size;

    if (size != 0)
        judge_guard(own, block, size, slot, site);
    if (size != 0 && is_freed)
        doubt_items(own, block, size);
    return result;
}

static void *
lend_mem_alloc(kaa_context *ctx, size_t size)
{
    kaa_context *inner = enter(ctx, SLOT_mem_alloc, SITE);
    void *block;

    if (inner == NULL || fails(ctx, SLOT_mem_alloc, SITE))
        return NULL;
    block = inner->api->mem_alloc(inner, guarded(size));
    if (block == NULL && own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->may_be_pending = 1;
    if (block != NULL)
        add_block(own_of(ctx), block, size, SLOT_mem_alloc, SITE);
    return block;
}

static void *
lend_mem_resize(kaa_context *ctx, void *block, size_t size)
{
    kaa_context *inner = enter(ctx, SLOT_mem_resize, SITE);
    kaa_checked__context *own = own_of(ctx);
    int64_t before = 0;
    void *fresh;

    if (inner == NULL || fails(ctx, SLOT_mem_resize, SITE))
        return NULL;
    if (block != NULL &&
        !end_block(own, block, SLOT_mem_resize, SITE, 0, &before)) {
        kaa_checked__tell(own, "resized memory that is not there",
                          SLOT_mem_resize, NULL, SITE,
                          ": the block is not, or no more, the module's");
        block = NULL;
    }
    fresh = inner->api->mem_resize(inner, block, guarded(size));
    if (fresh != NULL)
        add_block(own, fresh, size, SLOT_mem_resize, SITE);
    else if (before != 0)
        add_block(own, block, (size_t)before, SLOT_mem_resize, SITE);
    return fresh;
}

static void
lend_mem_free(kaa_context *ctx, void *block)
{
    kaa_context *inner = enter(ctx, SLOT_mem_free, SITE);
    int64_t size;

    if (inner == NULL)
        return;
    if (block == NULL ||
        end_block(own_of(ctx), block, SLOT_mem_free, SITE, 1, &size))
        inner->api->mem_free(inner, block);
    else
        kaa_checked__tell(own_of(ctx), "freed memory that is not there",
                          SLOT_mem_free, NULL, SITE,
                          ": the block is not, or no more, the module's");
}

/* ---- The lock */

static void *
lend_begin(kaa_context *ctx)
{
    kaa_context *inner = enter(ctx, SLOT_begin_allow_threads, SITE);
    kaa_checked__frame *frame = own_of(ctx)->frame;
    void *begun;

    if (inner == NULL)
        return NULL;
    if (frame != NULL && frame->is_let_go)
        return NULL; /* has been told */
    begun = inner->api->begin_allow_threads(inner);
    if (frame != NULL) {
        frame->is_let_go = 1;
        frame->begun = begun;
    }
    return begun;
}

static void
lend_end(kaa_context *ctx, void *begun)
{
    kaa_checked__context *own = own_of(ctx);

    if (own->frame == NULL || !pthread_equal(own->thread, pthread_self())) {
        (void)kaa_checked__enter(ctx, SLOT_end_allow_threads, SITE);
        return;
    }
    if (own->frame->is_taken_back && !own->frame->is_let_go) {
        own->frame->is_taken_back = 0;
        return;
    }
    if (!own->frame->is_let_go) {
        kaa_checked__tell(own, "threads not begun", SLOT_end_allow_threads,
                          NULL, SITE, ": kaa_begin_allow_threads() is missing");
        return;
    }
    own->frame->is_let_go = 0;
    own->inner->api->end_allow_threads(own->inner, begun);
}

/* ---- Threads */

void *
kaa_checked__handle_of(kaa_checked__module *module, kaa_context *inner)
{
    void *handle = inner->api->runtime_handle(inner);
    kaa_checked__handle *one;

    pthread_mutex_lock(&module->lock);
    one = module->handles;
    while (one != NULL && (one->handle != handle || one->api != inner->api))
        one = one->next;
    if (one == NULL) {
        one = kaa_base__alloc(sizeof(*one));
        if (one != NULL) {
            *one = (kaa_checked__handle){module->handles, inner->api, handle};
            module->handles = one;
        }
    }
    pthread_mutex_unlock(&module->lock);
    return one;
}

static void *
lend_runtime_handle(kaa_context *ctx)
{
    kaa_context *inner = enter(ctx, SLOT_runtime_handle, SITE);

    return inner != NULL ? kaa_checked__handle_of(own_of(ctx)->module, inner)
                         : NULL;
}

static kaa_checked__module *
find_handle(const void *handle, kaa_checked__handle *out)
{
    kaa_checked__module *module = kaa_checked__modules();
    const kaa_checked__handle *one = NULL;

    for (; module != NULL; module = module->next) {
        pthread_mutex_lock(&module->lock);
        one = module->handles;
        while (one != NULL && one != handle)
            one = one->next;
        if (one != NULL)
            *out = *one;
        pthread_mutex_unlock(&module->lock);
        if (one != NULL)
            return module;
    }
    return NULL;
}

/* Of the C library, and called before other ends of a thread: C++ has it for
 * its thread_local. Where there is none, a thread's mistake goes unseen. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): its own name */
extern int __cxa_thread_atexit_impl(void (*end)(void *), void *arg, void *file)
    __attribute__((weak));

static void
leave_thread(kaa_checked__context *own)
{
    kaa_checked__frame *frame = own->frame;

    kaa_checked__frame_end(own, frame);
    kaa_base__free(frame);
    own->inner->api->thread_leave(own->inner);
}

static void
thread_ends(void *context)
{
    kaa_checked__context *own = context;

    own->is_watched = 0;
    while (own->frame != NULL && own->frame->is_thread) {
        kaa_checked__tell(own, "thread not left", SLOT_thread_enter, NULL, NULL,
                          ": kaa_thread_leave() is missing");
        leave_thread(own);
    }
}

/* A thread that comes in outside of a call has a frame until it leaves. */
kaa_context *
kaa_checked__thread_enter(void *handle)
{
    static const char here = 0; /* in this file of the process */
    kaa_checked__handle known;
    kaa_checked__module *module = find_handle(handle, &known);
    kaa_checked__context *own;
    kaa_checked__frame *frame;
    kaa_context *inner;

    if (module == NULL)
        return NULL;
    inner = known.api->thread_enter(known.handle);
    if (inner == NULL)
        return NULL;
    own = kaa_checked__context_of(module, inner);
    if (own != NULL && module->mode == KAA_CHECKED_TRACE)
        return &own->open;
    frame = own != NULL ? kaa_base__alloc(sizeof(*frame)) : NULL;
    if (frame == NULL) {
        inner->api->thread_leave(inner);
        return NULL;
    }
    kaa_checked__frame_init(frame, "a thread");
    frame->outer = own->frame;
    frame->is_thread = 1;
    own->frame = frame;
    if (!own->is_watched && __cxa_thread_atexit_impl != NULL)
        own->is_watched = __cxa_thread_atexit_impl(
                              thread_ends, own, (void *)(uintptr_t)&here) == 0;
    return &own->open;
}

static void
lend_thread_leave(kaa_context *ctx)
{
    kaa_context *inner = enter(ctx, SLOT_thread_leave, SITE);
    kaa_checked__context *own = own_of(ctx);

    if (inner == NULL)
        return;
    if (own->frame == NULL || !own->frame->is_thread) {
        kaa_checked__tell(own, "thread not entered", SLOT_thread_leave, NULL,
                          SITE, ": kaa_thread_enter() is missing");
        return;
    }
    leave_thread(own);
}

void
kaa_checked__fill_lent(kaa_api *table)
{
    table->buffer_get = lend_buffer_get;
    table->buffer_release = lend_buffer_release;
    table->mem_alloc = lend_mem_alloc;
    table->mem_resize = lend_mem_resize;
    table->mem_free = lend_mem_free;
    table->begin_allow_threads = lend_begin;
    table->end_allow_threads = lend_end;
    table->runtime_handle = lend_runtime_handle;
    table->thread_leave = lend_thread_leave;
}
