/* tests/call/signatures.h - the generated signatures: functions, their types,
 * and calls as the compiler makes them. See signatures.py. */
#ifndef KAA_TEST_SIGNATURES_H
#define KAA_TEST_SIGNATURES_H

#include <kaa/call.h>

#include "kaa_test.h"

typedef struct signature_type {
    const char *name;
    size_t size;
    size_t align;
    void (*fill)(void *value, uint64_t *state);
    uint64_t (*hash)(const void *value);
} signature_type;

typedef struct signature_case {
    const char *text;
    int result; /* a type's number; -1: void */
    uint32_t count;
    uint32_t fixed; /* 0: not variadic */
    const uint16_t *types;
    kaa_function function;
    /* The compiler's own call. */
    void (*call)(kaa_function function, void *result, void *const *arguments);
} signature_case;

typedef struct signature_set {
    const char *compiler;
    const signature_type *types;
    uint32_t type_count;
    const signature_case *cases;
    uint32_t case_count;
    void (*build)(kaa_test *t, kaa_ctype_table *table, const kaa_ctype **types);
} signature_set;

/* One compiler compiled the tests; another, if there is one, this second set.
 * NULL: there is none. */
extern const signature_set signature_set_own;
extern const signature_set *const signature_set_other;

/* The hash of the arguments that the last function of a set has seen. */
extern uint64_t signature_digest;

/* What a function does with its arguments, for callbacks. */
uint64_t signature_hash(const signature_set *set, const signature_case *c,
                        void *const *arguments);

/* A case with its type, argument values and room for results. */
typedef struct signature_values {
    const kaa_ctype *type;
    void *arguments[32];
    void *expected; /* the result of the compiler's call */
    void *result;
    int is_sound;    /* the compiler's call has the digest it should have */
    uint64_t digest; /* of the compiler's call */
    unsigned char *bytes; /* all storage */
    const kaa_ctype **types;
    kaa_ctype_table *table;
} signature_values;

/* Builds the types of a set, and checks their sizes against the compiler's. */
void signature_prepare(kaa_test *t, const signature_set *set,
                       signature_values *values);
/* Fills the arguments of a case and calls it as the compiler does. */
void signature_begin(kaa_test *t, const signature_set *set,
                     const signature_case *c, signature_values *values);
/* Compares digest and result with the compiler's call. */
void signature_compare(kaa_test *t, const signature_set *set,
                       const signature_case *c, const signature_values *values,
                       const char *how);
/* Whether compilers disagree on this case, so that `set` proves nothing:
 * clang before 18 passes a 128-bit integer on the stack in its own way. */
int signature_is_disputed(const signature_set *set, const signature_case *c,
                          const signature_values *values);

/* For the generated code. */
const kaa_ctype *signature_pointer(kaa_test *t, kaa_ctype_table *table);
const kaa_ctype *signature_array(kaa_test *t, kaa_ctype_table *table,
                                 const kaa_ctype *element, uint64_t count);
const kaa_ctype *signature_enum(kaa_test *t, kaa_ctype_table *table,
                                const char *name, int64_t low, int64_t high);
const kaa_ctype *signature_record(kaa_test *t, kaa_ctype_table *table,
                                  kaa_ctype_kind kind, const char *tag,
                                  const kaa_ctype_member *members,
                                  uint32_t count, int is_packed,
                                  uint32_t align);

#endif /* KAA_TEST_SIGNATURES_H */
