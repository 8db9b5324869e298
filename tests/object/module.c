/* Modules as objects, and the table of them. */
#include "object/types/module.h"
#include "object/shapes.h"

typedef struct state {
    kaa_object *held;
    int *ended;
} state;

static int
state_traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((state *)data)->held);
    return 0;
}

static void
state_clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((state *)data)->held);
}

static void
state_destroy(kaa_context *ctx, void *data)
{
    state *own = data;

    state_clear(ctx, data);
    if (own->ended != NULL)
        ++*own->ended;
}

static const kaa_module_def definition = {
    .magic = KAA_MODULE_MAGIC,
    .size = sizeof(kaa_module_def),
    .name = "sample",
    .doc = "A sample.",
    .state_bytes = sizeof(state),
    .traverse = state_traverse,
    .clear = state_clear,
    .destroy = state_destroy,
};

KAA_TEST(empty_modules)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_module_new(ctx, "things"));

    CHECK_REPR(module, "<module 'things'>");
    CHECK_TEXT(kaa_get_attr_text(ctx, module, "__name__"), "things");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, module, "__doc__")), "None");
    CHECK_ZERO(kaa_set_attr_text(ctx, module, "answer", kaa_int(ctx, 42)));
    CHECK(NEW(kaa_get_attr_text(ctx, module, "answer")) == kaa_int(ctx, 42));
    CHECK_ZERO(kaa_set_attr_text(ctx, module, "answer", NULL));
    CHECK_RAISES(kaa_get_attr_text(ctx, module, "answer") == NULL,
                 KAA_ATTRIBUTE_ERROR,
                 "module 'things' has no attribute 'answer'");
    CHECK_ZERO(kaa_set_attr_text(ctx, module, "me", module));
    CHECK(kaa_module_state(ctx, module) == NULL);
    CHECK(!kaa_error_occurred(ctx));
    CHECK_RAISES(kaa_module_state(ctx, kaa_int(ctx, 1)) == NULL, KAA_TYPE_ERROR,
                 "must be a module, not int");
}

KAA_TEST(modules_with_state)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module, *found = NULL, *list = NEW(kaa_list_new(ctx, 0));
    state *own;
    int ended = 0;

    CHECK_RAISES(kaa_module_find(ctx, &definition) == NULL, KAA_IMPORT_ERROR,
                 "module 'sample' has not been imported");
    module = NEW(kaa_object__module_create(ctx, &definition, "pack.sample"));
    own = kaa_module_state(ctx, module);
    CHECK(own != NULL && own->held == NULL);
    own->held = kaa_incref(ctx, list);
    CHECK(NEW(kaa_module_find(ctx, &definition)) == module);
    CHECK_TRUE(kaa_object__module_by_name(ctx, "pack.sample", &found));
    CHECK(NEW(found) == module);
    CHECK_ZERO(kaa_object__module_by_name(ctx, "sample", &found));
    CHECK_TEXT(kaa_get_attr_text(ctx, module, "__doc__"), "A sample.");
    DROP(module); /* of three that the test holds */
    DROP(module);
    kaa_object__module_forget(ctx, module);
    CHECK_REF(module, 1);
    own->ended = &ended;
    DROP(module);
    CHECK_EQ(ended, 1);
    CHECK_REF(list, 1);
    CHECK_RAISES(kaa_module_find(ctx, &definition) == NULL, KAA_IMPORT_ERROR,
                 NULL);
}

/* A module, its type and an instance refer to each other when the runtime ends.
 */
KAA_TEST(modules_end_with_the_runtime)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module, *type, *self;
    state *own;

    module = NEW(kaa_object__module_create(ctx, &definition, NULL));
    own = kaa_module_state(ctx, module);
    type = NEW(kaa_type_new(ctx, &point_spec, module, NULL));
    self = NEW(new_point(ctx, type, 1, 2));
    own->held = kaa_incref(ctx, module);
    CHECK_ZERO(kaa_set_attr_text(ctx, module, "Point", type));
    CHECK_ZERO(kaa_set_attr_text(ctx, module, "ORIGIN", self));
    CHECK_ZERO(kaa_set_attr_text(ctx, type, "module", module));
}

KAA_TEST(many_modules)
{
    kaa_context *ctx = fresh(t);
    kaa_object *found = NULL;
    char name[16];

    for (int i = 0; i < 30; i++) {
        kaa_object *module;

        snprintf(name, sizeof(name), "m%d", i % 25);
        module = NEW(kaa_module_new(ctx, name));
        CHECK_ZERO(kaa_object__module_register(ctx, name, module));
        CHECK_TRUE(kaa_object__module_by_name(ctx, name, &found));
        CHECK(NEW(found) == module);
    }
    CHECK_RAISES(kaa_object__module_register(ctx, "x", kaa_int(ctx, 1)) < 0,
                 KAA_TYPE_ERROR, NULL);
}
