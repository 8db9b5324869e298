/* cpython/call/registers.c - calls whose arguments are all in registers of one
 * sort.
 *
 * Four families of signatures, since what costs here is not the work but the
 * deciding: doubles, integers, words (integers and pointers), and data
 * (pointers to records). Each has an entry for each number of arguments, so
 * that the compiler unrolls what is done for each. pairs.c and mixed.c have
 * those with records by value.
 */
#include <errno.h>

#include "cpython/call/around.h"

#define WORDS_MAX 4

NEVER_INLINE static PyObject *
start_over(PyObject *object, PyObject *const *args, size_t flagged_count,
           PyObject *names)
{
    return kaa_cpython__call(object, args, flagged_count, names);
}

/* double f(double), (double, double), (double, double, double). */
static ALWAYS_INLINE PyObject *
doubles(PyObject *object, PyObject *const *args, size_t flagged_count,
        PyObject *names, const uint32_t count, const around how)
{
    const kaa_cpython__function *self = quick_body(object);
    kaa_cpython__record record, *begun;
    double a[3] = {0.0, 0.0, 0.0}, made;

    if (KAA_UNLIKELY(is_other(self, flagged_count, names, count, how)))
        return start_over(object, args, flagged_count, names);
    for (uint32_t i = 0; i < count; i++) {
        if (KAA_UNLIKELY(!quick_is_float(args[i])))
            return start_over(object, args, flagged_count, names);
        a[i] = quick_float(args[i]);
    }
    begun = begin(self, &record, how);
    if (count == 1)
        made = ((double (*)(double))self->target)(a[0]);
    else if (count == 2)
        made = ((double (*)(double, double))self->target)(a[0], a[1]);
    else
        made = ((double (*)(double, double, double))self->target)(a[0], a[1],
                                                                  a[2]);
    if (KAA_UNLIKELY(end(begun, how) != 0))
        return NULL;
    return PY(PyFloat_FromDouble)(made);
}

typedef uint64_t (*words_0)(void);
typedef uint64_t (*words_1)(uint64_t);
typedef uint64_t (*words_2)(uint64_t, uint64_t);
typedef uint64_t (*words_3)(uint64_t, uint64_t, uint64_t);
typedef uint64_t (*words_4)(uint64_t, uint64_t, uint64_t, uint64_t);
typedef double (*real_0)(void);
typedef double (*real_1)(uint64_t);
typedef double (*real_2)(uint64_t, uint64_t);
typedef double (*real_3)(uint64_t, uint64_t, uint64_t);
typedef double (*real_4)(uint64_t, uint64_t, uint64_t, uint64_t);

static ALWAYS_INLINE uint64_t
run_words(const kaa_cpython__function *self, const uint64_t *a,
          const uint32_t count)
{
    if (count == 1)
        return ((words_1)self->target)(a[0]);
    if (count == 2)
        return ((words_2)self->target)(a[0], a[1]);
    if (count == 3)
        return ((words_3)self->target)(a[0], a[1], a[2]);
    if (count == 4)
        return ((words_4)self->target)(a[0], a[1], a[2], a[3]);
    return ((words_0)self->target)();
}

/* The same for a function that gives a double. */
static ALWAYS_INLINE double
run_real(const kaa_cpython__function *self, const uint64_t *a,
         const uint32_t count)
{
    if (count == 1)
        return ((real_1)self->target)(a[0]);
    if (count == 2)
        return ((real_2)self->target)(a[0], a[1]);
    if (count == 3)
        return ((real_3)self->target)(a[0], a[1], a[2]);
    if (count == 4)
        return ((real_4)self->target)(a[0], a[1], a[2], a[3]);
    return ((real_0)self->target)();
}

/* Any integer but the most common. */
NEVER_INLINE static PyObject *
make_integer(const kaa_cpython__quick *made, uint64_t word)
{
    word <<= made->unused;
    if (made->is_signed)
        return PY(PyLong_FromLongLong)((int64_t)word >> made->unused);
    return PY(PyLong_FromUnsignedLongLong)(word >> made->unused);
}

/* Up to four integers; the result one too, and no errno. */
static ALWAYS_INLINE PyObject *
integers(PyObject *object, PyObject *const *args, size_t flagged_count,
         PyObject *names, const uint32_t count, const around how)
{
    const kaa_cpython__function *self = quick_body(object);
    const kaa_cpython__quick *made = &self->quick[count];
    kaa_cpython__record record, *begun;
    uint64_t a[WORDS_MAX] = {0, 0, 0, 0}, word;

    if (KAA_UNLIKELY(is_other(self, flagged_count, names, count, how)))
        return start_over(object, args, flagged_count, names);
    for (uint32_t i = 0; i < count; i++) {
        quick_word found = quick_integer(&self->quick[i], args[i]);

        if (KAA_UNLIKELY(!found.is_there))
            return start_over(object, args, flagged_count, names);
        a[i] = found.word;
    }
    begun = begin(self, &record, how);
    word = run_words(self, a, count);
    if (KAA_UNLIKELY(end(begun, how) != 0))
        return NULL;
    if (KAA_LIKELY(made->sort == QUICK_INT))
        return PY(PyLong_FromLongLong)((int32_t)word);
    return make_integer(made, word);
}

/* What is no common integer, and not None. */
NEVER_INLINE static PyObject *
make_other(const kaa_cpython__function *self, uint64_t word)
{
    return quick_make_word(self, kaa_call__widen(self->plan, word));
}

NEVER_INLINE static int
is_failure(const kaa_cpython__function *self, uint64_t word, double real)
{
    return kaa_convert__says_failure(&self->result.shape,
                                     kaa_call__widen(self->plan, word), real);
}

static ALWAYS_INLINE PyObject *
words_result(const kaa_cpython__function *self, uint64_t word,
             const uint32_t count)
{
    const kaa_cpython__quick *made = &self->quick[count];

    if (KAA_LIKELY(made->sort == QUICK_INT))
        return PY(PyLong_FromLongLong)((int32_t)word);
    if (made->sort == QUICK_LONG)
        return PY(PyLong_FromLongLong)((int64_t)word);
    if (made->sort == QUICK_ULONG)
        return PY(PyLong_FromUnsignedLongLong)(word);
    if (made->sort == QUICK_NONE) {
        quick_retain(kaa_cpython__none());
        return kaa_cpython__none();
    }
    return make_other(self, word);
}

/* Calls what words() and buffers() have the arguments of. */
static ALWAYS_INLINE PyObject *
run(const kaa_cpython__function *self, const uint64_t *a, const uint32_t count,
    const around how)
{
    kaa_cpython__record record, *begun;
    uint64_t made = 0;
    double real = 0.0;
    int code = 0, is_real = self->result.shape.op == CONVERT_DOUBLE;
    const int is_watched =
        how == HELD_ERRNO || (how == ANY && self->flags & FUNCTION_ERRNO);

    begun = begin(self, &record, how);
    if (is_watched)
        errno = 0; /* after the GIL is released, which may change it */
    if (is_real)
        real = run_real(self, a, count);
    else
        made = run_words(self, a, count);
    if (is_watched)
        code = errno; /* before the GIL is taken, which may change it */
    if (KAA_UNLIKELY(end(begun, how) != 0))
        return NULL;
    if (is_watched && KAA_UNLIKELY(code != 0) && is_failure(self, made, real))
        return kaa_cpython__raise_errno(self, code);
    if (is_real)
        return PY(PyFloat_FromDouble)(real);
    return words_result(self, made, count);
}

/* An exporter of a buffer may have run user code, and that may have moved what
 * an address was read of: it is read again. */
static inline int
read_again(const kaa_cpython__function *self, PyObject *const *args,
           uint64_t *a, const uint32_t count, views *held)
{
    for (uint32_t i = 0; i < count; i++) {
        const kaa_cpython__conversion *conversion = &self->arguments[i];
        quick_word found;

        if (self->quick[i].op == CONVERT_INTEGER ||
            quick_type(args[i]) == conversion->buffer_class)
            continue;
        found = quick_pointer(self->host, conversion, args[i], held);
        if (!found.is_there)
            return 0;
        a[i] = found.word;
    }
    return 1;
}

/* Reads all arguments; 0: one of them is not so simple. */
static ALWAYS_INLINE int
read_all(const kaa_cpython__function *self, PyObject *const *args, uint64_t *a,
         const uint32_t count, views *held)
{
    for (uint32_t i = 0; i < count; i++) {
        quick_word found =
            self->quick[i].op == CONVERT_INTEGER
                ? quick_integer(&self->quick[i], args[i])
                : quick_pointer(self->host, &self->arguments[i], args[i], held);

        if (KAA_UNLIKELY(!found.is_there))
            return 0;
        a[i] = found.word;
    }
    return held->count == 0 || read_again(self, args, a, count, held);
}

static void expect_buffers(PyObject *object);

/* Up to four integers or pointers; the result one too, a double, or nothing.
 * Buffers may be among them: words() leaves all that is rare to this. */
static ALWAYS_INLINE PyObject *
buffers(PyObject *object, PyObject *const *args, size_t flagged_count,
        PyObject *names, const uint32_t count, const around how)
{
    const kaa_cpython__function *self = quick_body(object);
    PyObject *result = NULL;
    uint64_t a[WORDS_MAX] = {0, 0, 0, 0};
    int is_ready;
    views held;

    if (KAA_UNLIKELY(is_other(self, flagged_count, names, count, how)))
        return start_over(object, args, flagged_count, names);
    held.count = 0;
    is_ready = read_all(self, args, a, count, &held);
    if (KAA_LIKELY(is_ready))
        result = run(self, a, count, how);
    if (held.count != 0) {
        release_views(&held);
        if (KAA_UNLIKELY(!(self->flags & FUNCTION_TAKES_BUFFERS)))
            expect_buffers(object);
    }
    return KAA_LIKELY(is_ready)
               ? result
               : start_over(object, args, flagged_count, names);
}

typedef PyObject *(*fallback)(PyObject *, PyObject *const *, size_t,
                              PyObject *);

/* The same where every argument is simple. */
static ALWAYS_INLINE PyObject *
words(PyObject *object, PyObject *const *args, size_t flagged_count,
      PyObject *names, const uint32_t count, const around how,
      const fallback otherwise)
{
    const kaa_cpython__function *self = quick_body(object);
    uint64_t a[WORDS_MAX] = {0, 0, 0, 0};

    if (KAA_UNLIKELY(is_other(self, flagged_count, names, count, how) ||
                     self->flags & FUNCTION_TAKES_BUFFERS))
        return otherwise(object, args, flagged_count, names);
    for (uint32_t i = 0; i < count; i++) {
        quick_word found =
            self->quick[i].op == CONVERT_INTEGER
                ? quick_integer(&self->quick[i], args[i])
                : quick_plain_pointer(&self->arguments[i], args[i]);

        if (KAA_UNLIKELY(!found.is_there))
            return otherwise(object, args, flagged_count, names);
        a[i] = found.word;
    }
    return run(self, a, count, how);
}

/* The same where every argument is C data of the type that was met before. */
static ALWAYS_INLINE PyObject *
data(PyObject *object, PyObject *const *args, size_t flagged_count,
     PyObject *names, const uint32_t count, const around how,
     const fallback otherwise)
{
    const kaa_cpython__function *self = quick_body(object);
    uint64_t a[WORDS_MAX] = {0, 0, 0, 0};

    if (KAA_UNLIKELY(is_other(self, flagged_count, names, count, how)))
        return otherwise(object, args, flagged_count, names);
    for (uint32_t i = 0; i < count; i++) {
        const kaa_cpython__conversion *conversion = &self->arguments[i];

        if (KAA_UNLIKELY(quick_type(args[i]) != conversion->own_class ||
                         !quick_is_own(conversion, args[i])))
            return otherwise(object, args, flagged_count, names);
        a[i] = (uint64_t)(uintptr_t)quick_cdata(args[i]);
    }
    return run(self, a, count, how);
}

/* ---- entries ---- */

#define ENTRY(name, body)                                                      \
    static PyObject *name(PyObject *object, PyObject *const *args,             \
                          size_t flagged_count, PyObject *names)               \
    {                                                                          \
        return body;                                                           \
    }
#define GIVEN object, args, flagged_count, names
#define DOUBLES(how, count)                                                    \
    ENTRY(doubles_##how##_##count, doubles(GIVEN, count, how))
#define INTEGERS(how, count)                                                   \
    ENTRY(integers_##how##_##count, integers(GIVEN, count, how))
#define WORDS(how, count)                                                      \
    ENTRY(words_##how##_##count, words(GIVEN, count, how, buffers_ANY_##count))
#define DATA(how, count)                                                       \
    ENTRY(data_##how##_##count, data(GIVEN, count, how, words_##how##_##count))
#define BUFFERS(how, count)                                                    \
    NEVER_INLINE ENTRY(buffers_##how##_##count, buffers(GIVEN, count, how))
#define EACH_COUNT(family, how)                                                \
    family(how, 0) family(how, 1) family(how, 2) family(how, 3) family(how, 4)

/* clang-format off: no statements, but definitions */
DOUBLES(HELD, 1)
DOUBLES(HELD, 2)
DOUBLES(HELD, 3)
DOUBLES(RELEASED, 1)
DOUBLES(RELEASED, 2)
DOUBLES(RELEASED, 3)
DOUBLES(CLOSED, 1)
DOUBLES(CLOSED, 2)
DOUBLES(CLOSED, 3)
EACH_COUNT(INTEGERS, HELD)
EACH_COUNT(INTEGERS, RELEASED)
EACH_COUNT(INTEGERS, CLOSED)
EACH_COUNT(BUFFERS, ANY)
EACH_COUNT(BUFFERS, HELD)
EACH_COUNT(WORDS, HELD)
EACH_COUNT(WORDS, RELEASED)
EACH_COUNT(WORDS, CLOSED)
EACH_COUNT(WORDS, HELD_ERRNO)
EACH_COUNT(WORDS, ANY)
DATA(HELD, 1)
DATA(HELD, 2)
DATA(RELEASED, 1)
DATA(RELEASED, 2)
DATA(CLOSED, 1)
DATA(CLOSED, 2)
/* clang-format on */

#define ROW(family, how)                                                       \
    {                                                                          \
        family##_##how##_0, family##_##how##_1, family##_##how##_2,            \
            family##_##how##_3, family##_##how##_4                             \
    }
static const host_vectorcall doubles_entries[AROUND_COUNT][4] = {
    [HELD] = {NULL, doubles_HELD_1, doubles_HELD_2, doubles_HELD_3},
    [RELEASED] = {NULL, doubles_RELEASED_1, doubles_RELEASED_2,
                  doubles_RELEASED_3},
    [CLOSED] = {NULL, doubles_CLOSED_1, doubles_CLOSED_2, doubles_CLOSED_3}};
static const host_vectorcall integers_entries[AROUND_COUNT][WORDS_MAX + 1] = {
    [HELD] = ROW(integers, HELD),
    [RELEASED] = ROW(integers, RELEASED),
    [CLOSED] = ROW(integers, CLOSED)};
static const host_vectorcall buffers_entries[AROUND_COUNT][WORDS_MAX + 1] = {
    [HELD] = ROW(buffers, HELD),
    [RELEASED] = ROW(buffers, ANY),
    [CLOSED] = ROW(buffers, ANY),
    [HELD_ERRNO] = ROW(buffers, ANY),
    [ANY] = ROW(buffers, ANY)};
static const host_vectorcall words_entries[AROUND_COUNT][WORDS_MAX + 1] = {
    [HELD] = ROW(words, HELD),
    [RELEASED] = ROW(words, RELEASED),
    [CLOSED] = ROW(words, CLOSED),
    [HELD_ERRNO] = ROW(words, HELD_ERRNO),
    [ANY] = ROW(words, ANY)};

static const host_vectorcall data_entries[AROUND_COUNT][3] = {
    [HELD] = {NULL, data_HELD_1, data_HELD_2},
    [RELEASED] = {NULL, data_RELEASED_1, data_RELEASED_2},
    [CLOSED] = {NULL, data_CLOSED_1, data_CLOSED_2}};

/* ---- choosing ---- */

static int
all_doubles(const kaa_cpython__function *self)
{
    uint8_t shape = self->plan->shape;

    if (shape != KAA_CALL__SHAPE_D_D && shape != KAA_CALL__SHAPE_D_DD &&
        shape != KAA_CALL__SHAPE_D_DDD)
        return 0;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->arguments[i].shape.op != CONVERT_DOUBLE)
            return 0;
    return self->result.shape.op == CONVERT_DOUBLE;
}

static int
all_words(const kaa_cpython__function *self)
{
    if (self->count > WORDS_MAX || self->flags & FUNCTION_FREES)
        return 0;
    for (uint32_t i = 0; i < self->count; i++)
        if ((self->arguments[i].shape.op != CONVERT_INTEGER &&
             self->arguments[i].shape.op != CONVERT_TEXT &&
             self->arguments[i].shape.op != CONVERT_POINTER) ||
            self->plan->places[i].offset[0] != 8 * i)
            return 0;
    return self->result.shape.op < CONVERT_RECORD &&
           self->result.shape.op != CONVERT_FLOAT;
}

/* Of functions that all_words() takes. */
static int
all_integers(const kaa_cpython__function *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->arguments[i].shape.op != CONVERT_INTEGER)
            return 0;
    return self->result.shape.op == CONVERT_INTEGER &&
           !(self->result.shape.flags & CONVERT_ENUM) &&
           !(self->flags & FUNCTION_ERRNO);
}

/* Of functions that all_words() takes: whether all arguments are pointers to
 * records, which few would hand a buffer to. */
static int
all_data(const kaa_cpython__function *self)
{
    if (self->count == 0 || self->count > 2 || self->flags & FUNCTION_ERRNO)
        return 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_convert__shape *shape = &self->arguments[i].shape;
        kaa_ctype_kind kind;

        if (shape->op != CONVERT_POINTER)
            return 0;
        kind =
            kaa_ctype_kind_of(kaa_ctype_strip(kaa_ctype_target(shape->core)));
        if (kind != KAA_CTYPE_STRUCT && kind != KAA_CTYPE_UNION)
            return 0;
    }
    return 1;
}

/* What took a buffer will be given another. */
NEVER_INLINE static void
expect_buffers(PyObject *object)
{
    kaa_cpython__function *self = quick_body(object);
    const around how = around_of(self);

    self->flags |= FUNCTION_TAKES_BUFFERS;
    if (self->vectorcall == words_entries[how][self->count])
        self->vectorcall = buffers_entries[how][self->count];
}

host_vectorcall
kaa_cpython__registers_entry(const kaa_cpython__function *self)
{
    const around how = around_of(self);
    host_vectorcall found = kaa_cpython__pairs_entry(self);

    if (found != NULL)
        return found;
    if (all_doubles(self) && !(self->flags & FUNCTION_ERRNO))
        return doubles_entries[how][self->count];
    if (all_words(self) && all_data(self))
        return data_entries[how][self->count];
    if (!all_words(self))
        return kaa_cpython__mixed_entry(self);
    return all_integers(self) ? integers_entries[how][self->count]
                              : words_entries[how][self->count];
}
