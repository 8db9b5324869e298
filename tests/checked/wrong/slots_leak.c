/* Each function of its type makes a list that nobody has.
 *
 *     >>> box = Box()
 *     Box.init(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> box()
 *     Box.call(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> str(box)
 *     Box.str(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> hash(box)
 *     Box.hash(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> box < 1
 *     Box.compare(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> bool(box)
 *     Box.truth(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> box.anything
 *     Box.get_attr(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> box.anything = 1
 *     Box.set_attr(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> iterator = iter(box)
 *     Box.iter(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> next(box)
 *     Box.next(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> len(box)
 *     Box.length(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> box["key"]
 *     Box.get_item(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> box["key"] = 1
 *     Box.set_item(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> 1 in box
 *     Box.contains(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> -box
 *     Box.unary(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> box + 1
 *     Box.binary(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> box -= 1
 *     Box.inplace(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> box = Box()
 *     Box.init(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> int(box)
 *     Box.to_int(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> float(box)
 *     Box.to_float(): leaked reference: list [], which is not returned, stored
 *         or given up
 *     >>> [1][box]
 *     Box.index(): leaked reference: list [], which is not returned, stored or
 *         given up
 *     >>> memoryview(box).release()
 *     [cpython] Box.get_buffer(): leaked reference: list [], which is not
 *         returned, stored or given up
 *     [cpython] Box.release_buffer(): leaked reference: list [], which is not
 *         returned, stored or given up
 */
#include "wrong.h"

/* The mistake; -1 where memory is short. */
static int
leak(kaa_context *ctx)
{
    return kaa_list_new(ctx, 0) != NULL ? 0 : -1; /* here */
}

static kaa_object *
leak_none(kaa_context *ctx)
{
    return leak(ctx) == 0 ? kaa_none(ctx) : NULL;
}

static int
init(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
     kaa_object *kwnames)
{
    (void)self;
    (void)args;
    (void)nargs;
    (void)kwnames;
    return leak(ctx);
}

static kaa_object *
call(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
     kaa_object *kwnames)
{
    (void)self;
    (void)args;
    (void)nargs;
    (void)kwnames;
    return leak_none(ctx);
}

static kaa_object *
str(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return leak(ctx) == 0 ? kaa_text(ctx, "a box") : NULL;
}

static int64_t
hash(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return leak(ctx);
}

static kaa_object *
compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    (void)self;
    (void)other;
    (void)op;
    return leak_none(ctx);
}

/* The same for `contains`. */
static int
truth(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return leak(ctx);
}

static int
contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    (void)item;
    return truth(ctx, self);
}

/* An attribute or an item. */
static kaa_object *
get(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    (void)self;
    (void)key;
    return leak_none(ctx);
}

static int
set(kaa_context *ctx, kaa_object *self, kaa_object *key, kaa_object *value)
{
    (void)self;
    (void)key;
    (void)value;
    return leak(ctx);
}

static kaa_object *
iter(kaa_context *ctx, kaa_object *self)
{
    return leak(ctx) == 0 ? kaa_incref(ctx, self) : NULL;
}

static kaa_object *
next(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return leak_none(ctx);
}

static ptrdiff_t
length(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return leak(ctx);
}

static kaa_object *
binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    (void)left;
    (void)right;
    (void)op;
    return leak_none(ctx);
}

static kaa_object *
unary(kaa_context *ctx, kaa_object *self, int op)
{
    (void)self;
    (void)op;
    return leak_none(ctx);
}

static kaa_object *
to_int(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return leak(ctx) == 0 ? kaa_int(ctx, 0) : NULL;
}

static kaa_object *
to_float(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return leak(ctx) == 0 ? kaa_float_from_double(ctx, 0.5) : NULL;
}

static int
get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer, int request)
{
    static char data[4];

    (void)self;
    (void)request;
    buffer->data = data;
    buffer->bytes = sizeof(data);
    buffer->item_bytes = 1;
    return leak(ctx);
}

static void
release_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer)
{
    (void)self;
    (void)buffer;
    (void)leak(ctx);
}

WRONG_TYPE(slots_leak, .init = init, .call = call, .str = str, .hash = hash,
           .compare = compare, .truth = truth, .get_attr = get, .set_attr = set,
           .iter = iter, .next = next, .length = length, .get_item = get,
           .set_item = set, .contains = contains, .binary = binary,
           .inplace = binary, .unary = unary, .to_int = to_int,
           .to_float = to_float, .index = to_int, .get_buffer = get_buffer,
           .release_buffer = release_buffer);
