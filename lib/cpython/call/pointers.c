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

/* What a letter of the struct module stands for; ITEM_NONE: no number. */
static uint8_t
item_of(char letter)
{
    switch (letter) {
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
    case 'n':
        return ITEM_SIGNED;
    case 'B':
    case 'H':
    case 'I':
    case 'L':
    case 'Q':
    case 'N':
        return ITEM_UNSIGNED;
    case 'f':
    case 'd':
        return ITEM_FLOAT;
    case '?':
        return ITEM_BOOL;
    default:
        return ITEM_NONE;
    }
}

/* Whether a format of the struct module (PEP 3118) is one item of the kind. */
static int
format_fits(const char *format, uint8_t item)
{
    if (format == NULL)
        format = "B";
    if (*format == '@' || *format == '=' ||
        (*format == '<' && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) ||
        (*format == '>' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
        format++;
    if (item == ITEM_COMPLEX)
        return format[0] == 'Z' && strchr("fd", format[1]) != NULL &&
               format[1] != '\0' && format[2] == '\0';
    if (format[0] == '\0' || format[1] != '\0')
        return 0;
    return item != ITEM_NONE && item == item_of(*format);
}

int
kaa_cpython__view_fits(const kaa_cpython__conversion *self,
                       const host_buffer *view)
{
    if (self->item == ITEM_ANY)
        return 1;
    if (self->item == ITEM_BYTE)
        return view->itemsize == 1;
    return view->itemsize == (ssize_t)self->item_size &&
           format_fits(view->format, self->item);
}

/* 1: done. 0: no buffer of this kind; nothing is pending. */
static int
buffer(kaa_cpython__state *state, kaa_cpython__conversion *self,
       PyObject *value, void *place)
{
    const host_buffer *view =
        kaa_cpython__hold_buffer(state, value, kaa_cpython__buffer_flags(self));

    if (view == NULL) {
        PY(PyErr_Clear)();
        return 0;
    }
    if (!kaa_cpython__view_fits(self, view))
        return 0; /* the view is released with the call */
    if (!state->host->is_free_threaded)
        learn(&self->buffer_class, kaa_cpython__type(value));
    store_address(place, view->buf);
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
    return kaa_cpython__refuse(state, PY(PyExc_ValueError),
                               "character %lld is a lone surrogate", at);
}

static int
text(kaa_cpython__state *state, PyObject *value, void *place)
{
    ssize_t length = 0;
    const char *bytes = PY(PyUnicode_AsUTF8AndSize)(value, &length);

    if (bytes == NULL) {
        /* Lone surrogates: what os.fsdecode() and kaa's own results make of
         * bytes that are not UTF-8 goes back to these bytes. */
        PyObject *encoded;

        PY(PyErr_Clear)();
        encoded =
            PY(PyUnicode_AsEncodedString)(value, "utf-8", "surrogateescape");
        if (encoded == NULL)
            return refuse_surrogate(state);
        if (kaa_cpython__hold_object(state, encoded) != 0)
            return -1;
        bytes = PY(PyBytes_AsString)(encoded);
        length = PY(PyBytes_Size)(encoded);
    }
    if (memchr(bytes, '\0', (size_t)length) != NULL)
        return kaa_cpython__refuse(state, PY(PyExc_ValueError),
                                   "embedded NUL character");
    return store_address(place, bytes);
}

/* ---- ctypes instances ---- */

/* Whether instances of a class are addresses (c_void_p, c_char_p, c_wchar_p).
 * One may hold its own address, so that nothing tells in which way the slow
 * path took it. */
static int
holds_address(PyObject *type)
{
    PyObject *code = PY(PyObject_GetAttrString)(type, "_type_");
    int found = 0;

    if (code == NULL) {
        PY(PyErr_Clear)();
        return 0;
    }
    if (kaa_cpython__type(code) == PY(PyUnicode_Type))
        found = PY(PyUnicode_CompareWithASCIIString)(code, "P") == 0 ||
                PY(PyUnicode_CompareWithASCIIString)(code, "z") == 0 ||
                PY(PyUnicode_CompareWithASCIIString)(code, "Z") == 0;
    PY(Py_DecRef)(code);
    return found;
}

/* Remembers the class that a byref() refers to. What from_param() of some
 * classes gives is of the same type, but holds other pointers. */
static void
learn_byref(const kaa_cpython__state *state, kaa_cpython__conversion *self,
            PyObject *value, const void *address)
{
    PyObject *object;

    if (kaa_cpython__layout.byref_offset == 0)
        return;
    memcpy(&object, (const char *)value + kaa_cpython__layout.byref_object,
           sizeof(object));
    if (object != NULL &&
        PY(PyType_IsSubtype)(kaa_cpython__type(object), state->host->cdata) &&
        kaa_cpython__cdata(state->host, object) == address)
        learn(&self->byref_class, kaa_cpython__type(object));
}

/* Remembers the class of an instance that the slow path took for `address`. */
static void
learn_class(const kaa_cpython__state *state, kaa_cpython__conversion *self,
            PyObject *value, const void *address)
{
    PyObject *type = kaa_cpython__type(value);
    const void *data;

    if (state->host->is_free_threaded || kaa_cpython__layout.cdata_offset == 0)
        return;
    if (type == state->host->byref_type) {
        learn_byref(state, self, value, address);
        return;
    }
    if (!PY(PyType_IsSubtype)(type, state->host->cdata) ||
        PY(PyType_IsSubtype)(type, state->host->function_pointer_base) ||
        holds_address(type))
        return;
    data = kaa_cpython__cdata(state->host, value);
    if (PY(PyType_IsSubtype)(type, state->host->pointer_base)) {
        void *pointer;

        memcpy(&pointer, data, sizeof(pointer));
        if (pointer == address && data != address)
            learn(&self->indirect_class, type);
    } else if (data == address) {
        learn(&self->direct_class, type);
    }
}

int
kaa_cpython__known_instance(kaa_cpython *host,
                            const kaa_cpython__conversion *self,
                            PyObject *value, void *place)
{
    PyObject *type = kaa_cpython__type(value), *object;
    void *address;

    if (type == self->direct_class)
        return store_address(place, kaa_cpython__cdata(host, value)) == 0;
    if (type == self->indirect_class) {
        memcpy(&address, kaa_cpython__cdata(host, value), sizeof(address));
        if (address == NULL && self->flags & CONVERT_NONNULL)
            return 0;
        return store_address(place, address) == 0;
    }
    if (type != host->byref_type || self->byref_class == NULL)
        return 0;
    memcpy(&object, (const char *)value + kaa_cpython__layout.byref_object,
           sizeof(object));
    memcpy(&address, (const char *)value + kaa_cpython__layout.byref_offset,
           sizeof(address));
    return object != NULL && kaa_cpython__type(object) == self->byref_class &&
           kaa_cpython__cdata(host, object) == address &&
           store_address(place, address) == 0;
}

/* ---- C data of kaa's own ---- */

/* Whether an instance may be passed as it is: a record or an array of the
 * target's type, an array of such, or a pointer to it. */
static int
data_fits(const kaa_cpython__conversion *self, const kaa_cpython__class *given)
{
    if (self->item == ITEM_ANY)
        return 1;
    if (given->kind == KAA_CTYPE_POINTER || given->kind == KAA_CTYPE_ARRAY)
        if (given->element.core == self->target ||
            kaa_ctype_same(given->element.core, self->target))
            return 1;
    return given->kind != KAA_CTYPE_POINTER &&
           (given->core == self->target ||
            kaa_ctype_same(given->core, self->target));
}

/* 1: `value` is C data that fits, and its address stands at `place`. */
static int
own_data(const kaa_cpython__state *state, kaa_cpython__conversion *self,
         PyObject *value, void *place)
{
    PyObject *type = kaa_cpython__type(value);
    const kaa_cpython__data *body;

    if (!kaa_cpython__is_data_type(state->host, type))
        return 0;
    body = kaa_cpython__data_body(value);
    if ((body->data == NULL && self->flags & CONVERT_NONNULL) ||
        !data_fits(self, body->class_))
        return 0;
    /* A pointer may be NULL another time. */
    if (!state->host->is_free_threaded &&
        !(self->flags & CONVERT_NONNULL &&
          body->class_->kind == KAA_CTYPE_POINTER))
        learn(&self->direct_class, type);
    return store_address(place, body->data) == 0;
}

/* ---- the slow path ---- */

/* Asks Python: a tuple of the address and what keeps it alive, which is held
 * until the call ends. */
static int
ask(kaa_cpython__state *state, kaa_cpython__conversion *self, int hook,
    PyObject *value, void *place)
{
    PyObject *answer = kaa_cpython__hook(
        state, hook, self->type, value,
        (self->flags & CONVERT_WRITABLE ? 1u : 0u) | self->scope << 8);
    uint64_t word;

    if (answer == NULL)
        return kaa_cpython__prefix(state);
    if (kaa_cpython__hold_object(state, answer) != 0)
        return -1;
    word = PY(PyLong_AsUnsignedLongLong)(PY(PyTuple_GetItem)(answer, 0));
    if (word == UINT64_MAX && PY(PyErr_Occurred)() != NULL)
        return kaa_cpython__prefix(state);
    if (word == 0 && self->flags & CONVERT_NONNULL)
        return kaa_cpython__refuse(state, PY(PyExc_ValueError),
                                   "a NULL pointer, but the parameter is "
                                   "declared nonnull");
    learn_class(state, self, value, (const void *)(uintptr_t)word);
    memcpy(place, &word, sizeof(word));
    return 0;
}

static int
no_pointer(kaa_cpython__state *state, const kaa_cpython__conversion *self,
           void *place)
{
    if (self->flags & CONVERT_NONNULL)
        return kaa_cpython__refuse(state, PY(PyExc_TypeError),
                                   "None, but the parameter is declared "
                                   "nonnull");
    return store_address(place, NULL);
}

int
kaa_cpython__pointer_to_c(kaa_cpython__state *state,
                          kaa_cpython__conversion *self, PyObject *value,
                          void *place)
{
    PyObject *type = kaa_cpython__type(value);

    if (value == kaa_cpython__none())
        return no_pointer(state, self, place);
    if (type == PY(PyUnicode_Type) && self->op == CONVERT_TEXT)
        return text(state, value, place);
    if (type == PY(PyBytes_Type) &&
        (self->flags & (CONVERT_BYTES | CONVERT_WRITABLE)) == CONVERT_BYTES)
        return store_address(place, PY(PyBytes_AsString)(value));
    if (kaa_cpython__known_instance(state->host, self, value, place))
        return 0;
    if (own_data(state, self, value, place))
        return 0;
    /* A buffer, unless ctypes has its own idea of what the instance is. */
    if (self->item != ITEM_NONE && self->op != CONVERT_WIDE_TEXT &&
        !PY(PyType_IsSubtype)(type, state->host->cdata) &&
        buffer(state, self, value, place))
        return 0;
    if (self->op == CONVERT_TEXT && is_a(value, PY(PyUnicode_Type)))
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
    if (kaa_cpython__type(value) == state->host->function_type ||
        PY(PyType_IsSubtype)(kaa_cpython__type(value), state->host->cdata))
        return ask(state, self, HOOK_FUNCTION, value, place);
    if (!PY(PyCallable_Check)(value))
        return ask(state, self, HOOK_FUNCTION, value, place);
    callback = kaa_cpython__callback_for(state, self, value, &pointer);
    if (callback == NULL)
        return kaa_cpython__prefix(state);
    if (kaa_cpython__hold_object(state, callback) != 0)
        return -1;
    memcpy(place, &pointer, sizeof(pointer));
    return 0;
}

/* ---- records ---- */

/* Whether a value is C data of the very type. */
static int
is_own_record(const kaa_cpython__state *state, kaa_cpython__conversion *self,
              PyObject *value)
{
    PyObject *type = kaa_cpython__type(value);
    const kaa_cpython__class *given;

    if (!kaa_cpython__is_data_type(state->host, type))
        return 0;
    given = kaa_cpython__data_body(value)->class_;
    if (given->core != self->core && !kaa_ctype_same(given->core, self->core))
        return 0;
    if (!state->host->is_free_threaded)
        learn(&self->direct_class, type);
    return 1;
}

static int
record(kaa_cpython__state *state, kaa_cpython__conversion *self,
       PyObject *value, void *place)
{
    size_t size = (size_t)kaa_ctype_size(self->core);
    void *data;

    if (kaa_cpython__type(value) == self->direct_class &&
        self->direct_class != NULL) {
        data = kaa_cpython__cdata(state->host, value);
    } else if (is_own_record(state, self, value)) {
        data = kaa_cpython__data_body(value)->data;
    } else {
        uint64_t word = 0;

        if (ask(state, self, HOOK_RECORD, value, &word) != 0)
            return -1;
        data = (void *)(uintptr_t)word;
    }
    if (data == NULL)
        return -1;
    if (size != 0)
        memcpy(place, data, size);
    return 0;
}

int
kaa_cpython__to_c(kaa_cpython__state *state, kaa_cpython__conversion *self,
                  PyObject *value, void *place)
{
    switch (self->op) {
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
