/* args/internal.h - a format, checked and taken apart.
 *
 *     "O!(ii)|s:f" --> [TYPED][GROUP 2, span 2][INT][INT][TEXT]   minimum 2
 *
 * A plan is made once a format and found again by the format's address; the
 * text is compared each time, since nobody promises that a format is constant.
 * No argument is touched before the whole format has been understood.
 */
#ifndef KAA_ARGS_INTERNAL_H
#define KAA_ARGS_INTERNAL_H

#include <stdatomic.h>

#include "args/args.h"
#include "base/assert.h"

#define KAA_ARGS__UNITS_MAX 255u
#define KAA_ARGS__NESTING_MAX 30u

typedef enum kaa_args__kind {
    KAA_ARGS__POSITIONAL,
    KAA_ARGS__KEYWORDS,
    KAA_ARGS__BUILD,
} kaa_args__kind;

typedef enum kaa_args__op {
    OP_TEXT,           /* s */
    OP_TEXT_NULL,      /* z */
    OP_TEXT_SIZED,     /* s# */
    OP_NULL_SIZED,     /* z# */
    OP_BYTES,          /* y */
    OP_BYTES_SIZED,    /* y# */
    OP_TEXT_BUFFER,    /* s* */
    OP_NULL_BUFFER,    /* z* */
    OP_BUFFER,         /* y* */
    OP_WRITABLE,       /* w* */
    OP_TRUTH,          /* p */
    OP_BYTE,           /* b */
    OP_BYTE_MASK,      /* B */
    OP_SHORT,          /* h */
    OP_SHORT_MASK,     /* H */
    OP_INT,            /* i */
    OP_INT_MASK,       /* I */
    OP_LONG,           /* l */
    OP_LONG_MASK,      /* k */
    OP_LONG_LONG,      /* L */
    OP_LONG_LONG_MASK, /* K */
    OP_SIZE,           /* n */
    OP_CHAR,           /* c */
    OP_CODE_POINT,     /* C */
    OP_FLOAT,          /* f */
    OP_DOUBLE,         /* d */
    OP_COMPLEX,        /* D */
    OP_BYTES_OBJECT,   /* S */
    OP_STR_OBJECT,     /* U; when building: as s */
    OP_OBJECT,         /* O */
    OP_TAKEN,          /* N */
    OP_INSTANCE,       /* O! */
    OP_CONVERTER,      /* O& */
    OP_TUPLE,          /* ( ) */
    OP_LIST,           /* [ ] */
    OP_DICT,           /* { } */
} kaa_args__op;

typedef struct kaa_args__unit {
    uint8_t op;      /* a kaa_args__op */
    uint8_t borrows; /* groups: an item is stored that is not the caller's */
    uint8_t items;   /* groups: how many units are in it, groups being one */
    uint8_t span;    /* groups: how many units follow that belong to it */
} kaa_args__unit;

typedef struct kaa_args__plan {
    const char *format;  /* whose address it was; never read */
    const char *text;    /* the copy */
    const char *name;    /* of the function, in `text`; or NULL */
    const char *message; /* instead of all messages, in `text`; or NULL */
    uint8_t kind;
    uint8_t count;    /* units */
    uint8_t items;    /* at the top */
    uint8_t minimum;  /* how many of those are needed */
    uint8_t maximum;  /* how many may be positional */
    uint8_t is_quick; /* only s, i and O */
    kaa_args__unit units[];
} kaa_args__plan;

/* Room for the longest plan. */
typedef union kaa_args__room {
    kaa_args__plan plan;
    unsigned char bytes[sizeof(kaa_args__plan) +
                        KAA_ARGS__UNITS_MAX * sizeof(kaa_args__unit)];
} kaa_args__room;

/* cache.c: formats met before. A few neighbouring places are looked at. */
#define KAA_ARGS__PLACES 2048u /* a power of two */
#define KAA_ARGS__NEIGHBOURS 4u
extern _Atomic(const kaa_args__plan *)
    kaa_args__places[KAA_ARGS__PLACES + KAA_ARGS__NEIGHBOURS];

static inline size_t
kaa_args__place_of(const char *format)
{
    uint64_t address = (uintptr_t)format;

    return (size_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 53) &
           (KAA_ARGS__PLACES - 1);
}

static inline int
kaa_args__is_same(const char *a, const char *b)
{
    while (*a == *b) {
        if (*a == '\0')
            return 1;
        a++;
        b++;
    }
    return 0;
}

/* The plan of a format met before, or NULL. */
static inline const kaa_args__plan *
kaa_args__find(kaa_args__kind kind, const char *format)
{
    size_t place = kaa_args__place_of(format);

    for (size_t i = place; i < place + KAA_ARGS__NEIGHBOURS; i++) {
        const kaa_args__plan *plan =
            atomic_load_explicit(&kaa_args__places[i], memory_order_acquire);

        if (plan == NULL)
            return NULL;
        if (plan->format == format && plan->kind == kind &&
            kaa_args__is_same(plan->text, format))
            return plan;
    }
    return NULL;
}

/* Remembers a plan, if there is room. */
void kaa_args__remember(const kaa_args__plan *plan);

/* plan.c: makes the plan, in *room; what it points at is `format`. NULL:
 * SystemError says where the format is wrong. Remembers it. */
const kaa_args__plan *kaa_args__compile(kaa_context *ctx, kaa_args__kind kind,
                                        const char *format,
                                        kaa_args__room *room);

/* What a later failure takes back. */
typedef int (*kaa_args__converter)(kaa_context *ctx, kaa_object *object,
                                   void *out);
typedef struct kaa_args__held {
    void *out;                     /* a kaa_buffer, or a converter's variable */
    kaa_args__converter converter; /* NULL: it is a buffer */
} kaa_args__held;

/* One parse on its way. */
typedef struct kaa_args__walk {
    kaa_context *ctx;
    const kaa_args__plan *plan;
    const char *const *names; /* NULL: arguments are named by number */
    va_list out;
    uint32_t position; /* of the argument, from 0 */
    uint32_t depth;    /* of groups */
    uint32_t held_count;
    uint8_t item[KAA_ARGS__NESTING_MAX]; /* in each group, from 0 */
    kaa_args__held held[KAA_ARGS__UNITS_MAX];
} kaa_args__walk;

/* convert.c: stores what `object` is as the unit wants it. 0, or -1. */
int kaa_args__convert(kaa_args__walk *walk, const kaa_args__unit *unit,
                      kaa_object *object);
/* Passes over the variables of a unit that has no argument. */
void kaa_args__skip(kaa_args__walk *walk, const kaa_args__unit *unit);
/* Gives back what was stored, after a failure; the exception stays. */
void kaa_args__undo(kaa_args__walk *walk);

/* numbers.c */
int kaa_args__convert_number(kaa_args__walk *walk, const kaa_args__unit *unit,
                             kaa_object *object);

/* What a text that str_as_utf8() refused (NULL, an exception pending), or that
 * has a NUL in it, is refused with. -1. */
int kaa_args__refuse_text(kaa_args__walk *walk, const kaa_args__unit *unit,
                          kaa_object *object, const char *text);
/* Makes the pending exception of an int's conversion say which argument. -1. */
int kaa_args__refuse_int(kaa_args__walk *walk, const kaa_args__unit *unit,
                         kaa_object *object);
/* OverflowError with the range of the unit. -1. */
int kaa_args__refuse_range(kaa_args__walk *walk, const kaa_args__unit *unit,
                           int64_t value);

/* refuse.c: "f() argument 1 must be <wanted>, not <type>". -1. */
int kaa_args__refuse_type(kaa_args__walk *walk, const char *wanted,
                          kaa_object *object);
/* "f() argument 1<reason>", of a builtin exception type. -1. */
int kaa_args__refuse(kaa_args__walk *walk, kaa_builtin_id type,
                     const char *format, ...) KAA_PRINTF(3, 4);
/* Whether an object is of a builtin type that is certainly no number: then a
 * context's TypeError can be replaced by one that names the argument. */
int kaa_args__is_no_number(kaa_context *ctx, kaa_object *object);

#endif /* KAA_ARGS_INTERNAL_H */
