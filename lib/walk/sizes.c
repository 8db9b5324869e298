/* walk/sizes.c - see sizes.h. Layouts were read from CPython's sources, 3.9
 * to 3.15: object.h, cpython/{listobject,dictobject,unicodeobject}.h,
 * setobject.h, internal/pycore_dict.h, longintrepr.h. */
#include "walk/sizes.h"

#include <dlfcn.h>
#include <string.h>

#include "base/error.h"
#include "base/os/os.h"

#define IN(member) offsetof(kaa_walk__python, member)
#define CHECKED 16u    /* objects of a type, before a rule is believed */
#define BEFORE_MAX 64u /* bytes in front of an object */
#define FLAG_GC ((unsigned long)1 << 14) /* Py_TPFLAGS_HAVE_GC */
#define SMALL_INT 256u
#define FLAG_TYPES ((unsigned long)1 << 31) /* Py_TPFLAGS_TYPE_SUBCLASS */

static const struct {
    const char *name;
    size_t place;
} wanted[] = {
    {"PyType_Type", IN(type_type)},
    {"PyList_Type", IN(list_type)},
    {"PyDict_Type", IN(dict_type)},
    {"PySet_Type", IN(set_type)},
    {"PyFrozenSet_Type", IN(frozenset_type)},
    {"PyUnicode_Type", IN(str_type)},
    {"PyLong_Type", IN(int_type)},
    {"PyBaseObject_Type", IN(object_type)},
    {"PyCode_Type", IN(code_type)},
    {"PyModule_Type", IN(module_type)},
    {"PyFrame_Type", IN(frame_type)},
    {"PyTuple_Type", IN(tuple_type)},
    {"PyObject_IS_GC", IN(is_gc)},
    {"PyType_GetFlags", IN(type_flags)},
    {"_PyType_Lookup", IN(type_lookup)},
    {"PyDict_Next", IN(dict_next)},
    {"PyDict_Contains", IN(dict_contains)},
    {"PyList_Size", IN(list_size)},
    {"PyList_GetItem", IN(list_item)},
    {"PyObject_CallFunctionObjArgs", IN(call)},
    {"PyLong_AsSize_t", IN(as_size)},
    {"PyUnicode_FromString", IN(text)},
    {"PyObject_GetAttrString", IN(attribute)},
    {"PyModule_GetDict", IN(module_dict)},
    {"Py_DecRef", IN(decref)},
    {"PyErr_Clear", IN(clear_error)},
};

static uint64_t
word(const void *base, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const char *)base + offset, sizeof(value));
    return value;
}

static uint32_t
half(const void *base, size_t offset)
{
    uint32_t value;

    memcpy(&value, (const char *)base + offset, sizeof(value));
    return value;
}

static unsigned
byte(const void *base, size_t offset)
{
    return ((const unsigned char *)base)[offset];
}

void *
kaa_walk__type_of(const kaa_walk__python *in, const void *object)
{
    return (void *)(uintptr_t)word(object, in->head - 8);
}

#define DEFERRED 64u /* of ob_gc_bits: not all references are counted */
/* Counts of more than this are marks of objects whose count is deferred. */
#define COUNT_MAX ((int64_t)1 << 40)

int64_t
kaa_walk__count_of(const kaa_walk__python *in, const void *object)
{
    int64_t count = (int64_t)word(object, 0);

    if (in->is_free_threaded) {
        uint32_t local = half(object, 12);

        if (local == UINT32_MAX || (byte(object, 11) & DEFERRED) != 0)
            return -1;
        /* The low two bits of the shared count are flags. */
        count = (int64_t)local + ((int64_t)word(object, 16) >> 2);
    } else if (in->version >= 0x030c) {
        count = (int32_t)half(object, 0);
    }
    return count < 0 || count > COUNT_MAX ? -1 : count;
}

/* ---- opening ---- */

/* Fields of a type behind its header: tp_basicsize, tp_itemsize, tp_flags,
 * tp_traverse. The same in 3.9 to 3.15. */
static void
read_type(const kaa_walk__python *in, const void *type, kaa_walk__kind *out)
{
    uint64_t traverse = word(type, in->head + 168u);

    out->basic = (size_t)word(type, in->head + 16u);
    out->item = (size_t)word(type, in->head + 24u);
    out->flags = (unsigned long)word(type, in->head + 152u);
    memcpy(&out->traverse, &traverse, sizeof(traverse));
}

static int
is_code_address(const kaa_walk__kind *kind)
{
    Dl_info info;
    void *address;

    memcpy(&address, &kind->traverse, sizeof(address));
    return address != NULL && dladdr(address, &info) != 0;
}

static int
knows_types(kaa_walk__python *in)
{
    void *known[] = {in->type_type, in->list_type, in->dict_type, in->set_type};
    kaa_walk__kind kind;

    in->head = 16;
    if (kaa_walk__type_of(in, in->list_type) != in->type_type)
        in->head = 32;
    if (kaa_walk__type_of(in, in->list_type) != in->type_type)
        return 0;
    in->is_free_threaded = in->head == 32;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        read_type(in, known[i], &kind);
        if (kind.flags != in->type_flags(known[i]) || !is_code_address(&kind))
            return 0;
    }
    return (in->type_flags(in->type_type) & FLAG_TYPES) != 0;
}

/* Where in a str's state its kind stands, which two more bits follow. */
static uint32_t
find_str_shift(const kaa_walk__python *in)
{
    static const struct {
        const char *text;
        uint32_t kind, bits;
    } samples[] = {{"abcd", 1, 3},
                   {"\xc3\xa4\xc3\xb6", 1, 1},
                   {"\xce\xb1\xce\xb2", 2, 1},
                   {"\xf0\x9f\x98\x80", 4, 1}};
    static const uint32_t shifts[] = {2, 16, 8};

    for (size_t i = 0; i < 3; i++) {
        size_t fits = 0;

        for (size_t k = 0; k < 4; k++) {
            void *sample = in->text(samples[k].text);
            uint32_t state;

            if (sample == NULL)
                continue;
            state = half(sample, in->head + 16u) >> shifts[i];
            fits += (state & 7) == samples[k].kind &&
                    (state >> 3 & 3) == samples[k].bits;
            in->decref(sample);
        }
        if (fits == 4)
            return shifts[i];
    }
    return 0;
}

kaa_status
kaa_walk__objects_open(void *handle, uint32_t version, void *getsizeof,
                       kaa_walk__python *out, kaa_error *err)
{
    kaa_walk__python in = {.version = version, .getsizeof = getsizeof};
    void *owners[8] = {0};

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        kaa_status status = kaa_base__find_function(
            handle, wanted[i].name, (char *)&in + wanted[i].place, err);

        if (status != KAA_OK)
            return status;
    }
    if (sizeof(void *) != 8 || !knows_types(&in))
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "the objects of this interpreter are laid out in "
                              "a way that is not known");
    in.str_shift = find_str_shift(&in);
    owners[KAA_WALK__RULE_PLAIN] = in.object_type;
    owners[KAA_WALK__RULE_LIST] = in.list_type;
    owners[KAA_WALK__RULE_DICT] = in.dict_type;
    owners[KAA_WALK__RULE_SET] = in.set_type;
    owners[KAA_WALK__RULE_STR] = in.str_type;
    owners[KAA_WALK__RULE_INT] = in.int_type;
    owners[7] = in.frozenset_type;
    in.sizeof_name = in.text("__sizeof__");
    for (size_t i = 0; i < 8; i++)
        if (owners[i] != NULL)
            in.sizeof_of[i] = in.attribute(owners[i], "__sizeof__");
    in.clear_error();
    *out = in;
    return KAA_OK;
}

void
kaa_walk__objects_close(kaa_walk__python *in)
{
    for (size_t i = 0; i < 8; i++)
        if (in->sizeof_of[i] != NULL)
            in->decref(in->sizeof_of[i]);
    if (in->sizeof_name != NULL)
        in->decref(in->sizeof_name);
    memset(in, 0, sizeof(*in));
}

/* ---- rules ---- */

static uint32_t
rule_of(const kaa_walk__python *in, void *type)
{
    void *found = NULL;

    if (in->sizeof_name != NULL)
        found = in->type_lookup(type, in->sizeof_name); /* borrowed */
    for (uint32_t i = KAA_WALK__RULE_PLAIN; i < 8 && found != NULL; i++)
        if (found == in->sizeof_of[i])
            return i == 7 ? KAA_WALK__RULE_SET : i;
    in->clear_error();
    return KAA_WALK__RULE_ASK;
}

void
kaa_walk__kind_init(const kaa_walk__python *in, void *type, kaa_walk__kind *out)
{
    memset(out, 0, sizeof(*out));
    out->type = type;
    read_type(in, type, out);
    out->rule = rule_of(in, type);
}

static size_t
abs_size(const kaa_walk__python *in, const void *object)
{
    int64_t size = (int64_t)word(object, in->head);

    return (size_t)(size < 0 ? -size : size);
}

/* The keys of a dict, by version. */
typedef struct keys {
    size_t slots, entry, bytes;
} keys;

static keys
read_keys(const kaa_walk__python *in, const void *at)
{
    keys found = {0};

    if (in->version >= 0x030b) {
        found.slots = (size_t)1 << (byte(at, 8) & 63);
        found.entry = byte(at, 10) == 0 ? 24 : 16;
        found.bytes = 32 + ((size_t)1 << (byte(at, 9) & 63));
    } else {
        found.slots = (size_t)word(at, 8);
        found.entry = 24;
        found.bytes = 40 + found.slots * (found.slots <= 0xff         ? 1
                                          : found.slots <= 0xffff     ? 2
                                          : found.slots <= 0xffffffff ? 4
                                                                      : 8);
    }
    found.bytes += (found.slots << 1) / 3 * found.entry;
    return found;
}

/* 0: a dict that shares its keys has a size that only CPython knows. */
static size_t
dict_size(const kaa_walk__python *in, const kaa_walk__kind *kind,
          const void *dict)
{
    const void *at = (const void *)(uintptr_t)word(dict, in->head + 16u);

    if (at == NULL || word(dict, in->head + 24u) != 0)
        return 0;
    if (word(at, 0) != 1) /* that of all empty dicts */
        return kind->basic;
    return kind->basic + read_keys(in, at).bytes;
}

int
kaa_walk__shares(const kaa_walk__python *in, const void *dict)
{
    uint64_t values = word(dict, in->head + 24u); /* ma_values */

    if (values == 0)
        return 0;
    /* From 3.13 on there is a byte `embedded` in front of the values. */
    if (in->version >= 0x030d && byte((const void *)(uintptr_t)values, 2) != 0)
        return KAA_WALK__SHARES_VALUES;
    return KAA_WALK__SHARES_KEYS;
}

size_t
kaa_walk__dict_length(const kaa_walk__python *in, const void *dict)
{
    return (size_t)word(dict, in->head);
}

/* Offsets behind the header, of the structures of a str. */
static size_t
str_head(const kaa_walk__python *in, int is_ascii)
{
    size_t own = in->version >= 0x030c ? 24 : 32;

    return in->head + own + (is_ascii ? 0 : in->version >= 0x030c ? 16u : 24u);
}

const void *
kaa_walk__characters(const kaa_walk__python *in, const kaa_walk__kind *kind,
                     const void *object, size_t *bytes)
{
    uint32_t state;

    if (kind->rule != KAA_WALK__RULE_STR || in->str_shift == 0)
        return NULL;
    state = half(object, in->head + 16u) >> in->str_shift;
    if ((state >> 3 & 1) == 0 || (state & 7) == 0)
        return NULL;
    *bytes = (size_t)word(object, in->head) * (state & 7);
    return (const char *)object + str_head(in, (state >> 4 & 1) != 0);
}

static size_t
str_size(const kaa_walk__python *in, const kaa_walk__kind *kind,
         const void *text)
{
    uint32_t state = half(text, in->head + 16u) >> in->str_shift;
    int is_ascii = (state >> 4 & 1) != 0;
    size_t bytes, size;
    const void *at = kaa_walk__characters(in, kind, text, &bytes);

    /* Before 3.12 it may have a copy as wchar_t. */
    if (at == NULL || (in->version < 0x030c && word(text, in->head + 24u) != 0))
        return 0;
    size = str_head(in, is_ascii) + bytes + (state & 7);
    if (!is_ascii) { /* its UTF-8, where somebody asked for that */
        size_t field = str_head(in, 1);
        uint64_t utf8 = word(text, field + 8);

        if (utf8 != 0 && utf8 != (uintptr_t)at)
            size += (size_t)word(text, field) + 1;
    }
    return size;
}

static size_t
int_size(const kaa_walk__python *in, const void *number)
{
    size_t digits = abs_size(in, number);

    if (in->version >= 0x030c) {
        digits = (size_t)(word(number, in->head) >> 3);
        if (digits == 0)
            digits = 1;
    }
    return in->head + 8 + 4 * digits;
}

/* By the rule, without what stands before an object; 0: there is none. */
static size_t
ruled_size(const kaa_walk__python *in, const kaa_walk__kind *kind,
           const void *object)
{
    switch (kind->rule) {
    case KAA_WALK__RULE_PLAIN:
        return kind->basic +
               (kind->item != 0 ? abs_size(in, object) * kind->item : 0);
    case KAA_WALK__RULE_LIST:
        return kind->basic + 8 * (size_t)word(object, in->head + 16u);
    case KAA_WALK__RULE_DICT:
        return dict_size(in, kind, object);
    case KAA_WALK__RULE_SET: {
        uint64_t table = word(object, in->head + 24u);

        if (table == (uintptr_t)object + in->head + 48)
            return kind->basic;
        return kind->basic + 16 * (size_t)(word(object, in->head + 16u) + 1);
    }
    case KAA_WALK__RULE_STR:
        return in->str_shift != 0 ? str_size(in, kind, object) : 0;
    case KAA_WALK__RULE_INT:
        return int_size(in, object);
    default:
        return 0;
    }
}

/* As sys.getsizeof() says; tp_basicsize if it fails. */
static size_t
asked_size(const kaa_walk__python *in, const kaa_walk__kind *kind, void *object)
{
    void *answer = in->call(in->getsizeof, object, NULL);
    size_t size = answer != NULL ? in->as_size(answer) : SIZE_MAX;

    if (answer != NULL)
        in->decref(answer);
    if (size != SIZE_MAX)
        return size;
    in->clear_error();
    return kind->basic;
}

size_t
kaa_walk__size_of(const kaa_walk__python *in, kaa_walk__kind *kind,
                  void *object)
{
    size_t ruled = ruled_size(in, kind, object), asked;

    if (ruled != 0 && kind->checked >= CHECKED)
        return ruled + kind->before;
    asked = asked_size(in, kind, object);
    if (ruled == 0)
        return asked;
    if (kind->checked == 0 && asked >= ruled && asked - ruled <= BEFORE_MAX)
        kind->before = asked - ruled;
    if (ruled + kind->before == asked)
        kind->checked++;
    else
        kind->rule = KAA_WALK__RULE_ASK;
    return asked;
}

size_t
kaa_walk__block_of(const kaa_walk__python *in, const kaa_walk__kind *kind,
                   const void *object, size_t room)
{
    size_t bytes = kind->basic, items = 0;

    if (room < in->head + 16u || bytes > room)
        return room;
    if (kind->rule == KAA_WALK__RULE_STR) {
        size_t length = (size_t)word(object, in->head), wide = room;

        if (length < room && in->str_shift != 0)
            wide = length * (half(object, in->head + 16u) >> in->str_shift & 7);
        bytes = wide < room ? str_head(in, 1) + wide : room;
    } else if (kind->rule == KAA_WALK__RULE_INT) {
        bytes = int_size(in, object);
    } else if (kind->rule == KAA_WALK__RULE_PLAIN && kind->item != 0) {
        items = abs_size(in, object);
        bytes += items < room ? items * kind->item : room;
    }
    return bytes < room ? bytes : room;
}

static int
is_likely_dict(const kaa_walk__python *in, const void *dict)
{
    uint64_t at = word(dict, in->head + 16u);

    return at != 0 && at % 8 == 0 && at >> 47 == 0 &&
           word(dict, in->head) <= UINT32_MAX;
}

static int
is_likely_str(const kaa_walk__python *in, const kaa_walk__kind *kind,
              const void *object, size_t room)
{
    size_t length = (size_t)word(object, in->head), bytes, end;
    const char *at;

    if (length >= room || room < str_head(in, 0))
        return 0;
    at = kaa_walk__characters(in, kind, object, &bytes);
    if (at == NULL || bytes % length != 0)
        return 0;
    end = (size_t)(at - (const char *)object) + bytes;
    return end < room && at[bytes] == '\0';
}

int
kaa_walk__is_likely(const kaa_walk__python *in, const kaa_walk__kind *kind,
                    const void *object, size_t room)
{
    size_t least = in->head, size;

    /* Of an object without fields nothing could be looked at. */
    if (kind->basic <= least || kind->basic > room || room < least + 24)
        return 0;
    if (kind->rule == KAA_WALK__RULE_STR)
        return is_likely_str(in, kind, object, room);
    if (kind->type == in->dict_type)
        return is_likely_dict(in, object);
    if ((kind->flags & FLAG_GC) != 0 && kind->type != in->tuple_type)
        return 0;
    if (kind->rule == KAA_WALK__RULE_INT) {
        size = int_size(in, object);
        /* Of small ones there is one object each, which is never freed. */
        return size >= least + 12 && size <= room && size <= 4096 &&
               half(object, size - 4) - 1 < (1u << 30) - 1 &&
               (size > least + 12 || half(object, size - 4) > SMALL_INT) &&
               (in->version < 0x030c || word(object, least) >> 3 != 0);
    }
    if (kind->item == 0)
        return 1;
    size = (size_t)word(object, least);
    if (size >= room || kind->basic + size * kind->item > room)
        return 0;
    /* Of bytes that are shorter there is one object each, which is never freed.
     */
    return kind->item != 1 ||
           (size > 1 && byte(object, kind->basic + size - 1) == 0);
}

int
kaa_walk__room_of(const kaa_walk__python *in, const kaa_walk__kind *kind,
                  const void *object, size_t *room, size_t *used)
{
    if (kind->rule == KAA_WALK__RULE_LIST) {
        *room = 8 * (size_t)word(object, in->head + 16u);
        *used = 8 * abs_size(in, object);
        return 1;
    }
    if (kind->rule == KAA_WALK__RULE_DICT && dict_size(in, kind, object)) {
        const void *at = (const void *)(uintptr_t)word(object, in->head + 16u);
        keys found = read_keys(in, at);

        if (word(at, 0) != 1 || found.slots <= 8)
            return 0;
        *room = (found.slots << 1) / 3 * found.entry;
        *used = (size_t)word(object, in->head) * found.entry;
        return 1;
    }
    return 0;
}
