/* ctype/layout.c - records known to be hard, against the compiler's layout.
 *
 * Each is declared twice: for the compiler and as a list of members for kaa.
 * Where a bit-field lies is found by setting all its bits in zeroed memory.
 * Random ones are in random_layout.py.
 */
#include "ctype/help.h"

#include <netinet/ip.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>

/* Most of this file is an extension of one kind or another. */
#pragma GCC diagnostic ignored "-Wpedantic"

#define MEMBER(name_, type_)                                                   \
    {                                                                          \
        .name = (name_), .type = (type_), .bit_width = PLAIN                   \
    }
#define BITS(name_, type_, width)                                              \
    {                                                                          \
        .name = (name_), .type = (type_), .bit_width = (width)                 \
    }
#define WITH(name_, type_, width, align_, flags_)                              \
    {                                                                          \
        .name = (name_), .type = (type_), .bit_width = (width),                \
        .align = (align_), .flags = (flags_)                                   \
    }

/* Lays `members` out and compares size and alignment with the native type. */
#define LAY_OUT(kind, native, options)                                         \
    lay_out(t, table, KAA_CTYPE_##kind, members,                               \
            (uint32_t)(sizeof(members) / sizeof(members[0])), options,         \
            sizeof(native), _Alignof(native))

#define OFFSET_IS(made, native, member)                                        \
    CHECK_EQ(find(t, made, #member)->offset, offsetof(native, member))

/* By `value`, which has all bits of the member set. */
#define BITS_ARE(made, native, member, value)                                  \
    do {                                                                       \
        static const native probe = {.member = (value)};                       \
        check_bits(t, find(t, made, #member), &probe, sizeof(probe));          \
    } while (0)

static const kaa_ctype *
lay_out(kaa_test *t, kaa_ctype_table *table, kaa_ctype_kind kind,
        const kaa_ctype_member *members, uint32_t count,
        const kaa_ctype_record_options *options, size_t size, size_t align)
{
    const kaa_ctype *made = record(t, table, kind, NULL);

    CHECK_OK(
        kaa_ctype_record_define(table, made, members, count, options, &t->err));
    CHECK_EQ(kaa_ctype_size(made), size);
    CHECK_EQ(kaa_ctype_align(made), align);
    return made;
}

static const kaa_ctype_member *
find(kaa_test *t, const kaa_ctype *made, const char *name)
{
    const kaa_ctype_member *members = kaa_ctype_members(made);

    for (uint64_t i = 0; i < kaa_ctype_count(made); i++)
        if (members[i].name != NULL && strcmp(members[i].name, name) == 0)
            return &members[i];
    FAIL("no member %s", name);
}

static void
check_bits(kaa_test *t, const kaa_ctype_member *member, const void *probe,
           size_t size)
{
    const unsigned char *bytes = probe;
    uint64_t low = 0, width = 0;

    for (uint64_t i = 0; i < size * 8; i++) {
        uint64_t bit =
            __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 7 - i % 8 : i % 8;

        if ((bytes[i / 8] >> bit & 1) == 0)
            continue;
        if (width++ == 0)
            low = i;
        CHECK_EQ(i, low + width - 1);
    }
    CHECK_EQ(member->bit_position, low);
    CHECK_EQ(member->bit_width, width);
    CHECK_EQ(member->offset, low / 8);
}

KAA_TEST(plain_members)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        char c;
        long double ld;
        short s;
        __int128 wide;
        float _Complex z;
        char *p;
        va_list list;
        _Bool b;
    } native;
    kaa_ctype_member members[] = {
        MEMBER("c", BASIC(CHAR)),
        MEMBER("ld", BASIC(LDOUBLE)),
        MEMBER("s", BASIC(SHORT)),
        MEMBER("wide", BASIC(INT128)),
        MEMBER("z", BASIC(CFLOAT)),
        MEMBER("p", pointer_to(t, table, BASIC(CHAR))),
        MEMBER("list", BASIC(VALIST)),
        MEMBER("b", BASIC(BOOL))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    OFFSET_IS(made, native, c);
    OFFSET_IS(made, native, ld);
    OFFSET_IS(made, native, s);
    OFFSET_IS(made, native, wide);
    OFFSET_IS(made, native, z);
    OFFSET_IS(made, native, p);
    OFFSET_IS(made, native, list);
    OFFSET_IS(made, native, b);
    CHECK_EQ(find(t, made, "s")->bit_position, offsetof(native, s) * 8);
    CHECK_EQ(find(t, made, "s")->bit_width, PLAIN);
}

KAA_TEST(bit_fields_share_and_move)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        char c;
        int a : 5;
        int b : 20;
        int d : 20;
        unsigned short e : 9;
        long long f : 40;
        _Bool g : 1;
        char h : 8;
        unsigned __int128 i : 100;
        char end;
    } native;
    kaa_ctype_member members[] = {
        MEMBER("c", BASIC(CHAR)),       BITS("a", BASIC(INT), 5),
        BITS("b", BASIC(INT), 20),      BITS("d", BASIC(INT), 20),
        BITS("e", BASIC(USHORT), 9),    BITS("f", BASIC(LLONG), 40),
        BITS("g", BASIC(BOOL), 1),      BITS("h", BASIC(CHAR), 8),
        BITS("i", BASIC(UINT128), 100), MEMBER("end", BASIC(CHAR))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    BITS_ARE(made, native, a, -1);
    BITS_ARE(made, native, b, -1);
    BITS_ARE(made, native, d, -1);
    BITS_ARE(made, native, e, 0x1ff);
    BITS_ARE(made, native, f, -1);
    BITS_ARE(made, native, g, 1);
    BITS_ARE(made, native, h, (char)-1);
    BITS_ARE(made, native, i, ((unsigned __int128)1 << 100) - 1);
    OFFSET_IS(made, native, end);
}

KAA_TEST(width_zero_ends_a_unit)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        signed char a : 3;
        int : 0;
        signed char b : 3;
        char : 0;
        signed char c : 3;
        long long : 0;
        char end;
    } native;
    kaa_ctype_member members[] = {
        BITS("a", BASIC(SCHAR), 3), BITS(NULL, BASIC(INT), 0),
        BITS("b", BASIC(SCHAR), 3), BITS(NULL, BASIC(CHAR), 0),
        BITS("c", BASIC(SCHAR), 3), BITS(NULL, BASIC(LLONG), 0),
        MEMBER("end", BASIC(CHAR))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    BITS_ARE(made, native, a, -1);
    BITS_ARE(made, native, b, -1);
    BITS_ARE(made, native, c, -1);
    OFFSET_IS(made, native, end);
}

KAA_TEST(width_zero_counts_even_in_packed_records)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        char a : 3;
        int : 0;
        int b : 30;
        int c : 30;
    } __attribute__((packed)) native;
    kaa_ctype_record_options packed = {.size = sizeof(packed),
                                       .flags = KAA_CTYPE_PACKED};
    kaa_ctype_member members[] = {
        BITS("a", BASIC(CHAR), 3), BITS(NULL, BASIC(INT), 0),
        BITS("b", BASIC(INT), 30), BITS("c", BASIC(INT), 30)};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, &packed);

    BITS_ARE(made, native, b, -1);
    BITS_ARE(made, native, c, -1);
    CHECK_EQ(kaa_ctype_flags(made), KAA_CTYPE_PACKED);
}

KAA_TEST(unnamed_bit_fields_do_not_align)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        char a;
        int : 5;
        char b;
    } native;
    kaa_ctype_member members[] = {MEMBER("a", BASIC(CHAR)),
                                  BITS(NULL, BASIC(INT), 5),
                                  MEMBER("b", BASIC(CHAR))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    OFFSET_IS(made, native, b);
}

KAA_TEST(packed_records_and_members)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        char c;
        int a : 30;
        int b : 4;
        double d;
        int wide __attribute__((aligned(4)));
    } __attribute__((packed)) whole;
    typedef struct {
        char c;
        double d __attribute__((packed));
        char e;
        int f __attribute__((packed, aligned(2)));
        int g : 31;
        int h : 31 __attribute__((packed));
        long end;
    } parts;
    kaa_ctype_record_options packed = {.size = sizeof(packed),
                                       .flags = KAA_CTYPE_PACKED};
    {
        kaa_ctype_member members[] = {
            MEMBER("c", BASIC(CHAR)), BITS("a", BASIC(INT), 30),
            BITS("b", BASIC(INT), 4), MEMBER("d", BASIC(DOUBLE)),
            WITH("wide", BASIC(INT), PLAIN, 4, 0)};
        const kaa_ctype *made = LAY_OUT(STRUCT, whole, &packed);

        BITS_ARE(made, whole, a, -1);
        BITS_ARE(made, whole, b, -1);
        OFFSET_IS(made, whole, d);
        OFFSET_IS(made, whole, wide);
    }
    kaa_ctype_member members[] = {
        MEMBER("c", BASIC(CHAR)),
        WITH("d", BASIC(DOUBLE), PLAIN, 0, KAA_CTYPE_PACKED),
        MEMBER("e", BASIC(CHAR)),
        WITH("f", BASIC(INT), PLAIN, 2, KAA_CTYPE_PACKED),
        BITS("g", BASIC(INT), 31),
        WITH("h", BASIC(INT), 31, 0, KAA_CTYPE_PACKED),
        MEMBER("end", BASIC(LONG))};
    const kaa_ctype *made = LAY_OUT(STRUCT, parts, NULL);

    OFFSET_IS(made, parts, d);
    OFFSET_IS(made, parts, f);
    BITS_ARE(made, parts, g, -1);
    BITS_ARE(made, parts, h, -1);
    OFFSET_IS(made, parts, end);
}

#pragma pack(push, 2)
typedef struct {
    char c;
    double d;
    int a : 30;
    int b : 30;
    int : 0;
    int wide __attribute__((aligned(16)));
    char end;
} pack_two;
typedef struct {
    char c;
    int i;
} __attribute__((aligned(8))) pack_two_aligned;
#pragma pack(pop)

KAA_TEST(pragma_pack)
{
    kaa_ctype_table *table = new_table(t);
    kaa_ctype_record_options two = {.size = sizeof(two), .pack = 2};
    kaa_ctype_record_options aligned = {
        .size = sizeof(aligned), .pack = 2, .align = 8};
    {
        kaa_ctype_member members[] = {
            MEMBER("c", BASIC(CHAR)),  MEMBER("d", BASIC(DOUBLE)),
            BITS("a", BASIC(INT), 30), BITS("b", BASIC(INT), 30),
            BITS(NULL, BASIC(INT), 0), WITH("wide", BASIC(INT), PLAIN, 16, 0),
            MEMBER("end", BASIC(CHAR))};
        const kaa_ctype *made = LAY_OUT(STRUCT, pack_two, &two);

        OFFSET_IS(made, pack_two, d);
        BITS_ARE(made, pack_two, a, -1);
        BITS_ARE(made, pack_two, b, -1);
        OFFSET_IS(made, pack_two, wide);
        OFFSET_IS(made, pack_two, end);
    }
    kaa_ctype_member members[] = {MEMBER("c", BASIC(CHAR)),
                                  MEMBER("i", BASIC(INT))};
    const kaa_ctype *made = LAY_OUT(STRUCT, pack_two_aligned, &aligned);

    OFFSET_IS(made, pack_two_aligned, i);
}

KAA_TEST(alignments_of_all_kinds)
{
    kaa_ctype_table *table = new_table(t);
    typedef int wide_int __attribute__((aligned(16)));
    typedef long long low_long __attribute__((aligned(2)));
    typedef struct {
        char c;
        wide_int w;
        char d;
        low_long l;
        char e __attribute__((aligned(32)));
        int b : 3 __attribute__((aligned(8)));
        _Atomic float _Complex z;
    } __attribute__((aligned(4))) native;
    kaa_ctype_record_options options = {.size = sizeof(options), .align = 4};
    kaa_ctype_member members[] = {
        MEMBER("c", BASIC(CHAR)),
        MEMBER("w", alias(t, table, "wide_int",
                          qualified(t, table, BASIC(INT), 0, 16))),
        MEMBER("d", BASIC(CHAR)),
        MEMBER("l", alias(t, table, "low_long",
                          qualified(t, table, BASIC(LLONG), 0, 2))),
        WITH("e", BASIC(CHAR), PLAIN, 32, 0),
        WITH("b", BASIC(INT), 3, 8, 0),
        MEMBER("z", qualified(t, table, BASIC(CFLOAT), KAA_CTYPE_ATOMIC, 0))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, &options);

    OFFSET_IS(made, native, w);
    OFFSET_IS(made, native, l);
    OFFSET_IS(made, native, e);
    BITS_ARE(made, native, b, -1);
    OFFSET_IS(made, native, z);
}

KAA_TEST(unions)
{
    kaa_ctype_table *table = new_table(t);
    typedef union {
        int a : 3;
        char c[5];
        long long b : 33;
        short s;
    } native;
    kaa_ctype_member members[] = {
        BITS("a", BASIC(INT), 3),
        MEMBER("c", array_of(t, table, BASIC(CHAR), 5)),
        BITS("b", BASIC(LLONG), 33), MEMBER("s", BASIC(SHORT))};
    const kaa_ctype *made = LAY_OUT(UNION, native, NULL);

    BITS_ARE(made, native, a, -1);
    BITS_ARE(made, native, b, -1);
    OFFSET_IS(made, native, c);
    OFFSET_IS(made, native, s);
    CHECK_EQ(kaa_ctype_kind_of(made), KAA_CTYPE_UNION);
}

KAA_TEST(a_union_is_as_small_as_its_bits)
{
    kaa_ctype_table *table = new_table(t);
    typedef union {
        char a : 2;
        int : 17;
        int : 0;
    } native;
    kaa_ctype_member members[] = {BITS("a", BASIC(CHAR), 2),
                                  BITS(NULL, BASIC(INT), 17),
                                  BITS(NULL, BASIC(INT), 0)};

    LAY_OUT(UNION, native, NULL);
}

KAA_TEST(flexible_arrays)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        short n;
        char used;
        double d[];
    } native;
    kaa_ctype_member members[] = {
        MEMBER("n", BASIC(SHORT)), MEMBER("used", BASIC(CHAR)),
        MEMBER("d",
               array_of(t, table, BASIC(DOUBLE), KAA_CTYPE_UNKNOWN_COUNT))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);
    kaa_ctype_member outer = MEMBER("last", made);
    const kaa_ctype *whole = record(t, table, KAA_CTYPE_STRUCT, "whole");

    OFFSET_IS(made, native, d);
    CHECK_EQ(kaa_ctype_flags(made), KAA_CTYPE_FLEXIBLE);
    CHECK_OK(kaa_ctype_record_define(table, whole, &outer, 1, NULL, &t->err));
    CHECK_EQ(kaa_ctype_flags(whole), KAA_CTYPE_FLEXIBLE);
}

KAA_TEST(flags_of_members_are_handed_on)
{
    kaa_ctype_table *table = new_table(t);
    kaa_ctype_record_options options = {.size = sizeof(options),
                                        .flags = KAA_CTYPE_BY_ADDRESS};
    const kaa_ctype *plain = record(t, table, KAA_CTYPE_STRUCT, "plain");
    const kaa_ctype *large = record(t, table, KAA_CTYPE_STRUCT, "large");
    const kaa_ctype *both = record(t, table, KAA_CTYPE_STRUCT, "both");
    const kaa_ctype *last = record(t, table, KAA_CTYPE_STRUCT, "last");
    kaa_ctype_member inner = MEMBER("a", BASIC(INT));
    kaa_ctype_member outer[2] = {MEMBER("first", plain),
                                 MEMBER("second", large)};

    CHECK_OK(kaa_ctype_record_define(table, plain, &inner, 1, NULL, &t->err));
    CHECK_OK(
        kaa_ctype_record_define(table, large, &inner, 1, &options, &t->err));
    CHECK_OK(kaa_ctype_record_define(table, both, outer, 2, NULL, &t->err));
    CHECK_EQ(kaa_ctype_flags(both), KAA_CTYPE_BY_ADDRESS);
    CHECK_OK(kaa_ctype_record_define(table, last, outer, 1, NULL, &t->err));
    CHECK_EQ(kaa_ctype_flags(last), 0);
}

KAA_TEST(a_flexible_array_may_lie_in_the_padding)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        double d;
        short s;
        char text[];
    } native;
    kaa_ctype_member members[] = {
        MEMBER("d", BASIC(DOUBLE)), MEMBER("s", BASIC(SHORT)),
        MEMBER("text",
               array_of(t, table, BASIC(CHAR), KAA_CTYPE_UNKNOWN_COUNT))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    OFFSET_IS(made, native, text);
    CHECK(offsetof(native, text) < sizeof(native));
}

KAA_TEST(empty_records)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
    } empty;
    typedef struct {
    } __attribute__((aligned(8))) empty_aligned;
    typedef struct {
        char c;
        empty_aligned e;
        int zero[0];
        char d;
    } native;
    kaa_ctype_record_options options = {.size = sizeof(options), .align = 8};
    const kaa_ctype *plain = lay_out(t, table, KAA_CTYPE_STRUCT, NULL, 0, NULL,
                                     sizeof(empty), _Alignof(empty));
    const kaa_ctype *aligned =
        lay_out(t, table, KAA_CTYPE_STRUCT, NULL, 0, &options,
                sizeof(empty_aligned), _Alignof(empty_aligned));
    kaa_ctype_member members[] = {
        MEMBER("c", BASIC(CHAR)), MEMBER("e", aligned),
        MEMBER("zero", array_of(t, table, BASIC(INT), 0)),
        MEMBER("d", BASIC(CHAR))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    OFFSET_IS(made, native, e);
    OFFSET_IS(made, native, zero);
    OFFSET_IS(made, native, d);
    CHECK_EQ(kaa_ctype_is_complete(plain), 1);
    CHECK_EQ(kaa_ctype_count(plain), 0);
    CHECK_EQ(kaa_ctype_size(array_of(t, table, plain, 1000)), 0);
}

KAA_TEST(anonymous_members)
{
    kaa_ctype_table *table = new_table(t);
    typedef struct {
        char c;
        union {
            struct {
                short s;
                int b : 7;
            };
            double d;
        };
        char end;
    } native;
    kaa_ctype_member inner[] = {MEMBER("s", BASIC(SHORT)),
                                BITS("b", BASIC(INT), 7)};
    const kaa_ctype *in = record(t, table, KAA_CTYPE_STRUCT, NULL);
    const kaa_ctype *middle = record(t, table, KAA_CTYPE_UNION, NULL);

    CHECK_OK(kaa_ctype_record_define(table, in, inner, 2, NULL, &t->err));
    kaa_ctype_member both[] = {MEMBER(NULL, in), MEMBER("d", BASIC(DOUBLE))};
    CHECK_OK(kaa_ctype_record_define(table, middle, both, 2, NULL, &t->err));
    kaa_ctype_member members[] = {MEMBER("c", BASIC(CHAR)),
                                  MEMBER(NULL, middle),
                                  MEMBER("end", BASIC(CHAR))};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    CHECK_EQ(kaa_ctype_members(made)[1].offset, offsetof(native, s));
    OFFSET_IS(made, native, end);
}

KAA_TEST(enums_as_members)
{
    kaa_ctype_table *table = new_table(t);
    enum __attribute__((packed)) small { LOW = -1, HIGH = 100 };
    enum usual { ONE = 1 };
    typedef struct {
        enum small a;
        enum usual b : 3;
        enum small c : 8;
        enum usual d;
    } native;
    kaa_ctype_enum_options packed = {.size = sizeof(packed),
                                     .flags = KAA_CTYPE_PACKED};
    kaa_ctype_enumerator small_values[] = {{.name = "LOW", .value = -1},
                                           {.name = "HIGH", .value = 100}};
    kaa_ctype_enumerator usual_values[] = {{.name = "ONE", .value = 1}};
    const kaa_ctype *small_ = NULL, *usual_ = NULL;

    CHECK_OK(kaa_ctype_enum(table, "small", 5, &small_, &t->err));
    CHECK_OK(kaa_ctype_enum_define(table, small_, small_values, 2, &packed,
                                   &t->err));
    CHECK_OK(kaa_ctype_enum(table, "usual", 5, &usual_, &t->err));
    CHECK_OK(
        kaa_ctype_enum_define(table, usual_, usual_values, 1, NULL, &t->err));
    kaa_ctype_member members[] = {MEMBER("a", small_), BITS("b", usual_, 3),
                                  BITS("c", small_, 8), MEMBER("d", usual_)};
    const kaa_ctype *made = LAY_OUT(STRUCT, native, NULL);

    BITS_ARE(made, native, b, 7);
    BITS_ARE(made, native, c, -1);
    OFFSET_IS(made, native, d);
}

KAA_TEST(records_of_the_system)
{
    kaa_ctype_table *table = new_table(t);
    kaa_ctype_record_options packed = {.size = sizeof(packed)};
    {
        typedef union epoll_data data;
        kaa_ctype_member members[] = {
            MEMBER("ptr", pointer_to(t, table, BASIC(VOID))),
            MEMBER("fd", BASIC(INT)), MEMBER("u32", BASIC(UINT)),
            MEMBER("u64", BASIC(ULONG))};
        const kaa_ctype *made = LAY_OUT(UNION, data, NULL);
        kaa_ctype_member event[] = {MEMBER("events", BASIC(UINT)),
                                    MEMBER("data", made)};

#ifdef __x86_64__
        packed.flags = KAA_CTYPE_PACKED; /* the kernel's 32-bit layout */
#endif
        made =
            lay_out(t, table, KAA_CTYPE_STRUCT, event, 2, &packed,
                    sizeof(struct epoll_event), _Alignof(struct epoll_event));
        OFFSET_IS(made, struct epoll_event, data);
    }
    {
        typedef struct iphdr header;
        const kaa_ctype *byte = kaa_ctype_well_known("uint8_t", 7);
        const kaa_ctype *two = kaa_ctype_well_known("uint16_t", 8);
        const kaa_ctype *four = kaa_ctype_well_known("uint32_t", 8);
        int is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
        kaa_ctype_member members[] = {
            /* The header has them in the order in which the machine fills. */
            BITS(is_little ? "ihl" : "version", BASIC(UINT), 4),
            BITS(is_little ? "version" : "ihl", BASIC(UINT), 4),
            MEMBER("tos", byte),
            MEMBER("tot_len", two),
            MEMBER("id", two),
            MEMBER("frag_off", two),
            MEMBER("ttl", byte),
            MEMBER("protocol", byte),
            MEMBER("check", two),
            MEMBER("saddr", four),
            MEMBER("daddr", four)};
        const kaa_ctype *made = LAY_OUT(STRUCT, header, NULL);

        BITS_ARE(made, header, ihl, 15);
        BITS_ARE(made, header, version, 15);
        OFFSET_IS(made, header, daddr);
    }
}
