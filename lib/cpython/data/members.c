/* cpython/data/members.c - from a C type to a way of reading its values; the
 * members of a record by their names.
 */
#include <stdio.h>

#include "base/memory.h"
#include "cpython/data/data.h"

typedef kaa_cpython__class class;
typedef kaa_cpython__member field;

/* ---- from a C type to a way of reading it ---- */

static int
is_text(const kaa_ctype *pointer)
{
    const kaa_ctype *target = kaa_ctype_target(pointer);
    kaa_ctype_kind kind = kaa_ctype_kind_of(kaa_ctype_strip(target));

    return kind == KAA_CTYPE_CHAR &&
           (kaa_ctype_qualifiers(target) & KAA_CTYPE_CONST) != 0;
}

static uint8_t
pointer_op(const kaa_ctype *pointer)
{
    const kaa_ctype *target = kaa_ctype_target(pointer);

    switch ((int)kaa_ctype_kind_of(kaa_ctype_strip(target))) {
    case KAA_CTYPE_VOID:
        return DATA_ADDRESS;
    case KAA_CTYPE_FUNCTION:
        return DATA_OTHER;
    case KAA_CTYPE_WCHAR:
    case KAA_CTYPE_CHAR16:
    case KAA_CTYPE_CHAR32:
        return kaa_ctype_qualifiers(target) & KAA_CTYPE_CONST ? DATA_OTHER
                                                              : DATA_POINTER;
    default:
        return is_text(pointer) ? DATA_TEXT : DATA_POINTER;
    }
}

static uint8_t
op_of(const kaa_ctype *core)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(core);

    if (kind >= KAA_CTYPE_SCHAR && kind <= KAA_CTYPE_ULLONG)
        return DATA_INTEGER;
    switch ((int)kind) {
    case KAA_CTYPE_BOOL:
        return DATA_BOOL;
    case KAA_CTYPE_CHAR:
        return DATA_CHAR;
    case KAA_CTYPE_DOUBLE:
        return DATA_DOUBLE;
    case KAA_CTYPE_FLOAT:
        return DATA_FLOAT;
    case KAA_CTYPE_ENUM:
        return kaa_ctype_size(core) <= 8 ? DATA_ENUM : DATA_OTHER;
    case KAA_CTYPE_POINTER:
        return pointer_op(core);
    case KAA_CTYPE_STRUCT:
    case KAA_CTYPE_UNION:
        return DATA_INSIDE;
    case KAA_CTYPE_ARRAY:
        return kaa_ctype_count(core) == KAA_CTYPE_UNKNOWN_COUNT ? DATA_OTHER
                                                                : DATA_INSIDE;
    default:
        return DATA_OTHER;
    }
}

void
kaa_cpython__init_element(field *self, const kaa_ctype *type)
{
    self->type = type;
    self->core = kaa_ctype_strip(type);
    self->op = op_of(self->core);
    self->size = (uint32_t)kaa_ctype_size(self->core);
    self->is_signed = (uint8_t)kaa_ctype_is_signed(self->core);
    if (self->size <= 8)
        self->unused = (uint8_t)(64u - 8u * self->size);
}

/* Bits that stand within 8 bytes; others are left to Python. */
static void
init_bits(field *self, uint64_t position, uint32_t width)
{
    uint32_t shift = (uint32_t)(position % 8);

    self->offset = (uint32_t)(position / 8);
    if (self->op == DATA_INTEGER && width > 0 && shift + width <= 64) {
        self->op = DATA_BITS;
        self->shift = (uint8_t)shift;
        self->unused = (uint8_t)(64u - width);
        self->size = (shift + width + 7) / 8;
    } else {
        self->op = DATA_OTHER;
    }
}

/* ---- members ---- */

/* Those that Python shows: of anonymous members, what is in them. */
static uint32_t
count_members(const kaa_ctype *record)
{
    const kaa_ctype_member *members = kaa_ctype_members(record);
    uint32_t count = 0;

    for (uint64_t i = 0; members != NULL && i < kaa_ctype_count(record); i++) {
        if (members[i].name != NULL)
            count++;
        else if (members[i].bit_width == KAA_CTYPE_NOT_A_BIT_FIELD)
            count += count_members(kaa_ctype_strip(members[i].type));
    }
    return count;
}

/* As _instance.member_name(): what Python has a meaning for gets another name.
 */
static PyObject *
attribute_name(const char *name)
{
    size_t length = strlen(name);
    char changed[256];

    if (strcmp(name, "_as_parameter_") == 0 ||
        (length >= 4 && length + 2 < sizeof(changed) &&
         memcmp(name, "__", 2) == 0 &&
         memcmp(name + length - 2, "__", 2) == 0)) {
        snprintf(changed, sizeof(changed), "%s_", name);
        name = changed;
    }
    return PY(PyUnicode_InternFromString)(name);
}

static int
add_members(class *self, const kaa_ctype *record, uint64_t offset)
{
    const kaa_ctype_member *members = kaa_ctype_members(record);

    for (uint64_t i = 0; members != NULL && i < kaa_ctype_count(record); i++) {
        const kaa_ctype_member *one = &members[i];
        field *made = &self->members[self->member_count];

        if (one->name == NULL) {
            if (one->bit_width == KAA_CTYPE_NOT_A_BIT_FIELD &&
                add_members(self, kaa_ctype_strip(one->type),
                            offset + one->offset) != 0)
                return -1;
            continue;
        }
        kaa_cpython__init_element(made, one->type);
        made->offset = (uint32_t)(offset + one->offset);
        if (one->bit_width != KAA_CTYPE_NOT_A_BIT_FIELD)
            init_bits(made, 8 * offset + one->bit_position, one->bit_width);
        made->number = (int32_t)self->member_count;
        made->name = attribute_name(one->name);
        if (made->name == NULL)
            return -1;
        self->member_count++;
    }
    return 0;
}

static int
make_table(class *self)
{
    uint32_t size = 4;

    while (size < 2 * self->member_count + 2)
        size *= 2;
    self->mask = size - 1;
    self->table = kaa_base__alloc_zeroed(size * sizeof(*self->table));
    if (self->table == NULL)
        return -1;
    for (uint32_t i = 0; i < self->member_count; i++) {
        uintptr_t hash = (uintptr_t)self->members[i].name;
        uint32_t at = (uint32_t)((hash >> 4) ^ (hash >> 10)) & self->mask;

        while (self->table[at].name != NULL &&
               self->table[at].name != self->members[i].name)
            at = (at + 1) & self->mask;
        if (self->table[at].name == NULL)
            self->table[at] =
                (kaa_cpython__slot){self->members[i].name, &self->members[i]};
    }
    return 0;
}

/* Attributes for those who ask the type, or by a name that is not interned. */
static int
make_getsets(class *self)
{
    kaa_cpython__attributes *made = kaa_base__alloc_zeroed(
        sizeof(*made) + (self->member_count + 1u) * sizeof(host_getset));

    if (made == NULL)
        return -1;
    made->class_ = self;
    self->getsets = made->getsets;
    for (uint32_t i = 0; i < self->member_count; i++) {
        self->getsets[i].name =
            PY(PyUnicode_AsUTF8AndSize)(self->members[i].name, NULL);
        if (self->getsets[i].name == NULL)
            return -1;
        self->getsets[i].get = kaa_cpython__get_member;
        self->getsets[i].set = kaa_cpython__set_member;
        self->getsets[i].closure = &self->members[i];
    }
    return 0;
}

int
kaa_cpython__fill_members(class *self)
{
    uint32_t count =
        self->kind == KAA_CTYPE_STRUCT || self->kind == KAA_CTYPE_UNION
            ? count_members(self->core)
            : 0;

    self->members = kaa_base__alloc_array(count + 1u, sizeof(field));
    if (self->members == NULL)
        return -1;
    memset(self->members, 0, (count + 1u) * sizeof(field));
    if (count != 0 && add_members(self, self->core, 0) != 0)
        return -1;
    return make_table(self) != 0 || make_getsets(self) != 0 ? -1 : 0;
}

/* Those of a record, and the element of a pointer or an array. */
int
kaa_cpython__fill_guarded(class *self)
{
    const class *plain = self->plain;

    self->element = plain->element;
    self->element.op = DATA_GUARDED;
    atomic_init(&self->element.class_, NULL);
    self->members =
        kaa_base__alloc_array(plain->member_count + 1u, sizeof(field));
    if (self->members == NULL)
        return -1;
    for (uint32_t i = 0; i < plain->member_count; i++) {
        self->members[i] = plain->members[i];
        self->members[i].op = DATA_GUARDED;
        atomic_init(&self->members[i].class_, NULL);
    }
    self->member_count = plain->member_count;
    return make_table(self);
}
