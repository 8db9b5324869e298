/* call/value.c - moving values between their own storage and a frame. */
#include "call/internal.h"

uint32_t
kaa_call__load_of(const kaa_ctype *type)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    int is_signed;

    if (kind == KAA_CTYPE_FLOAT)
        return KAA_CALL__LOAD_FLOAT;
    if (kind == KAA_CTYPE_DOUBLE)
        return KAA_CALL__LOAD_64;
    if (kaa_ctype_size(bare) == 0)
        return KAA_CALL__LOAD_NOTHING;
    if (kind != KAA_CTYPE_POINTER && kind != KAA_CTYPE_ENUM &&
        (kind < KAA_CTYPE_BOOL || kind > KAA_CTYPE_CHAR32))
        return KAA_CALL__LOAD_BYTES;
    is_signed = kaa_ctype_is_signed(bare);
    switch (kaa_ctype_size(bare)) {
    case 1:
        return is_signed ? KAA_CALL__LOAD_S8 : KAA_CALL__LOAD_U8;
    case 2:
        return is_signed ? KAA_CALL__LOAD_S16 : KAA_CALL__LOAD_U16;
    case 4:
        return is_signed ? KAA_CALL__LOAD_S32 : KAA_CALL__LOAD_U32;
    case 8:
        return KAA_CALL__LOAD_64;
    default:
        return KAA_CALL__LOAD_BYTES; /* __int128 */
    }
}

kaa_status
kaa_call__check_type(const kaa_ctype *type, uint32_t number, kaa_error *err)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    const char *reason = NULL;
    char text[120];

    if (kind == KAA_CTYPE_VOID && number == KAA_NO_ARGUMENT)
        return KAA_OK;
    if (!kaa_ctype_is_complete(bare) || kind == KAA_CTYPE_VOID)
        reason = "is incomplete";
    else if (kind == KAA_CTYPE_FLOAT16 || kind == KAA_CTYPE_FLOAT128 ||
             kind == KAA_CTYPE_VALIST || kind == KAA_CTYPE_ARRAY ||
             kind == KAA_CTYPE_FUNCTION)
        reason = "cannot be passed by value";
    else if ((kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION) &&
             (kaa_ctype_flags(bare) & KAA_CTYPE_BY_ADDRESS) != 0)
        reason = "is or has a SIMD vector or a number that kaa cannot pass by "
                 "value";
    else if (number != KAA_NO_ARGUMENT && kaa_ctype_align(type) > 16 &&
             kaa_ctype_size(bare) > 16)
        reason = "has an alignment above 16, which kaa cannot give on the "
                 "stack";
    else if (kaa_ctype_size(bare) > UINT32_MAX / 16)
        reason = "is too large to be passed by value";
    if (reason == NULL)
        return KAA_OK;
    kaa_ctype_print(type, NULL, text, sizeof(text));
    return kaa_base__fail(err, KAA_UNSUPPORTED, number, "%s %s", text, reason);
}

/* Loads of a fixed size compile to one instruction each; memcpy because a
 * value's storage need not be aligned. */
#define LOAD(type)                                                             \
    do {                                                                       \
        type narrow;                                                           \
        memcpy(&narrow, value, sizeof(narrow));                                \
        word = (uint64_t)narrow;                                               \
    } while (0)

void
kaa_call__store(const kaa_call__place *place, kaa_call__frame *frame,
                const void *value)
{
    unsigned char *base = (unsigned char *)frame;
    uint64_t word = 0;

    switch (place->load) {
    case KAA_CALL__LOAD_U8:
        LOAD(uint8_t);
        break;
    case KAA_CALL__LOAD_S8:
        LOAD(int8_t);
        break;
    case KAA_CALL__LOAD_U16:
        LOAD(uint16_t);
        break;
    case KAA_CALL__LOAD_S16:
        LOAD(int16_t);
        break;
    case KAA_CALL__LOAD_U32:
        LOAD(uint32_t);
        break;
    case KAA_CALL__LOAD_S32:
        LOAD(int32_t);
        break;
    case KAA_CALL__LOAD_64:
        LOAD(uint64_t);
        break;
    case KAA_CALL__LOAD_FLOAT:
        memcpy(&word, value, sizeof(float));
        break;
    case KAA_CALL__LOAD_NOTHING:
        return;
#if KAA_CALL__AAPCS
    case KAA_CALL__LOAD_SPREAD:
    case KAA_CALL__LOAD_REFERENCE:
        kaa_call__store_otherwise(place, frame, value);
        return;
#endif
    default:
        memcpy(base + place->offset[0], value, place->size[0]);
        if (place->size[1] > 0)
            memcpy(base + place->offset[1],
                   (const unsigned char *)value + place->size[0],
                   place->size[1]);
        return;
    }
    memcpy(base + place->offset[0], &word, sizeof(word));
}

void
kaa_call__fetch(const kaa_call_plan *plan, const kaa_call__frame *frame,
                void *result)
{
    uint64_t word = frame->result.words[0];
    uint8_t narrow8 = (uint8_t)word;
    uint16_t narrow16 = (uint16_t)word;
    uint32_t narrow32 = (uint32_t)word;

    switch (plan->result_load) {
    case KAA_CALL__LOAD_U8:
    case KAA_CALL__LOAD_S8:
        memcpy(result, &narrow8, 1);
        break;
    case KAA_CALL__LOAD_U16:
    case KAA_CALL__LOAD_S16:
        memcpy(result, &narrow16, 2);
        break;
    case KAA_CALL__LOAD_U32:
    case KAA_CALL__LOAD_S32:
        memcpy(result, &narrow32, 4);
        break;
    case KAA_CALL__LOAD_NOTHING:
        break;
    default:
        memcpy(result, frame->result.bytes, plan->result_size);
    }
}
