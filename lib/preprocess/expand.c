/* preprocess/expand.c - the stack of contexts, and the expansion of macros.
 *
 * kaa_preprocess__next() never recurses for what a macro expands to: that is a
 * context, read next. It does for the arguments of a call, which are expanded
 * alone; PP_NESTING_MAX bounds that.
 */
#include "preprocess/internal.h"

#include <string.h>

#include "base/memory.h"

kaa_preprocess__context *
kaa_preprocess__push(kaa_preprocess__pp *pp)
{
    kaa_preprocess__context *context;

    if (pp->context_count >= PP_CONTEXTS_MAX) {
        kaa_preprocess__fail(pp, KAA_LIMIT, 0,
                             "macros nested more than %u deep",
                             PP_CONTEXTS_MAX);
        return NULL;
    }
    if (!kaa_preprocess__grow(pp, &pp->contexts, pp->context_count,
                              &pp->context_capacity, sizeof(*context)))
        return NULL;
    context = &pp->contexts[pp->context_count++];
    memset(context, 0, sizeof(*context));
    return context;
}

/* Ends the newest context. */
static void
pop(kaa_preprocess__pp *pp)
{
    kaa_preprocess__context *context = &pp->contexts[--pp->context_count];

    if (context->macro != NULL)
        context->macro->is_busy = 0;
    /* An empty body leaves its blanks to what follows. */
    if (context->is_first && context->space)
        pp->is_space = 1;
    kaa_base__free(context->owned);
}

void
kaa_preprocess__drop(kaa_preprocess__pp *pp, size_t count)
{
    while (pp->context_count > count)
        pop(pp);
}

void
kaa_preprocess__take(kaa_preprocess__pp *pp, kaa_preprocess__token *token)
{
    while (pp->context_count != 0 && !pp->has_failed) {
        kaa_preprocess__context *context = &pp->contexts[pp->context_count - 1];

        if (context->at != context->end) {
            *token = *context->at++;
            if (context->is_first) {
                token->flags = (uint8_t)((token->flags & ~F_SPACE) |
                                         (context->space ? F_SPACE : 0));
                context->is_first = 0;
            }
            break;
        }
        if (context->is_boundary == SOURCE_HERE) {
            kaa_preprocess__lex(pp, token);
            break;
        }
        if (context->is_boundary) {
            memset(token, 0, sizeof(*token));
            token->text = "";
            return;
        }
        pop(pp);
    }
    if (pp->context_count == 0 || pp->has_failed)
        kaa_preprocess__lex(pp, token);
    if (pp->is_space) {
        token->flags |= F_SPACE;
        pp->is_space = 0;
    }
    if (token->kind == T_NAME && token->name->macro != NULL &&
        token->name->macro->is_busy)
        token->flags |= F_NO_EXPAND;
}

/* Whether the next token is a '(': if so, it is stepped over. */
static int
take_parenthesis(kaa_preprocess__pp *pp)
{
    while (pp->context_count != 0) {
        kaa_preprocess__context *context = &pp->contexts[pp->context_count - 1];

        if (context->at != context->end) {
            if (!kaa_preprocess__is(context->at, CODE('(', 0, 0)))
                return 0;
            context->at++;
            context->is_first = 0;
            return 1;
        }
        if (context->is_boundary == SOURCE_HERE)
            break;
        if (context->is_boundary)
            return 0;
        pop(pp);
    }
    return kaa_preprocess__take_parenthesis(pp);
}

/* The body of an object-like macro, with ## done, as a context. */
static int
push_object(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro,
            const kaa_preprocess__token *name)
{
    kaa_preprocess__list list = {0};
    kaa_preprocess__context *context;

    if (!kaa_preprocess__spend(pp, 1 + (uint64_t)macro->count))
        return 0;
    if (macro->has_paste) {
        for (uint32_t i = 0; i < macro->count; i++)
            if (!kaa_preprocess__append(pp, &list, &macro->body[i]))
                break;
        if (pp->has_failed || !kaa_preprocess__paste_list(pp, &list)) {
            kaa_base__free(list.tokens);
            return 0;
        }
    }
    context = kaa_preprocess__push(pp);
    if (context == NULL) {
        kaa_base__free(list.tokens);
        return 0;
    }
    context->owned = list.tokens;
    context->at = list.tokens != NULL ? list.tokens : macro->body;
    context->end = context->at; /* NULL, perhaps */
    if (list.tokens != NULL)
        context->end += list.count;
    else if (macro->count != 0)
        context->end += macro->count;
    context->macro = macro;
    context->is_first = 1;
    context->space = (name->flags & F_SPACE) != 0;
    macro->is_busy = 1;
    return 1;
}

/* At a name that may be a macro. 1: it was expanded, read on; 0: it is a token
 * like others. */
static int
expand(kaa_preprocess__pp *pp, kaa_preprocess__token *token)
{
    kaa_preprocess__macro *macro = token->name->macro;

    if (macro == NULL)
        return 0;
    if (macro->is_busy) {
        token->flags |= F_NO_EXPAND;
        return 0;
    }
    if (macro->is_function) {
        uint8_t is_space = pp->is_space;
        if (!take_parenthesis(pp)) {
            /* Empty contexts may have ended: their blanks are not its own. */
            return 0;
        }
        pp->is_space = is_space;
        return kaa_preprocess__invoke(pp, macro, token);
    }
    return push_object(pp, macro, token);
}

void
kaa_preprocess__next(kaa_preprocess__pp *pp, kaa_preprocess__token *token)
{
    for (;;) {
        int is_outermost = pp->context_count == 0;

        kaa_preprocess__take(pp, token);
        if (is_outermost && pp->source_count != 0 && !pp->in_directive) {
            const kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
            pp->place_name = s->name;
            pp->place_is_main = s->file->is_main;
            pp->place_line = (uint32_t)((int64_t)token->line + s->delta);
        }
        if (token->kind != T_NAME || (token->flags & F_NO_EXPAND) ||
            pp->no_expand)
            return;
        if (token->name->special != S_NONE && token->name->macro == NULL) {
            kaa_preprocess__builtin(pp, token);
            return;
        }
        if (!expand(pp, token))
            return;
    }
}

int
kaa_preprocess__expand_list(kaa_preprocess__pp *pp,
                            const kaa_preprocess__token *at, size_t count,
                            kaa_preprocess__list *out)
{
    size_t contexts = pp->context_count;
    uint8_t no_expand = pp->no_expand;
    uint8_t is_space = pp->is_space;
    kaa_preprocess__context *context;
    kaa_preprocess__token token;

    if (pp->nesting >= PP_NESTING_MAX)
        return kaa_preprocess__fail(pp, KAA_LIMIT, 0,
                                    "calls of macros nested more than %u deep",
                                    PP_NESTING_MAX);
    context = kaa_preprocess__push(pp);
    if (context == NULL)
        return 0;
    context->at = at;
    context->end = at + count;
    context->is_boundary = END_HERE;
    pp->no_expand = 0;
    pp->is_space = 0;
    pp->nesting++;
    for (;;) {
        kaa_preprocess__next(pp, &token);
        if (token.kind == T_END)
            break;
        if (!kaa_preprocess__append(pp, out, &token))
            break;
    }
    pp->nesting--;
    kaa_preprocess__drop(pp, contexts);
    pp->no_expand = no_expand;
    pp->is_space = is_space;
    return !pp->has_failed;
}
