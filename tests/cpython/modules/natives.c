/* cpython/modules/natives.c - native types with every slot, for
 * test_natives.py. The state counts what the host lets happen to instances. */
#include <kaa/module.h>

#include <stdlib.h>
#include <string.h>

typedef struct state {
    int64_t finalized, cleared, destroyed;
    kaa_object *box;    /* the type Box */
    kaa_object *series; /* and its iterator's */
    kaa_object *error;
    kaa_object *kept; /* what finalisers resurrect */
} state;

extern KAA_API const kaa_module_def kaa_module_definition;

/* For counting alone: the module is not held, so what the state refers to may
 * be gone after any call. */
static state *
state_of(kaa_context *ctx)
{
    kaa_object *module = kaa_module_find(ctx, &kaa_module_definition);
    state *own = module != NULL ? kaa_module_state(ctx, module) : NULL;

    kaa_decref(ctx, module);
    return own;
}

/* ---- Box: members, properties, methods, an attribute dict */

typedef struct box {
    _Bool flag;
    int8_t i8;
    uint8_t u8;
    int16_t i16;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float real;
    double number;
    const char *label;
    kaa_object *item;
    kaa_object *fixed;
    kaa_object *hidden;
    int32_t constant;
} box;

#define FIELD(name, kind, flags)                                               \
    {                                                                          \
#name, KAA_MEMBER_##kind, flags, offsetof(box, name), "doc of " #name  \
    }

static const kaa_member box_members[] = {
    FIELD(flag, BOOL, 0),
    FIELD(i8, INT8, 0),
    FIELD(u8, UINT8, 0),
    FIELD(i16, INT16, 0),
    FIELD(u16, UINT16, 0),
    FIELD(i32, INT32, 0),
    FIELD(u32, UINT32, 0),
    FIELD(i64, INT64, 0),
    FIELD(u64, UINT64, 0),
    FIELD(real, FLOAT, 0),
    FIELD(number, DOUBLE, 0),
    FIELD(label, TEXT, 0),
    FIELD(item, OBJECT, 0),
    FIELD(fixed, OBJECT, KAA_READONLY),
    FIELD(hidden, OBJECT, KAA_HIDDEN),
    FIELD(constant, INT32, KAA_READONLY),
    {NULL, 0, 0, 0, NULL},
};

static int
box_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"item", "fixed", "number", NULL};
    box *data = kaa_data(ctx, self);
    kaa_object *item = NULL, *fixed = NULL;

    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "|OO$d:Box", names,
                            &item, &fixed, &data->number))
        return -1;
    data->constant = 42;
    data->label = "a label";
    KAA_CLEAR(ctx, data->item);
    KAA_CLEAR(ctx, data->fixed);
    data->item = kaa_incref(ctx, item);
    data->fixed = kaa_incref(ctx, fixed);
    return 0;
}

static kaa_object *
box_noargs(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static kaa_object *
box_one(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    return kaa_build(ctx, "(OO)", self, argument);
}

static kaa_object *
box_many(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs)
{
    (void)self;
    return kaa_tuple_from_array(ctx, args, nargs);
}

static kaa_object *
box_named(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"first", "second", NULL};
    kaa_object *first, *second = kaa_builtin(ctx, KAA_NONE);

    (void)self;
    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "O|O:named", names,
                            &first, &second))
        return NULL;
    return kaa_build(ctx, "(OO)", first, second);
}

static kaa_object *
box_static(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    return kaa_build(ctx, "(iO)", self != NULL, argument);
}

static kaa_object *
box_class(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static kaa_object *
box_hide(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    box *data = kaa_data(ctx, self);
    kaa_object *before = data->hidden;

    data->hidden = kaa_incref(ctx, argument);
    return before != NULL ? before : kaa_none(ctx);
}

static kaa_object *
box_module(kaa_context *ctx, kaa_object *self)
{
    kaa_object *type = kaa_type_of(ctx, self), *module;

    module = kaa_type_module(ctx, type);
    kaa_decref(ctx, type);
    return module;
}

static kaa_object *
box_reduce(kaa_context *ctx, kaa_object *self)
{
    const box *data = kaa_data(ctx, self);
    kaa_object *none = kaa_builtin(ctx, KAA_NONE);

    return kaa_build(ctx, "(N(OO))", kaa_type_of(ctx, self),
                     data->item != NULL ? data->item : none,
                     data->fixed != NULL ? data->fixed : none);
}

static kaa_object *
box_enter(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static kaa_object *
box_exit(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs)
{
    kaa_object *taken;

    (void)args;
    taken = kaa_int(ctx, (int64_t)nargs);
    if (taken == NULL || kaa_set_attr_text(ctx, self, "exited", taken) != 0) {
        kaa_decref(ctx, taken);
        return NULL;
    }
    kaa_decref(ctx, taken);
    return kaa_bool(ctx, 0);
}

static const kaa_method box_methods[] = {
    KAA_METHOD_NOARGS("noargs", box_noargs, "noargs()\n--\n\nItself."),
    KAA_METHOD_ONE("one", box_one, "one(argument, /)\n--\n\nA pair."),
    KAA_METHOD("many", box_many, "many(*args)\n--\n\nA tuple."),
    KAA_METHOD_KEYWORDS("named", box_named,
                        "named($self, first, second=None)\n--\n\nA pair."),
    {"fixed_to_none", KAA_ANY_FUNCTION(box_static), KAA_ONE | KAA_STATIC, 0,
     "fixed_to_none(argument, /)\n--\n\nStatic.", NULL},
    {"of_class", KAA_ANY_FUNCTION(box_class), KAA_NOARGS | KAA_CLASS, 0,
     "of_class()\n--\n\nThe class.", NULL},
    KAA_METHOD_ONE("hide", box_hide, NULL),
    KAA_METHOD_NOARGS("module", box_module, NULL),
    KAA_METHOD_NOARGS("__reduce__", box_reduce, NULL),
    KAA_METHOD_NOARGS("__enter__", box_enter, NULL),
    KAA_METHOD("__exit__", box_exit, NULL),
    KAA_METHODS_END,
};

static kaa_object *
get_twice(kaa_context *ctx, kaa_object *self, void *user)
{
    const box *data = kaa_data(ctx, self);

    return kaa_float_from_double(ctx, data->number * *(const double *)user);
}

static int
set_twice(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    box *data = kaa_data(ctx, self);
    double number;

    if (value == NULL) {
        data->number = 0;
        return 0;
    }
    if (kaa_float_as_double(ctx, value, &number) != 0)
        return -1;
    data->number = number / *(const double *)user;
    return 0;
}

static double two = 2, ten = 10;

static const kaa_property box_properties[] = {
    {"twice", get_twice, set_twice, "Twice the number.", &two},
    {"tenfold", get_twice, NULL, NULL, &ten},
    {NULL, NULL, NULL, NULL, NULL},
};

static kaa_object *
box_repr(kaa_context *ctx, kaa_object *self)
{
    const box *data = kaa_data(ctx, self);

    return kaa_str_format(ctx, "Box(%g)", data->number);
}

static const kaa_type_spec box_spec = {
    .size = sizeof(kaa_type_spec),
    .flags = KAA_TYPE_DICT,
    .name = "natives.Box",
    .doc = "Box(item=None, fixed=None, *, number=0)\n--\n\nA box.",
    .data_bytes = sizeof(box),
    .methods = box_methods,
    .members = box_members,
    .properties = box_properties,
    .init = box_init,
    .repr = box_repr,
};

/* ---- Crate: a Box with more */

typedef struct crate {
    box base;
    int64_t more;
    kaa_object *other;
} crate;

static const kaa_member crate_members[] = {
    {"more", KAA_MEMBER_INT64, 0, offsetof(crate, more), NULL},
    {"other", KAA_MEMBER_OBJECT, 0, offsetof(crate, other), NULL},
    {"again", KAA_MEMBER_OBJECT, KAA_READONLY, offsetof(crate, base.item),
     NULL},
    {NULL, 0, 0, 0, NULL},
};

static kaa_object *
crate_str(kaa_context *ctx, kaa_object *self)
{
    const crate *data = kaa_data(ctx, self);

    return kaa_str_format(ctx, "a crate of %d", (int)data->more);
}

static const kaa_type_spec crate_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Crate",
    .data_bytes = sizeof(crate),
    .members = crate_members,
    .str = crate_str,
};

/* ---- Number: operators */

typedef struct wrapped {
    kaa_object *value;
} wrapped;

static const kaa_member number_members[] = {
    {"value", KAA_MEMBER_OBJECT, KAA_READONLY, offsetof(wrapped, value), NULL},
    {NULL, 0, 0, 0, NULL},
};

static int
number_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    wrapped *data = kaa_data(ctx, self);
    kaa_object *value;

    (void)kwnames;
    if (!kaa_parse_args(ctx, args, nargs, "O:Number", &value))
        return -1;
    KAA_CLEAR(ctx, data->value);
    data->value = kaa_incref(ctx, value);
    return 0;
}

static kaa_object *
value_of(kaa_context *ctx, kaa_object *object)
{
    kaa_object *type = kaa_builtin(ctx, KAA_INT_TYPE);
    kaa_object *value = NULL;

    if (kaa_check(ctx, object, KAA_INT_TYPE))
        return kaa_incref(ctx, object);
    (void)type;
    if (kaa_find_attr(ctx, object, "value", &value) == 1)
        return value;
    kaa_error_clear(ctx);
    return NULL;
}

/* The value of a Number, borrowed; TypeError where its init was not called. */
static kaa_object *
number_value(kaa_context *ctx, kaa_object *self)
{
    const wrapped *data = kaa_data(ctx, self);

    if (data->value == NULL)
        kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "no value");
    return data->value;
}

/* (name of the operator, left, right), so that a test sees what was asked. */
static kaa_object *
operated(kaa_context *ctx, const char *how, kaa_object *left, kaa_object *right,
         int op)
{
    kaa_object *a = value_of(ctx, left);
    kaa_object *b = right != NULL ? value_of(ctx, right) : kaa_none(ctx);

    if (a == NULL || b == NULL) {
        kaa_decref(ctx, a);
        kaa_decref(ctx, b);
        return kaa_not_implemented(ctx);
    }
    return kaa_build(ctx, "(siNN)", how, op, a, b);
}

static kaa_object *
number_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return operated(ctx, "binary", left, right, op);
}

static kaa_object *
number_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return op == KAA_XOR ? kaa_not_implemented(ctx)
                         : operated(ctx, "inplace", left, right, op);
}

static kaa_object *
number_unary(kaa_context *ctx, kaa_object *self, int op)
{
    return operated(ctx, "unary", self, NULL, op);
}

static kaa_object *
number_index(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, number_value(ctx, self));
}

static kaa_object *
number_float(kaa_context *ctx, kaa_object *self)
{
    kaa_object *value = number_value(ctx, self);

    return value != NULL ? kaa_to_float(ctx, value) : NULL;
}

static int
number_truth(kaa_context *ctx, kaa_object *self)
{
    kaa_object *value = number_value(ctx, self);

    return value != NULL ? kaa_truth(ctx, value) : -1;
}

/* -1 as it is, which is no error. */
static int64_t
number_hash(kaa_context *ctx, kaa_object *self)
{
    kaa_object *own = number_value(ctx, self);
    int64_t value;

    return own != NULL && kaa_int_as_int64(ctx, own, &value) == 0 ? value : -1;
}

static kaa_object *
number_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    kaa_object *a = value_of(ctx, self), *b = value_of(ctx, other), *result;

    result = a != NULL && b != NULL ? kaa_compare(ctx, a, b, op)
                                    : kaa_not_implemented(ctx);
    kaa_decref(ctx, a);
    kaa_decref(ctx, b);
    return result;
}

static const kaa_type_spec number_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Number",
    .data_bytes = sizeof(wrapped),
    .members = number_members,
    .init = number_init,
    .binary = number_binary,
    .inplace = number_inplace,
    .unary = number_unary,
    .to_int = number_index,
    .to_float = number_float,
    .index = number_index,
    .truth = number_truth,
    .hash = number_hash,
    .compare = number_compare,
};

/* Derived: other operators, so the in-place ones are not inherited. */
static kaa_object *
second_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return operated(ctx, "second", left, right, op);
}

static const kaa_type_spec second_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Second",
    .binary = second_binary,
};

/* ---- Series: a sequence and a buffer of int64; its iterator */

typedef struct series {
    int64_t items[8];
    int64_t count;
    int64_t exports;
    ptrdiff_t shape[1];
} series;

static int
series_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    series *data = kaa_data(ctx, self);

    (void)kwnames;
    if (nargs > 8)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "too many");
    data->count = 0;
    for (size_t i = 0; i < nargs; i++)
        if (kaa_int_as_int64(ctx, args[i], &data->items[i]) != 0)
            return -1;
    data->count = (int64_t)nargs;
    return 0;
}

static ptrdiff_t
series_length(kaa_context *ctx, kaa_object *self)
{
    const series *data = kaa_data(ctx, self);

    return (ptrdiff_t)data->count;
}

static int64_t *
item_at(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    series *data = kaa_data(ctx, self);
    int64_t index;

    if (kaa_int_as_int64(ctx, key, &index) != 0)
        return NULL;
    if (index < 0)
        index += data->count;
    if (index >= 0 && index < data->count)
        return &data->items[index];
    kaa_raise_format(ctx, kaa_builtin(ctx, KAA_INDEX_ERROR), "no item %R", key);
    return NULL;
}

static kaa_object *
series_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    const int64_t *item = item_at(ctx, self, key);

    return item != NULL ? kaa_int(ctx, *item) : NULL;
}

static int
series_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
                kaa_object *value)
{
    int64_t *item = item_at(ctx, self, key);

    if (item == NULL)
        return -1;
    if (value != NULL)
        return kaa_int_as_int64(ctx, value, item);
    *item = -999;
    return 0;
}

static int
series_contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    const series *data = kaa_data(ctx, self);
    int64_t value;

    if (kaa_int_as_int64(ctx, item, &value) != 0)
        return -1;
    for (int64_t i = 0; i < data->count; i++)
        if (data->items[i] == value)
            return 1;
    return 0;
}

static kaa_object *
series_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    size_t more = kwnames != NULL ? (size_t)kaa_tuple_size(ctx, kwnames) : 0;

    return kaa_build(ctx, "(ONNO)", self,
                     kaa_tuple_from_array(ctx, args, nargs),
                     kaa_tuple_from_array(ctx, args + nargs, more),
                     kwnames != NULL ? kwnames : kaa_builtin(ctx, KAA_NONE));
}

static int
series_get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
                  int request)
{
    series *data = kaa_data(ctx, self);
    static ptrdiff_t stride = sizeof(int64_t);
    static char format[] = "q";

    if (data->count == 0)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_BUFFER_ERROR), "empty");
    buffer->data = data->items;
    buffer->bytes = (ptrdiff_t)data->count * stride;
    buffer->item_bytes = stride;
    buffer->dimensions = 1;
    data->shape[0] = (ptrdiff_t)data->count;
    if (request & KAA_BUFFER_FORMAT)
        buffer->format = format;
    if (request & KAA_BUFFER_ND)
        buffer->shape = data->shape;
    if ((request & KAA_BUFFER_STRIDES) == KAA_BUFFER_STRIDES)
        buffer->strides = &stride;
    data->exports++;
    return 0;
}

static void
series_release_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer)
{
    series *data = kaa_data(ctx, self);

    (void)buffer;
    data->exports--;
}

static const kaa_member series_members[] = {
    {"exports", KAA_MEMBER_INT64, KAA_READONLY, offsetof(series, exports),
     NULL},
    {NULL, 0, 0, 0, NULL},
};

typedef struct cursor {
    kaa_object *of;
    int64_t at;
} cursor;

static kaa_object *
cursor_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static kaa_object *
cursor_next(kaa_context *ctx, kaa_object *self)
{
    cursor *data = kaa_data(ctx, self);
    const series *of = data->of != NULL ? kaa_data(ctx, data->of) : NULL;

    return of != NULL && data->at < of->count
               ? kaa_int(ctx, of->items[data->at++])
               : NULL;
}

static const kaa_member cursor_members[] = {
    {"of", KAA_MEMBER_OBJECT, KAA_HIDDEN, offsetof(cursor, of), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec cursor_spec = {
    .size = sizeof(kaa_type_spec),
    .flags =
        KAA_TYPE_NO_INSTANCES | KAA_TYPE_NO_SUBTYPES | KAA_TYPE_NO_WEAKREFS,
    .name = "natives.Cursor",
    .data_bytes = sizeof(cursor),
    .members = cursor_members,
    .iter = cursor_iter,
    .next = cursor_next,
};

static kaa_object *
series_iter(kaa_context *ctx, kaa_object *self)
{
    kaa_object *module = kaa_module_find(ctx, &kaa_module_definition);
    const state *own = module != NULL ? kaa_module_state(ctx, module) : NULL;
    kaa_object *made = NULL;
    cursor *data;

    /* The module is held as long as its state is used: without that a
     * collection within kaa_instance_new() could clear it. */
    if (own != NULL)
        made = kaa_instance_new(ctx, own->series);
    kaa_decref(ctx, module);
    if (made == NULL)
        return NULL;
    data = kaa_data(ctx, made);
    data->of = kaa_incref(ctx, self);
    return made;
}

static const kaa_type_spec series_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Series",
    .data_bytes = sizeof(series),
    .members = series_members,
    .init = series_init,
    .length = series_length,
    .get_item = series_get_item,
    .set_item = series_set_item,
    .contains = series_contains,
    .iter = series_iter,
    .call = series_call,
    .get_buffer = series_get_buffer,
    .release_buffer = series_release_buffer,
};

/* Get-item alone: iterable as a sequence is. */
static kaa_object *
counted_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    int64_t index;

    (void)self;
    if (kaa_int_as_int64(ctx, key, &index) != 0)
        return NULL;
    if (index >= 0 && index < 3)
        return kaa_int(ctx, index * 10);
    kaa_raise(ctx, kaa_builtin(ctx, KAA_INDEX_ERROR), "no more");
    return NULL;
}

static const kaa_type_spec counted_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Counted",
    .get_item = counted_get_item,
};

/* ---- Node: references that only traverse knows; finalize; destroy */

typedef struct node {
    kaa_object **items;
    int64_t count;
    int64_t resurrects;
    kaa_object *on_end;
} node;

static int
node_traverse(void *pointer, kaa_visit visit, void *arg)
{
    const node *data = pointer;

    for (int64_t i = 0; i < data->count; i++)
        KAA_VISIT(data->items[i]);
    return 0;
}

/* The end of an item may add another. */
static void
node_empty(kaa_context *ctx, node *data)
{
    kaa_object **items = data->items;
    int64_t count = data->count;

    data->items = NULL;
    data->count = 0;
    for (int64_t i = 0; i < count; i++)
        kaa_decref(ctx, items[i]);
    free(items);
}

static void
node_clear(kaa_context *ctx, void *pointer)
{
    state *own = state_of(ctx);

    if (own != NULL)
        own->cleared++;
    else
        kaa_error_clear(ctx);
    node_empty(ctx, pointer);
}

static void
node_destroy(kaa_context *ctx, void *pointer)
{
    state *own = state_of(ctx);

    if (own != NULL)
        own->destroyed++;
    else
        kaa_error_clear(ctx);
    node_empty(ctx, pointer);
}

static kaa_object *
node_add(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    node *data = kaa_data(ctx, self);
    kaa_object **more =
        realloc(data->items, (size_t)(data->count + 1) * sizeof(kaa_object *));

    if (more == NULL) {
        kaa_raise_memory(ctx);
        return NULL;
    }
    data->items = more;
    data->items[data->count++] = kaa_incref(ctx, item);
    return kaa_none(ctx);
}

static const kaa_method node_methods[] = {
    KAA_METHOD_ONE("add", node_add, NULL),
    KAA_METHODS_END,
};

static const kaa_type_spec node_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Node",
    .data_bytes = sizeof(node),
    .methods = node_methods,
    .traverse = node_traverse,
    .clear = node_clear,
    .destroy = node_destroy,
};

static const kaa_member final_members[] = {
    {"resurrects", KAA_MEMBER_INT64, 0, offsetof(node, resurrects), NULL},
    {"on_end", KAA_MEMBER_OBJECT, 0, offsetof(node, on_end), NULL},
    {NULL, 0, 0, 0, NULL},
};

static void
final_finalize(kaa_context *ctx, kaa_object *self)
{
    const node *data = kaa_data(ctx, self);
    kaa_object *module = kaa_module_find(ctx, &kaa_module_definition);
    state *own = module != NULL ? kaa_module_state(ctx, module) : NULL;

    if (own == NULL)
        return;
    own->finalized++;
    if (data->resurrects && own->kept != NULL)
        kaa_list_append(ctx, own->kept, self);
    kaa_decref(ctx, module);
    if (data->on_end != NULL)
        kaa_decref(ctx, kaa_call(ctx, data->on_end, NULL, 0, NULL));
}

/* A Node with an end. */
static const kaa_type_spec final_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Final",
    .data_bytes = sizeof(node),
    .members = final_members,
    .finalize = final_finalize,
};

/* ---- Proxy: attributes of another object */

typedef struct proxy {
    kaa_object *of;
} proxy;

static const kaa_member proxy_members[] = {
    {"of", KAA_MEMBER_OBJECT, KAA_HIDDEN, offsetof(proxy, of), NULL},
    {NULL, 0, 0, 0, NULL},
};

static int
proxy_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    proxy *data = kaa_data(ctx, self);
    kaa_object *of;

    (void)kwnames;
    if (!kaa_parse_args(ctx, args, nargs, "O:Proxy", &of))
        return -1;
    KAA_CLEAR(ctx, data->of);
    data->of = kaa_incref(ctx, of);
    return 0;
}

static kaa_object *
proxy_get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    const proxy *data = kaa_data(ctx, self);

    if (kaa_str_equals(ctx, name, "__class__", 9) || data->of == NULL)
        return kaa_generic_get_attr(ctx, self, name);
    return kaa_get_attr(ctx, data->of, name);
}

static int
proxy_set_attr(kaa_context *ctx, kaa_object *self, kaa_object *name,
               kaa_object *value)
{
    const proxy *data = kaa_data(ctx, self);

    if (data->of == NULL)
        return kaa_generic_set_attr(ctx, self, name, value);
    return kaa_set_attr(ctx, data->of, name, value);
}

static const kaa_type_spec proxy_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Proxy",
    .data_bytes = sizeof(proxy),
    .members = proxy_members,
    .init = proxy_init,
    .get_attr = proxy_get_attr,
    .set_attr = proxy_set_attr,
};

/* ---- Failure: an exception with a method */

static kaa_object *
failure_shout(kaa_context *ctx, kaa_object *self)
{
    return kaa_str_format(ctx, "%S!", self);
}

static const kaa_method failure_methods[] = {
    KAA_METHOD_NOARGS("shout", failure_shout, NULL),
    KAA_METHODS_END,
};

static const kaa_type_spec failure_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "natives.Failure",
    .methods = failure_methods,
};

/* ---- functions */

static kaa_object *
counts(kaa_context *ctx, kaa_object *self)
{
    const state *own = kaa_module_state(ctx, self);

    return kaa_build(ctx, "(LLL)", (long long)own->finalized,
                     (long long)own->cleared, (long long)own->destroyed);
}

static kaa_object *
kept(kaa_context *ctx, kaa_object *self)
{
    const state *own = kaa_module_state(ctx, self);

    return own->kept != NULL ? kaa_incref(ctx, own->kept) : kaa_none(ctx);
}

/* An instance whose init was not called. */
static kaa_object *
raw(kaa_context *ctx, kaa_object *self, kaa_object *type)
{
    (void)self;
    return kaa_instance_new(ctx, type);
}

static kaa_object *
raise_own(kaa_context *ctx, kaa_object *self, kaa_object *value)
{
    const state *own = kaa_module_state(ctx, self);

    kaa_raise_object(
        ctx, own->error != NULL ? own->error : kaa_builtin(ctx, KAA_EXCEPTION),
        value);
    return NULL;
}

static kaa_object *
made_repr(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_text(ctx, "Box(0)");
}

/* new_type(which, base): types made while the program runs. */
static kaa_object *
new_type(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs)
{
    static const kaa_member outside[] = {{"far", KAA_MEMBER_INT64, 0, 8, NULL},
                                         {NULL, 0, 0, 0, NULL}};
    static const kaa_member kindless[] = {{"odd", 99, 0, 0, NULL},
                                          {NULL, 0, 0, 0, NULL}};
    static const kaa_type_spec specs[] = {
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .data_bytes = 8,
         .repr = made_repr,
         .doc = "Made."},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .data_bytes = 8,
         .members = outside},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .data_bytes = 8,
         .members = kindless},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .flags = 1u << 9},
        {.size = 8, .name = "natives.Made"},
        {.size = sizeof(kaa_type_spec), .name = "Plain"},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .data_bytes = 1},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .data_bytes = (size_t)1 << 40},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .flags = KAA_TYPE_NO_SUBTYPES,
         .methods = box_methods,
         .properties = box_properties,
         .data_bytes = sizeof(box)},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .members = box_members,
         .data_bytes = sizeof(box),
         .init = box_init},
        {.size = sizeof(kaa_type_spec),
         .name = "natives.Made",
         .flags = KAA_TYPE_NO_INSTANCES},
    };
    int which;
    kaa_object *base = NULL;

    if (!kaa_parse_args(ctx, args, nargs, "i|O:new_type", &which, &base))
        return NULL;
    if (which < 0 || (size_t)which >= sizeof(specs) / sizeof(specs[0])) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_INDEX_ERROR), "no such spec");
        return NULL;
    }
    return kaa_type_new(ctx, &specs[which], self, base);
}

static const kaa_method methods[] = {
    KAA_METHOD_NOARGS("counts", counts, NULL),
    KAA_METHOD_NOARGS("kept", kept, NULL),
    KAA_METHOD_ONE("raw", raw, NULL),
    KAA_METHOD_ONE("raise_own", raise_own, NULL),
    KAA_METHOD("new_type", new_type, NULL),
    KAA_METHODS_END,
};

static const kaa_type_spec *const types[] = {&number_spec, &series_spec,
                                             &counted_spec, &proxy_spec, NULL};

/* A type that has a base; its reference goes to *out, if that is not NULL. */
static int
add_type(kaa_context *ctx, kaa_object *module, const char *name,
         const kaa_type_spec *spec, kaa_object *base, kaa_object **out)
{
    kaa_object *type = kaa_type_new(ctx, spec, module, base);
    int result = -1;

    if (type != NULL)
        result = kaa_set_attr_text(ctx, module, name, type);
    if (result == 0 && out != NULL)
        *out = type;
    else
        kaa_decref(ctx, type);
    return result;
}

static int
natives_exec(kaa_context *ctx, kaa_object *module)
{
    state *own = kaa_module_state(ctx, module);
    kaa_object *number = NULL, *node_type = NULL;
    int result;

    own->kept = kaa_list_new(ctx, 0);
    own->error =
        kaa_exception_new_type(ctx, "natives.Error", "An error.", NULL);
    if (own->kept == NULL || own->error == NULL ||
        kaa_set_attr_text(ctx, module, "Error", own->error) != 0)
        return -1;
    number = kaa_get_attr_text(ctx, module, "Number");
    result =
        add_type(ctx, module, "Box", &box_spec, NULL, &own->box) ||
        add_type(ctx, module, "Crate", &crate_spec, own->box, NULL) ||
        add_type(ctx, module, "Cursor", &cursor_spec, NULL, &own->series) ||
        add_type(ctx, module, "Second", &second_spec, number, NULL) ||
        add_type(ctx, module, "Node", &node_spec, NULL, &node_type) ||
        add_type(ctx, module, "Final", &final_spec, node_type, NULL) ||
        add_type(ctx, module, "Failure", &failure_spec, own->error, NULL) ||
        add_type(ctx, module, "Broken", &failure_spec,
                 kaa_builtin(ctx, KAA_OS_ERROR), NULL);
    kaa_decref(ctx, number);
    kaa_decref(ctx, node_type);
    return result ? -1 : 0;
}

static int
natives_traverse(void *pointer, kaa_visit visit, void *arg)
{
    const state *own = pointer;

    KAA_VISIT(own->box);
    KAA_VISIT(own->series);
    KAA_VISIT(own->error);
    KAA_VISIT(own->kept);
    return 0;
}

static void
natives_clear(kaa_context *ctx, void *pointer)
{
    state *own = pointer;

    KAA_CLEAR(ctx, own->box);
    KAA_CLEAR(ctx, own->series);
    KAA_CLEAR(ctx, own->error);
    KAA_CLEAR(ctx, own->kept);
}

KAA_MODULE(natives, .doc = "Native types.", .methods = methods, .types = types,
           .state_bytes = sizeof(state), .exec = natives_exec,
           .traverse = natives_traverse, .clear = natives_clear);
