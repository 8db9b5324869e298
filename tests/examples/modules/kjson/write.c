/* kjson/write.c - objects to text, without recursion.
 *
 * Each container that is being written stands in a frame; a frame of the kind
 * REPLACED stands for an object that the fallback was asked about, as long as
 * its answer is written. An object may not stand in two frames: then it
 * contains itself. Which ones stand there is kept in a table of pointers as
 * well, so that asking does not take longer in deeper documents.
 */
#include "kjson.h"

#include <math.h>

/* Fallbacks within fallbacks: as deep as Python's recursion, after which a
 * fallback that always answers with a new object has to stop. */
#define REPLACED_MAX 1000u

enum kind { LIST, TUPLE, DICT, PAIRS, REPLACED };

typedef struct frame {
    kaa_object *container; /* owned */
    kaa_object *pairs;     /* PAIRS: a list of (key, value); owned */
    size_t position;       /* of the next item */
    size_t written;
    ptrdiff_t size; /* DICT: when it began */
    enum kind kind;
} frame;

typedef struct writer {
    kaa_context *ctx;
    const kjson_style *style;
    kjson_buffer *out;
    frame *frames;
    size_t count, capacity;
    size_t replaced;       /* frames of that kind */
    kaa_object **standing; /* open addressing; at most half is full */
    size_t standing_mask;
} writer;

/* ---- Frames */

static size_t
place_of(const kaa_object *object, size_t mask)
{
    return (size_t)(((uint64_t)(uintptr_t)object *
                     UINT64_C(0x9e3779b97f4a7c15)) >>
                    20) &
           mask;
}

/* The place of an object in the table, or where it would be. */
static kaa_object **
find_standing(const writer *w, const kaa_object *object)
{
    size_t place = place_of(object, w->standing_mask);

    while (w->standing[place] != NULL && w->standing[place] != object)
        place = (place + 1) & w->standing_mask;
    return &w->standing[place];
}

static int
grow_standing(writer *w)
{
    size_t size = w->standing == NULL ? 64 : (w->standing_mask + 1) * 2;
    kaa_object **table = kaa_mem_alloc(w->ctx, size * sizeof(*table));

    if (table == NULL)
        return -1;
    memset(table, 0, size * sizeof(*table));
    kaa_mem_free(w->ctx, w->standing);
    w->standing = table;
    w->standing_mask = size - 1;
    for (size_t i = 0; i < w->count; i++)
        *find_standing(w, w->frames[i].container) = w->frames[i].container;
    return 0;
}

/* Begins a container; `pairs` is taken over, also when it fails. */
static int
push(writer *w, kaa_object *container, enum kind kind, kaa_object *pairs)
{
    kaa_context *ctx = w->ctx;
    kaa_object **place;
    frame *top;

    if (w->count == w->capacity) {
        void *frames = w->frames;

        if (kjson_grow_array(ctx, &frames, &w->capacity, sizeof(frame)) < 0)
            goto failed;
        w->frames = frames;
    }
    if ((w->standing == NULL || w->count * 2 > w->standing_mask) &&
        grow_standing(w) < 0)
        goto failed;
    place = find_standing(w, container);
    if (*place != NULL) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                  "Circular reference detected");
        goto failed;
    }
    *place = container;
    top = &w->frames[w->count++];
    memset(top, 0, sizeof(*top));
    top->container = kaa_incref(ctx, container);
    top->pairs = pairs;
    top->kind = kind;
    return 0;
failed:
    kaa_decref(ctx, pairs);
    return -1;
}

/* The last to come is the first to go, so that nothing in the table was put
 * behind it: taking it out leaves no gap in anybody's way. */
static void
pop(writer *w)
{
    frame top = w->frames[--w->count];

    *find_standing(w, top.container) = NULL;
    if (top.kind == REPLACED)
        w->replaced--;
    kaa_decref(w->ctx, top.pairs);
    kaa_decref(w->ctx, top.container);
}

/* ---- Text */

static int
put(writer *w, const char *text, size_t size)
{
    return kjson_put(w->ctx, w->out, text, size);
}

/* A new line and the indentation of a depth. */
static int
put_line(writer *w, size_t depth)
{
    if (w->style->indent == NULL)
        return 0;
    if (put(w, "\n", 1) < 0)
        return -1;
    for (size_t i = 0; i < depth; i++)
        if (put(w, w->style->indent, w->style->indent_size) < 0)
            return -1;
    return 0;
}

/* How deep the document is here: fallbacks do not count. */
static size_t
depth_of(const writer *w)
{
    return w->count - w->replaced;
}

static int
put_separator(writer *w, frame *top)
{
    if (top->written++ != 0 &&
        put(w, w->style->item_separator, w->style->item_separator_size) < 0)
        return -1;
    return put_line(w, depth_of(w));
}

/* The text of a str that is taken over, as it is. */
static int
put_taken(writer *w, kaa_object *str)
{
    size_t size;
    const char *text = str == NULL ? NULL : kaa_str_as_utf8(w->ctx, str, &size);
    int result = text == NULL ? -1 : put(w, text, size);

    kaa_decref(w->ctx, str);
    return result;
}

static int
put_int(writer *w, kaa_object *object)
{
    char digits[24];
    size_t at = sizeof(digits);
    int64_t value = 0;
    uint64_t rest;

    if (kaa_int_as_int64(w->ctx, object, &value) < 0) {
        if (!kaa_error_matches(w->ctx, kaa_builtin(w->ctx, KAA_OVERFLOW_ERROR)))
            return -1;
        kaa_error_clear(w->ctx);
        return put_taken(w, kaa_int_as_text(w->ctx, object, 10));
    }
    rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        digits[--at] = '-';
    return put(w, digits + at, sizeof(digits) - at);
}

static int
put_float(writer *w, kaa_object *object)
{
    kaa_context *ctx = w->ctx;
    double value = 0;
    kaa_object *plain;
    int result;

    if (kaa_float_as_double(ctx, object, &value) < 0)
        return -1;
    if (!isfinite(value)) {
        if (!w->style->allow_nan)
            return kaa_raise_format(
                ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                "Out of range float values are not JSON compliant: %R", object);
        if (isnan(value))
            return put(w, "NaN", 3);
        return value > 0 ? put(w, "Infinity", 8) : put(w, "-Infinity", 9);
    }
    if (kaa_check_exact(ctx, object, KAA_FLOAT_TYPE))
        return put_taken(w, kaa_repr(ctx, object));
    /* a subclass may have a repr of its own */
    plain = kaa_float_from_double(ctx, value);
    result = plain == NULL ? -1 : put_taken(w, kaa_repr(ctx, plain));
    kaa_decref(ctx, plain);
    return result;
}

static int
put_str(writer *w, kaa_object *str)
{
    return kjson_put_str(w->ctx, w->out, str, w->style->ensure_ascii);
}

/* ---- Values */

static int
begin_list(writer *w, kaa_object *value, enum kind kind)
{
    ptrdiff_t size = kind == LIST ? kaa_list_size(w->ctx, value)
                                  : kaa_tuple_size(w->ctx, value);

    if (size < 0)
        return -1;
    if (size == 0)
        return put(w, "[]", 2);
    if (push(w, value, kind, NULL) < 0)
        return -1;
    return put(w, "[", 1);
}

/* The entries of a dict as a list, where they are wanted sorted or a subclass
 * may have its own ideas of them. */
static kaa_object *
list_pairs(writer *w, kaa_object *dict, int is_exact)
{
    kaa_context *ctx = w->ctx;
    kaa_object *items = is_exact
                            ? kaa_dict_items(ctx, dict)
                            : kaa_call_method(ctx, "items", &dict, 1, NULL);
    kaa_object *pairs = items;

    if (items != NULL && !is_exact) {
        pairs = kaa_to_list(ctx, items);
        kaa_decref(ctx, items);
    }
    if (pairs != NULL && w->style->sort_keys && kaa_list_sort(ctx, pairs) < 0)
        KAA_CLEAR(ctx, pairs);
    return pairs;
}

static int
begin_dict(writer *w, kaa_object *value, int is_exact)
{
    kaa_context *ctx = w->ctx;
    ptrdiff_t size = kaa_dict_size(ctx, value);
    kaa_object *pairs = NULL;
    enum kind kind = DICT;

    if (size < 0)
        return -1;
    if (size == 0)
        return put(w, "{}", 2);
    if (w->style->sort_keys || !is_exact) {
        kind = PAIRS;
        pairs = list_pairs(w, value, is_exact);
        if (pairs == NULL)
            return -1;
    }
    if (push(w, value, kind, pairs) < 0)
        return -1;
    w->frames[w->count - 1].size = size;
    return put(w, "{", 1);
}

static int begin(writer *w, kaa_object *value);

/* Asks the fallback for what to write instead. */
static int
replace(writer *w, kaa_object *value)
{
    kaa_context *ctx = w->ctx;
    kaa_object *answer;
    int result;

    if (w->style->fallback == NULL)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                                "Object of type %T is not JSON serializable",
                                value);
    if (w->replaced == REPLACED_MAX)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_RECURSION_ERROR),
                         "maximum depth of default() exceeded");
    if (push(w, value, REPLACED, NULL) < 0)
        return -1;
    w->replaced++;
    answer = kaa_call(ctx, w->style->fallback, &value, 1, NULL);
    if (answer == NULL)
        return -1;
    /* at most REPLACED_MAX of these calls are within each other */
    result = begin(w, answer);
    kaa_decref(ctx, answer);
    return result;
}

/* Writes a value whose type is not exactly one of JSON's. */
static int
begin_derived(writer *w, kaa_object *value)
{
    kaa_context *ctx = w->ctx;

    if (kaa_check(ctx, value, KAA_STR_TYPE))
        return put_str(w, value);
    if (kaa_check(ctx, value, KAA_INT_TYPE))
        return put_int(w, value);
    if (kaa_check(ctx, value, KAA_FLOAT_TYPE))
        return put_float(w, value);
    if (kaa_check(ctx, value, KAA_LIST_TYPE))
        return begin_list(w, value, LIST);
    if (kaa_check(ctx, value, KAA_TUPLE_TYPE))
        return begin_list(w, value, TUPLE);
    if (kaa_check(ctx, value, KAA_DICT_TYPE))
        return begin_dict(w, value, 0);
    return replace(w, value);
}

/* Writes a value, or the beginning of a container. */
static int
begin(writer *w, kaa_object *value)
{
    kaa_context *ctx = w->ctx;
    kaa_object *type;

    if (value == kaa_builtin(ctx, KAA_NONE))
        return put(w, "null", 4);
    if (value == kaa_builtin(ctx, KAA_TRUE))
        return put(w, "true", 4);
    if (value == kaa_builtin(ctx, KAA_FALSE))
        return put(w, "false", 5);
    type = kaa_type_of(ctx, value);
    if (type == NULL)
        return -1;
    kaa_decref(ctx, type); /* the value holds it */
    if (type == kaa_builtin(ctx, KAA_STR_TYPE))
        return put_str(w, value);
    if (type == kaa_builtin(ctx, KAA_INT_TYPE))
        return put_int(w, value);
    if (type == kaa_builtin(ctx, KAA_FLOAT_TYPE))
        return put_float(w, value);
    if (type == kaa_builtin(ctx, KAA_LIST_TYPE))
        return begin_list(w, value, LIST);
    if (type == kaa_builtin(ctx, KAA_TUPLE_TYPE))
        return begin_list(w, value, TUPLE);
    if (type == kaa_builtin(ctx, KAA_DICT_TYPE))
        return begin_dict(w, value, 1);
    return begin_derived(w, value);
}

/* ---- Containers */

/* Writes a key that is no str, as a str: 1, or 0 if it is skipped, or -1. */
static int
put_other_key(writer *w, frame *top, kaa_object *key)
{
    kaa_context *ctx = w->ctx;
    int is_number = kaa_check(ctx, key, KAA_INT_TYPE) ||
                    kaa_check(ctx, key, KAA_FLOAT_TYPE);

    if (!is_number && !kaa_is_none(ctx, key)) {
        if (w->style->skip_keys)
            return 0;
        return kaa_raise_format(
            ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
            "keys must be str, int, float, bool or None, not %T", key);
    }
    if (put_separator(w, top) < 0 || put(w, "\"", 1) < 0 || begin(w, key) < 0 ||
        put(w, "\"", 1) < 0)
        return -1;
    return 1;
}

/* Writes an entry of a dict. */
static int
put_entry(writer *w, kaa_object *key, kaa_object *value)
{
    frame *top = &w->frames[w->count - 1];

    if (kaa_check(w->ctx, key, KAA_STR_TYPE)) {
        if (put_separator(w, top) < 0 || put_str(w, key) < 0)
            return -1;
    } else {
        int is_written = put_other_key(w, top, key);

        if (is_written <= 0)
            return is_written;
    }
    if (put(w, w->style->key_separator, w->style->key_separator_size) < 0)
        return -1;
    return begin(w, value);
}

/* The next entry: 1, with new references, 0 or -1. */
static int
next_entry(writer *w, frame *top, kaa_object **out_key, kaa_object **out_value)
{
    kaa_context *ctx = w->ctx;
    kaa_object *pair, *key = NULL, *value = NULL;

    if (top->kind == DICT) {
        if (kaa_dict_size(ctx, top->container) != top->size)
            return kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR),
                             "dictionary changed size during iteration");
        return kaa_dict_next(ctx, top->container, &top->position, out_key,
                             out_value);
    }
    if ((ptrdiff_t)top->position >= kaa_list_size(ctx, top->pairs))
        return 0;
    pair = kaa_list_get(ctx, top->pairs, (ptrdiff_t)top->position++);
    if (pair != NULL && kaa_tuple_size(ctx, pair) == 2) {
        key = kaa_tuple_get(ctx, pair, 0);
        value = kaa_tuple_get(ctx, pair, 1);
    } else if (!kaa_error_occurred(ctx)) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                  "items must return 2-tuples");
    }
    kaa_decref(ctx, pair);
    if (key == NULL || value == NULL) {
        kaa_decref(ctx, key);
        kaa_decref(ctx, value);
        return -1;
    }
    *out_key = key;
    *out_value = value;
    return 1;
}

/* Writes the next item of the innermost container: 1, 0 at its end, or -1. */
static int
put_next(writer *w)
{
    kaa_context *ctx = w->ctx;
    frame *top = &w->frames[w->count - 1];
    kaa_object *key = NULL, *value = NULL;
    int result;

    if (top->kind == REPLACED)
        return 0;
    if (top->kind == DICT || top->kind == PAIRS) {
        result = next_entry(w, top, &key, &value);
        if (result > 0 && put_entry(w, key, value) < 0)
            result = -1;
        kaa_decref(ctx, key);
        kaa_decref(ctx, value);
        return result;
    }
    if ((ptrdiff_t)top->position >= (top->kind == LIST
                                         ? kaa_list_size(ctx, top->container)
                                         : kaa_tuple_size(ctx, top->container)))
        return 0;
    value = top->kind == LIST
                ? kaa_list_get(ctx, top->container, (ptrdiff_t)top->position)
                : kaa_tuple_get(ctx, top->container, (ptrdiff_t)top->position);
    top->position++;
    if (value == NULL)
        return -1;
    result = put_separator(w, top) < 0 || begin(w, value) < 0 ? -1 : 1;
    kaa_decref(ctx, value);
    return result;
}

static int
end_container(writer *w)
{
    const frame *top = &w->frames[w->count - 1];
    int is_list = top->kind == LIST || top->kind == TUPLE;

    if (top->kind == REPLACED) {
        pop(w);
        return 0;
    }
    if (top->written != 0 && put_line(w, depth_of(w) - 1) < 0)
        return -1;
    pop(w);
    return put(w, is_list ? "]" : "}", 1);
}

int
kjson_write(kaa_context *ctx, const kjson_style *style, kaa_object *value,
            kjson_buffer *out)
{
    writer w = {.ctx = ctx, .style = style, .out = out};
    uint32_t until_poll = 4096;
    int result = begin(&w, value);

    while (result == 0 && w.count > 0) {
        int more = put_next(&w);

        if (more <= 0)
            result = more < 0 ? -1 : end_container(&w);
        if (--until_poll == 0) {
            until_poll = 4096;
            if (result == 0)
                result = kaa_poll(ctx);
        }
    }
    while (w.count > 0)
        pop(&w);
    kaa_mem_free(ctx, w.frames);
    kaa_mem_free(ctx, w.standing);
    return result;
}
