/* cpython/call/called.c - what happens when C calls a callback.
 *
 * Take the GIL, make the arguments, call, read the result, keep what was raised
 * for the call that led here. Callbacks of few, simple values have a short way
 * through all of it: a sort makes millions of such calls.
 */
#include "cpython/call/called.h"

#include <string.h>

#include "base/memory.h"
#include "cpython/call/quick.h"
#include "cpython/call/value.h"
#include "cpython/host/thread.h"

#define ARGUMENTS_ON_STACK 16
#define QUICK_MAX KAA_CPYTHON__QUICK_MAX

typedef kaa_cpython__callback callback;
typedef kaa_cpython__target target;

/* How a quick callback makes an argument, or reads a result. */
typedef enum quick_kind {
    KIND_VOID,
    KIND_INT32,
    KIND_INT64,
    KIND_DOUBLE,
    KIND_POINTER, /* to what has a class; arguments alone */
    KIND_OTHER,   /* by the general way, within the short one */
} quick_kind;

/* A callback that raised: the call that led here, if one is known, raises it
 * when it is done. */
NEVER_INLINE static void
keep_exception(const callback *self, kaa_cpython__record *record)
{
    if (record != NULL && record->exception[0] == NULL)
        PY(PyErr_Fetch)
    (&record->exception[0], &record->exception[1], &record->exception[2]);
    else PY(PyErr_WriteUnraisable)(self->callable);
}

static PyObject *
call_with_tuple(PyObject *callable, PyObject **arguments, uint32_t count)
{
    PyObject *tuple = PY(PyTuple_New)((ssize_t)count);
    PyObject *result;

    if (tuple == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        PY(Py_IncRef)(arguments[i]);
        PY(PyTuple_SetItem)(tuple, (ssize_t)i, arguments[i]);
    }
    result = PY(PyObject_CallObject)(callable, tuple);
    PY(Py_DecRef)(tuple);
    return result;
}

/* arguments[-1] is free for the callee, as vectorcall allows it to ask. */
static const char in_callback[] = " in a callback";

/* What is no Python function may be C all the way, which the host would not
 * count: a bound function that C is given as its own callback. */
NEVER_INLINE static PyObject *
call_counted(PyObject *callable, PyObject **arguments, size_t flagged)
{
    int entered = kaa_cpython__enter_slot(in_callback);
    PyObject *value;

    if (entered < 0)
        return NULL;
    value = PY(PyObject_Vectorcall)(callable, arguments, flagged, NULL);
    kaa_cpython__leave_slot(entered);
    return value;
}

static inline PyObject *
call_python(const callback *self, PyObject **arguments, uint32_t count)
{
    size_t flagged = (size_t)count | HOST_ARGUMENTS_OFFSET;

    if (KAA_UNLIKELY(kaa_cpython__check_stack(in_callback) != 0))
        return NULL;
    if (KAA_LIKELY(self->call != NULL))
        return self->call(self->callable, arguments, flagged, NULL);
    return PY(PyObject_Vectorcall) != NULL
               ? call_counted(self->callable, arguments, flagged)
               : call_with_tuple(self->callable, arguments, count);
}

NEVER_INLINE static int
write_result(callback *self, PyObject *value, void *result)
{
    kaa_cpython__conversion *conversion = &self->arguments[self->count];
    kaa_cpython__state state = {.host = self->host,
                                .library = self->library,
                                .callable = self->callable};

    if (conversion->shape.op == CONVERT_VOID)
        return 0;
    if (kaa_cpython__store_value(&state, conversion, value, result) != 0)
        return -1;
    /* A pointer into what the callable returned is good until it returns
     * again; a record was copied. */
    if (conversion->shape.op != CONVERT_RECORD)
        state.holds = atomic_exchange(&self->kept, state.holds);
    kaa_cpython__release_holds(&state);
    return 0;
}

NEVER_INLINE static void
run(callback *self, void *result, void *const *storage,
    kaa_cpython__record *record)
{
    PyObject *on_stack[1 + ARGUMENTS_ON_STACK];
    PyObject **arguments = on_stack;
    PyObject *value = NULL;
    uint32_t made = 0;

    if (self->count > ARGUMENTS_ON_STACK)
        arguments = kaa_base__alloc_array(self->count + 1u, sizeof(*arguments));
    if (arguments == NULL) {
        PY(PyErr_NoMemory)();
        keep_exception(self, record);
        return;
    }
    arguments[0] = NULL;
    while (made < self->count) {
        PyObject *argument = kaa_cpython__from_c(
            self->host, self->library, &self->arguments[made], storage[made]);
        if (argument == NULL)
            break;
        arguments[1 + made++] = argument;
    }
    if (made == self->count)
        value = call_python(self, arguments + 1, made);
    if (KAA_UNLIKELY(value == NULL) || write_result(self, value, result) != 0)
        keep_exception(self, record);
    if (value != NULL)
        PY(Py_DecRef)(value);
    while (made > 0)
        PY(Py_DecRef)(arguments[made--]);
    if (arguments != on_stack)
        kaa_base__free(arguments);
}

/* ---- being called, where values are few, and most of them simple ---- */

static ALWAYS_INLINE PyObject *
make_quickly(callback *self, uint32_t i, const void *storage)
{
    const uint8_t kind = self->kinds[i];
    void *address;
    int32_t narrow;
    int64_t wide;
    double real;

    if (kind == KIND_INT32) {
        memcpy(&narrow, storage, sizeof(narrow));
        return PY(PyLong_FromLongLong)(narrow);
    }
    if (kind == KIND_INT64) {
        memcpy(&wide, storage, sizeof(wide));
        return PY(PyLong_FromLongLong)(wide);
    }
    if (kind == KIND_DOUBLE) {
        memcpy(&real, storage, sizeof(real));
        return PY(PyFloat_FromDouble)(real);
    }
    if (kind == KIND_POINTER) {
        memcpy(&address, storage, sizeof(address));
        if (KAA_LIKELY(address != NULL)) /* else it may be None */
            return kaa_cpython__new_pointer(self->host, self->library,
                                            &self->arguments[i], address, NULL);
    }
    return kaa_cpython__from_c(self->host, self->library, &self->arguments[i],
                               storage);
}

/* 1 if the result was so simple. */
static ALWAYS_INLINE int
write_quickly(uint8_t kind, const PyObject *value, void *result)
{
    /* A digit has 30 bits: either width has room. */
    static const kaa_cpython__quick any = {
        .unused = 32, .is_signed = 1, .sort = QUICK_SIGNED};
    quick_word found;
    int32_t narrow;
    double real;

    if (kind == KIND_VOID)
        return 1;
    if (kind == KIND_POINTER || kind == KIND_OTHER)
        return 0;
    if (kind == KIND_DOUBLE) {
        if (!quick_is_float(value))
            return 0;
        real = quick_float(value);
        memcpy(result, &real, sizeof(real));
        return 1;
    }
    found = quick_integer(&any, value);
    if (KAA_UNLIKELY(!found.is_there))
        return 0;
    narrow = (int32_t)found.word;
    if (kind == KIND_INT32)
        memcpy(result, &narrow, sizeof(narrow));
    else
        memcpy(result, &found.word, sizeof(found.word));
    return 1;
}

NEVER_INLINE static void
lack_argument(const callback *self, PyObject **arguments, uint32_t made,
              kaa_cpython__record *record)
{
    keep_exception(self, record);
    while (made > 0)
        PY(Py_DecRef)(arguments[--made]);
}

/* `count` is the callback's. */
static ALWAYS_INLINE void
run_quickly(callback *self, void *result, void *const *storage,
            kaa_cpython__record *record, const uint32_t count)
{
    PyObject *place[1 + QUICK_MAX], **arguments = place + 1;
    PyObject *value;

    place[0] = NULL; /* the callee's, as vectorcall allows it to ask */
    for (uint32_t i = 0; i < count; i++) {
        arguments[i] = make_quickly(self, i, storage[i]);
        if (KAA_UNLIKELY(arguments[i] == NULL)) {
            lack_argument(self, arguments, i, record);
            return;
        }
    }
    value = call_python(self, arguments, count);
    if (KAA_UNLIKELY(value == NULL) ||
        (KAA_UNLIKELY(!write_quickly(self->kinds[count], value, result)) &&
         write_result(self, value, result) != 0))
        keep_exception(self, record);
    if (value != NULL)
        quick_release(value);
    for (uint32_t i = 0; i < count; i++)
        quick_release(arguments[i]);
}

/* Takes the GIL, or finds that it is held. Of a quick callback, which is one of
 * `count` arguments, the object is counted at once: there are none without a
 * GIL. */
static ALWAYS_INLINE void
called_somehow(target *to, void *result, void *const *storage,
               const int is_quick, const uint32_t count)
{
    kaa_cpython__record *record, *head = kaa_cpython__own.records;
    kaa_cpython__entry entry;
    PyObject *object; /* it may be dropped while it runs */

    if (!kaa_cpython__enter(to->host, &entry))
        return;
    object = is_quick ? to->object : kaa_cpython__begin_use(to);
    if (is_quick && object != NULL)
        quick_retain(object);
    record = kaa_cpython__record_of(to->host);
    kaa_cpython__own.records = NULL;
    /* After the first exception of a call nothing more of it is run. */
    if (object != NULL &&
        kaa_cpython__callback_body(object)->callable != NULL &&
        (record == NULL || record->exception[0] == NULL)) {
        callback *self = kaa_cpython__callback_body(object);

        if (is_quick)
            run_quickly(self, result, storage, record, count);
        else
            run(self, result, storage, record);
        if (!is_quick && self->scope == KAA_DECL_SCOPE_ASYNC &&
            self->was_lent && atomic_exchange(&self->was_called, 1) == 0)
            PY(Py_DecRef)(object);
    }
    if (is_quick && object != NULL)
        quick_release(object);
    if (!is_quick && object != NULL)
        kaa_cpython__end_use(to, object);
    kaa_cpython__own.records = head;
    kaa_cpython__leave(&entry);
}

static void
called_any(void *result, void *const *storage, void *user)
{
    called_somehow(user, result, storage, 0, 0);
}

/* The second and later ones of a call that keeps the GIL come by the short way,
 * all others by `otherwise`. */
static ALWAYS_INLINE void
called_quickly(void *result, void *const *storage, target *to,
               const uint32_t count, const kaa_closure_callback otherwise)
{
    kaa_cpython__record *record = kaa_cpython__record_of(to->host);
    PyObject *object;

    if (KAA_UNLIKELY(
            record == NULL || record->held == NULL ||
            record->exception[0] != NULL ||
            atomic_load_explicit(&to->host->is_closing, memory_order_relaxed) ||
            !kaa_cpython__is_running(record->held))) {
        otherwise(result, storage, to);
        return;
    }
    object = to->object;
    if (KAA_UNLIKELY(object == NULL)) {
        otherwise(result, storage, to);
        return;
    }
    quick_retain(object); /* it may be dropped while it runs */
    kaa_cpython__own.records = NULL;
    run_quickly(kaa_cpython__callback_body(object), result, storage, record,
                count);
    quick_release(object);
    kaa_cpython__own.records = record;
}

/* Both ways are compiled for each number of arguments. */
#define QUICK(count)                                                           \
    NEVER_INLINE static void entering_##count(                                 \
        void *result, void *const *storage, void *user)                        \
    {                                                                          \
        called_somehow(user, result, storage, 1, count);                       \
    }                                                                          \
    static void called_##count(void *result, void *const *storage, void *user) \
    {                                                                          \
        called_quickly(result, storage, user, count, entering_##count);        \
    }

/* clang-format off: no statements, but definitions */
QUICK(0)
QUICK(1)
QUICK(2)
QUICK(3)
QUICK(4)
/* clang-format on */

/* ---- choosing ---- */

static uint8_t
kind_of(const kaa_cpython__conversion *conversion)
{
    if (conversion->shape.op == CONVERT_VOID)
        return KIND_VOID;
    if (conversion->shape.op == CONVERT_DOUBLE)
        return KIND_DOUBLE;
    if (conversion->shape.op == CONVERT_POINTER)
        return conversion->shape.item != ITEM_ANY ? KIND_POINTER : KIND_OTHER;
    if (conversion->shape.op != CONVERT_INTEGER ||
        !conversion->shape.is_signed || conversion->shape.flags & CONVERT_ENUM)
        return KIND_OTHER;
    return conversion->shape.size == 4   ? KIND_INT32
           : conversion->shape.size == 8 ? KIND_INT64
                                         : KIND_OTHER;
}

/* Since 3.12 a function may have another vectorcall than all others, which
 * PyObject_Vectorcall() finds. */
static host_vectorcall
call_of(const callback *self)
{
    if (kaa_cpython__type(self->callable) != PY(PyFunction_Type))
        return NULL;
    return PY(_PyFunction_Vectorcall) != NULL && self->host->version < 0x030c
               ? PY(_PyFunction_Vectorcall)
               : PY(PyObject_Vectorcall);
}

kaa_closure_callback
kaa_cpython__init_called(callback *self)
{
    static const kaa_closure_callback quick[QUICK_MAX + 1] = {
        called_0, called_1, called_2, called_3, called_4};

    self->call = call_of(self);
    if (self->count > QUICK_MAX || self->scope == KAA_DECL_SCOPE_ASYNC ||
        !quick_has_layouts())
        return called_any;
    for (uint32_t i = 0; i <= self->count; i++)
        self->kinds[i] = kind_of(&self->arguments[i]);
    return quick[self->count];
}
