/* object/containers/sort.c - sorting arrays of objects: a stable merge sort
 * that uses the order which is there already.
 *
 *     runs     pieces that rise, or fall strictly and are turned round; short
 *              ones are made longer, to RUN_MIN, by inserting
 *     stack    runs found and not yet merged; their lengths fall so fast from
 *              bottom to top that there are never many
 *     merge    two neighbours, the shorter one put aside; what is already in
 *              place at either end is not touched
 *
 * `less` may run code of others and may fail. At each moment every reference is
 * in the arrays or in what was put aside, which a failure puts back: nothing is
 * lost or there twice.
 *
 * Ints in handles and str are compared here: it is asked once whether all keys
 * are such.
 */
#include "object/containers/container.h"

#include "object/text/str.h"

#define RUN_MIN 24u
#define RUNS_MAX 96u

typedef struct run {
    size_t start;
    size_t count;
} run;

typedef struct sorter {
    kaa_context *ctx;
    kaa_object **keys;
    kaa_object **items; /* moved along with keys, or NULL */
    kaa_object **aside; /* room for keys, then items; NULL until needed */
    size_t aside_max;
    int (*less)(kaa_context *ctx, kaa_object *left, kaa_object *right);
    run runs[RUNS_MAX];
    size_t runs_count;
} sorter;

static int
less_any(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    return kaa_object__compare_truth(ctx, left, right, KAA_LT);
}

static int
less_int(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    (void)ctx;
    return (intptr_t)left < (intptr_t)right;
}

/* The order of UTF-8 is that of code points. */
static int
less_str(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    size_t left_size = kaa_object__str_size(left);
    size_t right_size = kaa_object__str_size(right);
    int order = memcmp(kaa_object__str_text(left), kaa_object__str_text(right),
                       left_size < right_size ? left_size : right_size);

    (void)ctx;
    return order < 0 || (order == 0 && left_size < right_size);
}

static void
choose_less(sorter *s, size_t count)
{
    size_t ints = 0, strs = 0;

    while (ints < count && kaa_object__is_int_tag(s->keys[ints]))
        ints++;
    while (strs < count && kaa_object__is_str(s->keys[strs]))
        strs++;
    s->less = ints == count ? less_int : strs == count ? less_str : less_any;
}

static void
swap(kaa_object **array, size_t a, size_t b)
{
    kaa_object *object = array[a];

    array[a] = array[b];
    array[b] = object;
}

/* ---- Runs */

/* How many from `start` on are in order; a falling run is turned round. 0: a
 * comparison failed. */
static size_t
find_run(sorter *s, size_t start, size_t end)
{
    size_t count = 2;
    int is_falling;

    if (end - start < 2)
        return end - start;
    is_falling = s->less(s->ctx, s->keys[start + 1], s->keys[start]);
    if (is_falling < 0)
        return 0;
    while (start + count < end) {
        int is_less =
            s->less(s->ctx, s->keys[start + count], s->keys[start + count - 1]);

        if (is_less < 0)
            return 0;
        if (is_less != is_falling)
            break;
        count++;
    }
    for (size_t i = 0; is_falling && i < count / 2; i++) {
        swap(s->keys, start + i, start + count - 1 - i);
        if (s->items != NULL)
            swap(s->items, start + i, start + count - 1 - i);
    }
    return count;
}

static void
move_one(kaa_object **array, size_t from, size_t to)
{
    kaa_object *object = array[from];

    memmove(&array[to + 1], &array[to], (from - to) * sizeof(array[0]));
    array[to] = object;
}

/* The first place in [low, high) whose key is greater than `key`; SIZE_MAX: a
 * comparison failed. */
static size_t
place_after(sorter *s, kaa_object *key, size_t low, size_t high)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int is_less = s->less(s->ctx, key, s->keys[middle]);

        if (is_less < 0)
            return SIZE_MAX;
        if (is_less)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The first place whose key is not less than `key`. */
static size_t
place_before(sorter *s, kaa_object *key, size_t low, size_t high)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int is_less = s->less(s->ctx, s->keys[middle], key);

        if (is_less < 0)
            return SIZE_MAX;
        if (is_less)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Makes a run of `sorted` items one of `count`. */
static int
lengthen(sorter *s, size_t start, size_t sorted, size_t count)
{
    for (size_t i = start + sorted; i < start + count; i++) {
        size_t place = place_after(s, s->keys[i], start, i);

        if (place == SIZE_MAX)
            return -1;
        move_one(s->keys, i, place);
        if (s->items != NULL)
            move_one(s->items, i, place);
    }
    return 0;
}

/* ---- Merging */

static int
put_aside(sorter *s, size_t start, size_t count)
{
    size_t arrays = s->items != NULL ? 2 : 1;

    if (count > s->aside_max) {
        kaa_object **aside =
            kaa_object__memory(s->ctx, arrays * count * sizeof(s->aside[0]));

        if (aside == NULL)
            return -1;
        if (s->aside != NULL)
            kaa_object__memory_free(s->ctx, s->aside);
        s->aside = aside;
        s->aside_max = count;
    }
    memcpy(s->aside, &s->keys[start], count * sizeof(s->keys[0]));
    if (s->items != NULL)
        memcpy(s->aside + s->aside_max, &s->items[start],
               count * sizeof(s->items[0]));
    return 0;
}

static void
move(sorter *s, size_t to, size_t from)
{
    s->keys[to] = s->keys[from];
    if (s->items != NULL)
        s->items[to] = s->items[from];
}

static void
put_back(sorter *s, size_t to, size_t from)
{
    s->keys[to] = s->aside[from];
    if (s->items != NULL)
        s->items[to] = s->aside[s->aside_max + from];
}

/* The left run [start, middle) is the shorter one. */
static int
merge_up(sorter *s, size_t start, size_t middle, size_t end)
{
    size_t left = 0, count = middle - start, right = middle, to = start;
    int result = 0;

    if (put_aside(s, start, count) != 0)
        return -1;
    while (left < count && right < end) {
        int is_less = s->less(s->ctx, s->keys[right], s->aside[left]);

        if (is_less < 0) {
            result = -1;
            break;
        }
        if (is_less)
            move(s, to++, right++);
        else
            put_back(s, to++, left++);
    }
    while (left < count)
        put_back(s, to++, left++);
    return result;
}

/* The right run [middle, end) is the shorter one. */
static int
merge_down(sorter *s, size_t start, size_t middle, size_t end)
{
    size_t left = middle, right = end - middle, to = end;
    int result = 0;

    if (put_aside(s, middle, right) != 0)
        return -1;
    while (left > start && right > 0) {
        int is_less = s->less(s->ctx, s->aside[right - 1], s->keys[left - 1]);

        if (is_less < 0) {
            result = -1;
            break;
        }
        if (is_less)
            move(s, --to, --left);
        else
            put_back(s, --to, --right);
    }
    while (right > 0)
        put_back(s, --to, --right);
    return result;
}

/* Merges run `number` of the stack with the next one. */
static int
merge_at(sorter *s, size_t number)
{
    run *left = &s->runs[number], *right = &s->runs[number + 1];
    size_t middle = right->start, end = right->start + right->count, start;

    left->count += right->count;
    for (size_t i = number + 1; i + 1 < s->runs_count; i++)
        s->runs[i] = s->runs[i + 1];
    s->runs_count--;
    start = place_after(s, s->keys[middle], left->start, middle);
    if (start == SIZE_MAX)
        return -1;
    if (start == middle)
        return 0;
    end = place_before(s, s->keys[middle - 1], middle, end);
    if (end == SIZE_MAX)
        return -1;
    return middle - start <= end - middle ? merge_up(s, start, middle, end)
                                          : merge_down(s, start, middle, end);
}

/* Merges until each run is longer than the two above it together, or until one
 * is left. */
static int
merge_stack(sorter *s, int is_end)
{
    while (s->runs_count > 1) {
        size_t top = s->runs_count - 2;
        const run *runs = s->runs;

        if ((top > 0 &&
             runs[top - 1].count <= runs[top].count + runs[top + 1].count) ||
            (top > 1 &&
             runs[top - 2].count <= runs[top - 1].count + runs[top].count)) {
            if (runs[top - 1].count < runs[top + 1].count)
                top--;
        } else if (!is_end && runs[top].count > runs[top + 1].count) {
            break;
        }
        if (merge_at(s, top) != 0)
            return -1;
    }
    return 0;
}

int
kaa_object__sort(kaa_context *ctx, kaa_object **keys, kaa_object **items,
                 size_t count)
{
    sorter s = {.ctx = ctx, .keys = keys != NULL ? keys : items};
    int result = 0;

    s.items = keys != NULL ? items : NULL;
    choose_less(&s, count);
    for (size_t start = 0; result == 0 && start < count;) {
        size_t length = find_run(&s, start, count), wanted = count - start;

        if (length == 0) {
            result = -1;
            break;
        }
        if (wanted > RUN_MIN)
            wanted = RUN_MIN;
        if (length < wanted) {
            result = lengthen(&s, start, length, wanted);
            length = wanted;
        }
        KAA_ASSERT(s.runs_count < RUNS_MAX);
        s.runs[s.runs_count].start = start;
        s.runs[s.runs_count++].count = length;
        start += length;
        if (result == 0)
            result = merge_stack(&s, start == count);
    }
    if (s.aside != NULL)
        kaa_object__memory_free(ctx, s.aside);
    return result;
}
