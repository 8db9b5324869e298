/* preprocess/arguments.c - calls of function-like macros: the arguments are
 * taken, put in the places of the parameters, and # and ## are done. What comes
 * of it is a context, which is read next.
 */
#include "preprocess/internal.h"

#include <string.h>

#include "base/memory.h"

/* One argument: a part of the tokens taken, and what it expands to. */
struct argument {
    size_t start;
    size_t count;
    kaa_preprocess__list expanded;
    int is_expanded;
    int is_absent; /* not given, not even empty */
};

struct call {
    kaa_preprocess__macro *macro;
    kaa_preprocess__list tokens;
    struct argument *arguments; /* one a parameter */
    kaa_preprocess__list out;
    int has_nothing; /* an empty argument is in `out` */
};

static void
end_call(struct call *call)
{
    for (uint32_t i = 0;
         call->arguments != NULL && i < call->macro->parameter_count; i++)
        kaa_base__free(call->arguments[i].expanded.tokens);
    kaa_base__free(call->arguments);
    kaa_base__free(call->tokens.tokens);
    kaa_base__free(call->out.tokens);
}

static int
begin_call(kaa_preprocess__pp *pp, struct call *call,
           kaa_preprocess__macro *macro)
{
    memset(call, 0, sizeof(*call));
    call->macro = macro;
    call->arguments = kaa_base__alloc_zeroed(
        ((size_t)macro->parameter_count + 1) * sizeof(*call->arguments));
    return call->arguments != NULL ? 1 : kaa_preprocess__fail_memory(pp);
}

static int
fail_count(kaa_preprocess__pp *pp, const kaa_preprocess__macro *macro,
           uint32_t line, size_t given)
{
    return kaa_preprocess__fail(
        pp, KAA_SYNTAX, line, "macro '%.64s' takes %u arguments, not %zu",
        macro->name->text, (unsigned)macro->parameter_count, given);
}

/* All tokens to the closing ')', arguments told apart. */
static int
take_tokens(kaa_preprocess__pp *pp, struct call *call, uint32_t line,
            size_t *out_given)
{
    const kaa_preprocess__macro *macro = call->macro;
    uint32_t wanted = macro->parameter_count;
    size_t depth = 0;
    size_t given = 1;
    kaa_preprocess__token token;

    for (;;) {
        kaa_preprocess__take(pp, &token);
        if (token.kind == T_END)
            return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                        "the call of macro '%.64s' has no ')'",
                                        macro->name->text);
        if (kaa_preprocess__is(&token, CODE('(', 0, 0)))
            depth++;
        else if (kaa_preprocess__is(&token, CODE(')', 0, 0)) && depth-- == 0)
            break;
        if (depth == 0 && kaa_preprocess__is(&token, CODE(',', 0, 0)) &&
            !(macro->is_variadic && given >= wanted)) {
            given++;
            if (given <= wanted)
                call->arguments[given - 1].start = call->tokens.count;
            continue;
        }
        token.flags &= (uint8_t)~F_FRESH;
        if (!kaa_preprocess__append(pp, &call->tokens, &token))
            return 0;
        if (given <= wanted)
            call->arguments[given - 1].count++;
    }
    *out_given = given;
    return 1;
}

static int
take_arguments(kaa_preprocess__pp *pp, struct call *call, uint32_t line)
{
    const kaa_preprocess__macro *macro = call->macro;
    uint32_t wanted = macro->parameter_count;
    size_t given = 0;
    int is_taken;

    /* The end of the file ends the call too. */
    pp->nesting++;
    is_taken = take_tokens(pp, call, line, &given);
    pp->nesting--;
    if (!is_taken)
        return 0;
    if (wanted == 0)
        return given == 1 && call->tokens.count == 0
                   ? 1
                   : fail_count(pp, macro, line, given);
    if (given > wanted ||
        (given < wanted && !(macro->is_variadic && given + 1 == wanted)))
        return fail_count(pp, macro, line, given);
    /* GNU's: a comma pasted to what is left out goes with it. */
    if (macro->is_variadic)
        call->arguments[wanted - 1].is_absent =
            given < wanted || (wanted == 1 && call->tokens.count == 0);
    return kaa_preprocess__spend(pp, call->tokens.count);
}

static int
expand_argument(kaa_preprocess__pp *pp, struct call *call, uint32_t number)
{
    struct argument *argument = &call->arguments[number];

    if (argument->is_expanded)
        return 1;
    argument->is_expanded = 1;
    return argument->count == 0 ||
           kaa_preprocess__expand_list(pp,
                                       call->tokens.tokens + argument->start,
                                       argument->count, &argument->expanded);
}

static int
add(kaa_preprocess__pp *pp, struct call *call,
    const kaa_preprocess__token *token)
{
    return kaa_preprocess__spend(pp, 1) &&
           kaa_preprocess__append(pp, &call->out, token);
}

static int
add_nothing(kaa_preprocess__pp *pp, struct call *call, uint8_t flags)
{
    kaa_preprocess__token nothing = {
        .kind = T_NOTHING, .text = "", .flags = flags};

    call->has_nothing = 1;
    return add(pp, call, &nothing);
}

/* Tokens in the place of one: the first has its blanks, the last its ##. */
static int
add_tokens(kaa_preprocess__pp *pp, struct call *call,
           const kaa_preprocess__token *tokens, size_t count, uint8_t flags)
{
    if (count == 0 || tokens == NULL)
        return add_nothing(pp, call, flags & (F_SPACE | F_PASTE));
    for (size_t i = 0; i < count; i++) {
        kaa_preprocess__token token = tokens[i];
        if (i == 0)
            token.flags =
                (uint8_t)((token.flags & ~F_SPACE) | (flags & F_SPACE));
        if (i + 1 == count)
            token.flags |= flags & F_PASTE;
        if (!add(pp, call, &token))
            return 0;
    }
    return 1;
}

static int
is_pasted(const struct call *call)
{
    return call->out.count != 0 &&
           (call->out.tokens[call->out.count - 1].flags & F_PASTE) != 0;
}

/* `, ## __VA_ARGS__`: 1 if the parameter is done with. */
static int
do_comma(struct call *call, uint32_t number)
{
    kaa_preprocess__token *last = &call->out.tokens[call->out.count - 1];

    if (!call->macro->is_variadic ||
        number + 1 != call->macro->parameter_count ||
        !kaa_preprocess__is(last, CODE(',', 0, 0)))
        return 0;
    if (call->arguments[number].is_absent) {
        last->kind = T_NOTHING;
        last->length = 0;
        last->text = "";
    }
    last->flags &= (uint8_t)~F_PASTE;
    return 1;
}

static int
put_parameter(kaa_preprocess__pp *pp, struct call *call,
              const kaa_preprocess__token *token)
{
    uint32_t number = token->code;
    struct argument *argument = &call->arguments[number];
    const kaa_preprocess__token *raw =
        argument->count != 0 ? call->tokens.tokens + argument->start : NULL;

    if (token->flags & F_STRING) {
        kaa_preprocess__token made;
        if (!kaa_preprocess__stringify(pp, raw, argument->count, &made))
            return 0;
        made.line = token->line;
        made.flags = token->flags & (F_SPACE | F_PASTE);
        return add(pp, call, &made);
    }
    if (is_pasted(call)) {
        do_comma(call, number);
        return add_tokens(pp, call, raw, argument->count, token->flags);
    }
    if (token->flags & F_PASTE)
        return add_tokens(pp, call, raw, argument->count, token->flags);
    return expand_argument(pp, call, number) &&
           add_tokens(pp, call, argument->expanded.tokens,
                      argument->expanded.count, token->flags);
}

/* Behind `__VA_OPT__ (` at `from`: its closing ')', or `count`. */
static uint32_t
find_close(const kaa_preprocess__macro *macro, uint32_t from)
{
    uint32_t depth = 0;

    for (uint32_t i = from; i < macro->count; i++) {
        if (kaa_preprocess__is(&macro->body[i], CODE('(', 0, 0)))
            depth++;
        else if (kaa_preprocess__is(&macro->body[i], CODE(')', 0, 0)) &&
                 depth-- == 0)
            return i;
    }
    return macro->count;
}

static int substitute(kaa_preprocess__pp *pp, struct call *call, uint32_t from,
                      uint32_t to, int depth);

/* #__VA_OPT__(...): what stands in it as a string. */
static int
string_of_option(kaa_preprocess__pp *pp, struct call *call, uint32_t from,
                 uint32_t to, uint8_t flags)
{
    kaa_preprocess__list outer = call->out;
    kaa_preprocess__token made;
    int is_done;

    memset(&call->out, 0, sizeof(call->out));
    is_done =
        substitute(pp, call, from, to, 1) &&
        kaa_preprocess__paste_list(pp, &call->out) &&
        kaa_preprocess__stringify(pp, call->out.tokens, call->out.count, &made);
    kaa_base__free(call->out.tokens);
    call->out = outer;
    if (!is_done)
        return 0;
    made.flags = flags & (F_SPACE | F_PASTE);
    return add(pp, call, &made);
}

/* At __VA_OPT__; *at is moved to its closing ')'. */
static int
put_option(kaa_preprocess__pp *pp, struct call *call, uint32_t *at)
{
    const kaa_preprocess__macro *macro = call->macro;
    const kaa_preprocess__token *option = &macro->body[*at];
    uint32_t rest = macro->parameter_count - 1;
    uint32_t open = *at + 1;
    uint32_t close;
    uint8_t flags;
    size_t before;
    int has_rest;

    if (open >= macro->count ||
        !kaa_preprocess__is(&macro->body[open], CODE('(', 0, 0)))
        return add(pp, call, option);
    close = find_close(macro, open + 1);
    if (close == macro->count)
        return kaa_preprocess__fail(pp, KAA_SYNTAX, 0,
                                    "__VA_OPT__ without ')' in macro '%.64s'",
                                    macro->name->text);
    *at = close;
    flags = (uint8_t)((option->flags & F_SPACE) |
                      (macro->body[close].flags & F_PASTE));
    if (!expand_argument(pp, call, rest))
        return 0;
    has_rest = call->arguments[rest].expanded.count != 0;
    if (option->flags & F_STRING)
        return string_of_option(pp, call, has_rest ? open + 1 : close, close,
                                flags);
    if (!has_rest || close == open + 1)
        return add_nothing(pp, call, flags);
    before = call->out.count;
    if (!substitute(pp, call, open + 1, close, 1))
        return 0;
    if (call->out.count > before) {
        kaa_preprocess__token *first = &call->out.tokens[before];
        first->flags = (uint8_t)((first->flags & ~F_SPACE) | (flags & F_SPACE));
        call->out.tokens[call->out.count - 1].flags |= flags & F_PASTE;
    }
    return 1;
}

/* Recurses once, for what stands in a __VA_OPT__. */
static int
substitute(kaa_preprocess__pp *pp, struct call *call, uint32_t from,
           uint32_t to, int depth)
{
    const kaa_preprocess__macro *macro = call->macro;

    for (uint32_t i = from; i < to; i++) {
        const kaa_preprocess__token *token = &macro->body[i];
        int is_put;

        if (token->kind == T_PARAMETER)
            is_put = put_parameter(pp, call, token);
        else if (token->kind == T_NAME && token->name->special == S_VA_OPT &&
                 macro->is_variadic && depth == 0)
            is_put = put_option(pp, call, &i);
        else
            is_put = add(pp, call, token);
        if (!is_put)
            return 0;
    }
    return 1;
}

/* The arguments are there: what comes of the body is read next. */
static int
push_result(kaa_preprocess__pp *pp, struct call *call, int has_space)
{
    kaa_preprocess__context *context;

    if (!substitute(pp, call, 0, call->macro->count, 0))
        return 0;
    if ((call->macro->has_paste || call->has_nothing) &&
        !kaa_preprocess__paste_list(pp, &call->out))
        return 0;
    context = kaa_preprocess__push(pp);
    if (context == NULL)
        return 0;
    context->owned = call->out.tokens;
    context->at = call->out.tokens;
    context->end = call->out.count != 0 ? context->at + call->out.count
                                        : context->at; /* NULL, perhaps */
    context->macro = call->macro;
    context->is_first = 1;
    context->space = (uint8_t)has_space;
    call->macro->is_busy = 1;
    call->out.tokens = NULL;
    return 1;
}

int
kaa_preprocess__invoke(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro,
                       const kaa_preprocess__token *name)
{
    struct call call;
    int is_done = begin_call(pp, &call, macro) &&
                  take_arguments(pp, &call, name->line) &&
                  push_result(pp, &call, (name->flags & F_SPACE) != 0);

    end_call(&call);
    return is_done;
}

int
kaa_preprocess__invoke_itself(kaa_preprocess__pp *pp,
                              kaa_preprocess__macro *macro, int is_number)
{
    const kaa_preprocess__token number = {
        .kind = T_NUMBER, .text = "1", .length = 1};
    struct call call;
    int is_done = begin_call(pp, &call, macro);

    for (uint32_t i = 0; is_done && i < macro->parameter_count; i++) {
        kaa_preprocess__token token = {.kind = T_NAME,
                                       .flags = F_NO_EXPAND | F_STAND_IN};
        token.name = (kaa_preprocess__name *)(uintptr_t)macro->parameters[i];
        token.text = token.name->text;
        token.length = token.name->length;
        if (is_number)
            token = number;
        call.arguments[i].start = call.tokens.count;
        call.arguments[i].count = 1;
        is_done = kaa_preprocess__append(pp, &call.tokens, &token);
    }
    is_done = is_done && push_result(pp, &call, 0);
    end_call(&call);
    return is_done;
}
