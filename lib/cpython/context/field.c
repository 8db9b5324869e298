/* cpython/context/field.c - members and properties of native types as
 * descriptors.
 *
 * Members that the host reads as kaa does are its own member descriptors; ints
 * that can be written are not, since the host cuts what does not fit, and on
 * builds without a GIL none is that can be written at all.
 */
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

#include "cpython/context/native_type.h"

/* ---- properties */

static const char in_property[] = " in a property";

static PyObject *
get_property(PyObject *self, void *closure)
{
    const kaa_cpython__field *field = closure;
    const kaa_property *property = field->property;
    kaa_cpython__section section;
    kaa_object *result;
    int entered = kaa_cpython__enter_slot(in_property);

    if (entered < 0)
        return NULL;
    begin_section(&section, field->lock);
    result = property->get(field->ctx, as_kaa(self), property->user);
    end_section(&section);
    kaa_cpython__leave_slot(entered);
    return as_host(result);
}

static int
set_property(PyObject *self, PyObject *value, void *closure)
{
    const kaa_cpython__field *field = closure;
    const kaa_property *property = field->property;
    kaa_cpython__section section;
    int result, entered = kaa_cpython__enter_slot(in_property);

    if (entered < 0)
        return -1;
    begin_section(&section, field->lock);
    result =
        property->set(field->ctx, as_kaa(self), as_kaa(value), property->user);
    end_section(&section);
    kaa_cpython__leave_slot(entered);
    return result;
}

/* ---- members */

typedef struct kind {
    const char *name; /* in C */
    int bytes;
    int host_kind; /* -1: none with 8 bits, say */
    int64_t least;
    uint64_t most;
} kind;

/* By kaa_member_kind. */
static const kind kinds[] = {
    [0] = {"", 0, 0, 0, 0},
    [KAA_MEMBER_BOOL] = {"bool", 1, HOST_MEMBER_BOOL, 0, 1},
    [KAA_MEMBER_INT8] = {"int8_t", 1, HOST_MEMBER_BYTE, INT8_MIN, INT8_MAX},
    [KAA_MEMBER_UINT8] = {"uint8_t", 1, HOST_MEMBER_UBYTE, 0, UINT8_MAX},
    [KAA_MEMBER_INT16] = {"int16_t", 2, HOST_MEMBER_SHORT, INT16_MIN,
                          INT16_MAX},
    [KAA_MEMBER_UINT16] = {"uint16_t", 2, HOST_MEMBER_USHORT, 0, UINT16_MAX},
    [KAA_MEMBER_INT32] = {"int32_t", 4, HOST_MEMBER_INT, INT32_MIN, INT32_MAX},
    [KAA_MEMBER_UINT32] = {"uint32_t", 4, HOST_MEMBER_UINT, 0, UINT32_MAX},
    [KAA_MEMBER_INT64] = {"int64_t", 8, HOST_MEMBER_LONGLONG, INT64_MIN,
                          INT64_MAX},
    [KAA_MEMBER_UINT64] = {"uint64_t", 8, HOST_MEMBER_ULONGLONG, 0, UINT64_MAX},
    [KAA_MEMBER_FLOAT] = {"float", 4, HOST_MEMBER_FLOAT, 0, 0},
    [KAA_MEMBER_DOUBLE] = {"double", 8, HOST_MEMBER_DOUBLE, 0, 0},
    [KAA_MEMBER_TEXT] = {"const char *", 8, HOST_MEMBER_STRING, 0, 0},
    [KAA_MEMBER_OBJECT] = {"kaa_object *", 8, HOST_MEMBER_OBJECT, 0, 0},
};

static int
is_readonly(const kaa_member *member)
{
    return (member->flags & KAA_READONLY) != 0 ||
           member->kind == KAA_MEMBER_TEXT;
}

/* Whether the host's own descriptor does. */
static int
is_plain(const kaa_cpython__type_record *record, const kaa_member *member)
{
    int is_number =
        member->kind == KAA_MEMBER_FLOAT || member->kind == KAA_MEMBER_DOUBLE;

    int has_gil = !own_of(record->ctx)->host->is_free_threaded;

    if (is_readonly(member))
        return has_gil || member->kind != KAA_MEMBER_OBJECT;
    return has_gil && (is_number || member->kind == KAA_MEMBER_OBJECT);
}

/* Where a word keeps its low bytes, as many as the member has. */
static char *
low_bytes(uint64_t *word, const kaa_member *member)
{
    char *bytes = (char *)word;

    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ &&
        kinds[member->kind].bytes < (int)sizeof(*word))
        bytes += sizeof(*word) - (size_t)kinds[member->kind].bytes;
    return bytes;
}

static PyObject *
read_member(const kaa_cpython__field *field, PyObject *self)
{
    const kaa_member *member = field->member;
    const char *at = (char *)data_of(self) + member->offset;
    kaa_context *ctx = field->ctx;
    kaa_object *object;
    uint64_t bits = 0;
    float real;
    double number;

    memcpy(low_bytes(&bits, member), at, (size_t)kinds[member->kind].bytes);
    switch ((kaa_member_kind)member->kind) {
    case KAA_MEMBER_BOOL:
        return as_host(kaa_bool(ctx, bits != 0));
    case KAA_MEMBER_INT8:
        return as_host(kaa_int(ctx, (int8_t)bits));
    case KAA_MEMBER_INT16:
        return as_host(kaa_int(ctx, (int16_t)bits));
    case KAA_MEMBER_INT32:
        return as_host(kaa_int(ctx, (int32_t)bits));
    case KAA_MEMBER_INT64:
        return as_host(kaa_int(ctx, (int64_t)bits));
    case KAA_MEMBER_FLOAT:
        memcpy(&real, at, sizeof(real));
        return PY(PyFloat_FromDouble)((double)real);
    case KAA_MEMBER_DOUBLE:
        memcpy(&number, at, sizeof(number));
        return PY(PyFloat_FromDouble)(number);
    case KAA_MEMBER_OBJECT:
        memcpy(&object, at, sizeof(object));
        return as_host(object != NULL ? kaa_incref(ctx, object)
                                      : kaa_none(ctx));
    case KAA_MEMBER_UINT8:
    case KAA_MEMBER_UINT16:
    case KAA_MEMBER_UINT32:
    case KAA_MEMBER_UINT64:
    case KAA_MEMBER_TEXT: /* is plain */
        break;
    }
    return PY(PyLong_FromUnsignedLongLong)(bits);
}

/* Members of modules that do without a GIL are read and written by the host's
 * threads at once: then the object is locked. */
static void
begin_field(kaa_cpython__section *section, const kaa_cpython__field *field,
            PyObject *self)
{
    begin_section(section, field->locks_self ? self : field->lock);
}

static PyObject *
get_member(PyObject *self, void *closure)
{
    const kaa_cpython__field *field = closure;
    kaa_cpython__section section;
    PyObject *result;

    begin_field(&section, field, self);
    result = read_member(field, self);
    end_section(&section);
    return result;
}

static int
refuse_range(const kaa_member *member)
{
    return kaa_cpython__raise(PY(PyExc_OverflowError),
                              "attribute '%s': value does not fit in %s",
                              member->name, kinds[member->kind].name);
}

static int
refuse_value(const kaa_member *member, const char *wanted, PyObject *value)
{
    char name[128];

    return kaa_cpython__raise(
        PY(PyExc_TypeError), "attribute '%s' must be %s, not %s", member->name,
        wanted, kaa_cpython__type_name(value, name, sizeof(name)));
}

static int
read_integer(kaa_context *ctx, const kaa_member *member, PyObject *value,
             uint64_t *out)
{
    const kind *own = &kinds[member->kind];
    int64_t number;
    int result;

    if (is_kind_of(value, PY(PyFloat_Type)))
        return refuse_value(member, "an integer", value);
    if (own->most == UINT64_MAX) {
        result = kaa_int_as_uint64(ctx, as_kaa(value), out);
    } else {
        result = kaa_int_as_int64(ctx, as_kaa(value), &number);
        if (result == 0 && (number < own->least ||
                            (number > 0 && (uint64_t)number > own->most)))
            return refuse_range(member);
        if (result == 0)
            *out = (uint64_t)number;
    }
    if (result != 0 && PY(PyErr_ExceptionMatches)(PY(PyExc_OverflowError))) {
        PY(PyErr_Clear)();
        return refuse_range(member);
    }
    return result;
}

static int
set_integer(const kaa_cpython__field *field, char *at, PyObject *value)
{
    const kaa_member *member = field->member;
    kaa_context *ctx = field->ctx;
    uint64_t bits = 0;

    if (member->kind == KAA_MEMBER_BOOL) {
        if (!is_exactly(value, PY(PyBool_Type)))
            return refuse_value(member, "bool", value);
        bits = as_kaa(value) == kaa_builtin(ctx, KAA_TRUE);
    } else if (read_integer(ctx, member, value, &bits) != 0) {
        return -1;
    }
    memcpy(at, low_bytes(&bits, member), (size_t)kinds[member->kind].bytes);
    return 0;
}

static int
set_number(const kaa_cpython__field *field, char *at, PyObject *value)
{
    double number;
    float real;

    if (kaa_float_as_double(field->ctx, as_kaa(value), &number) != 0)
        return -1;
    real = (float)number;
    if (field->member->kind == KAA_MEMBER_DOUBLE)
        memcpy(at, &number, sizeof(number));
    else
        memcpy(at, &real, sizeof(real));
    return 0;
}

static int
set_member(PyObject *self, PyObject *value, void *closure)
{
    const kaa_cpython__field *field = closure;
    const kaa_member *member = field->member;
    char *at = (char *)data_of(self) + member->offset;
    kaa_cpython__section section;
    PyObject *before = NULL;
    int result = 0;

    if (member->kind == KAA_MEMBER_OBJECT) {
        begin_field(&section, field, self);
        memcpy(&before, at, sizeof(before));
        memcpy(at, &value, sizeof(value));
        if (value != NULL)
            PY(Py_IncRef)(value);
        end_section(&section);
        xdecref(before);
        return 0;
    }
    if (value == NULL)
        return kaa_cpython__raise(PY(PyExc_TypeError),
                                  "can't delete numeric attribute");
    begin_field(&section, field, self);
    if (member->kind == KAA_MEMBER_FLOAT || member->kind == KAA_MEMBER_DOUBLE)
        result = set_number(field, at, value);
    else
        result = set_integer(field, at, value);
    end_section(&section);
    return result;
}

/* ---- tables */

static size_t
count_members(const kaa_member *members)
{
    size_t count = 0;

    while (members != NULL && members[count].name != NULL)
        count++;
    return count;
}

static size_t
count_properties(const kaa_property *properties)
{
    size_t count = 0;

    while (properties != NULL && properties[count].name != NULL)
        count++;
    return count;
}

static int
check_member(const kaa_cpython__type_record *record, const kaa_member *member)
{
    if (member->kind == 0 || member->kind >= sizeof(kinds) / sizeof(kinds[0]))
        return kaa_cpython__raise(PY(PyExc_SystemError),
                                  "member '%s' has no kind", member->name);
    if (member->offset > record->spec.data_bytes ||
        (size_t)kinds[member->kind].bytes >
            record->spec.data_bytes - member->offset)
        return kaa_cpython__raise(PY(PyExc_SystemError),
                                  "type '%s': member '%s' is not within its "
                                  "%zu bytes of data",
                                  record->spec.name, member->name,
                                  record->spec.data_bytes);
    return 0;
}

static void
add_reference(kaa_cpython__type_record *record, size_t offset)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->references[i] == offset)
            return;
    record->references[record->count++] = offset;
}

static host_member *
fill_member(kaa_cpython__type_record *record, host_member *out,
            const kaa_member *member)
{
    out->name = member->name;
    out->type = kinds[member->kind].host_kind;
    out->offset = (ssize_t)(kaa_cpython__data_offset() + member->offset);
    out->flags = is_readonly(member) ? HOST_MEMBER_READONLY : 0;
    out->doc = member->doc;
    (void)record;
    return out + 1;
}

static host_getset *
fill_getset(kaa_cpython__type_record *record, host_getset *out,
            kaa_cpython__field *field, const kaa_member *member,
            const kaa_property *property)
{
    field->ctx = record->ctx;
    field->lock = record->lock;
    field->locks_self =
        record->lock == NULL && own_of(record->ctx)->host->is_free_threaded;
    field->member = member;
    field->property = property;
    out->closure = field;
    if (member != NULL) {
        out->name = member->name;
        out->doc = member->doc;
        out->get = get_member;
        out->set = is_readonly(member) ? NULL : set_member;
    } else {
        out->name = property->name;
        out->doc = property->doc;
        out->get = property->get != NULL ? get_property : NULL;
        out->set = property->set != NULL ? set_property : NULL;
    }
    return out + 1;
}

/* __dict__, and where the host finds it and the weak references. */
static void
fill_host_fields(kaa_cpython__type_record *record, host_member *member,
                 host_getset *getset)
{
    int base_has_dict = record->base != NULL && record->base->has_dict;
    int base_has_weakrefs = record->base != NULL && record->base->has_weakrefs;

    if (record->has_dict && !base_has_dict) {
        *member++ =
            (host_member){"__dictoffset__", HOST_MEMBER_SSIZE,
                          (ssize_t)dict_offset(), HOST_MEMBER_READONLY, NULL};
        *getset = (host_getset){"__dict__", PY(PyObject_GenericGetDict),
                                PY(PyObject_GenericSetDict), NULL, NULL};
    }
    if (record->has_weakrefs && !base_has_weakrefs)
        *member =
            (host_member){"__weaklistoffset__", HOST_MEMBER_SSIZE,
                          (ssize_t)weak_offset(), HOST_MEMBER_READONLY, NULL};
}

int
kaa_cpython__fill_fields(kaa_cpython__type_record *record)
{
    const kaa_member *members = record->spec.members;
    const kaa_property *properties = record->spec.properties;
    size_t member_count = count_members(members);
    size_t property_count = count_properties(properties);
    size_t inherited = record->base != NULL ? record->base->count : 0;
    kaa_cpython__field *field;
    host_getset *getset;
    host_member *member;

    record->references = kaa_base__alloc_array(inherited + member_count + 1,
                                               sizeof(*record->references));
    record->fields = kaa_base__alloc_zeroed(
        (member_count + property_count + 1) * sizeof(*record->fields));
    record->getsets = kaa_base__alloc_zeroed(
        (member_count + property_count + 2) * sizeof(*record->getsets));
    record->members =
        kaa_base__alloc_zeroed((member_count + 3) * sizeof(*record->members));
    if (record->references == NULL || record->fields == NULL ||
        record->getsets == NULL || record->members == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    for (size_t i = 0; i < inherited; i++)
        add_reference(record, record->base->references[i]);
    field = record->fields;
    getset = record->getsets;
    member = record->members;
    for (size_t i = 0; i < member_count; i++) {
        if (check_member(record, &members[i]) != 0)
            return -1;
        if (members[i].kind == KAA_MEMBER_OBJECT)
            add_reference(record,
                          kaa_cpython__data_offset() + members[i].offset);
        if (members[i].flags & KAA_HIDDEN)
            continue;
        if (is_plain(record, &members[i]))
            member = fill_member(record, member, &members[i]);
        else
            getset = fill_getset(record, getset, field++, &members[i], NULL);
    }
    for (size_t i = 0; i < property_count; i++)
        getset = fill_getset(record, getset, field++, NULL, &properties[i]);
    if (!record->is_exception)
        fill_host_fields(record, member, getset);
    return 0;
}

void
kaa_cpython__free_fields(kaa_cpython__type_record *record)
{
    kaa_base__free(record->references);
    kaa_base__free(record->fields);
    kaa_base__free(record->getsets);
    kaa_base__free(record->members);
}
