/* cpython/quick.c - the path that has to cost what a compiled extension costs.
 *
 * It reads what is common (floats, small ints, text, buffers, instances of a
 * class met before) by the layouts that the attach has verified, fills the
 * registers, calls, and makes the result. At the first thing that is not so
 * simple it starts over on the general path; nothing has happened by then that
 * is not undone.
 *
 * Three entries serve three families of signatures, since what costs here is
 * not the work but the deciding: doubles, words (integers and pointers), mixed.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "cpython/function.h"

#define WORDS_MAX 4
#define VIEWS_MAX 3
#define STACK_BYTES 128  /* of arguments, in a frame of the quick path */
#define MEMORY_BYTES 128 /* of a result in memory */

/* A frame with room for the stack. Nothing of it is set beforehand. */
typedef struct quick_frame {
    kaa_call__frame frame;
    _Alignas(16) unsigned char stack[STACK_BYTES];
    _Alignas(16) unsigned char result[MEMORY_BYTES];
} quick_frame;

_Static_assert(offsetof(quick_frame, stack) == sizeof(kaa_call__frame),
               "a frame's memory part follows it");

/* Buffers held during the call. */
typedef struct views {
    uint32_t count;
    host_buffer view[VIEWS_MAX];
} views;

static void
release_views(views *held)
{
    while (held->count > 0)
        PY(PyBuffer_Release)(&held->view[--held->count]);
}

/* ---- arguments: each 1 if it was simple and stands at its place ---- */

static inline int
store_integer(const kaa_cpython__quick *quick, PyObject *value, char *place)
{
    int64_t number;

    if (!kaa_cpython__read_small(value, &number))
        return 0;
    if (quick->is_signed
            ? (int64_t)((uint64_t)number << quick->unused) >> quick->unused !=
                  number
            : number < 0 ||
                  (uint64_t)number << quick->unused >> quick->unused !=
                      (uint64_t)number)
        return 0;
    memcpy(place, &number, sizeof(number));
    return 1;
}

static inline int
store_floating(const kaa_cpython__quick *quick, PyObject *value, char *place)
{
    double number;
    uint64_t word = 0;
    float narrow;

    if (kaa_cpython__type(value) != PY(PyFloat_Type) ||
        kaa_cpython__layout.float_offset == 0)
        return 0;
    number = kaa_cpython__read_float(value);
    if (quick->op == CONVERT_DOUBLE) {
        memcpy(place, &number, sizeof(number));
        return 1;
    }
    narrow = (float)number;
    if (isinf(narrow))
        return 0; /* perhaps out of range */
    memcpy(&word, &narrow, sizeof(narrow));
    memcpy(place, &word, sizeof(word));
    return 1;
}

static inline int
store_address(const void *address, char *place)
{
    memcpy(place, &address, sizeof(address));
    return 1;
}

static int
store_text(PyObject *value, char *place)
{
    ssize_t length = 0;
    const char *text = PY(PyUnicode_AsUTF8AndSize)(value, &length);

    if (text == NULL) {
        PY(PyErr_Clear)();
        return 0;
    }
    if (strlen(text) != (size_t)length)
        return 0;
    return store_address(text, place);
}

static int
store_buffer(const kaa_cpython__conversion *conversion, PyObject *value,
             char *place, views *held)
{
    host_buffer *view;

    if (held->count == VIEWS_MAX)
        return 0;
    view = &held->view[held->count];
    if (PY(PyObject_GetBuffer)(value, view,
                               kaa_cpython__buffer_flags(conversion)) != 0) {
        PY(PyErr_Clear)();
        return 0;
    }
    held->count++;
    return kaa_cpython__view_fits(conversion, view) &&
           store_address(view->buf, place);
}

static inline int
store_pointer(kaa_cpython *host, const kaa_cpython__conversion *conversion,
              PyObject *value, char *place, views *held)
{
    PyObject *type = kaa_cpython__type(value);
    const char *data;

    if (conversion->op == CONVERT_TEXT && type == PY(PyUnicode_Type))
        return store_text(value, place);
    if (type == PY(PyBytes_Type))
        return (conversion->flags & (CONVERT_BYTES | CONVERT_WRITABLE)) ==
                   CONVERT_BYTES &&
               kaa_cpython__layout.bytes_offset != 0 &&
               store_address((char *)value + kaa_cpython__layout.bytes_offset,
                             place);
    if (type == conversion->direct_class) {
        memcpy(&data, (char *)value + kaa_cpython__layout.cdata_offset,
               sizeof(data));
        return store_address(data, place);
    }
    if (type == conversion->buffer_class)
        return store_buffer(conversion, value, place, held);
    if (value == kaa_cpython__none())
        return !(conversion->flags & CONVERT_NONNULL) &&
               store_address(NULL, place);
    return kaa_cpython__known_instance(host, conversion, value, place);
}

/* Word by word where the size allows it: a call of memcpy() costs more than
 * the common sizes do, and so does a word read back from a wider store. */
static inline void
store_record(const kaa_call__place *place, char *frame, const char *data)
{
    char *first = frame + place->offset[0];

    if (place->size[0] % 8 != 0 || place->size[1] % 8 != 0) {
        kaa_call__store(place, (kaa_call__frame *)(void *)frame, data);
        return;
    }
    for (uint32_t at = 0; at < place->size[0]; at += 8)
        memcpy(first + at, data + at, 8);
    if (place->size[1] != 0)
        memcpy(frame + place->offset[1], data + 8, 8);
}

static inline int
store(const kaa_cpython__function *self, uint32_t i, PyObject *value,
      char *frame, views *held)
{
    const kaa_cpython__quick *quick = &self->quick[i];
    const kaa_cpython__conversion *conversion = &self->arguments[i];
    const char *data;

    switch (quick->op) {
    case CONVERT_INTEGER:
        return store_integer(quick, value, frame + quick->offset);
    case CONVERT_DOUBLE:
    case CONVERT_FLOAT:
        return store_floating(quick, value, frame + quick->offset);
    case CONVERT_RECORD:
        if (kaa_cpython__type(value) != conversion->direct_class)
            return 0;
        memcpy(&data, (char *)value + kaa_cpython__layout.cdata_offset,
               sizeof(data));
        store_record(&self->plan->places[i], frame, data);
        return 1;
    default:
        return store_pointer(self->host, conversion, value,
                             frame + quick->offset, held);
    }
}

/* ---- results ---- */

static inline PyObject *
make_word(const kaa_cpython__function *self, uint64_t word)
{
    if (KAA_LIKELY(self->result.op == CONVERT_INTEGER &&
                   self->result.is_signed >
                       (self->result.flags & CONVERT_ENUM)))
        return PY(PyLong_FromLongLong)((int64_t)word);
    return kaa_cpython__word_result(self, word);
}

static inline PyObject *
make_record(const kaa_cpython__function *self, const kaa_call__frame *frame)
{
    const kaa_call_plan *plan = self->plan;
    PyObject *made = kaa_cpython__new_record(
        self->host, self->library,
        (kaa_cpython__conversion *)(uintptr_t)&self->result,
        plan->result_in_memory ? frame->result_memory : frame->result.bytes,
        (size_t)plan->result_size);

    if (KAA_UNLIKELY(made == NULL))
        kaa_cpython__prefix(
            &(const kaa_cpython__state){.subject = self->item->name});
    return made;
}

static inline PyObject *
make_result(const kaa_cpython__function *self, const kaa_call__frame *frame)
{
    if (KAA_UNLIKELY(self->flags & (FUNCTION_ERRNO | FUNCTION_FREES)))
        return kaa_cpython__result(self, self->plan, frame);
    if (self->result.op == CONVERT_DOUBLE)
        return PY(PyFloat_FromDouble)(frame->result.doubles[0]);
    if (self->result.op == CONVERT_INTEGER)
        return make_word(self, frame->result.words[0]);
    if (self->result.op == CONVERT_RECORD)
        return make_record(self, frame);
    return kaa_cpython__result(self, self->plan, frame);
}

/* ---- calls ---- */

static inline int
is_other(const kaa_cpython__function *self, size_t flagged_count,
         PyObject *names)
{
    return names != NULL ||
           (flagged_count & ~HOST_ARGUMENTS_OFFSET) != self->count;
}

static inline void
begin(const kaa_cpython__function *self, kaa_cpython__record *record)
{
    if (!(self->flags & FUNCTION_IS_CLOSED))
        kaa_cpython__begin(record, self->host,
                           self->flags & FUNCTION_HOLDS_GIL);
}

static inline int
end(const kaa_cpython__function *self, kaa_cpython__record *record)
{
    return self->flags & FUNCTION_IS_CLOSED ? 0 : kaa_cpython__end(record);
}

/* Anything that travels in registers, or in few words on the stack. */
static PyObject *
call_mixed(PyObject *object, PyObject *const *args, size_t flagged_count,
           PyObject *names)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    kaa_cpython__record record;
    quick_frame local;
    PyObject *result = NULL;
    views held;

    if (KAA_UNLIKELY(is_other(self, flagged_count, names)))
        return kaa_cpython__call(object, args, flagged_count, names);
    held.count = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (KAA_LIKELY(store(self, i, args[i], (char *)&local, &held)))
            continue;
        release_views(&held);
        return kaa_cpython__call(object, args, flagged_count, names);
    }
    local.frame.result_memory = local.result;
    begin(self, &record);
    kaa_call__run(self->plan, self->target, &local.frame);
    if (KAA_LIKELY(end(self, &record) == 0))
        result = make_result(self, &local.frame);
    release_views(&held);
    return result;
}

/* The entries below are made for each number of arguments, so that the compiler
 * unrolls what is done for each. */
#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif

/* double f(double), (double, double), (double, double, double). */
static ALWAYS_INLINE PyObject *
doubles(PyObject *object, PyObject *const *args, size_t flagged_count,
        PyObject *names, const uint32_t count)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    kaa_cpython__record record;
    double a[3] = {0.0, 0.0, 0.0}, made;

    if (KAA_UNLIKELY(names != NULL ||
                     (flagged_count & ~HOST_ARGUMENTS_OFFSET) != count))
        return kaa_cpython__call(object, args, flagged_count, names);
    for (uint32_t i = 0; i < count; i++) {
        if (KAA_UNLIKELY(kaa_cpython__type(args[i]) != PY(PyFloat_Type)))
            return kaa_cpython__call(object, args, flagged_count, names);
        a[i] = kaa_cpython__read_float(args[i]);
    }
    begin(self, &record);
    if (count == 1)
        made = ((double (*)(double))self->target)(a[0]);
    else if (count == 2)
        made = ((double (*)(double, double))self->target)(a[0], a[1]);
    else
        made = ((double (*)(double, double, double))self->target)(a[0], a[1],
                                                                  a[2]);
    if (KAA_UNLIKELY(end(self, &record) != 0))
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
run_words(const kaa_cpython__function *self, const uint64_t *a, double *real,
          const uint32_t count)
{
    if (count == 1 && self->result.op == CONVERT_DOUBLE) {
        *real = ((real_1)self->target)(a[0]);
        return 0;
    }
    if (count == 2 && self->result.op == CONVERT_DOUBLE) {
        *real = ((real_2)self->target)(a[0], a[1]);
        return 0;
    }
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

static inline PyObject *
words_result(const kaa_cpython__function *self, uint64_t word, double real,
             int code)
{
    word = kaa_call__widen(self->plan, word);
    if (KAA_UNLIKELY(self->flags & FUNCTION_ERRNO && code != 0 &&
                     kaa_cpython__has_failed(self, word, real)))
        return kaa_cpython__raise_errno(self, code);
    if (self->result.op == CONVERT_DOUBLE)
        return PY(PyFloat_FromDouble)(real);
    return make_word(self, word);
}

/* Up to four integers or pointers; the result one too, a double, or nothing. */
static ALWAYS_INLINE PyObject *
words(PyObject *object, PyObject *const *args, size_t flagged_count,
      PyObject *names, const uint32_t count)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    kaa_cpython__record record;
    PyObject *result = NULL;
    uint64_t a[WORDS_MAX], made;
    double real = 0.0;
    int code = 0;
    views held;

    if (KAA_UNLIKELY(names != NULL ||
                     (flagged_count & ~HOST_ARGUMENTS_OFFSET) != count))
        return kaa_cpython__call(object, args, flagged_count, names);
    held.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (KAA_LIKELY(
                self->quick[i].op == CONVERT_INTEGER
                    ? store_integer(&self->quick[i], args[i], (char *)&a[i])
                    : store_pointer(self->host, &self->arguments[i], args[i],
                                    (char *)&a[i], &held)))
            continue;
        release_views(&held);
        return kaa_cpython__call(object, args, flagged_count, names);
    }
    begin(self, &record);
    if (KAA_UNLIKELY(self->flags & FUNCTION_ERRNO))
        errno = 0; /* after the GIL is released, which may change it */
    made = run_words(self, a, &real, count);
    if (KAA_UNLIKELY(self->flags & FUNCTION_ERRNO))
        code = errno; /* before the GIL is taken, which may change it */
    if (KAA_LIKELY(end(self, &record) == 0))
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
ENTRY(words, 0)
ENTRY(words, 1)
ENTRY(words, 2)
ENTRY(words, 3)
ENTRY(words, 4)
#undef ENTRY

static const host_vectorcall doubles_entries[] = {
    NULL, call_doubles_1, call_doubles_2, call_doubles_3};
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
        if (self->arguments[i].op != CONVERT_DOUBLE)
            return 0;
    return self->result.op == CONVERT_DOUBLE &&
           kaa_cpython__layout.float_offset != 0;
}

static int
all_words(const kaa_cpython__function *self)
{
    if (self->count > WORDS_MAX || self->flags & FUNCTION_FREES)
        return 0;
    for (uint32_t i = 0; i < self->count; i++)
        if ((self->arguments[i].op != CONVERT_INTEGER &&
             self->arguments[i].op != CONVERT_TEXT &&
             self->arguments[i].op != CONVERT_POINTER) ||
            self->plan->places[i].offset[0] != 8 * i)
            return 0;
    if (self->result.op == CONVERT_DOUBLE)
        return self->count == 1 || self->count == 2;
    return self->result.op < CONVERT_RECORD && self->result.op != CONVERT_FLOAT;
}

/* Whether a call's values fit a quick_frame. */
static int
fits_frame(const kaa_call_plan *plan)
{
    return plan->is_direct &&
           plan->frame_size <= sizeof(kaa_call__frame) + STACK_BYTES &&
           (!plan->result_in_memory ||
            (plan->result_size <= MEMORY_BYTES && plan->result_align <= 16));
}

/* What the quick path can take: what stands in registers or in little memory,
 * needs nothing done after the call but for buffers, and is read by layouts. */
static int
is_quick(const kaa_cpython__function *self)
{
    if (!fits_frame(self->plan) || self->flags & FUNCTION_IS_SPECIAL ||
        kaa_cpython__layout.type_offset == 0 ||
        kaa_cpython__layout.cdata_offset == 0)
        return 0;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->arguments[i].op > CONVERT_POINTER &&
            self->arguments[i].op != CONVERT_RECORD)
            return 0;
    return 1;
}

int
kaa_cpython__init_quick(kaa_cpython__function *self)
{
    kaa_cpython__quick *quick;

    if (!is_quick(self))
        return 0;
    quick = kaa_base__alloc_zeroed((self->count + 1u) * sizeof(*quick));
    if (quick == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_cpython__conversion *argument = &self->arguments[i];

        quick[i].op = argument->op;
        quick[i].unused = (uint8_t)(64u - 8u * argument->size);
        quick[i].is_signed = argument->is_signed;
        quick[i].offset = self->plan->places[i].offset[0];
    }
    self->quick = quick;
    if (all_doubles(self) && !(self->flags & FUNCTION_ERRNO))
        self->vectorcall = doubles_entries[self->count];
    else
        self->vectorcall =
            all_words(self) ? words_entries[self->count] : call_mixed;
    return 0;
}
