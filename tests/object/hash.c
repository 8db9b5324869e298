/* object/hash.c - hashes: public vectors of SipHash, equal numbers, seeds. */
#include <math.h>

#include "object/core/hash.h"
#include "object/help.h"
#include "object/text/str.h"

KAA_TEST(hash_of_text_is_siphash)
{
    /* The bytes 0, 1, 2, ... with the key 00 01 ... 0f, as the paper's vectors
     * for 2-4 have them; these are from a program of its own that gives those
     * too, and the first eight are in the tests of Rust's library. */
    static const struct {
        size_t size;
        uint64_t hash;
    } vectors[] = {
        {0, UINT64_C(0xabac0158050fc4dc)},  {1, UINT64_C(0xc9f49bf37d57ca93)},
        {2, UINT64_C(0x82cb9b024dc7d44d)},  {3, UINT64_C(0x8bf80ab8e7ddf7fb)},
        {7, UINT64_C(0xd3927d989bb11140)},  {8, UINT64_C(0x369095118d299a8e)},
        {9, UINT64_C(0x25a48eb36c063de4)},  {15, UINT64_C(0xd320d86d2a519956)},
        {63, UINT64_C(0x9d199062b7bbb3a8)},
    };
    const uint64_t key[2] = {UINT64_C(0x0706050403020100),
                             UINT64_C(0x0f0e0d0c0b0a0908)};
    unsigned char bytes[64];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        if (kaa_object__siphash13(key, bytes, vectors[i].size) !=
            vectors[i].hash)
            FAIL("%zu bytes: %016llx", vectors[i].size,
                 (unsigned long long)kaa_object__siphash13(key, bytes,
                                                           vectors[i].size));
}

/* The hash of what a text of Python's would evaluate to. */
static int64_t
hash_of(kaa_test *t, kaa_object *object)
{
    int64_t hash = kaa_hash(help.ctx, object);

    if (hash == -1)
        help_failed(t, __FILE__, __LINE__, "hash");
    return hash;
}

KAA_TEST(hash_of_equal_numbers_is_equal)
{
    kaa_context *ctx = fresh(t);
    const double values[] = {0,      1,       -1,      2.5,  1e15,
                             0x1p61, -0x1p61, 0x1p200, 3e300};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        kaa_object *real = NEW(kaa_float_from_double(ctx, values[i]));
        kaa_object *whole = NEW(kaa_to_int(ctx, real));
        kaa_object *both = NEW(kaa_complex_from_doubles(ctx, values[i], 0));

        CHECK_EQ(hash_of(t, both), hash_of(t, real));
        if (kaa_compare_truth(ctx, whole, real, KAA_EQ) == 1)
            CHECK_EQ(hash_of(t, whole), hash_of(t, real));
    }
    CHECK_EQ(hash_of(t, kaa_bool(ctx, 1)), hash_of(t, kaa_int(ctx, 1)));
    CHECK_EQ(hash_of(t, kaa_int(ctx, -1)), -2); /* -1 is failure */
    CHECK_EQ(
        hash_of(t, NEW(kaa_int_from_text(ctx, "2305843009213693951", 19, 10))),
        0);
    CHECK_EQ(
        hash_of(t, NEW(kaa_int_from_text(ctx, "-2305843009213693953", 20, 10))),
        -2);
    CHECK_EQ(hash_of(t, NEW(kaa_float_from_double(ctx, HUGE_VAL))), 314159);
}

KAA_TEST(hash_is_kept_and_shared_with_bytes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *text = NEW(kaa_text(ctx, "a longer text"));
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, "a longer text", 13));
    int64_t hash = hash_of(t, text);

    CHECK_EQ(hash_of(t, text), hash);
    CHECK_EQ(hash_of(t, bytes), hash);
    CHECK(hash == (int64_t)kaa_object__hash_text(ctx, "a longer text", 13));
    CHECK(hash != hash_of(t, NEW(kaa_text(ctx, "a longer texu"))));
    CHECK_ZERO(kaa_compare_truth(ctx, text, bytes, KAA_EQ));
}

KAA_TEST(hash_has_the_seed_of_the_runtime)
{
    kaa_runtime_options options = {.size = sizeof(options)};
    int64_t hashes[3];
    static const uint64_t seeds[3] = {1, 2, 1};

    for (size_t i = 0; i < 3; i++) {
        kaa_runtime *runtime = NULL;
        kaa_context *ctx = NULL;
        kaa_object *text;

        options.hash_seed = seeds[i];
        CHECK_OK(kaa_runtime_create(&options, &runtime, &t->err));
        if (kaa_runtime_attach(runtime, "hash", &ctx, &t->err) != KAA_OK) {
            kaa_runtime_destroy(runtime, NULL, NULL);
            CHECK_STATUS((kaa_status)t->err.status, KAA_OK);
        }
        text = kaa_text(ctx, "seed");
        hashes[i] = text == NULL ? 0 : kaa_hash(ctx, text);
        kaa_decref(ctx, text);
        kaa_runtime_detach(ctx);
        kaa_runtime_destroy(runtime, NULL, NULL);
        if (text == NULL && kaa_test_is_fault_run())
            return;
    }
    CHECK(hashes[0] == hashes[2]);
    CHECK(hashes[0] != hashes[1]);
}
