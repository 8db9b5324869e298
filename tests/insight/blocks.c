/* What is known of blocks: samples, the shadow, sites, points. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "insight/allocators.h"
#include "insight/points.h"
#include "insight/samples.h"
#include "insight/shadow.h"
#include "insight/sites.h"
#include "kaa_test.h"

static kaa_insight__samples samples;
static kaa_insight__shadow shadow;
static kaa_insight__sites sites;
static kaa_insight__points points;

static void
drop_sites(kaa_insight__sites *which)
{
    kaa_insight__sites_fini(which, NULL);
}

DEFERRABLE(kaa_insight__samples_fini, kaa_insight__samples)
DEFERRABLE(kaa_insight__shadow_fini, kaa_insight__shadow)
DEFERRABLE(kaa_insight__points_fini, kaa_insight__points)
DEFERRABLE(drop_sites, kaa_insight__sites)

#define BLOCKS 3000u

static void *
block_at(uint32_t number)
{
    return (void *)((uintptr_t)0x7f0000000000 + (uintptr_t)number * 48);
}

/* Adds and takes at random, against an array that says what is there. */
KAA_TEST(samples_are_those_that_were_added)
{
    static uint64_t sizes[BLOCKS];
    kaa_test_random random = {.state = 3};
    uint32_t count = 0;

    memset(sizes, 0, sizeof(sizes));
    CHECK_OK(kaa_insight__samples_init(&samples, &t->err));
    DEFER(t, kaa_insight__samples_fini, &samples);
    for (uint32_t i = 0; i < 60000; i++) {
        uint32_t number = (uint32_t)kaa_test_below(&random, BLOCKS);
        kaa_insight__sampled one = {.block = (uintptr_t)block_at(number),
                                    .size = i + 1,
                                    .weight = i + 7,
                                    .blocks = 1,
                                    .site = i % 100};

        if (sizes[number] != 0) {
            CHECK(kaa_insight__samples_maybe(&samples, block_at(number)));
            CHECK(kaa_insight__samples_take(&samples, block_at(number), &one));
            CHECK_EQ(one.size, sizes[number]);
            CHECK_EQ(one.weight, sizes[number] + 6);
            sizes[number] = 0;
            count--;
        } else {
            CHECK(!kaa_insight__samples_take(&samples, block_at(number), &one));
            if (!kaa_insight__samples_add(&samples, &one))
                kaa_test__no_memory(t);
            sizes[number] = i + 1;
            count++;
        }
        CHECK_EQ(samples.count, count);
    }
}

KAA_TEST(the_shadow_has_a_word_for_each_block)
{
    static const uintptr_t bases[] = {0x410000, 0x555555554000, 0x7fffffffe000};

    CHECK_OK(kaa_insight__shadow_init(&shadow, &t->err));
    DEFER(t, kaa_insight__shadow_fini, &shadow);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ(kaa_insight__shadow_find(&shadow, (void *)bases[i]), NULL);
    for (size_t i = 0; i < 3; i++)
        for (uintptr_t k = 0; k < 100; k++) {
            uint32_t *word =
                kaa_insight__shadow_make(&shadow, (void *)(bases[i] + 16 * k));

            CHECK_MEMORY(word);
            CHECK_EQ(*word, 0);
            *word = (uint32_t)(i * 1000 + k + 1);
        }
    for (size_t i = 0; i < 3; i++)
        for (uintptr_t k = 0; k < 100; k++)
            CHECK_EQ(
                *kaa_insight__shadow_find(&shadow, (void *)(bases[i] + 16 * k)),
                i * 1000 + k + 1);
    CHECK_EQ(kaa_insight__shadow_make(&shadow, (void *)0x410008), NULL);
    CHECK_EQ(kaa_insight__shadow_make(&shadow, (void *)UINTPTR_MAX), NULL);
    CHECK_EQ(kaa_insight__shadow_find(&shadow, (void *)UINTPTR_MAX), NULL);
}

#define PROFILE (kaa_insight__profiling)
#define BASE 0x7f0000000000u

static void
drop_tables(kaa_insight__profile *profile)
{
    kaa_insight__shadow_fini(&profile->shadow);
    kaa_insight__sites_fini(&profile->sites, NULL);
}

DEFERRABLE(drop_tables, kaa_insight__profile)

KAA_TEST(words_keep_sites_and_sizes_of_any_length)
{
    static const size_t lengths[] = {
        0, 1, 512, 8190, 8191, 8192, 1u << 30, ~(uint32_t)0, (size_t)1 << 46};
    const size_t count = sizeof(lengths) / sizeof(lengths[0]);
    kaa_insight__site *site;
    uintptr_t address = 0;
    uint32_t *word;

    CHECK_OK(kaa_insight__sites_init(&PROFILE.sites, &t->err));
    DEFER(t, drop_tables, &PROFILE);
    CHECK_OK(kaa_insight__shadow_init(&PROFILE.shadow, &t->err));
    site = &PROFILE.sites.entries[(1u << 18) - 1]; /* the last there may be */
    for (size_t i = 0; i < count; i++) {
        word = kaa_insight__word_new((void *)(BASE + i * 0x100000));
        CHECK_MEMORY(word);
        CHECK_EQ(*word, 0);
        kaa_insight__word_set(word, lengths[i], (1u << 18) - 1);
    }
    for (size_t i = 0; i < count; i++) {
        word = kaa_insight__shadow_next(&PROFILE.shadow, &address);
        CHECK_EQ(address - 16, BASE + i * 0x100000);
        CHECK_EQ(kaa_insight__word_size(word), lengths[i]);
        CHECK_EQ(kaa_insight__word_site(word), (1u << 18) - 1);
    }
    CHECK_EQ(kaa_insight__shadow_next(&PROFILE.shadow, &address), NULL);
    CHECK_EQ(kaa_insight__site_blocks(site), count);
    for (size_t i = 0; i < count; i++)
        kaa_insight__word_bury(kaa_insight__shadow_find(
            &PROFILE.shadow, (void *)(BASE + i * 0x100000)));
    CHECK_EQ(kaa_insight__site_blocks(site), 0);
    CHECK_EQ(kaa_insight__site_bytes(site), 0);
    CHECK_EQ(PROFILE.sites.all.live_bytes, 0);
    for (size_t i = 0; i < count; i++) /* the words of long sizes, too */
        for (size_t k = 0; k < 3; k++)
            CHECK_EQ(
                *kaa_insight__shadow_find(
                    &PROFILE.shadow, (void *)(BASE + i * 0x100000 + k * 16)),
                0);
}

/* A block over the words of one that ended unseen: that one is buried, whole.
 */
KAA_TEST(blocks_that_ended_unseen_are_buried)
{
    kaa_insight__site *entries;

    CHECK_OK(kaa_insight__sites_init(&PROFILE.sites, &t->err));
    DEFER(t, drop_tables, &PROFILE);
    CHECK_OK(kaa_insight__shadow_init(&PROFILE.shadow, &t->err));
    entries = PROFILE.sites.entries;
    for (uintptr_t k = 0; k < 3; k++) {
        uint32_t *word = kaa_insight__word_new((void *)BASE);

        CHECK_MEMORY(word);
        kaa_insight__word_set(word, 1u << 20, 7);
        word = kaa_insight__word_new((void *)(BASE + 16 * k));
        CHECK_MEMORY(word);
        CHECK_EQ(kaa_insight__site_blocks(&entries[7]), 0);
        CHECK_EQ(kaa_insight__site_bytes(&entries[7]), 0);
        kaa_insight__word_set(word, 48, 8);
        CHECK_EQ(PROFILE.sites.all.live_bytes, 48);
        /* And a long size over a block that was there. */
        word = kaa_insight__word_new((void *)BASE);
        kaa_insight__word_set(word, 1u << 20, 9);
        CHECK_EQ(kaa_insight__site_blocks(&entries[8]), 0);
        CHECK_EQ(PROFILE.sites.all.live_bytes, 1u << 20);
        kaa_insight__word_bury(word);
    }
    CHECK_EQ(PROFILE.sites.all.live_bytes, 0);
    CHECK_EQ(kaa_insight__shadow_make(&PROFILE.shadow, NULL), NULL);
}

static void *code_type[4];
static uintptr_t codes[50][2];
static uint32_t references;

static void
count_reference(void *code)
{
    (void)code;
    references++;
}

KAA_TEST(sites_are_kept_once_and_their_peaks_are_exact)
{
    kaa_insight__interpreter in = {.incref = count_reference,
                                   .code_type = code_type};
    kaa_insight__place places[3];
    uint32_t numbers[50];

    references = 0;
    for (uint32_t i = 0; i < 50; i++)
        codes[i][1] = (uintptr_t)code_type;
    CHECK_OK(kaa_insight__sites_init(&sites, &t->err));
    DEFER(t, drop_sites, &sites);
    CHECK_EQ(kaa_insight__sites_find(&sites, &in, places, 0, 1), 0);
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t i = 0; i < 50; i++) {
            uint32_t number;

            for (uint32_t k = 0; k < 3; k++)
                places[k] = (kaa_insight__place){codes[(i + k) % 50], k};
            number = kaa_insight__sites_find(&sites, &in, places, 3, 1);
            CHECK(number != 0);
            if (round == 0)
                numbers[i] = number;
            CHECK_EQ(number, numbers[i]);
        }
    CHECK_EQ(references, 50);
    CHECK_EQ(sites.entries_count, 51);
    places[0].code = &in; /* no code object */
    CHECK_EQ(kaa_insight__sites_find(&sites, &in, places, 1, 1), 0);
    CHECK_EQ(sites.lost, 1);

    kaa_insight__sites_born(&sites, numbers[1], 100, 1);
    kaa_insight__sites_born(&sites, numbers[2], 50, 1); /* the peak: 150 */
    kaa_insight__sites_died(&sites, numbers[1], 100, 1);
    kaa_insight__sites_born(&sites, numbers[3], 90, 1);
    for (uint32_t i = 1; i < 4; i++)
        kaa_insight__site_settle(&sites.entries[numbers[i]], sites.all.peak);
    CHECK_EQ(sites.all.peak_bytes, 150);
    CHECK_EQ(sites.entries[numbers[1]].peak_bytes, 100);
    CHECK_EQ(kaa_insight__site_bytes(&sites.entries[numbers[1]]), 0);
    CHECK_EQ(sites.entries[numbers[2]].peak_bytes, 50);
    CHECK_EQ(sites.entries[numbers[3]].peak_bytes, 0);
    CHECK_EQ(sites.all.live_bytes, 140);
}

KAA_TEST(points_are_in_order_and_bounded)
{
    kaa_insight__points_init(&points);
    DEFER(t, kaa_insight__points_fini, &points);
    for (uint32_t i = 0; i < 10000; i++)
        kaa_insight__points_note(&points, i, i / 1000, 1);
    CHECK(points.count > KAA_INSIGHT__POINTS_MAX / 3);
    CHECK(points.count <= KAA_INSIGHT__POINTS_MAX);
    CHECK_EQ(points.entries[0].live_bytes, 0);
    CHECK_EQ(points.entries[points.count - 1].live_bytes, 9999);
    for (uint32_t i = 1; i < points.count; i++) {
        CHECK(points.entries[i].at_ns >= points.entries[i - 1].at_ns);
        CHECK(points.entries[i].live_bytes > points.entries[i - 1].live_bytes);
    }
    CHECK_EQ(points.peak, 9);
    CHECK(points.peak_at <= points.entries[points.count - 1].at_ns);
    CHECK(points.interval > 5000000);
}

KAA_TEST(points_of_no_profile)
{
    kaa_insight__points none = {0};

    kaa_insight__points_note(&none, 1, 1, 1);
    CHECK_EQ(none.count, 0);
    kaa_insight__points_fini(&none);
}
