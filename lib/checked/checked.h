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
#include <stdint.h>

#include <kaa/checked.h>
#include <kaa/closure.h>
#include <kaa/module.h>

/* As kaa_module__open(), and where `choice` (may be NULL), KAA_CHECK or
 * kaa_checked_select() name the module, its checked definition, which is always
 * the same one. `choice` is as the text of KAA_CHECK. */
kaa_status kaa_checked__open(const char *path, const char *choice,
                             const kaa_module_def **out, kaa_error *err);

typedef enum kaa_checked__slot {
#define KAA_SLOT(result, name, parameters, arguments) SLOT_##name,
#define KAA_VOID_SLOT(name, parameters, arguments) SLOT_##name,
#define KAA_BARE_SLOT(result, name, parameters) SLOT_##name,
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
    SLOT_NONE
} kaa_checked__slot;

/* ---- ledger.c: what is owned, by address */

typedef struct kaa_checked__entry {
    uintptr_t key;    /* 0: empty */
    int64_t balance;  /* references owned; bytes of a block */
    uint32_t moved;   /* references taken over from an instance's data */
    uint32_t slot;    /* that gave the last one */
    const void *site; /* its caller */
} kaa_checked__entry;

typedef struct kaa_checked__ledger {
    kaa_checked__entry *entries;
    size_t capacity;             /* a power of two, or 0 */
    size_t count;                /* with those whose balance is 0 */
    kaa_checked__entry *storage; /* not to be freed; may be NULL */
} kaa_checked__ledger;

/* NULL: there is none, or with `add`, memory is short. */
kaa_checked__entry *kaa_checked__entry_of(kaa_checked__ledger *ledger,
                                          const void *key, int add);
void kaa_checked__ledger_fini(kaa_checked__ledger *ledger);

/* ---- definition.c */

/* The kinds of functions that modules have, by what they return. */
typedef enum kaa_checked__kind {
    RETURNS_OBJECT,
    RETURNS_NEXT, /* NULL without an exception is the end */
    RETURNS_INT,
    RETURNS_SIZE,
    RETURNS_HASH,
    RETURNS_NOTHING, /* about an object */
    ENDS_DATA        /* the same, about data: clear, destroy */
} kaa_checked__kind;

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
    size_t data_bytes; /* of its self, or of its data; 0: neither */
    int is_exec;       /* it fills the module */
} kaa_checked__thunk;

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
} kaa_checked__region;

/* A checked module; lives as long as the process, as its file does. */
typedef struct kaa_checked__module {
    struct kaa_checked__module *next;
    const kaa_module_def *original;
    kaa_module_def definition;
    uint32_t mode; /* KAA_CHECKED_* */
    size_t data_bytes_max;
    pthread_mutex_t lock; /* for what follows */
    struct kaa_checked__spec *specs;
    struct kaa_checked__method *methods;
    kaa_checked__thunk *thunks;
    struct kaa_checked__context *contexts;
    kaa_checked__handle *handles;
    kaa_checked__region *regions; /* states, static data */
    kaa_checked__ledger kept;     /* references, beyond a call */
    kaa_checked__ledger blocks;   /* of mem_alloc */
    size_t fresh_blocks;          /* not yet judged */
    uintptr_t loaded;             /* the loader's record of the file */
    int is_blind;                 /* a block could not be entered */
} kaa_checked__module;

/* The checked form of a spec or a method; the same one for the same content.
 * NULL: memory is short. */
const kaa_type_spec *kaa_checked__wrap_spec(kaa_checked__module *module,
                                            const kaa_type_spec *spec);
const kaa_method *kaa_checked__wrap_method(kaa_checked__module *module,
                                           const kaa_method *method);
/* The modules there are, newest first. */
kaa_checked__module *kaa_checked__modules(void);

/* ---- frame.c */

/* An instance's data as they were when the function first saw them. */
typedef struct kaa_checked__snapshot {
    struct kaa_checked__snapshot *next;
    const void *data;
    size_t words;
    uintptr_t before[];
} kaa_checked__snapshot;

typedef struct kaa_checked__buffer {
    struct kaa_checked__buffer *next;
    const kaa_buffer *buffer;
    kaa_object *owner;
} kaa_checked__buffer;

/* One call of a function of the module. */
typedef struct kaa_checked__frame {
    struct kaa_checked__frame *outer;
    const char *function;
    kaa_checked__ledger ledger;
    kaa_checked__entry few[16];
    kaa_checked__snapshot *snapshots;
    uint32_t snapshot_count;
    int is_blind; /* something was not seen: nothing is said of references */
    kaa_checked__buffer *buffers;
    void *begun; /* what begin_allow_threads() gave; NULL: the GIL is held */
    int is_let_go;
    int is_thread; /* from thread_enter to thread_leave */
    uint32_t mistakes;
    char text[512]; /* the first one */
} kaa_checked__frame;

/* The context that functions of a module are called with: one for each thread
 * and inner context. */
typedef struct kaa_checked__context {
    kaa_context open;
    kaa_context *inner;
    kaa_checked__module *module;
    pthread_t thread;
    kaa_checked__frame *frame; /* the innermost call */
    int is_telling;            /* what happens belongs to a report */
    struct kaa_checked__context *next;
} kaa_checked__context;

/* This thread's; NULL: memory is short. */
kaa_checked__context *kaa_checked__context_of(kaa_checked__module *module,
                                              kaa_context *inner);
/* What a thunk's closure calls. */
void kaa_checked__called(void *result, void *const *arguments, void *thunk);
void kaa_checked__frame_init(kaa_checked__frame *frame, const char *function);
/* Judges what the frame still owns, and frees what it has. */
void kaa_checked__frame_end(kaa_checked__context *own,
                            kaa_checked__frame *frame);
/* `is_exact`: they are so long; else there may be fewer. */
void kaa_checked__see_data(kaa_checked__context *own, const void *data,
                           size_t bytes, int is_exact);
/* A reference came. NULL is allowed. */
void kaa_checked__gain(kaa_checked__context *own, kaa_object *object,
                       kaa_checked__slot slot, const void *site);
/* One goes: 1, or 0: it is not the function's, which has been told. */
int kaa_checked__lose(kaa_checked__context *own, kaa_object *object,
                      kaa_checked__slot slot, const void *site);

/* ---- memory.c */

/* How many words equal to `key` are in memory that the module can reach, the
 * snapshots' own aside, up to `enough`; `enough` where it cannot be told. */
size_t kaa_checked__find(kaa_checked__module *module,
                         const kaa_checked__frame *frame, const void *key,
                         size_t enough);
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
const char *kaa_checked__slot_name(kaa_checked__slot slot);

/* ---- table.c */

const kaa_api *kaa_checked__table(void);
/* The inner context, having looked whether the slot may be called at all. */
kaa_context *kaa_checked__enter(kaa_context *ctx, kaa_checked__slot slot,
                                const void *site);

/* ---- lent.c: buffers, memory, threads */

void kaa_checked__fill_lent(kaa_api *table);
kaa_context *kaa_checked__thread_enter(void *handle);

#endif /* KAA_CHECKED_CHECKED_H */
