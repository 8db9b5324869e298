/* native/api_samples.h - one object of every kind there is, for the tests that
 * give every slot what it does not expect.
 *
 * samples_make() fills sample[] with references of the caller's; those of
 * types of one's own are made once a runtime, by samples_start().
 */
#ifndef KAA_TEST_NATIVE_API_SAMPLES_H
#define KAA_TEST_NATIVE_API_SAMPLES_H

#include <stdlib.h>
#include <string.h>

#include <kaa/kaa.h>
#include <kaa/module.h>

#define SAMPLE_MAX 64

typedef struct samples {
    kaa_object *sample[SAMPLE_MAX];
    size_t count;
    kaa_object *plain, *hostile, *derived, *error, *module; /* by start */
} samples;

struct plain {
    kaa_object *held;
    int64_t number;
};

/* An instance of `hostile` fails at whatever it is asked. */
static kaa_object *
refuse(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_OS_ERROR), "refused");
    return NULL;
}

static int
refuse_int(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_raise(ctx, kaa_builtin(ctx, KAA_OS_ERROR), "refused");
}

static int64_t
refuse_hash(kaa_context *ctx, kaa_object *self)
{
    return refuse_int(ctx, self);
}

static ptrdiff_t
refuse_length(kaa_context *ctx, kaa_object *self)
{
    return refuse_int(ctx, self);
}

static kaa_object *
refuse_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    (void)other;
    (void)op;
    return refuse(ctx, self);
}

static kaa_object *
refuse_unary(kaa_context *ctx, kaa_object *self, int op)
{
    (void)op;
    return refuse(ctx, self);
}

static kaa_object *
refuse_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    (void)key;
    return refuse(ctx, self);
}

static int
refuse_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
                kaa_object *value)
{
    (void)key;
    (void)value;
    return refuse_int(ctx, self);
}

static kaa_object *
refuse_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    (void)args;
    (void)nargs;
    (void)kwnames;
    return refuse(ctx, self);
}

static kaa_object *
identity(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    return kaa_incref(ctx, argument);
}

static const kaa_method plain_methods[] = {
    KAA_METHOD_ONE("same", identity, "same(object, /)\n--\n\nThe object."),
    KAA_METHODS_END};
static const kaa_member plain_members[] = {
    {"held", KAA_MEMBER_OBJECT, 0, offsetof(struct plain, held), NULL},
    {"number", KAA_MEMBER_INT64, 0, offsetof(struct plain, number), NULL},
    {NULL, 0, 0, 0, NULL}};
static const kaa_type_spec plain_spec = {.size = sizeof(kaa_type_spec),
                                         .flags = KAA_TYPE_DICT,
                                         .name = "samples.Plain",
                                         .data_bytes = sizeof(struct plain),
                                         .methods = plain_methods,
                                         .members = plain_members};
static const kaa_type_spec derived_spec = {.size = sizeof(kaa_type_spec),
                                           .name = "samples.Derived",
                                           .data_bytes = sizeof(struct plain)};
static const kaa_type_spec hostile_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "samples.Hostile",
    .repr = refuse,
    .str = refuse,
    .hash = refuse_hash,
    .compare = refuse_compare,
    .truth = refuse_int,
    .call = refuse_call,
    .iter = refuse,
    .next = refuse,
    .length = refuse_length,
    .get_item = refuse_item,
    .set_item = refuse_set_item,
    .binary = refuse_compare,
    .unary = refuse_unary,
    .to_int = refuse,
    .to_float = refuse,
    .index = refuse,
};
static const kaa_method one_function =
    KAA_METHOD_ONE("same", identity, "same(object, /)\n--\n\nThe object.");

static int
samples_start(kaa_context *ctx, samples *all)
{
    memset(all, 0, sizeof(*all));
    all->module = kaa_module_new(ctx, "samples");
    all->plain = kaa_type_new(ctx, &plain_spec, all->module, NULL);
    all->derived = kaa_type_new(ctx, &derived_spec, NULL, all->plain);
    all->hostile = kaa_type_new(ctx, &hostile_spec, NULL, NULL);
    all->error = kaa_exception_new_type(ctx, "samples.Error", "doc", NULL);
    return all->module == NULL || all->plain == NULL || all->derived == NULL ||
                   all->hostile == NULL || all->error == NULL
               ? -1
               : 0;
}

static void
samples_stop(kaa_context *ctx, samples *all)
{
    KAA_CLEAR(ctx, all->derived);
    KAA_CLEAR(ctx, all->plain);
    KAA_CLEAR(ctx, all->hostile);
    KAA_CLEAR(ctx, all->error);
    KAA_CLEAR(ctx, all->module);
}

static void
samples_drop(kaa_context *ctx, samples *all)
{
    while (all->count > 0)
        kaa_decref(ctx, all->sample[--all->count]);
}

static void
add(samples *all, kaa_object *object)
{
    if (object == NULL || all->count == SAMPLE_MAX)
        abort();
    all->sample[all->count++] = object;
}

static void
add_numbers(kaa_context *ctx, samples *all)
{
    static const unsigned char big[17] = {[16] = 1};
    static const int small[] = {0, 1, -1, 5};

    add(all, kaa_none(ctx));
    add(all, kaa_bool(ctx, 1));
    add(all, kaa_not_implemented(ctx));
    add(all, kaa_incref(ctx, kaa_builtin(ctx, KAA_ELLIPSIS)));
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        add(all, kaa_int(ctx, small[i]));
    add(all, kaa_int(ctx, INT64_MAX));
    add(all, kaa_int(ctx, INT64_MIN));
    add(all, kaa_int_from_bytes(ctx, big, sizeof(big), 0, 0));
    add(all, kaa_float_from_double(ctx, 2.5));
    add(all, kaa_float_from_double(ctx, -__builtin_inf()));
    add(all, kaa_float_from_double(ctx, __builtin_nan("")));
    add(all, kaa_complex_from_doubles(ctx, 1.0, 2.0));
}

static void
add_texts(kaa_context *ctx, samples *all)
{
    kaa_object *bytes = kaa_bytes_from_data(ctx, "bytes", 5);

    add(all, kaa_text(ctx, ""));
    add(all, kaa_text(ctx, "abc"));
    add(all, kaa_text(ctx, "held"));
    add(all, kaa_text(ctx, "__class__"));
    add(all, kaa_text(ctx, "\xc3\xa9t\xf0\x9f\x98\x80"));
    add(all, bytes);
    add(all, kaa_bytes_from_data(ctx, "", 0));
    add(all,
        kaa_call(ctx, kaa_builtin(ctx, KAA_BYTEARRAY_TYPE), &bytes, 1, NULL));
    add(all, kaa_memoryview_new(ctx, bytes));
    add(all, kaa_memoryview_new(ctx, all->sample[all->count - 2]));
}

static void
add_containers(kaa_context *ctx, samples *all)
{
    kaa_object *items[4] = {all->sample[5], all->sample[17], all->sample[11],
                            all->sample[0]};
    kaa_object *list = kaa_list_from_array(ctx, items, 4);
    kaa_object *dict = kaa_dict_new(ctx);

    for (size_t i = 0; i < 4; i++)
        kaa_dict_set(ctx, dict, items[i], list);
    add(all, kaa_tuple_from_array(ctx, NULL, 0));
    add(all, kaa_tuple_from_array(ctx, items, 4));
    add(all,
        kaa_tuple_from_array(ctx, (kaa_object *const[]){items[1], list}, 2));
    add(all, kaa_list_new(ctx, 0));
    add(all, kaa_to_list(ctx, list));
    add(all, kaa_dict_new(ctx));
    add(all, kaa_dict_copy(ctx, dict));
    add(all, kaa_set_new(ctx, NULL));
    add(all, kaa_set_new(ctx, dict));
    add(all, kaa_frozenset_new(ctx, dict));
    add(all, kaa_slice_new(ctx, NULL, items[0], items[0]));
    add(all, kaa_slice_new(ctx, list, NULL, NULL));
    add(all, kaa_iter(ctx, list));
    add(all, kaa_iter(ctx, dict));
    add(all, kaa_iter(ctx, items[1]));
    kaa_decref(ctx, dict);
    kaa_decref(ctx, list);
}

static void
destroy_nothing(void *pointer)
{
    (void)pointer;
}

static void
samples_make(kaa_context *ctx, samples *all)
{
    kaa_object *instance, *short_lived = kaa_set_new(ctx, NULL);

    add_numbers(ctx, all);
    add_texts(ctx, all);
    add_containers(ctx, all);
    add(all, kaa_function_new(ctx, &one_function, all->sample[5], NULL));
    add(all, kaa_capsule_new(ctx, all, "samples", destroy_nothing));
    instance = kaa_instance_new(ctx, all->plain);
    add(all, instance);
    add(all, kaa_weakref_new(ctx, instance, NULL));
    add(all, kaa_weakref_new(ctx, short_lived, NULL));
    kaa_decref(ctx, short_lived); /* ends: that reference is dead */
    add(all, kaa_get_attr_text(ctx, instance, "same"));
    add(all, kaa_instance_new(ctx, all->derived));
    add(all, kaa_instance_new(ctx, all->hostile));
    add(all, kaa_call(ctx, all->error, NULL, 0, NULL));
    add(all, kaa_call(ctx, kaa_builtin(ctx, KAA_OS_ERROR), all->sample + 4, 2,
                      NULL));
    add(all, kaa_get_attr_text(ctx, all->plain, "held"));
    add(all, kaa_get_attr_text(ctx, all->plain, "same"));
    add(all, kaa_incref(ctx, all->plain));
    add(all, kaa_incref(ctx, all->error));
    add(all, kaa_incref(ctx, all->module));
    add(all, kaa_incref(ctx, kaa_builtin(ctx, KAA_TYPE_TYPE)));
    add(all, kaa_incref(ctx, kaa_builtin(ctx, KAA_LIST_TYPE)));
    add(all, kaa_incref(ctx, kaa_builtin(ctx, KAA_INT_TYPE)));
    add(all, kaa_incref(ctx, kaa_builtin(ctx, KAA_UNICODE_DECODE_ERROR)));
}

#endif /* KAA_TEST_NATIVE_API_SAMPLES_H */
