/* The cycle report, referrers, objects one by one. */
#include "gc/help.h"

KAA_TEST(cycles_are_told_by_type_and_slot)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *a = NEW(node_new(t, PLAIN, 1));
    kaa_object *list = NEW(kaa_list_new(ctx, 0));
    kaa_object *b = NEW(node_new(t, PLAIN, 2));
    char text[200];
    size_t length;

    CHECK_ZERO(kaa_list_append(ctx, list, kaa_builtin(ctx, KAA_NONE)));
    CHECK_ZERO(kaa_list_append(ctx, list, b));
    set_right(a, list);
    CHECK_EQ(kaa_gc_cycle_text(ctx, a, text, sizeof(text)), 0);
    CHECK_STR(text, "");
    set_left(b, a);
    length = kaa_gc_cycle_text(ctx, a, text, sizeof(text));
    if (length == 0 && kaa_base__fault_happened())
        return;
    CHECK_STR(text, "test.Plain --right--> list --[1]--> test.Plain --left--> "
                    "test.Plain");
    CHECK_EQ(length, strlen(text));
    if (!kaa_test_is_fault_run()) {
        CHECK_EQ(kaa_gc_cycle_text(ctx, a, text, 11), length);
        CHECK_STR(text, "test.Plain");
        CHECK_EQ(kaa_gc_cycle_text(ctx, a, NULL, 0), length);
        /* A shorter one by another way. */
        set_right(b, b);
        (void)kaa_gc_cycle_text(ctx, b, text, sizeof(text));
        CHECK_STR(text, "test.Plain --right--> test.Plain");
        set_right(b, NULL);
    }
    set_left(b, NULL);
}

KAA_TEST(garbage_is_found_through_what_hangs_off_it)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *a = NEW(node_new(t, PLAIN, 1));
    kaa_object *b = NEW(node_new(t, BARE, 2));
    kaa_object *tail;
    char text[200];
    size_t length;

    CHECK_EQ(kaa_gc_cycle_text(ctx, NULL, text, sizeof(text)), 0);
    set_left(a, b);
    set_left(b, a);
    tail = a;
    /* A long tail that is in no cycle. */
    for (int i = 0; i < 30; i++) {
        kaa_object *next = NEW(node_new(t, OWN, i));

        set_right(tail, next);
        tail = next;
        DROP(next);
    }
    CHECK_EQ(kaa_gc_cycle_text(ctx, NULL, text, sizeof(text)), 0);
    if (kaa_test_is_collect_run())
        return;
    DROP(a);
    DROP(b);
    length = kaa_gc_cycle_text(ctx, NULL, text, sizeof(text));
    if (length == 0 && kaa_base__fault_happened())
        return;
    if (strncmp(text, "test.Plain", 10) == 0)
        CHECK_STR(text, "test.Plain --left--> test.Bare --#0--> test.Plain");
    else
        CHECK_STR(text, "test.Bare --#0--> test.Plain --left--> test.Bare");
    CHECK_EQ(collect_now(t, KAA_GC_FULL).collected, 32);
    CHECK_EQ(kaa_gc_cycle_text(ctx, NULL, text, sizeof(text)), 0);
}

typedef struct found {
    kaa_object *referrer;
    char how[40];
    int count, stop_at;
} found;

static int
note_referrer(kaa_object *referrer, const char *how, void *user)
{
    found *to = user;

    to->referrer = referrer;
    snprintf(to->how, sizeof(to->how), "%s", how);
    return ++to->count == to->stop_at ? 77 : 0;
}

KAA_TEST(referrers_are_found)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *a = NEW(node_new(t, PLAIN, 1));
    kaa_object *b = NEW(node_new(t, PLAIN, 2));
    found to = {0};

    CHECK_EQ(kaa_gc_each_referrer(ctx, a, note_referrer, &to), 0);
    CHECK_EQ(to.count, 0);
    set_right(b, a);
    CHECK_EQ(kaa_gc_each_referrer(ctx, a, note_referrer, &to), 0);
    CHECK_EQ(to.count, 1);
    CHECK(to.referrer == b);
    CHECK_STR(to.how, "right");
    set_left(a, a);
    to = (found){.stop_at = 1};
    CHECK_EQ(kaa_gc_each_referrer(ctx, a, note_referrer, &to), 77);
    CHECK_EQ(to.count, 1);
    set_left(a, NULL);
}

typedef struct count {
    int nodes, strs;
    size_t bytes;
} count;

static int
count_object(kaa_object *object, const char *type, size_t bytes, void *user)
{
    count *to = user;

    (void)object;
    if (strcmp(type, "test.Plain") == 0) {
        to->nodes++;
        to->bytes += bytes;
    }
    to->strs += strcmp(type, "str") == 0;
    return to->nodes == 3 ? 5 : 0;
}

KAA_TEST(objects_are_shown_one_by_one)
{
    kaa_context *ctx = fresh_graph(t);
    count to = {0};

    (void)NEW(node_new(t, PLAIN, 1));
    (void)NEW(node_new(t, PLAIN, 2));
    CHECK_EQ(kaa_gc_each_object(ctx, count_object, &to), 0);
    CHECK_EQ(to.nodes, 2);
    CHECK(to.strs > 0);
    CHECK(to.bytes >= 2 * (sizeof(node) + sizeof(kaa_object)));
    (void)NEW(node_new(t, PLAIN, 3));
    to = (count){0};
    CHECK_EQ(kaa_gc_each_object(ctx, count_object, &to), 5);
}
