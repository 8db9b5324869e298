/* cpython/data/value.c - reading and writing members and elements.
 *
 * What is common is done here; at the first thing that is not, the hook does
 * all of it, and says what is wrong.
 */
#include "cpython/data/data.h"

#include <math.h>

typedef kaa_cpython__data data;
typedef kaa_cpython__class class;
typedef kaa_cpython__member field;

/* ---- reading ---- */

static inline uint64_t
load_word(const field *member, const char *at)
{
    uint64_t word = 0;
    uint32_t half;
    uint16_t quarter;

    switch (member->size) {
    case 8:
        memcpy(&word, at, 8);
        return word;
    case 4:
        memcpy(&half, at, 4);
        return member->is_signed ? (uint64_t)(int64_t)(int32_t)half : half;
    case 2:
        memcpy(&quarter, at, 2);
        return member->is_signed ? (uint64_t)(int64_t)(int16_t)quarter
                                 : quarter;
    case 1:
        return member->is_signed ? (uint64_t)(int64_t)(int8_t)*at
                                 : (uint64_t)(uint8_t)*at;
    default:
        memcpy(&word, at, member->size);
        return word;
    }
}

static inline PyObject *
make_int(const field *member, uint64_t word)
{
    return member->is_signed ? PY(PyLong_FromLongLong)((int64_t)word)
                             : PY(PyLong_FromUnsignedLongLong)(word);
}

/* Bit-fields fill their bytes from the lowest bit on, or from the highest. The
 * word takes those bytes as its first. */
#define IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static PyObject *
load_bits(const field *member, const char *at)
{
    uint64_t word = 0;

    memcpy(&word, at, member->size);
#if IS_BIG_ENDIAN
    word <<= member->shift;
#else
    word = word >> member->shift << member->unused;
#endif
    if (member->is_signed)
        return PY(PyLong_FromLongLong)((int64_t)word >> member->unused);
    return PY(PyLong_FromUnsignedLongLong)(word >> member->unused);
}

/* The members of an enum as a tuple from the smallest value, where that is not
 * much larger than their number; None stands for values without a member. */
#define NAMES_MAX 1024

static PyObject *
dense_names(const kaa_ctype *core, PyObject *by_value, int64_t *out_first)
{
    const kaa_ctype_enumerator *all = kaa_ctype_enumerators(core);
    uint64_t count = kaa_ctype_count(core);
    int64_t low = INT64_MAX, high = INT64_MIN;
    PyObject *names;

    for (uint64_t i = 0; i < count; i++) {
        low = all[i].value < low ? all[i].value : low;
        high = all[i].value > high ? all[i].value : high;
    }
    if (count == 0 || high - low < 0 || high - low >= NAMES_MAX)
        low = high = 0;
    names = PY(PyTuple_New)((ssize_t)(high - low + 1));
    for (int64_t i = low; names != NULL && i <= high; i++) {
        PyObject *key = PY(PyLong_FromLongLong)(i);
        PyObject *found =
            key != NULL ? PY(PyObject_GetItem)(by_value, key) : NULL;

        if (found == NULL) {
            PY(PyErr_Clear)();
            found = kaa_cpython__new_none();
        }
        if (key != NULL)
            PY(Py_DecRef)(key);
        PY(PyTuple_SetItem)(names, (ssize_t)(i - low), found);
    }
    *out_first = low;
    return names;
}

/* Asks Python once for an enum's members; without any, for each value. */
static PyObject *
enum_names(const class *self, field *member)
{
    PyObject *names =
        atomic_load_explicit(&member->names, memory_order_acquire);
    PyObject *address, *by_value, *none = NULL;

    if (KAA_LIKELY(names != NULL) || self->library == NULL)
        return names;
    address = PY(PyLong_FromUnsignedLongLong)(
        (unsigned long long)(uintptr_t)member->type);
    if (address == NULL)
        return NULL;
    by_value = PY(PyObject_CallFunctionObjArgs)(self->host->hooks[HOOK_ENUM_OF],
                                                self->library, address, NULL);
    PY(Py_DecRef)(address);
    if (by_value == NULL)
        return NULL;
    if (by_value == kaa_cpython__none()) {
        names = PY(PyTuple_New)(0);
    } else {
        names = dense_names(member->core, by_value, &member->first);
    }
    PY(Py_DecRef)(by_value);
    if (names != NULL &&
        !atomic_compare_exchange_strong(&member->names, &none, names))
        PY(Py_DecRef)(names);
    return names != NULL ? member->names : NULL;
}

static PyObject *
load_enum(PyObject *object, const class *self, field *member, const char *at,
          const char *base)
{
    uint64_t word = load_word(member, at);
    PyObject *names = enum_names(self, member), *found;

    if (names == NULL)
        return NULL;
    if (word - (uint64_t)member->first < (uint64_t)PY(PyTuple_Size)(names)) {
        found = PY(PyTuple_GetItem)(names,
                                    (ssize_t)(word - (uint64_t)member->first));
        if (found != kaa_cpython__none()) {
            PY(Py_IncRef)(found);
            return found;
        }
    }
    return kaa_cpython__ask(object, self, member, base, NULL);
}

/* What keeps the target is what the pointer was set from; else, as far as is
 * known, what the pointer itself belongs to. */
static PyObject *
load_pointer(PyObject *object, class *self, field *member, const char *at)
{
    class *target = kaa_cpython__member_class(self, member);
    const data *body = kaa_cpython__data_body(object);
    PyObject *owner, *kept, *made;
    void *address;

    if (KAA_UNLIKELY(target == NULL))
        return NULL;
    memcpy(&address, at, sizeof(address));
    if (address == NULL)
        return kaa_cpython__new_view(target, NULL, NULL, -1);
    if (kaa_cpython__read_pointer(object, at, &address, &kept) != 0)
        return NULL;
    owner = kept == NULL && body->class_->plain != NULL ? body->owner : kept;
    made = kaa_cpython__new_view(target, address,
                                 address != NULL ? owner : NULL, -1);
    if (kept != NULL)
        kaa_cpython__let_go(kept);
    return made;
}

static PyObject *
load_inside(PyObject *object, class *self, field *member, char *at)
{
    class *inner = kaa_cpython__member_class(self, member);

    if (KAA_UNLIKELY(inner == NULL))
        return NULL;
    return kaa_cpython__new_inside(inner, at, object, inner->count);
}

/* Without a GIL what is short is copied while nobody can free it. */
static PyObject *
load_text(PyObject *object, const char *at)
{
    PyObject *kept = NULL, *made;
    char copy[DATA_TEXT_SHORT];
    ssize_t length;
    void *text;

    if (KAA_LIKELY(
            !kaa_cpython__data_body(object)->class_->host->is_free_threaded)) {
        memcpy(&text, at, sizeof(text)); /* nobody frees it meanwhile */
    } else {
        length = kaa_cpython__read_short_text(object, at, copy);
        if (length >= 0)
            return PY(PyUnicode_DecodeUTF8)(copy, length, "strict");
        if (kaa_cpython__read_pointer(object, at, &text, &kept) != 0)
            return NULL;
    }
    if (text == NULL)
        made = kaa_cpython__new_none();
    else
        made = PY(PyUnicode_DecodeUTF8)(text, (ssize_t)strlen(text),
                                        "surrogateescape");
    if (kept != NULL)
        PY(Py_DecRef)(kept);
    return made;
}

static PyObject *
load_other(PyObject *object, class *self, field *member, char *at, char *base)
{
    void *address;
    float narrow;

    switch (member->op) {
    case DATA_FLOAT:
        memcpy(&narrow, at, sizeof(narrow));
        return PY(PyFloat_FromDouble)((double)narrow);
    case DATA_BOOL:
        return PY(PyBool_FromLong)(*at != 0);
    case DATA_CHAR:
        return PY(PyBytes_FromStringAndSize)(at, 1);
    case DATA_ENUM:
        return load_enum(object, self, member, at, base);
    case DATA_TEXT:
        return load_text(object, at);
    case DATA_ADDRESS:
        memcpy(&address, at, sizeof(address));
        if (address == NULL)
            return kaa_cpython__new_none();
        return PY(PyLong_FromUnsignedLongLong)(
            (unsigned long long)(uintptr_t)address);
    case DATA_BITS:
        return load_bits(member, at);
    default:
        return kaa_cpython__ask(object, self, member, base, NULL);
    }
}

/* The same member of a twin's plain class, if the memory is still there; NULL
 * with an exception. */
static field *
unguard(PyObject *object, class **self, const field *member)
{
    class *twin = *self;

    if (kaa_cpython__check_guarded(object) != 0)
        return NULL;
    *self = twin->plain;
    return member == &twin->element
               ? &twin->plain->element
               : &twin->plain->members[member - twin->members];
}

PyObject *
kaa_cpython__load_slowly(PyObject *object, class *self, field *member,
                         char *base)
{
    char *at = base + member->offset;

    if (member->op == DATA_GUARDED) {
        member = unguard(object, &self, member);
        return member != NULL
                   ? kaa_cpython__load_member(object, self, member, base)
                   : NULL;
    }

    switch (member->op) {
    case DATA_INTEGER:
        return make_int(member, load_word(member, at));
    case DATA_POINTER:
        return load_pointer(object, self, member, at);
    case DATA_INSIDE:
        return load_inside(object, self, member, at);
    default:
        return load_other(object, self, member, at, base);
    }
}

/* ---- writing ---- */

enum { SLOW = 1 }; /* beside 0 and -1: the hook has to see to it */

/* An int of 64 bits; 0 where the value is no int, or too large. */
static inline int
read_int(PyObject *value, PyObject *type, int64_t *out)
{
    int overflow = 0;

    if (KAA_LIKELY(type == PY(PyLong_Type))) {
        if (KAA_LIKELY(kaa_cpython__read_small(value, out)))
            return 1;
    } else if (!PY(PyType_IsSubtype)(type, PY(PyLong_Type))) {
        return 0;
    }
    *out = PY(PyLong_AsLongLongAndOverflow)(value, &overflow);
    return overflow == 0;
}

static inline int
fits(const field *member, int64_t number)
{
    uint64_t cut = (uint64_t)number << member->unused;

    return member->is_signed
               ? (int64_t)cut >> member->unused == number
               : number >= 0 && cut >> member->unused == (uint64_t)number;
}

static inline void
write_word(const field *member, char *at, int64_t number)
{
    switch (member->size) { /* the low bytes come first, or are all */
    case 8:
        memcpy(at, &number, 8);
        break;
    case 4: {
        uint32_t half = (uint32_t)number;
        memcpy(at, &half, 4);
        break;
    }
    case 2: {
        uint16_t quarter = (uint16_t)number;
        memcpy(at, &quarter, 2);
        break;
    }
    default:
        *at = (char)number;
    }
}

static inline int
store_integer(const field *member, char *at, PyObject *value, PyObject *type)
{
    int64_t number;

    if (!read_int(value, type, &number) || !fits(member, number))
        return SLOW;
    write_word(member, at, number);
    return 0;
}

static inline int
store_double(char *at, PyObject *value, PyObject *type)
{
    double number;

    if (KAA_UNLIKELY(type != PY(PyFloat_Type)))
        return SLOW;
    if (KAA_LIKELY(kaa_cpython__layout.float_offset != 0))
        memcpy(&number, (char *)value + kaa_cpython__layout.float_offset,
               sizeof(number));
    else
        number = PY(PyFloat_AsDouble)(value);
    memcpy(at, &number, sizeof(number));
    return 0;
}

static int
store_float(char *at, PyObject *value, PyObject *type)
{
    double number = 0.0;
    float narrow;

    if (store_double((char *)&number, value, type) != 0)
        return SLOW;
    narrow = (float)number;
    if (isinf(narrow))
        return SLOW; /* perhaps out of range */
    memcpy(at, &narrow, sizeof(narrow));
    return 0;
}

static int
store_bits(const field *member, char *at, PyObject *value, PyObject *type)
{
    uint64_t word = 0, mask, bits;
    int64_t number;

    if (!read_int(value, type, &number) || !fits(member, number))
        return SLOW;
    memcpy(&word, at, member->size);
#if IS_BIG_ENDIAN
    mask = UINT64_MAX << member->unused >> member->shift;
    bits = (uint64_t)number << member->unused >> member->shift;
#else
    mask = UINT64_MAX >> member->unused << member->shift;
    bits = (uint64_t)number << member->shift;
#endif
    word = (word & ~mask) | (bits & mask);
    memcpy(at, &word, member->size);
    return 0;
}

static int
write_pointer(PyObject *root, char *at, const void *address, PyObject *kept)
{
    return kaa_cpython__write_pointer(
        kaa_cpython__data_body(root)->class_->host, root, at, address, kept);
}

static int
store_text(PyObject *object, char *at, PyObject *value, PyObject *type)
{
    PyObject *root = kaa_cpython__root(object);
    ssize_t length = 0;
    const char *text;

    if (root == NULL || type != PY(PyUnicode_Type))
        return SLOW;
    text = PY(PyUnicode_AsUTF8AndSize)(value, &length);
    if (text == NULL) {
        PY(PyErr_Clear)();
        return SLOW;
    }
    if (strlen(text) != (size_t)length)
        return SLOW;
    return write_pointer(root, at, text, value);
}

static int
store_pointer(PyObject *object, class *self, field *member, char *at,
              PyObject *value, PyObject *type)
{
    PyObject *root = kaa_cpython__root(object);
    class *pointer, *given;
    const data *body;

    if (root == NULL)
        return SLOW;
    if (value == kaa_cpython__none())
        return write_pointer(root, at, NULL, NULL);
    if (!kaa_cpython__is_data_type(self->host, type))
        return SLOW;
    pointer = kaa_cpython__member_class(self, member);
    if (pointer == NULL)
        return -1;
    body = kaa_cpython__data_body(value);
    given = body->class_;
    if (given == pointer)
        return write_pointer(root, at, body->data, body->owner);
    if (given->core == pointer->element.core)
        return write_pointer(root, at, body->data, value);
    return SLOW;
}

static int
store_simple(PyObject *object, class *self, field *member, char *base,
             PyObject *value)
{
    PyObject *type = kaa_cpython__type(value);
    char *at = base + member->offset;
    int64_t number;

    switch (member->op) {
    case DATA_INTEGER:
    case DATA_ENUM:
        return store_integer(member, at, value, type);
    case DATA_DOUBLE:
        return store_double(at, value, type);
    case DATA_FLOAT:
        return store_float(at, value, type);
    case DATA_BOOL:
        if (!read_int(value, type, &number) || (number != 0 && number != 1))
            return SLOW;
        *at = (char)number;
        return 0;
    case DATA_BITS:
        return store_bits(member, at, value, type);
    case DATA_TEXT:
        return store_text(object, at, value, type);
    case DATA_POINTER:
        return store_pointer(object, self, member, at, value, type);
    default:
        return SLOW;
    }
}

int
kaa_cpython__store_slowly(PyObject *object, class *self, field *member,
                          char *base, PyObject *value)
{
    int done;
    PyObject *result;

    if (KAA_UNLIKELY(value == NULL))
        return kaa_cpython__raise(PY(PyExc_AttributeError),
                                  "members of C data cannot be deleted");
    if (member->op == DATA_GUARDED) {
        member = unguard(object, &self, member);
        if (member == NULL)
            return -1;
    }
    done = store_simple(object, self, member, base, value);
    if (KAA_LIKELY(done != SLOW))
        return done;
    result = kaa_cpython__ask(object, self, member, base, value);
    if (result == NULL)
        return -1;
    PY(Py_DecRef)(result);
    return 0;
}

int
kaa_cpython__try_store(PyObject *object, class *self, field *member, char *base,
                       PyObject *value)
{
    return store_simple(object, self, member, base, value) == 0;
}
