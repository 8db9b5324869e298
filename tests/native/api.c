/* native/api.c - every slot of the table with every kind of wrong object in
 * every parameter: nothing crashes, what failed has an exception pending and
 * wrote no output, what succeeded has none, and nothing leaks; the same with
 * each allocation failing, and with a collection at each.
 */
#include "api_samples.h"
#include "base/memory.h"
#include "kaa_test.h"
#include "native/native.h"

/* What slots write to. Each begins as bytes 0x5a. */
typedef struct outputs {
    kaa_object *object, *other;
    int64_t number;
    uint64_t word;
    double real, imaginary;
    ptrdiff_t start, step, count;
    int sign;
    char bytes[24];
    kaa_buffer buffer;
} outputs;

static outputs out, untouched;

/* One call; 0 or 1, or -1 when it failed. `o` are the objects, `n` a number. */
typedef int (*probe_function)(kaa_context *ctx, kaa_object *const *o,
                              ptrdiff_t n);

static int
drop(kaa_context *ctx, kaa_object *object)
{
    if (object == NULL)
        return -1;
    kaa_decref(ctx, object);
    return 0;
}

/* Gives up what is in out.object and out.other, if it is. */
static int
found(kaa_context *ctx, int result)
{
    if (result != 1)
        return result;
    if (out.object != untouched.object)
        kaa_decref(ctx, out.object);
    if (out.other != untouched.other)
        kaa_decref(ctx, out.other);
    return result;
}

static int
any(ptrdiff_t result)
{
    return result < 0 ? -1 : 0;
}

static int
known(const void *pointer)
{
    return pointer == NULL ? -1 : 0;
}

/* A slot whose result says nothing of failure. */
static int
asked(kaa_context *ctx, int64_t result)
{
    (void)result;
    return kaa_error_occurred(ctx) ? -1 : 0;
}

/* One that cannot fail. */
static int
sure(int result)
{
    return result == 0 || result == 1 ? result : -2;
}

static kaa_object *
take(kaa_context *ctx, kaa_object *object)
{
    return kaa_incref(ctx, object);
}

static int
borrow_buffer(kaa_context *ctx, kaa_object *object, ptrdiff_t n)
{
    static const int requests[] = {KAA_BUFFER_SIMPLE, KAA_BUFFER_WRITABLE,
                                   KAA_BUFFER_FORMAT | KAA_BUFFER_STRIDES,
                                   KAA_BUFFER_INDIRECT};

    if (kaa_buffer_get(ctx, object, &out.buffer, requests[n & 3]) != 0)
        return -1;
    kaa_buffer_release(ctx, &out.buffer);
    kaa_buffer_release(ctx, &out.buffer);
    return 0;
}

static int
state_of(kaa_context *ctx, kaa_object *module)
{
    (void)kaa_module_state(ctx, module);
    return kaa_error_occurred(ctx) ? -1 : 0;
}

static const char *const names[] = {"__class__", "__name__", "held", "append",
                                    "__dict__",  "nothing",  "\xff", ""};
#define NAME names[(size_t)n & 7]
#define ITEMS                                                                  \
    (kaa_object *const[])                                                      \
    {                                                                          \
        take(ctx, o[0]), take(ctx, o[1])                                       \
    }
#define TYPE(name) kaa_builtin(ctx, KAA_##name)

/* PROBE(slot, how many objects, takes the number, what calls it) */
#define PROBES(PROBE)                                                          \
    PROBE(refcount, 1, 0, asked(ctx, (int64_t)kaa_refcount(ctx, o[0])))        \
    PROBE(error_matches, 1, 0, sure(kaa_error_matches(ctx, o[0])))             \
    PROBE(raise_exception, 1, 0, kaa_raise_exception(ctx, o[0]))               \
    PROBE(raise_object, 2, 0, kaa_raise_object(ctx, o[0], o[1]))               \
    PROBE(raise, 1, 0, kaa_raise(ctx, o[0], "text"))                           \
    PROBE(raise_format, 2, 0,                                                  \
          kaa_raise_format(ctx, o[0], "%S %R %T", o[1], o[1], o[1]))           \
    PROBE(exception_new_type, 1, 0,                                            \
          drop(ctx, kaa_exception_new_type(ctx, "m.E", NULL, o[0])))           \
    PROBE(exception_cause, 1, 0, drop(ctx, kaa_exception_cause(ctx, o[0])))    \
    PROBE(exception_set_cause, 2, 0, kaa_exception_set_cause(ctx, o[0], o[1])) \
    PROBE(exception_traceback, 1, 0,                                           \
          drop(ctx, kaa_exception_traceback(ctx, o[0])))                       \
    PROBE(type_of, 1, 0, drop(ctx, kaa_type_of(ctx, o[0])))                    \
    PROBE(check, 1, 0, sure(kaa_check(ctx, o[0], KAA_LIST_TYPE)))              \
    PROBE(check_exact, 1, 0, sure(kaa_check_exact(ctx, o[0], KAA_INT_TYPE)))   \
    PROBE(is_instance, 2, 0, kaa_is_instance(ctx, o[0], o[1]))                 \
    PROBE(is_subtype, 2, 0, kaa_is_subtype(ctx, o[0], o[1]))                   \
    PROBE(is_callable, 1, 0, sure(kaa_is_callable(ctx, o[0])))                 \
    PROBE(int_as_int64, 1, 0, kaa_int_as_int64(ctx, o[0], &out.number))        \
    PROBE(int_as_uint64, 1, 0, kaa_int_as_uint64(ctx, o[0], &out.word))        \
    PROBE(int_as_uint64_mask, 1, 0,                                            \
          kaa_int_as_uint64_mask(ctx, o[0], &out.word))                        \
    PROBE(                                                                     \
        int_as_bytes, 1, 1,                                                    \
        kaa_int_as_bytes(ctx, o[0], out.bytes, (size_t)n & 15, n & 1, n >= 0)) \
    PROBE(int_as_text, 1, 1, drop(ctx, kaa_int_as_text(ctx, o[0], (int)n)))    \
    PROBE(int_sign, 1, 0, kaa_int_sign(ctx, o[0], &out.sign))                  \
    PROBE(int_bit_length, 1, 0, any(kaa_int_bit_length(ctx, o[0])))            \
    PROBE(float_as_double, 1, 0, kaa_float_as_double(ctx, o[0], &out.real))    \
    PROBE(complex_as_doubles, 1, 0,                                            \
          kaa_complex_as_doubles(ctx, o[0], &out.real, &out.imaginary))        \
    PROBE(                                                                     \
        str_format, 1, 0,                                                      \
        drop(ctx, kaa_str_format(ctx, "%S %R %T %U", o[0], o[0], o[0], o[0]))) \
    PROBE(str_as_utf8, 1, 0,                                                   \
          known(kaa_str_as_utf8(ctx, o[0], (size_t *)&out.word)))              \
    PROBE(str_length, 1, 0, any(kaa_str_length(ctx, o[0])))                    \
    PROBE(str_equals, 1, 0, sure(kaa_str_equals(ctx, o[0], "abc", 3)))         \
    PROBE(str_substring, 1, 1, drop(ctx, kaa_str_substring(ctx, o[0], n, 9)))  \
    PROBE(str_join, 2, 0, drop(ctx, kaa_str_join(ctx, o[0], o[1])))            \
    PROBE(str_code_point, 1, 1, any(kaa_str_code_point(ctx, o[0], n)))         \
    PROBE(bytes_as_data, 1, 0,                                                 \
          known(kaa_bytes_as_data(ctx, o[0], (size_t *)&out.word)))            \
    PROBE(tuple_from_array, 2, 0, drop(ctx, kaa_tuple_from_array(ctx, o, 2)))  \
    PROBE(tuple_take_array, 2, 0,                                              \
          drop(ctx, kaa_tuple_take_array(ctx, ITEMS, 2)))                      \
    PROBE(tuple_size, 1, 0, any(kaa_tuple_size(ctx, o[0])))                    \
    PROBE(tuple_get, 1, 1, drop(ctx, kaa_tuple_get(ctx, o[0], n)))             \
    PROBE(tuple_get_borrowed, 1, 1,                                            \
          known(kaa_tuple_get_borrowed(ctx, o[0], n)))                         \
    PROBE(list_from_array, 2, 0, drop(ctx, kaa_list_from_array(ctx, o, 2)))    \
    PROBE(list_take_array, 2, 0,                                               \
          drop(ctx, kaa_list_take_array(ctx, ITEMS, 2)))                       \
    PROBE(list_size, 1, 0, any(kaa_list_size(ctx, o[0])))                      \
    PROBE(list_get, 1, 1, drop(ctx, kaa_list_get(ctx, o[0], n)))               \
    PROBE(list_set, 2, 1, kaa_list_set(ctx, o[0], n, o[1]))                    \
    PROBE(list_append, 2, 0, kaa_list_append(ctx, o[0], o[1]))                 \
    PROBE(list_take_append, 2, 0,                                              \
          kaa_list_take_append(ctx, o[0], take(ctx, o[1])))                    \
    PROBE(list_insert, 2, 1, kaa_list_insert(ctx, o[0], n, o[1]))              \
    PROBE(list_extend, 2, 0, kaa_list_extend(ctx, o[0], o[1]))                 \
    PROBE(list_pop, 1, 1, drop(ctx, kaa_list_pop(ctx, o[0], n)))               \
    PROBE(list_slice, 1, 1, drop(ctx, kaa_list_slice(ctx, o[0], n, 9)))        \
    PROBE(list_set_slice, 2, 1,                                                \
          kaa_list_set_slice(ctx, o[0], n, n + (n < 9), o[1]))                 \
    PROBE(list_sort, 1, 0, kaa_list_sort(ctx, o[0]))                           \
    PROBE(list_reverse, 1, 0, kaa_list_reverse(ctx, o[0]))                     \
    PROBE(dict_size, 1, 0, any(kaa_dict_size(ctx, o[0])))                      \
    PROBE(dict_find, 2, 0,                                                     \
          found(ctx, kaa_dict_find(ctx, o[0], o[1], &out.object)))             \
    PROBE(dict_find_text, 1, 1,                                                \
          found(ctx, kaa_dict_find_text(ctx, o[0], "abc\xff",                  \
                                        3 + (size_t)(n == 0), &out.object)))   \
    PROBE(dict_set, 2, 0, kaa_dict_set(ctx, o[0], o[1], o[1]))                 \
    PROBE(dict_set_text, 2, 1,                                                 \
          kaa_dict_set_text(ctx, o[0], "abc\xff", 3 + (size_t)(n == 0), o[1])) \
    PROBE(dict_remove, 2, 0,                                                   \
          found(ctx, kaa_dict_remove(ctx, o[0], o[1], &out.object)))           \
    PROBE(dict_next, 1, 1,                                                     \
          found(ctx, kaa_dict_next(ctx, o[0], &(size_t){(size_t)n},            \
                                   &out.object, &out.other)))                  \
    PROBE(dict_update, 2, 0, kaa_dict_update(ctx, o[0], o[1]))                 \
    PROBE(dict_clear, 1, 0, kaa_dict_clear(ctx, o[0]))                         \
    PROBE(dict_copy, 1, 0, drop(ctx, kaa_dict_copy(ctx, o[0])))                \
    PROBE(dict_keys, 1, 0, drop(ctx, kaa_dict_keys(ctx, o[0])))                \
    PROBE(dict_values, 1, 0, drop(ctx, kaa_dict_values(ctx, o[0])))            \
    PROBE(dict_items, 1, 0, drop(ctx, kaa_dict_items(ctx, o[0])))              \
    PROBE(dict_take_array, 2, 0,                                               \
          drop(ctx, kaa_dict_take_array(ctx, ITEMS, 1)))                       \
    PROBE(set_new, 1, 0, drop(ctx, kaa_set_new(ctx, o[0])))                    \
    PROBE(frozenset_new, 1, 0, drop(ctx, kaa_frozenset_new(ctx, o[0])))        \
    PROBE(set_size, 1, 0, any(kaa_set_size(ctx, o[0])))                        \
    PROBE(set_contains, 2, 0, kaa_set_contains(ctx, o[0], o[1]))               \
    PROBE(set_add, 2, 0, kaa_set_add(ctx, o[0], o[1]))                         \
    PROBE(set_discard, 2, 0, kaa_set_discard(ctx, o[0], o[1]))                 \
    PROBE(set_pop, 1, 0, drop(ctx, kaa_set_pop(ctx, o[0])))                    \
    PROBE(slice_new, 2, 0, drop(ctx, kaa_slice_new(ctx, o[0], o[1], NULL)))    \
    PROBE(slice_resolve, 1, 1,                                                 \
          kaa_slice_resolve(ctx, o[0], n, &out.start, &out.step, &out.count))  \
    PROBE(function_new, 2, 0,                                                  \
          drop(ctx, kaa_function_new(ctx, &one_function, o[0], o[1])))         \
    PROBE(capsule_get, 1, 1,                                                   \
          known(kaa_capsule_get(ctx, o[0], n == 0 ? "samples" : NULL)))        \
    PROBE(weakref_new, 2, 0, drop(ctx, kaa_weakref_new(ctx, o[0], o[1])))      \
    PROBE(weakref_get, 1, 0,                                                   \
          found(ctx, kaa_weakref_get(ctx, o[0], &out.object)))                 \
    PROBE(type_new, 2, 0,                                                      \
          drop(ctx, kaa_type_new(ctx, &derived_spec, o[1], o[0])))             \
    PROBE(type_module, 1, 0, drop(ctx, kaa_type_module(ctx, o[0])))            \
    PROBE(instance_new, 1, 0, drop(ctx, kaa_instance_new(ctx, o[0])))          \
    PROBE(get_attr, 2, 0, drop(ctx, kaa_get_attr(ctx, o[0], o[1])))            \
    PROBE(get_attr_text, 1, 1, drop(ctx, kaa_get_attr_text(ctx, o[0], NAME)))  \
    PROBE(find_attr, 1, 1,                                                     \
          found(ctx, kaa_find_attr(ctx, o[0], NAME, &out.object)))             \
    PROBE(set_attr, 3, 0, kaa_set_attr(ctx, o[0], o[1], o[2]))                 \
    PROBE(delete_attr, 2, 0, kaa_set_attr(ctx, o[0], o[1], NULL))              \
    PROBE(set_attr_text, 2, 1, kaa_set_attr_text(ctx, o[0], NAME, o[1]))       \
    PROBE(delete_attr_text, 1, 1, kaa_set_attr_text(ctx, o[0], NAME, NULL))    \
    PROBE(generic_get_attr, 2, 0,                                              \
          drop(ctx, kaa_generic_get_attr(ctx, o[0], o[1])))                    \
    PROBE(generic_set_attr, 3, 0, kaa_generic_set_attr(ctx, o[0], o[1], o[2])) \
    PROBE(get_item, 2, 0, drop(ctx, kaa_get_item(ctx, o[0], o[1])))            \
    PROBE(set_item, 3, 0, kaa_set_item(ctx, o[0], o[1], o[2]))                 \
    PROBE(delete_item, 2, 0, kaa_set_item(ctx, o[0], o[1], NULL))              \
    PROBE(get_index, 1, 1, drop(ctx, kaa_get_index(ctx, o[0], n)))             \
    PROBE(length, 1, 0, any(kaa_length(ctx, o[0])))                            \
    PROBE(contains, 2, 0, kaa_contains(ctx, o[0], o[1]))                       \
    PROBE(iter, 1, 0, drop(ctx, kaa_iter(ctx, o[0])))                          \
    PROBE(next, 1, 0, found(ctx, kaa_next(ctx, o[0], &out.object)))            \
    PROBE(call, 2, 0, drop(ctx, kaa_call(ctx, o[0], o + 1, 1, NULL)))          \
    PROBE(call_two, 3, 0, drop(ctx, kaa_call(ctx, o[0], o + 1, 2, NULL)))      \
    PROBE(call_names, 3, 1,                                                    \
          drop(ctx, kaa_call(ctx, o[0], o + 1, (size_t)n & 1, o[2])))          \
    PROBE(call_dict, 3, 0, drop(ctx, kaa_call_dict(ctx, o[0], o[1], o[2])))    \
    PROBE(call_method, 2, 1,                                                   \
          drop(ctx, kaa_call_method(ctx, NAME, o, 2, NULL)))                   \
    PROBE(compare, 2, 1, drop(ctx, kaa_compare(ctx, o[0], o[1], (int)n)))      \
    PROBE(compare_truth, 2, 1, kaa_compare_truth(ctx, o[0], o[1], (int)n))     \
    PROBE(hash, 1, 0, kaa_hash(ctx, o[0]) == -1 ? -1 : 0)                      \
    PROBE(repr, 1, 0, drop(ctx, kaa_repr(ctx, o[0])))                          \
    PROBE(str, 1, 0, drop(ctx, kaa_str(ctx, o[0])))                            \
    PROBE(truth, 1, 0, kaa_truth(ctx, o[0]))                                   \
    PROBE(binary, 2, 1, drop(ctx, kaa_binary(ctx, o[0], o[1], (int)n)))        \
    PROBE(inplace, 2, 1, drop(ctx, kaa_inplace(ctx, o[0], o[1], (int)n)))      \
    PROBE(unary, 1, 1, drop(ctx, kaa_unary(ctx, o[0], (int)n)))                \
    PROBE(to_int, 1, 0, drop(ctx, kaa_to_int(ctx, o[0])))                      \
    PROBE(to_float, 1, 0, drop(ctx, kaa_to_float(ctx, o[0])))                  \
    PROBE(index, 1, 0, drop(ctx, kaa_index(ctx, o[0])))                        \
    PROBE(to_list, 1, 0, drop(ctx, kaa_to_list(ctx, o[0])))                    \
    PROBE(to_tuple, 1, 0, drop(ctx, kaa_to_tuple(ctx, o[0])))                  \
    PROBE(buffer_get, 1, 1, borrow_buffer(ctx, o[0], n))                       \
    PROBE(memoryview_new, 1, 0, drop(ctx, kaa_memoryview_new(ctx, o[0])))      \
    PROBE(module_state, 1, 0, state_of(ctx, o[0]))                             \
    PROBE(build, 2, 0,                                                         \
          drop(ctx,                                                            \
               kaa_build(ctx, "(O[O]{O:O}S)", o[0], o[1], o[0], o[1], o[0])))

#define PROBE(slot, objects, numbers, call)                                    \
    static int probe_##slot(kaa_context *ctx, kaa_object *const *o,            \
                            ptrdiff_t n)                                       \
    {                                                                          \
        (void)o;                                                               \
        (void)n;                                                               \
        return call;                                                           \
    }
PROBES(PROBE)
#undef PROBE

typedef struct probe {
    const char *name;
    int objects, numbers;
    probe_function run;
} probe;

static const probe probes[] = {
#define PROBE(slot, objects, numbers, call)                                    \
    {#slot, objects, numbers, probe_##slot},
    PROBES(PROBE)
#undef PROBE
};
#define PROBE_COUNT (sizeof(probes) / sizeof(probes[0]))

static const ptrdiff_t numbers[] = {0,  1,  2,  -1, 3,           4,          5,
                                    6,  7,  8,  9,  10,          11,         12,
                                    13, 14, -2, 64, PTRDIFF_MIN, PTRDIFF_MAX};

/* One slot under test. */
typedef struct trial {
    kaa_test *t;
    const probe *probe;
    kaa_runtime *runtime;
    kaa_context *ctx;
    samples all;
    int with_faults;
} trial;

static void
note_leak(const kaa_runtime_leak *leak, void *user)
{
    trial *own = user;

    kaa_test__fail_late(own->t, "%s leaked %llu of %s, held %llu: %s",
                        own->probe->name, (unsigned long long)leak->objects,
                        leak->type, (unsigned long long)leak->references,
                        leak->example != NULL ? leak->example : "?");
}

static void
ignore(const char *text, void *user)
{
    (void)text;
    (void)user;
}

static void
start(kaa_test *t, trial *own)
{
    kaa_runtime_options options = {.size = sizeof(options),
                                   .bytes_limit = 32u << 20,
                                   .hash_seed = 1,
                                   .unraisable = ignore};

    if (kaa_test_is_collect_run())
        options.flags |= KAA_RUNTIME_COLLECT_ALWAYS;
    CHECK_OK(kaa_native__create(&options, 0, &own->runtime, &t->err));
    CHECK_OK(kaa_runtime_attach(own->runtime, "api", &own->ctx, &t->err));
    CHECK_EQ(samples_start(own->ctx, &own->all), 0);
}

static void
stop(kaa_test *t, trial *own)
{
    kaa_runtime_report report = {
        .size = sizeof(report), .leak = note_leak, .user = own};
    kaa_error err = {0};

    samples_drop(own->ctx, &own->all);
    samples_stop(own->ctx, &own->all);
    if (kaa_runtime_verify(own->ctx, &err) != KAA_OK)
        kaa_test__fail_late(t, "%s: verify: %s", own->probe->name, err.message);
    kaa_runtime_detach(own->ctx);
    CHECK_OK(kaa_runtime_destroy(own->runtime, &report, &err));
}

static void
complain(trial *own, const char *what, const size_t *at, ptrdiff_t n,
         int result)
{
    char text[160] = "";

    kaa_runtime_error_text(own->ctx, text, sizeof(text));
    kaa_test__fail_late(own->t, "%s(sample %zu, %zu, %zu; %td) %s: %d, \"%s\"",
                        own->probe->name, at[0], at[1], at[2], n, what, result,
                        text);
}

/* Calls the slot once; whether a fault that was set has happened. */
static int
call_slot(trial *own, const size_t *at, ptrdiff_t n, uint64_t fault)
{
    kaa_context *ctx = own->ctx;
    kaa_object *o[8];
    int result, happened;

    for (size_t i = 0; i < 8; i++) /* as many as names have values */
        o[i] = own->all.sample[at[i % 3]];
    out = untouched;
    if (fault != 0) {
        own->runtime->watch |= KAA_OBJECT__WATCH_FAULT;
        kaa_base__fault_set(fault);
    }
    result = own->probe->run(ctx, o, n);
    happened = fault != 0 && kaa_base__fault_happened();
    kaa_base__fault_set(0);
    own->runtime->watch &= ~KAA_OBJECT__WATCH_FAULT;
    if (result < -1 || result > 1)
        complain(own, "gave what it may not", at, n, result);
    if ((result == -1) != kaa_error_occurred(ctx))
        complain(own,
                 result == -1 ? "failed without an exception"
                              : "succeeded with an exception",
                 at, n, result);
    if (result == -1 && memcmp(&out, &untouched, sizeof(out)) != 0)
        complain(own, "failed and wrote an output", at, n, result);
    kaa_error_clear(ctx);
    return happened;
}

static void
call_each(trial *own, const size_t *at)
{
    size_t count =
        own->probe->numbers ? sizeof(numbers) / sizeof(numbers[0]) : 1;

    for (size_t i = 0; i < count; i++) {
        uint64_t fault = 1;

        if (own->with_faults)
            while (call_slot(own, at, numbers[i], fault) && fault < 200)
                fault++;
        else
            call_slot(own, at, numbers[i], 0);
    }
}

/* All first objects, with all second ones, with some third ones. */
static void
call_all(trial *own)
{
    kaa_context *ctx = own->ctx;
    size_t step = kaa_test_is_collect_run() ? 23 : own->with_faults ? 7 : 1;
    int objects = own->probe->objects;
    size_t count;

    samples_make(ctx, &own->all);
    count = own->all.count;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = objects > 1 ? i % step : 0;
             j < (objects > 1 ? count : 1); j += step)
            for (size_t k = objects > 2 ? (i + j) % 11 : 0;
                 k < (objects > 2 ? count : 1); k += 11)
                call_each(own, (const size_t[]){i, j, k});
        if (kaa_test_is_collect_run() && i % 8 != 7)
            continue; /* making them is what takes the time there */
        /* Types too: attributes may be gone by now. */
        samples_drop(ctx, &own->all);
        samples_stop(ctx, &own->all);
        if (samples_start(ctx, &own->all) != 0)
            abort();
        samples_make(ctx, &own->all);
    }
}

static void
try_slots(kaa_test *t, int with_faults)
{
    const char *only = getenv("KAA_TEST_SLOT"); /* to look into one */

    memset(&untouched, 0x5a, sizeof(untouched));
    for (size_t i = 0; i < PROBE_COUNT; i++) {
        static trial own;

        memset(&own, 0, sizeof(own));
        own.t = t;
        own.probe = &probes[i];
        own.with_faults = with_faults;
        if (only != NULL && strcmp(only, probes[i].name) != 0)
            continue;
        start(t, &own);
        call_all(&own);
        stop(t, &own);
    }
}

KAA_TEST(each_slot_with_each_wrong_object)
{
    try_slots(t, 0);
}

KAA_TEST(each_slot_with_each_allocation_failing)
{
    if (kaa_test_is_collect_run())
        SKIP("takes minutes");
    try_slots(t, 1);
}
