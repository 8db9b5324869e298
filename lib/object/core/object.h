/* object/core/object.h - what an object is, and what every part of object/
 * shares.
 *
 *     word   63 immortal | 62 weak | 61 finalized | 60 hashed ... | 47..0 count
 *     type   the type object
 *     ...    what the type keeps
 *
 * A handle whose low two bits are not 0 is no address: ...1 is an int of 63
 * bits, ...10 one of the constants of kaa/builtin.def.
 * kaa_object__borrow_type() knows the type of any handle.
 *
 * Birth. kaa_object__new() gives a block with the header filled in; whatever
 * the type's traverse reads must be set before the next allocation, since that
 * may collect. Blocks of the kind KAA_HEAP_OBJECT_TRACKED hold objects whose
 * type has a traverse, and nothing else; a type that only sometimes holds
 * references may have its instances of either kind.
 *
 * Death. A count that becomes 0 calls kaa_object__dealloc(). The outermost one
 * is the deallocator: what dies while it is at work is marked dead and put on
 * the context's list `dead`, linked through the low 48 bits of its word, and it
 * empties that list. For each object: finaliser, weak references,
 * type->release() (gives up references and what else it owns, but not the
 * block), free. release() finds the header whole, and may call kaa_decref() at
 * will: that only pushes. So nothing recurses. No collection runs meanwhile
 * (runtime->releasing), but in finalisers and callbacks of weak references:
 * from there deaths happen at once, down to some depth. What waits on the list
 * still holds its references: a walk passes it over (kaa_object__is_dead) and
 * must take those for references from outside.
 *
 * Every function of a slot of kaa/api.def is kaa_object__<slot>(), declared
 * here by the table itself, and defined in the file of its type.
 */
#ifndef KAA_OBJECT_OBJECT_H
#define KAA_OBJECT_OBJECT_H

#include <stdatomic.h>

#include <kaa/context.h>
#include <kaa/gil.h>
#include <kaa/heap.h>
#include <kaa/module.h>
#include <kaa/runtime.h>

#include "base/assert.h"

#define KAA_OBJECT__COUNT_MASK ((UINT64_C(1) << 48) - 1)
#define KAA_OBJECT__IMMORTAL (UINT64_C(1) << 63)
#define KAA_OBJECT__WEAK (UINT64_C(1) << 62) /* has weak references */
#define KAA_OBJECT__FINALIZED (UINT64_C(1) << 61)
#define KAA_OBJECT__DEAD (UINT64_C(1) << 59) /* waits for the deallocator */
/* An immortal's count begins in the middle, far from both ends. */
#define KAA_OBJECT__IMMORTAL_WORD (KAA_OBJECT__IMMORTAL | UINT64_C(1) << 47)

typedef struct kaa_object__type kaa_object__type;

struct kaa_object {
    uint64_t word;
    kaa_object__type *type;
};

/* kaa_object__type::flags */
#define KAA_OBJECT__BUILTIN 1u /* one of kaa/builtin.def */
#define KAA_OBJECT__NO_SUBTYPES 2u
#define KAA_OBJECT__NO_INSTANCES 4u
#define KAA_OBJECT__HAS_DICT 8u /* instances have an attribute dict */
#define KAA_OBJECT__NO_WEAKREFS 16u
#define KAA_OBJECT__SPEC 32u      /* made by kaa_type_new() */
#define KAA_OBJECT__EXCEPTION 64u /* BaseException or derived */
#define KAA_OBJECT__NEEDS_CALL                                                 \
    128u /* instances need release() even when the                             \
            whole runtime ends */
/* The type is a kaa_object__own_type whose release() gives up the references
 * listed there and does nothing else: the deallocator does it without a call.
 */
#define KAA_OBJECT__LISTED 256u

/* A type. The slots are those of kaa_type_spec, found by inheritance when the
 * type is made, so that a look-up is one load. Builtin types fill them in
 * themselves. All may be NULL. */
struct kaa_object__type {
    kaa_object header;
    const char *name; /* "module.Name" */
    const char *doc;
    kaa_object__type *base;    /* NULL for object; held */
    const kaa_type_spec *spec; /* NULL for builtin types */
    const kaa_method *methods; /* of builtin types: put into dict when it is
                                * first needed */
    const kaa_property *properties; /* likewise */
    kaa_object *module;             /* held, or NULL */
    kaa_object *dict; /* attributes: a dict, or NULL while there are none */
    uint32_t flags;
    int32_t id;           /* the nearest builtin type: a kaa_builtin_id */
    uint32_t block_bytes; /* of an instance of fixed size; 0: varies */
    uint32_t data_bytes;  /* SPEC: of the data of an instance */
    uint32_t dict_offset; /* of the attribute dict in an instance; 0: none */
    uint32_t depth;       /* how many bases */
    uint32_t serial;      /* of the type, unlike any other's, dead or alive */

    /* Builtin types of containers; SPEC types: a function that knows members,
     * dict, spec->traverse. NULL: instances hold no references. */
    int (*traverse)(kaa_object *self, kaa_visit visit, void *arg);
    /* Gives up references that may be part of a cycle; the object stays valid.
     */
    void (*clear)(kaa_context *ctx, kaa_object *self);
    /* Gives up all that the object has, but not its block. */
    void (*release)(kaa_context *ctx, kaa_object *self);
    /* How reference `number` of traverse is called: "[3]", "edges"; writes to
     * buffer. NULL: "#3". */
    void (*describe_reference)(kaa_object *self, size_t number, char *buffer,
                               size_t size);
    void (*finalize)(kaa_context *ctx, kaa_object *self);

    /* Calling the type. NULL: cannot be called. */
    kaa_object *(*create)(kaa_context *ctx, kaa_object *type,
                          kaa_object *const *args, size_t nargs,
                          kaa_object *kwnames);
    int (*init)(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                size_t nargs, kaa_object *kwnames);
    kaa_object *(*repr)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*str)(kaa_context *ctx, kaa_object *self);
    int64_t (*hash)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*compare)(kaa_context *ctx, kaa_object *self,
                           kaa_object *other, int op);
    int (*truth)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*call)(kaa_context *ctx, kaa_object *self,
                        kaa_object *const *args, size_t nargs,
                        kaa_object *kwnames);
    kaa_object *(*get_attr)(kaa_context *ctx, kaa_object *self,
                            kaa_object *name);
    int (*set_attr)(kaa_context *ctx, kaa_object *self, kaa_object *name,
                    kaa_object *value);
    kaa_object *(*iter)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*next)(kaa_context *ctx, kaa_object *self);
    ptrdiff_t (*length)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*get_item)(kaa_context *ctx, kaa_object *self,
                            kaa_object *key);
    int (*set_item)(kaa_context *ctx, kaa_object *self, kaa_object *key,
                    kaa_object *value);
    int (*contains)(kaa_context *ctx, kaa_object *self, kaa_object *item);
    kaa_object *(*binary)(kaa_context *ctx, kaa_object *left, kaa_object *right,
                          int op);
    kaa_object *(*inplace)(kaa_context *ctx, kaa_object *left,
                           kaa_object *right, int op);
    kaa_object *(*unary)(kaa_context *ctx, kaa_object *self, int op);
    kaa_object *(*to_int)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*to_float)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*index)(kaa_context *ctx, kaa_object *self);
    int (*get_buffer)(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
                      int request);
    void (*release_buffer)(kaa_context *ctx, kaa_object *self,
                           kaa_buffer *buffer);
    /* As a descriptor in a type's dict: what `type.name` of an instance gives
     * (instance NULL: of the type itself). NULL: the object itself. */
    kaa_object *(*bind)(kaa_context *ctx, kaa_object *self,
                        kaa_object *instance);
    /* Assigning to an attribute whose descriptor this is (a property, member).
     * NULL: it goes to the instance's dict. */
    int (*assign)(kaa_context *ctx, kaa_object *self, kaa_object *instance,
                  kaa_object *value);
};

/* What `watch` asks of every allocation; 0 in a program that runs at speed. */
#define KAA_OBJECT__WATCH_COLLECT 1u /* a full collection first */
#define KAA_OBJECT__WATCH_FAULT                                                \
    2u /* fail when kaa_base__fault_due() says so                              \
        */
#define KAA_OBJECT__WATCH_SITES 4u
#define KAA_OBJECT__WATCH_DEBUG 8u /* a debug runtime */

/* A runtime. Parts that belong to a file or a folder are structures of its
 * own, which that one makes (`_start`) and frees (`_stop`); NULL before and
 * after. */
struct kaa_runtime {
    kaa_heap *heap;
    kaa_gil *gil;
    uint32_t flags; /* KAA_RUNTIME_* */
    uint32_t watch;
    uint64_t hash_key[2];
    uint32_t depth_limit;
    atomic_uint is_ending;  /* kaa_runtime_destroy() is at it */
    atomic_uint is_closing; /* no thread may come in any more */
    char name[32];
    char *checked; /* modules to check; see kaa/checked.h. NULL: none */
    void (*unraisable)(const char *text, void *user);
    void (*misuse)(const char *text, void *user);
    void *user;

    /* Allocations of containers until gc/ wants to be asked; it sets both. */
    int64_t until_collect;
    void (*collect)(kaa_context *ctx);   /* cheap when there is nothing to do */
    void (*make_room)(kaa_context *ctx); /* when memory is short */
    /* NULL, or wants to hear of each object's block that is to be freed. */
    void (*forget)(struct kaa_runtime *runtime, kaa_object *object);
    int64_t external_due; /* external_bytes above which gc/ wants to be asked */
    struct kaa_gc *gc;    /* gc/ */

    uint32_t releasing; /* not 0: some object is half gone, nothing may walk */
    /* Live objects whose end is somebody's business: of a type with NEEDS_CALL,
     * capsules with a destroy(), weak references with a callback. 0: the end of
     * the runtime need look at none. */
    uint32_t calls;

    kaa_object *builtins[KAA_BUILTIN_COUNT];
    /* The types of what has no place in kaa/builtin.def: iterators, methods,
     * properties, ... Immortal; see types.c. */
    kaa_object__type *types;
    size_t type_count;

    kaa_object *memory_error; /* ready before it is needed */
    kaa_object *empty_str, *empty_bytes, *empty_tuple;
    struct kaa_object__interned *interned;    /* str.c */
    struct kaa_object__weakrefs *weakrefs;    /* weakref.c: by object */
    struct kaa_object__module_table *modules; /* module.c */
    struct kaa_object__sites *sites;          /* site.c */
    uint32_t types_changed;            /* some type was given attributes */
    struct kaa_object__lookup *lookup; /* type.c: attributes found before */
    struct kaa_object__warned *warned; /* warning.c: warnings given before */
    struct kaa_object__context *contexts;
    int64_t external_bytes;

    /* native/gate.c: for threads to come in by; under its mutex. */
    uintptr_t handle;
    uint32_t entering;
    struct kaa_runtime *next_runtime;

    struct kaa_native__directory *importer; /* native/import.c */
};

/* A thread's context: the public part first. */
typedef struct kaa_object__context {
    struct kaa_context is_public;
    kaa_runtime *runtime;
    kaa_gil_thread *thread;
    kaa_object *pending; /* the exception; an instance, or NULL */
    uint32_t depth;      /* calls within calls */
    uint32_t attached;   /* how often */
    uint32_t floor;      /* back at so many, the GIL is let go: see native/ */
    /* Linked by word, see Death: what dies first, and behind it what the object
     * that is being buried lets go, in that order. */
    kaa_object *dead, *fresh, *fresh_last;
    uint32_t is_deallocating;
    uint32_t dealloc_depth;              /* deallocators below this one */
    struct kaa_object__showing *showing; /* by repr(): see container.h */
    struct kaa_object__context *next;    /* of the runtime */
} kaa_object__context;

static inline kaa_object__context *
kaa_object__context_of(kaa_context *ctx)
{
    return (kaa_object__context *)(void *)ctx;
}

static inline kaa_runtime *
kaa_object__runtime_of(kaa_context *ctx)
{
    return kaa_object__context_of(ctx)->runtime;
}

/* ---- Tags */

static inline int
kaa_object__is_int_tag(const kaa_object *object)
{
    return ((uintptr_t)object & 1u) != 0;
}

static inline int64_t
kaa_object__tagged_int(const kaa_object *object)
{
    return (int64_t)(uintptr_t)object >> 1; /* arithmetic in gcc and clang */
}

/* A constant of kaa/builtin.def: NONE, FALSE, ... */
static inline kaa_object *
kaa_object__constant(kaa_builtin_id id)
{
    return (kaa_object *)(uintptr_t)((uint32_t)id * 4u + 2u);
}

static inline kaa_object *
kaa_object__truth_value(int value) /* True or False; needs no reference */
{
    return kaa_object__constant(value ? KAA_TRUE : KAA_FALSE);
}

/* ---- Types */

/* Indices into runtime->types: the ids of builtin types and exceptions, then
 * the internal types of object/core/types.def. */
typedef enum kaa_object__internal_id {
    KAA_OBJECT__INTERNAL_FIRST = KAA_BUILTIN_COUNT - 1,
#define BUILTIN(id, template)
#define INTERNAL(id, template, name) KAA_OBJECT__INTERNAL_##id,
#include "object/core/types.def"
#undef BUILTIN
#undef INTERNAL
    KAA_OBJECT__TYPE_COUNT
} kaa_object__internal_id;

#define BUILTIN(id, template)                                                  \
    extern const kaa_object__type kaa_object__template_##template;
#define INTERNAL(id, template, name)                                           \
    extern const kaa_object__type kaa_object__template_##template;
#include "object/core/types.def"
#undef BUILTIN
#undef INTERNAL
extern const kaa_object__type kaa_object__template_exception;

static inline kaa_object__type *
kaa_object__internal(kaa_context *ctx, kaa_object__internal_id id)
{
    return &kaa_object__runtime_of(ctx)->types[id];
}

static inline kaa_object__type *
kaa_object__builtin(kaa_context *ctx, kaa_builtin_id id)
{
    return (kaa_object__type *)(void *)ctx->builtins[id];
}

/* Types of constants that have no name in kaa/builtin.def, iterators, ...: an
 * index into runtime->types, in which the builtin types and exceptions stand
 * first, each at its kaa_builtin_id. See types.c. */
kaa_object__type *kaa_object__type_of_constant(kaa_context *ctx,
                                               const kaa_object *object);

/* The type of any handle, borrowed. */
static inline kaa_object__type *
kaa_object__borrow_type(kaa_context *ctx, const kaa_object *object)
{
    if (KAA_LIKELY(!kaa_is_tagged(object)))
        return object->type;
    if (kaa_object__is_int_tag(object))
        return kaa_object__builtin(ctx, KAA_INT_TYPE);
    return kaa_object__type_of_constant(ctx, object);
}

/* Whether its type is that builtin type or derived from it (of exceptions: that
 * very builtin base). */
static inline int
kaa_object__is(kaa_context *ctx, const kaa_object *object, kaa_builtin_id id)
{
    return kaa_object__borrow_type(ctx, object)->id == (int32_t)id;
}

/* ---- alloc.c: birth and death */

/* A block with its header: one reference, no flags. NULL: MemoryError is
 * pending. `kind` is KAA_HEAP_OBJECT_TRACKED or _PLAIN. Takes a reference to a
 * type that is not immortal, which the end of the object gives up. May collect
 * first if tracked. The rest of the block is not cleared. */
kaa_object *kaa_object__new(kaa_context *ctx, kaa_object__type *type,
                            size_t bytes, kaa_heap_kind kind);
/* The same, the rest being zeros. */
kaa_object *kaa_object__new_zeroed(kaa_context *ctx, kaa_object__type *type,
                                   size_t bytes, kaa_heap_kind kind);
/* Raw memory of the runtime's heap, for what objects keep outside; NULL:
 * MemoryError is pending. Never collects. */
void *kaa_object__memory(kaa_context *ctx, size_t bytes);
void *kaa_object__memory_resize(kaa_context *ctx, void *block, size_t bytes);
void kaa_object__memory_free(kaa_context *ctx, void *block);
/* Frees the block of an object that was not yet anybody's, its contents given
 * up; the header is valid. */
void kaa_object__discard(kaa_context *ctx, kaa_object *object);
/* Whether the object is a dead one that waits for the deallocator: for walks.
 */
static inline int
kaa_object__is_dead(const kaa_object *object)
{
    return (object->word & KAA_OBJECT__DEAD) != 0;
}
/* For the collector, which has set own->is_deallocating so that deaths only
 * queue up: frees them all. */
void kaa_object__free_dead(kaa_context *ctx);
/* Runs the finaliser of an object, if it has one that has not run, as at its
 * death: whether the object is to be kept. Keeps a pending exception. */
int kaa_object__run_finalizer(kaa_context *ctx, kaa_object *object);
/* For the collector: frees an object of garbage whose references have been
 * dealt with (decref'd or not, as the collector decides) without calling
 * release(); gives up the reference to its type. */
void kaa_object__free_block(kaa_context *ctx, kaa_object *object);
/* Which kind of pages the object is in. */
kaa_heap_kind kaa_object__kind(const kaa_object *object);
/* Whether the collector would have to look at it: for containers that choose
 * their kind by what they hold. */
int kaa_object__is_tracked(const kaa_object *object);

/* Tells of misuse; see kaa_runtime_options::misuse. */
void kaa_object__misuse(const kaa_runtime *runtime, const char *format, ...)
    KAA_PRINTF(2, 3);

/* ---- weakref.c */

/* Clears the weak references to an object that dies, and calls their callbacks,
 * unless `quiet`. For the collector: first all of the garbage, then callbacks.
 */
void kaa_object__weakrefs_clear(kaa_context *ctx, kaa_object *object);
/* The collector's way: moves the callbacks of references to `object` that are
 * not themselves garbage into *list (of weakref objects, references taken). */
int kaa_object__weakrefs_detach(kaa_context *ctx, kaa_object *object,
                                int (*is_garbage)(kaa_object *weakref,
                                                  void *user),
                                void *user, kaa_object **list);
void kaa_object__weakrefs_call(kaa_context *ctx, kaa_object *list);

/* ---- exception.c */

/* Raises and returns -1; `format` is printf's, for C values. */
int kaa_object__raise_text(kaa_context *ctx, kaa_builtin_id type,
                           const char *format, ...) KAA_PRINTF(3, 4);
/* "expected <wanted>, not <type of object>" as TypeError; -1. */
int kaa_object__raise_type(kaa_context *ctx, const char *what,
                           const char *wanted, kaa_object *object);

static inline int
kaa_object__has_error(kaa_context *ctx)
{
    return kaa_object__context_of(ctx)->pending != NULL;
}

/* ---- call.c: depth of calls */

/* Of a context whose depth has just grown: 0; -1 with RecursionError, whose
 * message ends with `where`, and the depth is as it was. */
int kaa_object__check_depth(kaa_context *ctx, const char *where);

/* -1: RecursionError is pending; else kaa_object__end_call() must follow. */
static inline int
kaa_object__begin_call(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);

    uint32_t depth = ++own->depth;

    /* Levels take what stack they like: now and then what is left counts. */
    if (KAA_UNLIKELY(depth > own->runtime->depth_limit || (depth & 15u) == 0))
        return kaa_object__check_depth(ctx, "");
    return 0;
}

static inline void
kaa_object__end_call(kaa_context *ctx)
{
    kaa_object__context_of(ctx)->depth--;
}

/* ---- Starting and stopping, by native/: 0, or -1 when memory is short. What
 * lies in the runtime's heap need not be freed: it goes with the heap. */

int kaa_object__types_start(kaa_context *ctx); /* first; sets ctx->builtins */
int kaa_object__exceptions_start(kaa_context *ctx); /* memory_error */
int kaa_object__strs_start(kaa_context *ctx);       /* empty_*, interned */
int kaa_object__tuples_start(kaa_context *ctx);     /* empty_tuple */
int kaa_object__modules_start(kaa_context *ctx);
/* Clears modules and their state, for the end of the runtime. */
void kaa_object__modules_stop(kaa_context *ctx);
void kaa_object__weakrefs_stop(kaa_context *ctx);

/* ---- The table's functions */

#define KAA_SLOT(result, name, parameters, arguments)                          \
    result kaa_object__##name parameters;
#define KAA_VOID_SLOT(name, parameters, arguments)                             \
    void kaa_object__##name parameters;
#define KAA_BARE_SLOT(result, name, parameters)                                \
    result kaa_object__##name parameters;
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT

#endif /* KAA_OBJECT_OBJECT_H */
