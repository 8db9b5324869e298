/* cpython/quick.c - the path that has to cost what a compiled extension costs.
 *
 * It reads what is common (floats, small ints, None, bytes) by the layouts that
 * the attach has verified, fills the registers, calls, and makes the result. At
 * the first thing that is not so simple it starts over on the general path;
 * nothing has happened by then that would have to be undone.
 */
#include <string.h>

#include "base/assert.h"
#include "cpython/function.h"

/* 1 if the argument was simple and stands at its place. */
static inline int
store(const kaa_cpython__quick *quick, PyObject *value, char *frame)
{
    PyObject *type = kaa_cpython__type(value);
    int64_t number;

    if (quick->op == CONVERT_DOUBLE) {
        if (type != PY(PyFloat_Type) || kaa_cpython__layout.float_offset == 0)
            return 0;
        memcpy(frame + quick->offset,
               (char *)value + kaa_cpython__layout.float_offset,
               sizeof(double));
        return 1;
    }
    if (quick->op == CONVERT_INTEGER) {
        if (!kaa_cpython__read_small(value, &number))
            return 0;
        if (quick->is_signed
                ? (int64_t)((uint64_t)number << quick->unused) >>
                          quick->unused !=
                      number
                : number < 0 ||
                      (uint64_t)number << quick->unused >> quick->unused !=
                          (uint64_t)number)
            return 0;
        memcpy(frame + quick->offset, &number, sizeof(number));
        return 1;
    }
    if (type != PY(PyBytes_Type) || quick->op != CONVERT_TEXT ||
        kaa_cpython__layout.bytes_offset == 0)
        return 0;
    value = (PyObject *)((char *)value + kaa_cpython__layout.bytes_offset);
    memcpy(frame + quick->offset, &value, sizeof(value));
    return 1;
}

static inline PyObject *
make_result(const kaa_cpython__function *self, const kaa_call__frame *frame)
{
    if (KAA_LIKELY(!(self->flags & (FUNCTION_ERRNO | FUNCTION_FREES)))) {
        if (self->result.op == CONVERT_DOUBLE)
            return PY(PyFloat_FromDouble)(frame->result.doubles[0]);
        if (self->result.op == CONVERT_INTEGER &&
            self->result.is_signed > (self->result.flags & CONVERT_ENUM))
            return PY(PyLong_FromLongLong)((int64_t)frame->result.words[0]);
    }
    return kaa_cpython__result(self, self->plan, frame);
}

/* Anything that travels in registers. */
static PyObject *
call_mixed(PyObject *object, PyObject *const *args, size_t flagged_count,
           PyObject *names)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    kaa_call__frame frame;

    if (KAA_UNLIKELY(names != NULL ||
                     (flagged_count & ~HOST_ARGUMENTS_OFFSET) != self->count))
        return kaa_cpython__call(object, args, flagged_count, names);
    for (uint32_t i = 0; i < self->count; i++)
        if (KAA_UNLIKELY(!store(&self->quick[i], args[i], (char *)&frame)))
            return kaa_cpython__call(object, args, flagged_count, names);
    if (KAA_UNLIKELY(kaa_cpython__run(self, self->plan, &frame) != 0))
        return NULL;
    return make_result(self, &frame);
}

/* double f(double), (double, double), (double, double, double). */
static PyObject *
call_doubles(PyObject *object, PyObject *const *args, size_t flagged_count,
             PyObject *names)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    kaa_cpython__record record;
    double a[3], made;

    if (KAA_UNLIKELY(names != NULL ||
                     (flagged_count & ~HOST_ARGUMENTS_OFFSET) != self->count))
        return kaa_cpython__call(object, args, flagged_count, names);
    for (uint32_t i = 0; i < self->count; i++) {
        if (KAA_UNLIKELY(kaa_cpython__type(args[i]) != PY(PyFloat_Type)))
            return kaa_cpython__call(object, args, flagged_count, names);
        a[i] = kaa_cpython__read_float(args[i]);
    }
    if (!(self->flags & FUNCTION_IS_CLOSED))
        kaa_cpython__begin(&record, self->host,
                           self->flags & FUNCTION_HOLDS_GIL);
    if (self->count == 1)
        made = ((double (*)(double))self->target)(a[0]);
    else if (self->count == 2)
        made = ((double (*)(double, double))self->target)(a[0], a[1]);
    else
        made = ((double (*)(double, double, double))self->target)(a[0], a[1],
                                                                  a[2]);
    if (!(self->flags & FUNCTION_IS_CLOSED) &&
        KAA_UNLIKELY(kaa_cpython__end(&record) != 0))
        return NULL;
    return PY(PyFloat_FromDouble)(made);
}

typedef uint64_t (*words_0)(void);
typedef uint64_t (*words_1)(uint64_t);
typedef uint64_t (*words_2)(uint64_t, uint64_t);
typedef uint64_t (*words_3)(uint64_t, uint64_t, uint64_t);

/* Up to three integers or pointers, the result one too, or nothing. */
static PyObject *
call_words(PyObject *object, PyObject *const *args, size_t flagged_count,
           PyObject *names)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    kaa_cpython__record record;
    uint64_t a[3], made;

    if (KAA_UNLIKELY(names != NULL ||
                     (flagged_count & ~HOST_ARGUMENTS_OFFSET) != self->count))
        return kaa_cpython__call(object, args, flagged_count, names);
    for (uint32_t i = 0; i < self->count; i++)
        if (KAA_UNLIKELY(!store(&self->quick[i], args[i], (char *)a)))
            return kaa_cpython__call(object, args, flagged_count, names);
    if (!(self->flags & FUNCTION_IS_CLOSED))
        kaa_cpython__begin(&record, self->host,
                           self->flags & FUNCTION_HOLDS_GIL);
    if (self->count == 2)
        made = ((words_2)self->target)(a[0], a[1]);
    else if (self->count == 1)
        made = ((words_1)self->target)(a[0]);
    else if (self->count == 3)
        made = ((words_3)self->target)(a[0], a[1], a[2]);
    else
        made = ((words_0)self->target)();
    if (!(self->flags & FUNCTION_IS_CLOSED) &&
        KAA_UNLIKELY(kaa_cpython__end(&record) != 0))
        return NULL;
    made = kaa_call__widen(self->plan, made);
    if (KAA_LIKELY(self->result.op == CONVERT_INTEGER &&
                   self->result.is_signed >
                       (self->result.flags & CONVERT_ENUM)))
        return PY(PyLong_FromLongLong)((int64_t)made);
    return kaa_cpython__from_word(
        self->host, self->library,
        (kaa_cpython__conversion *)(uintptr_t)&self->result, made);
}

static int
all_are(const kaa_cpython__function *self, int are_doubles)
{
    for (uint32_t i = 0; i < self->count; i++)
        if ((self->arguments[i].op == CONVERT_DOUBLE) != are_doubles)
            return 0;
    return 1;
}

host_vectorcall
kaa_cpython__choose_quick(const kaa_cpython__function *self)
{
    uint8_t shape = self->plan->shape;

    if (self->flags & (FUNCTION_ERRNO | FUNCTION_FREES))
        return call_mixed;
    if ((shape == KAA_CALL__SHAPE_D_D || shape == KAA_CALL__SHAPE_D_DD ||
         shape == KAA_CALL__SHAPE_D_DDD) &&
        self->result.op == CONVERT_DOUBLE && all_are(self, 1) &&
        kaa_cpython__layout.float_offset != 0)
        return call_doubles;
    if ((shape == KAA_CALL__SHAPE_I_ || shape == KAA_CALL__SHAPE_I_I ||
         shape == KAA_CALL__SHAPE_I_II || shape == KAA_CALL__SHAPE_I_III) &&
        self->result.op < CONVERT_RECORD && all_are(self, 0))
        return call_words;
    return call_mixed;
}
