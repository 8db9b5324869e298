/* kdtree on the native context, beside looking at every point. */
#include "examples/modules/help.h"

#include <math.h>

#define DIMENSIONS 3
#define POINTS_MAX 200

/* Points on a coarse grid, so that many are equal or equally far. */
static void
fill_points(kaa_test_random *random, double *points, size_t count)
{
    for (size_t i = 0; i < count * DIMENSIONS; i++)
        points[i] = (double)kaa_test_below(random, 9) - 4;
}

static kaa_object *
make_tree(kaa_context *ctx, kaa_object *module, const double *points,
          size_t count)
{
    return call(ctx, module, "KDTree", "(y#i)", (const char *)points,
                (ptrdiff_t)(count * DIMENSIONS * sizeof(double)), DIMENSIONS);
}

static double
distance(const double *points, size_t index, const double *query)
{
    double sum = 0;

    for (size_t i = 0; i < DIMENSIONS; i++) {
        double one = points[index * DIMENSIONS + i] - query[i];

        sum += one * one;
    }
    return sqrt(sum);
}

/* How many points come before (away, index) in a result. */
static ptrdiff_t
rank_of(const double *points, size_t count, const double *query, size_t index)
{
    double away = distance(points, index, query);
    ptrdiff_t rank = 0;

    for (size_t i = 0; i < count; i++) {
        double other = distance(points, i, query);

        rank += other < away || (other == away && i < index);
    }
    return rank;
}

KAA_TEST(queries)
{
    int rounds = kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 1 : 200;
    kaa_test_random random = {31};
    double points[POINTS_MAX * DIMENSIONS], query[DIMENSIONS];
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "kdtree");

    for (int round = 0; round < rounds; round++) {
        size_t count = rounds == 1 ? 4 : kaa_test_below(&random, POINTS_MAX);
        ptrdiff_t wanted = (ptrdiff_t)kaa_test_below(&random, count + 3);
        ptrdiff_t limit = wanted < (ptrdiff_t)count ? wanted : (ptrdiff_t)count;
        double radius = (double)kaa_test_below(&random, 5), away = 0;
        kaa_object *tree, *found;
        size_t near = 0;
        int64_t index = 0;

        fill_points(&random, points, count);
        fill_points(&random, query, 1);
        tree = NEW(make_tree(ctx, module, points, count));
        CHECK_INT(kaa_length(ctx, tree), (ptrdiff_t)count);
        found = NEW(call(ctx, tree, "nearest", "((ddd)n)", query[0], query[1],
                         query[2], wanted));
        CHECK_INT(kaa_list_size(ctx, found), limit);
        for (ptrdiff_t i = 0; i < limit; i++) {
            kaa_object *pair = NEW(kaa_list_get(ctx, found, i));

            CHECK_TRUE(kaa_parse_args(ctx, &pair, 1, "(dL)", &away, &index));
            CHECK_EQ(rank_of(points, count, query, (size_t)index), i);
            CHECK(away == distance(points, (size_t)index, query));
            DROP(pair);
        }
        DROP(found);
        found = NEW(call(ctx, tree, "within", "((ddd)d)", query[0], query[1],
                         query[2], radius));
        for (size_t i = 0; i < count; i++)
            near += distance(points, i, query) <= radius;
        CHECK_INT(kaa_list_size(ctx, found), (ptrdiff_t)near);
        DROP(found);
        DROP(tree);
    }
}

KAA_TEST(sequence)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "kdtree");
    kaa_object *tree =
        NEW(call(ctx, module, "KDTree", "([(dd)[ii]]i)", 0.5, -1.0, 2, 3, 2));
    kaa_object *items = NEW(kaa_to_list(ctx, tree)), *item, *view;
    kaa_buffer buffer;

    CHECK_REPR(items, "[(0.5, -1.0), (2.0, 3.0)]");
    CHECK_REPR(tree, "<KDTree of 2 points in 2 dimensions>");
    item = NEW(kaa_get_index(ctx, tree, -1));
    CHECK_REPR(item, "(2.0, 3.0)");
    CHECK_RAISES(kaa_get_index(ctx, tree, 2) == NULL, KAA_INDEX_ERROR,
                 "out of range");
    item = NEW(kaa_get_attr_text(ctx, tree, "bounds"));
    CHECK_REPR(item, "((0.5, -1.0), (2.0, 3.0))");
    CHECK_ZERO(kaa_buffer_get(ctx, tree, &buffer,
                              KAA_BUFFER_C_CONTIGUOUS | KAA_BUFFER_FORMAT));
    CHECK_EQ(buffer.dimensions, 2);
    CHECK_EQ(buffer.shape[0], 2);
    CHECK_EQ(buffer.bytes, 32);
    CHECK(((const double *)buffer.data)[3] == 3.0);
    kaa_buffer_release(ctx, &buffer);
    CHECK_RAISES(kaa_buffer_get(ctx, tree, &buffer, KAA_BUFFER_WRITABLE) < 0,
                 KAA_BUFFER_ERROR, "read-only");
    view = NEW(kaa_memoryview_new(ctx, tree));
    DROP(tree); /* the view keeps it */
    CHECK_INT(kaa_length(ctx, view), 2);
}

KAA_TEST(pickling)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "kdtree");
    kaa_object *tree = NEW(
        call(ctx, module, "KDTree", "([(dd)(dd)]i)", 1.0, 2.0, 3.0, 4.0, 2));
    kaa_object *reduced = NEW(call(ctx, tree, "__reduce__", "()"));
    kaa_object *type = NEW(kaa_tuple_get(ctx, reduced, 0));
    kaa_object *args = NEW(kaa_tuple_get(ctx, reduced, 1));
    kaa_object *again = NEW(kaa_call_dict(ctx, type, args, NULL));
    kaa_object *items = NEW(kaa_to_list(ctx, again));

    CHECK_REPR(items, "[(1.0, 2.0), (3.0, 4.0)]");
}

KAA_TEST(refusals)
{
    static const struct {
        const char *format;
        kaa_builtin_id type;
        const char *part;
    } cases[] = {
        {"()", KAA_TYPE_ERROR, "KDTree"},
        {"(yi)", KAA_VALUE_ERROR, "3 bytes are not points of 2 doubles"},
    };
    kaa_context *ctx = fresh(t);
    kaa_object *module = import_example(t, ctx, "kdtree");
    kaa_object *tree = NEW(call(ctx, module, "KDTree", "([]i)", 2)), *nothing;

    CHECK_RAISES(call(ctx, module, "KDTree", cases[0].format) == NULL,
                 cases[0].type, cases[0].part);
    CHECK_RAISES(call(ctx, module, "KDTree", cases[1].format, "abc", 2) == NULL,
                 cases[1].type, cases[1].part);
    CHECK_RAISES(call(ctx, module, "KDTree", "([]i)", 0) == NULL,
                 KAA_VALUE_ERROR, "dimensions must be 1 to 64");
    CHECK_RAISES(call(ctx, module, "KDTree", "([(d)]i)", 1.0, 2) == NULL,
                 KAA_VALUE_ERROR, "expected a point of 2 coordinates, not 1");
    CHECK_RAISES(call(ctx, module, "KDTree", "([(d)]i)", (double)NAN, 1) ==
                     NULL,
                 KAA_VALUE_ERROR, "point 0 is not finite");
    CHECK_RAISES(call(ctx, tree, "nearest", "((dd)i)", 1.0, 2.0, -1) == NULL,
                 KAA_VALUE_ERROR, "k must not be negative");
    CHECK_RAISES(call(ctx, tree, "within", "((dd)d)", 1.0, 2.0, -1.0) == NULL,
                 KAA_VALUE_ERROR, "radius");
    nothing = NEW(call(ctx, tree, "nearest", "((dd)i)", 1.0, 2.0, 5));
    CHECK_REPR(nothing, "[]");
}
