/* tests/call/signatures.c - every generated signature, called by kaa directly
 * and through libffi, compared with the compiler's own call. */
#include <stdio.h>
#include <stdlib.h>

#include "call/internal.h"
#include "call/signatures.h"

/* An integer result has to come back extended to 64 bits. */
static void
check_extension(kaa_test *t, const signature_case *c, const kaa_call_plan *plan,
                const signature_values *values)
{
    kaa_call__frame *frame;
    kaa_call__place place = {.offset = {offsetof(kaa_call__frame, integers), 0},
                             .load = plan->result_load};
    uint64_t raw, expected;

    if (plan->result_load == KAA_CALL__LOAD_BYTES ||
        plan->result_load == KAA_CALL__LOAD_FLOAT ||
        plan->result_load == KAA_CALL__LOAD_NOTHING)
        return;
    frame = aligned_alloc(16, plan->frame_size);
    CHECK(frame != NULL);
    memset(frame, 0xA5, plan->frame_size);
    for (uint32_t i = 0; i < c->count; i++)
        kaa_call__store(&plan->places[i], frame, values->arguments[i]);
    kaa_call__run(plan, c->function, frame);
    raw = frame->result.words[0];
    kaa_call__store(&place, frame, values->expected);
    expected = frame->integers[0];
    free(frame);
    if (raw != expected)
        FAIL("%s: the result is not extended: %llx, not %llx", c->text,
             (unsigned long long)raw, (unsigned long long)expected);
}

static uint32_t
compare_set(kaa_test *t, const signature_set *set, uint32_t flags)
{
    signature_values values = {.type = NULL};
    uint32_t direct = 0, called = 0;
    kaa_status status;

    signature_prepare(t, set, &values);
    for (uint32_t i = 0; i < set->case_count; i++) {
        const signature_case *c = &set->cases[i];
        kaa_call_options options = {
            .size = sizeof(options), .flags = flags, .fixed_count = c->fixed};
        kaa_call_plan *plan = NULL;

        signature_begin(t, set, c, &values);
        if (signature_is_disputed(set, c, &values))
            continue;
        status = kaa_call_plan_create(values.type, &options, &plan, &t->err);
        /* libffi knows no 128-bit integers and less of alignment. */
        if (status == KAA_UNSUPPORTED && !KAA_CALL__SYSV &&
            (!KAA_CALL__DIRECT || flags != 0))
            continue;
        if (status != KAA_OK)
            FAIL("%s: %s", c->text, t->err.message);
        called++;
        CHECK_OK(kaa_call_invoke(plan, c->function, values.result,
                                 values.arguments, &t->err));
        direct += (uint32_t)kaa_call_plan_is_direct(plan);
        signature_compare(t, set, c, &values,
                          kaa_call_plan_is_direct(plan) ? "direct" : "libffi");
        check_extension(t, c, plan, &values);
        kaa_call_plan_destroy(plan);
    }
    CHECK(called > set->case_count / 4);
    return direct;
}

KAA_TEST(direct_calls_equal_the_compilers)
{
    uint32_t direct = compare_set(t, &signature_set_own, 0);

    printf("%u of %u signatures direct\n", direct,
           signature_set_own.case_count);
    CHECK(!KAA_CALL__DIRECT || direct > signature_set_own.case_count / 2);
    CHECK(!KAA_CALL__AAPCS || direct == signature_set_own.case_count);
}

/* Every caller of kaa's own has to be among those compared. */
KAA_TEST(all_ways_of_calling_are_covered)
{
    const signature_set *set = &signature_set_own;
    uint32_t found[KAA_CALL__RESULT_COUNT][2][4] = {{{0}}};
    signature_values values = {.type = NULL};

    if (!KAA_CALL__DIRECT)
        SKIP("no calling convention of kaa's own on this machine");
    signature_prepare(t, set, &values);
    for (uint32_t i = 0; i < set->case_count; i++) {
        const signature_case *c = &set->cases[i];
        kaa_call_options options = {.size = sizeof(options),
                                    .fixed_count = c->fixed};
        kaa_call_plan *plan = NULL;

        signature_begin(t, set, c, &values);
        CHECK_OK(kaa_call_plan_create(values.type, &options, &plan, &t->err));
        if (kaa_call_plan_is_direct(plan)) {
            uint32_t words = plan->stack_words;

            found[plan->result_how][c->fixed != 0][words == 0    ? 0
                                                   : words <= 4  ? 1
                                                   : words <= 12 ? 2
                                                                 : 3]++;
        }
        kaa_call_plan_destroy(plan);
    }
    for (uint32_t how = 0; how < KAA_CALL__RESULT_COUNT; how++)
        for (uint32_t at = 0; at < 8; at++)
            if (found[how][at / 4][at % 4] == 0)
                FAIL("no %s signature with result %u and stack %u",
                     at / 4 != 0 ? "variadic" : "fixed", how, at % 4);
}

KAA_TEST(libffi_calls_equal_the_compilers)
{
    CHECK_EQ(compare_set(t, &signature_set_own, KAA_CALL_LIBFFI), 0);
}

KAA_TEST(the_other_compiler_agrees)
{
    if (signature_set_other == NULL)
        SKIP("no second compiler was found");
    compare_set(t, signature_set_other, 0);
    compare_set(t, signature_set_other, KAA_CALL_LIBFFI);
}
