/* kaa/ctype.h - C types: kinds, layout, printing.
 *
 * A kaa_ctype is an immutable description of one C type on this machine. Basic
 * types are constants of the library. Everything else (pointers, arrays,
 * typedefs, records, enums, functions, qualified types) belongs to a
 * kaa_ctype_table and lives as long as it:
 *
 *     kaa_ctype_table
 *       |- pointer ----> qualified const ----> basic char      const char *
 *       |- typedef uLong ----> basic unsigned long
 *       `- struct z_stream_s { member, member, ... }
 *
 * Derived types are interned: one table gives the same address for the same
 * type, so most comparisons are of addresses; kaa_ctype_same() compares types
 * of different tables, and functions whose parameters have other names. Records
 * and enums are themselves; an incomplete one is completed in place, once. A
 * type may have parts of another table, which must then live longer.
 *
 * Layout is that of the System V ABI as gcc and clang implement it: sizes,
 * alignments, bit-fields, `packed`, `aligned` and `#pragma pack`. In the few
 * corners where the two differ (bit-fields of typedefs with another alignment,
 * aligned(n) on a bit-field, arrays of _Atomic) kaa does as the compiler it was
 * built by.
 *
 * No type nests deeper than 500 levels (KAA_LIMIT), so that code which follows
 * types may recurse: a pointer, an array, a typedef, a function, a record in a
 * record is a level. What lies behind a pointer to a record does not count.
 *
 * Functions that ask a type something take NULL and answer 0 or NULL.
 *
 * Threads: a table is changed by one thread at a time. A type whose table is no
 * longer changed may be read by any number of threads. Sizes and offsets are in
 * bytes, bit positions in bits.
 */
#ifndef KAA_CTYPE_H
#define KAA_CTYPE_H

#include <kaa/base.h>

KAA_BEGIN_DECLS

/** One C type. Opaque, immutable. */
typedef struct kaa_ctype kaa_ctype;

/** Owner of types. */
typedef struct kaa_ctype_table kaa_ctype_table;

/** What a type is. Numbers never change. */
typedef enum kaa_ctype_kind {
    KAA_CTYPE_VOID = 0,
    KAA_CTYPE_BOOL = 1,
    KAA_CTYPE_CHAR = 2, /**< Plain char; its sign is the machine's. */
    KAA_CTYPE_SCHAR = 3,
    KAA_CTYPE_UCHAR = 4,
    KAA_CTYPE_SHORT = 5,
    KAA_CTYPE_USHORT = 6,
    KAA_CTYPE_INT = 7,
    KAA_CTYPE_UINT = 8,
    KAA_CTYPE_LONG = 9,
    KAA_CTYPE_ULONG = 10,
    KAA_CTYPE_LLONG = 11,
    KAA_CTYPE_ULLONG = 12,
    KAA_CTYPE_INT128 = 13,
    KAA_CTYPE_UINT128 = 14,
    KAA_CTYPE_WCHAR = 15,   /**< wchar_t, kept apart from its integer type. */
    KAA_CTYPE_CHAR16 = 16,  /**< char16_t */
    KAA_CTYPE_CHAR32 = 17,  /**< char32_t */
    KAA_CTYPE_FLOAT16 = 18, /**< _Float16: layout only, no calls. */
    KAA_CTYPE_FLOAT = 19,
    KAA_CTYPE_DOUBLE = 20,
    KAA_CTYPE_LDOUBLE = 21,
    KAA_CTYPE_FLOAT128 = 22, /**< __float128, _Float128: layout only. */
    KAA_CTYPE_CFLOAT = 23,   /**< float _Complex */
    KAA_CTYPE_CDOUBLE = 24,
    KAA_CTYPE_CLDOUBLE = 25,
    KAA_CTYPE_VALIST = 26, /**< __builtin_va_list: layout only. It stays this
                                kind as a parameter, too, where on some machines
                                it is passed as a pointer. */
    KAA_CTYPE_POINTER = 32,
    KAA_CTYPE_ARRAY = 33,
    KAA_CTYPE_STRUCT = 34,
    KAA_CTYPE_UNION = 35,
    KAA_CTYPE_ENUM = 36,
    KAA_CTYPE_FUNCTION = 37,
    KAA_CTYPE_TYPEDEF = 38,   /**< A name for kaa_ctype_target(). */
    KAA_CTYPE_QUALIFIED = 39, /**< kaa_ctype_target() with qualifiers. */
} kaa_ctype_kind;

/** Bits of kaa_ctype_qualifiers(). */
enum {
    KAA_CTYPE_CONST = 1u << 0,
    KAA_CTYPE_VOLATILE = 1u << 1,
    KAA_CTYPE_RESTRICT = 1u << 2,
    KAA_CTYPE_ATOMIC = 1u << 3,
};

/** Bits of a function type's flags. */
enum {
    KAA_CTYPE_VARIADIC = 1u << 0,     /**< `...` follows the parameters. */
    KAA_CTYPE_UNPROTOTYPED = 1u << 1, /**< `()`: parameters are not known. */
};

/** Bits of a record's flags; KAA_CTYPE_PACKED also of an enum's. */
enum {
    KAA_CTYPE_PACKED = 1u << 0,   /**< __attribute__((packed)) */
    KAA_CTYPE_FLEXIBLE = 1u << 1, /**< Ends in a flexible array (read only). */
    KAA_CTYPE_BY_ADDRESS = 1u << 2, /**< Calls pass it by its address only: it
                                       is or has in it a SIMD vector or the
                                       like, whose way by value is not known. */
};

/** The count of an array whose length is not known: `int x[]`. */
#define KAA_CTYPE_UNKNOWN_COUNT UINT64_MAX

/** kaa_ctype_member::bit_width of a member that is no bit-field. */
#define KAA_CTYPE_NOT_A_BIT_FIELD UINT32_MAX

/** A member of a record: written by the caller, completed by the layout. */
typedef struct kaa_ctype_member {
    const char *name;      /**< NULL: anonymous member, unnamed bit-field. */
    const kaa_ctype *type; /**< Borrowed. */
    uint64_t offset;       /**< Out: bytes from the start of the record. For a
                                bit-field: bit_position / 8. */
    uint64_t bit_position; /**< Out: bits from the start of the record, in the
                                order in which bit-fields fill bytes: from the
                                lowest bit, on big-endian machines from the
                                highest. offset * 8 if not a bit-field. */
    uint32_t bit_width;    /**< KAA_CTYPE_NOT_A_BIT_FIELD, or its bits. */
    uint32_t align;        /**< aligned(n) on the member; 0: none. */
    uint32_t flags;        /**< KAA_CTYPE_PACKED: packed on the member. */
    uint32_t scope;        /**< How long C keeps the function pointer that it
                                is: a kaa_decl_scope + 1; 0: not said. */
} kaa_ctype_member;

/** A parameter of a function type. */
typedef struct kaa_ctype_parameter {
    const char *name;      /**< NULL: none was given. */
    const kaa_ctype *type; /**< As it is passed: arrays and functions have
                                become pointers. */
} kaa_ctype_parameter;

/** A name of an enum's and its value. */
typedef struct kaa_ctype_enumerator {
    const char *name;
    int64_t value;       /**< The value's 64 bits; read them as unsigned if
                              is_unsigned. */
    int32_t is_unsigned; /**< The value is above INT64_MAX. */
    int32_t reserved;
} kaa_ctype_enumerator;

/** How a record is laid out. */
typedef struct kaa_ctype_record_options {
    uint32_t size;  /**< sizeof(kaa_ctype_record_options) in the caller. */
    uint32_t flags; /**< KAA_CTYPE_PACKED, KAA_CTYPE_BY_ADDRESS */
    uint32_t align; /**< aligned(n) on the record; 0: none. */
    uint32_t pack;  /**< `#pragma pack(n)` in force; 0: none. */
} kaa_ctype_record_options;

/** How an enum is laid out. */
typedef struct kaa_ctype_enum_options {
    uint32_t size;  /**< sizeof(kaa_ctype_enum_options) in the caller. */
    uint32_t flags; /**< KAA_CTYPE_PACKED: the smallest type that fits. */
    const kaa_ctype *underlying; /**< C23 `enum e : type`; NULL: by values. */
} kaa_ctype_enum_options;

/**
 * Makes an empty table of types.
 *
 * @owns   The caller owns *out_table; kaa_ctype_table_destroy() frees it with
 *         every type in it.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_ctype_table_create(kaa_ctype_table **out_table, kaa_error *err);

/**
 * Frees a table and all its types. NULL is allowed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_ctype_table_destroy(kaa_ctype_table *table);

/**
 * Gives the basic type of a kind, KAA_CTYPE_VOID to KAA_CTYPE_VALIST.
 *
 * @owns   A constant of the library; NULL for any other kind.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype *kaa_ctype_basic(kaa_ctype_kind kind);

/**
 * Gives the type `T *` of a basic type T, or `const T *`, without a table.
 * Another pointer type than what kaa_ctype_pointer() makes in a table; what
 * follows types sees no difference.
 *
 * @owns   A constant of the library; NULL for any other kind.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype *kaa_ctype_basic_pointer(kaa_ctype_kind kind,
                                                 int is_const);

/**
 * Finds the basic type behind a well-known typedef name of C or POSIX:
 * "size_t", "uint32_t", "time_t", "wchar_t" and the like, and the C library's
 * own names for them ("__off64_t"). "va_list" is KAA_CTYPE_VALIST.
 *
 * @owns   A constant of the library; NULL for a name that is not known.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype *kaa_ctype_well_known(const char *name, size_t length);

/**
 * Makes the type "pointer to target".
 *
 * @owns   The table owns the type.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_LIMIT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_ctype_pointer(kaa_ctype_table *table,
                                                   const kaa_ctype *target,
                                                   const kaa_ctype **out_type,
                                                   kaa_error *err);

/**
 * Makes the type "array of count elements".
 *
 * @param count  KAA_CTYPE_UNKNOWN_COUNT for `[]`.
 *
 * @owns   The table owns the type.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT for an incomplete element, a function, a size
 *         that is no multiple of the alignment or gets above PTRDIFF_MAX;
 * KAA_LIMIT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_ctype_array(kaa_ctype_table *table,
                                                 const kaa_ctype *element,
                                                 uint64_t count,
                                                 const kaa_ctype **out_type,
                                                 kaa_error *err);

/**
 * Makes a type with qualifiers (KAA_CTYPE_CONST and so on). Qualifiers of a
 * qualified type add up; where nothing is added `type` is given back, and so is
 * a function. Of an array the elements are qualified. `align` above 0 gives the
 * type another alignment, larger or smaller, as __attribute__((aligned(n))) on
 * a typedef does.
 *
 * @owns   The table owns the type.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT for unknown bits, restrict on a type that
 *         is no pointer, _Atomic on an array or function, an alignment that
 *         is no power of two or above 2^28; KAA_LIMIT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_ctype_qualified(
    kaa_ctype_table *table, const kaa_ctype *type, uint32_t qualifiers,
    uint32_t align, const kaa_ctype **out_type, kaa_error *err);

/**
 * Makes a typedef: a name for a type.
 *
 * @owns   The table owns the type; `name` is copied.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_LIMIT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_ctype_typedef(
    kaa_ctype_table *table, const char *name, size_t name_length,
    const kaa_ctype *target, const kaa_ctype **out_type, kaa_error *err);

/**
 * Makes a function type. Parameters that are arrays or functions become
 * pointers, their qualifiers stay. Names are copied: functions whose parameters
 * have different names are different types to look at, but the same to
 * kaa_ctype_same().
 *
 * @param flags  KAA_CTYPE_VARIADIC, KAA_CTYPE_UNPROTOTYPED
 *
 * @owns   The table owns the type.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT for a parameter of type void (`argument` is its
 *         number), a result that is an array or a function, unknown flags, or
 *         parameters without a prototype; KAA_LIMIT for more than 4096
 *         parameters; KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_ctype_function(kaa_ctype_table *table, const kaa_ctype *result,
                   const kaa_ctype_parameter *parameters, uint32_t count,
                   uint32_t flags, const kaa_ctype **out_type, kaa_error *err);

/**
 * Makes an incomplete struct or union. Each call makes a new one.
 *
 * @param kind  KAA_CTYPE_STRUCT or KAA_CTYPE_UNION
 * @param tag   NULL: it has none.
 *
 * @owns   The table owns the type; `tag` is copied.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_ctype_record(kaa_ctype_table *table, kaa_ctype_kind kind, const char *tag,
                 size_t tag_length, const kaa_ctype **out_type, kaa_error *err);

/**
 * Completes a record: lays out its members.
 *
 * @param members  Copied; `offset` and `bit_position` are computed.
 * @param options  NULL for the defaults.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT (`argument` is the member's number) if the
 *         record is complete or another table's, a member's type is incomplete
 *         or a function, a flexible array is not last, a bit-field is too wide
 *         or of a type that has none, a name stands twice (those of anonymous
 *         members count), an alignment is no power of two or above 2^28, or
 *         the size is above PTRDIFF_MAX / 8; KAA_UNSUPPORTED for options of a
 *         newer kaa; KAA_LIMIT, KAA_NO_MEMORY. The record stays incomplete.
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_ctype_record_define(
    kaa_ctype_table *table, const kaa_ctype *record,
    const kaa_ctype_member *members, uint32_t count,
    const kaa_ctype_record_options *options, kaa_error *err);

/**
 * Makes an incomplete enum. Each call makes a new one.
 *
 * @owns   The table owns the type; `tag` (NULL: none) is copied.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_ctype_enum(kaa_ctype_table *table,
                                                const char *tag,
                                                size_t tag_length,
                                                const kaa_ctype **out_type,
                                                kaa_error *err);

/**
 * Completes an enum: chooses its integer type as gcc does (unsigned int, int,
 * unsigned long, long: the first that holds all values), unless the options
 * say otherwise. Without enumerators it needs an underlying type.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT (`argument` is the enumerator's number) if the
 *         enum is complete or another table's, a name stands twice, or no type
 *         (or not the underlying one) holds a value; KAA_UNSUPPORTED for
 *         options of a newer kaa; KAA_NO_MEMORY. The enum stays incomplete.
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_ctype_enum_define(kaa_ctype_table *table, const kaa_ctype *type,
                      const kaa_ctype_enumerator *enumerators, uint32_t count,
                      const kaa_ctype_enum_options *options, kaa_error *err);

/**
 * Says what a type is. KAA_CTYPE_TYPEDEF and KAA_CTYPE_QUALIFIED are seen as
 * such; kaa_ctype_strip() looks behind them.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API kaa_ctype_kind kaa_ctype_kind_of(const kaa_ctype *type);

/**
 * Gives the type behind typedefs and qualifiers.
 *
 * @owns   As long as `type` lives.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype *kaa_ctype_strip(const kaa_ctype *type);

/**
 * Gives the qualifiers of a type, those behind typedefs included. An array has
 * those of its elements.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_ctype_qualifiers(const kaa_ctype *type);

/**
 * Says whether a type's size is known.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_ctype_is_complete(const kaa_ctype *type);

/**
 * Says whether an integer type (an enum, a character) is signed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_ctype_is_signed(const kaa_ctype *type);

/**
 * Says whether a value of the type is a pointer or has one in it: as a member,
 * or as an element.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_ctype_has_pointers(const kaa_ctype *type);

/**
 * sizeof, in bytes; 0 for void, functions and incomplete types.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint64_t kaa_ctype_size(const kaa_ctype *type);

/**
 * _Alignof, in bytes; 1 for void, functions and incomplete types.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_ctype_align(const kaa_ctype *type);

/**
 * The tag of a record or enum, the name of a typedef or basic type.
 *
 * @owns   As long as `type` lives; NULL where there is none.
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_ctype_name(const kaa_ctype *type);

/**
 * What a type is made from: a pointer's target, an array's element, a
 * function's result, an enum's integer type, what a typedef names, what is
 * qualified. NULL for others and for an incomplete enum.
 *
 * @owns   As long as `type` lives.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype *kaa_ctype_target(const kaa_ctype *type);

/**
 * How many: elements of an array, parameters of a function, members of a
 * record, names of an enum; else 0.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint64_t kaa_ctype_count(const kaa_ctype *type);

/**
 * A function's KAA_CTYPE_VARIADIC and KAA_CTYPE_UNPROTOTYPED, a record's
 * KAA_CTYPE_PACKED, KAA_CTYPE_FLEXIBLE and KAA_CTYPE_BY_ADDRESS, an enum's
 * KAA_CTYPE_PACKED; else 0.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_ctype_flags(const kaa_ctype *type);

/**
 * The members of a record, kaa_ctype_count() of them, laid out.
 *
 * @owns   As long as `type` lives; NULL for other types and incomplete ones.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype_member *kaa_ctype_members(const kaa_ctype *type);

/**
 * The parameters of a function type.
 *
 * @owns   As long as `type` lives; NULL for other types.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype_parameter *kaa_ctype_parameters(const kaa_ctype *type);

/**
 * The names of an enum.
 *
 * @owns   As long as `type` lives; NULL for other types and incomplete ones.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_ctype_enumerator *
kaa_ctype_enumerators(const kaa_ctype *type);

/**
 * Says whether two types, perhaps of different tables, are the same: typedefs
 * are looked through, qualifiers count, names of parameters and qualifiers of
 * results and parameters themselves do not. Records and enums with the same tag
 * (or the same members, where there is no tag) are the same if their layouts
 * are, or if one of them is incomplete. In graphs of more than 256 records and
 * functions the parts of those beyond are not looked into.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_ctype_same(const kaa_ctype *a, const kaa_ctype *b);

/**
 * Writes a declaration: `int (*name)(const char *text)`. Typedefs are printed
 * by their names, records by their tags. A record without tag is printed as
 * `struct {...}`. Text above 1 MiB ends in "...".
 *
 * @param name    What is declared; NULL or "" for the type alone.
 * @param buffer  NUL-terminated where size > 0; cut where it is too short.
 *
 * @return the length of the whole text, without the NUL.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_ctype_print(const kaa_ctype *type, const char *name,
                               char *buffer, size_t size);

/**
 * Writes the definition of a record or enum, members and all, as C text of
 * several lines, with the attributes and #pragma pack that its layout needs;
 * other types as kaa_ctype_print() does.
 *
 * @return the length of the whole text, without the NUL.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_ctype_print_definition(const kaa_ctype *type, char *buffer,
                                          size_t size);

KAA_END_DECLS

#endif /* KAA_CTYPE_H */
