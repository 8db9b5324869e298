/* call/ffi_types.c - C types as libffi knows them.
 *
 * libffi knows structures of scalars. It has no union, bit-field, array, packed
 * record, empty record or __int128, so those become structures that travel
 * alike, with size and alignment given outright (libffi computes them only
 * where they are zero). What "alike" means depends on the machine:
 *
 * System V x86-64: the class of each eightbyte decides, so a record becomes
 * one element an eightbyte: integer, float or double. A record that goes into
 * memory for another reason than its size (unaligned members) becomes one whose
 * only element is too large for registers.
 * s390x: a structure of one floating number travels as that number; any other
 * record of 1, 2, 4 or 8 bytes as an integer; all else, empty ones and __int128
 * too, by reference, as long double does.
 * Elsewhere: members in order, arrays element by element, unions and bit-fields
 * as integers, unless a union holds only numbers of one floating type.
 */
#include "call/internal.h"

#define ELEMENTS_MAX 4096u

#if defined(__s390x__)
#define BY_REFERENCE 1
#else
#define BY_REFERENCE 0
#endif

static ffi_type *
integer_type(uint64_t size, int is_signed)
{
    switch (size) {
    case 1:
        return is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
    case 2:
        return is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
    case 4:
        return is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
    case 8:
        return is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
    default:
        return NULL;
    }
}

/* NULL for records, arrays, __int128 and what libffi was built without. */
static ffi_type *
scalar_type(const kaa_ctype *type)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(type);

    if (kind == KAA_CTYPE_VOID)
        return &ffi_type_void;
    if (kind == KAA_CTYPE_POINTER)
        return &ffi_type_pointer;
    if (kind == KAA_CTYPE_FLOAT)
        return &ffi_type_float;
    if (kind == KAA_CTYPE_DOUBLE)
        return &ffi_type_double;
    if (kind == KAA_CTYPE_LDOUBLE ||
        (BY_REFERENCE &&
         (kind == KAA_CTYPE_INT128 || kind == KAA_CTYPE_UINT128)))
        return &ffi_type_longdouble;
#ifdef FFI_TARGET_HAS_COMPLEX_TYPE
    if (kind == KAA_CTYPE_CFLOAT)
        return &ffi_type_complex_float;
    if (kind == KAA_CTYPE_CDOUBLE)
        return &ffi_type_complex_double;
    if (kind == KAA_CTYPE_CLDOUBLE)
        return &ffi_type_complex_longdouble;
#endif
    if (kind == KAA_CTYPE_ENUM ||
        (kind >= KAA_CTYPE_BOOL && kind <= KAA_CTYPE_CHAR32))
        return integer_type(kaa_ctype_size(type), kaa_ctype_is_signed(type));
    return NULL;
}

static ffi_type *
make_struct(kaa_base__arena *arena, const kaa_ctype *type, uint32_t count)
{
    ffi_type *made = kaa_base__arena_alloc(arena, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->elements =
        kaa_base__arena_alloc(arena, (count + 1) * sizeof(ffi_type *));
    if (made->elements == NULL)
        return NULL;
    made->type = FFI_TYPE_STRUCT;
    made->size = kaa_ctype_size(type);
    made->alignment = (unsigned short)kaa_ctype_align(type);
    return made;
}

static kaa_status
no_memory(kaa_error *err)
{
    return kaa_base__fail_memory(err, "libffi's view of a type");
}

#if KAA_CALL__SYSV

/* A structure that nothing but its element sends to the stack. */
static ffi_type *
memory_struct(kaa_base__arena *arena, const kaa_ctype *type)
{
    ffi_type *made = make_struct(arena, type, 1);
    ffi_type *large = kaa_base__arena_alloc(arena, sizeof(*large));

    if (made == NULL || large == NULL)
        return NULL;
    large->elements = kaa_base__arena_alloc(arena, 2 * sizeof(ffi_type *));
    if (large->elements == NULL)
        return NULL;
    large->type = FFI_TYPE_STRUCT;
    large->size = 64; /* above the 32 bytes that libffi looks into */
    large->alignment = 1;
    large->elements[0] = &ffi_type_uint8;
    made->elements[0] = large;
    return made;
}

static ffi_type *
eightbyte(uint8_t class, uint64_t size)
{
    ffi_type *exact;

    if (class == KAA_CALL__CLASS_SSE)
        return size <= 4 ? &ffi_type_float : &ffi_type_double;
    exact = integer_type(size, 0);
    return exact != NULL ? exact : &ffi_type_uint64;
}

static kaa_status
record_type(kaa_base__arena *arena, const kaa_ctype *type, uint32_t number,
            ffi_type **out, kaa_error *err)
{
    uint64_t size = kaa_ctype_size(type);
    kaa_call__classes classes;
    kaa_status status = kaa_call__classify(type, number, &classes, err);
    ffi_type *made;

    if (status != KAA_OK)
        return status;
    if (classes.of[0] == KAA_CALL__CLASS_X87) {
        *out = &ffi_type_longdouble;
        return KAA_OK;
    }
    if (classes.of[0] == KAA_CALL__CLASS_MEMORY) {
        made = memory_struct(arena, type);
    } else {
        made = make_struct(arena, type, 2);
        if (made != NULL) {
            made->elements[0] = eightbyte(classes.of[0], size < 8 ? size : 8);
            if (classes.of[1] != KAA_CALL__CLASS_NONE)
                made->elements[1] = eightbyte(classes.of[1], size - 8);
        }
    }
    if (made == NULL)
        return no_memory(err);
    *out = made;
    return KAA_OK;
}

#elif BY_REFERENCE

/* The floating type of a structure that has one number and nothing else. */
static ffi_type *
single_floating(const kaa_ctype *type)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);

    for (int depth = 0;
         depth < 100 && kaa_ctype_kind_of(bare) == KAA_CTYPE_STRUCT; depth++) {
        const kaa_ctype_member *members = kaa_ctype_members(bare);
        const kaa_ctype *single = NULL;

        for (uint64_t i = 0; i < kaa_ctype_count(bare); i++) {
            if (members[i].bit_width == 0)
                continue;
            if (single != NULL)
                return NULL;
            single = members[i].type;
        }
        if (single == NULL)
            return NULL;
        bare = kaa_ctype_strip(single);
    }
    if (kaa_ctype_kind_of(bare) == KAA_CTYPE_FLOAT ||
        kaa_ctype_kind_of(bare) == KAA_CTYPE_DOUBLE)
        return scalar_type(bare);
    return NULL;
}

static kaa_status
record_type(kaa_base__arena *arena, const kaa_ctype *type, uint32_t number,
            ffi_type **out, kaa_error *err)
{
    uint64_t size = kaa_ctype_size(type);
    ffi_type *made = make_struct(arena, type, 2);
    ffi_type *only = single_floating(type);

    (void)number;
    if (made == NULL)
        return no_memory(err);
    if (only == NULL)
        only = integer_type(size, 0);
    else if (size != only->size) /* aligned(n) on it */
        only = size == 8 ? &ffi_type_double : NULL;
    /* Two elements: libffi takes it for what goes by reference. */
    made->elements[0] = only != NULL ? only : &ffi_type_uint8;
    made->elements[1] = only != NULL ? NULL : &ffi_type_uint8;
    *out = made;
    return KAA_OK;
}

#else

/* Collects the scalars of a record in order of their offsets. */
typedef struct flat {
    ffi_type *elements[64];
    uint64_t end; /* of the last element, in bytes */
    uint32_t count;
    int fits; /* 0: bit-fields, unions, gaps, too many: use integers */
} flat;

static int
is_complex(kaa_ctype_kind kind)
{
    return kind == KAA_CTYPE_CFLOAT || kind == KAA_CTYPE_CDOUBLE ||
           kind == KAA_CTYPE_CLDOUBLE;
}

/* The type of a complex number's parts. */
static ffi_type *
part_of(kaa_ctype_kind kind)
{
    return kind == KAA_CTYPE_CFLOAT    ? &ffi_type_float
           : kind == KAA_CTYPE_CDOUBLE ? &ffi_type_double
                                       : &ffi_type_longdouble;
}

static void
flatten(flat *f, const kaa_ctype *type, uint64_t offset, int depth)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    uint64_t size = kaa_ctype_size(bare);
    ffi_type *scalar = scalar_type(bare);

    if (!f->fits || size == 0)
        return;
    if (depth > 100 || f->count >= 64) {
        f->fits = 0;
    } else if (kind == KAA_CTYPE_STRUCT) {
        const kaa_ctype_member *members = kaa_ctype_members(bare);

        for (uint64_t i = 0; i < kaa_ctype_count(bare); i++) {
            if (members[i].bit_width != KAA_CTYPE_NOT_A_BIT_FIELD)
                f->fits = 0;
            else
                flatten(f, members[i].type, offset + members[i].offset,
                        depth + 1);
        }
    } else if (kind == KAA_CTYPE_ARRAY) {
        const kaa_ctype *element = kaa_ctype_target(bare);
        uint64_t step = kaa_ctype_size(element);

        for (uint64_t at = 0; f->fits && step > 0 && at + step <= size;
             at += step)
            flatten(f, element, offset + at, depth + 1);
    } else if (is_complex(kind) && f->count + 2 <= 64) {
        const ffi_type *part = part_of(kind);

        f->elements[f->count++] = part_of(kind);
        f->elements[f->count++] = part_of(kind);
        f->fits = offset % part->alignment == 0 && offset >= f->end &&
                  offset - f->end < part->alignment;
        f->end = offset + size;
    } else if (scalar == NULL || offset % scalar->alignment != 0 ||
               offset < f->end || offset - f->end >= scalar->alignment) {
        f->fits = 0;
    } else {
        f->elements[f->count++] = scalar;
        f->end = offset + size;
    }
}

/* The floating type that all of a union's or record's scalars have. */
static ffi_type *
only_floating(const kaa_ctype *type, int depth)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    const kaa_ctype_member *members = kaa_ctype_members(bare);
    ffi_type *only = NULL;

    if (depth > 100)
        return NULL;
    if (kind == KAA_CTYPE_ARRAY)
        return only_floating(kaa_ctype_target(bare), depth + 1);
    if (kind == KAA_CTYPE_FLOAT || kind == KAA_CTYPE_DOUBLE ||
        kind == KAA_CTYPE_LDOUBLE)
        return scalar_type(bare);
    if (is_complex(kind))
        return part_of(kind);
    if (kind != KAA_CTYPE_STRUCT && kind != KAA_CTYPE_UNION)
        return NULL;
    for (uint64_t i = 0; i < kaa_ctype_count(bare); i++) {
        ffi_type *found = only_floating(members[i].type, depth + 1);

        if (found == NULL || (only != NULL && only != found) ||
            members[i].bit_width != KAA_CTYPE_NOT_A_BIT_FIELD)
            return NULL;
        only = found;
    }
    return only;
}

/* Whether a member is of a type that libffi has no idea of. */
static int
has_unknown(const kaa_ctype *type, int depth)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    const kaa_ctype_member *members = kaa_ctype_members(bare);

    if (depth > 100)
        return 1;
    if (kind == KAA_CTYPE_ARRAY)
        return has_unknown(kaa_ctype_target(bare), depth + 1);
    for (uint64_t i = 0; members != NULL && i < kaa_ctype_count(bare); i++)
        if (has_unknown(members[i].type, depth + 1))
            return 1;
    return kind == KAA_CTYPE_FLOAT16 || kind == KAA_CTYPE_FLOAT128 ||
           kind == KAA_CTYPE_VALIST || kind == KAA_CTYPE_INT128 ||
           kind == KAA_CTYPE_UINT128;
}

static kaa_status
record_type(kaa_base__arena *arena, const kaa_ctype *type, uint32_t number,
            ffi_type **out, kaa_error *err)
{
    uint64_t size = kaa_ctype_size(type);
    ffi_type *filler = only_floating(type, 0), *made;
    flat f = {.fits = 1};
    uint32_t count;

    /* libffi does not begin at an even register, where AArch64 does. */
    if (has_unknown(type, 0) ||
        (filler == NULL && size <= 16 && kaa_ctype_align(type) > 8))
        return kaa_base__fail(err, KAA_UNSUPPORTED, number,
                              "libffi cannot pass a record with members of "
                              "16-byte alignment or unusual types here");
    flatten(&f, type, 0, 0);
    if (filler == NULL || size % filler->size != 0)
        filler = kaa_ctype_align(type) >= 8   ? &ffi_type_uint64
                 : kaa_ctype_align(type) == 4 ? &ffi_type_uint32
                 : kaa_ctype_align(type) == 2 ? &ffi_type_uint16
                                              : &ffi_type_uint8;
    if (!f.fits && size / filler->size > ELEMENTS_MAX)
        return kaa_base__fail(err, KAA_UNSUPPORTED, number,
                              "a union or bit-field record of %llu bytes "
                              "cannot be passed by value",
                              (unsigned long long)size);
    count = f.fits ? f.count : (uint32_t)(size / filler->size);
    made = make_struct(arena, type, count);
    if (made == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < count; i++)
        made->elements[i] = f.fits ? f.elements[i] : filler;
    /* AArch64 passes a pointer to such a record, which libffi 3.4 would align
     * on the stack as if it were the record. */
    if (KAA_CALL__AAPCS && size > 16 && only_floating(type, 0) == NULL)
        made->alignment = made->alignment > 8 ? 8 : made->alignment;
    *out = made;
    return KAA_OK;
}

#endif

kaa_status
kaa_call__ffi_type(kaa_base__arena *arena, const kaa_ctype *type,
                   uint32_t number, ffi_type **out, kaa_error *err)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    ffi_type *scalar = scalar_type(bare);
    char text[120];

    if (scalar != NULL) {
        *out = scalar;
        return KAA_OK;
    }
    if (kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION ||
        (KAA_CALL__SYSV &&
         (kind == KAA_CTYPE_INT128 || kind == KAA_CTYPE_UINT128)))
        return record_type(arena, bare, number, out, err);
    kaa_ctype_print(type, NULL, text, sizeof(text));
    return kaa_base__fail(err, KAA_UNSUPPORTED, number,
                          "libffi cannot pass %s on this machine", text);
}

#if KAA_CALL__SYSV

/* Which registers libffi will have given out before an argument. */
typedef struct taken {
    uint32_t integers, vectors;
} taken;

/* Counts the registers of a type; says whether libffi 3.4 would go wrong: it
 * copies 16 bytes into the last integer register where only the first 8 belong
 * there, and so overwrites the first vector register. Apart, the two halves of
 * such a record travel the same way. */
static int
take(taken *t, const kaa_ctype *type)
{
    kaa_call__classes classes;
    uint32_t integers = 0, vectors = 0;
    uint32_t before = t->integers;

    if (kaa_call__classify(kaa_ctype_strip(type), 0, &classes, NULL) != KAA_OK)
        return 0;
    for (int i = 0; i < 2; i++) {
        integers += classes.of[i] == KAA_CALL__CLASS_INTEGER;
        vectors += classes.of[i] == KAA_CALL__CLASS_SSE;
    }
    if (t->integers + integers > KAA_CALL__INTEGERS ||
        t->vectors + vectors > KAA_CALL__VECTORS)
        return 0;
    t->integers += integers;
    t->vectors += vectors;
    return before == KAA_CALL__INTEGERS - 1 && kaa_ctype_size(type) > 8 &&
           classes.of[0] == KAA_CALL__CLASS_INTEGER;
}

static void
take_result(taken *t, const kaa_ctype *type)
{
    kaa_call__classes classes;

    if (kaa_ctype_size(type) > 0 &&
        kaa_call__classify(type, 0, &classes, NULL) == KAA_OK &&
        classes.of[0] == KAA_CALL__CLASS_MEMORY &&
        kaa_ctype_kind_of(type) != KAA_CTYPE_CLDOUBLE)
        t->integers++;
}

#else

typedef struct taken {
    char nothing;
} taken;

static int
take(taken *t, const kaa_ctype *type)
{
    (void)t;
    (void)type;
    return 0;
}

static void
take_result(taken *t, const kaa_ctype *type)
{
    (void)t;
    (void)type;
}

#endif

/* Gives libffi the halves of a record as arguments of their own. */
static uint32_t
add_halves(kaa_call__ffi *ffi, const ffi_type *record, uint32_t at,
           uint32_t number)
{
    ffi->types[at] = record->elements[0];
    ffi->numbers[at] = number;
    if (record->elements[1] == NULL)
        return 1;
    ffi->types[at + 1] = record->elements[1];
    ffi->numbers[at + 1] = number | KAA_CALL__SECOND_HALF;
    return 2;
}

/* The types of all arguments that have a size, and of the result. */
static kaa_status
collect(kaa_call__ffi *ffi, const kaa_ctype *signature, int is_call,
        uint32_t *fixed_count, uint32_t *out_count, ffi_type **out_result,
        kaa_error *err)
{
    const kaa_ctype_parameter *parameters = kaa_ctype_parameters(signature);
    const kaa_ctype *result = kaa_ctype_strip(kaa_ctype_target(signature));
    uint32_t given = (uint32_t)kaa_ctype_count(signature), fixed = *fixed_count;
    uint32_t at = 0;
    kaa_status status = KAA_OK;
    taken registers = {0};

    take_result(&registers, result);
    for (uint32_t i = 0; i < given; i++) {
        uint32_t added = 0;

        if (kaa_ctype_size(parameters[i].type) > 0) {
            status = kaa_call__ffi_type(&ffi->arena, parameters[i].type, i,
                                        &ffi->types[at], err);
            if (status != KAA_OK)
                return status;
            ffi->numbers[at] = i;
            added = 1;
            if (take(&registers, parameters[i].type) && is_call)
                added = add_halves(ffi, ffi->types[at], at, i);
        } else if (BY_REFERENCE) { /* an empty record: an address */
            ffi->types[at] = &ffi_type_pointer;
            ffi->numbers[at] = i;
            added = 1;
        }
        at += added;
        if (i < fixed && fixed != UINT32_MAX)
            *fixed_count = *fixed_count + added - 1;
    }
    *out_count = at;
    if (kaa_ctype_size(result) == 0) { /* void, or an empty record */
        *out_result =
            BY_REFERENCE && kaa_ctype_kind_of(result) != KAA_CTYPE_VOID
                ? &ffi_type_longdouble
                : &ffi_type_void;
        return KAA_OK;
    }
    return kaa_call__ffi_type(&ffi->arena, result, KAA_NO_ARGUMENT, out_result,
                              err);
}

static kaa_status
prepare(kaa_call__ffi *ffi, const kaa_ctype *signature, int is_call,
        uint32_t fixed_count, kaa_error *err)
{
    size_t slots = 2 * (size_t)kaa_ctype_count(signature) + 1;
    ffi_type *result = NULL;
    uint32_t count = 0;
    ffi_status prepared;
    kaa_status status;

    ffi->types = kaa_base__arena_alloc(&ffi->arena, slots * sizeof(ffi_type *));
    ffi->numbers = kaa_base__arena_alloc(&ffi->arena, slots * sizeof(uint32_t));
    if (ffi->types == NULL || ffi->numbers == NULL)
        return no_memory(err);
    status =
        collect(ffi, signature, is_call, &fixed_count, &count, &result, err);
    if (status != KAA_OK)
        return status;
    /* Some ABIs pass variable arguments elsewhere than named ones. */
    if (fixed_count != UINT32_MAX && fixed_count < count)
        prepared = ffi_prep_cif_var(&ffi->cif, FFI_DEFAULT_ABI, fixed_count,
                                    count, result, ffi->types);
    else
        prepared =
            ffi_prep_cif(&ffi->cif, FFI_DEFAULT_ABI, count, result, ffi->types);
    if (prepared != FFI_OK)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "libffi refuses the signature (%d)",
                              (int)prepared);
    return KAA_OK;
}

kaa_status
kaa_call__ffi_create(const kaa_ctype *signature, int is_call,
                     uint32_t fixed_count, kaa_call__ffi **out, kaa_error *err)
{
    kaa_call__ffi *ffi = kaa_base__alloc_zeroed(sizeof(*ffi));
    kaa_status status;

    if (ffi == NULL)
        return no_memory(err);
    status = prepare(ffi, signature, is_call, fixed_count, err);
    if (status != KAA_OK) {
        kaa_call__ffi_destroy(ffi);
        return status;
    }
    *out = ffi;
    return KAA_OK;
}

void
kaa_call__ffi_destroy(kaa_call__ffi *ffi)
{
    if (ffi == NULL)
        return;
    kaa_base__arena_fini(&ffi->arena);
    kaa_base__free(ffi);
}
