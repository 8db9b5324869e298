/* kjson/parse.c - text to objects, without recursion.
 *
 *     [1, {"a": [2]    items   1 | "a" | 2        values that are finished, and
 *                                                 the keys of open objects
 *                      opened  0 | 1 | 2          where each container begins
 *
 * A container that is closed takes its items off the stack in one call and is
 * an item itself. Both stacks are blocks that grow: how deep a document nests
 * is limited by memory alone.
 *
 * The document ends with a NUL that belongs to its object, which no rule of the
 * grammar takes: so most places need not ask whether they are at the end.
 */
#include "kjson.h"

#include <math.h>

/* As many values between two polls. */
#define POLL_VALUES 4096u
/* Strings that are remembered: keys of a small document, on the stack; keys and
 * values of a larger one. */
#define SEEN_FEW 32u
#define KEYS_MANY 1024u
#define VALUES_MANY 256u
#define DOCUMENT_SMALL 4096u
/* How often in a row a value may be a new one before it is given up. */
#define VALUE_SCORE 256

/* What comes next. */
enum { FAILED = -1, ENDED = 0, VALUE = 1, FINISHED = 2 };

int
kjson_fail(const kjson_parser *p, const char *message, const char *place)
{
    kaa_context *ctx = p->ctx;
    int64_t line = 1, column = 1, character = 0;
    kaa_object *text, *error;
    int result = -1;

    for (const char *at = p->start; at < place; at++) {
        if (((unsigned char)*at & 0xc0) == 0x80)
            continue; /* not the first byte of a character */
        character++;
        column++;
        if (*at == '\n') {
            line++;
            column = 1;
        }
    }
    text = kaa_str_format(ctx, "%s: line %lld column %lld (char %lld)", message,
                          (long long)line, (long long)column,
                          (long long)character);
    if (text == NULL)
        return -1;
    /* the type is gone when the module has ended, as interpreters do */
    error =
        kaa_call(ctx,
                 p->state->error != NULL ? p->state->error
                                         : kaa_builtin(ctx, KAA_VALUE_ERROR),
                 &text, 1, NULL);
    kaa_decref(ctx, text);
    if (error != NULL)
        result = kaa_raise_exception(ctx, error);
    kaa_decref(ctx, error);
    return result;
}

/* ---- Stacks */

/* Takes the item over, also when it fails; NULL fails. */
static int
push(kjson_parser *p, kaa_object *item)
{
    if (item == NULL)
        return FAILED;
    if (p->item_count == p->item_capacity) {
        void *items = p->items;

        if (kjson_grow_array(p->ctx, &items, &p->item_capacity,
                             sizeof(*p->items)) < 0) {
            kaa_decref(p->ctx, item);
            return FAILED;
        }
        p->items = items;
    }
    p->items[p->item_count++] = item;
    return FINISHED;
}

static int
open_container(kjson_parser *p, int is_object)
{
    if (p->open_count == p->open_capacity) {
        void *opened = p->opened;

        if (kjson_grow_array(p->ctx, &opened, &p->open_capacity,
                             sizeof(*p->opened)) < 0)
            return FAILED;
        p->opened = opened;
    }
    p->opened[p->open_count++] = p->item_count * 2 + (size_t)is_object;
    return VALUE;
}

/* ---- Containers */

/* Replaces the items of the innermost container by the container. */
static int
close_container(kjson_parser *p)
{
    kaa_context *ctx = p->ctx;
    size_t opened = p->opened[--p->open_count];
    size_t first = opened / 2;
    size_t count = p->item_count - first;
    kaa_object **items = count == 0 ? NULL : p->items + first;

    p->at++;
    p->item_count = first; /* they are the container's now, or gone */
    return push(p, opened % 2 == 0
                       ? kaa_list_take_array(ctx, items, count)
                       : kaa_dict_take_array(ctx, items, count / 2));
}

static void
skip_space(kjson_parser *p)
{
    const char *at = p->at;

    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    p->at = at;
}

/* The key of an object's next value, and the colon. */
static int
parse_key(kjson_parser *p)
{
    if (*p->at != '"')
        return kjson_fail(
            p, "Expecting property name enclosed in double quotes", p->at);
    if (push(p, kjson_parse_string(p, 1)) == FAILED)
        return FAILED;
    skip_space(p);
    if (*p->at != ':')
        return kjson_fail(p, "Expecting ':' delimiter", p->at);
    p->at++;
    skip_space(p);
    return VALUE;
}

static int
begin_container(kjson_parser *p)
{
    int is_object = *p->at == '{';

    if (open_container(p, is_object) == FAILED)
        return FAILED;
    p->at++;
    skip_space(p);
    if (*p->at == (is_object ? '}' : ']'))
        return close_container(p);
    return is_object ? parse_key(p) : VALUE;
}

/* After a value: a comma and what follows it, or the end of the innermost
 * container or the document. */
static int
continue_container(kjson_parser *p)
{
    int is_object;
    const char *comma;

    skip_space(p);
    if (p->open_count == 0)
        return ENDED;
    is_object = p->opened[p->open_count - 1] % 2 != 0;
    if (*p->at == (is_object ? '}' : ']'))
        return close_container(p);
    if (*p->at != ',')
        return kjson_fail(p, "Expecting ',' delimiter", p->at);
    comma = p->at++;
    skip_space(p);
    if (*p->at == (is_object ? '}' : ']'))
        return kjson_fail(p,
                          is_object
                              ? "Illegal trailing comma before end of object"
                              : "Illegal trailing comma before end of array",
                          comma);
    return is_object ? parse_key(p) : VALUE;
}

/* ---- Values */

static int
is_word(const kjson_parser *p, const char *word, size_t size)
{
    return (size_t)(p->end - p->at) >= size && memcmp(p->at, word, size) == 0;
}

static int
parse_constant(kjson_parser *p)
{
    static const struct {
        const char *word;
        size_t size;
        kaa_builtin_id id;
    } words[] = {
        {"true", 4, KAA_TRUE}, {"false", 5, KAA_FALSE}, {"null", 4, KAA_NONE}};
    static const struct {
        const char *word;
        size_t size;
        double value;
    } numbers[] = {{"NaN", 3, (double)NAN},
                   {"Infinity", 8, (double)INFINITY},
                   {"-Infinity", 9, (double)-INFINITY}};

    for (size_t i = 0; i < 3; i++) {
        if (is_word(p, words[i].word, words[i].size)) {
            p->at += words[i].size;
            return push(p,
                        kaa_incref(p->ctx, kaa_builtin(p->ctx, words[i].id)));
        }
        if (p->allow_nan && is_word(p, numbers[i].word, numbers[i].size)) {
            p->at += numbers[i].size;
            return push(p, kaa_float_from_double(p->ctx, numbers[i].value));
        }
    }
    return kjson_fail(p, "Expecting value", p->at);
}

static int
parse_value(kjson_parser *p)
{
    char first = *p->at;

    if (first == '"')
        return push(p, kjson_parse_string(p, 0));
    if (first == '{' || first == '[')
        return begin_container(p);
    if ((first >= '0' && first <= '9') || (first == '-' && p->at[1] != 'I'))
        return push(p, kjson_parse_number(p));
    return parse_constant(p);
}

static int
parse_document(kjson_parser *p)
{
    skip_space(p);
    for (;;) {
        int next = parse_value(p);

        while (next == FINISHED)
            next = continue_container(p);
        if (next == FAILED)
            return FAILED;
        if (next == ENDED)
            break;
        if (--p->until_poll == 0) {
            p->until_poll = POLL_VALUES;
            if (kaa_poll(p->ctx) < 0)
                return FAILED;
        }
    }
    return p->at == p->end ? 0 : kjson_fail(p, "Extra data", p->at);
}

static void
forget(kaa_context *ctx, const kjson_memo *memo)
{
    for (size_t i = 0; i < memo->count; i++)
        kaa_decref(ctx, memo->places[i].object);
}

kaa_object *
kjson_parse(kaa_context *ctx, const kjson_state *state, const char *text,
            size_t size, int allow_nan)
{
    kjson_seen few[SEEN_FEW];
    kjson_seen *seen = few;
    size_t seen_count = SEEN_FEW;
    kjson_parser p = {.ctx = ctx, .state = state};
    kaa_object *result = NULL;

    p.start = p.at = text;
    p.end = text + size;
    p.allow_nan = allow_nan;
    p.until_poll = POLL_VALUES;
    p.keys.count = SEEN_FEW;
    p.value_score = -1;
    if (size >= DOCUMENT_SMALL) {
        seen_count = KEYS_MANY + VALUES_MANY;
        seen = kaa_mem_alloc(ctx, seen_count * sizeof(*seen));
        if (seen == NULL)
            return NULL;
        p.keys.count = KEYS_MANY;
        p.values = (kjson_memo){seen + KEYS_MANY, VALUES_MANY};
        p.value_score = VALUE_SCORE;
    }
    p.keys.places = seen;
    memset(seen, 0, seen_count * sizeof(*seen));

    if (parse_document(&p) == 0)
        result = p.items[--p.item_count];

    while (p.item_count > 0)
        kaa_decref(ctx, p.items[--p.item_count]);
    forget(ctx, &p.keys);
    forget(ctx, &p.values);
    kaa_mem_free(ctx, p.items);
    kaa_mem_free(ctx, p.opened);
    kaa_mem_free(ctx, p.scratch.text);
    if (seen != few)
        kaa_mem_free(ctx, seen);
    return result;
}
