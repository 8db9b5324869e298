/* decl/internal.h - what the files of the declaration parser share.
 *
 *     text --lex.c--> tokens --parse.c--> declarations --item.c--> kaa_decl
 *              |                 |- specifier.c, record.c, enum.c
 *         directive.c            |- declarator.c, parameter.c
 *         (#define, #pragma)     |- attribute.c, annotation.c, length.c
 *                                `- expression.c, value.c, literal.c
 *
 * Parsing functions return 1, or 0 after a failure that stands in parser->err:
 * the first failure wins. The current token is parser->token; kaa_decl__next()
 * steps on. Nothing recurses without kaa_decl__enter(), which bounds the depth.
 */
#ifndef KAA_DECL_INTERNAL_H
#define KAA_DECL_INTERNAL_H

#include <kaa/decl.h>

#include "base/arena.h"
#include "base/assert.h"
#include "decl/token.h"

/* Bounds on what a text may ask for. */
#define KAA_DECL__DEPTH_MAX 200u       /* nested declarators, records, (...) */
#define KAA_DECL__FRAMES_MAX 64u       /* macros within macros */
#define KAA_DECL__EXPANSION_MAX 65536u /* tokens one macro may expand to */
#define KAA_DECL__PACKS_MAX 64u        /* #pragma pack(push) */
#define KAA_DECL__PARAMETERS_MAX 1024u
#define KAA_DECL__TEXT_MAX ((size_t)1 << 30)

typedef struct kaa_decl__symbol kaa_decl__symbol;

/* An object-like or function-like #define. */
typedef struct kaa_decl__macro {
    kaa_decl__symbol *symbol;
    const char *body; /* in the text; comments and continued lines included */
    const char *body_end;
    uint32_t entry; /* the place kept for it in the list of items */
    uint8_t has_arguments;
    uint8_t is_busy;  /* being expanded: its name stands for itself */
    uint8_t is_known; /* `value` holds; only while macros no longer change */
    uint8_t progress; /* macro.c: 0, MACRO_WAITS for others, MACRO_IS_DONE */
    uint8_t has_no_value; /* once it is done */
    uint8_t reserved[3];
    int64_t integer; /* the value as an operand, when is_known */
    const kaa_ctype *type;
    const char *looked_at;         /* up to where the body's names were */
    struct kaa_decl__macro *asker; /* which goes on when this is finished */
} kaa_decl__macro;

/* An identifier, once for all its places. Lives in kaa_decl's arena. */
struct kaa_decl__symbol {
    const char *name; /* NUL-terminated */
    uint32_t length;
    uint32_t hash;
    uint16_t token;         /* T_IDENTIFIER or its keyword */
    uint16_t is_well_known; /* 1: asked kaa_ctype_well_known() */
    uint32_t ordinary;      /* entry + 1 of what it names, or 0 */
    uint32_t tag;           /* entry + 1 of the tag it names, or 0 */
    uint32_t is_skipped;    /* a declaration of it was not understood */
    uint32_t reserved;
    kaa_decl__macro *macro;        /* while parsing only */
    const kaa_ctype *type;         /* the type, if it is a typedef's name */
    const kaa_decl__symbol *outer; /* in the scope of a type's text */
};

/* Symbols by name: open addressing, linear probing, no removal. */
typedef struct kaa_decl__symbols {
    kaa_decl__symbol **slots;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;
} kaa_decl__symbols;

/* An item with what the parser must know of it. */
typedef struct kaa_decl__entry {
    kaa_decl_item item;
    kaa_decl__symbol *symbol; /* NULL for skipped items */
    kaa_decl__macro *macro;   /* while parsing: its value comes at the end */
    uint8_t is_tag;
    uint8_t is_dead;   /* a macro without a value: removed at the end */
    uint8_t is_system; /* by the line marker */
    uint8_t reserved[5];
} kaa_decl__entry;

struct kaa_decl {
    kaa_base__arena arena;
    kaa_decl__entry *entries;
    size_t count;
    size_t capacity;
    kaa_decl__symbols symbols;
    kaa_preprocess_result *source; /* NULL: the text was preprocessed already */
};

/* What a line marker says of the lines after it. */
typedef struct kaa_decl__marker {
    const char *file;   /* NULL: none */
    int64_t delta;      /* source line = line + delta */
    uint32_t is_system; /* the marker's flag 3: not what was asked for */
    uint32_t is_strict; /* of the text itself, not of what it includes */
} kaa_decl__marker;

typedef struct kaa_decl__token {
    uint16_t kind;
    uint16_t reserved;
    uint32_t length;
    const char *start;
    kaa_decl__symbol *symbol; /* of identifiers and keywords */
    /* Where to point at: the token, or the macro it comes from. */
    const char *place;
    uint32_t line;
    uint32_t column;
    const kaa_decl__marker *marker;
} kaa_decl__token;

/* A text being read: all of it, or the body of a macro. */
typedef struct kaa_decl__cursor {
    const char *at;
    const char *end;
    const char *line_start;
    uint32_t line;
    uint32_t is_fresh; /* nothing but blanks since the line began */
    kaa_decl__macro *macro;
} kaa_decl__cursor;

/* A growing array; `items` moves when it grows, so keep indices. */
typedef struct kaa_decl__vector {
    void *items;
    size_t count;
    size_t capacity;
} kaa_decl__vector;

/* Values of kaa_decl__attributes::mode: __attribute__((mode(...))). */
enum kaa_decl__mode {
    MODE_NONE = 0,
    MODE_BYTE,
    MODE_HALF,
    MODE_SINGLE,
    MODE_DOUBLE,
    MODE_QUAD,
    MODE_WORD,
    MODE_FLOAT,
    MODE_FLOAT_DOUBLE,
    MODE_FLOAT_LONG,
    MODE_FLOAT_QUAD,
};

/* The elements that kaa::length gives: length.c. */
typedef struct kaa_decl__length {
    const kaa_decl__symbol *names[2]; /* NULL: none; factors */
    uint64_t factor;                  /* 0: there are no names */
    uint64_t plus;
    uint64_t is_set; /* or STATIC_LENGTH */
} kaa_decl__length;

/* is_set where [static n] says it: n is perhaps no integer, or unknown. */
#define STATIC_LENGTH 2u

/* access(read_only, pointer, size): parameters, from 1. */
typedef struct kaa_decl__access {
    uint16_t pointer;
    uint16_t size;
} kaa_decl__access;

#define KAA_DECL__ACCESS_MAX 4u

/* What attributes say, wherever they stand. All zero: nothing. */
typedef struct kaa_decl__attributes {
    uint32_t flags;           /* KAA_DECL_* of the declaration */
    uint32_t parameter_flags; /* KAA_DECL_PARAMETER_* */
    uint32_t scope;           /* a kaa_decl_scope + 1; 0: not said */
    uint32_t align;
    uint8_t is_packed;
    uint8_t mode;
    uint8_t is_nonnull_all;
    uint8_t has_place; /* `place` is set */
    uint32_t reserved;
    uint16_t format;       /* a kaa_decl_format_kind */
    uint16_t format_of;    /* with it: the parameter, from 1 */
    uint16_t format_first; /* the first argument that it is about */
    uint16_t access_count;
    uint64_t nonnull; /* bit i: parameter i, nonnull(i + 1) */
    uint64_t vector;  /* vector_size: bytes; or 0 */
    uint64_t lanes;   /* ext_vector_type: elements; or 0 */
    uint64_t least;   /* [static 4] */
    kaa_decl__access access[KAA_DECL__ACCESS_MAX];
    kaa_decl__length length;
    const kaa_decl__symbol *borrow_from;
    const char *free_function;
    const char *symbol;      /* __asm__("symbol") */
    const char *unsupported; /* why the declaration cannot be used */
    kaa_decl__token place;   /* of the first kaa:: attribute */
} kaa_decl__attributes;

/* Bits of kaa_decl__specifiers::storage. */
enum {
    STORAGE_TYPEDEF = 1u << 0,
    STORAGE_EXTERN = 1u << 1,
    STORAGE_STATIC = 1u << 2,
    STORAGE_INLINE = 1u << 3,
    STORAGE_CONSTEXPR = 1u << 4,
    STORAGE_AUTO = 1u << 5,
    STORAGE_OTHER = 1u << 6, /* register, thread-local */
};

typedef struct kaa_decl__specifiers {
    const kaa_ctype *type;
    uint32_t storage;
    uint32_t has_tag;     /* it names a record or enum: needs no declarator */
    uint32_t is_inferred; /* C23's auto: the type is that of the value */
    uint32_t reserved;
    kaa_decl__attributes attributes;
} kaa_decl__specifiers;

/* One step of a declarator, in a list from the name outwards. */
typedef struct kaa_decl__step {
    uint32_t kind;       /* KAA_CTYPE_POINTER, _ARRAY or _FUNCTION */
    uint32_t qualifiers; /* of a pointer */
    uint64_t count;      /* of an array */
    uint32_t parameters; /* of a function: its first in parser->parameters */
    uint32_t parameter_count;
    uint32_t flags; /* of a function: KAA_CTYPE_VARIADIC, ... */
    uint32_t next;  /* index + 1 in parser->steps; 0: the last */
    uint32_t reserved;
} kaa_decl__step;

typedef struct kaa_decl__parameter {
    const char *name; /* NULL: none */
    const kaa_ctype *type;
    kaa_decl_parameter notes;
    kaa_decl__length length;
    const kaa_decl__symbol *borrow_from;
    kaa_decl__token where;
    kaa_decl__token place; /* of its first kaa:: attribute; T_END: none */
} kaa_decl__parameter;

/* What a declarator declares. */
typedef struct kaa_decl__declarator {
    kaa_decl__symbol *name; /* NULL: abstract */
    kaa_decl__token where;  /* the name, or where it would be */
    const kaa_ctype *type;
    kaa_decl__token old_style; /* f(a, b) without types: the first; or T_END */
    uint32_t parameters;       /* if it is itself a function: as in a step */
    uint32_t parameter_count;
    uint32_t is_function; /* its own steps begin with a function */
    uint32_t step_count;
    kaa_decl__attributes attributes;
} kaa_decl__declarator;

/* What a constant expression comes to. */
enum kaa_decl__value_kind {
    VALUE_INTEGER,
    VALUE_FLOATING,
    VALUE_STRING,
    VALUE_ADDRESS, /* a pointer made from an integer */
    VALUE_OBJECT,  /* something at that address: (*(T *)0).member */
    VALUE_TYPED,   /* only the type is known: for sizeof and typeof */
};

typedef struct kaa_decl__value {
    uint32_t kind;
    uint32_t is_unit;      /* needs no parentheses as an operand */
    const kaa_ctype *type; /* NULL for strings */
    uint64_t bits; /* integers and addresses, extended to 64 bits by sign */
    long double floating;
    const char *string; /* in the arena */
    size_t length;
} kaa_decl__value;

/* Where a member or enumerator stands, and its entry. */
typedef struct kaa_decl__place {
    const char *place;
    uint32_t line;
    uint32_t column;
    uint32_t entry;
    uint32_t reserved;
} kaa_decl__place;

/* A point to which the parser can go back, to read on in another way. */
typedef struct kaa_decl__mark {
    kaa_decl__token token;
    size_t counts[6];
    uint32_t depth;
    uint32_t unevaluated;
} kaa_decl__mark;

/* A place to which the parser can go back within one expression, whatever
 * macros are being read there. */
typedef struct kaa_decl__position {
    kaa_decl__token token;
    kaa_decl__cursor main;
    size_t frame_count;
    kaa_decl__cursor frames[];
} kaa_decl__position;

typedef struct kaa_decl__parser {
    kaa_decl *decl;
    kaa_ctype_table *types;
    const kaa_decl *scope; /* for a type's text; else NULL */
    const char *text;
    const char *text_end;
    kaa_decl__cursor *cursor; /* &main, or the newest of frames */
    kaa_decl__cursor main;
    uint32_t frame_count;
    uint32_t depth;
    kaa_decl__token token;
    kaa_decl__token ahead;
    uint8_t has_ahead;
    uint8_t is_tolerant;
    uint8_t is_raw;   /* skipping: macros stay as they are */
    uint8_t is_quiet; /* errors need no message */
    uint8_t has_failed;
    uint8_t is_over;         /* the failure ends a tolerant parse too */
    uint8_t is_preprocessed; /* by kaa: macros come last, expanded */
    uint8_t reserved[1];
    const char *strict_file;     /* that file's text is not read tolerantly */
    uint32_t unevaluated;        /* > 0: behind && || ?: or in sizeof */
    uint32_t linkage;            /* open extern "C" { */
    uint64_t expansion_left;     /* tokens that macros may still expand to */
    const char *directives_done; /* directives before it have had effect */
    const char *stray;
    const kaa_decl__marker *marker;
    uint32_t pack; /* #pragma pack in force */
    uint32_t pack_count;
    kaa_error *err;               /* where the failure goes; never NULL */
    kaa_decl__vector parameters;  /* of kaa_decl__parameter */
    kaa_decl__vector passed;      /* of kaa_ctype_parameter */
    kaa_decl__vector steps;       /* of kaa_decl__step */
    kaa_decl__vector members;     /* of kaa_ctype_member */
    kaa_decl__vector enumerators; /* of kaa_ctype_enumerator */
    kaa_decl__vector places;      /* of kaa_decl__place: of members, names */
    kaa_decl__vector bytes;       /* of char: a string being read */
    struct {
        uint32_t pack;
        const kaa_decl__symbol *name;
    } packs[KAA_DECL__PACKS_MAX];
    const kaa_decl__macro *too_deep; /* the last that had no frame left */
    kaa_decl__cursor frames[KAA_DECL__FRAMES_MAX];
} kaa_decl__parser;

/* parser.c - the parser's own storage */
void kaa_decl__parser_init(kaa_decl__parser *p, kaa_decl *decl,
                           kaa_ctype_table *types, const char *text,
                           size_t length, kaa_error *err);
void kaa_decl__parser_fini(kaa_decl__parser *p);
/* A zeroed new last item of `size` bytes, or NULL after a failure. */
void *kaa_decl__push(kaa_decl__parser *p, kaa_decl__vector *vector,
                     size_t size);
void *kaa_decl__alloc(kaa_decl__parser *p, size_t bytes);
const char *kaa_decl__copy(kaa_decl__parser *p, const char *text,
                           size_t length);
int kaa_decl__enter(kaa_decl__parser *p);
void kaa_decl__leave(kaa_decl__parser *p);

/* report.c - failures. All return 0. */
/* Whether what stands in the text of that marker is skipped if it is not
 * understood. */
int kaa_decl__is_tolerant(const kaa_decl__parser *p,
                          const kaa_decl__marker *marker);
int kaa_decl__fail(kaa_decl__parser *p, const kaa_decl__token *where,
                   const char *format, ...) KAA_PRINTF(3, 4);
int kaa_decl__fail_as(kaa_decl__parser *p, kaa_status status,
                      const kaa_decl__token *where, const char *format, ...)
    KAA_PRINTF(4, 5);
int kaa_decl__fail_memory(kaa_decl__parser *p);
/* A failure that cannot be forgiven, with its message even in a quiet try. */
int kaa_decl__fail_for_good(kaa_decl__parser *p, const kaa_decl__token *where,
                            const char *format, ...) KAA_PRINTF(3, 4);
/* "expected <what> before <the current token>" */
int kaa_decl__fail_expected(kaa_decl__parser *p, const char *what);
/* What kaa_ctype_*() said in `why` becomes the failure, at a token. */
int kaa_decl__fail_ctype(kaa_decl__parser *p, const kaa_decl__token *where,
                         kaa_status status, const kaa_error *why);
/* "unknown type name", with help. */
int kaa_decl__fail_unknown_type(kaa_decl__parser *p);
/* Forgets a failure; 0 if it cannot be forgotten. */
int kaa_decl__forgive(kaa_decl__parser *p);

/* symbol.c - identifiers. The lexer computes the hash (FNV-1a) as it reads. */
#define KAA_DECL__HASH_START 2166136261u
#define KAA_DECL__HASH_STEP(hash, c) (((hash) ^ (unsigned char)(c)) * 16777619u)
uint32_t kaa_decl__hash(const char *name, size_t length);
/* Finds or makes; NULL after a failure. */
kaa_decl__symbol *kaa_decl__intern(kaa_decl__parser *p, const char *name,
                                   size_t length, uint32_t hash);
const kaa_decl__symbol *kaa_decl__lookup(const kaa_decl__symbols *symbols,
                                         const char *name, size_t length);
void kaa_decl__symbols_fini(kaa_decl__symbols *symbols);
/* The type a name stands for: a typedef's or a well-known one; or NULL. */
const kaa_ctype *kaa_decl__named_type(kaa_decl__parser *p,
                                      kaa_decl__symbol *symbol);
/* The item that a name or tag stands for, in the scope too; or NULL. */
const kaa_decl_item *kaa_decl__ordinary(const kaa_decl__parser *p,
                                        const kaa_decl__symbol *symbol);
const kaa_decl_item *kaa_decl__tagged(const kaa_decl__parser *p,
                                      const kaa_decl__symbol *symbol);

/* lex.c - text to tokens */
void kaa_decl__next(kaa_decl__parser *p);
const kaa_decl__token *kaa_decl__peek(kaa_decl__parser *p);
/* Steps over the current token if it is of that kind. */
int kaa_decl__accept(kaa_decl__parser *p, uint32_t kind);
/* The same, or "expected <what>". */
int kaa_decl__expect(kaa_decl__parser *p, uint32_t kind, const char *what);
/* Begins to read a macro; 0 if it is read already or too many are. */
int kaa_decl__push_frame(kaa_decl__parser *p, kaa_decl__macro *macro);
void kaa_decl__drop_frames(kaa_decl__parser *p);
/* The place of the current token, in the text or in macros, for one return;
 * kaa_base__free()d by the caller. NULL after a failure. Nothing may have been
 * peeked at. */
kaa_decl__position *kaa_decl__keep_position(kaa_decl__parser *p);
void kaa_decl__return_to(kaa_decl__parser *p,
                         const kaa_decl__position *position);
/* Skips from an opening bracket, the current token, to behind its closing one.
 */
int kaa_decl__skip_group(kaa_decl__parser *p);
/* Skips an expression: to the , or `end` behind it, else "expected <what>". */
int kaa_decl__skip_to(kaa_decl__parser *p, uint32_t end, const char *what);
int kaa_decl__is_word(const kaa_decl__token *token, const char *word);

/* directive.c - lines that begin with #; the cursor stands behind the # */
void kaa_decl__directive(kaa_decl__parser *p, const char *hash);
/* #pragma and _Pragma: the text behind the word. */
int kaa_decl__pragma(kaa_decl__parser *p, const char *text, const char *end,
                     const kaa_decl__token *where);
/* macro.c - the values of all macros, when the text has been read */
int kaa_decl__finish_macros(kaa_decl__parser *p);

/* parse.c - declarations */
void kaa_decl__mark_here(const kaa_decl__parser *p, kaa_decl__mark *mark);
/* Macros are not expanded behind a rewind until the caller resets is_raw. */
void kaa_decl__rewind(kaa_decl__parser *p, const kaa_decl__mark *mark);
/* At _Static_assert; to behind its semicolon. */
int kaa_decl__read_static_assert(kaa_decl__parser *p);
/* All of the text. */
int kaa_decl__translation_unit(kaa_decl__parser *p);

/* select.c - hides what was not chosen */
int kaa_decl__select(kaa_decl__parser *p, const kaa_decl_options *options);

/* item.c - the list of items */
kaa_decl__entry *kaa_decl__add(kaa_decl__parser *p, kaa_decl_kind kind,
                               kaa_decl__symbol *symbol,
                               const kaa_decl__token *where);
void kaa_decl__set_place(kaa_decl_item *item, const kaa_decl__token *where);
int kaa_decl__add_skipped(kaa_decl__parser *p, const char *name,
                          const kaa_decl__token *where, const char *reason);
/* Declares a function, variable, typedef or static constant. */
int kaa_decl__declare(kaa_decl__parser *p, const kaa_decl__specifiers *s,
                      const kaa_decl__declarator *d,
                      const kaa_decl__value *initial);
/* An enumerator, its type and value. */
int kaa_decl__declare_enumerator(kaa_decl__parser *p, kaa_decl__symbol *symbol,
                                 const kaa_decl__token *where,
                                 const kaa_decl__value *value);
int kaa_decl__fill_constant(kaa_decl__parser *p, kaa_decl_item *item,
                            const kaa_decl__value *value);
/* Drops dead entries. */
void kaa_decl__compact(kaa_decl__parser *p);

/* specifier.c */
int kaa_decl__read_specifiers(kaa_decl__parser *p, kaa_decl__specifiers *s,
                              int is_with_storage);
/* Whether the current token begins a type's name. */
int kaa_decl__is_type_start(kaa_decl__parser *p, const kaa_decl__token *token);
/* "const char *" and the like: specifiers and an abstract declarator. */
int kaa_decl__read_type_name(kaa_decl__parser *p, const kaa_ctype **out_type);
uint32_t kaa_decl__qualifier(uint32_t token_kind); /* 0: it is none */
int kaa_decl__apply_mode(kaa_decl__parser *p, const kaa_decl__token *where,
                         uint32_t mode, const kaa_ctype **type);

/* extended.c - what is no kind of kaa's */
int kaa_decl__bit_int(kaa_decl__parser *p, const kaa_decl__token *where,
                      uint64_t width, int is_unsigned,
                      const kaa_ctype **out_type);
/* At the word _Decimal32 or the like. */
int kaa_decl__decimal(kaa_decl__parser *p, const kaa_decl__token *word,
                      const kaa_ctype **out_type);
/* vector_size has its effect on an arithmetic type, once. */
int kaa_decl__apply_vector(kaa_decl__parser *p, const kaa_decl__token *where,
                           kaa_decl__attributes *a, const kaa_ctype **type);

/* record.c, enum.c - at struct, union or enum */
int kaa_decl__record(kaa_decl__parser *p, const kaa_ctype **out_type);
int kaa_decl__enum(kaa_decl__parser *p, const kaa_ctype **out_type);
/* The tag's type of that kind, made incomplete at its first mention. */
int kaa_decl__find_tag(kaa_decl__parser *p, kaa_ctype_kind kind,
                       const kaa_decl__token *tag, const kaa_ctype **out_type);

int kaa_decl__new_tag(kaa_decl__parser *p, kaa_ctype_kind kind,
                      const kaa_decl__symbol *tag, const kaa_decl__token *where,
                      const kaa_ctype **out_type);
/* The keyword, the tag if there is one (else its symbol is NULL) and attributes
 * on either side of it. */
int kaa_decl__read_tag(kaa_decl__parser *p, kaa_decl__token *out_tag,
                       kaa_decl__attributes *attributes);
/* A definition begins: *out_type is to be completed. Where the tag is complete
 * already, it is a second type, to be compared with *out_known at the end. */
int kaa_decl__begin_definition(kaa_decl__parser *p, kaa_ctype_kind kind,
                               const kaa_decl__token *tag,
                               const kaa_ctype **out_known,
                               const kaa_ctype **out_type);
int kaa_decl__end_definition(kaa_decl__parser *p, const kaa_decl__token *tag,
                             const kaa_ctype *known, const kaa_ctype **type);
int kaa_decl__add_place(kaa_decl__parser *p, const kaa_decl__token *where,
                        uint32_t entry);

/* declarator.c, parameter.c */
enum { DECLARE_NAMED = 1, DECLARE_ABSTRACT = 2, DECLARE_PARAMETER = 4 };
/* Reads a declarator and builds its type on `base`. The parameters of its own
 * function stay in p->parameters until the caller resets that. */
int kaa_decl__read_declarator(kaa_decl__parser *p, const kaa_ctype *base,
                              uint32_t how, kaa_decl__declarator *d);
/* The specifiers' attributes as well; those that change the type have effect.
 */
int kaa_decl__settle(kaa_decl__parser *p, const kaa_decl__specifiers *s,
                     kaa_decl__declarator *d);
/* Fails if a parameter of what is no declared function has an annotation. */
int kaa_decl__refuse_parameters(kaa_decl__parser *p,
                                const kaa_decl__declarator *d);
/* At the ( of a function: a step's parameters. */
int kaa_decl__read_parameters(kaa_decl__parser *p, kaa_decl__step *step,
                              kaa_decl__declarator *d);
int kaa_decl__make_qualified(kaa_decl__parser *p, const kaa_decl__token *where,
                             uint32_t qualifiers, uint32_t align,
                             const kaa_ctype **type);

/* attribute.c, annotation.c */
int kaa_decl__is_attribute(kaa_decl__parser *p);
/* Any number of __attribute__, [[...]], __declspec, _Alignas; maybe none. */
int kaa_decl__read_attributes(kaa_decl__parser *p, kaa_decl__attributes *a);
void kaa_decl__merge(kaa_decl__attributes *into,
                     const kaa_decl__attributes *from);
int kaa_decl__gnu_attribute(kaa_decl__parser *p, kaa_decl__attributes *a);
/* At _Pragma("..."), which has its effect there. */
int kaa_decl__read_pragma(kaa_decl__parser *p);
/* At the word behind kaa:: */
int kaa_decl__annotation(kaa_decl__parser *p, kaa_decl__attributes *a);
/* Fails if `a` has an annotation that only suits elsewhere. */
int kaa_decl__refuse_annotations(kaa_decl__parser *p,
                                 const kaa_decl__attributes *a,
                                 const char *instead);
int kaa_decl__check_function(kaa_decl__parser *p, const kaa_decl__attributes *a,
                             const kaa_ctype *type);
int kaa_decl__check_parameter(kaa_decl__parser *p,
                              const kaa_decl__attributes *a,
                              const kaa_ctype *type);
/* At the ( of __asm__("name"): the joined strings. */
int kaa_decl__asm_name(kaa_decl__parser *p, const char **out_name);

/* standard.c - what attributes, and the C standard of its functions, say of a
 * function's parameters; `notes` are as many. */
void kaa_decl__note_use(const kaa_decl__attributes *a, kaa_decl_item *item,
                        kaa_decl_parameter *notes);

/* length.c - what kaa::length and kaa::borrow name. */
int kaa_decl__read_length(kaa_decl__parser *p, kaa_decl__attributes *a);
/* Finds the parameters, from `first` on, that lengths and loans name. */
int kaa_decl__resolve_lengths(kaa_decl__parser *p, size_t first, size_t count);
int kaa_decl__find_parameter(kaa_decl__parser *p, const kaa_decl__token *where,
                             const char *what, size_t first, size_t count,
                             const kaa_decl__symbol *name, uint32_t *out);

#include "decl/value.h"

#endif /* KAA_DECL_INTERNAL_H */
