/* args/nearest.c - keywords that nobody has, and what was meant. */
#include "base/nearest.h"
#include "args/internal.h"

int
kaa_args__unknown_keyword(kaa_context *ctx, const char *function,
                          kaa_object *keyword, const char *const *names,
                          size_t count)
{
    const char *text = kaa_str_as_utf8(ctx, keyword, NULL);
    size_t nearest = count;

    if (text == NULL)
        kaa_error_clear(ctx);
    else
        nearest = kaa_base__nearest(text, names, count);
    if (nearest == count)
        return kaa_raise_format(
            ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
            "%.150s%s got an unexpected keyword argument '%S'",
            function != NULL ? function : "function",
            function != NULL ? "()" : "", keyword);
    return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                            "%.150s%s got an unexpected keyword argument "
                            "'%S'. Did you mean '%s'?",
                            function != NULL ? function : "function",
                            function != NULL ? "()" : "", keyword,
                            names[nearest]);
}
