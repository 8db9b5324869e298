/* Which code objects have ended since a moment. */
#include <stdint.h>

#include "insight/codes.h"
#include "kaa_test.h"

static const char places[2000];

static void
ends(kaa_insight__codes *codes, const void *code, uint64_t at)
{
    uint64_t number = codes->count++ % KAA_INSIGHT__ENDED_MAX;

    codes->ended[number].code = code;
    codes->ended[number].at = at;
}

KAA_TEST(what_ended_since_is_gone)
{
    static kaa_insight__codes codes;

    (void)t;
    codes.count = 0;
    codes.is_watched = 1;
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[0], 0), 1);
    ends(&codes, &places[0], 100);
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[0], 100), 0);
    /* Another one may stand there now, which was seen since. */
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[0], 101), 1);
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[1], 0), 1);
}

KAA_TEST(what_cannot_be_told_is_gone)
{
    static kaa_insight__codes codes;

    (void)t;
    codes.count = 0;
    codes.is_watched = 1;
    for (uint32_t i = 0; i < KAA_INSIGHT__ENDED_MAX + 10; i++)
        ends(&codes, &places[i], i);
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[1999], 10), 0);
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[1999], 11), 1);
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[500], 11), 0);
    codes.is_watched = 0; /* an interpreter that does not tell */
    CHECK_EQ(kaa_insight__codes_has(&codes, &places[500], 0), 1);
}
