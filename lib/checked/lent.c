/* checked/lent.c - the slots that lend: buffers, memory, the lock, threads. */
#include "base/memory.h"
#include "checked/checked.h"

#define SITE __builtin_return_address(0)

static kaa_checked__context *
own_of(kaa_context *ctx)
{
    return (kaa_checked__context *)ctx;
}

/* ---- Buffers */

static int
lend_buffer_get(kaa_context *ctx, kaa_object *object, kaa_buffer *out,
                int request)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_buffer_get, SITE);
    kaa_checked__frame *frame = own_of(ctx)->frame;
    kaa_checked__buffer *one;
    int result = inner->api->buffer_get(inner, object, out, request);

    if (result != 0 || frame == NULL)
        return result;
    one = kaa_base__alloc(sizeof(*one));
    if (one == NULL) /* then nothing is said of it */
        return result;
    one->buffer = out;
    one->owner = object;
    one->next = frame->buffers;
    frame->buffers = one;
    return result;
}

static void
lend_buffer_release(kaa_context *ctx, kaa_buffer *buffer)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_buffer_release, SITE);
    kaa_checked__frame *frame = own_of(ctx)->frame;

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

/* ---- Memory */

static void
add_block(kaa_checked__context *own, void *block, size_t size,
          kaa_checked__slot slot, const void *site)
{
    kaa_checked__module *module = own->module;
    kaa_checked__entry *entry;

    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->blocks, block, 1);
    if (entry != NULL) {
        entry->balance = size != 0 ? (int64_t)size : 1;
        entry->slot = (uint32_t)slot;
        entry->site = site;
        entry->moved = 0;
        module->fresh_blocks++;
    } else {
        module->is_blind = 1;
    }
    pthread_mutex_unlock(&module->lock);
}

/* 1 if the block was the module's, or may have been. */
static int
remove_block(kaa_checked__module *module, const void *block)
{
    kaa_checked__entry *entry;
    int result;

    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->blocks, block, 0);
    result = module->is_blind;
    if (entry != NULL && entry->balance != 0) {
        module->fresh_blocks -= entry->moved == 0;
        entry->balance = 0;
        result = 1;
    }
    pthread_mutex_unlock(&module->lock);
    return result;
}

static void *
lend_mem_alloc(kaa_context *ctx, size_t size)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_mem_alloc, SITE);
    void *block = inner->api->mem_alloc(inner, size);

    if (block != NULL)
        add_block(own_of(ctx), block, size, SLOT_mem_alloc, SITE);
    return block;
}

static void *
lend_mem_resize(kaa_context *ctx, void *block, size_t size)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_mem_resize, SITE);
    kaa_checked__context *own = own_of(ctx);
    void *fresh;

    if (block != NULL && !remove_block(own->module, block)) {
        kaa_checked__tell(own, "resized memory that is not there",
                          SLOT_mem_resize, NULL, SITE,
                          ": the block is not, or no more, the module's");
        block = NULL;
    }
    fresh = inner->api->mem_resize(inner, block, size);
    if (fresh != NULL || block != NULL)
        add_block(own, fresh != NULL ? fresh : block, size, SLOT_mem_resize,
                  SITE);
    return fresh;
}

static void
lend_mem_free(kaa_context *ctx, void *block)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_mem_free, SITE);

    if (block == NULL || remove_block(own_of(ctx)->module, block))
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
    kaa_context *inner =
        kaa_checked__enter(ctx, SLOT_begin_allow_threads, SITE);
    kaa_checked__frame *frame = own_of(ctx)->frame;
    void *begun;

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

    if (own->frame != NULL && !own->frame->is_let_go) {
        kaa_checked__tell(own, "threads not begun", SLOT_end_allow_threads,
                          NULL, SITE, ": kaa_begin_allow_threads() is missing");
        return;
    }
    if (own->frame != NULL)
        own->frame->is_let_go = 0;
    own->inner->api->end_allow_threads(own->inner, begun);
}

/* ---- Threads */

static void *
lend_runtime_handle(kaa_context *ctx)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_runtime_handle, SITE);
    kaa_checked__module *module = own_of(ctx)->module;
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

/* A thread that comes in outside of a call has a frame until it leaves. */
kaa_context *
kaa_checked__thread_enter(void *handle)
{
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
    frame = own != NULL ? kaa_base__alloc(sizeof(*frame)) : NULL;
    if (frame == NULL) {
        inner->api->thread_leave(inner);
        return NULL;
    }
    kaa_checked__frame_init(frame, "a thread");
    frame->outer = own->frame;
    frame->is_thread = 1;
    own->frame = frame;
    return &own->open;
}

static void
lend_thread_leave(kaa_context *ctx)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_thread_leave, SITE);
    kaa_checked__context *own = own_of(ctx);
    kaa_checked__frame *frame = own->frame;

    if (frame == NULL || !frame->is_thread) {
        kaa_checked__tell(own, "thread not entered", SLOT_thread_leave, NULL,
                          SITE, ": kaa_thread_enter() is missing");
        return;
    }
    kaa_checked__frame_end(own, frame);
    kaa_base__free(frame);
    inner->api->thread_leave(inner);
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
