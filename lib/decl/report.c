/* decl/report.c - failures: what was expected, the line, a caret.
 *
 *     expected ';' before 'int'
 *       double pow(double x, double y) int
 *                                      ^
 *
 * All within kaa_error::message: the line is shown in a window around the
 * token, the message before it is cut first. Whatever bytes the text holds, the
 * message is clean UTF-8 without control characters but tabs and newlines.
 */
#include "decl/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define WINDOW_MAX 60u /* bytes of the source line that are shown */
#define BEFORE_MAX 40u /* of these, at most so many before the token */
#define TOKEN_MAX 32u  /* bytes of a token that are quoted */

/* The length of the well-formed UTF-8 character at `at`, 0 if it is none. */
static size_t
character_length(const char *at, const char *end)
{
    unsigned char lead = (unsigned char)*at;
    size_t length = lead < 0x80                   ? 1
                    : lead >= 0xC2 && lead < 0xE0 ? 2
                    : lead >= 0xE0 && lead < 0xF0 ? 3
                    : lead >= 0xF0 && lead < 0xF5 ? 4
                                                  : 0;

    if (length == 0 || (size_t)(end - at) < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)at[i] & 0xC0) != 0x80)
            return 0;
    if ((lead == 0xE0 && (unsigned char)at[1] < 0xA0) ||
        (lead == 0xED && (unsigned char)at[1] >= 0xA0) ||
        (lead == 0xF0 && (unsigned char)at[1] < 0x90) ||
        (lead == 0xF4 && (unsigned char)at[1] >= 0x90))
        return 0;
    return length;
}

/* Copies [at, end) as clean UTF-8 of at most `room` bytes, NUL not included.
 * Returns the bytes written. */
static size_t
copy_clean(char *to, size_t room, const char *at, const char *end)
{
    size_t used = 0;

    while (at < end) {
        size_t length = character_length(at, end);
        if (used + (length != 0 ? length : 1) > room)
            break;
        if (length == 0 || ((unsigned char)*at < 0x20 && *at != '\t') ||
            *at == 0x7f) {
            to[used++] = '?';
            at++;
            continue;
        }
        memcpy(to + used, at, length);
        used += length;
        at += length;
    }
    to[used] = '\0';
    return used;
}

/* The window of the line around `place`: at most WINDOW_MAX bytes. */
static void
find_window(const kaa_decl__parser *p, const char *place, const char **out_from,
            const char **out_to)
{
    const char *from = place;
    const char *to = place;

    while (from > p->text && from[-1] != '\n' &&
           (size_t)(place - from) < BEFORE_MAX)
        from--;
    /* Not in the middle of a character, if it is one. */
    while (from < place && ((unsigned char)*from & 0xC0) == 0x80)
        from++;
    while (to < p->text_end && *to != '\n' && *to != '\r' &&
           (size_t)(to - from) < WINDOW_MAX)
        to++;
    if ((size_t)(to - from) == WINDOW_MAX && to < p->text_end)
        for (int i = 0;
             i < 3 && to > place && ((unsigned char)*to & 0xC0) == 0x80; i++)
            to--;
    *out_from = from;
    *out_to = to;
}

/* "\n  <window>\n  <blanks>^" */
static size_t
print_window(const kaa_decl__parser *p, const char *place, char *to)
{
    const char *from, *end;
    size_t used = 3;

    find_window(p, place, &from, &end);
    memcpy(to, "\n  ", 3);
    used += copy_clean(to + used, WINDOW_MAX, from, end);
    memcpy(to + used, "\n  ", 3);
    used += 3;
    while (from < place) {
        size_t length = character_length(from, end);
        to[used++] = *from == '\t' ? '\t' : ' ';
        from += length != 0 ? length : 1;
    }
    to[used++] = '^';
    to[used] = '\0';
    return used;
}

int
kaa_decl__is_tolerant(const kaa_decl__parser *p, const kaa_decl__marker *marker)
{
    return p->is_tolerant && (marker == NULL || !marker->is_strict);
}

/* "header.h:12: " in front of a failure in a header. */
static size_t
print_file(const kaa_decl__parser *p, const kaa_decl__token *where,
           int is_tolerant, size_t room)
{
    char text[128];
    const char *file;
    int length;

    if (is_tolerant || !p->is_preprocessed || where->marker == NULL ||
        where->marker->file == NULL || where->marker->is_strict)
        return 0;
    file = where->marker->file;
    if (strlen(file) > 100)
        file += strlen(file) - 100;
    length =
        snprintf(text, sizeof(text), "%s:%u: ", file, (unsigned)p->err->line);
    if (length < 0 || (size_t)length >= room)
        return 0;
    return copy_clean(p->err->message, room, text, text + length);
}

KAA_PRINTF(4, 0)
static int
fail_with(kaa_decl__parser *p, kaa_status status, const kaa_decl__token *where,
          const char *format, va_list values)
{
    int is_tolerant = !p->is_over && kaa_decl__is_tolerant(p, where->marker);
    char window[2 * WINDOW_MAX + 16] = "";
    char message[512];
    size_t room = sizeof(p->err->message) - 1;
    size_t used;
    int length;

    if (p->has_failed)
        return 0;
    p->has_failed = 1;
    p->err->status = (int32_t)status;
    p->err->argument = KAA_NO_ARGUMENT;
    p->err->line = where->line;
    p->err->column = where->column;
    if (p->is_quiet && !p->is_over) {
        p->err->message[0] = '\0';
        return 0;
    }
    if (p->is_preprocessed && where->marker != NULL)
        p->err->line = (uint32_t)((int64_t)where->line + where->marker->delta);
    if (!is_tolerant)
        room -= print_window(p, where->place, window);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): its callers do */
    length = vsnprintf(message, sizeof(message), format, values);
    if (length < 0)
        length = 0;
    if ((size_t)length >= sizeof(message))
        length = (int)sizeof(message) - 1;
    used = print_file(p, where, is_tolerant, room);
    used += copy_clean(p->err->message + used, room - used, message,
                       message + length);
    /* copy_clean() left room for the window and its NUL. */
    memcpy(p->err->message + used, window, strlen(window) + 1);
    return 0;
}

int
kaa_decl__fail(kaa_decl__parser *p, const kaa_decl__token *where,
               const char *format, ...)
{
    va_list values;

    va_start(values, format);
    fail_with(p, KAA_SYNTAX, where, format, values);
    va_end(values);
    return 0;
}

int
kaa_decl__fail_as(kaa_decl__parser *p, kaa_status status,
                  const kaa_decl__token *where, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    fail_with(p, status, where, format, values);
    va_end(values);
    return 0;
}

int
kaa_decl__fail_for_good(kaa_decl__parser *p, const kaa_decl__token *where,
                        const char *format, ...)
{
    va_list values;

    if (p->has_failed)
        return 0;
    p->is_over = 1;
    va_start(values, format);
    fail_with(p, KAA_SYNTAX, where, format, values);
    va_end(values);
    return 0;
}

int
kaa_decl__fail_memory(kaa_decl__parser *p)
{
    /* Takes the place of any other failure: it cannot be forgiven. */
    p->has_failed = 1;
    (void)kaa_base__fail_memory(p->err, "declarations");
    return 0;
}

static void
print_token(const kaa_decl__token *token, char *to, size_t size)
{
    char text[TOKEN_MAX + 4];
    size_t shown = token->length < TOKEN_MAX ? token->length : TOKEN_MAX;
    size_t used;

    if (token->kind == T_END) {
        snprintf(to, size, "the end");
        return;
    }
    used = copy_clean(text, TOKEN_MAX, token->start, token->start + shown);
    snprintf(to, size, token->kind == T_STRING ? "%s%s" : "'%s%s'", text,
             used != 0 && shown < token->length ? "..." : "");
}

int
kaa_decl__fail_expected(kaa_decl__parser *p, const char *what)
{
    char found[TOKEN_MAX + 16];

    if (p->token.kind == T_STRAY)
        return kaa_decl__fail(p, &p->token, "%s", p->stray);
    print_token(&p->token, found, sizeof(found));
    if (p->token.symbol != NULL && p->token.symbol->macro != NULL &&
        p->token.symbol->macro->has_arguments)
        return kaa_decl__fail(p, &p->token,
                              "expected %s before %s, a macro with arguments: "
                              "preprocess the text first",
                              what, found);
    return kaa_decl__fail(p, &p->token, "expected %s %s %s", what,
                          p->token.kind == T_END ? "at" : "before", found);
}

int
kaa_decl__fail_ctype(kaa_decl__parser *p, const kaa_decl__token *where,
                     kaa_status status, const kaa_error *why)
{
    if (status == KAA_NO_MEMORY)
        return kaa_decl__fail_memory(p);
    /* A text at fault is no invalid argument of the caller's. */
    return kaa_decl__fail_as(
        p, status == KAA_INVALID_ARGUMENT ? KAA_SYNTAX : status, where, "%s",
        why->message);
}

int
kaa_decl__forgive(kaa_decl__parser *p)
{
    if (p->has_failed &&
        (p->is_over || p->err->status == (int32_t)KAA_NO_MEMORY))
        return 0;
    p->has_failed = 0;
    return 1;
}

/* Whether the names differ by one letter changed, added or left out. */
static int
is_near(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t same = 0;
    size_t end = 0;
    size_t shorter = a_length < b_length ? a_length : b_length;
    size_t longer = a_length < b_length ? b_length : a_length;

    if (longer - shorter > 1 || longer < 3)
        return 0;
    while (same < shorter && a[same] == b[same])
        same++;
    while (end < shorter - same &&
           a[a_length - 1 - end] == b[b_length - 1 - end])
        end++;
    return same + end + 1 >= longer;
}

/* A type whose name is near, or NULL. Only for an error that ends the parse:
 * it walks all symbols. */
static const char *
near_type(const kaa_decl__parser *p, const kaa_decl__symbol *symbol)
{
    const kaa_decl__symbols *symbols = &p->decl->symbols;

    for (uint32_t i = 0; i < symbols->capacity; i++) {
        const kaa_decl__symbol *other = symbols->slots[i];
        if (other != NULL && other != symbol && other->type != NULL &&
            is_near(symbol->name, symbol->length, other->name, other->length))
            return other->name;
    }
    return NULL;
}

int
kaa_decl__fail_unknown_type(kaa_decl__parser *p)
{
    const kaa_decl__symbol *symbol = p->token.symbol;
    const kaa_decl_item *tag;
    const char *near;
    char name[TOKEN_MAX + 16];

    print_token(&p->token, name, sizeof(name));
    if (symbol->macro != NULL && symbol->macro->has_arguments)
        return kaa_decl__fail(p, &p->token,
                              "%s is a macro with arguments: preprocess the "
                              "text first",
                              name);
    if (symbol->is_skipped)
        return kaa_decl__fail_as(p, KAA_UNSUPPORTED, &p->token,
                                 "kaa does not have %s, which was skipped",
                                 name);
    tag = kaa_decl__tagged(p, symbol);
    if (tag != NULL)
        return kaa_decl__fail(
            p, &p->token, "unknown type name %s; did you mean '%s %s'?", name,
            kaa_ctype_kind_of(tag->type) == KAA_CTYPE_ENUM    ? "enum"
            : kaa_ctype_kind_of(tag->type) == KAA_CTYPE_UNION ? "union"
                                                              : "struct",
            symbol->name);
    near = p->is_tolerant ? NULL : near_type(p, symbol);
    if (near != NULL)
        return kaa_decl__fail(p, &p->token,
                              "unknown type name %s; did you mean '%s'?", name,
                              near);
    return kaa_decl__fail(p, &p->token,
                          "unknown type name %s: declare it first, with "
                          "'typedef'",
                          name);
}
