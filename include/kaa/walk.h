/* kaa/walk.h - all objects of a live CPython: how many of which type, their
 * sizes, who keeps what alive, and what is wasted.
 *
 *     kaa_walk_create(&options, &walk, &err)      in a copy of the process
 *     kaa_walk_types(walk, types, capacity)
 *     kaa_walk_retain(walk, &err)                 the dominator tree
 *     kaa_walk_retainers(walk, retainers, capacity)
 *     kaa_walk_paths(walk, object, paths, capacity)
 *     kaa_walk_cycles(walk, cycles, capacity, &count, &err)
 *     kaa_walk_audit(walk, suspects, capacity, &count, &err)
 *     kaa_walk_destroy(walk)
 *
 * A walk is a picture of one moment. It holds no references: nothing that it
 * tells of may go while it is used, which is so in a child after fork() that
 * does nothing else. The collector does not run. Meant for kaa's Python
 * package, which puts what is found in words.
 */
#ifndef KAA_WALK_H
#define KAA_WALK_H

#include <kaa/base.h>

KAA_BEGIN_DECLS

/** Fields of code objects that kaa_walk_options may name. */
#define KAA_WALK_FIELDS 16
/** Objects of a path that are told. */
#define KAA_WALK_STEPS 62
/** Objects that refer to a suspect and are told. */
#define KAA_WALK_HOLDERS 4
/** As kaa_walk_retainer::parent: there is none. */
#define KAA_WALK_NONE 0xffffffffu

/** A walk over all objects of a live CPython: kaa_walk_create(). */
typedef struct kaa_walk kaa_walk;

/** A reference that the collector is not told of. */
typedef struct kaa_walk_link {
    void *source;
    void *target;
} kaa_walk_link;

/** What a walk begins with. Objects are borrowed until it is destroyed. */
typedef struct kaa_walk_options {
    uint32_t size;      /**< sizeof(kaa_walk_options) in the caller. */
    uint32_t version;   /**< Of the interpreter, as 0x030c for 3.12. */
    void *handle;       /**< For dlsym(); NULL: the program's own symbols. */
    void *objects;      /**< What gc.get_objects() gives: a list. */
    void *getsizeof;    /**< sys.getsizeof. */
    void *const *roots; /**< Where paths begin. */
    uint32_t roots_count;
    uint32_t links_count;
    const kaa_walk_link *links;  /**< Such as from a running function's
                                              frame to its variables. */
    const uint32_t *code_fields; /**< Where a code object has references, in
                                      bytes. */
    uint32_t code_fields_count;
    uint32_t reserved;   /**< 0. */
    void *const *hidden; /**< What the caller made for the walk: not looked at,
                              and in no figure. */
    uint32_t hidden_count;
    uint32_t reserved_too; /**< 0. */
    void *interned; /**< A new interned str: the dict that has it as a key is
                         the interpreter's table, whose references do not
                         count. May be NULL. */
} kaa_walk_options;

/**
 * Looks at each object of `objects`, at each that those refer to, and so on,
 * untracked ones included. Made for a copy of the process (a child after
 * fork()): it takes about as much memory as half of the objects, and other
 * threads must not run. Sizes are what sys.getsizeof() gives; only where a
 * type has a __sizeof__ of its own is that called.
 *
 * @owns   *out is the caller's: kaa_walk_destroy()
 * @gil    held (the interpreter's)
 * @fails  KAA_INVALID_ARGUMENT; KAA_LIMIT; KAA_NO_MEMORY; KAA_UNSUPPORTED (an
 *         interpreter whose objects are laid out in an unknown way)
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_walk_create(
    const kaa_walk_options *options, kaa_walk **out, kaa_error *err);

/**
 * Frees a walk; NULL is allowed.
 *
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API void kaa_walk_destroy(kaa_walk *walk);

/** The sums of a walk. */
typedef struct kaa_walk_sums {
    uint32_t size;  /**< sizeof(kaa_walk_sums) in the caller. */
    uint32_t types; /**< How many kaa_walk_types() has. */
    uint64_t objects;
    uint64_t bytes;
    uint64_t references;
    uint64_t roots;           /**< After kaa_walk_retain(). */
    uint64_t garbage_objects; /**< Likewise: that nothing keeps alive, and wait
                                   for the collector. */
    uint64_t garbage_bytes;   /**< Likewise. */
} kaa_walk_sums;

/**
 * Tells the sums.
 *
 * @param out  `size` is the caller's; as much is written.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API kaa_status kaa_walk_read(const kaa_walk *walk, kaa_walk_sums *out,
                                 kaa_error *err);

/** All objects of one type. */
typedef struct kaa_walk_type {
    void *type;
    uint64_t count;
    uint64_t bytes;
    uint64_t retained_bytes; /**< What would go with all of them; 0 before
                                  kaa_walk_retain(). */
} kaa_walk_type;

/**
 * Tells of all types, in no order.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_types(const kaa_walk *walk, kaa_walk_type *out,
                                uint32_t capacity);

/**
 * Which objects lie in blocks of the interpreter's allocators.
 *
 * @param stride  Bytes from one address of a block to the next.
 * @param types   Is set to each object's type; NULL where there is none: a
 *                block of an object's, such as a list's entries.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_walk_types_at(kaa_walk *walk, const void *blocks,
                               size_t stride, void **types, uint32_t count);

/**
 * All objects and their sizes, in the order that they were found.
 *
 * @param sizes, objects  Either may be NULL.
 *
 * @return how many there are.
 * @owns   The arrays belong to the walk.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_objects(const kaa_walk *walk, const uint64_t **sizes,
                                  void *const **objects);

/**
 * What an object refers to, as often as it does.
 *
 * @return how many there are; at most `capacity` are written. 0 if it was not
 *         seen.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_referents(kaa_walk *walk, const void *object,
                                    void **out, uint32_t capacity);

/**
 * Works out what each object retains: what would go if it went. Roots are those
 * of the options, immortal objects, and whatever more refer to than objects do
 * (C code, running functions), by its reference count.
 *
 * @gil    held (the interpreter's)
 * @fails  KAA_INVALID_ARGUMENT; KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_walk_retain(kaa_walk *walk,
                                                 kaa_error *err);

/** A node of the dominator tree. */
typedef struct kaa_walk_retainer {
    void *object;
    void *dominator; /**< What keeps it, alone; NULL: a root, or several do. */
    uint64_t bytes;  /**< Its own. */
    uint64_t retained_bytes;
    uint32_t count;  /**< Objects that would go, itself included. */
    uint32_t parent; /**< Where the dominator stands in what is told, or
                          KAA_WALK_NONE. */
} kaa_walk_retainer;

/**
 * Tells the objects that retain most: a tree, parents first.
 *
 * @return how many were written; 0 before kaa_walk_retain(), or without
 *         memory.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_retainers(const kaa_walk *walk,
                                    kaa_walk_retainer *out, uint32_t capacity);

/**
 * What one object retains; `parent` is KAA_WALK_NONE.
 *
 * @return 1; 0 if it was not seen, is garbage, or before
 *         kaa_walk_retain().
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_walk_retained(kaa_walk *walk, const void *object,
                              kaa_walk_retainer *out);

/** A way from a root to an object. */
typedef struct kaa_walk_path {
    uint32_t length; /**< Objects, the root and the last included. */
    uint32_t is_cut; /**< The path is longer; its end is told. */
    void *objects[KAA_WALK_STEPS];
} kaa_walk_path;

/**
 * The shortest ways from the roots of the options to an object, one for each
 * object that refers to it, the shortest first.
 *
 * @return how many were written; 0 before kaa_walk_retain().
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_paths(kaa_walk *walk, const void *object,
                                kaa_walk_path *out, uint32_t capacity);

/** Cycles of the same types. */
typedef struct kaa_walk_cycle {
    uint64_t count;   /**< Groups of objects that all lead to each other. */
    uint64_t objects; /**< In all of them. */
    uint64_t bytes;
    uint64_t garbage; /**< 1: nothing else keeps them alive. */
} kaa_walk_cycle;

/**
 * Finds the cycles, those with most bytes first. Cycles through modules, types
 * and running functions are left out: all programs have them.
 *
 * @param count  Is set to how many there are; at most `capacity` are written.
 *
 * @gil    held (the interpreter's)
 * @fails  KAA_INVALID_ARGUMENT; KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_walk_cycles(kaa_walk *walk,
                                                 kaa_walk_cycle *out,
                                                 uint32_t capacity,
                                                 uint32_t *count,
                                                 kaa_error *err);

/**
 * An example of a cycle: a shortest one of its smallest group. The last object
 * refers to the first, which is referred to from outside, if any is.
 *
 * @return how many objects there are; at most `capacity` are written.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_cycle_path(const kaa_walk *walk, uint32_t number,
                                     void **out, uint32_t capacity);

/**
 * All objects of that group, of which kaa_walk_cycle_path() tells some.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_cycle_members(const kaa_walk *walk, uint32_t number,
                                        void **out, uint32_t capacity);

/** Memory that holds nothing. */
typedef struct kaa_walk_waste {
    void *object; /**< An example. */
    uint64_t count;
    uint64_t bytes;
} kaa_walk_waste;

/**
 * Texts that are there more than once, as equal str objects: those with most
 * bytes in all but one first.
 *
 * @param bytes  Is set to the sum of all.
 *
 * @return how many were written.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_duplicates(const kaa_walk *walk, kaa_walk_waste *out,
                                     uint32_t capacity, uint64_t *bytes);

/**
 * Lists (or dicts) that are not half full: those with most free bytes first.
 *
 * @param all  Is set to the sums.
 *
 * @return how many were written.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_walk_rooms(const kaa_walk *walk, int of_dicts,
                                kaa_walk_waste *out, uint32_t capacity,
                                kaa_walk_waste *all);

/** An object whose reference count is wrong. */
typedef struct kaa_walk_suspect {
    void *object;
    int64_t count;      /**< What it says itself. */
    int64_t references; /**< That there are: at most, if `count` is larger; at
                             least, if it is smaller. */
    uint32_t holders_count;
    uint32_t reserved;               /**< 0. */
    void *holders[KAA_WALK_HOLDERS]; /**< The first objects that refer to it. */
} kaa_walk_suspect;

/**
 * Finds the objects whose count is not what the references to them come to,
 * those that are furthest from it first. A reference is what an object tells
 * of, or a word of the process's memory that holds the address: C code has its
 * references somewhere. So a count is too large only if a reference was taken
 * and lost, and too small only if one was given up that was not owned. Objects
 * that nothing refers to and the collector does not know are found too, in
 * memory. Immortal objects have no count and are left out. An address that has
 * stayed in memory that is not used any more hides a lost reference.
 *
 * For a copy of the process, as kaa_walk_create(), which has to be made without
 * links.
 *
 * @param count  Is set to how many there are; at most `capacity` are written.
 *
 * @gil    held (the interpreter's)
 * @fails  KAA_INVALID_ARGUMENT; KAA_NO_MEMORY; KAA_UNSUPPORTED (memory cannot
 *         be read)
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_walk_audit(kaa_walk *walk,
                                                kaa_walk_suspect *out,
                                                uint32_t capacity,
                                                uint32_t *count,
                                                kaa_error *err);

KAA_END_DECLS

#endif /* KAA_WALK_H */
