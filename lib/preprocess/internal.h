/* preprocess/internal.h - what the files of the preprocessor share.
 *
 *     bytes --lex.c--> tokens --expand.c--> expanded tokens --output.c--> text
 *       |                 |                    |- arguments.c, paste.c
 *     file.c         directive.c, condition.c  '- builtin.c
 *
 * One `pp` does one text. The newest source is the file being read; contexts
 * are lists of tokens (bodies of macros, arguments) that are read before it. A
 * failure stands in pp->err and pp->has_failed; from then on there are only
 * T_END tokens, so loops end. Functions return 1, or 0 after a failure.
 *
 * The expansion follows the standard as gcc does: a macro is disabled while its
 * body is on the stack of contexts, and a name that meets its disabled macro is
 * marked for ever (NO_EXPAND).
 */
#ifndef KAA_PREPROCESS_INTERNAL_H
#define KAA_PREPROCESS_INTERNAL_H

#include <kaa/preprocess.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/table.h"
#include "base/text.h"

/* Bounds on what a text may ask for. */
#define PP_INCLUDES_MAX 200u      /* files within files, as gcc has it */
#define PP_CONDITIONS_MAX 100000u /* open #if, in all files together */
#define PP_NESTING_MAX 400u       /* calls of macros in arguments of macros */
#define PP_CONTEXTS_MAX 100000u   /* macros within macros */
#define PP_DEPTH_MAX 200u         /* parentheses in #if */
#define PP_PARAMETERS_MAX 4096u   /* of one macro */
#define PP_FILE_MAX ((size_t)1 << 28)
#define PP_OUTPUT_MAX ((size_t)1 << 29)
#define PP_LISTING_MAX ((size_t)1 << 26) /* of it, the macros at its end */
#define PP_WORK_BASE 10000000u           /* tokens that macros may make, and */
#define PP_WORK_A_BYTE 64u               /* so many more for each byte read */
#define PP_BODY_MAX 8192u             /* tokens of one #define in the output */
#define PP_LIST_MAX ((size_t)1 << 22) /* tokens of one argument or body */

enum kaa_preprocess__kind {
    T_END = 0, /* of the text, the directive's line, or an argument */
    T_NAME,
    T_NUMBER,
    T_CHARACTER,
    T_STRING,
    T_PUNCTUATION, /* `code` has its characters, the first in the low byte */
    T_OTHER,       /* a character that is nothing else in C */
    T_PARAMETER,   /* in bodies: `code` is the parameter's number */
    T_NOTHING,     /* an empty argument of ## */
};

/* Bits of a token's flags. */
enum {
    F_SPACE = 1u << 0,     /* blanks before it */
    F_FRESH = 1u << 1,     /* the first of its line */
    F_NO_EXPAND = 1u << 2, /* met its own macro */
    F_STRING = 1u << 3,    /* in bodies: # before this parameter */
    F_PASTE = 1u << 4,     /* in bodies: ## behind it */
    F_STAND_IN = 1u << 5,  /* a parameter that stands for itself */
    F_OPTIONAL = 1u << 6,  /* in bodies: __VA_OPT__, see arguments.c */
};

#define CODE(a, b, c)                                                          \
    ((uint32_t)(unsigned char)(a) | (uint32_t)(unsigned char)(b) << 8 |        \
     (uint32_t)(unsigned char)(c) << 16)

typedef struct kaa_preprocess__name kaa_preprocess__name;

typedef struct kaa_preprocess__token {
    const char *text;
    uint32_t length;
    uint32_t line; /* in its file */
    uint8_t kind;
    uint8_t flags;
    uint8_t reserved[2];
    uint32_t code;
    kaa_preprocess__name *name; /* of T_NAME */
} kaa_preprocess__token;

typedef struct kaa_preprocess__macro {
    kaa_preprocess__name *name;
    const kaa_preprocess__token *body;
    const kaa_preprocess__name *const *parameters;
    uint32_t count; /* of the body's tokens */
    uint32_t parameter_count;
    uint8_t is_function;
    uint8_t is_variadic; /* the last parameter takes all that is left */
    uint8_t is_busy;     /* its body is on the stack */
    uint8_t has_paste;   /* ## in the body */
    uint32_t line;
    const char *file; /* NULL: predefined */
    uint32_t is_main; /* of a file that is */
    uint32_t reserved;
} kaa_preprocess__macro;

/* What a name means to the preprocessor by itself. */
enum kaa_preprocess__special {
    S_NONE = 0,
    S_FILE,
    S_LINE,
    S_COUNTER,
    S_DATE,
    S_TIME,
    S_TIMESTAMP,
    S_INCLUDE_LEVEL,
    S_BASE_FILE,
    S_FILE_NAME,
    S_PRAGMA,  /* _Pragma */
    S_DEFINED, /* in #if only, as the next ones */
    S_HAS_INCLUDE,
    S_HAS_INCLUDE_NEXT,
    S_HAS_EMBED,
    S_HAS_ATTRIBUTE,
    S_HAS_CPP_ATTRIBUTE,
    S_HAS_C_ATTRIBUTE,
    S_HAS_BUILTIN,
    S_HAS_FEATURE,
    S_HAS_EXTENSION,
    S_HAS_WARNING,
    S_HAS_DECLSPEC_ATTRIBUTE,
    S_IS_IDENTIFIER,
    S_IS_TARGET_ARCH,
    S_IS_TARGET_VENDOR,
    S_IS_TARGET_OS,
    S_IS_TARGET_ENVIRONMENT,
    S_BUILDING_MODULE,
    S_VA_ARGS,
    S_VA_OPT,
};

/* An identifier, once for all its places. */
struct kaa_preprocess__name {
    const char *text; /* NUL-terminated */
    uint32_t length;
    uint32_t hash;
    kaa_preprocess__macro *macro;
    struct kaa_preprocess__saved *saved; /* #pragma push_macro */
    uint32_t parameter; /* number + 1 while its macro is being defined */
    uint8_t special;    /* an enum kaa_preprocess__special */
    uint8_t directive;  /* an enum of directive.c */
    uint8_t is_poisoned;
    uint8_t is_spoiled; /* its stand-in was pasted or made a string */
};

struct kaa_preprocess__saved {
    struct kaa_preprocess__saved *older;
    kaa_preprocess__macro *macro;
};

/* A file, read once. */
typedef struct kaa_preprocess__file {
    const char *path;
    const char *text;
    size_t length;
    const kaa_preprocess__name *guard; /* skipped if this is defined */
    uint32_t dir; /* the number of the folder it was found in; or NO_DIR */
    uint8_t is_once;
    uint8_t was_read;
    uint8_t is_own;  /* its text is a constant */
    uint8_t is_main; /* named in the text, or of the folder of one that is */
} kaa_preprocess__file;

#define PP_NO_DIR UINT32_MAX

/* A file being read. */
typedef struct kaa_preprocess__source {
    kaa_preprocess__file *file;
    const char *at;
    const char *end;
    const char *name; /* what #line says, or the path */
    uint32_t line;
    int32_t delta;       /* #line: line + delta is what __LINE__ says */
    uint32_t conditions; /* open ones when it began */
    uint8_t is_fresh;    /* nothing but blanks since the line began */
    uint8_t has_tokens;  /* outside of the guard's #ifndef ... #endif */
    uint8_t reserved;
    const kaa_preprocess__name *guard; /* of an #ifndef that began the file */
    uint32_t guard_depth;
} kaa_preprocess__source;

/* What is read at a context that is not passed: an argument's end, or the
 * source (a directive in the middle of a macro's arguments). */
enum { END_HERE = 1, SOURCE_HERE = 2 };

typedef struct kaa_preprocess__context {
    const kaa_preprocess__token *at;
    const kaa_preprocess__token *end;
    kaa_preprocess__token *owned; /* freed at its end; or NULL */
    kaa_preprocess__macro *macro; /* enabled again at its end; or NULL */
    uint8_t is_boundary;          /* never passed: an END_HERE or SOURCE_HERE */
    uint8_t is_first; /* the first token takes its blanks from `space` */
    uint8_t space;
    uint8_t reserved[5];
} kaa_preprocess__context;

typedef struct kaa_preprocess__condition {
    uint32_t line;
    uint8_t was_true; /* a group of it was taken */
    uint8_t is_skipping;
    uint8_t has_else;
    uint8_t is_outer_skipping;
} kaa_preprocess__condition;

/* A growing list of tokens. */
typedef struct kaa_preprocess__list {
    kaa_preprocess__token *tokens;
    size_t count;
    size_t capacity;
} kaa_preprocess__list;

typedef struct kaa_preprocess__names {
    kaa_preprocess__name **slots;
    uint32_t capacity;
    uint32_t count;
} kaa_preprocess__names;

typedef struct kaa_preprocess__pp {
    kaa_base__arena arena;
    kaa_preprocess__names names;
    kaa_preprocess_options options;
    kaa_error *err; /* never NULL */
    uint8_t has_failed;
    uint8_t in_directive; /* newlines end the tokens */
    uint8_t no_expand;
    uint8_t is_space;   /* blanks were before an empty expansion */
    uint8_t is_spoiled; /* that has happened to some stand-in */
    uint8_t is_listing; /* macros behind the text: __LINE__ is none of theirs */
    uint8_t is_predefining;
    uint32_t nesting;
    uint32_t counter;
    uint64_t work; /* tokens that macros may still make */
    const char *const *dirs;
    uint32_t dir_count;
    uint32_t own_dir; /* where "<kaa>/" stands among them; or NO_DIR */
    kaa_preprocess__file **files;
    size_t file_count, file_capacity;
    kaa_base__table paths; /* files by path; &no_file: there is none */
    const kaa_preprocess__file **mains; /* those that the text names */
    size_t main_count, main_capacity;
    kaa_preprocess__source *sources; /* the newest is the last */
    size_t source_count, source_capacity;
    kaa_preprocess__context *contexts;
    size_t context_count, context_capacity;
    kaa_preprocess__condition *conditions;
    size_t condition_count, condition_capacity;
    kaa_preprocess__macro **macros; /* as they were defined */
    size_t macro_count, macro_capacity;
    kaa_preprocess__list line; /* a directive's tokens */
    /* Where the outermost token, or the macro it comes from, stands. */
    const char *place_name;
    uint32_t place_line;
    uint8_t place_is_main;
    uint8_t reserved[3];
    kaa_base__text out;
    size_t listing_start; /* in `out` */
    const char *out_name;
    uint32_t out_line;
    uint32_t is_line_open; /* something stands on the line */
    kaa_preprocess__token out_last;
} kaa_preprocess__pp;

struct kaa_preprocess_result {
    kaa_base__arena arena;
    const char *text;
    size_t length;
    const char **files;
    size_t file_count;
};

/* preprocess.c - failures (return 0) and storage */
int kaa_preprocess__fail(kaa_preprocess__pp *pp, kaa_status status,
                         uint32_t line, const char *format, ...)
    KAA_PRINTF(4, 5);
int kaa_preprocess__fail_memory(kaa_preprocess__pp *pp);
void *kaa_preprocess__alloc(kaa_preprocess__pp *pp, size_t bytes);
/* Room for one more item of `bytes` in an array; 0 after a failure. */
int kaa_preprocess__grow(kaa_preprocess__pp *pp, void *items_pointer,
                         size_t count, size_t *capacity, size_t bytes);
int kaa_preprocess__append(kaa_preprocess__pp *pp, kaa_preprocess__list *list,
                           const kaa_preprocess__token *token);
/* `count` tokens of work by macros. */
int kaa_preprocess__spend(kaa_preprocess__pp *pp, uint64_t count);
/* The file being read; there is one. */
static inline kaa_preprocess__source *
kaa_preprocess__source_of(kaa_preprocess__pp *pp)
{
    KAA_ASSERT(pp->source_count != 0);
    return &pp->sources[pp->source_count - 1];
}

/* name.c */
#define PP_HASH_START 2166136261u
#define PP_HASH_STEP(hash, c) (((hash) ^ (unsigned char)(c)) * 16777619u)
kaa_preprocess__name *kaa_preprocess__intern(kaa_preprocess__pp *pp,
                                             const char *text, size_t length,
                                             uint32_t hash);
kaa_preprocess__name *kaa_preprocess__name_of(kaa_preprocess__pp *pp,
                                              const char *text, size_t length);

/* lex.c */
/* The next token of the newest source. Directives have their effect; the end
 * of a file goes on in the one that included it. */
void kaa_preprocess__lex(kaa_preprocess__pp *pp, kaa_preprocess__token *token);
/* One token of [at, end), which holds no newline; returns behind it. */
const char *kaa_preprocess__scan(kaa_preprocess__pp *pp, const char *at,
                                 const char *end, kaa_preprocess__token *token);
/* Whether a '(' is what comes next in the source: it is stepped over then. */
int kaa_preprocess__take_parenthesis(kaa_preprocess__pp *pp);
/* From within a group that is not taken to behind the # of its next directive
 * in the first column of tokens; 0 at the end of the file. */
int kaa_preprocess__skip_group(kaa_preprocess__pp *pp);
void kaa_preprocess__skip_line(kaa_preprocess__pp *pp);
/* <header> behind #include: the text between the brackets. */
int kaa_preprocess__angled(kaa_preprocess__pp *pp, const char **out_text,
                           size_t *out_length);
int kaa_preprocess__is(const kaa_preprocess__token *token, uint32_t code);

/* file.c */
int kaa_preprocess__set_dirs(kaa_preprocess__pp *pp);
/* The file that a name means; NULL if there is none, or after a failure.
 * `is_next`: from behind the folder of the file being read. */
kaa_preprocess__file *kaa_preprocess__find(kaa_preprocess__pp *pp,
                                           const char *name, size_t length,
                                           int is_angled, int is_next);
/* Begins to read it, unless its guard or #pragma once says no. */
int kaa_preprocess__enter(kaa_preprocess__pp *pp, kaa_preprocess__file *file);
/* Notes whether the file, included by the one being read, is one of those that
 * the text is about. */
int kaa_preprocess__note_main(kaa_preprocess__pp *pp,
                              kaa_preprocess__file *file, int is_angled);
int kaa_preprocess__enter_text(kaa_preprocess__pp *pp, const char *name,
                               const char *text, size_t length);
/* Ends the newest source. */
void kaa_preprocess__leave(kaa_preprocess__pp *pp);

/* directive.c, pragma.c, include.c: behind the # */
void kaa_preprocess__directive(kaa_preprocess__pp *pp, uint32_t line);
void kaa_preprocess__name_directives(kaa_preprocess__pp *pp);
int kaa_preprocess__include(kaa_preprocess__pp *pp, uint32_t line, int is_next,
                            int is_import);
/* "name" or <name>, perhaps behind macros. 1, or 0 after a failure. */
int kaa_preprocess__header_name(kaa_preprocess__pp *pp, const char *what,
                                const char **out_name, size_t *out_length,
                                int *out_is_angled);
int kaa_preprocess__pragma(kaa_preprocess__pp *pp, uint32_t line);
/* _Pragma: behind the name. */
int kaa_preprocess__pragma_operator(kaa_preprocess__pp *pp);

/* condition.c - the expression of #if, to the end of the line */
int kaa_preprocess__evaluate(kaa_preprocess__pp *pp, int *out_is_true);

/* define.c */
int kaa_preprocess__define(kaa_preprocess__pp *pp, uint32_t line);
int kaa_preprocess__predefine(kaa_preprocess__pp *pp);

/* expand.c */
void kaa_preprocess__next(kaa_preprocess__pp *pp, kaa_preprocess__token *token);
/* The same without expanding macros. */
void kaa_preprocess__take(kaa_preprocess__pp *pp, kaa_preprocess__token *token);
kaa_preprocess__context *kaa_preprocess__push(kaa_preprocess__pp *pp);
/* Drops contexts down to a count. */
void kaa_preprocess__drop(kaa_preprocess__pp *pp, size_t count);
/* All of [at, end), expanded, into a list. */
int kaa_preprocess__expand_list(kaa_preprocess__pp *pp,
                                const kaa_preprocess__token *at, size_t count,
                                kaa_preprocess__list *out);

/* arguments.c - the body of a function-like macro, arguments in place: a
 * context is pushed. At the token behind '('. */
int kaa_preprocess__invoke(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro,
                           const kaa_preprocess__token *name);
/* The same with parameters that stand for themselves, or for a number. */
int kaa_preprocess__invoke_itself(kaa_preprocess__pp *pp,
                                  kaa_preprocess__macro *macro, int is_number);
/* A token is pasted or made a string: of a stand-in that is noted. */
void kaa_preprocess__note_spoiled(kaa_preprocess__pp *pp,
                                  const kaa_preprocess__token *token);

/* paste.c */
int kaa_preprocess__paste_list(kaa_preprocess__pp *pp,
                               kaa_preprocess__list *list);
int kaa_preprocess__stringify(kaa_preprocess__pp *pp,
                              const kaa_preprocess__token *tokens, size_t count,
                              kaa_preprocess__token *out);

/* builtin.c */
int kaa_preprocess__builtin(kaa_preprocess__pp *pp,
                            kaa_preprocess__token *token);
int kaa_preprocess__has(kaa_preprocess__pp *pp, uint32_t special,
                        long *out_value);
void kaa_preprocess__name_builtins(kaa_preprocess__pp *pp);
int kaa_preprocess__make_number(kaa_preprocess__pp *pp, long value,
                                kaa_preprocess__token *token);

/* output.c */
void kaa_preprocess__write(kaa_preprocess__pp *pp,
                           const kaa_preprocess__token *token);
void kaa_preprocess__write_pragma(kaa_preprocess__pp *pp, const char *text,
                                  size_t length, uint32_t line);
void kaa_preprocess__write_macros(kaa_preprocess__pp *pp);
/* The same with bodies as they were written. */
void kaa_preprocess__write_definitions(kaa_preprocess__pp *pp);

/* platform.c, generated where kaa is built */
extern const char kaa_preprocess__predefined[];
extern const char *const kaa_preprocess__system_dirs[];
typedef struct kaa_preprocess__own {
    const char *name;
    const char *text;
    size_t length;
} kaa_preprocess__own;
extern const kaa_preprocess__own kaa_preprocess__own_headers[];
/* What the compiler says to __has_attribute and the like. */
typedef struct kaa_preprocess__answer {
    const char *question; /* "attribute aligned" */
    long value;
} kaa_preprocess__answer;
extern const kaa_preprocess__answer kaa_preprocess__answers[];

#endif /* KAA_PREPROCESS_INTERNAL_H */
