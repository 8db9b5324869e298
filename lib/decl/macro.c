/* decl/macro.c - the constants among the macros.
 *
 * A macro's body means what it means where it is used, so its value as a
 * constant is that at the end of the text. A value that is an operand by itself
 * (a literal, something in parentheses) is kept: macros on top of macros then
 * cost no more than their own length, and a chain of them needs no depth.
 */
#include "decl/internal.h"

#include <string.h>

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
keep_body(kaa_decl__parser *p, const kaa_decl__macro *macro, uint32_t index)
{
    size_t length = (size_t)(macro->body_end - macro->body);
    char *text = kaa_decl__alloc(p, length + 2);
    const char *reason =
        kaa_decl__copy(p, p->err->message, strlen(p->err->message));
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

/* One macro: its entry becomes a constant, a skipped item, or dead. */
static int
finish_macro(kaa_decl__parser *p, uint32_t index)
{
    kaa_decl__macro *macro = p->decl->entries[index].macro;
    kaa_decl__symbol *symbol = macro->symbol;
    kaa_decl__value value = {0};
    kaa_decl__entry *entry;
    int has_value = evaluate(p, macro, &value);

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
    } else if (!has_value && p->is_preprocessed && symbol->ordinary == 0 &&
               !is_empty(macro)) {
        return keep_body(p, macro, index);
    } else if (!has_value && p->is_tolerant && symbol->ordinary == 0) {
        entry->item.kind = KAA_DECL_SKIPPED;
        entry->item.reason =
            kaa_decl__copy(p, p->err->message, strlen(p->err->message));
        return entry->item.reason != NULL;
    } else {
        entry->is_dead = 1;
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
        uint64_t share =
            left < KAA_DECL__EXPANSION_MAX ? left : KAA_DECL__EXPANSION_MAX;
        if (entry->macro == NULL || entry->is_dead)
            continue;
        p->expansion_left = share;
        if (!finish_macro(p, i))
            return 0;
        left -= share - p->expansion_left;
    }
    p->is_quiet = 0;
    return 1;
}
