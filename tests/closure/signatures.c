/* tests/closure/signatures.c - a closure of every generated signature, called
 * as the compiler calls it. */
#include <stdio.h>

#include <kaa/closure.h>

#include "call/signatures.h"

typedef struct seen {
    const signature_set *set;
    const signature_case *c;
} seen;

/* What the generated functions do. */
static void
act(void *result, void *const *arguments, void *user)
{
    const seen *s = user;
    uint64_t h = signature_hash(s->set, s->c, arguments);

    signature_digest = h;
    if (s->c->result >= 0)
        s->set->types[s->c->result].fill(result, &h);
}

static void
compare_set(kaa_test *t, const signature_set *set)
{
    signature_values values = {.type = NULL};

    signature_prepare(t, set, &values);
    for (uint32_t i = 0; i < set->case_count; i++) {
        const signature_case *c = &set->cases[i];
        seen s = {set, c};
        kaa_closure *closure = NULL;

        if (c->fixed != 0)
            continue; /* no closure takes variable arguments */
        signature_begin(t, set, c, &values);
        if (signature_is_disputed(set, c, &values))
            continue;
        if (kaa_closure_create(values.type, act, &s, NULL, &closure, &t->err) !=
            KAA_OK)
            FAIL("%s: %s", c->text, t->err.message);
        c->call(kaa_closure_pointer(closure), values.result, values.arguments);
        signature_compare(t, set, c, &values, "closure");
        kaa_closure_destroy(closure);
    }
}

KAA_TEST(closures_equal_the_compilers_functions)
{
    compare_set(t, &signature_set_own);
}

KAA_TEST(the_other_compiler_agrees)
{
    if (signature_set_other == NULL)
        SKIP("no second compiler was found");
    compare_set(t, signature_set_other);
}
