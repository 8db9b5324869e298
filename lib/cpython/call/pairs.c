/* cpython/call/pairs.c - calls of one or two arguments that are doubles, or
 * records of two doubles by value; the result is one of them too.
 *
 * Points, vectors and complex numbers of libraries' own are passed so. Each
 * signature has an entry of its own, which reads the records where they are and
 * makes the result in one step.
 */
#include "call/internal.h"
#include "cpython/call/around.h"

#if KAA_CALL__SYSV

typedef double (*reals_2)(double, double);
typedef double (*reals_3)(double, double, double);
typedef double (*reals_4)(double, double, double, double);
typedef kaa_call__pair_dd (*pairs_2)(double, double);
typedef kaa_call__pair_dd (*pairs_3)(double, double, double);
typedef kaa_call__pair_dd (*pairs_4)(double, double, double, double);

/* What an argument is, or a result. */
typedef enum sort { REAL = 1, PAIR = 2 /* registers */ } sort;

/* ---- arguments and results ---- */

static ALWAYS_INLINE int
read_pair(const kaa_cpython__conversion *conversion, const PyObject *value,
          double *out)
{
    const PyObject *type = quick_type(value);

    if (KAA_UNLIKELY(type != conversion->own_class ||
                     !quick_is_own(conversion, value)) &&
        (type != conversion->direct_class ||
         !quick_is_whole(conversion, value)))
        return 0;
    memcpy(out, quick_cdata(value), 2 * sizeof(*out));
    return 1;
}

static ALWAYS_INLINE int
read_real(const PyObject *value, double *out)
{
    if (KAA_UNLIKELY(!quick_is_float(value)))
        return 0;
    *out = quick_float(value);
    return 1;
}

NEVER_INLINE static PyObject *
make_first_pair(const kaa_cpython__function *self, kaa_call__pair_dd pair)
{
    PyObject *made = kaa_cpython__new_record(
        self->host, self->library,
        (kaa_cpython__conversion *)(uintptr_t)&self->result, &pair,
        sizeof(pair));

    if (made == NULL)
        kaa_cpython__prefix(
            &(const kaa_cpython__state){.subject = self->item->name});
    return made;
}

static ALWAYS_INLINE PyObject *
make_pair(const kaa_cpython__function *self, kaa_call__pair_dd pair)
{
    struct kaa_cpython__class *class_ =
        atomic_load_explicit(&self->result.data_class, memory_order_acquire);
    uint64_t words[2];

    if (KAA_UNLIKELY(class_ == NULL))
        return make_first_pair(self, pair);
    memcpy(words, &pair, sizeof(words));
    return kaa_cpython__new_words(class_, words[0], words[1]);
}

/* One or two reals or pairs; the result is one of them too. `second` is 0 where
 * there is one argument. */
static ALWAYS_INLINE PyObject *
pairs(PyObject *object, PyObject *const *args, size_t flagged_count,
      PyObject *names, const uint32_t first, const uint32_t second,
      const sort given, const around how)
{
    const kaa_cpython__function *self = quick_body(object);
    const uint32_t used = first + second;
    kaa_cpython__record record, *begun;
    double a[4] = {0.0, 0.0, 0.0, 0.0}, real = 0.0;
    kaa_call__pair_dd pair = {0.0, 0.0};

    if (KAA_UNLIKELY(
            is_other(self, flagged_count, names, second != 0 ? 2 : 1, how) ||
            !(first == PAIR ? read_pair(&self->arguments[0], args[0], a)
                            : read_real(args[0], a))) ||
        (second == PAIR &&
         KAA_UNLIKELY(!read_pair(&self->arguments[1], args[1], a + first))) ||
        (second == REAL && KAA_UNLIKELY(!read_real(args[1], a + first))))
        return kaa_cpython__call_any(object, args, flagged_count, names);
    begun = begin(self, &record, how);
    if (given == REAL)
        real = used == 2   ? ((reals_2)self->target)(a[0], a[1])
               : used == 3 ? ((reals_3)self->target)(a[0], a[1], a[2])
                           : ((reals_4)self->target)(a[0], a[1], a[2], a[3]);
    else
        pair = used == 2   ? ((pairs_2)self->target)(a[0], a[1])
               : used == 3 ? ((pairs_3)self->target)(a[0], a[1], a[2])
                           : ((pairs_4)self->target)(a[0], a[1], a[2], a[3]);
    if (KAA_UNLIKELY(end(begun, how) != 0))
        return NULL;
    return given == REAL ? PY(PyFloat_FromDouble)(real) : make_pair(self, pair);
}

/* ---- entries ---- */

#define PAIRS(how, first, second, given)                                       \
    static PyObject *pairs_##how##_##first##second##_##given(                  \
        PyObject *object, PyObject *const *args, size_t flagged_count,         \
        PyObject *names)                                                       \
    {                                                                          \
        return pairs(object, args, flagged_count, names, first, second, given, \
                     how);                                                     \
    }
#define ALL_PAIRS(how)                                                         \
    PAIRS(how, PAIR, 0, REAL)                                                  \
    PAIRS(how, PAIR, 0, PAIR)                                                  \
    PAIRS(how, PAIR, REAL, REAL)                                               \
    PAIRS(how, PAIR, REAL, PAIR)                                               \
    PAIRS(how, PAIR, PAIR, REAL)                                               \
    PAIRS(how, PAIR, PAIR, PAIR)                                               \
    PAIRS(how, REAL, REAL, PAIR)

/* clang-format off: no statements, but definitions */
ALL_PAIRS(HELD)
ALL_PAIRS(RELEASED)
ALL_PAIRS(CLOSED)
/* clang-format on */

#define PAIR_ROW(how)                                                          \
    {                                                                          \
        {{NULL}, {NULL, NULL, pairs_##how##_REALREAL_PAIR}, {NULL}},           \
        {                                                                      \
            {NULL, pairs_##how##_PAIR0_REAL, pairs_##how##_PAIR0_PAIR},        \
                {NULL, pairs_##how##_PAIRREAL_REAL,                            \
                 pairs_##how##_PAIRREAL_PAIR},                                 \
            {                                                                  \
                NULL, pairs_##how##_PAIRPAIR_REAL, pairs_##how##_PAIRPAIR_PAIR \
            }                                                                  \
        }                                                                      \
    }
/* By the first argument (from REAL on), the second, the result. */
static const host_vectorcall pairs_entries[AROUND_COUNT][2][3][3] = {
    [HELD] = PAIR_ROW(HELD),
    [RELEASED] = PAIR_ROW(RELEASED),
    [CLOSED] = PAIR_ROW(CLOSED)};

/* ---- choosing ---- */

/* The sort of an argument, if it begins in vector register `at`; else 0. */
static uint32_t
sort_of_argument(const kaa_cpython__function *self, uint32_t i, uint32_t at)
{
    const kaa_call__place *place = &self->plan->places[i];
    const uint32_t first = (uint32_t)offsetof(kaa_call__frame, vectors);

    if (place->offset[0] != first + 8 * at)
        return 0;
    if (self->arguments[i].shape.op == CONVERT_DOUBLE)
        return REAL;
    return self->arguments[i].shape.op == CONVERT_RECORD &&
                   place->load == KAA_CALL__LOAD_BYTES && place->size[0] == 8 &&
                   place->size[1] == 8 &&
                   place->offset[1] == place->offset[0] + 8
               ? PAIR
               : 0;
}

host_vectorcall
kaa_cpython__pairs_entry(const kaa_cpython__function *self)
{
    const around how = around_of(self);
    uint8_t how_given = self->plan->result_how;
    uint32_t first, second = 0, given = 0;

    if (!self->plan->is_direct || self->count == 0 || self->count > 2 ||
        self->flags & (FUNCTION_FREES | FUNCTION_ERRNO))
        return NULL;
    if (self->result.shape.op == CONVERT_DOUBLE)
        given = REAL;
    else if (self->result.shape.op == CONVERT_RECORD &&
             how_given == KAA_CALL__RESULT_DD && self->plan->result_size == 16)
        given = PAIR;
    first = sort_of_argument(self, 0, 0);
    if (self->count == 2 && first != 0) {
        second = sort_of_argument(self, 1, first);
        if (second == 0)
            return NULL;
    }
    return first != 0 ? pairs_entries[how][first - 1][second][given] : NULL;
}

#else

host_vectorcall
kaa_cpython__pairs_entry(const kaa_cpython__function *self)
{
    (void)self;
    return NULL;
}

#endif
