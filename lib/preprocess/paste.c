/* preprocess/paste.c - ## and #. */
#include "preprocess/internal.h"

#include <string.h>

void
kaa_preprocess__note_spoiled(kaa_preprocess__pp *pp,
                             const kaa_preprocess__token *token)
{
    if (token->flags & F_STAND_IN) {
        token->name->is_spoiled = 1;
        pp->is_spoiled = 1;
    }
}

/* Two tokens joined, if that is one token: *left becomes it. */
static int
paste(kaa_preprocess__pp *pp, kaa_preprocess__token *left,
      const kaa_preprocess__token *right, int *is_pasted)
{
    kaa_preprocess__token made = {0};
    size_t length = (size_t)left->length + right->length;
    char *text;

    *is_pasted = 0;
    kaa_preprocess__note_spoiled(pp, left);
    kaa_preprocess__note_spoiled(pp, right);
    /* // begins no token, and neither does a comment. */
    if (length == 0 || (left->text[0] == '/' && right->length != 0 &&
                        (right->text[0] == '/' || right->text[0] == '*')))
        return 1;
    if (!kaa_preprocess__spend(pp, 1 + length / 16))
        return 0;
    text = kaa_preprocess__alloc(pp, length + 1);
    if (text == NULL)
        return 0;
    memcpy(text, left->text, left->length);
    memcpy(text + left->length, right->text, right->length);
    kaa_preprocess__scan(pp, text, text + length, &made);
    if (pp->has_failed)
        return 0;
    if (made.length != length || made.kind == T_OTHER)
        return 1;
    made.line = left->line;
    made.flags = (uint8_t)((left->flags & F_SPACE) | (right->flags & F_PASTE));
    *left = made;
    *is_pasted = 1;
    return 1;
}

/* left ## right; an empty argument gives way. *is_pasted: *left is both. */
static int
paste_next(kaa_preprocess__pp *pp, kaa_preprocess__token *left,
           const kaa_preprocess__token *right, int *is_pasted)
{
    *is_pasted = 1;
    if (right->kind == T_NOTHING) {
        left->flags =
            (uint8_t)((left->flags & ~F_PASTE) | (right->flags & F_PASTE));
    } else if (left->kind == T_NOTHING) {
        uint8_t space = left->flags & F_SPACE;

        *left = *right;
        left->flags = (uint8_t)((left->flags & ~F_SPACE) | space);
    } else {
        return paste(pp, left, right, is_pasted);
    }
    return 1;
}

int
kaa_preprocess__paste_list(kaa_preprocess__pp *pp, kaa_preprocess__list *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        kaa_preprocess__token token = list->tokens[i];
        int is_pasted = 1;

        while (is_pasted && (token.flags & F_PASTE) && i + 1 < list->count) {
            if (!paste_next(pp, &token, &list->tokens[i + 1], &is_pasted))
                return 0;
            if (is_pasted)
                i++;
            else /* no token: both stay, as in gcc */
                token.flags &= (uint8_t)~F_PASTE;
        }
        if (token.kind != T_NOTHING) {
            token.flags &= (uint8_t)~F_PASTE;
            list->tokens[kept++] = token;
        } else if ((token.flags & F_SPACE) && i + 1 < list->count) {
            list->tokens[i + 1].flags |= F_SPACE;
        }
    }
    list->count = kept;
    return 1;
}

int
kaa_preprocess__stringify(kaa_preprocess__pp *pp,
                          const kaa_preprocess__token *tokens, size_t count,
                          kaa_preprocess__token *out)
{
    size_t room = 3;
    size_t length = 0;
    size_t backslashes = 0;
    char *text;

    for (size_t i = 0; i < count; i++)
        room += 1 + 2 * (size_t)tokens[i].length;
    if (!kaa_preprocess__spend(pp, 1 + room / 16))
        return 0;
    text = kaa_preprocess__alloc(pp, room);
    if (text == NULL)
        return 0;
    text[length++] = '"';
    for (size_t i = 0; i < count; i++) {
        const kaa_preprocess__token *token = &tokens[i];
        int is_quoted = token->kind == T_STRING || token->kind == T_CHARACTER;

        kaa_preprocess__note_spoiled(pp, token);
        if (length > 1 && (token->flags & (F_SPACE | F_FRESH)))
            text[length++] = ' ';
        for (uint32_t j = 0; j < token->length; j++) {
            char c = token->text[j];
            if (is_quoted && (c == '"' || c == '\\'))
                text[length++] = '\\';
            text[length++] = c;
        }
    }
    /* A lone backslash may not take the quote away. */
    while (length > backslashes + 1 && text[length - 1 - backslashes] == '\\')
        backslashes++;
    if (backslashes % 2 != 0)
        length--;
    text[length++] = '"';
    memset(out, 0, sizeof(*out));
    out->kind = T_STRING;
    out->text = text;
    out->length = (uint32_t)length;
    return 1;
}
