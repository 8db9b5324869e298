/* cpython/call/invoke.c - a call, from objects to registers and back. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "cpython/call/callback.h"
#include "cpython/call/function.h"
#include "cpython/data/data.h"

/* ---- frames ---- */

static size_t
align_up(size_t bytes, size_t align)
{
    return (bytes + align - 1) & ~(align - 1);
}

kaa_call__frame *
kaa_cpython__new_frame(const kaa_call_plan *plan, kaa_cpython__frame *local)
{
    size_t result_at = align_up(plan->frame_size, 64);
    size_t bytes = plan->frame_size;
    kaa_call__frame *frame;
    void *memory = NULL;

    if (plan->result_in_memory)
        bytes = align_up(result_at + (size_t)plan->result_size, 64);
    if (bytes <= sizeof(*local) && !plan->result_in_memory)
        return &local->frame;
    if (plan->result_align > 64 || kaa_base__fault_due() ||
        posix_memalign(&memory, 64, align_up(bytes, 64)) != 0) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    memset(memory, 0, bytes);
    frame = memory;
    frame->result_memory =
        plan->result_in_memory ? (char *)memory + result_at : NULL;
    return frame;
}

void
kaa_cpython__release_frame(kaa_call__frame *frame,
                           const kaa_cpython__frame *local)
{
    if (frame != &local->frame)
        free(frame);
}

/* ---- calling ---- */

/* [[kaa::free(fn)]] */
static void
give_back(const kaa_cpython__function *self, uint64_t word)
{
    void (*release)(void *) = NULL;

    memcpy(&release, &self->free_function, sizeof(release));
    release((void *)(uintptr_t)word);
}

int
kaa_cpython__run(const kaa_cpython__function *self, const kaa_call_plan *plan,
                 kaa_call__frame *frame)
{
    kaa_cpython__record local, *record = &local;

    if (self->flags & FUNCTION_IS_CLOSED) {
        kaa_call__run(plan, self->target, frame);
        return 0;
    }
    if (self->flags & FUNCTION_HOLDS_GIL)
        record = kaa_cpython__begin_held(&local, self->host);
    else
        kaa_cpython__begin(&local, self->host, 0);
    kaa_call__run(plan, self->target, frame);
    if (KAA_UNLIKELY(record->exception[0] != NULL &&
                     self->flags & FUNCTION_FREES) &&
        frame->result.words[0] != 0)
        give_back(self, frame->result.words[0]); /* nobody will see it */
    return kaa_cpython__end(record);
}

int
kaa_cpython__run_with(const kaa_cpython__function *self,
                      const kaa_cpython__state *state,
                      const kaa_call_plan *plan, kaa_call__frame *frame)
{
    if (state->has_lent)
        kaa_cpython__lend_callbacks(state);
    if (KAA_UNLIKELY(state->gives_up != NULL) &&
        kaa_cpython__release_owned(state->gives_up, 0) < 0)
        return -1;
    return kaa_cpython__run(self, plan, frame);
}

/* ---- results ---- */

/* The result in a frame as a double, for kaa_convert__says_failure(). */
static double
real_result(const kaa_cpython__function *self, const kaa_call__frame *frame)
{
    long double wide;

    if (self->result.shape.op == CONVERT_DOUBLE)
        return frame->result.doubles[0];
    if (self->result.shape.op == CONVERT_FLOAT)
        return (double)frame->result.floats[0];
    if (self->result.shape.op != CONVERT_LONG_DOUBLE)
        return 0.0;
    memcpy(&wide, frame->result.bytes, sizeof(wide));
    return isfinite(wide) ? 0.0 : (double)wide;
}

PyObject *
kaa_cpython__raise_errno(const kaa_cpython__function *self, int code)
{
    PyObject *args = PY(PyTuple_New)(2);
    PyObject *number = PY(PyLong_FromLongLong)(code);
    char text[256], words[128];
    PyObject *message;

    /* The XSI and the GNU strerror_r differ in what they return. */
    words[0] = '\0';
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
    snprintf(text, sizeof(text), "%s(): %s", self->item->name,
             strerror_r(code, words, sizeof(words)));
#else
    strerror_r(code, words, sizeof(words));
    snprintf(text, sizeof(text), "%s(): %s", self->item->name, words);
#endif
    message = PY(PyUnicode_DecodeUTF8)(text, (ssize_t)strlen(text), "replace");
    if (args != NULL && number != NULL && message != NULL) {
        PyObject *error;

        PY(PyTuple_SetItem)(args, 0, number);
        PY(PyTuple_SetItem)(args, 1, message);
        number = message = NULL;
        /* Made here, since its class depends on the number. */
        error = PY(PyObject_CallObject)(PY(PyExc_OSError), args);
        if (error != NULL) {
            PY(PyErr_SetObject)(kaa_cpython__type(error), error);
            PY(Py_DecRef)(error);
        }
    }
    if (number != NULL)
        PY(Py_DecRef)(number);
    if (message != NULL)
        PY(Py_DecRef)(message);
    if (args != NULL)
        PY(Py_DecRef)(args);
    return NULL;
}

static PyObject *
make_result(const kaa_cpython__function *self, const kaa_call_plan *plan,
            const kaa_call__frame *frame)
{
    kaa_cpython__conversion *result =
        (kaa_cpython__conversion *)(uintptr_t)&self->result;

    if (self->flags & FUNCTION_FREES)
        return kaa_cpython__give_freed(
            self, result, (void *)(uintptr_t)frame->result.words[0],
            self->free_function, self->item->free_function);
    if (self->flags & FUNCTION_BORROWS && frame->result.words[0] != 0 &&
        result->shape.op == CONVERT_POINTER)
        return kaa_cpython__new_pointer(
            self->host, self->library, result,
            (void *)(uintptr_t)frame->result.words[0], NULL);
    switch (result->shape.op) {
    case CONVERT_FLOAT:
    case CONVERT_DOUBLE:
    case CONVERT_LONG_DOUBLE:
    case CONVERT_COMPLEX:
    case CONVERT_INT128:
    case CONVERT_RECORD:
        return kaa_cpython__from_c(self->host, self->library, result,
                                   plan->result_in_memory
                                       ? frame->result_memory
                                       : (const void *)frame->result.bytes);
    default:
        return kaa_cpython__from_word(self->host, self->library, result,
                                      frame->result.words[0]);
    }
}

/* A result that is no value of Python's names its function. */
static PyObject *
say_where(const kaa_cpython__function *self, PyObject *made)
{
    const kaa_cpython__state state = {.subject = self->item->name};

    if (KAA_UNLIKELY(made == NULL))
        kaa_cpython__prefix(&state);
    return made;
}

PyObject *
kaa_cpython__result(const kaa_cpython__function *self,
                    const kaa_call_plan *plan, const kaa_call__frame *frame)
{
    if (self->flags & FUNCTION_ERRNO) {
        int code = *kaa_call__errno_place();

        if (code != 0 && kaa_convert__says_failure(&self->result.shape,
                                                   frame->result.words[0],
                                                   real_result(self, frame)))
            return kaa_cpython__raise_errno(self, code);
    }
    return say_where(self, make_result(self, plan, frame));
}

PyObject *
kaa_cpython__word_result(const kaa_cpython__function *self, uint64_t word)
{
    return say_where(
        self, kaa_cpython__from_word(
                  self->host, self->library,
                  (kaa_cpython__conversion *)(uintptr_t)&self->result, word));
}

/* ---- arguments ---- */

/* What is wider than a register goes through storage of its own. */
static int
store_wide(kaa_cpython__state *state, kaa_cpython__conversion *conversion,
           const kaa_call__place *place, kaa_call__frame *frame,
           PyObject *value)
{
    _Alignas(16) unsigned char on_stack[128];
    size_t size = (size_t)kaa_ctype_size(conversion->shape.core);
    void *storage = on_stack;
    int failed;

    if (size > sizeof(on_stack))
        storage = kaa_base__alloc(size);
    if (storage == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    failed = kaa_cpython__to_c(state, conversion, value, storage);
    if (!failed)
        kaa_call__store(place, frame, storage);
    if (storage != on_stack)
        kaa_base__free(storage);
    return failed;
}

int
kaa_cpython__store_argument(kaa_cpython__state *state,
                            kaa_cpython__conversion *conversion,
                            const kaa_call__place *place,
                            kaa_call__frame *frame, PyObject *value)
{
    if (conversion->shape.op >= CONVERT_RECORD)
        return store_wide(state, conversion, place, frame, value);
    return kaa_cpython__to_c(state, conversion, value,
                             (char *)frame + place->offset[0]);
}

static int
store_all(const kaa_cpython__function *self, kaa_cpython__state *state,
          kaa_call__frame *frame, PyObject *const *args)
{
    const kaa_call__place *place = self->plan->places;
    kaa_cpython__conversion *conversion = self->arguments;

    for (uint32_t i = 0; i < self->count; i++, place++, conversion++) {
        state->position = i + 1;
        state->name = self->parameters[i].name;
        if (kaa_cpython__store_argument(state, conversion, place, frame,
                                        args[i]) != 0)
            return -1;
    }
    return kaa_cpython__settle(state);
}

PyObject *
kaa_cpython__call(PyObject *object, PyObject *const *args, size_t flagged_count,
                  PyObject *names)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    size_t given = flagged_count & ~HOST_ARGUMENTS_OFFSET;
    kaa_cpython__state state;
    kaa_cpython__holds first;
    kaa_cpython__frame local;
    kaa_call__frame *frame;
    PyObject *result = NULL;

    if (KAA_UNLIKELY(names != NULL || given != self->count ||
                     self->flags & FUNCTION_IS_SPECIAL))
        return kaa_cpython__call_special(self, args, given, names);
    frame = kaa_cpython__new_frame(self->plan, &local);
    if (KAA_UNLIKELY(frame == NULL))
        return NULL;
    state.host = self->host;
    state.library = self->library;
    first.count = 0;
    first.next = NULL;
    first.is_allocated = 0;
    state.holds = &first;
    state.has_lent = 0;
    state.has_borrowed = 0;
    state.gives_up = NULL;
    state.where = NULL;
    state.subject = self->item->name;
    if (KAA_LIKELY(store_all(self, &state, frame, args) == 0) &&
        KAA_LIKELY(kaa_cpython__run_with(self, &state, self->plan, frame) == 0))
        result = kaa_cpython__result(self, self->plan, frame);
    kaa_cpython__release_holds(&state);
    kaa_cpython__release_frame(frame, &local);
    return result;
}
