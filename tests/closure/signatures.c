/* tests/closure/signatures.c - a closure of every generated signature, called
 * as the compiler calls it. */
#include <stdio.h>

#include "call/signatures.h"
#include "closure/internal.h"

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

static uint32_t
compare_set(kaa_test *t, const signature_set *set, int way)
{
    signature_values values = {.type = NULL};
    uint32_t made = 0;

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
        kaa_status status = kaa_closure__create(values.type, act, &s, NULL, way,
                                                &closure, &t->err);

        if (status == KAA_UNSUPPORTED &&
            (way != KAA_CLOSURE__ANY || !KAA_CALL__DIRECT))
            continue;
        if (status != KAA_OK)
            FAIL("%s: %s", c->text, t->err.message);
        made++;
        c->call(kaa_closure_pointer(closure), values.result, values.arguments);
        signature_compare(t, set, c, &values, "closure");
        kaa_closure_destroy(closure);
    }
    return made;
}

KAA_TEST(closures_equal_the_compilers_functions)
{
    CHECK(compare_set(t, &signature_set_own, KAA_CLOSURE__ANY) >
          (KAA_CALL__DIRECT ? 300 : 100));
}

/* The ways are for different signatures on different machines; what each takes
 * on has to be right. */
KAA_TEST(all_ways_are_right)
{
    uint32_t direct =
        compare_set(t, &signature_set_own, KAA_CLOSURE__DIRECT_ONLY);
    uint32_t libffi =
        compare_set(t, &signature_set_own, KAA_CLOSURE__LIBFFI_ONLY);

    uint32_t borrowed =
        compare_set(t, &signature_set_own, KAA_CLOSURE__BORROWED_ONLY);

    printf("%u closures direct, %u by borrowed trampolines, %u by libffi\n",
           direct, borrowed, libffi);
    CHECK_EQ(borrowed, KAA_CALL__AAPCS ? direct : 0);
    CHECK(!KAA_CALL__DIRECT || direct > 250);
    CHECK(libffi > (KAA_CALL__SYSV ? 250 : 100));
}

KAA_TEST(the_other_compiler_agrees)
{
    if (signature_set_other == NULL)
        SKIP("no second compiler was found");
    compare_set(t, signature_set_other, KAA_CLOSURE__ANY);
    compare_set(t, signature_set_other, KAA_CLOSURE__BORROWED_ONLY);
    compare_set(t, signature_set_other, KAA_CLOSURE__LIBFFI_ONLY);
}
