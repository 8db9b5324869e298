/* frozen - the module whose binary lies beside this text: built against the
 * first table of a context, it must run on every kaa that comes after, natively
 * and in CPython. So this text is never changed, and frozen.kaa.so never built
 * anew; what comes later gets a folder of its own. README.md says how it was
 * made.
 *
 * check() calls the slots and looks at what they give; a wrong one raises
 * AssertionError with the line.
 */
#include <kaa/module.h>

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            if (!kaa_error_occurred(ctx))                                      \
                kaa_raise_format(ctx, kaa_builtin(ctx, KAA_ASSERTION_ERROR),   \
                                 "line %d", __LINE__);                         \
            return -1;                                                         \
        }                                                                      \
    } while (0)
/* The same of a new reference, which is given up. */
#define CHECK_INT(object, expected)                                            \
    do {                                                                       \
        kaa_object *checked = (object);                                        \
        int64_t number = 0;                                                    \
        CHECK(checked != NULL);                                                \
        CHECK(kaa_int_as_int64(ctx, checked, &number) == 0);                   \
        kaa_decref(ctx, checked);                                              \
        CHECK(number == (expected));                                           \
    } while (0)
#define CHECK_STR(object, text)                                                \
    do {                                                                       \
        kaa_object *checked = (object);                                        \
        CHECK(checked != NULL);                                                \
        CHECK(kaa_str_equals(ctx, checked, text, sizeof(text) - 1) == 1);      \
        kaa_decref(ctx, checked);                                              \
    } while (0)
#define FAILS(condition, type)                                                 \
    do {                                                                       \
        CHECK(condition);                                                      \
        CHECK(kaa_error_matches(ctx, kaa_builtin(ctx, (type))) == 1);          \
        kaa_error_clear(ctx);                                                  \
    } while (0)
#define IS(object, id) kaa_check(ctx, (object), (id)) == 1

typedef struct state {
    kaa_object *error;
    int64_t destroyed;
} state;

/* ---- A type with every slot that a spec has */

typedef struct box {
    int64_t number;
    kaa_object *item;
    double real;
    int64_t steps;
} box;

static const kaa_type_spec box_spec;

static box *
box_of(kaa_context *ctx, kaa_object *self)
{
    return kaa_data(ctx, self);
}

static int
box_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"number", "item", NULL};
    kaa_object *item = NULL;
    long long number = 0;

    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "L|O:Box", names,
                            &number, &item))
        return -1;
    box_of(ctx, self)->number = number;
    box_of(ctx, self)->item = kaa_incref(ctx, item);
    box_of(ctx, self)->real = 0.5;
    return 0;
}

static void
box_destroy(kaa_context *ctx, void *data)
{
    (void)ctx;
    ((box *)data)->number = -1;
}

static kaa_object *
box_repr(kaa_context *ctx, kaa_object *self)
{
    return kaa_str_format(ctx, "Box(%lld)",
                          (long long)box_of(ctx, self)->number);
}

static int64_t
box_hash(kaa_context *ctx, kaa_object *self)
{
    return box_of(ctx, self)->number;
}

static kaa_object *
box_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    kaa_object *type = kaa_type_of(ctx, self);
    int is_box = type != NULL ? kaa_is_instance(ctx, other, type) : -1;

    kaa_decref(ctx, type);
    if (is_box < 0)
        return NULL;
    if (!is_box || (op != KAA_EQ && op != KAA_NE))
        return kaa_not_implemented(ctx);
    return kaa_bool(ctx, (box_of(ctx, self)->number ==
                          box_of(ctx, other)->number) == (op == KAA_EQ));
}

static int
box_truth(kaa_context *ctx, kaa_object *self)
{
    return box_of(ctx, self)->number != 0;
}

static kaa_object *
box_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs, kaa_object *kwnames)
{
    ptrdiff_t named = kwnames != NULL ? kaa_tuple_size(ctx, kwnames) : 0;

    (void)args;
    return kaa_int(ctx, box_of(ctx, self)->number + (int64_t)nargs * 10 +
                            named * 100);
}

static kaa_object *
box_iter(kaa_context *ctx, kaa_object *self)
{
    box_of(ctx, self)->steps = 0;
    return kaa_incref(ctx, self);
}

static kaa_object *
box_next(kaa_context *ctx, kaa_object *self)
{
    box *own = box_of(ctx, self);

    return own->steps < own->number ? kaa_int(ctx, own->steps++) : NULL;
}

static ptrdiff_t
box_length(kaa_context *ctx, kaa_object *self)
{
    return (ptrdiff_t)box_of(ctx, self)->number;
}

static kaa_object *
box_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    int64_t index;

    (void)self;
    if (kaa_int_as_int64(ctx, key, &index) != 0)
        return NULL;
    return kaa_int(ctx, index * 2);
}

static int
box_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
             kaa_object *value)
{
    (void)key;
    box_of(ctx, self)->steps = value != NULL ? 77 : 78;
    return 0;
}

static int
box_contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    int64_t number;

    if (kaa_int_as_int64(ctx, item, &number) != 0)
        return -1;
    return number < box_of(ctx, self)->number;
}

static kaa_object *
box_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    (void)left;
    (void)right;
    return op == KAA_DIVMOD ? kaa_not_implemented(ctx) : kaa_int(ctx, op);
}

static kaa_object *
box_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    (void)left;
    (void)right;
    return kaa_int(ctx, 100 + op);
}

static kaa_object *
box_unary(kaa_context *ctx, kaa_object *self, int op)
{
    (void)self;
    return kaa_int(ctx, 200 + op);
}

static kaa_object *
box_to_int(kaa_context *ctx, kaa_object *self)
{
    return kaa_int(ctx, box_of(ctx, self)->number);
}

static kaa_object *
box_to_float(kaa_context *ctx, kaa_object *self)
{
    return kaa_float_from_double(ctx, box_of(ctx, self)->real);
}

static int
box_get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
               int request)
{
    static ptrdiff_t one = 8;

    (void)request;
    buffer->data = &box_of(ctx, self)->number;
    buffer->bytes = one;
    buffer->item_bytes = 1;
    buffer->is_readonly = 0;
    buffer->dimensions = 1;
    buffer->format = NULL;
    buffer->shape = &one;
    buffer->strides = &buffer->item_bytes;
    buffer->suboffsets = NULL;
    buffer->internal = NULL;
    return 0;
}

static kaa_object *
box_twice(kaa_context *ctx, kaa_object *self, void *user)
{
    return kaa_int(ctx, box_of(ctx, self)->number * *(const int *)user);
}

static int
box_set_twice(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    int64_t number;

    if (value == NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "needed");
    if (kaa_int_as_int64(ctx, value, &number) != 0)
        return -1;
    box_of(ctx, self)->number = number / *(const int *)user;
    return 0;
}

static kaa_object *
box_one(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    return kaa_incref(ctx, argument);
}

static kaa_object *
box_make(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
         size_t nargs)
{
    return kaa_call(ctx, type, args, nargs, NULL);
}

static kaa_object *
box_static(kaa_context *ctx, kaa_object *self)
{
    return kaa_bool(ctx, self == NULL);
}

static int two = 2;

static const kaa_method box_methods[] = {
    KAA_METHOD_ONE("one", box_one, "one(x)\n--\n\nThe same."),
    {"make", box_make, KAA_VARARGS | KAA_CLASS, 0, NULL, NULL},
    {"is_static", KAA_ANY_FUNCTION(box_static), KAA_NOARGS | KAA_STATIC, 0,
     NULL, NULL},
    KAA_METHODS_END,
};

static const kaa_member box_members[] = {
    {"number", KAA_MEMBER_INT64, KAA_READONLY, offsetof(box, number), NULL},
    {"item", KAA_MEMBER_OBJECT, 0, offsetof(box, item), NULL},
    {"real", KAA_MEMBER_DOUBLE, 0, offsetof(box, real), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_property box_properties[] = {
    {"twice", box_twice, box_set_twice, NULL, &two},
    {NULL, NULL, NULL, NULL, NULL},
};

static const kaa_type_spec box_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "frozen.Box",
    .doc = "A number.",
    .data_bytes = sizeof(box),
    .methods = box_methods,
    .members = box_members,
    .properties = box_properties,
    .destroy = box_destroy,
    .init = box_init,
    .repr = box_repr,
    .hash = box_hash,
    .compare = box_compare,
    .truth = box_truth,
    .call = box_call,
    .iter = box_iter,
    .next = box_next,
    .length = box_length,
    .get_item = box_get_item,
    .set_item = box_set_item,
    .contains = box_contains,
    .binary = box_binary,
    .inplace = box_inplace,
    .unary = box_unary,
    .to_int = box_to_int,
    .to_float = box_to_float,
    .index = box_to_int,
    .get_buffer = box_get_buffer,
};

/* ---- The slots */

static int
check_errors(kaa_context *ctx, kaa_object *module)
{
    state *own = kaa_module_state(ctx, module);
    kaa_object *error, *other, *cause;

    CHECK(own != NULL && kaa_error_occurred(ctx) == 0);
    CHECK(kaa_raise(ctx, own->error, "mine") == -1);
    CHECK(kaa_error_matches(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR)) == 1);
    KAA_TRACE(ctx);
    error = kaa_error_take(ctx);
    CHECK(error != NULL && kaa_error_occurred(ctx) == 0);
    CHECK_STR(kaa_str(ctx, error), "mine");
    kaa_raise_errno(ctx, 2, "name");
    other = kaa_error_take(ctx);
    CHECK(kaa_is_instance(ctx, other,
                          kaa_builtin(ctx, KAA_FILE_NOT_FOUND_ERROR)) == 1);
    CHECK(kaa_exception_set_cause(ctx, error, other) == 0);
    cause = kaa_exception_cause(ctx, error);
    CHECK(cause == other);
    kaa_decref(ctx, cause);
    kaa_decref(ctx, other);
    other = kaa_exception_traceback(ctx, error);
    CHECK(other != NULL && !kaa_is_none(ctx, other));
    kaa_decref(ctx, other);
    kaa_raise_exception(ctx, error);
    kaa_decref(ctx, error);
    FAILS(1, KAA_VALUE_ERROR);
    kaa_raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR),
                     kaa_builtin(ctx, KAA_NONE));
    FAILS(1, KAA_KEY_ERROR);
    kaa_raise_memory(ctx);
    FAILS(1, KAA_MEMORY_ERROR);
    return 0;
}

static int
check_numbers(kaa_context *ctx)
{
    unsigned char bytes[16] = {0};
    kaa_object *big =
        kaa_int_from_text(ctx, "-10000000000000000000000", 24, 10);
    kaa_object *complex, *other;
    uint64_t word = 0;
    double real = 0, imaginary = 0;
    int sign = 5;

    CHECK(big != NULL && IS(big, KAA_INT_TYPE));
    FAILS(kaa_int_as_uint64(ctx, big, &word) == -1, KAA_OVERFLOW_ERROR);
    CHECK(kaa_int_as_uint64_mask(ctx, big, &word) == 0);
    CHECK(word == UINT64_C(0xe61f36454dc00000));
    CHECK(kaa_int_sign(ctx, big, &sign) == 0 && sign == -1);
    CHECK(kaa_int_bit_length(ctx, big) == 74);
    CHECK(kaa_int_as_bytes(ctx, big, bytes, 16, 0, 1) == 0);
    other = kaa_int_from_bytes(ctx, bytes, 16, 0, 1);
    CHECK(kaa_compare_truth(ctx, big, other, KAA_EQ) == 1);
    kaa_decref(ctx, other);
    CHECK_STR(kaa_int_as_text(ctx, big, 10), "-10000000000000000000000");
    kaa_decref(ctx, big);
    other = kaa_int_from_uint64(ctx, UINT64_MAX);
    CHECK(kaa_int_as_uint64(ctx, other, &word) == 0 && word == UINT64_MAX);
    kaa_decref(ctx, other);
    complex = kaa_complex_from_doubles(ctx, 1.5, -2.5);
    CHECK(kaa_complex_as_doubles(ctx, complex, &real, &imaginary) == 0);
    CHECK(real == 1.5 && imaginary == -2.5);
    kaa_decref(ctx, complex);
    other = kaa_float_from_double(ctx, 0.25);
    CHECK(kaa_float_as_double(ctx, other, &real) == 0 && real == 0.25);
    CHECK(kaa_check_exact(ctx, other, KAA_FLOAT_TYPE) == 1);
    kaa_decref(ctx, other);
    return 0;
}

static int
check_texts(kaa_context *ctx)
{
    kaa_object *text = kaa_text(ctx, "h\xc3\xa9llo"), *other, *list, *bytes;
    size_t size = 0;
    const char *utf8;

    CHECK(text != NULL);
    utf8 = kaa_str_as_utf8(ctx, text, &size);
    CHECK(utf8 != NULL && size == 6 && utf8[5] == 'o');
    CHECK(kaa_str_length(ctx, text) == 5);
    CHECK(kaa_str_code_point(ctx, text, 1) == 0xe9);
    CHECK_STR(kaa_str_substring(ctx, text, 1, 3), "\xc3\xa9l");
    other = kaa_str_intern(ctx, "key");
    CHECK_STR(other, "key");
    list = kaa_build(ctx, "[ss]", "a", "b");
    other = kaa_text(ctx, "-");
    CHECK_STR(kaa_str_join(ctx, other, list), "a-b");
    kaa_decref(ctx, other);
    kaa_decref(ctx, list);
    kaa_decref(ctx, text);
    bytes = kaa_bytes_from_data(ctx, "xyz", 3);
    utf8 = kaa_bytes_as_data(ctx, bytes, &size);
    CHECK(utf8 != NULL && size == 3 && utf8[2] == 'z');
    kaa_decref(ctx, bytes);
    return 0;
}

static int
check_sequences(kaa_context *ctx)
{
    kaa_object *items[] = {kaa_int(ctx, 3), kaa_int(ctx, 1), kaa_int(ctx, 2)};
    kaa_object *list = kaa_list_from_array(ctx, items, 3);
    kaa_object *tuple = kaa_tuple_from_array(ctx, items, 3), *other;
    ptrdiff_t start, step, count;

    CHECK(kaa_list_size(ctx, list) == 3 && kaa_tuple_size(ctx, tuple) == 3);
    CHECK_INT(kaa_list_get(ctx, list, 0), 3);
    CHECK_INT(kaa_tuple_get(ctx, tuple, 2), 2);
    CHECK(kaa_tuple_get_borrowed(ctx, tuple, 1) != NULL);
    FAILS(kaa_list_get(ctx, list, 3) == NULL, KAA_INDEX_ERROR);
    CHECK(kaa_list_set(ctx, list, 0, items[1]) == 0);
    CHECK(kaa_list_append(ctx, list, items[0]) == 0);
    CHECK(kaa_list_take_append(ctx, list, kaa_int(ctx, 9)) == 0);
    CHECK(kaa_list_insert(ctx, list, 0, items[2]) == 0);
    CHECK(kaa_list_extend(ctx, list, tuple) == 0);
    CHECK_INT(kaa_list_pop(ctx, list, -1), 2);
    CHECK(kaa_list_sort(ctx, list) == 0 && kaa_list_reverse(ctx, list) == 0);
    CHECK_STR(kaa_repr(ctx, list), "[9, 3, 3, 2, 2, 1, 1, 1]");
    other = kaa_list_slice(ctx, list, 1, 3);
    CHECK_STR(kaa_repr(ctx, other), "[3, 3]");
    CHECK(kaa_list_set_slice(ctx, list, 0, 7, other) == 0);
    CHECK_STR(kaa_repr(ctx, list), "[3, 3, 1]");
    kaa_decref(ctx, other);
    other = kaa_slice_new(ctx, items[1], NULL, NULL);
    CHECK(kaa_slice_resolve(ctx, other, 3, &start, &step, &count) == 0);
    CHECK(start == 1 && step == 1 && count == 2);
    kaa_decref(ctx, other);
    other = kaa_to_tuple(ctx, list);
    CHECK_STR(kaa_repr(ctx, other), "(3, 3, 1)");
    kaa_decref(ctx, list);
    list = kaa_to_list(ctx, other);
    CHECK(kaa_list_size(ctx, list) == 3);
    kaa_decref(ctx, other);
    kaa_decref(ctx, list);
    kaa_decref(ctx, tuple);
    other = kaa_list_take_array(ctx, items, 3);
    CHECK(other != NULL);
    kaa_decref(ctx, other);
    other = kaa_tuple_take_array(ctx, NULL, 0);
    CHECK(other != NULL);
    kaa_decref(ctx, other);
    other = kaa_list_new(ctx, 10);
    CHECK(kaa_length(ctx, other) == 0);
    kaa_decref(ctx, other);
    return 0;
}

static int
check_dicts_and_sets(kaa_context *ctx)
{
    kaa_object *dict = kaa_dict_new(ctx), *key = kaa_text(ctx, "k"), *found;
    kaa_object *copy, *set, *other, *name;
    size_t position = 0;

    CHECK(kaa_dict_set(ctx, dict, key, key) == 0);
    CHECK(kaa_dict_set_text(ctx, dict, "l", 1, key) == 0);
    CHECK(kaa_dict_size(ctx, dict) == 2);
    CHECK(kaa_dict_find(ctx, dict, key, &found) == 1 && found == key);
    kaa_decref(ctx, found);
    CHECK(kaa_dict_find_text(ctx, dict, "m", 1, NULL) == 0);
    CHECK(kaa_dict_next(ctx, dict, &position, &name, &found) == 1);
    kaa_decref(ctx, name);
    kaa_decref(ctx, found);
    copy = kaa_dict_copy(ctx, dict);
    CHECK(kaa_dict_remove(ctx, dict, key, NULL) == 1);
    CHECK(kaa_dict_update(ctx, dict, copy) == 0);
    other = kaa_dict_keys(ctx, dict);
    CHECK_STR(kaa_repr(ctx, other), "['l', 'k']");
    kaa_decref(ctx, other);
    other = kaa_dict_values(ctx, dict);
    CHECK_STR(kaa_repr(ctx, other), "['k', 'k']");
    kaa_decref(ctx, other);
    other = kaa_dict_items(ctx, copy);
    CHECK_STR(kaa_repr(ctx, other), "[('k', 'k'), ('l', 'k')]");
    set = kaa_set_new(ctx, other);
    kaa_decref(ctx, other);
    CHECK(kaa_dict_clear(ctx, copy) == 0 && kaa_dict_size(ctx, copy) == 0);
    CHECK(kaa_set_add(ctx, set, key) == 0 && kaa_set_size(ctx, set) == 3);
    CHECK(kaa_set_contains(ctx, set, key) == 1);
    CHECK(kaa_set_discard(ctx, set, key) == 1);
    other = kaa_set_pop(ctx, set);
    CHECK(IS(other, KAA_TUPLE_TYPE));
    kaa_decref(ctx, other);
    other = kaa_frozenset_new(ctx, set);
    CHECK(kaa_set_size(ctx, other) == 1);
    kaa_decref(ctx, other);
    kaa_decref(ctx, set);
    kaa_decref(ctx, copy);
    kaa_decref(ctx, dict);
    kaa_decref(ctx, key);
    return 0;
}

static int destroyed;

static void
note_end(void *pointer)
{
    destroyed += *(int *)pointer;
}

static int
check_others(kaa_context *ctx, kaa_object *type, kaa_object *instance)
{
    static int value = 3;
    kaa_object *capsule = kaa_capsule_new(ctx, &value, "frozen", note_end);
    kaa_object *weak, *found, *view;
    kaa_buffer buffer;
    void *block;

    CHECK(kaa_capsule_get(ctx, capsule, "frozen") == &value);
    FAILS(kaa_capsule_get(ctx, capsule, "other") == NULL, KAA_VALUE_ERROR);
    destroyed = 0;
    kaa_decref(ctx, capsule);
    CHECK(destroyed == 3);
    weak = kaa_weakref_new(ctx, instance, NULL);
    CHECK(kaa_weakref_get(ctx, weak, &found) == 1 && found == instance);
    kaa_decref(ctx, found);
    kaa_decref(ctx, weak);
    CHECK(kaa_buffer_get(ctx, instance, &buffer, KAA_BUFFER_SIMPLE) == 0);
    CHECK(buffer.bytes == 8 && *(int64_t *)buffer.data == 5);
    kaa_buffer_release(ctx, &buffer);
    view = kaa_memoryview_new(ctx, instance);
    CHECK(IS(view, KAA_MEMORYVIEW_TYPE));
    kaa_decref(ctx, view);
    found = kaa_instance_new(ctx, type);
    CHECK(box_of(ctx, found)->number == 0);
    kaa_decref(ctx, found);
    block = kaa_mem_alloc(ctx, 100);
    block = kaa_mem_resize(ctx, block, 10000);
    CHECK(block != NULL);
    kaa_mem_free(ctx, block);
    kaa_add_external(ctx, 1000);
    kaa_add_external(ctx, -1000);
    CHECK(kaa_collect(ctx) >= 0 && kaa_poll(ctx) == 0);
    KAA_ALLOW_THREADS_BEGIN(ctx)
    value = 3;
    KAA_ALLOW_THREADS_END(ctx)
    CHECK(kaa_runtime_handle(ctx) != NULL);
    CHECK(kaa_refcount(ctx, instance) >= 1);
    return 0;
}

static int
check_attributes(kaa_context *ctx, kaa_object *module, kaa_object *instance)
{
    kaa_object *name = kaa_text(ctx, "twice"), *found;
    kaa_object *args[] = {instance, kaa_int(ctx, 4)};

    CHECK_INT(kaa_get_attr(ctx, instance, name), 10);
    CHECK_INT(kaa_generic_get_attr(ctx, instance, name), 10);
    CHECK(kaa_set_attr(ctx, instance, name, args[1]) == 0);
    CHECK_INT(kaa_get_attr_text(ctx, instance, "number"), 2);
    CHECK(kaa_set_attr_text(ctx, instance, "item", name) == 0);
    CHECK(kaa_generic_set_attr(ctx, instance, name, args[1]) == 0);
    kaa_decref(ctx, name);
    CHECK(kaa_find_attr(ctx, instance, "nothing", &found) == 0);
    CHECK(kaa_find_attr(ctx, instance, "item", &found) == 1);
    kaa_decref(ctx, found);
    FAILS(kaa_get_attr_text(ctx, instance, "nothing") == NULL,
          KAA_ATTRIBUTE_ERROR);
    CHECK_INT(kaa_call_method(ctx, "one", args, 2, NULL), 4);
    found = kaa_type_of(ctx, instance);
    CHECK(kaa_is_subtype(ctx, found, kaa_builtin(ctx, KAA_OBJECT_TYPE)) == 1);
    name = kaa_type_module(ctx, found);
    CHECK(name == module && kaa_is_callable(ctx, found) == 1);
    kaa_decref(ctx, name);
    kaa_decref(ctx, found);
    return 0;
}

static int
check_protocols(kaa_context *ctx, kaa_object *instance)
{
    kaa_object *two_object = kaa_int(ctx, 2), *iterator, *item, *tuple, *dict;

    CHECK_INT(kaa_get_item(ctx, instance, two_object), 4);
    CHECK(kaa_set_item(ctx, instance, two_object, two_object) == 0);
    CHECK(box_of(ctx, instance)->steps == 77);
    CHECK(kaa_set_item(ctx, instance, two_object, NULL) == 0);
    CHECK(kaa_length(ctx, instance) == 5 && kaa_hash(ctx, instance) == 5);
    CHECK(kaa_contains(ctx, instance, two_object) == 1);
    CHECK(kaa_truth(ctx, instance) == 1);
    iterator = kaa_iter(ctx, instance);
    CHECK(kaa_next(ctx, iterator, &item) == 1);
    CHECK_INT(item, 0);
    kaa_decref(ctx, iterator);
    CHECK_INT(kaa_binary(ctx, instance, two_object, KAA_XOR), KAA_XOR);
    CHECK_INT(kaa_binary(ctx, two_object, instance, KAA_ADD), KAA_ADD);
    FAILS(kaa_binary(ctx, instance, two_object, KAA_DIVMOD) == NULL,
          KAA_TYPE_ERROR);
    CHECK_INT(kaa_inplace(ctx, instance, two_object, KAA_ADD), 100);
    CHECK_INT(kaa_unary(ctx, instance, KAA_INVERT), 203);
    CHECK_INT(kaa_to_int(ctx, instance), 5);
    CHECK_INT(kaa_index(ctx, instance), 5);
    item = kaa_to_float(ctx, instance);
    CHECK_STR(kaa_repr(ctx, item), "0.5");
    kaa_decref(ctx, item);
    CHECK_INT(kaa_call(ctx, instance, &two_object, 1, NULL), 15);
    tuple = kaa_build(ctx, "(ii)", 1, 2);
    dict = kaa_build(ctx, "{s:i}", "x", 1);
    CHECK_INT(kaa_call_dict(ctx, instance, tuple, dict), 125);
    CHECK_INT(kaa_get_index(ctx, tuple, -1), 2);
    kaa_decref(ctx, tuple);
    kaa_decref(ctx, dict);
    item = kaa_compare(ctx, instance, instance, KAA_EQ);
    CHECK(item == kaa_builtin(ctx, KAA_TRUE));
    kaa_decref(ctx, item);
    CHECK(kaa_compare_truth(ctx, instance, two_object, KAA_EQ) == 0);
    CHECK_STR(kaa_str(ctx, instance), "Box(5)");
    return 0;
}

KAA_MODULE_EXPORT const kaa_module_def kaa_module_definition;

static kaa_object *
check(kaa_context *ctx, kaa_object *module)
{
    kaa_object *type = kaa_get_attr_text(ctx, module, "Box"), *found;
    kaa_object *five = kaa_int(ctx, 5), *instance = NULL;
    int result = -1;

    if (type != NULL)
        instance = kaa_call(ctx, type, &five, 1, NULL);
    if (instance != NULL && check_errors(ctx, module) == 0 &&
        check_numbers(ctx) == 0 && check_texts(ctx) == 0 &&
        check_sequences(ctx) == 0 && check_dicts_and_sets(ctx) == 0 &&
        check_protocols(ctx, instance) == 0 &&
        check_others(ctx, type, instance) == 0 &&
        check_attributes(ctx, module, instance) == 0)
        result = 0;
    kaa_decref(ctx, instance);
    kaa_decref(ctx, type);
    found = kaa_module_find(ctx, &kaa_module_definition);
    if (found != module && result == 0)
        result = kaa_raise(ctx, kaa_builtin(ctx, KAA_ASSERTION_ERROR), "find");
    kaa_decref(ctx, found);
    return result == 0 ? kaa_text(ctx, "all is well") : NULL;
}

static double
scale(double value, int32_t by)
{
    return value * by;
}

static const kaa_method methods[] = {
    KAA_METHOD_NOARGS("check", check, "check()\n--\n\nCalls the slots."),
    KAA_FUNCTION("double scale(double value, int32_t by)", scale, NULL),
    KAA_METHODS_END,
};

static const kaa_constant constants[] = {
    KAA_CONSTANT_INT("TABLE_BYTES", sizeof(kaa_api)),
    KAA_CONSTANTS_END,
};

static const kaa_type_spec *const types[] = {&box_spec, NULL};

static int
frozen_exec(kaa_context *ctx, kaa_object *module)
{
    state *own = kaa_module_state(ctx, module);

    own->error = kaa_exception_new_type(ctx, "frozen.Error", NULL,
                                        kaa_builtin(ctx, KAA_VALUE_ERROR));
    if (own->error == NULL)
        return -1;
    return kaa_set_attr_text(ctx, module, "Error", own->error);
}

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((state *)data)->error);
    return 0;
}

static void
clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((state *)data)->error);
}

KAA_MODULE(frozen, .doc = "Built once.", .methods = methods,
           .constants = constants, .types = types, .state_bytes = sizeof(state),
           .exec = frozen_exec, .traverse = traverse, .clear = clear,
           .destroy = clear);
