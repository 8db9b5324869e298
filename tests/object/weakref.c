/* Weak references: who sees the end, when, in what order. */
#include <kaa/gc.h>

#include "object/help.h"

static struct {
    char text[64];
    size_t length;
    kaa_object *weak;
} story;

static void
note(char letter)
{
    if (story.length + 1 < sizeof(story.text))
        story.text[story.length++] = letter;
    story.text[story.length] = '\0';
}

static void
thing_destroy(kaa_context *ctx, void *data)
{
    (void)ctx;
    (void)data;
    note('d');
}

static void
thing_finalize(kaa_context *ctx, kaa_object *self)
{
    kaa_object *found = NULL;

    (void)self;
    note('f');
    if (story.weak != NULL && kaa_weakref_get(ctx, story.weak, &found) == 1) {
        note('w');
        kaa_decref(ctx, found);
    }
}

static const kaa_type_spec thing_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Thing",
    .flags = KAA_TYPE_DICT,
    .finalize = thing_finalize,
    .destroy = thing_destroy,
};

static kaa_object *
note_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs)
{
    kaa_object *found = NULL;
    int64_t letter = 0;

    if (kaa_error_occurred(ctx))
        note('!');
    if (nargs != 1 || kaa_int_as_int64(ctx, self, &letter) != 0)
        return NULL;
    note((char)letter);
    if (kaa_weakref_get(ctx, args[0], &found) != 0)
        note('?');
    return kaa_none(ctx);
}

static const kaa_method note_method = KAA_METHOD("note", note_call, NULL);

static kaa_object *
noting(kaa_context *ctx, char letter)
{
    return kaa_function_new(ctx, &note_method, kaa_int(ctx, letter), NULL);
}

KAA_TEST(a_weak_reference_sees_the_end)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *thing = NEW(kaa_instance_new(ctx, type));
    kaa_object *weak = NEW(kaa_weakref_new(ctx, thing, NULL));
    kaa_object *found = NULL;

    CHECK_REF(thing, 1);
    CHECK_TRUE(kaa_weakref_get(ctx, weak, &found));
    CHECK_EQ(found, thing);
    CHECK_REF(thing, 2);
    kaa_decref(ctx, found);
    CHECK_EQ(NEW(kaa_call(ctx, weak, NULL, 0, NULL)), thing);
    DROP(thing);
    DROP(thing);
    CHECK_ZERO(kaa_weakref_get(ctx, weak, &found));
    CHECK_EQ(NEW(kaa_call(ctx, weak, NULL, 0, NULL)),
             kaa_builtin(ctx, KAA_NONE));
    CHECK_RAISES(kaa_weakref_get(ctx, type, &found) == -1, KAA_TYPE_ERROR,
                 "weakref");
}

KAA_TEST(one_without_a_callback_is_shared)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *thing = NEW(kaa_instance_new(ctx, type));
    kaa_object *callback = NEW(noting(ctx, 'a'));
    kaa_object *first = NEW(kaa_weakref_new(ctx, thing, callback));
    kaa_object *plain = NEW(kaa_weakref_new(ctx, thing, NULL));
    kaa_object *second = NEW(kaa_weakref_new(ctx, thing, callback));

    CHECK(first != second);
    CHECK(plain != first);
    CHECK_EQ(NEW(kaa_weakref_new(ctx, thing, NULL)), plain);
    DROP(plain);
    DROP(plain);
    DROP(first);
    DROP(second);
    NEW(kaa_weakref_new(ctx, thing, NULL));
    CHECK_REF(callback, 1);
}

KAA_TEST(callbacks_come_newest_first_between_finalizer_and_end)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *thing = NEW(kaa_instance_new(ctx, type));
    kaa_object *gone;

    memset(&story, 0, sizeof(story));
    NEW(kaa_weakref_new(ctx, thing, NEW(noting(ctx, 'a'))));
    NEW(kaa_weakref_new(ctx, thing, NULL));
    NEW(kaa_weakref_new(ctx, thing, NEW(noting(ctx, 'b'))));
    gone = NEW(kaa_weakref_new(ctx, thing, NEW(noting(ctx, 'x'))));
    story.weak = NEW(kaa_weakref_new(ctx, thing, NEW(noting(ctx, 'c'))));
    DROP(gone);
    DROP(thing);
    story.weak = NULL;
    CHECK_STR(story.text, "fwcbad");
}

KAA_TEST(a_callback_that_raises_is_told_of)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *thing = NEW(kaa_instance_new(ctx, type));
    kaa_object *failing = NEW(
        kaa_function_new(ctx, &note_method, kaa_builtin(ctx, KAA_NONE), NULL));

    memset(&story, 0, sizeof(story));
    help.runtime->unraisable = help_ignore;
    NEW(kaa_weakref_new(ctx, thing, NEW(noting(ctx, 'a'))));
    NEW(kaa_weakref_new(ctx, thing, failing));
    NEW(kaa_weakref_new(ctx, thing, NEW(noting(ctx, 'b'))));
    DROP(thing);
    CHECK_STR(story.text, "fbad");
}

KAA_TEST(not_everything_can_be_referred_to_weakly)
{
    kaa_context *ctx = fresh(t);
    kaa_object *strange[] = {kaa_builtin(ctx, KAA_NONE), kaa_int(ctx, 1),
                             NEW(kaa_list_new(ctx, 0)), NEW(kaa_dict_new(ctx)),
                             NEW(kaa_text(ctx, "text"))};

    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
        CHECK_RAISES(kaa_weakref_new(ctx, strange[i], NULL) == NULL,
                     KAA_TYPE_ERROR, "cannot create weak reference to '");
    NEW(kaa_weakref_new(ctx, kaa_builtin(ctx, KAA_LIST_TYPE), NULL));
    NEW(kaa_weakref_new(ctx, NEW(noting(ctx, 'a')), NULL));
    NEW(kaa_weakref_new(ctx, NEW(kaa_set_new(ctx, NULL)), NULL));
}

KAA_TEST(weak_references_compare_and_hash_as_their_objects)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *thing = NEW(kaa_instance_new(ctx, type));
    kaa_object *other = NEW(kaa_instance_new(ctx, type));
    kaa_object *callback = NEW(noting(ctx, 'a'));
    kaa_object *one = NEW(kaa_weakref_new(ctx, thing, NULL));
    kaa_object *two = NEW(kaa_weakref_new(ctx, thing, callback));
    kaa_object *three = NEW(kaa_weakref_new(ctx, other, NULL));
    int64_t hash;

    CHECK_TRUE(kaa_compare_truth(ctx, one, two, KAA_EQ));
    CHECK_ZERO(kaa_compare_truth(ctx, one, two, KAA_NE));
    CHECK_ZERO(kaa_compare_truth(ctx, one, three, KAA_EQ));
    CHECK_RAISES(kaa_compare(ctx, one, two, KAA_LT) == NULL, KAA_TYPE_ERROR,
                 NULL);
    hash = kaa_hash(ctx, thing);
    CHECK_INT(kaa_hash(ctx, one), hash);
    DROP(thing);
    DROP(other);
    CHECK_INT(kaa_hash(ctx, one), hash);
    CHECK_RAISES(kaa_hash(ctx, two) == -1, KAA_TYPE_ERROR,
                 "weak object has gone away");
    CHECK_ZERO(kaa_compare_truth(ctx, one, two, KAA_EQ));
    CHECK_TRUE(kaa_compare_truth(ctx, one, one, KAA_EQ));
}

/* Against a model: many objects, references made and dropped at random. */
KAA_TEST(the_table_keeps_up)
{
    enum { THINGS = 60, STEPS = 4000 };
    kaa_test_random random = {77};
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *things = NEW(kaa_list_new(ctx, 0));
    kaa_object *weaks = NEW(kaa_list_new(ctx, 0));
    int steps =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 150 : STEPS;

    for (int i = 0; i < THINGS; i++) {
        CHECK_ZERO(kaa_list_append(ctx, things, kaa_builtin(ctx, KAA_NONE)));
        CHECK_ZERO(kaa_list_append(ctx, weaks, kaa_builtin(ctx, KAA_NONE)));
    }
    for (int i = 0; i < steps; i++) {
        ptrdiff_t at = (ptrdiff_t)kaa_test_below(&random, THINGS);
        kaa_object *thing = NEW(kaa_list_get(ctx, things, at));
        kaa_object *weak = NEW(kaa_list_get(ctx, weaks, at));
        kaa_object *found = NULL;

        if (!kaa_is_none(ctx, weak)) {
            CHECK_INT(kaa_weakref_get(ctx, weak, &found),
                      !kaa_is_none(ctx, thing));
            CHECK(found == NULL || found == thing);
            kaa_decref(ctx, found);
        }
        DROP(thing);
        DROP(weak);
        if (kaa_is_none(ctx, thing)) {
            thing = NEW(kaa_instance_new(ctx, type));
            weak = NEW(kaa_weakref_new(ctx, thing, NULL));
            CHECK_ZERO(kaa_list_set(ctx, things, at, thing));
            CHECK_ZERO(kaa_list_set(ctx, weaks, at, weak));
            DROP(thing);
            DROP(weak);
        } else {
            CHECK_ZERO(
                kaa_list_set(ctx, things, at, kaa_builtin(ctx, KAA_NONE)));
        }
    }
}

KAA_TEST(a_capsule_keeps_a_pointer)
{
    kaa_context *ctx = fresh(t);
    static int value;
    kaa_object *capsule = NEW(kaa_capsule_new(ctx, &value, "test.value", NULL));

    CHECK_EQ(kaa_capsule_get(ctx, capsule, "test.value"), &value);
    CHECK_RAISES(kaa_capsule_get(ctx, capsule, "test.other") == NULL,
                 KAA_VALUE_ERROR, "test.other");
    CHECK_RAISES(kaa_capsule_get(ctx, capsule, NULL) == NULL, KAA_VALUE_ERROR,
                 NULL);
    CHECK_RAISES(kaa_capsule_get(ctx, kaa_int(ctx, 1), "x") == NULL,
                 KAA_TYPE_ERROR, "int");
    CHECK_RAISES(kaa_capsule_new(ctx, NULL, "x", NULL) == NULL, KAA_VALUE_ERROR,
                 "NULL");
}

static int destroyed;

static void
destroy(void *pointer)
{
    destroyed++;
    (void)pointer;
}

KAA_TEST(a_capsule_destroys_at_its_end_or_the_runtimes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *capsule = NEW(kaa_capsule_new(ctx, &destroyed, NULL, destroy));

    destroyed = 0;
    DROP(capsule);
    CHECK_EQ(destroyed, 1);
    NEW(kaa_capsule_new(ctx, &destroyed, NULL, destroy));
    CHECK_EQ(destroyed, 1);
}

/* ---- Cycles */

/* A thing that holds itself, of which there is no other reference. */
static kaa_object *
new_loop(kaa_context *ctx, kaa_object *type)
{
    kaa_object *thing = kaa_instance_new(ctx, type);

    if (thing != NULL && kaa_set_attr_text(ctx, thing, "itself", thing) != 0)
        KAA_CLEAR(ctx, thing);
    return thing;
}

KAA_TEST(the_end_of_a_cycle_is_seen_too)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *callback = NEW(noting(ctx, 'a'));
    kaa_object *loop = NEW(new_loop(ctx, type));
    kaa_object *weak = NEW(kaa_weakref_new(ctx, loop, callback));
    kaa_object *found = NULL;
    ptrdiff_t count;

    memset(&story, 0, sizeof(story));
    DROP(loop);
    count = kaa_collect(ctx);
    if (count < 0)
        CHECK_INT(-1, 0);
    CHECK_STR(story.text, "fad");
    CHECK_ZERO(kaa_weakref_get(ctx, weak, &found));
}

/* Nobody is left to be called back when the weak reference is garbage too. */
KAA_TEST(a_weak_reference_that_is_garbage_does_not_call_back)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &thing_spec, NULL, NULL));
    kaa_object *callback = NEW(noting(ctx, 'a'));
    kaa_object *loop = NEW(new_loop(ctx, type));
    kaa_object *other = NEW(kaa_instance_new(ctx, type));
    kaa_object *weak;

    memset(&story, 0, sizeof(story));
    weak = NEW(kaa_weakref_new(ctx, loop, callback));
    CHECK_ZERO(kaa_set_attr_text(ctx, loop, "weak", weak));
    DROP(weak);
    weak = NEW(kaa_weakref_new(ctx, other, callback));
    CHECK_ZERO(kaa_set_attr_text(ctx, loop, "other", weak));
    DROP(weak);
    DROP(loop);
    if (kaa_collect(ctx) < 0)
        CHECK_INT(-1, 0);
    CHECK_STR(story.text, "fd");
    CHECK_REF(callback, 1);
    DROP(other); /* whose weak reference went with the cycle */
    CHECK_STR(story.text, "fdfd");
}

static kaa_object *resurrected;
static int is_saving;

static void
saving_finalize(kaa_context *ctx, kaa_object *self)
{
    note('f');
    if (is_saving)
        resurrected = kaa_incref(ctx, self);
}

static const kaa_type_spec saving_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Saving",
    .flags = KAA_TYPE_DICT,
    .finalize = saving_finalize,
    .destroy = thing_destroy,
};

KAA_TEST(what_comes_back_to_life_keeps_its_weak_references)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &saving_spec, NULL, NULL));
    kaa_object *callback = NEW(noting(ctx, 'a'));
    kaa_object *found = NULL, *loop, *weak;
    ptrdiff_t count;

    is_saving = 0;
    loop = NEW(new_loop(ctx, type));
    weak = NEW(kaa_weakref_new(ctx, loop, callback));
    memset(&story, 0, sizeof(story));
    resurrected = NULL;
    DROP(loop);
    is_saving = 1;
    count = kaa_collect(ctx);
    is_saving = 0;
    if (count < 0)
        CHECK_INT(-1, 0);
    CHECK_STR(story.text, "f");
    CHECK_EQ(resurrected, loop);
    CHECK_TRUE(kaa_weakref_get(ctx, weak, &found));
    kaa_decref(ctx, found);
    kaa_decref(ctx, loop);
    if (kaa_collect(ctx) < 0)
        CHECK_INT(-1, 0);
    CHECK_STR(story.text, "fad");
    CHECK_ZERO(kaa_weakref_get(ctx, weak, &found));
}

static int
count_referrer(kaa_object *referrer, const char *how, void *user)
{
    (void)referrer;
    (void)how;
    ++*(int *)user;
    return 0;
}

/* Whatever can refer to others tells the collector of those alone. */
KAA_TEST(nothing_refers_to_what_it_does_not_hold)
{
    kaa_context *ctx = fresh(t);
    kaa_object *stranger = NEW(kaa_list_new(ctx, 0));
    kaa_object *held = NEW(kaa_list_new(ctx, 0));
    kaa_object *key = kaa_int(ctx, 1);
    kaa_object *dict = NEW(kaa_dict_new(ctx));
    kaa_object *set = NEW(kaa_set_new(ctx, NULL));
    kaa_object *text_of = kaa_builtin(ctx, KAA_STR_TYPE);
    int count = 0;

    CHECK_ZERO(kaa_dict_set(ctx, dict, key, held));
    (void)NEW(kaa_list_from_array(ctx, &held, 1));
    (void)NEW(kaa_tuple_from_array(ctx, &held, 1));
    (void)NEW(kaa_slice_new(ctx, held, NULL, NULL));
    (void)NEW(kaa_iter(ctx, held));
    (void)NEW(kaa_get_attr_text(ctx, held, "__len__"));
    (void)NEW(kaa_weakref_new(ctx, set, text_of));
    (void)NEW(kaa_memoryview_new(ctx, NEW(kaa_bytes_from_data(ctx, "abc", 3))));
    (void)NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), &held, 1, NULL));
    (void)NEW(kaa_iter(ctx, dict));
    (void)NEW(kaa_iter(ctx, set));
    CHECK_EQ(kaa_gc_each_referrer(ctx, stranger, count_referrer, &count), 0);
    CHECK_EQ(count, 0);
    CHECK_EQ(kaa_gc_each_referrer(ctx, held, count_referrer, &count), 0);
    CHECK(count >= 6);
}
