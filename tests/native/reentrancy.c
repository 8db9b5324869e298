/* native/reentrancy.c - objects whose every answer changes the containers that
 * ask: compared, hashed, shown, iterated, freed, they call a method at random
 * of an object at random, which may be the one at work. Nothing may crash or
 * leak, and a failure has an exception pending; errors come at random too.
 */
#include <stdio.h>
#include <stdlib.h>

#include <kaa/kaa.h>
#include <kaa/module.h>

#include "base/memory.h"
#include "native/native.h"
#include "object/core/object.h"

#include "kaa_test.h"

#define POOL 20
#define METHODS_MAX 1024

/* Static: slots of types are given no user data. Tests run one by one. */
static struct reentrancy {
    kaa_test *t;
    kaa_runtime *runtime;
    kaa_context *ctx;
    kaa_test_random random;
    kaa_object *pool[POOL];
    kaa_object *type;
    struct {
        kaa_object *name, *type;
    } methods[METHODS_MAX];
    size_t method_count;
    uint32_t budget, depth, is_ending;
} own;

static size_t
below(uint64_t limit)
{
    return (size_t)kaa_test_below(&own.random, limit);
}

static kaa_object *
pick(kaa_context *ctx)
{
    return kaa_incref(ctx, own.pool[below(POOL)]);
}

static void operate(kaa_context *ctx);

/* Does something else; 1: then fails. */
static int
meddle(kaa_context *ctx)
{
    if (own.budget > 0 && own.depth < 4) {
        own.budget--;
        own.depth++;
        operate(ctx);
        own.depth--;
    }
    if (kaa_error_occurred(ctx))
        return 1;
    if (below(12) != 0)
        return 0;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_LOOKUP_ERROR), "meddled");
    return 1;
}

static kaa_object *
meddle_object(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return meddle(ctx) ? NULL : pick(ctx);
}

static kaa_object *
meddle_text(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return meddle(ctx) ? NULL : kaa_text(ctx, "meddler");
}

static int64_t
meddle_hash(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return meddle(ctx) ? -1 : (int64_t)below(3);
}

static kaa_object *
meddle_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    (void)self;
    (void)other;
    (void)op;
    if (meddle(ctx))
        return NULL;
    return below(4) == 0 ? kaa_not_implemented(ctx)
                         : kaa_bool(ctx, (int)below(2));
}

static int
meddle_truth(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return meddle(ctx) ? -1 : (int)below(2);
}

static kaa_object *
meddle_next(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return meddle(ctx) || below(4) == 0 ? NULL : pick(ctx);
}

static ptrdiff_t
meddle_length(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return meddle(ctx) ? -1 : (ptrdiff_t)below(5);
}

static kaa_object *
meddle_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    (void)key;
    return below(4) == 0
               ? (kaa_raise(ctx, kaa_builtin(ctx, KAA_INDEX_ERROR), "end"),
                  NULL)
               : meddle_object(ctx, self);
}

static kaa_object *
meddle_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    (void)args;
    (void)nargs;
    (void)kwnames;
    return meddle_object(ctx, self);
}

static kaa_object *
meddle_index(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return meddle(ctx) ? NULL : kaa_int(ctx, (int64_t)below(6) - 2);
}

static void
meddle_finalize(kaa_context *ctx, kaa_object *self)
{
    if (!own.is_ending && below(4) == 0) { /* comes back to life */
        size_t i = below(POOL);
        kaa_object *old = own.pool[i];

        own.pool[i] = kaa_incref(ctx, self);
        kaa_decref(ctx, old);
    }
    if (meddle(ctx))
        kaa_error_unraisable(ctx, NULL);
}

static kaa_object *
meddle_keys(kaa_context *ctx, kaa_object *self)
{
    return meddle_object(ctx, self);
}

static const kaa_method meddler_methods[] = {
    KAA_METHOD_NOARGS("keys", meddle_keys, NULL), KAA_METHODS_END};
static const kaa_member meddler_members[] = {
    {"held", KAA_MEMBER_OBJECT, 0, 0, NULL}, {NULL, 0, 0, 0, NULL}};
static const kaa_type_spec meddler = {
    .size = sizeof(kaa_type_spec),
    .name = "reentrancy.Meddler",
    .data_bytes = sizeof(kaa_object *),
    .flags = KAA_TYPE_DICT,
    .methods = meddler_methods,
    .members = meddler_members,
    .finalize = meddle_finalize,
    .repr = meddle_text,
    .str = meddle_text,
    .hash = meddle_hash,
    .compare = meddle_compare,
    .truth = meddle_truth,
    .call = meddle_call,
    .iter = meddle_object,
    .next = meddle_next,
    .length = meddle_length,
    .get_item = meddle_item,
    .binary = meddle_compare,
    .index = meddle_index,
};

/* ---- The pool */

static kaa_object *
make_from(kaa_context *ctx, kaa_builtin_id type)
{
    kaa_object *items[3] = {pick(ctx), pick(ctx), pick(ctx)}, *list, *made;

    list = kaa_list_take_array(ctx, items, 3);
    if (type == KAA_LIST_TYPE || list == NULL)
        return list;
    made = kaa_call(ctx, kaa_builtin(ctx, type), &list, 1, NULL);
    kaa_decref(ctx, list);
    return made;
}

static kaa_object *
make_dict(kaa_context *ctx)
{
    kaa_object *dict = kaa_dict_new(ctx), *key;

    for (int i = 0; i < 6 && dict != NULL; i++) {
        key = pick(ctx);
        if (kaa_dict_set(ctx, dict, key, key) != 0)
            kaa_error_clear(ctx);
        kaa_decref(ctx, key);
    }
    return dict;
}

static kaa_object *
make(kaa_context *ctx)
{
    kaa_object *object = pick(ctx), *made;

    switch (below(17)) {
    case 0:
    case 1:
        made = make_from(ctx, KAA_LIST_TYPE);
        break;
    case 2:
        made = make_from(ctx, KAA_TUPLE_TYPE);
        break;
    case 3:
    case 4:
        made = make_from(ctx, KAA_SET_TYPE);
        break;
    case 5:
        made = make_from(ctx, KAA_FROZENSET_TYPE);
        break;
    case 6:
    case 7:
        made = make_dict(ctx);
        break;
    case 8:
        made = kaa_iter(ctx, object);
        break;
    case 9:
        made = kaa_slice_new(ctx, object, NULL, NULL);
        break;
    case 10:
        made = kaa_weakref_new(ctx, object, own.pool[below(POOL)]);
        break;
    case 11:
        made =
            kaa_call(ctx, kaa_builtin(ctx, KAA_BYTEARRAY_TYPE), NULL, 0, NULL);
        break;
    case 12:
        made = kaa_memoryview_new(ctx, object);
        break;
    case 13:
        made =
            kaa_call(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), &object, 1, NULL);
        break;
    case 14:
        made = kaa_int(ctx, (int64_t)below(6) - 2);
        break;
    default:
        made = kaa_instance_new(ctx, own.type);
        break;
    }
    kaa_decref(ctx, object);
    return made;
}

static void
replace_at(kaa_context *ctx, size_t i, kaa_object *object)
{
    kaa_object *old = own.pool[i];

    own.pool[i] = object;
    kaa_decref(ctx, old);
}

static void
replace(kaa_context *ctx, kaa_object *object)
{
    if (object != NULL)
        replace_at(ctx, below(POOL), object);
}

/* ---- Operations */

static kaa_object *
call_random(kaa_context *ctx, kaa_object *const *o)
{
    size_t at = below(own.method_count);

    /* Mostly a method of the object's own type, if one is met soon. */
    for (int i = 0; i < 60; i++, at = below(own.method_count))
        if (kaa_is_instance(ctx, o[0], own.methods[at].type) == 1)
            break;
    return kaa_call_method(ctx,
                           kaa_str_as_utf8(ctx, own.methods[at].name, NULL), o,
                           1 + below(3), NULL);
}

static int
use_slot(kaa_context *ctx, kaa_object *const *o, kaa_object **out)
{
    kaa_object *made = NULL, *other = NULL;
    kaa_buffer buffer;
    size_t position = below(4);
    int result;

    switch (below(16)) {
    case 0:
        return kaa_set_item(ctx, o[0], o[1], below(3) == 0 ? NULL : o[2]);
    case 1:
        return kaa_dict_update(ctx, o[0], o[1]);
    case 2:
        return kaa_list_sort(ctx, o[0]);
    case 3:
        return kaa_list_extend(ctx, o[0], o[1]);
    case 4:
        result = kaa_next(ctx, o[0], &made);
        break;
    case 5:
        return kaa_contains(ctx, o[0], o[1]);
    case 6:
        return kaa_compare_truth(ctx, o[0], o[1], (int)below(6));
    case 7:
        result = kaa_dict_next(ctx, o[0], &position, &made, &other);
        break;
    case 8:
        result = kaa_weakref_get(ctx, o[0], &made);
        break;
    case 9:
        return kaa_list_set_slice(ctx, o[0], (ptrdiff_t)below(3),
                                  (ptrdiff_t)below(6), o[1]);
    case 10:
        result = kaa_buffer_get(ctx, o[0], &buffer, KAA_BUFFER_SIMPLE);
        if (result == 0 && meddle(ctx))
            kaa_error_clear(ctx);
        if (result == 0)
            kaa_buffer_release(ctx, &buffer);
        return result;
    case 11:
        return kaa_hash(ctx, o[0]) == -1 ? -1 : 0;
    case 12:
        return kaa_set_add(ctx, o[0], o[1]);
    case 13:
        return kaa_set_attr_text(ctx, o[0], "held", o[1]);
    case 14:
        result = kaa_dict_find(ctx, o[0], o[1], &made);
        break;
    default:
        result = kaa_dict_remove(ctx, o[0], o[1], &made);
        break;
    }
    if (result == 1) {
        kaa_decref(ctx, other);
        *out = made;
    }
    return result;
}

static int
use_object(kaa_context *ctx, kaa_object *const *o, kaa_object **out)
{
    switch (below(8)) {
    case 0:
        *out = kaa_repr(ctx, o[0]);
        break;
    case 1:
        *out = kaa_get_item(ctx, o[0], o[1]);
        break;
    case 2:
        *out = kaa_binary(ctx, o[0], o[1], (int)below(KAA_OPERATOR_COUNT));
        break;
    case 3:
        *out = kaa_inplace(ctx, o[0], o[1], (int)below(KAA_OPERATOR_COUNT));
        break;
    case 4:
        *out = kaa_str(ctx, o[0]);
        break;
    case 5:
        *out = make(ctx);
        break;
    default:
        *out = call_random(ctx, o);
        break;
    }
    return *out == NULL ? -1 : 0;
}

static void
operate(kaa_context *ctx)
{
    kaa_object *o[3] = {pick(ctx), pick(ctx), pick(ctx)}, *out = NULL;
    kaa_test *t = own.t;
    int result;

    if (below(200) == 0)
        (void)kaa_collect(ctx);
    result = below(2) ? use_slot(ctx, o, &out) : use_object(ctx, o, &out);
    if (result < -1 || result > 1 || (result == -1) != kaa_error_occurred(ctx))
        kaa_test__fail_late(t, "result %d, exception %d", result,
                            kaa_error_occurred(ctx));
    if (below(8) != 0)
        kaa_error_clear(ctx);
    if (out != NULL && below(3) == 0) {
        kaa_object *error = kaa_error_take(ctx);

        replace(ctx, out);
        if (error != NULL) {
            kaa_raise_exception(ctx, error);
            kaa_decref(ctx, error);
        }
    } else {
        kaa_decref(ctx, out);
    }
    for (int i = 0; i < 3; i++)
        kaa_decref(ctx, o[i]);
}

/* ---- Rounds */

static void
find_methods(kaa_test *t, kaa_context *ctx)
{
    for (size_t i = 0; i < own.runtime->type_count; i++) {
        kaa_object__type *type = &own.runtime->types[i];
        kaa_object *key, *none;
        size_t position = 0;

        if (type->name == NULL || (type->flags & KAA_OBJECT__EXCEPTION) != 0)
            continue;
        if (kaa_find_attr(ctx, &type->header, "nothing", &none) == 1)
            kaa_decref(ctx, none);
        while (type->dict != NULL && own.method_count < METHODS_MAX &&
               kaa_dict_next(ctx, type->dict, &position, &key, NULL) == 1) {
            own.methods[own.method_count].name = key;
            own.methods[own.method_count++].type = &type->header;
        }
    }
    CHECK(own.method_count > 100);
}

static void
ignore(const char *text, void *user)
{
    (void)text;
    (void)user;
}

static void
note_leak(const kaa_runtime_leak *leak, void *user)
{
    kaa_test__fail_late(user, "leaked %llu of %s, held %llu: %s",
                        (unsigned long long)leak->objects, leak->type,
                        (unsigned long long)leak->references,
                        leak->example != NULL ? leak->example : "?");
}

static void
play(kaa_test *t, uint64_t seed, int rounds)
{
    kaa_runtime_options options = {.size = sizeof(options),
                                   .bytes_limit = 8u << 20,
                                   .depth_limit = 60,
                                   .hash_seed = 1,
                                   .unraisable = ignore};
    kaa_runtime_report report = {
        .size = sizeof(report), .leak = note_leak, .user = t};
    kaa_context *ctx;
    kaa_error err = {0};

    if (kaa_test_is_collect_run())
        options.flags |= KAA_RUNTIME_COLLECT_ALWAYS;
    memset(&own, 0, sizeof(own));
    own.t = t;
    own.random.state = seed;
    CHECK_OK(kaa_native__create(&options, 0, &own.runtime, &t->err));
    CHECK_OK(kaa_runtime_attach(own.runtime, "reentrancy", &own.ctx, &t->err));
    ctx = own.ctx;
    find_methods(t, ctx);
    own.type = kaa_type_new(ctx, &meddler, NULL, NULL);
    for (int i = 0; i < POOL; i++)
        own.pool[i] = kaa_instance_new(ctx, own.type);
    for (int i = 0; i < rounds; i++) {
        own.budget = 30;
        operate(ctx);
        kaa_error_clear(ctx);
        replace(ctx, make(ctx));
        kaa_error_clear(ctx);
        if (i % 64 == 63 && kaa_runtime_verify(ctx, &err) != KAA_OK)
            kaa_test__fail_late(t, "seed %llu: %s", (unsigned long long)seed,
                                err.message);
    }
    own.budget = 0;
    own.is_ending = 1;
    for (int i = 0; i < POOL; i++)
        replace_at(ctx, (size_t)i, kaa_none(ctx)); /* finalizers may look */
    while (own.method_count > 0)
        kaa_decref(ctx, own.methods[--own.method_count].name);
    KAA_CLEAR(ctx, own.type);
    kaa_runtime_detach(ctx);
    CHECK_OK(kaa_runtime_destroy(own.runtime, &report, &err));
}

KAA_TEST(whoever_is_asked_may_change_who_asks)
{
    const char *factor = getenv("KAA_TEST_LONG"), *first = getenv("KAA_SEED");
    int seeds = (factor != NULL ? atoi(factor) : 1) * 8;
    uint64_t seed = first != NULL ? (uint64_t)atoll(first) : 1;

    if (kaa_test_is_collect_run())
        seeds = (seeds + 3) / 4;
    for (int i = 0; i < seeds; i++, seed++) {
        if (first != NULL)
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        play(t, seed, 1500);
    }
}
