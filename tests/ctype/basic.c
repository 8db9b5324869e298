/* ctype/basic.c - basic types and well-known names, against the compiler. */
#include "ctype/help.h"

#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <uchar.h>
#include <wchar.h>

#define IS_SIGNED(type) ((type)-1 < 0)

#define CHECK_BASIC(kind, type, text)                                          \
    do {                                                                       \
        const kaa_ctype *basic = kaa_ctype_basic(KAA_CTYPE_##kind);            \
        CHECK(basic != NULL);                                                  \
        CHECK_EQ(kaa_ctype_kind_of(basic), KAA_CTYPE_##kind);                  \
        CHECK_EQ(kaa_ctype_size(basic), sizeof(type));                         \
        CHECK_EQ(kaa_ctype_align(basic), _Alignof(type));                      \
        CHECK_EQ(kaa_ctype_strip(basic), basic);                               \
        CHECK_EQ(kaa_ctype_is_complete(basic), 1);                             \
        CHECK_STR(kaa_ctype_name(basic), text);                                \
    } while (0)

#define CHECK_INTEGER(kind, type, text)                                        \
    do {                                                                       \
        CHECK_BASIC(kind, type, text);                                         \
        CHECK_EQ(kaa_ctype_is_signed(kaa_ctype_basic(KAA_CTYPE_##kind)),       \
                 IS_SIGNED(type));                                             \
    } while (0)

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

KAA_TEST(integers_are_the_compilers)
{
    CHECK_BASIC(BOOL, _Bool, "_Bool");
    CHECK_EQ(kaa_ctype_is_signed(BASIC(BOOL)), 0);
    CHECK_EQ(kaa_ctype_is_signed(BASIC(CHAR)), CHAR_MIN < 0);
    CHECK_BASIC(CHAR, char, "char");
    CHECK_INTEGER(SCHAR, signed char, "signed char");
    CHECK_BASIC(UCHAR, unsigned char, "unsigned char");
    CHECK_INTEGER(SHORT, short, "short");
    CHECK_BASIC(USHORT, unsigned short, "unsigned short");
    CHECK_INTEGER(INT, int, "int");
    CHECK_BASIC(UINT, unsigned int, "unsigned int");
    CHECK_INTEGER(LONG, long, "long");
    CHECK_BASIC(ULONG, unsigned long, "unsigned long");
    CHECK_INTEGER(LLONG, long long, "long long");
    CHECK_BASIC(ULLONG, unsigned long long, "unsigned long long");
    CHECK_INTEGER(INT128, int128, "__int128");
    CHECK_BASIC(UINT128, uint128, "unsigned __int128");
    CHECK_BASIC(WCHAR, wchar_t, "wchar_t");
    CHECK_EQ(kaa_ctype_is_signed(BASIC(WCHAR)), WCHAR_MIN < 0);
    CHECK_BASIC(CHAR16, char16_t, "char16_t");
    CHECK_BASIC(CHAR32, char32_t, "char32_t");
    for (int kind = KAA_CTYPE_UCHAR; kind <= KAA_CTYPE_UINT128; kind += 2)
        CHECK_EQ(kaa_ctype_is_signed(kaa_ctype_basic((kaa_ctype_kind)kind)), 0);
}

KAA_TEST(other_basics_are_the_compilers)
{
    CHECK_BASIC(FLOAT, float, "float");
    CHECK_BASIC(DOUBLE, double, "double");
    CHECK_BASIC(LDOUBLE, long double, "long double");
    CHECK_BASIC(CFLOAT, float _Complex, "float _Complex");
    CHECK_BASIC(CDOUBLE, double _Complex, "double _Complex");
    CHECK_BASIC(CLDOUBLE, long double _Complex, "long double _Complex");
    CHECK_BASIC(VALIST, va_list, "__builtin_va_list");
#ifdef __SIZEOF_FLOAT128__
    __extension__ typedef __float128 quad;
    CHECK_BASIC(FLOAT128, quad, "__float128");
#endif
#ifdef __FLT16_MAX__
    __extension__ typedef _Float16 half;
    CHECK_BASIC(FLOAT16, half, "_Float16");
#endif
    CHECK_EQ(kaa_ctype_size(BASIC(FLOAT16)), 2);
    CHECK_EQ(kaa_ctype_is_signed(BASIC(DOUBLE)), 0);
}

KAA_TEST(void_and_no_type)
{
    const kaa_ctype *none = BASIC(VOID);

    CHECK_STR(kaa_ctype_name(none), "void");
    CHECK_EQ(kaa_ctype_size(none), 0);
    CHECK_EQ(kaa_ctype_align(none), 1);
    CHECK_EQ(kaa_ctype_is_complete(none), 0);
    CHECK_EQ(kaa_ctype_basic((kaa_ctype_kind)31), NULL);
    CHECK_EQ(kaa_ctype_basic(KAA_CTYPE_POINTER), NULL);
    CHECK_EQ(kaa_ctype_basic((kaa_ctype_kind)-1), NULL);
    CHECK_EQ(kaa_ctype_basic((kaa_ctype_kind)1000), NULL);
}

KAA_TEST(null_says_nothing)
{
    char buffer[8] = "unset";

    CHECK_EQ(kaa_ctype_kind_of(NULL), KAA_CTYPE_VOID);
    CHECK_EQ(kaa_ctype_strip(NULL), NULL);
    CHECK_EQ(kaa_ctype_qualifiers(NULL), 0);
    CHECK_EQ(kaa_ctype_is_complete(NULL), 0);
    CHECK_EQ(kaa_ctype_is_signed(NULL), 0);
    CHECK_EQ(kaa_ctype_size(NULL), 0);
    CHECK_EQ(kaa_ctype_align(NULL), 1);
    CHECK_EQ(kaa_ctype_name(NULL), NULL);
    CHECK_EQ(kaa_ctype_target(NULL), NULL);
    CHECK_EQ(kaa_ctype_count(NULL), 0);
    CHECK_EQ(kaa_ctype_flags(NULL), 0);
    CHECK_EQ(kaa_ctype_members(NULL), NULL);
    CHECK_EQ(kaa_ctype_parameters(NULL), NULL);
    CHECK_EQ(kaa_ctype_enumerators(NULL), NULL);
    CHECK_EQ(kaa_ctype_print(NULL, NULL, buffer, sizeof(buffer)), 0);
    CHECK_STR(buffer, "");
    CHECK_EQ(kaa_ctype_print_definition(NULL, NULL, 0), 0);
    kaa_ctype_table_destroy(NULL);
}

/* Found another way than lib/ctype/basic.c does. */
#define IS(type, other) __builtin_types_compatible_p(type, other)
#define KIND(type)                                                             \
    (IS(type, _Bool)                ? KAA_CTYPE_BOOL                           \
     : IS(type, char)               ? KAA_CTYPE_CHAR                           \
     : IS(type, signed char)        ? KAA_CTYPE_SCHAR                          \
     : IS(type, unsigned char)      ? KAA_CTYPE_UCHAR                          \
     : IS(type, short)              ? KAA_CTYPE_SHORT                          \
     : IS(type, unsigned short)     ? KAA_CTYPE_USHORT                         \
     : IS(type, int)                ? KAA_CTYPE_INT                            \
     : IS(type, unsigned int)       ? KAA_CTYPE_UINT                           \
     : IS(type, long)               ? KAA_CTYPE_LONG                           \
     : IS(type, unsigned long)      ? KAA_CTYPE_ULONG                          \
     : IS(type, long long)          ? KAA_CTYPE_LLONG                          \
     : IS(type, unsigned long long) ? KAA_CTYPE_ULLONG                         \
                                    : KAA_CTYPE_VOID)
#define KNOWN(type)                                                            \
    {                                                                          \
#type, KIND(type)                                                      \
    }

static const struct {
    const char *name;
    kaa_ctype_kind kind;
} names[] = {
    KNOWN(id_t),
#ifdef __GLIBC__
    KNOWN(uint),
#endif
    KNOWN(dev_t),
    KNOWN(gid_t),
    KNOWN(ino_t),
    KNOWN(key_t),
    KNOWN(off_t),
    KNOWN(pid_t),
    KNOWN(u_int),
    KNOWN(uid_t),
#ifdef __GLIBC__
    KNOWN(ulong),
    KNOWN(__id_t),
#endif
    KNOWN(int8_t),
#ifdef __GLIBC__
    KNOWN(loff_t),
#endif
    KNOWN(mode_t),
    KNOWN(nfds_t),
#ifdef __GLIBC__
    KNOWN(quad_t),
#endif
    KNOWN(rlim_t),
    KNOWN(size_t),
    KNOWN(time_t),
    KNOWN(u_char),
    KNOWN(u_long),
#ifdef __GLIBC__
    KNOWN(ushort),
#endif
    KNOWN(wint_t),
#ifdef __GLIBC__
    KNOWN(__dev_t),
    KNOWN(__gid_t),
    KNOWN(__ino_t),
#endif
#ifdef __GLIBC__
    KNOWN(__key_t),
    KNOWN(__off_t),
    KNOWN(__pid_t),
    KNOWN(__u_int),
    KNOWN(__uid_t),
#endif
    KNOWN(clock_t),
#ifdef __GLIBC__
    KNOWN(daddr_t),
    KNOWN(ino64_t),
#endif
    KNOWN(int16_t),
    KNOWN(int32_t),
    KNOWN(int64_t),
    KNOWN(nlink_t),
#ifdef __GLIBC__
    KNOWN(off64_t),
#endif
    KNOWN(ssize_t),
    KNOWN(u_short),
    KNOWN(uint8_t),
#ifdef __GLIBC__
    KNOWN(__int8_t),
    KNOWN(__loff_t),
    KNOWN(__mode_t),
    KNOWN(__quad_t),
    KNOWN(__rlim_t),
    KNOWN(__time_t),
    KNOWN(__u_char),
    KNOWN(__u_long),
#endif
    KNOWN(blkcnt_t),
    KNOWN(intmax_t),
    KNOWN(intptr_t),
#ifdef __GLIBC__
    KNOWN(rlim64_t),
#endif
    KNOWN(u_int8_t),
#ifdef __GLIBC__
    KNOWN(u_quad_t),
#endif
    KNOWN(uint16_t),
    KNOWN(uint32_t),
    KNOWN(uint64_t),
#ifdef __GLIBC__
    KNOWN(__clock_t),
    KNOWN(__daddr_t),
    KNOWN(__ino64_t),
    KNOWN(__int16_t),
    KNOWN(__int32_t),
    KNOWN(__int64_t),
    KNOWN(__nlink_t),
    KNOWN(__off64_t),
    KNOWN(__ssize_t),
    KNOWN(__u_short),
    KNOWN(__uint8_t),
#endif
    KNOWN(blksize_t),
    KNOWN(clockid_t),
    KNOWN(in_addr_t),
    KNOWN(in_port_t),
#ifdef __GLIBC__
    KNOWN(pthread_t),
#endif
    KNOWN(ptrdiff_t),
    KNOWN(socklen_t),
    KNOWN(u_int16_t),
    KNOWN(u_int32_t),
    KNOWN(u_int64_t),
    KNOWN(uintmax_t),
    KNOWN(uintptr_t),
#ifdef __GLIBC__
    KNOWN(__blkcnt_t),
#endif
#ifdef __GLIBC__
    KNOWN(__intmax_t),
    KNOWN(__intptr_t),
    KNOWN(__rlim64_t),
    KNOWN(__u_quad_t),
    KNOWN(__uint16_t),
    KNOWN(__uint32_t),
    KNOWN(__uint64_t),
    KNOWN(blkcnt64_t),
#endif
    KNOWN(fsblkcnt_t),
    KNOWN(fsfilcnt_t),
    KNOWN(register_t),
    KNOWN(useconds_t),
#ifdef __GLIBC__
    KNOWN(__blksize_t),
    KNOWN(__clockid_t),
    KNOWN(__socklen_t),
#endif
#ifdef __GLIBC__
    KNOWN(__uintmax_t),
#endif
    KNOWN(int_fast8_t),
    KNOWN(sa_family_t),
    KNOWN(suseconds_t),
#ifdef __GLIBC__
    KNOWN(__blkcnt64_t),
    KNOWN(__fsblkcnt_t),
    KNOWN(__fsfilcnt_t),
    KNOWN(__useconds_t),
    KNOWN(fsblkcnt64_t),
    KNOWN(fsfilcnt64_t),
#endif
    KNOWN(int_fast16_t),
    KNOWN(int_fast32_t),
    KNOWN(int_fast64_t),
    KNOWN(int_least8_t),
    KNOWN(sig_atomic_t),
    KNOWN(uint_fast8_t),
#ifdef __GLIBC__
    KNOWN(__suseconds_t),
#endif
    KNOWN(int_least16_t),
    KNOWN(int_least32_t),
    KNOWN(int_least64_t),
    KNOWN(pthread_key_t),
    KNOWN(uint_fast16_t),
    KNOWN(uint_fast32_t),
    KNOWN(uint_fast64_t),
    KNOWN(uint_least8_t),
#ifdef __GLIBC__
    KNOWN(__fsblkcnt64_t),
    KNOWN(__fsfilcnt64_t),
#endif
#ifdef __GLIBC__
    KNOWN(__sig_atomic_t),
#endif
    KNOWN(uint_least16_t),
    KNOWN(uint_least32_t),
    KNOWN(uint_least64_t),
#ifdef __GLIBC__
    KNOWN(__syscall_slong_t),
    KNOWN(__syscall_ulong_t),
#endif
};

KAA_TEST(well_known_names_are_the_systems)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const kaa_ctype *found =
            kaa_ctype_well_known(names[i].name, strlen(names[i].name));

        if (found == NULL || names[i].kind == KAA_CTYPE_VOID ||
            kaa_ctype_kind_of(found) != names[i].kind)
            FAIL("%s is %s, expected %s", names[i].name,
                 found != NULL ? kaa_ctype_name(found) : "not known",
                 kaa_ctype_name(kaa_ctype_basic(names[i].kind)));
    }
}

static const kaa_ctype *
known(const char *name)
{
    return kaa_ctype_well_known(name, strlen(name));
}

KAA_TEST(well_known_names_of_their_own_kind)
{
    CHECK_EQ(known("wchar_t"), BASIC(WCHAR));
    CHECK_EQ(known("char16_t"), BASIC(CHAR16));
    CHECK_EQ(known("char32_t"), BASIC(CHAR32));
    CHECK_EQ(known("char8_t"), BASIC(UCHAR));
    CHECK_EQ(known("bool"), BASIC(BOOL));
    CHECK_EQ(known("va_list"), BASIC(VALIST));
    CHECK_EQ(known("__builtin_va_list"), BASIC(VALIST));
    CHECK_EQ(known("__gnuc_va_list"), BASIC(VALIST));
    CHECK_EQ(known("__int64"), BASIC(LLONG));
    CHECK_EQ(known("__int128_t"), BASIC(INT128));
    CHECK_EQ(known("__uint128_t"), BASIC(UINT128));
}

KAA_TEST(unknown_names)
{
    CHECK_EQ(known("size"), NULL);
    CHECK_EQ(known("size_tt"), NULL);
    CHECK_EQ(known("int"), NULL);
    CHECK_EQ(known(""), NULL);
    CHECK_EQ(known("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), NULL);
    CHECK_EQ(kaa_ctype_well_known("size_t", 5), NULL);
    CHECK_EQ(kaa_ctype_well_known("size_tail", 6), BASIC(ULONG));
    CHECK_EQ(kaa_ctype_well_known(NULL, 3), NULL);
    CHECK_EQ(kaa_ctype_well_known("size_t", SIZE_MAX), NULL);
}
