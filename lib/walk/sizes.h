/* walk/sizes.h - objects of a live CPython read from memory: their types,
 * their counts, and sizes as sys.getsizeof() gives them.
 *
 * A call of sys.getsizeof() costs more than all the rest of a walk, so sizes
 * are worked out by rules where a type has one. A rule is believed only after
 * it gave what sys.getsizeof() gave of the first objects of that type.
 * For a copy of the process, or a thread that holds the GIL.
 */
#ifndef KAA_WALK_SIZES_H
#define KAA_WALK_SIZES_H

#include <stddef.h>
#include <stdint.h>

#include <kaa/base.h>

/* What __sizeof__ of a type is. */
typedef enum kaa_walk__rule {
    KAA_WALK__RULE_ASK, /* sys.getsizeof() knows */
    KAA_WALK__RULE_PLAIN,
    KAA_WALK__RULE_LIST,
    KAA_WALK__RULE_DICT,
    KAA_WALK__RULE_SET,
    KAA_WALK__RULE_STR,
    KAA_WALK__RULE_INT,
} kaa_walk__rule;

/* The interpreter's functions and types that a walk needs, and what is known
 * of its objects. */
typedef struct kaa_walk__python {
    uint32_t version; /* 0x030c for 3.12 */
    uint32_t is_free_threaded;
    uint32_t head;      /* bytes before the first own field: 16, or 32 */
    uint32_t str_shift; /* of a str's kind in its state; 0: not known */
    void *getsizeof;    /* borrowed */
    void *sizeof_name;  /* "__sizeof__" */
    void *sizeof_of[8]; /* by rule: the descriptor of the type that has it */
    void *type_type, *list_type, *dict_type, *set_type, *frozenset_type,
        *str_type, *int_type, *object_type, *code_type, *module_type,
        *frame_type, *tuple_type;
    int (*is_gc)(void *);
    unsigned long (*type_flags)(void *);
    void *(*type_lookup)(void *, void *);
    int (*dict_next)(void *, ptrdiff_t *, void **, void **);
    int (*dict_contains)(void *, void *);
    ptrdiff_t (*list_size)(void *);
    void *(*list_item)(void *, ptrdiff_t);
    void *(*call)(void *, ...);
    size_t (*as_size)(void *);
    void *(*text)(const char *);
    void *(*attribute)(void *, const char *);
    void *(*module_dict)(void *);
    void (*decref)(void *);
    void (*clear_error)(void);
} kaa_walk__python;

/* A type, and what the objects of it have in common. */
typedef struct kaa_walk__kind {
    void *type;
    int (*traverse)(void *, int (*)(void *, void *), void *);
    size_t basic, item;
    unsigned long flags;
    uint32_t rule, checked;
    size_t before; /* bytes in front of an object, the collector's */
    uint64_t count, bytes, retained;
    uint32_t open; /* for sums by type: how many are being added up */
} kaa_walk__kind;

/* fails: KAA_UNSUPPORTED, naming what is missing or not as expected */
KAA_NODISCARD kaa_status kaa_walk__objects_open(void *handle, uint32_t version,
                                                void *getsizeof,
                                                kaa_walk__python *out,
                                                kaa_error *err);
void kaa_walk__objects_close(kaa_walk__python *in);

void *kaa_walk__type_of(const kaa_walk__python *in, const void *object);
/* How many refer to it; -1: it is immortal, or that is not told. */
int64_t kaa_walk__count_of(const kaa_walk__python *in, const void *object);

void kaa_walk__kind_init(const kaa_walk__python *in, void *type,
                         kaa_walk__kind *out);
/* What sys.getsizeof() gives. */
size_t kaa_walk__size_of(const kaa_walk__python *in, kaa_walk__kind *kind,
                         void *object);

/* The bytes of the block that an object stands in, from its address, without
 * blocks that it points to; at most `room`. */
size_t kaa_walk__block_of(const kaa_walk__python *in,
                          const kaa_walk__kind *kind, const void *object,
                          size_t room);
/* Whether what stands there, in `room` bytes of memory, can be an object of the
 * type: of str, bytes, int, tuple and dict more is looked at than of others;
 * and other objects of the collector's are always in its lists. */
int kaa_walk__is_likely(const kaa_walk__python *in, const kaa_walk__kind *kind,
                        const void *object, size_t room);

/* Of a list or dict whose rule is believed: the bytes of entries that it has
 * room for, and of those in use. 0: not known. */
int kaa_walk__room_of(const kaa_walk__python *in, const kaa_walk__kind *kind,
                      const void *object, size_t *room, size_t *used);
/* What a dict does not have alone: its keys, which are those of others too, or
 * also its values, which are an instance's. */
enum { KAA_WALK__SHARES_KEYS = 1, KAA_WALK__SHARES_VALUES = 2 };
int kaa_walk__shares(const kaa_walk__python *in, const void *dict);
size_t kaa_walk__dict_length(const kaa_walk__python *in, const void *dict);
/* The characters of a str whose rule is believed; NULL: not known. */
const void *kaa_walk__characters(const kaa_walk__python *in,
                                 const kaa_walk__kind *kind, const void *object,
                                 size_t *bytes);

#endif /* KAA_WALK_SIZES_H */
