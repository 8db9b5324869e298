/* object/text/str.h - how text and bytes lie in memory, and what the rest of
 * object/ does with them.
 *
 *     ASCII text, bytes   header | hash | size | text ... NUL
 *     other text          header | hash | size, top bit set | text ... NUL pad
 *                                | length in characters | offsets[length / 256]
 *
 * Text is valid UTF-8, always: whoever makes a str has looked. Where all of it
 * is ASCII, a character is a byte. Else the block's end says how many
 * characters there are, and where each 256th begins; those offsets are found
 * when an index is first asked for (offsets[0] is 0 until then).
 */
#ifndef KAA_OBJECT_STR_H
#define KAA_OBJECT_STR_H

#include <string.h>

#include "object/core/object.h"

#define KAA_OBJECT__NOT_ASCII (UINT64_C(1) << 63)
/* Characters from one known offset to the next. */
#define KAA_OBJECT__STR_STRIDE 256u

/* A str or a bytes object. */
typedef struct kaa_object__text {
    kaa_object header;
    uint64_t hash; /* 0: not known yet */
    uint64_t size; /* bytes of text, and KAA_OBJECT__NOT_ASCII */
    char text[];   /* NUL-terminated */
} kaa_object__text;

/* Behind the text of what is not ASCII. */
typedef struct kaa_object__str_tail {
    uint64_t length; /* in characters */
    uint64_t offsets[];
} kaa_object__str_tail;

static inline int
kaa_object__is_str(const kaa_object *object)
{
    return !kaa_is_tagged(object) && object->type->id == KAA_STR_TYPE;
}

static inline int
kaa_object__is_bytes(const kaa_object *object)
{
    return !kaa_is_tagged(object) && object->type->id == KAA_BYTES_TYPE;
}

static inline const kaa_object__text *
kaa_object__str_of(const kaa_object *object)
{
    return (const kaa_object__text *)(const void *)object;
}

/* Of a str or a bytes object. */
static inline const char *
kaa_object__str_text(const kaa_object *object)
{
    return kaa_object__str_of(object)->text;
}

/* In bytes. Of a str or a bytes object. */
static inline size_t
kaa_object__str_size(const kaa_object *object)
{
    return (size_t)(kaa_object__str_of(object)->size & ~KAA_OBJECT__NOT_ASCII);
}

static inline int
kaa_object__str_is_ascii(const kaa_object *object)
{
    return (kaa_object__str_of(object)->size & KAA_OBJECT__NOT_ASCII) == 0;
}

/* Where the tail of a str of `size` bytes begins, from its text. */
static inline size_t
kaa_object__str_tail_offset(size_t size)
{
    return (size + 1 + 7) & ~(size_t)7;
}

static inline const kaa_object__str_tail *
kaa_object__str_tail_of(const kaa_object *object)
{
    return (const kaa_object__str_tail
                *)(const void *)(kaa_object__str_text(object) +
                                 kaa_object__str_tail_offset(
                                     kaa_object__str_size(object)));
}

/* In characters. */
static inline size_t
kaa_object__str_count(const kaa_object *object)
{
    return kaa_object__str_is_ascii(object)
               ? kaa_object__str_size(object)
               : (size_t)kaa_object__str_tail_of(object)->length;
}

/* hash.c: SipHash-1-3 with the runtime's key; never 0 or -1, and the same for a
 * str and a bytes object with the same bytes. */
uint64_t kaa_object__hash_text(kaa_context *ctx, const char *text, size_t size);

/* The hash of a str or a bytes object, as kaa_object__hash_text() of its text.
 */
static inline uint64_t
kaa_object__str_hash(kaa_context *ctx, kaa_object *object)
{
    kaa_object__text *self = (kaa_object__text *)(void *)object;

    if (KAA_UNLIKELY(self->hash == 0))
        self->hash = kaa_object__hash_text(ctx, self->text,
                                           kaa_object__str_size(object));
    return self->hash;
}

/* Whether two str, or two bytes objects, are equal. */
static inline int
kaa_object__str_same(const kaa_object *left, const kaa_object *right)
{
    const kaa_object__text *a = kaa_object__str_of(left);
    const kaa_object__text *b = kaa_object__str_of(right);

    return left == right ||
           (a->size == b->size &&
            (a->hash == b->hash || a->hash == 0 || b->hash == 0) &&
            memcmp(a->text, b->text, kaa_object__str_size(left)) == 0);
}

/* A str whose text is still to be written: `size` bytes of valid UTF-8, which
 * are `count` characters; the NUL is there already. `size` is not 0: the empty
 * str is runtime->empty_str. NULL: MemoryError. */
kaa_object *kaa_object__str_alloc(kaa_context *ctx, size_t size, size_t count);
/* The same for bytes; `size` may be 0. */
kaa_object *kaa_object__bytes_alloc(kaa_context *ctx, size_t size);
static inline char *
kaa_object__str_fill(kaa_object *fresh)
{
    return ((kaa_object__text *)(void *)fresh)->text;
}

/* A str of text that is known to be UTF-8, or plain ASCII. */
kaa_object *kaa_object__str_trusted(kaa_context *ctx, const char *text,
                                    size_t size);
kaa_object *kaa_object__str_ascii(kaa_context *ctx, const char *text,
                                  size_t size);
/* A str that is the only one of its text, and immortal: names. */
kaa_object *kaa_object__str_intern_text(kaa_context *ctx, const char *text,
                                        size_t size);
/* The interned str of a text, if there is one, else any: for look-ups by names
 * of which there may be ever more. */
kaa_object *kaa_object__str_name(kaa_context *ctx, const char *text,
                                 size_t size);
/* The str of one code point, which is not a surrogate. */
kaa_object *kaa_object__str_of_code_point(kaa_context *ctx, uint32_t point);
/* Bytes from the text to its character number `index`, which may be the end. */
size_t kaa_object__str_offset(kaa_object *str, size_t index);
/* What a str or bytes object prints as. */
kaa_object *kaa_object__str_repr(kaa_context *ctx, kaa_object *str);
kaa_object *kaa_object__bytes_repr(kaa_context *ctx, kaa_object *bytes);
/* The repr of any memory as bytes: b'...', with what stands before and after
 * it; for bytes and bytearray. */
kaa_object *kaa_object__repr_data(kaa_context *ctx, const char *before,
                                  const void *data, size_t size,
                                  const char *after);
/* Where `part` first begins in `text` from `from` on; -1: nowhere. For text and
 * bytes alike. */
ptrdiff_t kaa_object__find_bytes(const char *text, size_t size,
                                 const char *part, size_t part_size,
                                 size_t from);
/* The last place. */
ptrdiff_t kaa_object__find_bytes_last(const char *text, size_t size,
                                      const char *part, size_t part_size);

#endif /* KAA_OBJECT_STR_H */
