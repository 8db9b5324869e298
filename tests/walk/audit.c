/* The audit, over objects that are made here, in the layout of CPython 3.11: a
 * count, the type's address, two fields. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kaa_test.h"
#include "walk/internal.h"

enum { OBJECTS = 10, NODES = 8, SEEN = 8 };
/* Objects 0 to 2 hold RIGHT and RELEASED; LOST and KEPT are not in the walk. */
enum { RIGHT = 3, RELEASED = 4, LEAKED = 5, LOST = 8, KEPT = 9 };

typedef struct object {
    int64_t count;
    void *type;
    struct object *fields[2];
    uint64_t value[2];
} object;

static struct {
    kaa_walk walk;
    object *objects;
    uintptr_t type[4];
    void *nodes[NODES];
    uint32_t kind_of[NODES], first[NODES + 2], targets[16], index[4];
    unsigned char flags[NODES];
    kaa_walk__kind kinds[2];
    kaa_walk_suspect suspects[SEEN];
    /* References of this program's own. */
    object *own[NODES];
} made;

static int
no_entries(void *dict, ptrdiff_t *at, void **key, void **value)
{
    (void)dict;
    (void)at;
    (void)key;
    (void)value;
    return 0;
}

static void
kaa_test__undo_made(void *subject)
{
    (void)subject;
    kaa_walk__numbers_fini(&made.walk.numbers);
    if (made.objects != NULL) /* else the next audit finds them */
        memset(made.objects, 0, 64 * OBJECTS);
    free(made.objects);
    memset(&made, 0, sizeof(made));
}

static void
hold(int number, int target)
{
    object *one = &made.objects[number];

    one->fields[one->fields[0] != NULL] = &made.objects[target];
    made.targets[made.first[number + 1]++] = (uint32_t)target;
}

static void
make_walk(kaa_test *t)
{
    kaa_walk *walk = &made.walk;

    walk->python.version = 0x030b;
    walk->python.head = 16;
    walk->python.dict_next = no_entries;
    walk->objects = made.nodes;
    walk->kind_of = made.kind_of;
    walk->flags = made.flags;
    walk->count = walk->capacity = NODES;
    walk->graph.first = made.first;
    walk->graph.targets = made.targets;
    walk->kinds = made.kinds;
    walk->kind_index = made.index;
    walk->kinds_count = 1;
    walk->kinds_capacity = 2;
    made.kinds[0] = (kaa_walk__kind){.type = made.type,
                                     .basic = sizeof(object),
                                     .rule = KAA_WALK__RULE_PLAIN};
    for (uint32_t i = 0; i < 4; i++)
        made.index[i] = 1;
    CHECK_OK(kaa_walk__numbers_init(&walk->numbers, &t->err));
    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t *place;

        made.nodes[i] = &made.objects[i];
        place = kaa_walk__numbers_place(&walk->numbers, made.nodes[i]);
        CHECK_MEMORY(place);
        *place = i + 1;
    }
}

/* Each object has as many references as its count says. */
static void
make(kaa_test *t)
{
    DEFER(t, made, NULL);
    made.objects = aligned_alloc(64, 64 * OBJECTS);
    CHECK(made.objects != NULL);
    memset(made.objects, 0, 64 * OBJECTS);
    for (int i = 0; i < OBJECTS; i++) {
        made.objects[i].count = 1;
        made.objects[i].type = made.type;
    }
    make_walk(t);
    for (int i = 0; i < 3; i++) {
        made.first[i + 1] = made.first[i];
        hold(i, RIGHT);
        hold(i, RELEASED);
    }
    for (int i = 3; i < NODES; i++)
        made.first[i + 1] = made.first[i];
    made.objects[RIGHT].count = made.objects[RELEASED].count = 3;
    for (int i = 0; i < NODES; i++)
        if (i != RIGHT && i != RELEASED)
            made.own[i] = &made.objects[i];
    /* Not in the walk. Nobody refers to LOST, which no count says. */
    made.objects[7].fields[0] = &made.objects[KEPT];
    made.objects[LOST].count = 0;
}

static uint32_t
audit(kaa_test *t)
{
    uint32_t count = 0;
    kaa_status status;

#if defined(__SANITIZE_ADDRESS__)
    SKIP("all memory is read, the sanitizer's too");
#endif
    memset(made.suspects, 0, sizeof(made.suspects));
    status = kaa_walk_audit(&made.walk, made.suspects, SEEN, &count, &t->err);
    if (status == KAA_UNSUPPORTED)
        SKIP("%s", t->err.message);
    CHECK_OK(status);
    return count;
}

DEFERRABLE(kaa_base__free, void)

KAA_TEST(right_counts_are_not_told)
{
    make(t);
    CHECK_EQ(audit(t), 0);
}

KAA_TEST(a_lost_reference)
{
    make(t);
    made.objects[LEAKED].count = 200;
    CHECK_EQ(audit(t), 1);
    CHECK_EQ(made.suspects[0].object, &made.objects[LEAKED]);
    CHECK_EQ(made.suspects[0].count, 200);
    CHECK(made.suspects[0].references >= 1 &&
          made.suspects[0].references < 100);
    CHECK_EQ(made.suspects[0].holders_count, 0);
}

KAA_TEST(a_released_reference)
{
    make(t);
    made.objects[RELEASED].count = 1;
    CHECK_EQ(audit(t), 1);
    CHECK_EQ(made.suspects[0].object, &made.objects[RELEASED]);
    CHECK_EQ(made.suspects[0].count, 1);
    CHECK_EQ(made.suspects[0].references, 3);
    CHECK_EQ(made.suspects[0].holders_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_EQ(made.suspects[0].holders[i], &made.objects[i]);
}

/* What no object refers to is found in memory. */
KAA_TEST(an_object_that_nobody_has)
{
    make(t);
    made.objects[LOST].count = 200;
    CHECK_EQ(audit(t), 1);
    CHECK_EQ(made.suspects[0].object, &made.objects[LOST]);
    CHECK_EQ(made.suspects[0].count, 200);
    CHECK(made.suspects[0].references < 100);
}

/* What was freed has a count of 0, and may still be referred to. */
KAA_TEST(what_was_freed)
{
    make(t);
    made.objects[7].fields[1] = &made.objects[LOST];
    CHECK_EQ(audit(t), 0);
    made.objects[LOST].count = 200;
    CHECK_EQ(audit(t), 1);
}

/* Memory that looks like an object, but would lie over one that the walk has
 * seen, is none. */
KAA_TEST(what_would_lie_over_another)
{
    uint32_t *place;

    make(t);
    made.kinds[0].basic = 2 * sizeof(object);
    made.objects[LOST].count = 200;
    CHECK_EQ(audit(t), 1);
    place = kaa_walk__numbers_place(&made.walk.numbers, &made.objects[KEPT]);
    CHECK_MEMORY(place);
    *place = NODES;
    CHECK_EQ(audit(t), 0);
}

/* The furthest first, and no more than there is room for. */
KAA_TEST(several_in_order)
{
    uint32_t count = 0;

    make(t);
    made.objects[RELEASED].count = 1;
    made.objects[LEAKED].count = 240;
    made.objects[LOST].count = 150;
    CHECK_EQ(audit(t), 3);
    CHECK_EQ(made.suspects[0].object, &made.objects[LEAKED]);
    CHECK_EQ(made.suspects[1].object, &made.objects[LOST]);
    CHECK_EQ(made.suspects[2].object, &made.objects[RELEASED]);
    memset(made.suspects, 0, sizeof(made.suspects));
    CHECK_OK(kaa_walk_audit(&made.walk, made.suspects, 1, &count, &t->err));
    CHECK_EQ(count, 3);
    CHECK_EQ(made.suspects[1].object, NULL);
    CHECK_OK(kaa_walk_audit(&made.walk, NULL, 0, &count, &t->err));
    CHECK_EQ(count, 3);
}

/* How far a count is off decides, not how large it is. */
KAA_TEST(a_large_count_is_not_far_off)
{
    enum { HELD = 2000 };
    object **held = kaa_base__alloc_array(HELD, sizeof(*held));

    CHECK_MEMORY(held);
    DEFER(t, kaa_base__free, held);
    make(t);
    for (int i = 0; i < HELD; i++)
        held[i] = &made.objects[RIGHT];
    made.objects[RIGHT].count = HELD + 50;
    made.objects[LEAKED].count = 200;
    CHECK_EQ(audit(t), 2);
    CHECK_EQ(made.suspects[0].object, &made.objects[LEAKED]);
    CHECK_EQ(made.suspects[1].object, &made.objects[RIGHT]);
    CHECK(made.suspects[1].references >= HELD);
}

/* Nor is the size of a large one that is dead believed: another may lie where
 * it was. */
KAA_TEST(in_a_large_dead_object)
{
    object *dead;

    make(t);
    made.kinds[1] = (kaa_walk__kind){
        .type = &made.type[2], .basic = 1024, .rule = KAA_WALK__RULE_PLAIN};
    made.walk.kinds_count = 2;
    made.index[1] = made.index[3] = 2;
    dead = kaa_base__alloc_zeroed(2048);
    CHECK_MEMORY(dead);
    DEFER(t, kaa_base__free, dead);
    dead[0].type = &made.type[2];
    dead[2].type = made.type;
    dead[2].count = 200;
    CHECK_EQ(audit(t), 1);
    CHECK_EQ(made.suspects[0].object, &dead[2]);
    dead[2].count = 0; /* else the next audit finds it */
}

KAA_TEST(bad_arguments)
{
    uint32_t count;

    make(t);
    CHECK_STATUS(kaa_walk_audit(NULL, NULL, 0, &count, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_walk_audit(&made.walk, NULL, 1, &count, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_walk_audit(&made.walk, made.suspects, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
}
