/* kaa/decl.h - C declarations: from text to types.
 *
 * The parser reads what a C compiler reads after preprocessing: prototypes,
 * typedefs, records, enums, variables; and of the preprocessor the lines that
 * declare something: object-like `#define` with a constant, `#pragma pack`,
 * line markers. Text without any #include is enough:
 *
 *     kaa_decl_parse(types, "double pow(double x, double y);", 31, NULL,
 *                    &declarations, &err);
 *
 * Object-like macros are expanded wherever they stand, as the preprocessor
 * does; those whose body is a constant expression are items, with the value
 * that they have at the end of the text. Function-like ones are passed over.
 * Conditions and #include are refused: run the preprocessor first (`cc -E`, or
 * `cc -E -dD` to keep the macros). Bodies of functions are skipped. Well-known
 * type names (size_t, uint32_t, time_t, ...) need no declaration.
 *
 * The result is a list of items in the order of the text, and a table by name.
 * A name has one item: a later declaration of the same thing completes it, one
 * of another thing is an error. A strict parse (the default) fails at the first
 * thing it does not understand, with line, column and a caret under the token.
 * A tolerant one (KAA_DECL_TOLERANT) skips to the end of that declaration and
 * keeps an item KAA_DECL_SKIPPED that says why: meant for whole headers of a
 * system. It too fails at a condition (#if, #else, ...): to read both branches
 * would give a function the types of the wrong one.
 *
 * Annotations are C23 attributes of the namespace kaa, so an annotated header
 * stays a C header. In front of a declaration: hold_gil, errno, free(function),
 * borrow(parameter), nullable. On a parameter (behind its name or before its
 * type): out (and then free and borrow too), nullable, length(n), length(32),
 * length(width * height * 4), scope(call | async | library | forever); [static
 * 4] and [static n] say a length as well. On a member that points at a
 * function: scope(library | async | forever). Attributes of other namespaces
 * are skipped, but for GNU const, pure, nonnull, returns_nonnull, noreturn,
 * deprecated, weak, packed, aligned, mode, access, format and sentinel, and C23
 * unsequenced, reproducible, noreturn and deprecated, which say something.
 * Functions of C11 and POSIX have the lengths and formats that these say.
 *
 * With kaa_decl_options::preprocess the text is one that a compiler would be
 * given: kaa preprocesses it first.
 *
 *     kaa_preprocess_options preprocess = {.size = sizeof(preprocess)};
 *     kaa_decl_options options = {.size = sizeof(options),
 *                                 .flags = KAA_DECL_TOLERANT,
 *                                 .preprocess = &preprocess};
 *     kaa_decl_parse(types, "#include <zlib.h>\n", 18, &options,
 *                    &declarations, &err);
 *
 * Then macros with parameters are items too, and so is the expression that a
 * static inline function returns. The text itself is strict; KAA_DECL_TOLERANT
 * is for what it includes. A function or variable that the text itself
 * declares once more takes the type that it says there, and annotations are
 * added. Items have the header's own file and line, errors too. What is not
 * chosen (`only`, or by default: what neither the headers named in the text nor
 * those of their folder or package declare) stays as an item with
 * KAA_DECL_HIDDEN, unless it is a type that a chosen one needs.
 *
 * Any bytes may be parsed: the time is linear in the length, nesting is bounded
 * (the deepest text needs less than 256 KiB of stack).
 *
 * Threads: parsing changes the table of types; the result is immutable.
 */
#ifndef KAA_DECL_H
#define KAA_DECL_H

#include <kaa/ctype.h>
#include <kaa/preprocess.h>

KAA_BEGIN_DECLS

/** What a text declares. Opaque, immutable. */
typedef struct kaa_decl kaa_decl;

/** Bits of kaa_decl_options::flags. */
enum {
    KAA_DECL_TOLERANT = 1u << 0, /**< Skip what is not understood. */
};

/** Choices for a parse. All zero but `size` means the defaults. */
typedef struct kaa_decl_options {
    uint32_t size;  /**< sizeof(kaa_decl_options) in the caller. */
    uint32_t flags; /**< KAA_DECL_* bits; an unknown bit is refused. */
    const kaa_preprocess_options *preprocess; /**< NULL: the text has been
                                                   preprocessed. */
    const char *const *only; /**< Patterns of names, as in a shell: "z*". */
    uint32_t only_count;     /**< 0: by files, if `preprocess` is given. */
    uint32_t reserved;
} kaa_decl_options;

/** What an item declares. Numbers never change. */
typedef enum kaa_decl_kind {
    KAA_DECL_FUNCTION = 0,
    KAA_DECL_VARIABLE = 1,
    KAA_DECL_TYPEDEF = 2,
    KAA_DECL_RECORD = 3,  /**< A struct's or union's tag; perhaps incomplete. */
    KAA_DECL_ENUM = 4,    /**< An enum's tag. */
    KAA_DECL_INTEGER = 5, /**< A constant: enumerator, #define, static const; an
                               address as well: ((void *)-1). */
    KAA_DECL_FLOATING = 6,
    KAA_DECL_STRING = 7,
    KAA_DECL_SKIPPED = 8,        /**< Not understood: `reason` says why. */
    KAA_DECL_MACRO_FUNCTION = 9, /**< A macro with parameters: `string` is
                                      "(a,b) body", the body expanded; or one
                                      without that is no constant: " body", and
                                      `reason` says why. With a `reason` and
                                      "(a#,b,...) body" each call has to be
                                      preprocessed by itself: parameters with a
                                      # are pasted or made strings, and the body
                                      is that for 1s. Only with
                                      kaa_decl_options::preprocess. */
} kaa_decl_kind;

/** Bits of kaa_decl_item::flags. */
enum {
    KAA_DECL_HOLD_GIL = 1u << 0, /**< [[kaa::hold_gil]] */
    KAA_DECL_ERRNO = 1u << 1,    /**< [[kaa::errno]] */
    KAA_DECL_NULLABLE = 1u << 2, /**< [[kaa::nullable]] on the function */
    KAA_DECL_CONST = 1u << 3,    /**< GNU const, C23 unsequenced */
    KAA_DECL_PURE = 1u << 4,     /**< GNU pure, C23 reproducible */
    KAA_DECL_NORETURN = 1u << 5,
    KAA_DECL_DEPRECATED = 1u << 6,
    KAA_DECL_STATIC = 1u << 7, /**< static or inline: has no symbol, most
                                    likely. */
    KAA_DECL_RETURNS_NONNULL = 1u << 8,
    KAA_DECL_UNSIGNED = 1u << 9,    /**< An integer (or address) above
                                         INT64_MAX. */
    KAA_DECL_MACRO = 1u << 10,      /**< The constant comes from a #define. */
    KAA_DECL_ENUMERATOR = 1u << 11, /**< The constant comes from an enum. */
    KAA_DECL_WEAK = 1u << 12,       /**< GNU weak: may lack its symbol. */
    KAA_DECL_BORROW = 1u << 14,     /**< [[kaa::borrow(parameter)]] */
    KAA_DECL_SENTINEL = 1u << 15, /**< GNU sentinel: the last variable argument
                                       is a null pointer. */
};

/** One more bit of kaa_decl_item::flags: not chosen by `only` or its file. */
#define KAA_DECL_HIDDEN (1u << 13)

/** Bits of kaa_decl_parameter::flags. */
enum {
    KAA_DECL_PARAMETER_OUT = 1u << 0,
    KAA_DECL_PARAMETER_NULLABLE = 1u << 1,
    KAA_DECL_PARAMETER_NONNULL = 1u << 2,
    KAA_DECL_PARAMETER_LENGTH = 1u << 3, /**< length_of is set */
    KAA_DECL_PARAMETER_TIMES = 1u << 4,  /**< length_times is set */
    KAA_DECL_PARAMETER_BORROW = 1u << 5, /**< borrow_from is set */
};

/** Whose format strings a function takes: GNU format, or the function is one of
 * the C library's. */
typedef enum kaa_decl_format_kind {
    KAA_DECL_FORMAT_NONE = 0,
    KAA_DECL_FORMAT_PRINTF = 1,
    KAA_DECL_FORMAT_SCANF = 2,
} kaa_decl_format_kind;

/** How long C may keep a function pointer that it was given. */
typedef enum kaa_decl_scope {
    KAA_DECL_SCOPE_LIBRARY = 0, /**< As long as the library is loaded. */
    KAA_DECL_SCOPE_CALL = 1,    /**< Until the function returns. */
    KAA_DECL_SCOPE_ASYNC = 2,   /**< Until it has been called once. */
    KAA_DECL_SCOPE_FOREVER = 3, /**< As long as the process. */
} kaa_decl_scope;

/** What annotations say of one parameter. */
typedef struct kaa_decl_parameter {
    uint32_t flags;     /**< KAA_DECL_PARAMETER_* */
    uint32_t scope;     /**< A kaa_decl_scope. */
    uint32_t length_of; /**< With KAA_DECL_PARAMETER_LENGTH: the number of the
                             parameter that this one's element count comes from:
                             its value times `length_factor`, times the value of
                             parameter `length_times` if there is one, plus
                             `length_plus`. */
    uint32_t length_times;  /**< With KAA_DECL_PARAMETER_TIMES. */
    uint64_t length_factor; /**< With KAA_DECL_PARAMETER_LENGTH: 1 or more. */
    uint64_t length_plus;   /**< The same: 0 or more. */
    uint64_t least;         /**< So many elements are needed whatever else is
                                 said: length(32), [static 4]. 0: not said. */
    const char *free_function; /**< Of an out parameter: kaa::free's argument,
                                  or NULL. */
    uint32_t borrow_from;      /**< Of an out parameter, with
                                    KAA_DECL_PARAMETER_BORROW: as of an item. */
    uint32_t reserved;
} kaa_decl_parameter;

/** One thing declared. All pointers are borrowed from the kaa_decl. */
typedef struct kaa_decl_item {
    uint32_t size;   /**< sizeof(kaa_decl_item) in the library. */
    uint32_t kind;   /**< A kaa_decl_kind. */
    uint32_t flags;  /**< KAA_DECL_* */
    uint32_t line;   /**< Where the name stands in the text given, from 1. */
    uint32_t column; /**< In bytes, from 1. */
    uint32_t source_line;    /**< The line by the line markers; or `line`. */
    const char *source_file; /**< The file by the line markers; or NULL. */
    const char *name;        /**< "" for a skipped item without one. */
    const char *symbol;      /**< What the linker calls it: the __asm__ name or
                                  `name`. For functions and variables. */
    const kaa_ctype *type;   /**< NULL where skipped. A typedef's is the typedef
                                  itself. A constant's is what C gives it: a
                                  pointer for an address, char[n] for a
                                  string's literal. */
    const kaa_decl_parameter *parameters; /**< For functions:
                                kaa_ctype_count(type) of them; else NULL. */
    const char *free_function;            /**< kaa::free's argument, or NULL. */
    int64_t integer;    /**< The value; see KAA_DECL_UNSIGNED. */
    double floating;    /**< A long double is rounded. */
    const char *string; /**< The bytes, NUL-terminated. Of a static function:
                             the expression that is all it returns, or NULL. */
    size_t string_length;
    const char *reason;   /**< Why it was skipped; else NULL. */
    uint32_t borrow_from; /**< With KAA_DECL_BORROW: the number of the parameter
                               whose argument has to live as long as the
                               result. */
    uint16_t format;      /**< A kaa_decl_format_kind: what the variable
                               arguments are is told by a format string. */
    uint16_t format_of;   /**< With a format: the number of its parameter. */
} kaa_decl_item;

/**
 * Parses the declarations in `text`.
 *
 * @param types    Receives the types that the text makes. On failure the types
 *                 already made stay in it, unused.
 * @param text     `length` bytes, need not end in NUL, may hold any bytes.
 * @param options  NULL for the defaults.
 *
 * @owns   The caller owns *out_decl, which must not outlive `types`. `text` is
 *         not kept.
 * @gil    any
 * @fails  KAA_SYNTAX with line, column and a message of up to three lines: what
 *         was expected, the line, a caret; KAA_UNSUPPORTED in the same form for
 *         types that kaa does not have (SIMD vectors, _Decimal64, ...);
 *         KAA_LIMIT when something nests too deep, macros expand without end or
 *         the text has more than 1 GiB; KAA_INVALID_ARGUMENT, KAA_NO_MEMORY. A
 *         tolerant parse has none of the first three but for conditions and the
 *         length.
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_decl_parse(kaa_ctype_table *types,
                                                const char *text, size_t length,
                                                const kaa_decl_options *options,
                                                kaa_decl **out_decl,
                                                kaa_error *err);

/**
 * Parses one type: "const char *", "struct point[4]", "int (*)(void *)".
 *
 * @param scope  NULL, or declarations whose names the text may use.
 *
 * @owns   `types` owns the type.
 * @gil    any
 * @fails  As kaa_decl_parse().
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_decl_parse_type(
    kaa_ctype_table *types, const kaa_decl *scope, const char *text,
    size_t length, const kaa_ctype **out_type, kaa_error *err);

/**
 * Frees what kaa_decl_parse() made, but for the types. NULL is allowed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_decl_destroy(kaa_decl *decl);

/**
 * The number of items.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_decl_count(const kaa_decl *decl);

/**
 * The item at a place, from 0; NULL beyond the last.
 *
 * @owns   As long as `decl` lives.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_decl_item *kaa_decl_at(const kaa_decl *decl, size_t index);

/**
 * Finds a function, variable, typedef or constant by name; tags by "struct x",
 * "union x", "enum x", or by "x" where nothing else has the name. Skipped items
 * are not found.
 *
 * @owns   As long as `decl` lives; NULL if there is none.
 * @gil    any
 * @since  0.1
 */
KAA_API const kaa_decl_item *kaa_decl_find(const kaa_decl *decl,
                                           const char *name);

/**
 * What the text was preprocessed to; NULL without
 * kaa_decl_options::preprocess. Its files are those that were read.
 *
 * @owns   As long as `decl` lives.
 * @gil    any
 * @since  0.2
 */
KAA_API const kaa_preprocess_result *kaa_decl_source(const kaa_decl *decl);

/** One variable argument that a format string asks for. */
typedef struct kaa_decl_wanted {
    const kaa_ctype *type; /**< By C's promotions: int, double, const char *,
                                and what scanf() writes to. A constant of the
                                library; NULL: not said, which n$ may leave. */
    uint64_t least;        /**< So many elements have to be there, where it is
                                a pointer that is written to: "%31s" says 32. */
    char directive[24];    /**< Such as "%-5ld"; longer ones are cut. */
} kaa_decl_wanted;

/**
 * Reads what variable arguments a format string asks for, as printf() and
 * scanf() of C23, POSIX and glibc do.
 *
 * @param function      An item with a format.
 * @param format        `length` bytes; a NUL ends it before.
 * @param out           The first `capacity` of them.
 * @param out_is_whole  NULL, or where 0 is written if the reading ended at a
 *                      directive that is not known: there may be more.
 *
 * @return how many there are, 4096 at most.
 * @gil    any
 * @since  0.2
 */
KAA_API size_t kaa_decl_format(const kaa_decl_item *function,
                               const char *format, size_t length,
                               kaa_decl_wanted *out, size_t capacity,
                               int *out_is_whole);

/**
 * Writes an item as a C declaration on one line, attributes included:
 * `[[kaa::hold_gil]] double pow(double x, double y);`, `#define PI 3.14`.
 * Skipped items as a comment with the reason. What is printed parses again to
 * the same.
 *
 * @return the length of the whole text, without the NUL; 0 when memory is
 * short.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_decl_print(const kaa_decl_item *item, char *buffer,
                              size_t size);

KAA_END_DECLS

#endif /* KAA_DECL_H */
