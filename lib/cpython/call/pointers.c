/* cpython/call/pointers.c - Python objects to C pointers and records.
 *
 * The quick ways stand here: None, str, bytes, buffers, and instances of ctypes
 * classes that the conversion has met. Whatever else comes goes to the slow
 * path in Python, which accepts it or says why not; the class of a ctypes
 * instance that it accepted is remembered.
 */
#include <string.h>

#include "cpython/call/callback.h"
#include "cpython/call/convert.h"
#include "cpython/call/function.h"
#include "cpython/data/data.h"

static int
is_a(PyObject *value, PyObject *type)
{
    return PY(PyType_IsSubtype)(kaa_cpython__type(value), type);
}

static int
store_address(void *place, const void *address)
{
    uint64_t word = (uint64_t)(uintptr_t)address;

    memcpy(place, &word, sizeof(word));
    return 0;
}

/* Remembers a class, of instances that need no slow path again. */
static void
learn(PyObject **slot, PyObject *type)
{
    PyObject *old = *slot;

    if (old == type)
        return;
    PY(Py_IncRef)(type);
    *slot = type;
    if (old != NULL)
        PY(Py_DecRef)(old);
}

/* ---- buffers ---- */

int
kaa_cpython__is_number(PyObject *value)
{
    PyObject *length;

    if (!PY(PyIndex_Check)(value))
        return 0;
    length = PY(PyObject_GetAttrString)(kaa_cpython__type(value), "__len__");
    if (length == NULL)
        PY(PyErr_Clear)();
    else
        PY(Py_DecRef)(length);
    return length == NULL;
}

/* 1: done. 0: no buffer of this kind; nothing is pending. */
static int
buffer(kaa_cpython__state *state, kaa_cpython__conversion *self,
       PyObject *value, void *place)
{
    const kaa_cpython__hold *hold;

    if (kaa_cpython__is_number(value))
        return 0;
    hold =
        kaa_cpython__hold_buffer(state, value, kaa_cpython__buffer_flags(self));
    if (hold == NULL) {
        PY(PyErr_Clear)();
        return 0;
    }
    if (!kaa_cpython__view_fits(self, &hold->of.view)) {
        kaa_cpython__release_last(state);
        return 0;
    }
    if (!state->host->is_free_threaded)
        learn(&self->buffer_class, kaa_cpython__type(value));
    store_address(place, hold->of.view.buf);
    return 1;
}

/* ---- text ---- */

/* Says where the pending UnicodeEncodeError found a character that no bytes
 * stand for. */
static int
refuse_surrogate(const kaa_cpython__state *state)
{
    PyObject *type = NULL, *error = NULL, *traceback = NULL, *start = NULL;
    long long at = -1;
    int overflow;

    PY(PyErr_Fetch)(&type, &error, &traceback);
    if (error != NULL)
        start = PY(PyObject_GetAttrString)(error, "start");
    if (start == NULL) {
        PY(PyErr_Restore)(type, error, traceback);
        return -1;
    }
    at = PY(PyLong_AsLongLongAndOverflow)(start, &overflow);
    PY(Py_DecRef)(start);
    PY(Py_DecRef)(type);
    PY(Py_DecRef)(error);
    if (traceback != NULL)
        PY(Py_DecRef)(traceback);
    return kaa_cpython__refuse(
        state, &(const kaa_convert_fault){.code = KAA_CONVERT_SURROGATE,
                                          .number = (uint64_t)at});
}

static int
text(kaa_cpython__state *state, PyObject *value, void *place)
{
    ssize_t length = 0;
    const char *bytes = PY(PyUnicode_AsUTF8AndSize)(value, &length);

    if (bytes == NULL) {
        /* Lone surrogates: what os.fsdecode() and kaa's own results make of
         * bytes that are not UTF-8 goes back to these bytes. */
        kaa_cpython__hold *hold;
        PyObject *encoded;

        PY(PyErr_Clear)();
        encoded =
            PY(PyUnicode_AsEncodedString)(value, "utf-8", "surrogateescape");
        if (encoded == NULL)
            return refuse_surrogate(state);
        hold = kaa_cpython__hold_object(state, encoded);
        if (hold == NULL)
            return -1;
        bytes = PY(PyBytes_AsString)(encoded);
        length = PY(PyBytes_Size)(encoded);
        hold->of.borrowed.bytes = length;
    }
    if (memchr(bytes, '\0', (size_t)length) != NULL)
        return kaa_cpython__refuse_value(state, KAA_CONVERT_NUL, NULL, NULL);
    return store_address(place, bytes);
}

/* ---- ctypes instances ---- */

/* Whether memory of `bytes` bytes is what was wanted of it. */
static int
is_large_enough(const kaa_cpython__conversion *wanted, uint32_t source,
                ssize_t bytes)
{
    uint64_t least = wanted->shape.item_size;

    if (source == SOURCE_POINTED)
        least = sizeof(void *);
    return (uint64_t)bytes >= least || (source == SOURCE_ITEMS && bytes == 0);
}

/* Reads a borrowed address into its place. -1: nothing is there that C may
 * have; no exception, or one of the host's. */
static int
read_address(kaa_cpython__state *state, kaa_cpython__hold *hold)
{
    const uint32_t source = hold->source;
    ssize_t bytes = 0;
    char *data = NULL;

    if (kaa_cpython__cdata_extent(state->host, hold->object, &data, &bytes) !=
        0)
        return -1;
    if (source == SOURCE_BYREF) {
        uint64_t gone =
            (uint64_t)((uintptr_t)hold->of.borrowed.address - (uintptr_t)data);

        if (gone > (uint64_t)bytes)
            return -1;
        data += gone;
        bytes -= (ssize_t)gone;
    }
    if (!is_large_enough(hold->of.borrowed.wanted, source, bytes))
        return -1;
    if (source == SOURCE_POINTED) {
        char *pointed = NULL;

        memcpy(&pointed, data, sizeof(pointed));
        data = pointed;
        bytes = data != NULL ? -1 : 0;
    }
    hold->of.borrowed.bytes = bytes;
    return store_address(hold->of.borrowed.place, data);
}

static int
refuse_address(kaa_cpython__state *state, const kaa_cpython__hold *hold)
{
    if (PY(PyErr_Occurred)() != NULL)
        return -1;
    state->position = hold->position;
    state->name = hold->of.borrowed.name;
    return kaa_cpython__refuse_value(
        state,
        hold->source == SOURCE_BYREF ? KAA_CONVERT_OUTSIDE : KAA_CONVERT_SMALL,
        hold->of.borrowed.wanted->shape.type, hold->object);
}

int
kaa_cpython__borrow(kaa_cpython__state *state,
                    const kaa_cpython__conversion *self, PyObject *instance,
                    kaa_cpython__source source, char *address, void *place)
{
    kaa_cpython__hold *hold;

    PY(Py_IncRef)(instance);
    hold = kaa_cpython__hold_object(state, instance);
    if (hold == NULL)
        return -1;
    hold->of.borrowed.wanted = self;
    hold->of.borrowed.name = state->name;
    hold->of.borrowed.place = place;
    hold->of.borrowed.address = address;
    hold->source = (uint32_t)source;
    state->has_borrowed = 1;
    return read_address(state, hold) == 0 ? 0 : refuse_address(state, hold);
}

int
kaa_cpython__settle(kaa_cpython__state *state)
{
    if (KAA_LIKELY(!state->has_borrowed))
        return 0;
    for (kaa_cpython__holds *chunk = state->holds; chunk != NULL;
         chunk = chunk->next)
        for (uint32_t i = 0; i < chunk->count; i++) {
            kaa_cpython__hold *hold = &chunk->holds[i];

            if (hold->source != SOURCE_FIXED && read_address(state, hold) != 0)
                return refuse_address(state, hold);
        }
    return 0;
}

/* What a byref() refers to: a new reference; NULL with an exception. */
static PyObject *
byref_instance(const kaa_cpython__state *state, PyObject *value)
{
    PyObject *object = NULL;

    if (kaa_cpython__layout.byref_offset == 0) {
        object = PY(PyObject_GetAttrString)(value, "_obj");
    } else {
        memcpy(&object, (const char *)value + kaa_cpython__layout.byref_object,
               sizeof(object));
        if (object != NULL)
            PY(Py_IncRef)(object);
    }
    if (object != NULL &&
        !PY(PyType_IsSubtype)(kaa_cpython__type(object), state->host->cdata)) {
        PY(Py_DecRef)(object);
        object = NULL;
    }
    if (object == NULL && PY(PyErr_Occurred)() == NULL)
        kaa_cpython__raise(PY(PyExc_TypeError), "a byref() of no instance");
    return object;
}

/* Remembers the class of an instance that the slow path took. */
static void
learn_class(const kaa_cpython__state *state, kaa_cpython__conversion *self,
            PyObject *type, uint64_t source)
{
    if (state->host->is_free_threaded || kaa_cpython__layout.cdata_offset == 0)
        return;
    if (source == SOURCE_POINTED) {
        learn(&self->indirect_class, type);
    } else if (source == SOURCE_BYREF) {
        if (kaa_cpython__layout.byref_offset != 0)
            learn(&self->byref_class, type);
    } else {
        learn(&self->direct_class, type);
        self->direct_source = (uint8_t)source;
    }
}

/* kaa_cpython__cdata_extent() by the layouts alone, which are there where a
 * class was learnt. */
static inline ssize_t
read_extent(const PyObject *instance, char **out_data)
{
    ssize_t bytes;

    memcpy(out_data, (const char *)instance + kaa_cpython__layout.cdata_offset,
           sizeof(*out_data));
    memcpy(&bytes, (const char *)instance + kaa_cpython__layout.cdata_size,
           sizeof(bytes));
    return bytes;
}

int
kaa_cpython__known_instance(kaa_cpython *host,
                            const kaa_cpython__conversion *self,
                            PyObject *value, void *place)
{
    PyObject *type = kaa_cpython__type(value), *object;
    char *data = NULL, *address;
    ssize_t bytes;

    if (type == self->own_class &&
        kaa_cpython__data_body(value)->class_ == self->own_data)
        return store_address(place, kaa_cpython__data_body(value)->data) == 0;
    if (type == self->direct_class) {
        bytes = read_extent(value, &data);
        return (uint64_t)bytes >= self->shape.item_size &&
               store_address(place, data) == 0;
    }
    if (type == self->indirect_class) {
        bytes = read_extent(value, &data);
        if (bytes < (ssize_t)sizeof(address))
            return 0;
        memcpy(&address, data, sizeof(address));
        if (address == NULL && self->shape.flags & CONVERT_NONNULL)
            return 0;
        return store_address(place, address) == 0;
    }
    if (type != host->byref_type || self->byref_class == NULL)
        return 0;
    memcpy(&object, (const char *)value + kaa_cpython__layout.byref_object,
           sizeof(object));
    memcpy(&address, (const char *)value + kaa_cpython__layout.byref_offset,
           sizeof(address));
    if (object == NULL || kaa_cpython__type(object) != self->byref_class)
        return 0;
    bytes = read_extent(object, &data);
    return data == address && (uint64_t)bytes >= self->shape.item_size &&
           store_address(place, address) == 0;
}

/* An instance of a class met before. 1: taken; 0: it is none, or needs a second
 * look; -1 with an exception. */
static int
take_known(kaa_cpython__state *state, const kaa_cpython__conversion *self,
           PyObject *value, void *place)
{
    PyObject *type = kaa_cpython__type(value);
    kaa_cpython__source source;

    if (type == self->direct_class)
        source = (kaa_cpython__source)self->direct_source;
    else if (type == self->indirect_class &&
             !(self->shape.flags & CONVERT_NONNULL))
        source = SOURCE_POINTED;
    else
        return 0;
    return kaa_cpython__borrow(state, self, value, source, NULL, place) == 0
               ? 1
               : -1;
}

/* ---- the slow path ---- */

int
kaa_cpython__take_instance(kaa_cpython__state *state,
                           kaa_cpython__conversion *self, PyObject *value,
                           kaa_cpython__source source, uint64_t word,
                           void *place)
{
    PyObject *instance = value;
    int failed;

    if (source == SOURCE_BYREF) {
        instance = byref_instance(state, value);
        if (instance == NULL)
            return -1;
        failed = kaa_cpython__borrow(state, self, instance, source,
                                     (char *)(uintptr_t)word, place);
        PY(Py_DecRef)(instance);
    } else {
        failed = kaa_cpython__borrow(state, self, value, source, NULL, place);
    }
    return failed;
}

/* Asks Python: a tuple of where the address comes from (a kaa_cpython__source),
 * the address, the bytes behind it (-1: not known), and what keeps it, which is
 * held until the call ends. */
static int
ask(kaa_cpython__state *state, kaa_cpython__conversion *self, int hook,
    PyObject *value, void *place)
{
    PyObject *answer =
        kaa_cpython__hook(state, hook, self->shape.type, value,
                          (self->shape.flags & CONVERT_WRITABLE ? 1u : 0u) |
                              self->shape.scope << 8);
    uint64_t words[3] = {0, 0, 0};
    kaa_cpython__hold *hold;
    int failed;

    if (answer == NULL)
        return kaa_cpython__prefix(state);
    for (int i = 0; i < 3; i++)
        words[i] =
            PY(PyLong_AsUnsignedLongLongMask)(PY(PyTuple_GetItem)(answer, i));
    if (PY(PyErr_Occurred)() != NULL || words[0] > SOURCE_BYREF) {
        PY(Py_DecRef)(answer);
        return -1;
    }
    if (words[0] != SOURCE_FIXED) {
        failed = kaa_cpython__take_instance(
            state, self, value, (kaa_cpython__source)words[0], words[1], place);
        PY(Py_DecRef)(answer);
        if (failed)
            return -1;
        memcpy(&words[1], place, sizeof(words[1]));
        hold = &state->holds->holds[state->holds->count - 1];
        learn_class(state, self, kaa_cpython__type(hold->object), words[0]);
    } else {
        hold = kaa_cpython__hold_object(state, answer);
        if (hold == NULL)
            return -1;
        hold->of.borrowed.bytes = (ssize_t)words[2];
        memcpy(place, &words[1], sizeof(words[1]));
    }
    if (words[1] == 0 && self->shape.flags & CONVERT_NONNULL)
        return kaa_cpython__refuse_value(state, KAA_CONVERT_NULL, NULL, NULL);
    return 0;
}

static int
no_pointer(kaa_cpython__state *state, const kaa_cpython__conversion *self,
           void *place)
{
    if (self->shape.flags & CONVERT_NONNULL)
        return kaa_cpython__refuse_value(state, KAA_CONVERT_NONE, NULL, NULL);
    return store_address(place, NULL);
}

int
kaa_cpython__pointer_to_c(kaa_cpython__state *state,
                          kaa_cpython__conversion *self, PyObject *value,
                          void *place)
{
    PyObject *type = kaa_cpython__type(value);
    int known;

    if (value == kaa_cpython__none())
        return no_pointer(state, self, place);
    if (type == PY(PyUnicode_Type) && self->shape.op == CONVERT_TEXT)
        return text(state, value, place);
    if (type == PY(PyBytes_Type) &&
        (self->shape.flags & (CONVERT_BYTES | CONVERT_WRITABLE)) ==
            CONVERT_BYTES)
        return store_address(place, PY(PyBytes_AsString)(value));
    if (kaa_cpython__take_data(state, self, value, place))
        return 0;
    known = take_known(state, self, value, place);
    if (known != 0)
        return known > 0 ? 0 : -1;
    /* A buffer, unless ctypes has its own idea of what the instance is. */
    if (self->shape.item != ITEM_NONE && self->shape.op != CONVERT_WIDE_TEXT &&
        !PY(PyType_IsSubtype)(type, state->host->cdata) &&
        buffer(state, self, value, place))
        return 0;
    if (self->shape.op == CONVERT_TEXT && is_a(value, PY(PyUnicode_Type)))
        return text(state, value, place);
    return ask(state, self, HOOK_POINTER, value, place);
}

/* ---- functions ---- */

int
kaa_cpython__function_to_c(kaa_cpython__state *state,
                           kaa_cpython__conversion *self, PyObject *value,
                           void *place)
{
    kaa_function pointer = NULL;
    PyObject *callback;

    if (value == kaa_cpython__none())
        return no_pointer(state, self, place);
    value = kaa_cpython__bound_of(state->host, value);
    if (kaa_cpython__type(value) == state->host->function_type ||
        PY(PyType_IsSubtype)(kaa_cpython__type(value), state->host->cdata))
        return ask(state, self, HOOK_FUNCTION, value, place);
    if (!PY(PyCallable_Check)(value))
        return ask(state, self, HOOK_FUNCTION, value, place);
    callback = kaa_cpython__callback_for(state, self, value, &pointer);
    if (callback == NULL)
        return kaa_cpython__prefix(state);
    if (kaa_cpython__hold_object(state, callback) == NULL)
        return -1;
    memcpy(place, &pointer, sizeof(pointer));
    return 0;
}

/* ---- records ---- */

/* Copied at once, so that nothing can move it meanwhile. */
static int
record(kaa_cpython__state *state, kaa_cpython__conversion *self,
       PyObject *value, void *place)
{
    uint32_t borrowed = state->has_borrowed;
    void *data = NULL;
    int failed;

    if (kaa_cpython__is_own_record(state, self, value)) {
        memcpy(place, kaa_cpython__data_body(value)->data,
               (size_t)self->shape.item_size);
        return 0;
    }
    if (kaa_cpython__type(value) == self->direct_class)
        failed =
            kaa_cpython__borrow(state, self, value, SOURCE_DATA, NULL, &data);
    else
        failed = ask(state, self, HOOK_RECORD, value, &data);
    if (failed || data == NULL)
        return -1;
    memcpy(place, data, (size_t)self->shape.item_size);
    kaa_cpython__release_last(state);
    state->has_borrowed = borrowed;
    return 0;
}

int
kaa_cpython__to_c(kaa_cpython__state *state, kaa_cpython__conversion *self,
                  PyObject *value, void *place)
{
    switch (self->shape.op) {
    case CONVERT_TEXT:
    case CONVERT_POINTER:
    case CONVERT_WIDE_TEXT:
        return kaa_cpython__pointer_to_c(state, self, value, place);
    case CONVERT_FUNCTION:
        return kaa_cpython__function_to_c(state, self, value, place);
    case CONVERT_RECORD:
        return record(state, self, value, place);
    default:
        return kaa_cpython__number_to_c(state, self, value, place);
    }
}
