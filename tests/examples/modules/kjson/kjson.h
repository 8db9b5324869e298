/* kjson.h - what the files of the module kjson share.
 *
 *     module.c   functions, options, the error       text.c     scanning,
 * strings parse.c    text to objects                     number.c   numbers
 *     write.c    objects to text                     buffer.c   a growing text
 *
 * The module is an example of kaa/module.h: it includes that and the C library,
 * links nothing, and keeps what it keeps in its module's state.
 */
#ifndef KJSON_H
#define KJSON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* newlocale() and strtod_l(), which are not in C */
#endif

#include <kaa/module.h>

#include <locale.h>
#include <string.h>

/** Of one module object. */
typedef struct kjson_state {
    kaa_object *error; /**< The type JSONError. */
    locale_t numbers;  /**< Where the decimal point is a point. */
} kjson_state;

/* ---- Eight bytes at a time */

#define KJSON_EACH(byte) (UINT64_C(0x0101010101010101) * (uint64_t)(byte))
#define KJSON_HIGH KJSON_EACH(0x80)

static inline uint64_t
kjson_load(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return word;
}

/* The highest bit of each byte below `limit`, which is at most 0x80. Bytes
 * above (in value of the word) such a byte may be marked wrongly. */
static inline uint64_t
kjson_below(uint64_t word, unsigned limit)
{
    return (word - KJSON_EACH(limit)) & ~word & KJSON_HIGH;
}

/* The same of each byte that equals `byte`. */
static inline uint64_t
kjson_equal(uint64_t word, unsigned byte)
{
    return kjson_below(word ^ KJSON_EACH(byte), 1);
}

/* Of bytes that end a plain run of a string: a quote, a backslash, a control
 * character. */
static inline uint64_t
kjson_special(uint64_t word)
{
    return kjson_below(word, 0x20) | kjson_equal(word, '"') |
           kjson_equal(word, '\\');
}

/** The first special byte of `text`, or `end`. */
const char *kjson_scan(const char *text, const char *end);

/* ---- Buffers: text that grows */

typedef struct kjson_buffer {
    char *text; /**< NULL: nothing yet. */
    size_t size, capacity;
} kjson_buffer;

/** Makes room for `more` bytes; 0, or -1. */
int kjson_grow(kaa_context *ctx, kjson_buffer *buffer, size_t more);

/** Doubles the capacity of a stack, which is in items; 0, or -1. */
int kjson_grow_array(kaa_context *ctx, void **array, size_t *capacity,
                     size_t item_bytes);

static inline int
kjson_reserve(kaa_context *ctx, kjson_buffer *buffer, size_t more)
{
    if (buffer->capacity - buffer->size >= more)
        return 0;
    return kjson_grow(ctx, buffer, more);
}

static inline int
kjson_put(kaa_context *ctx, kjson_buffer *buffer, const char *text, size_t size)
{
    if (size == 0) /* there may be no text yet */
        return 0;
    if (kjson_reserve(ctx, buffer, size) < 0)
        return -1;
    memcpy(buffer->text + buffer->size, text, size);
    buffer->size += size;
    return 0;
}

/** Writes a str with its quotes; see kaa_str_as_utf8() about lone surrogates,
 * which are written as escapes if `ascii`, and refused otherwise. */
int kjson_put_str(kaa_context *ctx, kjson_buffer *buffer, kaa_object *str,
                  int ascii);

/** Makes a UTF-8 sequence of a code point, surrogates too; its length. */
size_t kjson_encode(uint32_t point, char *out);

/* ---- Parsing */

/* A string that was seen: its text lies in the document. */
typedef struct kjson_seen {
    const char *text;
    size_t size;
    kaa_object *object; /* NULL: free. Owned. */
} kjson_seen;

/** Strings that were seen, to be used again: pairs of places by a hash. */
typedef struct kjson_memo {
    kjson_seen *places;
    size_t count; /**< A power of 2. */
} kjson_memo;

/** A parse under way. */
typedef struct kjson_parser {
    kaa_context *ctx;
    const kjson_state *state;
    const char *start, *at, *end; /**< The document; *end is NUL. */
    kaa_object **items;           /**< Finished values, of open containers too;
                                       owned. */
    size_t item_count, item_capacity;
    size_t *opened; /**< For each open container: twice its first item, plus 1
                         for an object. */
    size_t open_count, open_capacity;
    kjson_buffer scratch; /**< Of a string with escapes. */
    kjson_memo keys, values;
    int32_t value_score; /**< Below 0: `values` does not pay. */
    uint32_t until_poll;
    int allow_nan;
} kjson_parser;

/** The value of a document, or NULL. `text[size]` is NUL. */
kaa_object *kjson_parse(kaa_context *ctx, const kjson_state *state,
                        const char *text, size_t size, int allow_nan);

/** Raises JSONError: "message: line 1 column 2 (char 1)". Returns -1. */
int kjson_fail(const kjson_parser *p, const char *message, const char *place);

/** At a quote: the string, as a new reference, and p->at after it. Keys are
 * shared. */
kaa_object *kjson_parse_string(kjson_parser *p, int is_key);

/** At a digit or a minus: the number, and p->at after it. */
kaa_object *kjson_parse_number(kjson_parser *p);

/* ---- Writing */

/** How to write. Texts are borrowed. */
typedef struct kjson_style {
    const char *indent; /**< NULL: all on one line. */
    size_t indent_size;
    const char *item_separator, *key_separator;
    size_t item_separator_size, key_separator_size;
    kaa_object *fallback; /**< Called with what cannot be written, or NULL. */
    int sort_keys, ensure_ascii, allow_nan, skip_keys;
} kjson_style;

/** Writes a value; 0, or -1. The buffer's text is to be freed either way. */
int kjson_write(kaa_context *ctx, const kjson_style *style, kaa_object *value,
                kjson_buffer *out);

#endif /* KJSON_H */
