/* cpython/context/native_type.h - what kaa knows of a type that kaa_type_new()
 * made.
 *
 *     instance   header | weak references | attribute dict | data
 *
 * The two words are there in every instance, used or not, so that the data of
 * all types begin at one place and derived types' data begin with their base's.
 * Exceptions have the host's own layout and no data.
 *
 * A record is made for a spec, a base and a lock; thunks, tables and names in
 * it stay, since the host keeps pointers to them. When its type is gone it
 * serves the next one made of the same three.
 */
#ifndef KAA_CPYTHON_NATIVE_TYPE_H
#define KAA_CPYTHON_NATIVE_TYPE_H

#include "cpython/context/context.h"

#define KAA_CPYTHON__SLOTS_MAX 96

/* What a descriptor of a member or property points at. */
typedef struct kaa_cpython__field {
    kaa_context *ctx;
    PyObject *lock;
    int locks_self; /* there is no GIL and no lock: the object is the lock */
    const kaa_member *member;
    const kaa_property *property;
} kaa_cpython__field;

typedef struct kaa_cpython__type_record {
    struct kaa_cpython__type_record *next;
    kaa_context *ctx;
    const kaa_type_spec *given; /* which it was made for */
    kaa_type_spec spec;
    struct kaa_cpython__type_record *base; /* NULL: object or an exception */
    PyObject *lock;                        /* held; NULL: none is needed */
    PyObject *type;                        /* borrowed, while `weak` lives */
    PyObject *weak;                        /* a weak reference to it */
    char *name;
    int is_exception;
    int is_plain; /* its instances hold nothing but their data and type */
    int has_dict;
    int has_weakrefs;
    int has_finalize;
    int has_inplace;
    int permits_new;         /* its base has no instances, it has */
    int basic_bytes;         /* of an exception of the base */
    host_member own_weak[2]; /* where an exception keeps weak references */
    int is_lively;           /* it or a base has traverse, clear or destroy */
    size_t data_bytes;
    size_t count;         /* of `references` */
    size_t *references;   /* where instances own objects, each place once */
    host_method *methods; /* the spec's, and perhaps __reduce_ex__ */
    kaa_cpython__bound *bound_methods;
    size_t method_count; /* of the spec's */
    host_getset *getsets;
    kaa_cpython__field *fields;
    host_member *members;
    int (*init)(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                size_t nargs, kaa_object *kwnames); /* its own or a base's */
    void *vectorcall;                               /* see creating.c */
    void *usual_init, *usual_new;
    void *dealloc; /* its thunk: which types are its own */
    int slot_count;
    host_type_slot slots[KAA_CPYTHON__SLOTS_MAX];
    kaa_cpython__bound bound[KAA_CPYTHON__SLOTS_MAX];
} kaa_cpython__type_record;

static inline size_t
weak_offset(void)
{
    return kaa_cpython__layout.header;
}

static inline size_t
dict_offset(void)
{
    return kaa_cpython__layout.header + sizeof(void *);
}

static inline void *
data_of(PyObject *instance)
{
    return (char *)instance + kaa_cpython__data_offset();
}

static inline PyObject **
object_at(PyObject *instance, size_t offset)
{
    return (PyObject **)(void *)((char *)instance + offset);
}

/* slot.c: fills record->slots but for tables; 0, or -1. */
int kaa_cpython__fill_slots(kaa_cpython__type_record *record);
/* Adds one slot; a value of NULL fails with what is pending. */
int kaa_cpython__add_slot(kaa_cpython__type_record *record, int slot,
                          void *value);
/* creating.c: lets a type be called without a tuple of its arguments, where the
 * layout of types is as expected. */
void kaa_cpython__speed_up(kaa_cpython__type_record *record);
/* instance.c: the slots of instances' lives. */
int kaa_cpython__fill_life(kaa_cpython__type_record *record);
/* A __reduce_ex__ that loses no data at any protocol. */
void kaa_cpython__fill_reduce(host_method *out);
/* native_type.c: the name for a type, with its module's in front; the caller
 * frees it. NULL: with an exception. */
char *kaa_cpython__full_name(const char *given, PyObject *module);
/* field.c: members and properties. */
int kaa_cpython__fill_fields(kaa_cpython__type_record *record);
void kaa_cpython__free_fields(kaa_cpython__type_record *record);

#endif /* KAA_CPYTHON_NATIVE_TYPE_H */
