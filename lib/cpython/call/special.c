/* cpython/call/special.c - calls with keywords, defaults, results in arguments,
 * or a variable number of arguments: everything that invoke.c leaves. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cpython/call/special.h"
#include "cpython/data/data.h"

/* ---- which value goes where ---- */

/* What kaa_convert_bind() said, as an exception; -1. */
static int
raise_refusal(const kaa_cpython__special *call)
{
    return kaa_cpython__raise(PY(PyExc_TypeError), "%s", call->refusal);
}

/* A value for each parameter, or a refusal. */
static int
place_values(kaa_cpython__special *call, PyObject *const *args, size_t given,
             PyObject *names)
{
    const kaa_cpython__function *self = call->self;
    size_t named = call->named;

    for (size_t i = 0; i < named; i++) {
        call->names[i] = PY(PyUnicode_AsUTF8AndSize)(
            PY(PyTuple_GetItem)(names, (ssize_t)i), NULL);
        if (call->names[i] == NULL) {
            PY(PyErr_Clear)();
            call->names[i] = "?"; /* lone surrogates: nothing is named so */
        }
    }
    if (kaa_convert_bind(self->item, given, call->names, named, call->from,
                         call->refusal, sizeof(call->refusal)) != KAA_OK)
        return raise_refusal(call);
    for (uint32_t i = 0; i < self->count; i++)
        if (call->from[i] >= 0)
            call->values[i] = args[call->from[i]];
    if (given > self->visible) {
        call->extras = args + self->visible;
        call->extra_count = (uint32_t)(given - self->visible);
    }
    return 0;
}

/* ---- outs ---- */

static int
make_out(kaa_cpython__special *call, uint32_t i, void *place)
{
    size_t size = (size_t)kaa_ctype_size(call->self->outs[i].shape.core);
    void *storage = kaa_base__alloc_zeroed(size < 16 ? 16 : size);

    if (storage == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    call->outs[i] = storage;
    memcpy(place, &storage, sizeof(storage));
    return 0;
}

/* What the result, or out `i`, of a call keeps: a new reference, or NULL. */
static PyObject *
borrow(const kaa_cpython__special *call, PyObject *given, uint32_t from)
{
    PyObject *lender = NULL;

    if (given != NULL && call->values[from] != NULL) {
        lender =
            kaa_cpython__lender_of(&call->state, call->values[from], from + 1);
        if (lender == NULL && PY(PyErr_Occurred)() != NULL) {
            PY(Py_DecRef)(given);
            return NULL;
        }
    }
    given = kaa_cpython__give_borrowed(call->self, given, lender);
    if (lender != NULL)
        PY(Py_DecRef)(lender);
    return given;
}

/* What stands in an out. */
static PyObject *
out_value(kaa_cpython__special *call, uint32_t i)
{
    const kaa_cpython__function *self = call->self;
    const kaa_decl_parameter *notes = &self->item->parameters[i];
    kaa_cpython__conversion *conversion = &self->outs[i];
    PyObject *value;
    void *address = NULL;

    if (self->frees[i] != NULL) {
        memcpy(&address, call->outs[i], sizeof(address));
        memset(call->outs[i], 0, sizeof(address)); /* it is the value's now */
        value = kaa_cpython__give_freed(self, conversion, address,
                                        self->frees[i], notes->free_function);
    } else {
        value = kaa_cpython__from_c(self->host, self->library, conversion,
                                    call->outs[i]);
    }
    return notes->flags & KAA_DECL_PARAMETER_BORROW
               ? borrow(call, value, notes->borrow_from)
               : value;
}

/* Frees what was put into outs that nobody gets. */
static void
free_outs(const kaa_cpython__special *call)
{
    const kaa_cpython__function *self = call->self;

    for (uint32_t i = 0; self->frees != NULL && i < self->count; i++) {
        void *address = NULL;

        if (self->frees[i] == NULL || call->outs[i] == NULL)
            continue;
        memcpy(&address, call->outs[i], sizeof(address));
        if (address != NULL)
            kaa_cpython__free_now(self->host, self->frees[i], address,
                                  self->library);
    }
}

/* The result and what the outs hold: one object, or a tuple. Takes over the
 * reference to `result`. */
static PyObject *
join_outs(kaa_cpython__special *call, PyObject *result)
{
    const kaa_cpython__function *self = call->self;
    uint32_t with_result = self->result.shape.op != CONVERT_VOID;
    uint32_t count = self->count - self->visible + with_result, at = 0;
    PyObject *tuple;

    if (result == NULL || self->visible == self->count)
        return result;
    tuple = PY(PyTuple_New)((ssize_t)count);
    if (tuple == NULL || !with_result)
        PY(Py_DecRef)(result);
    else
        PY(PyTuple_SetItem)(tuple, (ssize_t)at++, result);
    for (uint32_t i = 0; tuple != NULL && i < self->count; i++) {
        PyObject *value;

        if (call->outs[i] == NULL)
            continue;
        value = out_value(call, i);
        if (value == NULL) {
            PY(Py_DecRef)(tuple);
            return NULL;
        }
        if (count == 1) {
            PY(Py_DecRef)(tuple);
            return value;
        }
        PY(PyTuple_SetItem)(tuple, (ssize_t)at++, value);
    }
    return tuple;
}

/* ---- values ---- */

static int
store_value(kaa_cpython__special *call, const kaa_call_plan *plan,
            kaa_call__frame *frame, uint32_t i)
{
    const kaa_cpython__function *self = call->self;
    const kaa_call__place *place = &plan->places[i];

    call->state.position = i + 1;
    call->state.name = self->parameters[i].name;
    if (self->arguments[i].shape.flags & CONVERT_OUT)
        return make_out(call, i, (char *)frame + place->offset[0]);
    return kaa_cpython__store_argument(&call->state, &self->arguments[i], place,
                                       frame, call->values[i]);
}

/* ---- lengths ----
 *
 * They are looked at when all else has been converted: the types are right
 * then, the buffers are held, and no Python code comes between this and C. */

/* How many elements a pointer's argument has; -1: not known, which nothing but
 * C can tell. What was taken for this parameter says it, not where it stands:
 * two arguments may begin at one address. */
static int64_t
measure(const kaa_cpython__special *call, uint32_t i)
{
    const kaa_cpython__conversion *argument = &call->self->arguments[i];
    PyObject *value = call->values[i], *type = kaa_cpython__type(value);
    ssize_t bytes = kaa_cpython__bytes_held(&call->state, i + 1);

    if (value == kaa_cpython__none())
        bytes = argument->shape.flags & CONVERT_NULLABLE &&
                        !(argument->shape.flags & CONVERT_LENGTH)
                    ? -1
                    : 0;
    else if (bytes < 0 && PY(PyType_IsSubtype)(type, PY(PyBytes_Type)))
        bytes = PY(PyBytes_Size)(value);
    else if (bytes < 0 && PY(PyType_IsSubtype)(type, PY(PyUnicode_Type)))
        PY(PyUnicode_AsUTF8AndSize)(value, &bytes);
    if (bytes < 0)
        return -1;
    return bytes / (ssize_t)(argument->shape.item_size != 0
                                 ? argument->shape.item_size
                                 : 1);
}

/* The length that C gets. */
static kaa_convert_int128
read_length(const kaa_convert__shape *shape, const kaa_call__place *place,
            const kaa_call__frame *frame)
{
    const char *base = (const char *)frame;
    kaa_convert_int128 found = {0, 0};

    memcpy(&found.low, base + place->offset[0], sizeof(found.low));
    if (shape->op != CONVERT_INT128)
        found.high =
            shape->is_signed && (int64_t)found.low < 0 ? UINT64_MAX : 0;
    else if (place->size[1] != 0)
        memcpy(&found.high, base + place->offset[1], sizeof(found.high));
    else
        memcpy(&found.high, base + place->offset[0] + 8, sizeof(found.high));
    return found;
}

/* Fills in one length, as a new int that is held with the call. */
static int
fill_length(kaa_cpython__special *call, const kaa_call_plan *plan,
            kaa_call__frame *frame, uint32_t length)
{
    PyObject *number;
    int64_t fill = 0;

    if (kaa_convert_fill_length(call->self->item, length, call->elements, &fill,
                                call->refusal, sizeof(call->refusal)) != KAA_OK)
        return raise_refusal(call);
    number = PY(PyLong_FromLongLong)(fill);
    if (number == NULL ||
        kaa_cpython__hold_object(&call->state, number) == NULL)
        return -1;
    call->values[length] = number;
    return store_value(call, plan, frame, length);
}

static int
settle_lengths(kaa_cpython__special *call, const kaa_call_plan *plan,
               kaa_call__frame *frame)
{
    const kaa_cpython__function *self = call->self;

    if (!(self->flags & FUNCTION_MEASURES))
        return 0;
    for (uint32_t i = 0; i < self->count; i++)
        call->elements[i] = self->arguments[i].shape.flags & CONVERT_MEASURED
                                ? measure(call, i)
                                : -1;
    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_convert__shape *shape = &self->arguments[i].shape;

        if (!(shape->flags & CONVERT_IS_LENGTH))
            continue;
        if (call->values[i] == NULL && fill_length(call, plan, frame, i) != 0)
            return -1;
        call->lengths[i] = read_length(shape, &plan->places[i], frame);
    }
    if (kaa_convert_check_lengths(self->item, call->elements, call->lengths,
                                  call->refusal,
                                  sizeof(call->refusal)) == KAA_OK)
        return 0;
    return kaa_cpython__raise(PY(PyExc_ValueError), "%s", call->refusal);
}

/* All but the lengths that are left out. */
static int
store_values(kaa_cpython__special *call, const kaa_call_plan *plan,
             kaa_call__frame *frame)
{
    const kaa_cpython__function *self = call->self;

    for (uint32_t i = 0; i < self->count; i++)
        if ((call->values[i] != NULL ||
             self->arguments[i].shape.flags & CONVERT_OUT) &&
            store_value(call, plan, frame, i) != 0)
            return -1;
    return 0;
}

/* ---- variable arguments ---- */

static int
check_least(kaa_cpython__special *call, const kaa_cpython__extra *extra,
            uint32_t position)
{
    kaa_convert_fault fault = {.code = KAA_CONVERT_LEAST,
                               .number = extra->least};
    ssize_t bytes = kaa_cpython__bytes_held(&call->state, position);
    uint64_t size = extra->wanted.shape.item_size;
    uint64_t elements = (uint64_t)bytes / (size != 0 ? size : 1);
    char digits[24];

    if (bytes < 0 || elements >= extra->least)
        return 0;
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)elements);
    fault.value = digits;
    call->state.position = position;
    call->state.name = extra->directive;
    return kaa_cpython__refuse(&call->state, &fault);
}

/* Their values; what the format says of their lengths is looked at as the fixed
 * ones' are. */
static int
store_extras(kaa_cpython__special *call, const kaa_call_plan *plan,
             kaa_call__frame *frame, const kaa_cpython__extra *extras)
{
    for (uint32_t i = 0; extras != NULL && i < call->extra_count; i++) {
        uint32_t position = call->self->count + i;
        const kaa_call__place *place = &plan->places[position];

        if (extras[i].least != 0 &&
            check_least(call, &extras[i], position + 1) != 0)
            return -1;
        if (extras[i].value != NULL)
            kaa_call__store(place, frame, extras[i].value);
        else
            memcpy((char *)frame + place->offset[0], &extras[i].word,
                   sizeof(extras[i].word));
    }
    return 0;
}

/* ---- calling ---- */

PyObject *
kaa_cpython__run_special(kaa_cpython__special *call, const kaa_call_plan *plan,
                         const kaa_cpython__extra *extras)
{
    kaa_cpython__frame local;
    kaa_call__frame *frame = kaa_cpython__new_frame(plan, &local);
    int ready;
    PyObject *result = NULL;

    if (frame == NULL)
        return NULL;
    call->state.gives_up = NULL;
    /* No user code runs between kaa_cpython__settle() and C. */
    ready = store_values(call, plan, frame) == 0 &&
            kaa_cpython__settle(&call->state) == 0 &&
            settle_lengths(call, plan, frame) == 0 &&
            store_extras(call, plan, frame, extras) == 0;
    if (ready &&
        kaa_cpython__run_with(call->self, &call->state, plan, frame) == 0) {
        result = kaa_cpython__result(call->self, plan, frame);
        if (call->self->flags & FUNCTION_BORROWS)
            result = borrow(call, result, call->self->item->borrow_from);
        result = join_outs(call, result);
    }
    if (result == NULL)
        free_outs(call);
    kaa_cpython__release_frame(frame, &local);
    return result;
}

PyObject *
kaa_cpython__call_special(const kaa_cpython__function *self,
                          PyObject *const *args, size_t given, PyObject *names)
{
    kaa_cpython__special call = {.self = self,
                                 .state = {.host = self->host,
                                           .library = self->library,
                                           .subject = self->item->name}};
    size_t count = self->count;
    PyObject *result = NULL;
    void **slots;

    call.named = names != NULL ? (size_t)PY(PyTuple_Size)(names) : 0;
    slots =
        kaa_base__alloc_zeroed((count * 6 + call.named + 1) * sizeof(*slots));
    if (slots == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    call.values = (PyObject **)slots;
    call.outs = slots + count;
    call.elements = (int64_t *)(void *)(slots + count * 2);
    call.from = (int32_t *)(void *)(slots + count * 3);
    call.lengths = (kaa_convert_int128 *)(void *)(slots + count * 4);
    call.names = (const char **)(void *)(slots + count * 6);
    if (place_values(&call, args, given, names) == 0)
        result = call.extra_count != 0 || self->item->format != 0 ||
                         self->item->flags & KAA_DECL_SENTINEL
                     ? kaa_cpython__run_variadic(&call)
                     : kaa_cpython__run_special(&call, self->plan, NULL);
    kaa_cpython__release_holds(&call.state);
    for (uint32_t i = 0; i < self->count; i++)
        kaa_base__free(call.outs[i]);
    kaa_base__free(slots);
    return result;
}
