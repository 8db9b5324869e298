/* args/nearest.c - keywords that nobody has, and what was meant. */
#include <string.h>

#include "args/internal.h"

#define LENGTH_MAX 40u

/* How many letters must be changed, added, taken away or swapped with their
 * neighbours to make `b` of `a`; LENGTH_MAX for long ones. */
static size_t
distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LENGTH_MAX + 1];

    if (a_length > LENGTH_MAX || b_length > LENGTH_MAX)
        return LENGTH_MAX;
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = rows[2][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        const size_t *before = rows[(i + 1) % 3]; /* i - 2 */

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

int
kaa_args__unknown_keyword(kaa_context *ctx, const char *function,
                          kaa_object *keyword, const char *const *names,
                          size_t count)
{
    size_t size = 0, best = LENGTH_MAX;
    const char *text = kaa_str_as_utf8(ctx, keyword, &size);
    const char *nearest = NULL;

    if (text == NULL)
        kaa_error_clear(ctx);
    for (size_t i = 0; text != NULL && i < count; i++) {
        size_t edits = distance(text, size, names[i], strlen(names[i]));

        if (edits < best) {
            best = edits;
            nearest = names[i];
        }
    }
    if (nearest == NULL || best > 1 + size / 4)
        return kaa_raise_format(
            ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
            "%.150s%s got an unexpected keyword argument '%S'",
            function != NULL ? function : "function",
            function != NULL ? "()" : "", keyword);
    return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                            "%.150s%s got an unexpected keyword argument "
                            "'%S'. Did you mean '%s'?",
                            function != NULL ? function : "function",
                            function != NULL ? "()" : "", keyword, nearest);
}
