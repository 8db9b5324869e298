/* checked/trace.c - KAA_CHECKED_TRACE: a table around the inner one that counts
 * and times each call of a slot, and each function of the module; no ledger.
 *
 * A thread writes to blocks of its own, one for each function that it was in;
 * who reads adds them up. Time is that of the processor's counter where there
 * is one, put in nanoseconds by whoever reads. The first calls are also logged,
 * each by itself. To read the counter twice takes longer than most calls of
 * slots, so when the log is full, calls that are short are timed now and then,
 * and each such one stands for those before it that were not. What has an
 * inline form in kaa's headers goes on without a call, and is not seen:
 * counting references, an instance's data, small ints.
 */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "checked/look.h"

enum {
    LOGGED_MAX = 1 << 17,
    GAP_LEAST = 8,
    GAP_MASK = 15,      /* what is random of a gap */
    SHORT_TICKS = 2000, /* a microsecond, about */
};

static struct {
    pthread_once_t once;
    uint64_t ticks, ns; /* when the first trace began */
} first_trace = {.once = PTHREAD_ONCE_INIT};

static inline uint64_t
ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return kaa_base__now_ns();
#endif
}

/* ---- Writing */

static _Atomic(kaa_checked__block *) *
bucket_of(kaa_checked__context *own, const kaa_checked__thunk *thunk)
{
    return &own->blocks[((uintptr_t)thunk >> 5) % KAA_CHECKED__BUCKETS];
}

static kaa_checked__block *
find_block(kaa_checked__block *first, const kaa_checked__thunk *thunk)
{
    while (first != NULL && first->thunk != thunk)
        first = first->next;
    return first;
}

static kaa_checked__block *
block_of(kaa_checked__context *own, const kaa_checked__thunk *thunk)
{
    _Atomic(kaa_checked__block *) *bucket = bucket_of(own, thunk);
    kaa_checked__block *first =
        atomic_load_explicit(bucket, memory_order_relaxed);
    kaa_checked__block *block = find_block(first, thunk);

    if (block != NULL)
        return block;
    block = kaa_base__alloc_zeroed(sizeof(*block));
    if (block == NULL) {
        kaa_checked__miss(own->module, NULL);
        return NULL;
    }
    block->thunk = thunk;
    block->next = first;
    atomic_store_explicit(bucket, block, memory_order_release);
    return block;
}

/* Its own thread alone writes. */
static void
add(_Atomic uint64_t *to, uint64_t by)
{
    uint64_t value = atomic_load_explicit(to, memory_order_relaxed);

    atomic_store_explicit(to, value + by, memory_order_relaxed);
}

static void
log_call(kaa_checked__module *module, const kaa_checked__thunk *thunk,
         uint32_t slot, uint64_t start, uint64_t end, int failed)
{
    uint64_t at;
    kaa_checked__logged *one;

    if (module->logged == NULL)
        return;
    at = atomic_load_explicit(&module->logged_count, memory_order_relaxed);
    if (at < LOGGED_MAX)
        at = atomic_fetch_add_explicit(&module->logged_count, 1,
                                       memory_order_relaxed);
    if (at >= LOGGED_MAX)
        return;
    one = &module->logged[at];
    one->start = start;
    one->thread = (uint64_t)pthread_self();
    one->thunk = thunk;
    one->slot = slot;
    one->failed = (uint32_t)failed;
    atomic_store_explicit(&one->end, end, memory_order_release);
}

static int
is_logging(const kaa_checked__module *module)
{
    return module->logged != NULL &&
           atomic_load_explicit(&module->logged_count, memory_order_relaxed) <
               LOGGED_MAX;
}

/* How many calls of a use are not timed after one that took so long. A fixed
 * number might go in step with what the module does. */
static uint32_t
next_gap(kaa_checked__context *own, uint64_t spent)
{
    if (spent >= SHORT_TICKS || is_logging(own->module))
        return 0;
    own->random = own->random * 1664525u + 1013904223u;
    return GAP_LEAST + (own->random >> 24 & GAP_MASK);
}

__attribute__((noinline)) static void
note_time(kaa_checked__context *own, kaa_checked__block *block, uint32_t slot,
          uint64_t start, int failed)
{
    uint64_t end = ticks(), spent = end - start;
    kaa_checked__use *use = &block->uses[slot];

    add(&use->ticks, spent * (use->gap + 1u));
    if (spent > atomic_load_explicit(&use->most, memory_order_relaxed))
        atomic_store_explicit(&use->most, spent, memory_order_relaxed);
    use->until = use->gap = next_gap(own, spent);
    log_call(own->module, block->thunk, slot, start, end, failed);
}

/* When a call begins, if it is timed; else 0. */
static inline uint64_t
begin_call(const kaa_checked__block *block, uint32_t slot)
{
    return block != NULL && block->uses[slot].until == 0 ? ticks() : 0;
}

static inline void
end_call(kaa_checked__context *own, kaa_checked__block *block, uint32_t slot,
         uint64_t start, int failed)
{
    kaa_checked__use *use;

    if (block == NULL)
        return;
    use = &block->uses[slot];
    add(&use->calls, 1);
    if (failed)
        add(&use->failures, 1);
    if (start != 0)
        note_time(own, block, slot, start, failed);
    else if (use->until != 0)
        use->until--;
}

/* ---- The table */

static inline void
note_slot(kaa_checked__context *own, kaa_checked__slot slot, uint64_t start,
          int failed)
{
    end_call(own, own->block, (uint32_t)slot, start, failed);
}

#define KAA_SLOT(result, name, parameters, arguments)                          \
    static result trace_##name parameters                                      \
    {                                                                          \
        kaa_checked__context *traced_own = own_of(ctx);                        \
        uint64_t traced_start = begin_call(traced_own->block, SLOT_##name);    \
        result traced_result;                                                  \
                                                                               \
        ctx = traced_own->inner;                                               \
        traced_result = ctx->api->name arguments;                              \
        note_slot(traced_own, SLOT_##name, traced_start,                       \
                  IS_NUMBER(traced_result) ? (intptr_t)traced_result < 0       \
                                           : (intptr_t)traced_result == 0);    \
        return traced_result;                                                  \
    }
#define KAA_VOID_SLOT(name, parameters, arguments)                             \
    static void trace_##name parameters                                        \
    {                                                                          \
        kaa_checked__context *traced_own = own_of(ctx);                        \
        uint64_t traced_start = begin_call(traced_own->block, SLOT_##name);    \
                                                                               \
        ctx = traced_own->inner;                                               \
        ctx->api->name arguments;                                              \
        note_slot(traced_own, SLOT_##name, traced_start, 0);                   \
    }
#define KAA_BARE_SLOT(result, name, parameters) TRACE_##name
#define TRACE_incref                                                           \
    KAA_VOID_SLOT(incref, (kaa_context * ctx, kaa_object * object),            \
                  (ctx, object))
#define TRACE_decref                                                           \
    KAA_VOID_SLOT(decref, (kaa_context * ctx, kaa_object * object),            \
                  (ctx, object))
#define TRACE_dealloc                                                          \
    KAA_VOID_SLOT(dealloc, (kaa_context * ctx, kaa_object * object),           \
                  (ctx, object))
#define TRACE_raise_format_v                                                   \
    KAA_SLOT(int, raise_format_v,                                              \
             (kaa_context * ctx, kaa_object * type, const char *format,        \
              va_list values),                                                 \
             (ctx, type, format, values))
#define TRACE_int_from_int64                                                   \
    KAA_SLOT(kaa_object *, int_from_int64, (kaa_context * ctx, int64_t value), \
             (ctx, value))
#define TRACE_int_as_int64                                                     \
    KAA_SLOT(int, int_as_int64,                                                \
             (kaa_context * ctx, kaa_object * object, int64_t * out),          \
             (ctx, object, out))
#define TRACE_str_format_v                                                     \
    KAA_SLOT(kaa_object *, str_format_v,                                       \
             (kaa_context * ctx, const char *format, va_list values),          \
             (ctx, format, values))
#define TRACE_instance_data                                                    \
    KAA_SLOT(void *, instance_data,                                            \
             (kaa_context * ctx, kaa_object * instance), (ctx, instance))
#define TRACE_parse_args_v                                                     \
    KAA_SLOT(int, parse_args_v,                                                \
             (kaa_context * ctx, kaa_object *const *args, size_t nargs,        \
              const char *format, va_list out),                                \
             (ctx, args, nargs, format, out))
#define TRACE_parse_keywords_v                                                 \
    KAA_SLOT(int, parse_keywords_v,                                            \
             (kaa_context * ctx, kaa_object *const *args, size_t nargs,        \
              kaa_object *kwnames, const char *format,                         \
              const char *const *names, va_list out),                          \
             (ctx, args, nargs, kwnames, format, names, out))
#define TRACE_build_v                                                          \
    KAA_SLOT(kaa_object *, build_v,                                            \
             (kaa_context * ctx, const char *format, va_list values),          \
             (ctx, format, values))
#define TRACE_poll KAA_SLOT(int, poll, (kaa_context * ctx), (ctx))
#define TRACE_thread_enter
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT

/* Functions and types that a module makes itself are traced, too. */
static kaa_object *
wrap_function_new(kaa_context *ctx, const kaa_method *method, kaa_object *self,
                  kaa_object *module)
{
    if (method != NULL)
        method = kaa_checked__wrap_method(own_of(ctx)->module, method);
    if (method == NULL) {
        kaa_raise_memory(own_of(ctx)->inner);
        return NULL;
    }
    return trace_function_new(ctx, method, self, module);
}

static kaa_object *
wrap_type_new(kaa_context *ctx, const kaa_type_spec *spec, kaa_object *module,
              kaa_object *base)
{
    if (spec != NULL && kaa_checked__can_wrap(spec)) {
        kaa_checked__spec *wrapped =
            kaa_checked__wrap_spec(own_of(ctx)->module, spec);

        if (wrapped == NULL) {
            kaa_raise_memory(own_of(ctx)->inner);
            return NULL;
        }
        spec = &wrapped->spec;
    }
    return trace_type_new(ctx, spec, module, base);
}

static kaa_object *
wrap_module_find(kaa_context *ctx, const kaa_module_def *definition)
{
    const kaa_checked__module *module = own_of(ctx)->module;

    if (definition == module->original)
        definition = &module->definition;
    return trace_module_find(ctx, definition);
}

static void *
wrap_runtime_handle(kaa_context *ctx)
{
    return kaa_checked__handle_of(own_of(ctx)->module, own_of(ctx)->inner);
}

static const kaa_api made = {
    .size = sizeof(kaa_api),
#define KAA_SLOT(result, name, parameters, arguments) .name = trace_##name,
#define KAA_VOID_SLOT(name, parameters, arguments) .name = trace_##name,
#define KAA_BARE_SLOT(result, name, parameters) .name = BARE_##name,
#define BARE_incref trace_incref
#define BARE_decref trace_decref
#define BARE_dealloc trace_dealloc
#define BARE_raise_format_v trace_raise_format_v
#define BARE_int_from_int64 trace_int_from_int64
#define BARE_int_as_int64 trace_int_as_int64
#define BARE_str_format_v trace_str_format_v
#define BARE_instance_data trace_instance_data
#define BARE_parse_args_v trace_parse_args_v
#define BARE_parse_keywords_v trace_parse_keywords_v
#define BARE_build_v trace_build_v
#define BARE_poll trace_poll
#define BARE_thread_enter kaa_checked__thread_enter
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
};
static kaa_api table;

static void
begin(void)
{
    table = made;
    table.function_new = wrap_function_new;
    table.type_new = wrap_type_new;
    table.module_find = wrap_module_find;
    table.runtime_handle = wrap_runtime_handle;
    first_trace.ns = kaa_base__now_ns();
    first_trace.ticks = ticks();
}

const kaa_api *
kaa_checked__trace_table(void)
{
    pthread_once(&first_trace.once, begin);
    return &table;
}

void
kaa_checked__trace_begin(kaa_checked__module *module)
{
    pthread_once(&first_trace.once, begin);
    pthread_mutex_lock(&module->lock);
    if (module->logged == NULL)
        module->logged =
            kaa_base__alloc_zeroed(LOGGED_MAX * sizeof(kaa_checked__logged));
    if (module->logged == NULL)
        kaa_checked__miss(module, NULL);
    pthread_mutex_unlock(&module->lock);
}

/* ---- Functions of the module */

static int
has_failed(kaa_checked__kind kind, intptr_t answer)
{
    if (kind == RETURNS_STATUS || kind == RETURNS_TRUTH)
        return (int)answer < 0;
    if (kind == RETURNS_SIZE || kind == RETURNS_HASH)
        return answer == -1;
    return kind < RETURNS_NEXT && answer == 0;
}

intptr_t
kaa_checked__trace_call(kaa_checked__context *own,
                        const kaa_checked__thunk *thunk, intptr_t *given)
{
    kaa_checked__block *outer = own->block, *block = block_of(own, thunk);
    uint64_t start;
    intptr_t answer;

    given[0] = (intptr_t)&own->open;
    own->block = block;
    start = begin_call(block, SLOT_NONE);
    answer = thunk->function(given[0], given[1], given[2], given[3], given[4]);
    end_call(own, block, SLOT_NONE, start, has_failed(thunk->kind, answer));
    own->block = outer;
    return answer;
}

/* ---- Reading */

/* Nanoseconds a tick. */
static double
scale(void)
{
    uint64_t now_ns = kaa_base__now_ns(), now = ticks();

    return now != first_trace.ticks ? (double)(now_ns - first_trace.ns) /
                                          (double)(now - first_trace.ticks)
                                    : 1;
}

/* All threads' uses of one function and slot. */
static void
sum_up(kaa_checked__module *module, const kaa_checked__thunk *thunk,
       uint32_t slot, double by, kaa_checked_use *out)
{
    uint64_t spent = 0, most = 0;

    *out = (kaa_checked_use){
        .module = module->definition.name,
        .function = thunk->name,
        .slot = kaa_checked__slot_name((kaa_checked__slot)slot)};
    for (kaa_checked__context *one =
             atomic_load_explicit(&module->contexts, memory_order_acquire);
         one != NULL; one = one->next) {
        kaa_checked__block *block = find_block(
            atomic_load_explicit(bucket_of(one, thunk), memory_order_acquire),
            thunk);
        kaa_checked__use *use;
        uint64_t longest;

        if (block == NULL)
            continue;
        use = &block->uses[slot];
        out->calls += atomic_load_explicit(&use->calls, memory_order_relaxed);
        out->failures +=
            atomic_load_explicit(&use->failures, memory_order_relaxed);
        spent += atomic_load_explicit(&use->ticks, memory_order_relaxed);
        longest = atomic_load_explicit(&use->most, memory_order_relaxed);
        most = longest > most ? longest : most;
    }
    out->total_ns = (uint64_t)((double)spent * by);
    out->max_ns = (uint64_t)((double)most * by);
}

size_t
kaa_checked_uses(kaa_checked_use *out, size_t capacity)
{
    double by = scale();
    size_t count = 0;

    for (kaa_checked__module *module = kaa_checked__modules(); module != NULL;
         module = module->next) {
        pthread_mutex_lock(&module->lock);
        for (const kaa_checked__thunk *thunk =
                 module->mode == KAA_CHECKED_TRACE ? module->thunks : NULL;
             thunk != NULL; thunk = thunk->next)
            for (uint32_t slot = 0; slot <= SLOT_NONE; slot++) {
                kaa_checked_use one;

                sum_up(module, thunk, slot, by, &one);
                if (one.calls == 0)
                    continue;
                if (count < capacity && out != NULL)
                    out[count] = one;
                count++;
            }
        pthread_mutex_unlock(&module->lock);
    }
    return count;
}

size_t
kaa_checked_calls(kaa_checked_call *out, size_t capacity)
{
    double by = scale();
    size_t count = 0;

    for (kaa_checked__module *module = kaa_checked__modules(); module != NULL;
         module = module->next) {
        size_t logged = (size_t)atomic_load_explicit(&module->logged_count,
                                                     memory_order_relaxed);

        if (logged > LOGGED_MAX)
            logged = LOGGED_MAX;
        for (size_t i = 0; i < logged; i++) {
            const kaa_checked__logged *one = &module->logged[i];
            uint64_t end =
                atomic_load_explicit(&one->end, memory_order_acquire);

            if (end == 0)
                continue; /* it is being written */
            if (count < capacity && out != NULL)
                out[count] = (kaa_checked_call){
                    .module = module->definition.name,
                    .function = one->thunk->name,
                    .slot =
                        kaa_checked__slot_name((kaa_checked__slot)one->slot),
                    .start_ns =
                        (uint64_t)((double)(one->start - first_trace.ticks) *
                                   by),
                    .end_ns =
                        (uint64_t)((double)(end - first_trace.ticks) * by),
                    .thread = one->thread,
                    .failed = one->failed,
                };
            count++;
        }
    }
    return count;
}
