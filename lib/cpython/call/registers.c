/* cpython/call/registers.c - calls whose arguments are all in registers of one
 * sort.
 *
 * Three families of signatures, since what costs here is not the work but the
 * deciding: doubles, integers, and words (integers and pointers). Each has an
 * entry for each number of arguments, so that the compiler unrolls what is done
 * for each.
 */
#include <errno.h>

#include "cpython/call/quick.h"

#define WORDS_MAX 4

NEVER_INLINE static PyObject *
start_over(PyObject *object, PyObject *const *args, size_t flagged_count,
           PyObject *names, views *held)
{
    if (held != NULL)
        release_views(held);
    return kaa_cpython__call(object, args, flagged_count, names);
}

static inline int
is_other(size_t flagged_count, PyObject *names, size_t count)
{
    return names != NULL || (flagged_count & ~HOST_ARGUMENTS_OFFSET) != count;
}

/* double f(double), (double, double), (double, double, double). */
static ALWAYS_INLINE PyObject *
doubles(PyObject *object, PyObject *const *args, size_t flagged_count,
        PyObject *names, const uint32_t count)
{
    const kaa_cpython__function *self = quick_body(object);
    kaa_cpython__record record;
    double a[3] = {0.0, 0.0, 0.0}, made;

    if (KAA_UNLIKELY(is_other(flagged_count, names, count)))
        return start_over(object, args, flagged_count, names, NULL);
    for (uint32_t i = 0; i < count; i++) {
        if (KAA_UNLIKELY(!quick_is_float(args[i])))
            return start_over(object, args, flagged_count, names, NULL);
        a[i] = quick_float(args[i]);
    }
    quick_begin(self, &record);
    if (count == 1)
        made = ((double (*)(double))self->target)(a[0]);
    else if (count == 2)
        made = ((double (*)(double, double))self->target)(a[0], a[1]);
    else
        made = ((double (*)(double, double, double))self->target)(a[0], a[1],
                                                                  a[2]);
    if (KAA_UNLIKELY(quick_end(self, &record) != 0))
        return NULL;
    return PY(PyFloat_FromDouble)(made);
}

typedef uint64_t (*words_0)(void);
typedef uint64_t (*words_1)(uint64_t);
typedef uint64_t (*words_2)(uint64_t, uint64_t);
typedef uint64_t (*words_3)(uint64_t, uint64_t, uint64_t);
typedef uint64_t (*words_4)(uint64_t, uint64_t, uint64_t, uint64_t);
typedef double (*real_1)(uint64_t);
typedef double (*real_2)(uint64_t, uint64_t);

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

/* Up to four integers; the result one too, and no errno. */
static ALWAYS_INLINE PyObject *
integers(PyObject *object, PyObject *const *args, size_t flagged_count,
         PyObject *names, const uint32_t count)
{
    const kaa_cpython__function *self = quick_body(object);
    const kaa_cpython__quick *made = &self->quick[count];
    kaa_cpython__record record;
    uint64_t a[WORDS_MAX] = {0, 0, 0, 0}, word;

    if (KAA_UNLIKELY(is_other(flagged_count, names, count)))
        return start_over(object, args, flagged_count, names, NULL);
    for (uint32_t i = 0; i < count; i++) {
        quick_word found = quick_integer(&self->quick[i], args[i]);

        if (KAA_UNLIKELY(!found.is_there))
            return start_over(object, args, flagged_count, names, NULL);
        a[i] = found.word;
    }
    quick_begin(self, &record);
    word = run_words(self, a, count) << made->unused;
    if (KAA_UNLIKELY(quick_end(self, &record) != 0))
        return NULL;
    if (KAA_LIKELY(made->is_signed))
        return PY(PyLong_FromLongLong)((int64_t)word >> made->unused);
    return PY(PyLong_FromUnsignedLongLong)(word >> made->unused);
}

/* Calls a function of words that gives a double. */
static ALWAYS_INLINE double
run_real(const kaa_cpython__function *self, const uint64_t *a,
         const uint32_t count)
{
    if (count == 1)
        return ((real_1)self->target)(a[0]);
    return ((real_2)self->target)(a[0], a[1]);
}

static inline PyObject *
words_result(const kaa_cpython__function *self, uint64_t word, double real,
             int code)
{
    word = kaa_call__widen(self->plan, word);
    if (KAA_UNLIKELY(
            self->flags & FUNCTION_ERRNO && code != 0 &&
            kaa_convert__says_failure(&self->result.shape, word, real)))
        return kaa_cpython__raise_errno(self, code);
    if (self->result.shape.op == CONVERT_DOUBLE)
        return PY(PyFloat_FromDouble)(real);
    return quick_make_word(self, word);
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

/* Up to four integers or pointers; the result one too, a double, or nothing. */
static ALWAYS_INLINE PyObject *
words(PyObject *object, PyObject *const *args, size_t flagged_count,
      PyObject *names, const uint32_t count)
{
    const kaa_cpython__function *self = quick_body(object);
    kaa_cpython__record record;
    PyObject *result = NULL;
    uint64_t a[WORDS_MAX] = {0, 0, 0, 0}, made = 0;
    double real = 0.0;
    int code = 0;
    views held;

    if (KAA_UNLIKELY(is_other(flagged_count, names, count)))
        return start_over(object, args, flagged_count, names, NULL);
    held.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        quick_word found = self->quick[i].op == CONVERT_INTEGER
                               ? quick_integer(&self->quick[i], args[i])
                               : quick_pointer(self->host, &self->arguments[i],
                                               args[i], &held);
        if (KAA_UNLIKELY(!found.is_there))
            return start_over(object, args, flagged_count, names, &held);
        a[i] = found.word;
    }
    if (KAA_UNLIKELY(held.count != 0) &&
        KAA_UNLIKELY(!read_again(self, args, a, count, &held)))
        return start_over(object, args, flagged_count, names, &held);
    quick_begin(self, &record);
    if (KAA_UNLIKELY(self->flags & FUNCTION_ERRNO))
        errno = 0; /* after the GIL is released, which may change it */
    if ((count == 1 || count == 2) && self->result.shape.op == CONVERT_DOUBLE)
        real = run_real(self, a, count);
    else
        made = run_words(self, a, count);
    if (KAA_UNLIKELY(self->flags & FUNCTION_ERRNO))
        code = errno; /* before the GIL is taken, which may change it */
    if (KAA_LIKELY(quick_end(self, &record) == 0))
        result = words_result(self, made, real, code);
    if (KAA_UNLIKELY(held.count != 0))
        release_views(&held);
    return result;
}

#define ENTRY(family, count)                                                   \
    static PyObject *call_##family##_##count(                                  \
        PyObject *object, PyObject *const *args, size_t flagged_count,         \
        PyObject *names)                                                       \
    {                                                                          \
        return family(object, args, flagged_count, names, count);              \
    }
ENTRY(doubles, 1)
ENTRY(doubles, 2)
ENTRY(doubles, 3)
ENTRY(integers, 0)
ENTRY(integers, 1)
ENTRY(integers, 2)
ENTRY(integers, 3)
ENTRY(integers, 4)
ENTRY(words, 0)
ENTRY(words, 1)
ENTRY(words, 2)
ENTRY(words, 3)
ENTRY(words, 4)
#undef ENTRY

static const host_vectorcall doubles_entries[] = {
    NULL, call_doubles_1, call_doubles_2, call_doubles_3};
static const host_vectorcall integers_entries[WORDS_MAX + 1] = {
    call_integers_0, call_integers_1, call_integers_2, call_integers_3,
    call_integers_4};
static const host_vectorcall words_entries[WORDS_MAX + 1] = {
    call_words_0, call_words_1, call_words_2, call_words_3, call_words_4};

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
    if (self->result.shape.op == CONVERT_DOUBLE)
        return self->count == 1 || self->count == 2;
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

host_vectorcall
kaa_cpython__registers_entry(const kaa_cpython__function *self)
{
    if (all_doubles(self) && !(self->flags & FUNCTION_ERRNO))
        return doubles_entries[self->count];
    if (!all_words(self))
        return NULL;
    return all_integers(self) ? integers_entries[self->count]
                              : words_entries[self->count];
}
