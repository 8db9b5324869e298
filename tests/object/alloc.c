/* Birth and death: who dies when, in what order, and how deep. */
#include <pthread.h>

#include "object/help.h"

/* A node of a chain, with a word for those who watch it die. */
typedef struct node {
    kaa_object *next;
    int64_t number;
} node;

/* What finalisers and destroyers did, as letters. */
static struct {
    char text[64];
    size_t length;
    kaa_object *saved;  /* a finaliser brought it back */
    kaa_object *nested; /* a finaliser lets it go */
} story;

static void
note(char letter)
{
    if (story.length + 1 < sizeof(story.text))
        story.text[story.length++] = letter;
    story.text[story.length] = '\0';
}

static void
start_story(void)
{
    memset(&story, 0, sizeof(story));
}

static void
node_destroy(kaa_context *ctx, void *data)
{
    node *own = data;

    (void)ctx;
    if (own->number != 0)
        note((char)own->number);
}

static const kaa_member node_members[] = {
    {"next", KAA_MEMBER_OBJECT, 0, offsetof(node, next), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec node_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Node",
    .data_bytes = sizeof(node),
    .members = node_members,
    .destroy = node_destroy,
};

static kaa_object *
new_node(kaa_context *ctx, kaa_object *type, kaa_object *next, char letter)
{
    kaa_object *self = kaa_instance_new(ctx, type);
    node *own;

    if (self == NULL)
        return NULL;
    own = kaa_data(ctx, self);
    own->next = kaa_incref(ctx, next);
    own->number = letter;
    return self;
}

KAA_TEST(counts_go_up_and_down)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    kaa_object *one = NEW(new_node(ctx, type, NULL, 'a'));

    CHECK_REF(one, 1);
    ctx->api->incref(ctx, one);
    CHECK_REF(one, 2);
    ctx->api->decref(ctx, one);
    CHECK_REF(one, 1);
    CHECK_EQ(kaa_incref(ctx, NULL), NULL);
    kaa_decref(ctx, NULL);
    CHECK_EQ(kaa_refcount(ctx, kaa_int(ctx, 3)), SIZE_MAX);
    CHECK_EQ(kaa_refcount(ctx, kaa_builtin(ctx, KAA_NONE)), SIZE_MAX);
    CHECK_EQ(kaa_refcount(ctx, kaa_builtin(ctx, KAA_LIST_TYPE)), SIZE_MAX);
}

KAA_TEST(instances_hold_their_type)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    kaa_object *one;
    size_t before = kaa_refcount(ctx, type);

    one = NEW(new_node(ctx, type, NULL, 0));
    CHECK_REF(type, before + 1);
    DROP(one);
    CHECK_REF(type, before);
}

KAA_TEST(what_holds_dies_before_what_is_held)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    kaa_object *a, *b, *c;

    start_story();
    c = NEW(new_node(ctx, type, NULL, 'c'));
    b = NEW(new_node(ctx, type, c, 'b'));
    a = NEW(new_node(ctx, type, b, 'a'));
    DROP(c);
    DROP(b);
    CHECK_STR(story.text, "");
    DROP(a);
    CHECK_STR(story.text, "abc");
}

/* ---- Finalisers */

static void
saving_finalize(kaa_context *ctx, kaa_object *self)
{
    note('f');
    story.saved = kaa_incref(ctx, self);
}

static const kaa_type_spec saving_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Saving",
    .data_bytes = sizeof(node),
    .members = node_members,
    .finalize = saving_finalize,
    .destroy = node_destroy,
};

KAA_TEST(a_finalizer_runs_once_and_may_resurrect)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &saving_spec, NULL, NULL));
    kaa_object *one;

    start_story();
    one = NEW(new_node(ctx, type, NULL, 'd'));
    DROP(one);
    CHECK_STR(story.text, "f");
    CHECK_EQ(story.saved, one);
    CHECK_REF(one, 1);
    kaa_decref(ctx, one);
    CHECK_STR(story.text, "fd");
}

static void
raising_finalize(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    note(kaa_error_occurred(ctx) ? '!' : 'f');
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "from a finaliser");
}

static const kaa_type_spec raising_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Raising",
    .data_bytes = sizeof(node),
    .finalize = raising_finalize,
};

static char unraisable_text[512];

static void
unraisable(const char *text, void *user)
{
    (void)user;
    snprintf(unraisable_text, sizeof(unraisable_text), "%s", text);
}

KAA_TEST(an_exception_of_a_finalizer_is_told_and_the_pending_one_kept)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &raising_spec, NULL, NULL));
    kaa_object *one = NEW(kaa_instance_new(ctx, type));

    start_story();
    unraisable_text[0] = '\0';
    help.runtime->unraisable = unraisable;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "pending");
    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_KEY_ERROR)))
        CHECK_INT(-1, 0);
    help.held_count--; /* DROP, with an exception pending */
    kaa_decref(ctx, one);
    CHECK_STR(story.text, "f");
    if (!kaa_base__fault_happened())
        CHECK_HAS(unraisable_text, "from a finaliser");
    CHECK_RAISES(1, KAA_KEY_ERROR, "pending");
}

static void
nesting_finalize(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    note('<');
    KAA_CLEAR(ctx, story.nested);
    note('>');
}

static const kaa_type_spec nesting_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Nesting",
    .data_bytes = sizeof(node),
    .members = node_members,
    .finalize = nesting_finalize,
};

KAA_TEST(what_a_finalizer_lets_go_dies_at_once)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    kaa_object *nesting = NEW(kaa_type_new(ctx, &nesting_spec, NULL, NULL));
    kaa_object *middle, *outer, *inner;

    start_story();
    middle = NEW(new_node(ctx, nesting, NULL, 0));
    outer = NEW(new_node(ctx, type, middle, 'o'));
    inner = NEW(new_node(ctx, type, NULL, 'i'));
    story.nested = kaa_incref(ctx, inner);
    DROP(inner);
    DROP(middle);
    DROP(outer);
    CHECK_STR(story.text, "o<i>");
}

/* Each finaliser lets the next one go, by hand. */
static void
chain_finalize(kaa_context *ctx, kaa_object *self)
{
    node *own = kaa_data(ctx, self);
    kaa_object *next = own->next;

    story.length++;
    own->next = NULL;
    kaa_decref(ctx, next);
}

static const kaa_type_spec chain_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Chain",
    .data_bytes = sizeof(node),
    .members = node_members,
    .finalize = chain_finalize,
};

static kaa_object *
new_chain(kaa_context *ctx, kaa_object *type, size_t length)
{
    kaa_object *first = NULL;

    for (size_t i = 0; i < length; i++) {
        kaa_object *next = first;

        first = new_node(ctx, type, next, 0);
        kaa_decref(ctx, next);
        if (first == NULL)
            return NULL;
    }
    return first;
}

typedef struct small_stack {
    kaa_test *t;
    const kaa_type_spec *spec;
    size_t length;
    kaa_status status;
} small_stack;

static void *
drop_chain(void *arg)
{
    small_stack *job = arg;
    kaa_object *type, *chain;
    kaa_context *ctx;

    job->status = kaa_runtime_attach(help.runtime, "small", &ctx, NULL);
    if (job->status != KAA_OK)
        return NULL;
    type = kaa_type_new(ctx, job->spec, NULL, NULL);
    chain = type != NULL ? new_chain(ctx, type, job->length) : NULL;
    job->status = chain != NULL ? KAA_OK : KAA_NO_MEMORY;
    kaa_error_clear(ctx);
    kaa_decref(ctx, chain);
    kaa_decref(ctx, type);
    kaa_runtime_detach(ctx);
    return NULL;
}

static void
run_on_small_stack(kaa_test *t, small_stack *job)
{
    kaa_context *ctx = help.ctx;
    pthread_attr_t attributes;
    pthread_t thread;
    void *begun;

    pthread_attr_init(&attributes);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    CHECK_EQ(pthread_create(&thread, &attributes, drop_chain, job), 0);
    pthread_attr_destroy(&attributes);
    begun = kaa_begin_allow_threads(ctx);
    pthread_join(thread, NULL);
    kaa_end_allow_threads(ctx, begun);
    CHECK_STATUS(job->status, KAA_OK);
}

static size_t
chain_length(void)
{
    if (kaa_test_is_fault_run() || kaa_test_is_collect_run())
        return 40;
    return getenv("KAA_TEST_LONG") != NULL ? 10000000 : 1000000;
}

KAA_TEST(a_long_chain_dies_on_a_small_stack)
{
    small_stack job = {.t = t, .spec = &node_spec, .length = chain_length()};

    fresh(t);
    run_on_small_stack(t, &job);
}

KAA_TEST(a_long_chain_of_finalizers_dies_on_a_small_stack)
{
    small_stack job = {.t = t, .spec = &chain_spec, .length = chain_length()};

    fresh(t);
    start_story();
    run_on_small_stack(t, &job);
    CHECK_EQ(story.length, job.length);
}

/* ---- Memory */

KAA_TEST(memory_is_the_heaps)
{
    kaa_context *ctx = fresh(t);
    char *block = kaa_mem_alloc(ctx, 100);

    if (block == NULL)
        CHECK_INT(-1, 0);
    memset(block, 7, 100);
    CHECK_EQ(kaa_heap_owns(kaa_runtime_heap(help.runtime), block), 1);
    for (size_t size = 200; size < 100000; size *= 2) {
        char *moved = kaa_mem_resize(ctx, block, size);

        if (moved == NULL) {
            CHECK_EQ(block[99], 7);
            kaa_mem_free(ctx, block);
            CHECK_INT(-1, 0);
        }
        block = moved;
        CHECK_EQ(block[99], 7);
    }
    kaa_mem_free(ctx, block);
    kaa_mem_free(ctx, NULL);
    CHECK_RAISES(kaa_mem_alloc(ctx, SIZE_MAX) == NULL, KAA_MEMORY_ERROR, NULL);
    CHECK_RAISES(kaa_mem_alloc(ctx, PTRDIFF_MAX) == NULL, KAA_MEMORY_ERROR,
                 NULL);
}
