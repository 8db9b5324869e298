/* checked/frame.c - one call of a module's function: its ledger, its end.
 *
 * Where a reference that a function gives up may come from, in this order: the
 * ledger of the call, those of the calls around it, what the module keeps from
 * earlier calls, the data of instances as the call found them. The host puts
 * references into those data itself (attributes), so no ledger has them.
 */
#include <string.h>

#include "base/memory.h"
#include "checked/checked.h"

enum { SNAPSHOTS_MAX = 64, DATA_MAX = 4096, STACK_MAX = 8 << 20 };

/* A list that only grows, so that it is read without the lock. */
static kaa_checked__context *
make_context(kaa_checked__module *module, kaa_context *inner)
{
    kaa_checked__context *own = kaa_base__alloc_zeroed(sizeof(*own));

    if (own == NULL) {
        kaa_checked__miss(module, NULL);
        return NULL;
    }
    own->inner = inner;
    own->module = module;
    own->thread = pthread_self();
    own->self = kaa_checked__self();
    pthread_mutex_lock(&module->lock);
    own->next = atomic_load_explicit(&module->contexts, memory_order_relaxed);
    atomic_store_explicit(&module->contexts, own, memory_order_release);
    pthread_mutex_unlock(&module->lock);
    return own;
}

kaa_checked__context *
kaa_checked__context_of(kaa_checked__module *module, kaa_context *inner)
{
    kaa_checked__context *own;

    own = atomic_load_explicit(&module->contexts, memory_order_acquire);
    while (own != NULL &&
           (own->inner != inner || own->self != kaa_checked__self()))
        own = own->next;
    if (own == NULL)
        own = make_context(module, inner);
    if (own == NULL)
        return NULL;
    own->open = *inner; /* one that is gone may have had the same address */
    if (module->mode == KAA_CHECKED_TRACE) {
        own->open.api = kaa_checked__trace_table();
        return own;
    }
    own->open.api = kaa_checked__table();
    own->open.counting = KAA_COUNT_CALL;
    own->open.data_offset = 0;
    return own;
}

void
kaa_checked__frame_init(kaa_checked__frame *frame, const char *function)
{
    enum { PIECE = 64 };

    /* In pieces of few stores each: what compilers make of the whole takes as
     * long to begin as these do. The last piece may end in `few`. */
    _Static_assert(sizeof(frame->few) >= PIECE, "it is cleared beyond its end");
    for (size_t at = 0; at < offsetof(kaa_checked__frame, few); at += PIECE)
        memset((char *)frame + at, 0, PIECE);
    frame->text[0] = '\0';
    frame->function = function;
    frame->ledger.storage = frame->few;
}

/* ---- References */

void
kaa_checked__gain(kaa_checked__context *own, kaa_object *object,
                  kaa_checked__slot slot, const void *site)
{
    kaa_checked__frame *frame = own->frame;
    kaa_checked__entry *entry;

    if (object == NULL || kaa_is_tagged(object) || frame == NULL ||
        own->is_telling)
        return;
    entry = kaa_checked__entry_of(&frame->ledger, object, 1);
    if (entry == NULL) {
        kaa_checked__miss_reference(own->module, frame);
        return;
    }
    entry->balance++;
    entry->slot = (uint8_t)slot;
    entry->site = kaa_checked__caller(own, site);
    entry->stack = kaa_checked__stack_at(own->module, entry->site);
}

size_t
kaa_checked__count_before(const kaa_checked__context *own,
                          const kaa_checked__frame *frame,
                          const kaa_object *object)
{
    const kaa_checked__snapshot *seen;
    size_t count = 0;

    for (seen = frame->snapshots; seen != NULL; seen = seen->next)
        for (size_t i = 0; i < seen->words; i++)
            count += seen->before[i] == (uintptr_t)object &&
                     !kaa_checked__is_borrowed(own->module,
                                               (const char *)seen->data +
                                                   i * sizeof(uintptr_t),
                                               object);
    return count;
}

/* Those of unknown length may have been shorter than they could be read. */
size_t
kaa_checked__count_now(const kaa_checked__frame *frame, const void *object)
{
    const kaa_checked__snapshot *seen;
    size_t count = 0;

    for (seen = frame->snapshots; seen != NULL; seen = seen->next) {
        uintptr_t words[DATA_MAX / sizeof(uintptr_t)];
        const uintptr_t *now = seen->data;
        size_t got = seen->words;

        if (seen->spec == NULL) {
            got = kaa_checked__read(seen->data, words, got * sizeof(words[0])) /
                  sizeof(words[0]);
            now = words;
        }
        for (size_t i = 0; i < got; i++)
            count += now[i] == (uintptr_t)object;
    }
    return count;
}

/* `is_over`: the function has returned, and what it moved out is not there any
 * more. */
static int
take_data(const kaa_checked__context *own, kaa_checked__frame *frame,
          const kaa_object *object, int is_over)
{
    size_t had = kaa_checked__count_before(own, frame, object), now;
    kaa_checked__entry *entry;

    if (had != 0 && is_over) {
        now = kaa_checked__count_now(frame, object);
        had -= now < had ? now : had;
    }
    if (had == 0)
        return 0;
    entry = kaa_checked__entry_of(&frame->ledger, object, 1);
    if (entry == NULL) {
        kaa_checked__miss(own->module, frame);
        return 1;
    }
    if (entry->moved >= had)
        return 0;
    entry->moved++;
    return 1;
}

/* The calls of other checked modules on this thread may lend nothing. */
static int
may_lose(kaa_checked__context *own, const kaa_object *object, int is_over)
{
    kaa_checked__frame *frame = own->frame;
    kaa_checked__entry *entry;

    if (frame->thunk != NULL && frame->thunk->kind >= CLEARS_DATA &&
        take_data(own, frame, object, 0))
        return 1;
    for (; frame != NULL; frame = frame->outer) {
        entry = kaa_checked__entry_of(&frame->ledger, object, 0);
        if (entry != NULL && entry->balance > 0) {
            entry->balance--;
            return 1;
        }
    }
    if (kaa_checked__take_kept(own, object))
        return 1;
    for (frame = own->frame; frame != NULL; frame = frame->outer)
        if (frame->is_blind ||
            take_data(own, frame, object, is_over && frame == own->frame))
            return 1;
    return atomic_load(&own->module->has_missed);
}

int
kaa_checked__lose(kaa_checked__context *own, kaa_object *object,
                  kaa_checked__slot slot, const void *site)
{
    const kaa_checked__entry *entry;
    int was_owned;

    if (object == NULL || kaa_is_tagged(object) || own->frame == NULL ||
        own->is_telling || may_lose(own, object, slot == SLOT_NONE))
        return 1;
    entry = kaa_checked__entry_of(&own->frame->ledger, object, 0);
    was_owned = entry != NULL && (entry->slot != SLOT_NONE ||
                                  entry->moved != 0 || entry->kept != 0);
    if (slot == SLOT_NONE)
        kaa_checked__tell(own, "returned without a reference", slot, object,
                          site,
                          was_owned ? ", whose reference was given up before"
                                    : ", which is borrowed: kaa_incref() it "
                                      "(kaa_none() for None)");
    else if (was_owned)
        kaa_checked__tell(own, "released twice", slot, object, site,
                          ", whose reference was given up before");
    else
        kaa_checked__tell(own, "released without a reference", slot, object,
                          site, ", which is borrowed");
    return 0;
}

void
kaa_checked__see_data(kaa_checked__context *own, const void *data, size_t bytes,
                      const kaa_checked__spec *spec, kaa_object *instance)
{
    kaa_checked__frame *frame = own->frame;
    kaa_checked__snapshot *seen;

    if (frame == NULL || data == NULL || bytes == 0 || own->is_telling)
        return;
    for (seen = frame->snapshots; seen != NULL; seen = seen->next)
        if (seen->data == data)
            return;
    if (bytes > DATA_MAX)
        bytes = DATA_MAX;
    if (frame->snapshot_count == SNAPSHOTS_MAX) {
        frame->is_blind = 1;
        return;
    }
    seen = kaa_base__alloc(sizeof(*seen) + bytes);
    if (seen == NULL) {
        kaa_checked__miss(own->module, frame);
        return;
    }
    seen->data = data;
    seen->spec = spec;
    seen->instance = kaa_incref(own->inner, instance);
    if (spec != NULL)
        memcpy(seen->before, data, bytes);
    else
        bytes = kaa_checked__read(data, seen->before, bytes);
    seen->words = bytes / sizeof(uintptr_t);
    seen->next = frame->snapshots;
    frame->snapshots = seen;
    frame->snapshot_count++;
}

/* ---- The end */

/* What the call owns of one object: it is in an instance's data, kept
 * elsewhere, or leaked. */
static void
judge(kaa_checked__context *own, kaa_checked__frame *frame,
      const kaa_checked__entry *entry)
{
    kaa_object *object = (kaa_object *)entry->key;
    size_t before = kaa_checked__count_before(own, frame, object);
    size_t now = kaa_checked__count_now(frame, object);
    int64_t rest = entry->balance, others = 0, found;
    kaa_checked__entry *kept;

    if (now > before)
        rest -= (int64_t)(now - before);
    if (rest <= 0)
        return;
    pthread_mutex_lock(&own->module->lock);
    kept = kaa_checked__entry_of(&own->module->kept, object, 1);
    if (kept != NULL) {
        others = kept->balance;
        kept->balance += rest;
        kept->slot = entry->slot;
        kept->site = entry->site;
        kept->stack = entry->stack;
    }
    pthread_mutex_unlock(&own->module->lock);
    if (kept == NULL)
        kaa_checked__miss_reference(own->module, NULL);
    /* What a thread has made it hands over, in memory of its own. */
    if (kept == NULL || frame->is_thread)
        return;
    /* Those of others may be where only other calls come. */
    found =
        (int64_t)kaa_checked__find(own->module, frame, object, (size_t)rest);
    if (found >= rest)
        return;
    /* Told of once: it is nobody's from now on. */
    pthread_mutex_lock(&own->module->lock);
    kept = kaa_checked__entry_of(&own->module->kept, object, 0);
    if (kept != NULL)
        kept->balance = others;
    pthread_mutex_unlock(&own->module->lock);
    kaa_checked__tell_leak(own, "leaked reference", object, entry,
                           ", which is not returned, stored or given up");
}

/* What a call that is blind owns is taken for kept, so that a later one may
 * give it up. */
static void
keep(kaa_checked__context *own, const kaa_checked__entry *entry)
{
    kaa_checked__entry *kept;

    pthread_mutex_lock(&own->module->lock);
    kept = kaa_checked__entry_of(&own->module->kept, (void *)entry->key, 1);
    if (kept != NULL) {
        kept->balance += entry->balance;
        kept->slot = entry->slot;
        kept->site = entry->site;
        kept->stack = entry->stack;
    } else {
        kaa_checked__miss_reference(own->module, NULL);
    }
    pthread_mutex_unlock(&own->module->lock);
}

static void
judge_ledger(kaa_checked__context *own, kaa_checked__frame *frame)
{
    for (size_t i = 0; frame->ledger.count != 0 && i < frame->ledger.capacity;
         i++) {
        const kaa_checked__entry *entry = &frame->ledger.entries[i];

        if (entry->key == 0 || entry->balance <= 0)
            continue;
        if (frame->is_blind)
            keep(own, entry);
        else
            judge(own, frame, entry);
    }
}

/* A block that no call was asked about, which it is from now on. */
static int
next_block(kaa_checked__module *module, kaa_checked__entry *out)
{
    kaa_checked__ledger *blocks = &module->blocks;
    int result = 0;

    pthread_mutex_lock(&module->lock);
    for (size_t i = 0; module->fresh_blocks > 0 && i < blocks->capacity; i++) {
        kaa_checked__entry *entry = &blocks->entries[i];

        if (entry->key == 0 || entry->balance == 0 || entry->what != FRESH)
            continue;
        entry->what = JUDGED;
        module->fresh_blocks--;
        *out = *entry;
        result = 1;
        break;
    }
    pthread_mutex_unlock(&module->lock);
    return result;
}

static void
tell_block(kaa_checked__context *own, const kaa_checked__entry *entry)
{
    kaa_checked__entry *block;

    pthread_mutex_lock(&own->module->lock);
    block = kaa_checked__entry_of(&own->module->blocks, (void *)entry->key, 0);
    if (block != NULL)
        block->what = LEAKED; /* what is in it is nobody's */
    pthread_mutex_unlock(&own->module->lock);
    kaa_checked__tell_leak(own, "leaked memory", NULL, entry,
                           ": a block that nothing of the module refers to");
}

static void
judge_blocks(kaa_checked__context *own, kaa_checked__frame *frame)
{
    kaa_checked__entry entry;

    while (frame->outer == NULL &&
           atomic_load_explicit(&own->module->fresh_blocks,
                                memory_order_relaxed) != 0 &&
           next_block(own->module, &entry))
        if (!frame->is_blind &&
            kaa_checked__count_now(frame, (void *)entry.key) == 0 &&
            kaa_checked__find(own->module, frame, (void *)entry.key, 1) == 0)
            tell_block(own, &entry);
}

/* A kaa_buffer in the function's own variables is gone with it. */
static void
judge_buffers(kaa_checked__context *own, kaa_checked__frame *frame)
{
    while (frame->buffers != NULL) {
        kaa_checked__buffer *one = frame->buffers;
        uintptr_t at = (uintptr_t)one->buffer, here = (uintptr_t)frame;

        frame->buffers = one->next;
        if (at < here && here - at < STACK_MAX)
            kaa_checked__tell(own, "buffer not released", SLOT_buffer_get,
                              one->owner, NULL, ", whose memory is lent");
        kaa_base__free(one);
    }
}

/* Before anything else is looked at, the lock is held again. */
static void
judge_lock(kaa_checked__context *own, kaa_checked__frame *frame)
{
    if (!frame->is_let_go)
        return;
    own->inner->api->end_allow_threads(own->inner, frame->begun);
    frame->is_let_go = 0;
    kaa_checked__tell(own, "threads not stopped", SLOT_begin_allow_threads,
                      NULL, NULL, ": kaa_end_allow_threads() is missing");
}

/* kaa_enter_call() and kaa_repr_enter() go in pairs with what ends them. */
static void
judge_pairs(kaa_checked__context *own, const kaa_checked__frame *frame)
{
    int32_t rest = frame->calls;

    if (frame->calls > 0)
        kaa_checked__tell(own, "call not left", SLOT_enter_call, NULL, NULL,
                          ": kaa_leave_call() is missing");
    for (; rest > 0; rest--)
        own->inner->api->leave_call(own->inner);
    if (frame->reprs > 0)
        kaa_checked__tell(own, "repr not left", SLOT_repr_enter, NULL, NULL,
                          ": kaa_repr_leave() is missing");
}

static void
free_snapshots(kaa_checked__context *own, kaa_checked__frame *frame)
{
    kaa_checked__snapshot *seen;

    while ((seen = frame->snapshots) != NULL) {
        kaa_object *instance = seen->instance;

        frame->snapshots = seen->next;
        kaa_base__free(seen);
        kaa_decref(own->inner, instance);
    }
}

void
kaa_checked__frame_end(kaa_checked__context *own, kaa_checked__frame *frame)
{
    judge_pairs(own, frame);
    judge_buffers(own, frame);
    kaa_checked__release_all(own, frame);
    kaa_checked__settle_kept(own, frame);
    kaa_checked__judge_data(own, frame);
    if (frame->lent_count != 0)
        kaa_checked__judge_lent(own, frame);
    judge_ledger(own, frame);
    judge_blocks(own, frame);
    kaa_checked__ledger_fini(&frame->ledger);
    own->frame = frame->outer;
    free_snapshots(own, frame);
}

/* ---- Calls */

static intptr_t
read_result(kaa_checked__kind kind, intptr_t raw)
{
    return kind == RETURNS_STATUS || kind == RETURNS_TRUTH ? (int)raw : raw;
}

/* KAA_CHECKED_RAISE: the call fails in place of what it did. */
static intptr_t
raise_mistake(kaa_checked__context *own, const kaa_checked__frame *frame,
              kaa_checked__kind kind, intptr_t result)
{
    kaa_context *ctx = own->inner;

    if (own->module->mode != KAA_CHECKED_RAISE || frame->mistakes == 0 ||
        kind > RETURNS_SIZE)
        return result;
    kaa_error_clear(ctx);
    if (kind <= RETURNS_NEXT)
        kaa_decref(ctx, (kaa_object *)result);
    kaa_raise(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR), frame->text);
    return kind <= RETURNS_NEXT ? 0 : -1;
}

static void
see_state(kaa_checked__context *own, kaa_object *module)
{
    size_t bytes = own->module->definition.state_bytes;
    void *state = kaa_module_state(own->inner, module);

    pthread_mutex_lock(&own->module->lock);
    if (state != NULL && !kaa_checked__add_region(own->module, state, bytes))
        kaa_checked__miss(own->module, own->frame);
    pthread_mutex_unlock(&own->module->lock);
    kaa_checked__see_data(own, state, bytes, &own->module->state, NULL);
}

static void
see_self(kaa_checked__context *own, const kaa_checked__thunk *thunk,
         intptr_t self)
{
    const void *data = (const void *)self;

    if (thunk->is_exec && own->module->definition.state_bytes != 0)
        see_state(own, (kaa_object *)self);
    if (thunk->data_bytes == 0 || self == 0)
        return;
    if (thunk->kind < CLEARS_DATA)
        data = kaa_data(own->inner, (kaa_object *)self);
    kaa_checked__see_data(own, data, thunk->data_bytes, thunk->spec, NULL);
    kaa_checked__know_data(own->module, data, thunk->spec);
}

static intptr_t
call(const kaa_checked__thunk *thunk, const intptr_t *given)
{
    intptr_t answer =
        thunk->function(given[0], given[1], given[2], given[3], given[4]);

    return read_result(thunk->kind, answer);
}

/* A function that can fail does so where it cannot be checked; what ends data
 * cannot, and runs. */
static intptr_t
call_unchecked(const kaa_checked__thunk *thunk, const intptr_t *given)
{
    if (thunk->kind > RETURNS_HASH)
        return call(thunk, given);
    kaa_raise_memory((kaa_context *)given[0]);
    return thunk->kind <= RETURNS_NEXT ? 0 : -1;
}

void
kaa_checked__called(void *result, void *const *arguments, void *user)
{
    const kaa_checked__thunk *thunk = user;
    kaa_checked__context *own;
    kaa_checked__frame frame;
    intptr_t given[5], answer;
    int had_error;

    for (int i = 0; i < 5; i++)
        memcpy(&given[i], arguments[i], sizeof(given[i]));
    own = kaa_checked__context_of(thunk->module, (kaa_context *)given[0]);
    if (own == NULL || own->is_telling) {
        answer =
            own == NULL ? call_unchecked(thunk, given) : call(thunk, given);
        memcpy(result, &answer, sizeof(answer));
        return;
    }
    if (thunk->module->mode == KAA_CHECKED_TRACE) {
        answer = kaa_checked__trace_call(own, thunk, given);
        memcpy(result, &answer, sizeof(answer));
        return;
    }
    kaa_checked__frame_init(&frame, thunk->name);
    frame.outer = own->frame;
    frame.thunk = thunk;
    frame.given = given;
    own->frame = &frame;
    had_error = kaa_error_occurred(own->inner);
    see_self(own, thunk, given[1]);
    given[0] = (intptr_t)&own->open;
    answer = call(thunk, given);
    judge_lock(own, &frame);
    if (thunk->kind <= RETURNS_NEXT && answer != 0 &&
        !kaa_checked__lose(own, (kaa_object *)answer, SLOT_NONE, NULL))
        kaa_incref(own->inner, (kaa_object *)answer);
    if (!had_error)
        answer = kaa_checked__judge_result(own, thunk, given, answer);
    kaa_checked__frame_end(own, &frame);
    kaa_checked__end_child(own, &frame);
    answer = raise_mistake(own, &frame, thunk->kind, answer);
    memcpy(result, &answer, sizeof(answer));
}
