/* object/list.c - lists. */
#include "object/help.h"

KAA_TEST(list_appends_and_gets)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    for (int64_t i = 0; i < 1000; i++)
        CHECK_ZERO(kaa_list_take_append(ctx, list, kaa_int(ctx, i)));
    CHECK_INT(kaa_list_size(ctx, list), 1000);
    for (int64_t i = 0; i < 1000; i++)
        CHECK_EQ(NEW(kaa_list_get(ctx, list, i)), kaa_int(ctx, i));
}

KAA_TEST(list_pops_inserts_and_reverses)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    for (int64_t i = 0; i < 10; i++)
        CHECK_ZERO(kaa_list_insert(ctx, list, 0, kaa_int(ctx, i)));
    CHECK_EQ(NEW(kaa_list_pop(ctx, list, -1)), kaa_int(ctx, 0));
    CHECK_EQ(NEW(kaa_list_pop(ctx, list, 0)), kaa_int(ctx, 9));
    CHECK_ZERO(kaa_list_reverse(ctx, list));
    for (int64_t i = 0; i < 8; i++)
        CHECK_EQ(NEW(kaa_list_get(ctx, list, i)), kaa_int(ctx, i + 1));
}

KAA_TEST(list_holds_itself)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    CHECK_ZERO(kaa_list_append(ctx, list, list));
    CHECK_REF(list, 2);
    CHECK_ZERO(kaa_list_set_slice(ctx, list, 0, 1, NULL));
    CHECK_REF(list, 1);
}
