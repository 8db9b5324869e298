/* checked/checked.h - the checked context: a table around another one, for one
 * module, that names the module's mistakes with references.
 *
 *     host --kaa_context--> thunk --checked context--> the module's function
 *                             |                              |
 *                           frame: a ledger <--table.c-- slots of the table
 *
 * The module's definition is copied with a thunk for each function
 * (definition.c), so a host sees a module like any other. A thunk opens a frame
 * (frame.c), calls the function with a checked context, whose table (table.c)
 * enters references taken and given into the frame's ledger (ledger.c), and
 * judges at the end. What the function still owns then must stand somewhere in
 * memory that the module can reach (memory.c), else it is leaked. What is found
 * there is *kept*, in the module's own ledger, and may be given up by a later
 * call. A mistake that would harm the process is undone: a reference that is
 * not the module's is not given up, one that is missing is taken.
 *
 * The counting of a checked context is KAA_COUNT_CALL and its data_offset 0, so
 * that kaa_incref(), kaa_decref() and kaa_data() come to the table. Handles
 * that are values themselves (kaa_is_tagged()) have no count and no ledger.
 *
 * The GIL of the inner context guards nothing here: frames belong to a thread,
 * and what threads share has a mutex.
 */
#ifndef KAA_CHECKED_CHECKED_H
#define KAA_CHECKED_CHECKED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <kaa/checked.h>
#include <kaa/closure.h>
#include <kaa/module.h>

#include "checked/ledger.h"

/* As kaa_module__open(), and where `choice` (may be NULL), KAA_CHECK or
 * kaa_checked_select() name the module, its checked definition, which is always
 * the same one. `choice` is as the text of KAA_CHECK. */
kaa_status kaa_checked__open(const char *path, const char *choice,
                             const kaa_module_def **out, kaa_error *err);

/* ---- choice.c */

/* Whether the module of this file and name is to be checked, by `choice` (may
 * be NULL), KAA_CHECK or kaa_checked_select(), and how. */
kaa_status kaa_checked__is_chosen(const char *path, const char *name,
                                  const char *choice, uint32_t *out_mode,
                                  int *out, kaa_error *err);

/* ---- definition.c */

/* The kinds of functions that modules have, by what they return. */
typedef enum kaa_checked__kind {
    RETURNS_OBJECT,
    RETURNS_STR,
    RETURNS_INT_OBJECT,
    RETURNS_FLOAT_OBJECT,
    RETURNS_NEXT,   /* NULL without an exception is the end */
    RETURNS_STATUS, /* an int: 0, or -1 */
    RETURNS_TRUTH,  /* an int: 0, 1, or -1 */
    RETURNS_SIZE,
    RETURNS_HASH,
    RETURNS_NOTHING, /* about an object */
    CLEARS_DATA,     /* the same, about data */
    ENDS_DATA        /* and those are gone afterwards */
} kaa_checked__kind;

/* Where the objects among a function's arguments are, behind ctx and self. */
typedef enum kaa_checked__takes {
    TAKES_NONE,
    TAKES_ONE,
    TAKES_TWO,
    TAKES_ARRAY /* items, count */
} kaa_checked__takes;

typedef intptr_t kaa_checked__function(intptr_t a, intptr_t b, intptr_t c,
                                       intptr_t d, intptr_t e);

/* One function of a module; lives as long as the process. */
typedef struct kaa_checked__thunk {
    struct kaa_checked__thunk *next;
    struct kaa_checked__module *module;
    kaa_checked__function *function;
    kaa_closure *closure;
    char *name; /* "function", "Type.method" */
    kaa_checked__kind kind;
    kaa_checked__takes takes;
    size_t data_bytes; /* of its self, or of its data; 0: neither */
    int is_exec;       /* it fills the module */
    int is_buffer;     /* get_buffer */
    const struct kaa_checked__spec *spec; /* whose data; may be NULL */
} kaa_checked__thunk;

/* A type of the module's; lives as long as the process. */
typedef struct kaa_checked__spec {
    struct kaa_checked__spec *next;
    const kaa_type_spec *original;
    kaa_type_spec before; /* the original's content */
    kaa_type_spec spec;
    size_t base_bytes; /* of the data, the base's; SIZE_MAX: not known */
} kaa_checked__spec;

/* What a module has for a runtime's handle: see kaa_thread_enter(). */
typedef struct kaa_checked__handle {
    struct kaa_checked__handle *next;
    const kaa_api *api;
    void *handle;
} kaa_checked__handle;

typedef struct kaa_checked__region {
    struct kaa_checked__region *next;
    const void *start;
    size_t bytes;
    int is_static; /* the file's own: there as long as the process */
} kaa_checked__region;

/* One call of a trace's log, in ticks. */
typedef struct kaa_checked__logged {
    uint64_t start, thread;
    const kaa_checked__thunk *thunk;
    uint32_t slot, failed;
    _Atomic uint64_t end; /* 0: not yet written */
} kaa_checked__logged;

/* A method that a function_new() was called with. */
struct kaa_checked__method {
    struct kaa_checked__method *next;
    const kaa_method *original;
    kaa_method before;
    kaa_method method;
};

enum { KAA_CHECKED__TEXTS = 11 };

/* What was told, for kaa_checked_get(). */
typedef struct kaa_checked__told {
    struct kaa_checked__told *next;
    uint64_t count;
    const char *texts[KAA_CHECKED__TEXTS]; /* as kaa_checked_mistake has them */
    const char *first_stack; /* of a leak, which is told no more; or NULL */
    int is_of_module;        /* a part of it, with texts that are constant */
} kaa_checked__told;

/* A call that was made to fail: see fault.c. */
typedef struct kaa_checked__failed {
    struct kaa_checked__failed *next;
    const char *function;
    const void *site;
    kaa_checked__slot slot;
    const char *outcome;
    char exception[64];
    uint64_t mistakes;
} kaa_checked__failed;

/* A checked module; lives as long as the process, as its file does. */
typedef struct kaa_checked__module {
    struct kaa_checked__module *next;
    const kaa_module_def *original;
    kaa_module_def definition;
    uint32_t mode; /* KAA_CHECKED_* */
    size_t data_bytes_max;
    pthread_mutex_t lock; /* for what follows */
    kaa_checked__spec *specs;
    kaa_checked__spec state; /* what there is of a state, as if of a type */
    struct kaa_checked__method *methods;
    kaa_checked__thunk *thunks;
    _Atomic(struct kaa_checked__context *) contexts; /* read without it */
    kaa_checked__handle *handles;
    kaa_checked__region *regions; /* states, static data */
    kaa_checked__ledger kept;     /* references, beyond a call */
    kaa_checked__ledger blocks;   /* of mem_alloc */
    _Atomic size_t fresh_blocks;  /* not yet judged; read without it */
    kaa_checked__ledger words;    /* of data: see data.c */
    kaa_checked__ledger owners;   /* types by data, specs by type */
    uintptr_t loaded;             /* the loader's record of the file */
    uintptr_t first, last;        /* where the file is in memory */
    int is_blind;                 /* a block could not be entered */
    kaa_checked__stacks stacks;
    atomic_int is_noting;       /* stacks; read without the lock */
    kaa_checked__ledger failed; /* the places that have failed once */
    kaa_checked__failed *failures;
    kaa_checked__failed **failures_end;
    _Atomic uint64_t progress_at; /* when it is next told how many; 0: not yet
                                     begun */
    kaa_checked__failed *failing; /* in a child: what it was made for */
    int answer; /* in a child: where mistakes go; 0: this is no child */
    char failed_at[120];
    kaa_checked__logged *logged; /* of a trace; NULL: there is none */
    _Atomic uint64_t logged_count;
    kaa_checked__told missed; /* how often memory was short */
    atomic_int has_missed; /* a reference: see kaa_checked__miss_reference() */
} kaa_checked__module;

/* A spec that is refused is shown to the inner context as it is. */
int kaa_checked__can_wrap(const kaa_type_spec *spec);
/* The checked form of a spec or a method; the same one for the same content.
 * NULL: memory is short. */
kaa_checked__spec *kaa_checked__wrap_spec(kaa_checked__module *module,
                                          const kaa_type_spec *spec);
const kaa_method *kaa_checked__wrap_method(kaa_checked__module *module,
                                           const kaa_method *method);
/* The modules there are, newest first. */
kaa_checked__module *kaa_checked__modules(void);

/* Frees all modules, and forgets all mistakes: for tests, when no runtime is
 * left that has imported a checked module. */
void kaa_checked__end(void);

/* ---- free.c */

/* Those that are newer than `last`, which may be NULL. */
void kaa_checked__free_thunks(kaa_checked__module *module,
                              const kaa_checked__thunk *last);
void kaa_checked__free_spec(kaa_checked__spec *own);
void kaa_checked__free_module(kaa_checked__module *module);

/* ---- frame.c */

/* An instance's data as they were when the function first saw them. */
typedef struct kaa_checked__snapshot {
    struct kaa_checked__snapshot *next;
    const void *data;
    const kaa_checked__spec *spec; /* NULL: not known */
    kaa_object *instance; /* held as long as this; NULL: the caller does */
    size_t words;
    uintptr_t before[];
} kaa_checked__snapshot;

typedef struct kaa_checked__buffer {
    struct kaa_checked__buffer *next;
    const kaa_buffer *buffer;
    kaa_object *owner;
} kaa_checked__buffer;

/* What a slot has lent: text, bytes, the memory of a buffer, an item. Its owner
 * is held until the call ends, so that a late use is a mistake and no crash. */
typedef struct kaa_checked__lent {
    const char *start;
    size_t bytes; /* 0: an item, at `start` */
    kaa_object *owner;
    uint32_t hash; /* of what may not be written; 0: it may */
    uint32_t slot;
    const void *site;
    int is_over; /* a buffer that was released */
} kaa_checked__lent;

enum { HELD_MAX = 32, LENT_MAX = 32 };

/* One call of a function of the module. */
typedef struct kaa_checked__frame {
    struct kaa_checked__frame *outer;
    const char *function;
    const kaa_checked__thunk *thunk; /* NULL: a thread */
    const intptr_t *given;           /* the arguments, with it */
    kaa_checked__ledger ledger;
    kaa_checked__snapshot *snapshots;
    uint32_t snapshot_count;
    int is_blind; /* something was not seen: nothing is said of references */
    kaa_checked__buffer *buffers;
    void *begun; /* what begin_allow_threads() gave; NULL: the GIL is held */
    int is_let_go;
    int is_taken_back; /* by force; end_allow_threads() is still to come */
    int is_thread;     /* from thread_enter to thread_leave */
    int may_be_pending;
    int has_called;       /* what may set attributes */
    int32_t calls, reprs; /* entered and not left */
    uint32_t mistakes;
    uint32_t held_count;
    uint32_t lent_count;
    int has_items;           /* among what is lent */
    uint64_t held_mask[4];   /* which addresses may be in `held`, or lent by
                                them */
    kaa_checked__lent *lent; /* of LENT_MAX, the context's; NULL: none */
    /* From here on not cleared. */
    kaa_checked__entry few[LEDGER_FEW];
    kaa_object *held[HELD_MAX]; /* released, and kept until the call ends */
    char text[512];             /* the first mistake */
} kaa_checked__frame;

enum { KAA_CHECKED__SITES = 256, KAA_CHECKED__BUCKETS = 32 };

/* What a traced function has called, and the function itself; one thread's. */
typedef struct kaa_checked__use {
    _Atomic uint64_t calls, ticks, most, failures;
    uint32_t until; /* calls that are not timed, before one that is */
    uint32_t gap;   /* of those, when that began: it stands for them too */
} kaa_checked__use;

typedef struct kaa_checked__block {
    struct kaa_checked__block *next;
    const kaa_checked__thunk *thunk;
    kaa_checked__use uses[SLOT_NONE + 1]; /* by slot */
} kaa_checked__block;

/* The context that functions of a module are called with: one for each thread
 * and inner context. */
typedef struct kaa_checked__context {
    kaa_context open;
    kaa_context *inner;
    kaa_checked__module *module;
    pthread_t thread;
    const void *self;          /* the same: kaa_checked__self() */
    kaa_checked__frame *frame; /* the innermost call */
    int is_telling;            /* what happens belongs to a report */
    int is_watched;            /* its thread's end is seen */
    kaa_checked__lent *spare;  /* for the next call that is lent something */
    const void *within;        /* who called a slot that calls others */
    const uintptr_t *at;       /* the frame of the slot that was called last */
    const void *own_sites[KAA_CHECKED__SITES]; /* some of those in the module's
                                                  own functions, by hash */
    kaa_checked__ledger sites; /* which are in functions of kaa's headers */
    kaa_checked__block *block; /* of a trace: the innermost function's */
    uint32_t random;           /* for gaps */
    _Atomic(kaa_checked__block *) blocks[KAA_CHECKED__BUCKETS];
    struct kaa_checked__context *next;
} kaa_checked__context;

/* An address of the calling thread's own. */
static inline const void *
kaa_checked__self(void)
{
#if defined(__has_builtin)
#if __has_builtin(__builtin_thread_pointer)
#define KAA_CHECKED__SELF __builtin_thread_pointer()
#endif
#endif
#ifndef KAA_CHECKED__SELF
#define KAA_CHECKED__SELF ((const void *)(uintptr_t)pthread_self())
#endif
    return KAA_CHECKED__SELF;
}

/* This thread's; NULL: memory is short. */
kaa_checked__context *kaa_checked__context_of(kaa_checked__module *module,
                                              kaa_context *inner);
/* What a thunk's closure calls. */
void kaa_checked__called(void *result, void *const *arguments, void *thunk);
void kaa_checked__frame_init(kaa_checked__frame *frame, const char *function);
/* How often `object` stands in the data that the call has seen: as they were,
 * and as they are. */
size_t kaa_checked__count_before(const kaa_checked__context *own,
                                 const kaa_checked__frame *frame,
                                 const kaa_object *object);
size_t kaa_checked__count_now(const kaa_checked__frame *frame,
                              const void *object);
/* Judges what the frame still owns, and frees what it has. */
void kaa_checked__frame_end(kaa_checked__context *own,
                            kaa_checked__frame *frame);
/* `instance` is held until the call ends; NULL: the caller has it so long.
 * `spec` NULL: the data may be shorter. */
void kaa_checked__see_data(kaa_checked__context *own, const void *data,
                           size_t bytes, const kaa_checked__spec *spec,
                           kaa_object *instance);
/* A reference came. NULL is allowed. */
void kaa_checked__gain(kaa_checked__context *own, kaa_object *object,
                       kaa_checked__slot slot, const void *site);
/* One goes: 1, or 0: it is not the function's, which has been told. */
int kaa_checked__lose(kaa_checked__context *own, kaa_object *object,
                      kaa_checked__slot slot, const void *site);

/* ---- kept.c: what a module holds between its calls */

/* 1: a reference that the module keeps goes, or one of data: see the next. */
int kaa_checked__take_kept(const kaa_checked__context *own,
                           const kaa_object *object);
/* At the end of a call: where data have lost a reference that was taken for one
 * that is kept, it is that. */
void kaa_checked__settle_kept(kaa_checked__context *own,
                              kaa_checked__frame *frame);

/* ---- result.c: what a function gave back */

/* The result that the host is given for it. */
intptr_t kaa_checked__judge_result(kaa_checked__context *own,
                                   const kaa_checked__thunk *thunk,
                                   const intptr_t *given, intptr_t result);

/* ---- data.c: what stands in the data of instances and in a module's state */

/* `what` an entry of a module's words is: whether it came with a reference. */
enum { OWNED = 1, BORROWED = 2 };
/* The same of its owners: a type, and no instance's data. */
enum { OWNER_IS_TYPE = 1 };

/* A type made from `spec` is an object now. */
void kaa_checked__know_type(kaa_checked__context *own, kaa_checked__spec *spec,
                            const kaa_object *type, const kaa_object *base);
/* These are the data of an instance of it. */
void kaa_checked__know_data(kaa_checked__module *module, const void *data,
                            const kaa_checked__spec *spec);
/* What is known of the instance with these data; NULL: nothing. */
const kaa_checked__spec *kaa_checked__spec_of(kaa_checked__module *module,
                                              const void *data);
/* Whether the reference at a place in data is known to be somebody else's. */
int kaa_checked__is_borrowed(kaa_checked__module *module, const void *place,
                             const kaa_object *object);
/* At the end of a call, before its ledger is judged: what the function has put
 * into the data it has seen, taken out, and left there. */
void kaa_checked__judge_data(kaa_checked__context *own,
                             kaa_checked__frame *frame);

/* ---- uses.c: objects and pointers after their time */

/* Where a module's function stands: for what the macros of table.c look at. */
typedef struct kaa_checked__look {
    kaa_checked__context *own;
    kaa_checked__frame *frame;
    kaa_checked__slot slot;
    int index; /* of the next argument, among the objects */
    kaa_object *const *items;
    const void *site;
} kaa_checked__look;

/* Gives up the function's reference, at the end of the call. */
void kaa_checked__release(kaa_checked__context *own, kaa_object *object);
void kaa_checked__release_all(kaa_checked__context *own,
                              kaa_checked__frame *frame);
/* References to `object` that only this file holds. */
size_t kaa_checked__held(const kaa_checked__context *own,
                         const kaa_object *object);
/* NULL for an object: 1 if the slot allows it, else it has been told. */
int kaa_checked__see_null(const kaa_checked__look *look);
/* An object that may be dead but for the holding. */
void kaa_checked__see_use(const kaa_checked__look *look, kaa_object *object);
void kaa_checked__see_text(const kaa_checked__look *look, const void *text);
/* Whether a slot asks for no more than a look, or moves references and
 * exceptions about: it needs nothing, and nothing can fail. */
int kaa_checked__only_looks(kaa_checked__slot slot);
/* A slot that must not be called with an exception pending. */
void kaa_checked__see_pending(kaa_checked__context *own, kaa_checked__slot slot,
                              const void *site);
void kaa_checked__lend(kaa_checked__context *own, const void *start,
                       size_t bytes, kaa_object *owner, int is_writable,
                       kaa_checked__slot slot, const void *site);
/* The buffer's memory is its owner's again. */
void kaa_checked__lent_over(kaa_checked__context *own, const void *start);
/* At the end of a call: what was written, what was kept. */
void kaa_checked__judge_lent(kaa_checked__context *own,
                             kaa_checked__frame *frame);

static inline void
kaa_checked__mask(kaa_checked__frame *frame, const void *object)
{
    size_t bit = ((uintptr_t)object >> 4) % 256;

    frame->held_mask[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline int
kaa_checked__is_masked(const kaa_checked__frame *frame, const void *object)
{
    size_t bit = ((uintptr_t)object >> 4) % 256;

    return (int)(frame->held_mask[bit / 64] >> (bit % 64) & 1);
}

/* ---- fault.c */

/* KAA_CHECKED_FAULT: 1 if the call is to fail, with the exception pending. */
int kaa_checked__fault(const kaa_checked__look *look);
/* A child ends with the outermost call of the module. */
void kaa_checked__end_child(kaa_checked__context *own,
                            const kaa_checked__frame *frame);

static inline int
kaa_checked__is_failing(const kaa_checked__look *look)
{
    return look->own->module->mode == KAA_CHECKED_FAULT &&
           kaa_checked__fault(look);
}

/* ---- memory.c */

/* How many words equal to `key` are in memory that the module can reach, the
 * snapshots' own aside, up to `enough`; `enough` where it cannot be told. */
size_t kaa_checked__find(kaa_checked__module *module,
                         const kaa_checked__frame *frame, const void *key,
                         size_t enough);
/* Which of at most 64 pointers stand in the module's own static data: a bit for
 * each, the first's is 1. */
uint64_t kaa_checked__find_static(kaa_checked__module *module,
                                  const void *const *keys, size_t count);
/* Reads memory that may not be there; how many bytes from the start could. */
size_t kaa_checked__read(const void *address, void *out, size_t bytes);
/* Adds the file's own writable data to the module's regions. */
int kaa_checked__add_static(kaa_checked__module *module);
int kaa_checked__add_region(kaa_checked__module *module, const void *start,
                            size_t bytes);

/* ---- report.c */

/* Tells of a mistake; `object` may be NULL. `more` ends the sentence. */
void kaa_checked__tell(kaa_checked__context *own, const char *kind,
                       kaa_checked__slot slot, kaa_object *object,
                       const void *site, const char *more);
/* The same of a leak, by what is known of who took it. */
void kaa_checked__tell_leak(kaa_checked__context *own, const char *kind,
                            kaa_object *object, const kaa_checked__entry *leak,
                            const char *more);
/* Memory was short: something was not noted, which is told. `frame`, if it is
 * not NULL, says nothing of references from now on. Other locks may be held. */
void kaa_checked__miss(kaa_checked__module *module, kaa_checked__frame *frame);
/* The same of a reference that came: from now on nothing is said of any that
 * the module gives up, since it may be that one. */
void kaa_checked__miss_reference(kaa_checked__module *module,
                                 kaa_checked__frame *frame);
/* Frees all that was told. */
void kaa_checked__forget(void);
/* place.c: "file.c:41", or "function+0x12", or "module.so+0x1234" of where the
 * call returns to; nothing is written where none is known. */
void kaa_checked__place(const void *address, char *out, size_t size);
/* The place in the module that has called, whose slot returns to `site`. */
const void *kaa_checked__caller(kaa_checked__context *own, const void *site);
/* The module's calls that this thread is in, from `caller` on, the innermost
 * first; how many. */
size_t kaa_checked__calls_from(const kaa_checked__module *module,
                               const void *caller, const void **out,
                               size_t max);
/* A line "file.c:41 (function)" for each call. */
void kaa_checked__tell_calls(const void *const *calls, size_t count, char *out,
                             size_t size);
/* Takes one mistake of a child's, or what came of it in the end, into `failed`:
 * the bytes used, or 0: it is not complete. */
size_t kaa_checked__hear(kaa_checked__module *module,
                         kaa_checked__failed *failed, const char *told,
                         size_t length);
/* What came of this process, which is a child's. */
void kaa_checked__send_end(const kaa_checked__module *module);
const char *kaa_checked__slot_name(kaa_checked__slot slot);

/* ---- stacks.c */

/* The number of the calls that take a reference at `site`; 0: not noted. */
uint16_t kaa_checked__note_stack(kaa_checked__module *module, const void *site);
/* What was taken there has leaked, by a stack that is known or not. */
void kaa_checked__want_stack(kaa_checked__module *module, const void *site,
                             uint32_t number);
/* The calls of a number; how many. */
size_t kaa_checked__stack_of(kaa_checked__module *module, uint32_t number,
                             const void **out, size_t max);
void kaa_checked__free_stacks(kaa_checked__stacks *self);

static inline uint16_t
kaa_checked__stack_at(kaa_checked__module *module, const void *site)
{
    if (!atomic_load_explicit(&module->is_noting, memory_order_relaxed))
        return 0;
    return kaa_checked__note_stack(module, site);
}

/* ---- table.c */

const kaa_api *kaa_checked__table(void);
/* The inner context, having looked whether the slot may be called at all; NULL:
 * it may not, and cannot be, which has been told. */
kaa_context *kaa_checked__enter(kaa_context *ctx, kaa_checked__slot slot,
                                const void *site);

/* Whether a slot may run what sets attributes. */
static inline int
kaa_checked__is_calling(kaa_checked__slot slot)
{
    return (slot >= SLOT_set_attr && slot <= SLOT_generic_set_attr) ||
           (slot >= SLOT_call && slot <= SLOT_call_method);
}

/* ---- objects.c */

void kaa_checked__fill_objects(kaa_api *table);

/* ---- lent.c: buffers, memory, threads */

/* `what` a block of memory is: of no call that has ended yet; referred to by
 * the module; told of. */
enum { FRESH, JUDGED, LEAKED };

void kaa_checked__fill_lent(kaa_api *table);
kaa_context *kaa_checked__thread_enter(void *handle);

/* ---- trace.c: KAA_CHECKED_TRACE */

const kaa_api *kaa_checked__trace_table(void);
/* Before the module's first call. */
void kaa_checked__trace_begin(kaa_checked__module *module);
intptr_t kaa_checked__trace_call(kaa_checked__context *own,
                                 const kaa_checked__thunk *thunk,
                                 intptr_t *given);
/* What a module has for a runtime's handle; NULL: memory is short. */
void *kaa_checked__handle_of(kaa_checked__module *module, kaa_context *inner);

#endif /* KAA_CHECKED_CHECKED_H */
