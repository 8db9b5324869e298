/* cpython/special.c - calls with keywords, defaults, results in arguments, or a
 * variable number of arguments: everything that invoke.c leaves. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cpython/special.h"

/* ---- which value goes where ---- */

/* "double x, double y", without what is not passed. */
static void
print_parameters(const kaa_cpython__function *self, int names_only,
                 char *buffer, size_t size)
{
    const char *more = self->flags & FUNCTION_VARIADIC ? "..." : NULL;

    size_t length = 0;

    buffer[0] = '\0';
    for (uint32_t i = 0; i < self->count && length + 1 < size; i++) {
        const char *name = self->parameters[i].name;
        int written;

        if (self->arguments[i].flags & CONVERT_OUT || (names_only && !name))
            continue;
        written = snprintf(buffer + length, size - length, "%s",
                           length != 0 ? ", " : "");
        length += (size_t)written;
        if (length + 1 >= size)
            return;
        if (names_only) {
            written = snprintf(buffer + length, size - length, "%s", name);
            length += (size_t)written;
        } else {
            length += kaa_ctype_print(self->parameters[i].type, name,
                                      buffer + length, size - length);
        }
    }
    if (more != NULL && !names_only && length + 1 < size)
        snprintf(buffer + length, size - length, "%s%s",
                 length != 0 ? ", " : "", more);
}

/* How many arguments have to be given: not the lengths that can be filled
 * in. */
static uint32_t
count_required(const kaa_cpython__function *self)
{
    uint32_t required = 0;

    for (uint32_t i = 0; i < self->count; i++)
        if (!(self->arguments[i].flags & (CONVERT_OUT | CONVERT_IS_LENGTH)))
            required++;
    return required;
}

static int
refuse_count(const kaa_cpython__special *call, size_t given)
{
    const kaa_cpython__function *self = call->self;
    uint32_t required = count_required(self), most = self->visible;
    char parameters[512], count[48];

    print_parameters(self, 0, parameters, sizeof(parameters));
    if (self->flags & FUNCTION_VARIADIC) {
        most = required;
        snprintf(count, sizeof(count), "at least %u", (unsigned)required);
    } else if (required != most) {
        snprintf(count, sizeof(count), "%u to %u", (unsigned)required,
                 (unsigned)most);
    } else if (most == 0) {
        snprintf(count, sizeof(count), "no");
    } else {
        snprintf(count, sizeof(count), "%u", (unsigned)most);
    }
    return kaa_cpython__raise(PY(PyExc_TypeError),
                              "%s() takes %s argument%s%s%s%s, %zu given",
                              self->item->name, count, most == 1 ? "" : "s",
                              parameters[0] != '\0' ? " (" : "", parameters,
                              parameters[0] != '\0' ? ")" : "", given);
}

/* "2 (y)": as the declaration counts. */
static const char *
label(const kaa_cpython__function *self, uint32_t i, char *buffer, size_t size)
{
    unsigned position = (unsigned)i + 1;
    const char *name = self->parameters[i].name;

    if (name != NULL)
        snprintf(buffer, size, "%u (%s)", position, name);
    else
        snprintf(buffer, size, "%u", position);
    return buffer;
}

/* The parameter of the n-th argument given; count if there is none. */
static uint32_t
visible_parameter(const kaa_cpython__function *self, size_t nth)
{
    uint32_t i;

    for (i = 0; i < self->count; i++)
        if (!(self->arguments[i].flags & CONVERT_OUT) && nth-- == 0)
            break;
    return i;
}

static int
place_keyword(kaa_cpython__special *call, PyObject *name, PyObject *value)
{
    const kaa_cpython__function *self = call->self;
    char known[512];
    const char *text;

    for (uint32_t i = 0; i < self->count; i++) {
        const char *own = self->parameters[i].name;

        if (own == NULL || self->arguments[i].flags & CONVERT_OUT ||
            PY(PyUnicode_CompareWithASCIIString)(name, own) != 0)
            continue;
        if (call->values[i] != NULL)
            return kaa_cpython__raise(
                PY(PyExc_TypeError), "%s() argument %s is given twice",
                self->item->name, label(self, i, known, sizeof(known)));
        call->values[i] = value;
        return 0;
    }
    text = PY(PyUnicode_AsUTF8AndSize)(name, NULL);
    if (text == NULL)
        return -1;
    print_parameters(self, 1, known, sizeof(known));
    return kaa_cpython__raise(
        PY(PyExc_TypeError), "%s() has no parameter '%.100s'; %s%s",
        self->item->name, text,
        known[0] != '\0' ? "its parameters are " : "it has none with a name",
        known);
}

/* A value for each parameter, or a refusal. */
static int
place_values(kaa_cpython__special *call, PyObject *const *args, size_t given,
             PyObject *names)
{
    const kaa_cpython__function *self = call->self;
    ssize_t keywords = names != NULL ? PY(PyTuple_Size)(names) : 0;
    size_t positional = given;

    if (given > self->visible) {
        if (!(self->flags & FUNCTION_VARIADIC))
            return refuse_count(call, given);
        positional = self->visible;
        call->extras = args + positional;
        call->extra_count = (uint32_t)(given - positional);
    }
    for (size_t i = 0; i < positional; i++)
        call->values[visible_parameter(self, i)] = args[i];
    for (ssize_t i = 0; i < keywords; i++)
        if (place_keyword(call, PY(PyTuple_GetItem)(names, i),
                          args[given + (size_t)i]) != 0)
            return -1;
    for (uint32_t i = 0; i < self->count; i++) {
        char text[128];

        if (call->values[i] != NULL ||
            self->arguments[i].flags & (CONVERT_OUT | CONVERT_IS_LENGTH))
            continue;
        if (keywords == 0)
            return refuse_count(call, given);
        return kaa_cpython__raise(PY(PyExc_TypeError),
                                  "%s() misses argument %s", self->item->name,
                                  label(self, i, text, sizeof(text)));
    }
    return 0;
}

/* ---- lengths ---- */

/* How many elements a pointer's argument has; -1: not known, which nothing but
 * C can tell, or which the conversion will refuse. */
static long long
measure(kaa_cpython__special *call, uint32_t i)
{
    kaa_cpython__conversion *argument = &call->self->arguments[i];
    PyObject *value = call->values[i], *answer;
    long long elements = -1;
    int overflow;

    if (value == NULL)
        return -1;
    answer =
        kaa_cpython__hook(&call->state, HOOK_EXTENT, argument->type, value, 0);
    if (answer != NULL && answer != kaa_cpython__none())
        elements = PY(PyLong_AsLongLongAndOverflow)(answer, &overflow);
    if (answer != NULL)
        PY(Py_DecRef)(answer);
    PY(PyErr_Clear)();
    return elements;
}

/* Fills in the length that was left out, as a new int held with the call. */
static int
fill_length(kaa_cpython__special *call, uint32_t pointer, uint32_t length)
{
    const kaa_cpython__function *self = call->self;
    long long elements = measure(call, pointer);
    char text[128];
    PyObject *number;

    if (elements < 0)
        return kaa_cpython__raise(
            PY(PyExc_TypeError),
            "%s() argument %s: has to be given: the length of argument %u is "
            "not known",
            self->item->name, label(self, length, text, sizeof(text)),
            (unsigned)pointer + 1);
    number = PY(PyLong_FromLongLong)(elements);
    if (number == NULL || kaa_cpython__hold_object(&call->state, number) != 0)
        return -1;
    call->values[length] = number;
    return 0;
}

/* The length that was given may not be beyond what there is. */
static int
check_length(kaa_cpython__special *call, uint32_t pointer, uint32_t length)
{
    const kaa_cpython__function *self = call->self;
    long long elements = measure(call, pointer), wanted;
    PyObject *index;
    char text[128];
    int overflow = 0;

    if (elements < 0 || !PY(PyIndex_Check)(call->values[length]))
        return 0; /* the conversion will have its say */
    index = PY(PyNumber_Index)(call->values[length]);
    if (index == NULL)
        return -1;
    wanted = PY(PyLong_AsLongLongAndOverflow)(index, &overflow);
    if (overflow > 0 && !self->arguments[length].is_signed) {
        overflow = 0; /* perhaps an uint64_t: more than any buffer has */
        wanted = INT64_MAX;
    }
    PY(Py_DecRef)(index);
    if (overflow != 0 || (wanted >= 0 && wanted <= elements) ||
        (wanted < 0 && !self->arguments[length].is_signed) ||
        !kaa_cpython__fits(&self->arguments[length], wanted))
        return 0;
    return kaa_cpython__raise(
        PY(PyExc_ValueError),
        "%s() argument %s: has %lld elements, but argument %u says %lld",
        self->item->name, label(self, pointer, text, sizeof(text)), elements,
        (unsigned)length + 1, wanted);
}

static int
settle_lengths(kaa_cpython__special *call)
{
    const kaa_cpython__function *self = call->self;

    for (uint32_t i = 0; i < self->count; i++) {
        uint32_t length = self->arguments[i].length_of;
        int failed;

        if (!(self->arguments[i].flags & CONVERT_LENGTH))
            continue;
        failed = call->values[length] == NULL ? fill_length(call, i, length)
                                              : check_length(call, i, length);
        if (failed)
            return -1;
    }
    return 0;
}

/* ---- outs ---- */

static int
make_out(kaa_cpython__special *call, uint32_t i, void *place)
{
    size_t size = (size_t)kaa_ctype_size(call->self->outs[i].core);
    void *storage = kaa_base__alloc_zeroed(size < 16 ? 16 : size);

    if (storage == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    call->outs[i] = storage;
    memcpy(place, &storage, sizeof(storage));
    return 0;
}

/* The result and what the outs hold: one object, or a tuple. Takes over the
 * reference to `result`. */
static PyObject *
join_outs(kaa_cpython__special *call, PyObject *result)
{
    const kaa_cpython__function *self = call->self;
    uint32_t with_result = self->result.op != CONVERT_VOID;
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
        value = kaa_cpython__from_c(self->host, self->library, &self->outs[i],
                                    call->outs[i]);
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

/* ---- calling ---- */

static int
store_values(kaa_cpython__special *call, const kaa_call_plan *plan,
             kaa_call__frame *frame)
{
    const kaa_cpython__function *self = call->self;

    for (uint32_t i = 0; i < self->count; i++) {
        kaa_cpython__conversion *argument = &self->arguments[i];
        const kaa_call__place *place = &plan->places[i];
        int failed;

        call->state.position = i + 1;
        call->state.name = self->parameters[i].name;
        if (argument->flags & CONVERT_OUT)
            failed = make_out(call, i, (char *)frame + place->offset[0]);
        else
            failed = kaa_cpython__store_argument(&call->state, argument, place,
                                                 frame, call->values[i]);
        if (failed)
            return -1;
    }
    return 0;
}

PyObject *
kaa_cpython__run_special(kaa_cpython__special *call, const kaa_call_plan *plan,
                         const kaa_cpython__extra *extras)
{
    kaa_cpython__frame local;
    kaa_call__frame *frame = kaa_cpython__new_frame(plan, &local);
    PyObject *result = NULL;

    if (frame == NULL)
        return NULL;
    for (uint32_t i = 0; i < call->extra_count; i++)
        kaa_call__store(&plan->places[call->self->count + i], frame,
                        extras[i].value);
    if (store_values(call, plan, frame) == 0 &&
        kaa_cpython__run(call->self, plan, frame) == 0)
        result = join_outs(call, kaa_cpython__result(call->self, plan, frame));
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
    PyObject *result = NULL;
    void **slots =
        kaa_base__alloc_zeroed((self->count * 2u + 1u) * sizeof(*slots));

    if (slots == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    call.values = (PyObject **)slots;
    call.outs = slots + self->count;
    if (place_values(&call, args, given, names) == 0 &&
        settle_lengths(&call) == 0)
        result = call.extra_count != 0
                     ? kaa_cpython__run_variadic(&call)
                     : kaa_cpython__run_special(&call, self->plan, NULL);
    kaa_cpython__release_holds(&call.state);
    for (uint32_t i = 0; i < self->count; i++)
        kaa_base__free(call.outs[i]);
    kaa_base__free(slots);
    return result;
}
