/* decl/macro.c - the constants among the macros.
 *
 * A macro's body means what it means where it is used, so its value as a
 * constant is that at the end of the text. Those that a body names are finished
 * before it, wherever they stand. A value that is an operand by itself (a
 * literal, something in parentheses) is kept, and another name for a macro
 * means what that means: macros on top of macros then cost no more than their
 * own length, and a chain of them needs no depth.
 */
#include "decl/internal.h"

#include <string.h>

enum { MACRO_WAITS = 1, MACRO_IS_DONE };

/* 1: a value; 0: none, with or without a failure. */
static int
evaluate(kaa_decl__parser *p, kaa_decl__macro *macro, kaa_decl__value *value)
{
    const kaa_decl_item *item = &p->decl->entries[macro->entry].item;

    p->main.at = p->main.end;
    memset(&p->token, 0, sizeof(p->token));
    p->token.start = p->token.place = macro->body;
    p->token.line = item->line;
    p->token.column = item->column;
    p->token.marker = p->marker;
    if (!kaa_decl__push_frame(p, macro))
        return 0;
    kaa_decl__next(p);
    if (p->token.kind == T_END)
        return kaa_decl__fail(p, &p->token, "an empty macro");
    if (!kaa_decl__read_expression(p, value))
        return 0;
    if (p->token.kind != T_END)
        return kaa_decl__fail_expected(p, "the macro's end");
    if (value->kind == VALUE_OBJECT || value->kind == VALUE_TYPED)
        return kaa_decl__fail(p, &p->token, "no constant");
    return 1;
}

static int
is_empty(const kaa_decl__macro *macro)
{
    const char *at = macro->body;

    while (at < macro->body_end && *at == ' ')
        at++;
    return at == macro->body_end;
}

/* No constant, but perhaps a function by another name, a type, or an expression
 * with a value of its own each time: the item keeps the body. */
static int
keep_body(kaa_decl__parser *p, const kaa_decl__macro *macro, uint32_t index,
          const char *reason)
{
    size_t length = (size_t)(macro->body_end - macro->body);
    char *text = kaa_decl__alloc(p, length + 2);
    kaa_decl_item *item = &p->decl->entries[index].item;

    if (text == NULL || reason == NULL)
        return 0;
    text[0] = ' ';
    memcpy(text + 1, macro->body, length);
    item->kind = KAA_DECL_MACRO_FUNCTION;
    item->flags |= KAA_DECL_MACRO;
    item->string = text;
    item->string_length = length + 1;
    item->reason = reason;
    macro->symbol->ordinary = index + 1;
    return 1;
}

static int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static int
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The macro that the name at `*at` means, or NULL; goes on behind the name, or
 * the number. */
static kaa_decl__macro *
macro_at(const kaa_decl__parser *p, const char **at, const char *end)
{
    const char *start = *at, *stop = start + 1;
    const kaa_decl__symbol *symbol;

    if (is_letter(*start) || is_digit(*start))
        while (stop < end && (is_letter(*stop) || is_digit(*stop)))
            stop++;
    *at = stop;
    if (!is_letter(*start))
        return NULL;
    symbol = kaa_decl__lookup(&p->decl->symbols, start, (size_t)(stop - start));
    return symbol != NULL && symbol->macro != NULL &&
                   !symbol->macro->has_arguments
               ? symbol->macro
               : NULL;
}

/* The next macro that a body names and nobody has begun with, or NULL. Names in
 * quotes count too, which does no harm. */
static kaa_decl__macro *
next_named(const kaa_decl__parser *p, kaa_decl__macro *macro)
{
    const char *at = macro->looked_at != NULL ? macro->looked_at : macro->body;
    kaa_decl__macro *found = NULL;

    while (at < macro->body_end && (found == NULL || found->progress != 0))
        found = macro_at(p, &at, macro->body_end);
    macro->looked_at = at;
    return found != NULL && found->progress == 0 ? found : NULL;
}

/* The entry of the finished macro that is all of a body; or NULL. */
static const kaa_decl__entry *
entry_behind(const kaa_decl__parser *p, const kaa_decl__macro *macro)
{
    const char *at = macro->body, *end = macro->body_end;
    const kaa_decl__macro *found;

    while (at < end && *at == ' ')
        at++;
    while (end > at && end[-1] == ' ')
        end--;
    if (at == end)
        return NULL;
    found = macro_at(p, &at, end);
    return found != NULL && at == end && found->progress == MACRO_IS_DONE
               ? &p->decl->entries[found->entry]
               : NULL;
}

/* Takes what a finished macro of another name is. */
static void
copy_constant(kaa_decl_item *to, const kaa_decl_item *item)
{
    to->kind = item->kind;
    to->flags |= item->flags & (KAA_DECL_MACRO | KAA_DECL_UNSIGNED);
    to->type = item->type;
    to->integer = item->integer;
    to->floating = item->floating;
    to->string = item->string;
    to->string_length = item->string_length;
}

/* A macro without a value: an item that says why, or none. */
static int
finish_without(kaa_decl__parser *p, uint32_t index, const char *reason)
{
    kaa_decl__entry *entry = &p->decl->entries[index];
    kaa_decl__macro *macro = entry->macro;

    macro->has_no_value = 1;
    if (p->is_preprocessed && macro->symbol->ordinary == 0 && !is_empty(macro))
        return keep_body(p, macro, index, reason);
    /* What is declared by that name serves (`#define stdin stdin`). */
    if (!p->is_tolerant || macro->symbol->ordinary != 0) {
        entry->is_dead = 1;
        return 1;
    }
    entry->item.kind = KAA_DECL_SKIPPED;
    entry->item.reason = reason;
    return reason != NULL;
}

/* 1: it is another name for a finished macro, and is as that now. 0: it is not,
 * or memory ran out. */
static int
finish_alias(kaa_decl__parser *p, uint32_t index)
{
    kaa_decl__entry *entry = &p->decl->entries[index];
    kaa_decl__macro *macro = entry->macro;
    const kaa_decl__entry *behind = entry_behind(p, macro);

    if (behind == NULL || behind->macro == NULL || macro->symbol->ordinary != 0)
        return 0;
    if (behind->macro->has_no_value)
        return finish_without(p, index, behind->item.reason);
    if (behind->is_dead)
        return 0;
    copy_constant(&entry->item, &behind->item);
    macro->is_known = behind->macro->is_known;
    macro->integer = behind->macro->integer;
    macro->type = behind->macro->type;
    macro->symbol->ordinary = index + 1;
    return 1;
}

/* One macro: its entry becomes a constant, a skipped item, or dead. */
static int
finish_macro(kaa_decl__parser *p, uint32_t index)
{
    kaa_decl__macro *macro = p->decl->entries[index].macro;
    kaa_decl__symbol *symbol = macro->symbol;
    kaa_decl__value value = {0};
    kaa_decl__entry *entry;
    int has_value;

    if (finish_alias(p, index))
        return 1;
    has_value = evaluate(p, macro, &value);

    kaa_decl__drop_frames(p);
    p->depth = 0;
    p->unevaluated = 0;
    p->parameters.count = p->passed.count = p->steps.count = 0;
    p->members.count = p->enumerators.count = p->places.count = 0;
    if (p->has_failed && !kaa_decl__forgive(p))
        return 0;
    entry = &p->decl->entries[index];
    if (has_value && symbol->ordinary == 0) {
        entry->item.flags |= KAA_DECL_MACRO;
        if (!kaa_decl__fill_constant(p, &entry->item, &value))
            return 0;
        symbol->ordinary = index + 1;
        if (value.kind == VALUE_INTEGER && value.is_unit) {
            macro->is_known = 1;
            macro->integer = (int64_t)value.bits;
            macro->type = value.type;
        }
    } else if (has_value) {
        entry->is_dead = 1;
    } else {
        return finish_without(
            p, index,
            p->is_tolerant || p->is_preprocessed
                ? kaa_decl__copy(p, p->err->message, strlen(p->err->message))
                : NULL);
    }
    return 1;
}

/* A macro, and before it those that it names. */
static int
finish_named(kaa_decl__parser *p, kaa_decl__macro *macro, uint64_t *left)
{
    macro->progress = MACRO_WAITS;
    macro->asker = NULL;
    while (macro != NULL) {
        kaa_decl__macro *named = next_named(p, macro);
        const kaa_decl__entry *entry = &p->decl->entries[macro->entry];
        uint64_t share =
            *left < KAA_DECL__EXPANSION_MAX ? *left : KAA_DECL__EXPANSION_MAX;

        if (named != NULL) {
            named->progress = MACRO_WAITS;
            named->asker = macro;
            macro = named;
            continue;
        }
        p->expansion_left = share;
        if (entry->macro == macro && !entry->is_dead &&
            !finish_macro(p, macro->entry))
            return 0;
        *left -= share - p->expansion_left;
        macro->progress = MACRO_IS_DONE;
        macro = macro->asker;
    }
    return 1;
}

int
kaa_decl__finish_macros(kaa_decl__parser *p)
{
    uint64_t left = p->expansion_left;

    p->is_quiet = !p->is_tolerant;
    for (uint32_t i = 0; i < p->decl->count; i++) {
        const kaa_decl__entry *entry = &p->decl->entries[i];

        if (entry->macro != NULL && !entry->is_dead &&
            entry->macro->progress == 0 &&
            !finish_named(p, entry->macro, &left))
            return 0;
    }
    p->is_quiet = 0;
    return 1;
}
