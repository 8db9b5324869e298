/* cpython/call/results.c - C values to Python objects. */
#include <string.h>
#include <wchar.h>

#include "cpython/call/convert.h"
#include "cpython/data/data.h"
#include "cpython/host/type.h"

/* The class of a type, from Python, remembered where threads allow: a new
 * reference. */
static PyObject *
class_of(kaa_cpython *host, PyObject *library, kaa_cpython__conversion *self)
{
    kaa_cpython__state state = {.host = host, .library = library};
    PyObject *class_ = self->result_class;

    if (class_ == NULL) {
        class_ =
            kaa_cpython__hook(&state, HOOK_CLASS_OF, self->shape.type, NULL, 0);
        if (class_ == NULL || host->is_free_threaded)
            return class_;
        /* Python has run: another thread may have been quicker. */
        if (self->result_class != NULL)
            return class_;
        self->result_class = class_;
    }
    PY(Py_IncRef)(class_);
    return class_;
}

static __attribute__((noinline)) kaa_cpython__class *
find_data_class(kaa_cpython *host, PyObject *library,
                kaa_cpython__conversion *self)
{
    kaa_cpython__class *found, *none = NULL;
    PyObject *type = NULL;

    found = kaa_cpython__class_for(host, library, self->shape.type, &type);
    if (found == NULL)
        return NULL;
    if (atomic_compare_exchange_strong(&self->data_class, &none, found))
        self->data_type = type; /* the reference is the conversion's now */
    else
        PY(Py_DecRef)(type);
    return found;
}

/* The class of C data that results are instances of, found once; NULL with an
 * exception. The conversion keeps its type. */
static inline kaa_cpython__class *
data_class(kaa_cpython *host, PyObject *library, kaa_cpython__conversion *self)
{
    kaa_cpython__class *found =
        atomic_load_explicit(&self->data_class, memory_order_acquire);

    return KAA_LIKELY(found != NULL) ? found
                                     : find_data_class(host, library, self);
}

PyObject *
kaa_cpython__new_pointer(kaa_cpython *host, PyObject *library,
                         kaa_cpython__conversion *self, void *address,
                         PyObject *owner)
{
    kaa_cpython__class *made = data_class(host, library, self);

    return made != NULL ? kaa_cpython__new_view(made, address, owner, -1)
                        : NULL;
}

PyObject *
kaa_cpython__new_record(kaa_cpython *host, PyObject *library,
                        kaa_cpython__conversion *self, const void *bytes,
                        size_t size)
{
    kaa_cpython__class *class_ = data_class(host, library, self);
    PyObject *made = class_ != NULL ? kaa_cpython__new_data(class_) : NULL;

    if (made != NULL && size != 0)
        memcpy(kaa_cpython__data_body(made)->data, bytes, size);
    return made;
}

/* A function pointer as an instance of its ctypes class. */
static PyObject *
function_instance(kaa_cpython *host, PyObject *library,
                  kaa_cpython__conversion *self, uint64_t word)
{
    PyObject *class_ = class_of(host, library, self);
    PyObject *address, *made = NULL;

    if (class_ == NULL)
        return NULL;
    address = PY(PyLong_FromUnsignedLongLong)(word);
    if (address != NULL) {
        made = PY(PyObject_CallFunctionObjArgs)(class_, address, NULL);
        PY(Py_DecRef)(address);
    }
    PY(Py_DecRef)(class_);
    return made;
}

static PyObject *
wide_text(const kaa_cpython__conversion *self, const void *text)
{
    if (self->shape.item_size == sizeof(wchar_t))
        return PY(PyUnicode_FromWideChar)(
            (const wchar_t *)text, (ssize_t)wcslen((const wchar_t *)text));
    size_t length = 0;
    int order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? -1 : 1;

    while (((const uint16_t *)text)[length] != 0)
        length++;
    return PY(PyUnicode_DecodeUTF16)((const char *)text, (ssize_t)(length * 2),
                                     "surrogatepass", &order);
}

/* The member of the IntEnum with this value; the int itself if there is none.
 * Takes over the reference to `number`. */
static PyObject *
enum_member(kaa_cpython *host, PyObject *library, kaa_cpython__conversion *self,
            PyObject *number)
{
    kaa_cpython__state state = {.host = host, .library = library};
    PyObject *members = self->enum_members, *member;

    if (number == NULL)
        return NULL;
    if (members == NULL) {
        members =
            kaa_cpython__hook(&state, HOOK_ENUM_OF, self->shape.type, NULL, 0);
        if (members == NULL) {
            PY(Py_DecRef)(number);
            return NULL;
        }
        if (!host->is_free_threaded && self->enum_members == NULL) {
            PY(Py_IncRef)(members);
            self->enum_members = members;
        }
    } else {
        PY(Py_IncRef)(members);
    }
    if (members == kaa_cpython__none()) {
        member = NULL;
    } else {
        member = PY(PyObject_GetItem)(members, number);
        if (member == NULL)
            PY(PyErr_Clear)();
    }
    PY(Py_DecRef)(members);
    if (member == NULL)
        return number;
    PY(Py_DecRef)(number);
    return member;
}

static PyObject *
character(const kaa_cpython__conversion *self, uint64_t word)
{
    if (self->shape.op == CONVERT_CHAR) {
        char byte = (char)(unsigned char)word;
        return PY(PyBytes_FromStringAndSize)(&byte, 1);
    }
    word &= self->shape.size == 2 ? 0xFFFFu : 0xFFFFFFFFu;
    if (word > 0x10FFFF) {
        char reason[64];

        kaa_convert_print_fault(
            &(const kaa_convert_fault){.code = KAA_CONVERT_NO_CHARACTER,
                                       .number = word},
            reason, sizeof(reason));
        kaa_cpython__raise(PY(PyExc_ValueError), "%s", reason);
        return NULL;
    }
    return PY(PyUnicode_FromOrdinal)((int)word);
}

static PyObject *
pointer(kaa_cpython *host, PyObject *library, kaa_cpython__conversion *self,
        uint64_t word)
{
    const void *address = (const void *)(uintptr_t)word;

    if (self->shape.op == CONVERT_FUNCTION) {
        if (address == NULL && self->shape.flags & CONVERT_NULLABLE)
            return kaa_cpython__new_none();
        return function_instance(host, library, self, word);
    }
    if (address == NULL &&
        (self->shape.item == ITEM_ANY || self->shape.op != CONVERT_POINTER ||
         self->shape.flags & CONVERT_NULLABLE))
        return kaa_cpython__new_none();
    if (self->shape.op == CONVERT_TEXT)
        return PY(PyUnicode_DecodeUTF8)((const char *)address,
                                        (ssize_t)strlen((const char *)address),
                                        "surrogateescape");
    if (self->shape.op == CONVERT_WIDE_TEXT)
        return wide_text(self, address);
    if (self->shape.item == ITEM_ANY)
        return PY(PyLong_FromUnsignedLongLong)(word);
    return kaa_cpython__new_pointer(host, library, self,
                                    (void *)(uintptr_t)word, NULL);
}

PyObject *
kaa_cpython__from_word(kaa_cpython *host, PyObject *library,
                       kaa_cpython__conversion *self, uint64_t word)
{
    PyObject *number;

    switch (self->shape.op) {
    case CONVERT_VOID:
        return kaa_cpython__new_none();
    case CONVERT_BOOL:
        return PY(PyBool_FromLong)(word != 0);
    case CONVERT_CHAR:
    case CONVERT_WIDE_CHARACTER:
        return character(self, word);
    case CONVERT_INTEGER:
        number = self->shape.is_signed ? PY(PyLong_FromLongLong)((int64_t)word)
                                       : PY(PyLong_FromUnsignedLongLong)(word);
        return self->shape.flags & CONVERT_ENUM
                   ? enum_member(host, library, self, number)
                   : number;
    default:
        return pointer(host, library, self, word);
    }
}

static PyObject *
complex_number(const kaa_cpython__conversion *self, const void *storage)
{
    if (kaa_ctype_kind_of(self->shape.core) == KAA_CTYPE_CFLOAT) {
        float parts[2];

        memcpy(parts, storage, sizeof(parts));
        return PY(PyComplex_FromDoubles)((double)parts[0], (double)parts[1]);
    }
    if (kaa_ctype_kind_of(self->shape.core) == KAA_CTYPE_CLDOUBLE) {
        long double parts[2];

        memcpy(parts, storage, sizeof(parts));
        return PY(PyComplex_FromDoubles)((double)parts[0], (double)parts[1]);
    }
    double parts[2];

    memcpy(parts, storage, sizeof(parts));
    return PY(PyComplex_FromDoubles)(parts[0], parts[1]);
}

/* (high << 64) | low: stable functions alone. */
static PyObject *
int128(const kaa_cpython__conversion *self, const void *storage)
{
    uint64_t words[2];
    PyObject *high, *low, *shift, *shifted = NULL, *result = NULL;

    memcpy(words, storage, sizeof(words));
    high = self->shape.is_signed ? PY(PyLong_FromLongLong)((int64_t)words[1])
                                 : PY(PyLong_FromUnsignedLongLong)(words[1]);
    low = PY(PyLong_FromUnsignedLongLong)(words[0]);
    shift = PY(PyLong_FromLongLong)(64);
    if (high != NULL && low != NULL && shift != NULL)
        shifted = PY(PyNumber_Lshift)(high, shift);
    if (shifted != NULL)
        result = PY(PyNumber_Or)(shifted, low);
    if (high != NULL)
        PY(Py_DecRef)(high);
    if (low != NULL)
        PY(Py_DecRef)(low);
    if (shift != NULL)
        PY(Py_DecRef)(shift);
    if (shifted != NULL)
        PY(Py_DecRef)(shifted);
    return result;
}

PyObject *
kaa_cpython__from_c(kaa_cpython *host, PyObject *library,
                    kaa_cpython__conversion *self, const void *storage)
{
    switch (self->shape.op) {
    case CONVERT_VOID:
        return kaa_cpython__new_none();
    case CONVERT_INTEGER: /* the most common, for callbacks */
        if (self->shape.is_signed && !(self->shape.flags & CONVERT_ENUM))
            return PY(PyLong_FromLongLong)(
                (int64_t)kaa_convert__load_word(&self->shape, storage));
        return kaa_cpython__from_word(
            host, library, self, kaa_convert__load_word(&self->shape, storage));
    case CONVERT_DOUBLE: {
        double number;

        memcpy(&number, storage, sizeof(number));
        return PY(PyFloat_FromDouble)(number);
    }
    case CONVERT_FLOAT: {
        float number;

        memcpy(&number, storage, sizeof(number));
        return PY(PyFloat_FromDouble)((double)number);
    }
    case CONVERT_LONG_DOUBLE: {
        long double number;

        memcpy(&number, storage, sizeof(number));
        return PY(PyFloat_FromDouble)((double)number);
    }
    case CONVERT_COMPLEX:
        return complex_number(self, storage);
    case CONVERT_INT128:
        return int128(self, storage);
    case CONVERT_RECORD:
        return kaa_cpython__new_record(
            host, library, self, storage,
            (size_t)kaa_ctype_size(self->shape.core));
    default:
        return kaa_cpython__from_word(
            host, library, self, kaa_convert__load_word(&self->shape, storage));
    }
}
