/* object/core/hash.c - hashes of text and of numbers.
 *
 * Text: SipHash-1-3 (Aumasson and Bernstein 2012, with one round a word and
 * three at the end) with the runtime's key, so that nobody outside can choose
 * keys that collide.
 *
 * Numbers: as Python's documentation has it ("Hashing of numeric types"): the
 * value modulo the prime 2^61 - 1, so that equal numbers of whatever type have
 * equal hashes.
 */
#include <math.h>

#include "object/core/hash.h"
#include "object/numbers/int.h"
#include "object/text/str.h"

#define PRIME ((UINT64_C(1) << 61) - 1)
#define HASH_OF_INFINITY 314159
#define HASH_OF_IMAGINARY 1000003u

static inline uint64_t
rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline uint64_t
read_word(const unsigned char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

typedef struct sip {
    uint64_t a, b, c, d;
} sip;

static inline void
sip_round(sip *state)
{
    state->a += state->b;
    state->c += state->d;
    state->b = rotate(state->b, 13) ^ state->a;
    state->d = rotate(state->d, 16) ^ state->c;
    state->a = rotate(state->a, 32);
    state->c += state->b;
    state->a += state->d;
    state->b = rotate(state->b, 17) ^ state->c;
    state->d = rotate(state->d, 21) ^ state->a;
    state->c = rotate(state->c, 32);
}

uint64_t
kaa_object__siphash13(const uint64_t key[2], const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t last = (uint64_t)size << 56;
    sip state = {key[0] ^ UINT64_C(0x736f6d6570736575),
                 key[1] ^ UINT64_C(0x646f72616e646f6d),
                 key[0] ^ UINT64_C(0x6c7967656e657261),
                 key[1] ^ UINT64_C(0x7465646279746573)};

    for (; size >= 8; size -= 8, bytes += 8) {
        uint64_t word = read_word(bytes);

        state.d ^= word;
        sip_round(&state);
        state.a ^= word;
    }
    for (size_t i = 0; i < size; i++)
        last |= (uint64_t)bytes[i] << (8 * i);
    state.d ^= last;
    sip_round(&state);
    state.a ^= last;
    state.c ^= 0xff;
    sip_round(&state);
    sip_round(&state);
    sip_round(&state);
    return state.a ^ state.b ^ state.c ^ state.d;
}

uint64_t
kaa_object__hash_text(kaa_context *ctx, const char *text, size_t size)
{
    uint64_t hash = kaa_object__siphash13(kaa_object__runtime_of(ctx)->hash_key,
                                          text, size);

    /* 0 means unknown, -1 failure. */
    return hash == 0 || hash == UINT64_MAX ? hash - 2 : hash;
}

static int64_t
finish(int64_t hash)
{
    return hash == -1 ? -2 : hash;
}

/* (high * 2^64 + low) mod 2^61 - 1, where high < 2^61: 2^64 is 8. */
static uint64_t
fold(uint64_t high, uint64_t low)
{
    uint64_t sum =
        (low & PRIME) + (low >> 61) + ((high << 3) & PRIME) + (high >> 58);

    sum = (sum & PRIME) + (sum >> 61);
    return sum >= PRIME ? sum - PRIME : sum;
}

int64_t
kaa_object__hash_int(const kaa_object *object)
{
    kaa_object__int_view view;
    uint64_t hash = 0;

    kaa_object__int_look(object, &view);
    for (size_t i = view.size; i-- > 0;)
        hash = fold(hash, view.digits[i]);
    return finish(view.is_negative ? -(int64_t)hash : (int64_t)hash);
}

int64_t
kaa_object__hash_double(double value, const kaa_object *object)
{
    int exponent;
    uint64_t hash = 0;
    double rest;

    if (isinf(value))
        return value > 0 ? HASH_OF_INFINITY : -HASH_OF_INFINITY;
    if (isnan(value)) /* no NaN equals another: any hash will do */
        return kaa_object__hash_pointer(object);
    rest = frexp(fabs(value), &exponent);
    /* 28 bits at a time, so that nothing is lost. */
    while (rest != 0) {
        uint64_t part;

        hash = ((hash << 28) & PRIME) | hash >> 33;
        rest *= 268435456.0;
        exponent -= 28;
        part = (uint64_t)rest;
        rest -= (double)part;
        hash += part;
        if (hash >= PRIME)
            hash -= PRIME;
    }
    exponent = exponent >= 0 ? exponent % 61 : 60 - (-1 - exponent) % 61;
    hash = ((hash << exponent) & PRIME) | hash >> (61 - exponent);
    return finish(value < 0 ? -(int64_t)hash : (int64_t)hash);
}

int64_t
kaa_object__hash_complex(double real, double imaginary,
                         const kaa_object *object)
{
    uint64_t hash = (uint64_t)kaa_object__hash_double(real, object) +
                    HASH_OF_IMAGINARY *
                        (uint64_t)kaa_object__hash_double(imaginary, object);

    return finish((int64_t)hash);
}

int64_t
kaa_object__hash_pointer(const void *pointer)
{
    /* Blocks are aligned to 16: the low bits say nothing. */
    return finish((int64_t)rotate((uint64_t)(uintptr_t)pointer, 60));
}
