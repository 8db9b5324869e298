/* graph on the native context: cycles that only a collector frees. */
#include "examples/modules/help.h"

static int64_t
finalized(kaa_test *t, kaa_context *ctx, kaa_object *module)
{
    kaa_object *count = NEW(call(ctx, module, "finalized", "()"));
    int64_t result = -1;

    CHECK_ZERO(kaa_int_as_int64(ctx, count, &result));
    DROP(count);
    return result;
}

/* A graph whose nodes are a ring. */
static kaa_object *
make_ring(kaa_test *t, kaa_context *ctx, kaa_object *module, int count)
{
    kaa_object *graph = NEW(call(ctx, module, "Graph", "()"));

    for (int i = 0; i < count; i++) {
        kaa_object *name = NEW(kaa_str_format(ctx, "n%d", i));

        DROP(NEW(kaa_call_method(ctx, "add", (kaa_object *const[]){graph, name},
                                 2, NULL)));
        DROP(name);
    }
    for (int i = 0; i < count; i++) {
        kaa_object *from = NEW(kaa_str_format(ctx, "n%d", i));
        kaa_object *to = NEW(kaa_str_format(ctx, "n%d", (i + 1) % count));

        DROP(NEW(call(ctx, graph, "connect", "(OOd)", from, to, 0.5 * i)));
        DROP(from);
        DROP(to);
    }
    return graph;
}

KAA_TEST(cycles_are_collected)
{
    int count = kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 3 : 1000;
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "graph");
    kaa_object *graph = make_ring(t, ctx, module, count);
    kaa_object *watch = NEW(call(ctx, graph, "watch", "(s)", "n1"));
    kaa_object *found = NULL;

    CHECK_INT(kaa_length(ctx, graph), count);
    CHECK_TRUE(kaa_weakref_get(ctx, watch, &found));
    CHECK_TRUE(kaa_is_instance(ctx, found,
                               NEW(kaa_get_attr_text(ctx, module, "Node"))));
    kaa_decref(ctx, found);
    CHECK_EQ(finalized(t, ctx, module), 0);
    DROP(graph);
    COLLECT();
    CHECK_EQ(finalized(t, ctx, module), count);
    CHECK_ZERO(kaa_weakref_get(ctx, watch, &found));
}

KAA_TEST(nodes_without_cycles_go_at_once)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "graph");
    kaa_object *first = NEW(call(ctx, module, "Node", "(si)", "a", 1));
    kaa_object *second = NEW(call(ctx, module, "Node", "(s)", "b"));

    DROP(NEW(call(ctx, first, "connect", "(Od)", second, 2.0)));
    if (!kaa_test_is_fault_run()) /* a name that cannot be had is "object" */
        CHECK_REPR(first, "<Node 'a' with 1 edges>");
    DROP(second);
    CHECK_EQ(finalized(t, ctx, module), 0);
    DROP(first);
    CHECK_EQ(finalized(t, ctx, module), 2);
}

KAA_TEST(attributes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "graph");
    kaa_object *node = NEW(call(ctx, module, "Node", "(si)", "a", 7));
    kaa_object *value = NEW(kaa_get_attr_text(ctx, node, "value"));

    CHECK_REPR(value, "7");
    CHECK_ZERO(kaa_set_attr_text(ctx, node, "value", node));
    CHECK_ZERO(kaa_set_attr_text(ctx, node, "color", value));
    value = NEW(kaa_get_attr_text(ctx, node, "color"));
    CHECK_REPR(value, "7");
    CHECK_RAISES(kaa_set_attr_text(ctx, node, "name", value) < 0,
                 KAA_ATTRIBUTE_ERROR, NULL);
    value = NEW(kaa_get_attr_text(ctx, node, "graph"));
    CHECK(kaa_is_none(ctx, value));
    DROP(node); /* refers to itself */
    COLLECT();
    CHECK_EQ(finalized(t, ctx, module), 1);
}

KAA_TEST(paths)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "graph");
    kaa_object *graph = make_ring(t, ctx, module, 4);
    kaa_object *path = NEW(call(ctx, graph, "path", "(ss)", "n1", "n3"));

    CHECK_INT(kaa_list_size(ctx, path), 3);
    path = NEW(call(ctx, graph, "path", "(s)", "n2"));
    CHECK_INT(kaa_list_size(ctx, path), 4);
    DROP(NEW(call(ctx, graph, "connect", "(ss)", "n1", "n3")));
    path = NEW(call(ctx, graph, "path", "(ss)", "n1", "n3"));
    CHECK_INT(kaa_list_size(ctx, path), 2);
    DROP(NEW(call(ctx, graph, "remove", "(s)", "n0")));
    path = NEW(call(ctx, graph, "path", "(ss)", "n3", "n1"));
    CHECK(kaa_is_none(ctx, path));
    CHECK_RAISES(call(ctx, graph, "path", "(ss)", "n3", "n0") == NULL,
                 KAA_KEY_ERROR, "'n0'");
    CHECK_RAISES(call(ctx, graph, "add", "(s)", "n1") == NULL, KAA_VALUE_ERROR,
                 "there is a node 'n1' already");
    CHECK_RAISES(call(ctx, graph, "add", "(i)", 1) == NULL, KAA_TYPE_ERROR,
                 NULL);
}

/* The finaliser's callback keeps the node in a list: it lives on, and is not
 * told of its end again. */
KAA_TEST(resurrection)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "graph");
    kaa_object *kept = NEW(kaa_list_new(ctx, 0));
    kaa_object *append = NEW(kaa_get_attr_text(ctx, kept, "append"));
    kaa_object *node = NEW(call(ctx, module, "Node", "(s)", "a"));

    CHECK_ZERO(kaa_set_attr_text(ctx, node, "at_end", append));
    DROP(append);
    DROP(NEW(call(ctx, node, "connect", "(O)", node)));
    DROP(node);
    COLLECT();
    CHECK_EQ(finalized(t, ctx, module), 1);
    if (kaa_list_size(ctx, kept) == 0 && kaa_test_is_fault_run())
        return; /* there was no memory to keep it */
    CHECK_INT(kaa_list_size(ctx, kept), 1);
    CHECK_ZERO(kaa_list_set_slice(ctx, kept, 0, 1, NULL));
    COLLECT();
    CHECK_EQ(finalized(t, ctx, module), 1);
}
