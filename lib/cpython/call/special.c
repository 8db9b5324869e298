/* cpython/call/special.c - calls with keywords, defaults, results in arguments,
 * or a variable number of arguments: everything that invoke.c leaves. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cpython/call/special.h"

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
    const char *text = PY(PyUnicode_AsUTF8AndSize)(name, NULL);
    char known[512];

    if (text == NULL) {
        PY(PyErr_Clear)();
        text = "?"; /* lone surrogates: nothing is declared so */
    }
    for (uint32_t i = 0; i < self->count; i++) {
        const char *own = self->parameters[i].name;

        if (own == NULL || self->arguments[i].flags & CONVERT_OUT ||
            strcmp(text, own) != 0)
            continue;
        if (call->values[i] != NULL)
            return kaa_cpython__raise(
                PY(PyExc_TypeError), "%s() argument %s is given twice",
                self->item->name, label(self, i, known, sizeof(known)));
        call->values[i] = value;
        return 0;
    }
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

/* ---- values ---- */

static int
store_value(kaa_cpython__special *call, const kaa_call_plan *plan,
            kaa_call__frame *frame, uint32_t i)
{
    const kaa_cpython__function *self = call->self;
    const kaa_call__place *place = &plan->places[i];

    call->state.position = i + 1;
    call->state.name = self->parameters[i].name;
    if (self->arguments[i].flags & CONVERT_OUT)
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
static long long
measure(const kaa_cpython__special *call, uint32_t i)
{
    const kaa_cpython__conversion *argument = &call->self->arguments[i];
    PyObject *value = call->values[i], *type = kaa_cpython__type(value);
    ssize_t bytes = kaa_cpython__bytes_held(&call->state, i + 1);

    if (value == kaa_cpython__none())
        bytes = 0;
    else if (bytes < 0 && PY(PyType_IsSubtype)(type, PY(PyBytes_Type)))
        bytes = PY(PyBytes_Size)(value);
    else if (bytes < 0 && PY(PyType_IsSubtype)(type, PY(PyUnicode_Type)))
        PY(PyUnicode_AsUTF8AndSize)(value, &bytes);
    if (bytes < 0)
        return -1;
    return bytes /
           (ssize_t)(argument->item_size != 0 ? argument->item_size : 1);
}

/* Fills in the length that was left out, as a new int held with the call. */
static int
fill_length(kaa_cpython__special *call, const kaa_call_plan *plan,
            kaa_call__frame *frame, uint32_t pointer, uint32_t length)
{
    const kaa_cpython__function *self = call->self;
    long long elements = -1;
    char text[128];
    PyObject *number;

    /* Any of the pointers that it is the length of will do. */
    for (uint32_t i = pointer; elements < 0 && i < self->count; i++)
        if (self->arguments[i].flags & CONVERT_LENGTH &&
            self->arguments[i].length_of == length)
            elements = measure(call, i);
    if (elements < 0)
        return kaa_cpython__raise(
            PY(PyExc_TypeError),
            "%s() argument %s: has to be given: the length of argument %u is "
            "not known",
            self->item->name, label(self, length, text, sizeof(text)),
            (unsigned)pointer + 1);
    number = PY(PyLong_FromLongLong)(elements);
    if (number == NULL ||
        kaa_cpython__hold_object(&call->state, number) == NULL)
        return -1;
    call->values[length] = number;
    return store_value(call, plan, frame, length);
}

/* The length that C gets: *out_above says that it is above `most`, in words as
 * wide as its type. */
static int
read_length(const kaa_cpython__conversion *argument,
            const kaa_call__place *place, const kaa_call__frame *frame,
            uint64_t words[2])
{
    const char *base = (const char *)frame;

    words[1] = 0;
    memcpy(&words[0], base + place->offset[0], sizeof(words[0]));
    if (argument->op != CONVERT_INT128)
        return argument->is_signed && (int64_t)words[0] < 0;
    if (place->size[1] != 0)
        memcpy(&words[1], base + place->offset[1], sizeof(words[1]));
    else
        memcpy(&words[1], base + place->offset[0] + 8, sizeof(words[1]));
    return argument->is_signed && (int64_t)words[1] < 0;
}

/* A 128-bit number, lowest word first, in digits. */
static void
print_int128(const uint64_t words[2], int is_negative, char *buffer,
             size_t size)
{
    uint32_t limbs[4] = {(uint32_t)words[0], (uint32_t)(words[0] >> 32),
                         (uint32_t)words[1], (uint32_t)(words[1] >> 32)};
    char digits[48];
    size_t at = sizeof(digits) - 1, i;
    uint64_t carry = 1;

    for (i = 0; is_negative && i < 4; i++) {
        carry += (uint32_t)~limbs[i];
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    digits[at] = '\0';
    do {
        uint64_t rest = 0;

        for (i = 4; i-- > 0;) {
            rest = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        digits[--at] = (char)('0' + rest);
    } while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
    snprintf(buffer, size, "%s%s", is_negative ? "-" : "", digits + at);
}

/* The length that C gets may not be beyond what there is. */
static int
check_length(kaa_cpython__special *call, const kaa_call_plan *plan,
             const kaa_call__frame *frame, uint32_t pointer, uint32_t length)
{
    const kaa_cpython__function *self = call->self;
    const kaa_cpython__conversion *argument = &self->arguments[length];
    long long elements = measure(call, pointer);
    char text[128], wanted[64];
    uint64_t words[2];
    int is_negative =
        read_length(argument, &plan->places[length], frame, words);

    if (elements < 0 ||
        (!is_negative && words[1] == 0 && words[0] <= (uint64_t)elements))
        return 0;
    if (argument->op == CONVERT_INT128)
        print_int128(words, is_negative, wanted, sizeof(wanted));
    else if (is_negative)
        snprintf(wanted, sizeof(wanted), "%lld", (long long)words[0]);
    else
        snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)words[0]);
    return kaa_cpython__raise(
        PY(PyExc_ValueError),
        "%s() argument %s: has %lld elements, but argument %u says %s",
        self->item->name, label(self, pointer, text, sizeof(text)), elements,
        (unsigned)length + 1, wanted);
}

static int
settle_lengths(kaa_cpython__special *call, const kaa_call_plan *plan,
               kaa_call__frame *frame)
{
    const kaa_cpython__function *self = call->self;

    for (uint32_t i = 0; i < self->count; i++) {
        uint32_t length = self->arguments[i].length_of;
        int failed;

        if (!(self->arguments[i].flags & CONVERT_LENGTH))
            continue;
        failed = call->values[length] == NULL
                     ? fill_length(call, plan, frame, i, length)
                     : check_length(call, plan, frame, i, length);
        if (failed)
            return -1;
    }
    return 0;
}

/* All but the lengths that are left out. */
static int
store_values(kaa_cpython__special *call, const kaa_call_plan *plan,
             kaa_call__frame *frame)
{
    const kaa_cpython__function *self = call->self;

    for (uint32_t i = 0; i < self->count; i++)
        if ((call->values[i] != NULL ||
             self->arguments[i].flags & CONVERT_OUT) &&
            store_value(call, plan, frame, i) != 0)
            return -1;
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
    /* No user code runs between kaa_cpython__settle() and C. */
    ready = store_values(call, plan, frame) == 0 &&
            kaa_cpython__settle(&call->state) == 0 &&
            settle_lengths(call, plan, frame) == 0;
    for (uint32_t i = 0; ready && i < call->extra_count; i++)
        kaa_call__store(&plan->places[call->self->count + i], frame,
                        extras[i].value);
    if (ready &&
        kaa_cpython__run_with(call->self, &call->state, plan, frame) == 0)
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
    if (place_values(&call, args, given, names) == 0)
        result = call.extra_count != 0
                     ? kaa_cpython__run_variadic(&call)
                     : kaa_cpython__run_special(&call, self->plan, NULL);
    kaa_cpython__release_holds(&call.state);
    for (uint32_t i = 0; i < self->count; i++)
        kaa_base__free(call.outs[i]);
    kaa_base__free(slots);
    return result;
}
