/* ctype/basic.c - the basic types, and the names C and POSIX give them.
 *
 * Sizes, alignments and what stands behind a name are the building compiler's:
 * nothing about this machine is written down here.
 */
#include "ctype/internal.h"

#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <wchar.h>

#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 wide_integer;
#else
#error "kaa needs a compiler with __int128"
#endif

/* Where there is no __float128, long double is that wide (AArch64). */
#ifdef __SIZEOF_FLOAT128__
__extension__ typedef __float128 wide_floating;
#else
typedef long double wide_floating;
#endif

#define SELF(id) &kaa_ctype__basics[KAA_CTYPE_##id]

const kaa_ctype kaa_ctype__basics[KAA_CTYPE_VALIST + 1] = {
    [KAA_CTYPE_VOID] = {.kind = KAA_CTYPE_VOID,
                        .align = 1,
                        .stripped = SELF(VOID),
                        .name = "void"},
#define BASIC(id, text, type, signed_)                                         \
    [KAA_CTYPE_##id] = {.kind = KAA_CTYPE_##id,                                \
                        .is_complete = 1,                                      \
                        .is_signed = (signed_) ? 1 : 0,                        \
                        .align = _Alignof(type),                               \
                        .size = sizeof(type),                                  \
                        .stripped = SELF(id),                                  \
                        .name = (text)},
#include "ctype/basic.def"
#undef BASIC
};

const kaa_ctype *
kaa_ctype_basic(kaa_ctype_kind kind)
{
    /* Compared as unsigned: a caller may hand in any number. */
    return (unsigned)kind <= KAA_CTYPE_VALIST ? &kaa_ctype__basics[kind] : NULL;
}

/* T, const T *, T *, by the kind of T: only the last two are handed out. */
static const kaa_ctype constants[KAA_CTYPE_VALIST + 1] = {
#define CONSTANT(id)                                                           \
    [KAA_CTYPE_##id] = {.kind = KAA_CTYPE_QUALIFIED,                           \
                        .qualifiers = KAA_CTYPE_CONST,                         \
                        .own_qualifiers = KAA_CTYPE_CONST,                     \
                        .target = SELF(id),                                    \
                        .stripped = SELF(id),                                  \
                        .depth = 1}
    CONSTANT(VOID),
#define BASIC(id, text, type, signed_) CONSTANT(id),
#include "ctype/basic.def"
#undef BASIC
};

#define POINTER(to, id, depth_)                                                \
    [KAA_CTYPE_##id] = {.kind = KAA_CTYPE_POINTER,                             \
                        .is_complete = 1,                                      \
                        .align = _Alignof(void *),                             \
                        .size = sizeof(void *),                                \
                        .target = &(to)[KAA_CTYPE_##id],                       \
                        .stripped = &pointers_to_##to[KAA_CTYPE_##id],         \
                        .depth = (depth_)}

static const kaa_ctype pointers_to_constants[KAA_CTYPE_VALIST + 1] = {
    POINTER(constants, VOID, 2),
#define BASIC(id, text, type, signed_) POINTER(constants, id, 2),
#include "ctype/basic.def"
#undef BASIC
};

#define pointers_to_kaa_ctype__basics pointers
static const kaa_ctype pointers[KAA_CTYPE_VALIST + 1] = {
    POINTER(kaa_ctype__basics, VOID, 1),
#define BASIC(id, text, type, signed_) POINTER(kaa_ctype__basics, id, 1),
#include "ctype/basic.def"
#undef BASIC
};

const kaa_ctype *
kaa_ctype_basic_pointer(kaa_ctype_kind kind, int is_const)
{
    if ((unsigned)kind > KAA_CTYPE_VALIST)
        return NULL;
    return is_const ? &pointers_to_constants[kind] : &pointers[kind];
}

/* The kind of the integer type behind a typedef: the compiler looks. */
#define KIND_OF(type)                                                          \
    _Generic((type)0, _Bool                                                    \
             : KAA_CTYPE_BOOL, char                                            \
             : KAA_CTYPE_CHAR, signed char                                     \
             : KAA_CTYPE_SCHAR, unsigned char                                  \
             : KAA_CTYPE_UCHAR, short                                          \
             : KAA_CTYPE_SHORT, unsigned short                                 \
             : KAA_CTYPE_USHORT, int                                           \
             : KAA_CTYPE_INT, unsigned int                                     \
             : KAA_CTYPE_UINT, long                                            \
             : KAA_CTYPE_LONG, unsigned long                                   \
             : KAA_CTYPE_ULONG, long long                                      \
             : KAA_CTYPE_LLONG, unsigned long long                             \
             : KAA_CTYPE_ULLONG)

typedef struct known {
    const char *name;
    uint8_t length;
    uint8_t kind;
} known;

#define NAME(text, kind_)                                                      \
    {                                                                          \
        .name = (text), .length = sizeof(text) - 1, .kind = (kind_)            \
    }
#define SAME(type) NAME(#type, KIND_OF(type))

/* By length, then by bytes. tests/ctype/basic.c checks the order. */
static const known knowns[] = {
    NAME("bool", KAA_CTYPE_BOOL),
    SAME(id_t),
#ifdef __GLIBC__
    SAME(uint),
#endif
    SAME(dev_t),
    SAME(gid_t),
    SAME(ino_t),
    SAME(key_t),
    SAME(off_t),
    SAME(pid_t),
    SAME(u_int),
    SAME(uid_t),
#ifdef __GLIBC__
    SAME(ulong),
    SAME(__id_t),
#endif
    NAME("__int8", KAA_CTYPE_CHAR),
    SAME(int8_t),
#ifdef __GLIBC__
    SAME(loff_t),
#endif
    SAME(mode_t),
    SAME(nfds_t),
#ifdef __GLIBC__
    SAME(quad_t),
#endif
    SAME(rlim_t),
    SAME(size_t),
    SAME(time_t),
    SAME(u_char),
    SAME(u_long),
#ifdef __GLIBC__
    SAME(ushort),
#endif
    SAME(wint_t),
#ifdef __GLIBC__
    SAME(__dev_t),
    SAME(__gid_t),
    SAME(__ino_t),
#endif
    NAME("__int16", KAA_CTYPE_SHORT),
    NAME("__int32", KAA_CTYPE_INT),
    NAME("__int64", KAA_CTYPE_LLONG),
#ifdef __GLIBC__
    SAME(__key_t),
    SAME(__off_t),
    SAME(__pid_t),
    SAME(__u_int),
    SAME(__uid_t),
#endif
    NAME("char8_t", KAA_CTYPE_UCHAR),
    SAME(clock_t),
#ifdef __GLIBC__
    SAME(daddr_t),
    SAME(ino64_t),
#endif
    SAME(int16_t),
    SAME(int32_t),
    SAME(int64_t),
    SAME(nlink_t),
#ifdef __GLIBC__
    SAME(off64_t),
#endif
    SAME(ssize_t),
    SAME(u_short),
    SAME(uint8_t),
    NAME("va_list", KAA_CTYPE_VALIST),
    NAME("wchar_t", KAA_CTYPE_WCHAR),
#ifdef __GLIBC__
    SAME(__int8_t),
    SAME(__loff_t),
    SAME(__mode_t),
    SAME(__quad_t),
    SAME(__rlim_t),
    SAME(__time_t),
    SAME(__u_char),
    SAME(__u_long),
#endif
    SAME(blkcnt_t),
    NAME("char16_t", KAA_CTYPE_CHAR16),
    NAME("char32_t", KAA_CTYPE_CHAR32),
    SAME(intmax_t),
    SAME(intptr_t),
#ifdef __GLIBC__
    SAME(rlim64_t),
#endif
    SAME(u_int8_t),
#ifdef __GLIBC__
    SAME(u_quad_t),
#endif
    SAME(uint16_t),
    SAME(uint32_t),
    SAME(uint64_t),
#ifdef __GLIBC__
    SAME(__clock_t),
    SAME(__daddr_t),
    SAME(__ino64_t),
    SAME(__int16_t),
    SAME(__int32_t),
    SAME(__int64_t),
    SAME(__nlink_t),
    SAME(__off64_t),
    SAME(__ssize_t),
    SAME(__u_short),
    SAME(__uint8_t),
#endif
    SAME(blksize_t),
    SAME(clockid_t),
    SAME(in_addr_t),
    SAME(in_port_t),
#ifdef __GLIBC__
    SAME(pthread_t),
#endif
    SAME(ptrdiff_t),
    SAME(socklen_t),
    SAME(u_int16_t),
    SAME(u_int32_t),
    SAME(u_int64_t),
    SAME(uintmax_t),
    SAME(uintptr_t),
#ifdef __GLIBC__
    SAME(__blkcnt_t),
#endif
    NAME("__int128_t", KAA_CTYPE_INT128),
#ifdef __GLIBC__
    SAME(__intmax_t),
    SAME(__intptr_t),
    SAME(__rlim64_t),
    SAME(__u_quad_t),
    SAME(__uint16_t),
    SAME(__uint32_t),
    SAME(__uint64_t),
    SAME(blkcnt64_t),
#endif
    SAME(fsblkcnt_t),
    SAME(fsfilcnt_t),
    SAME(register_t),
    SAME(useconds_t),
#ifdef __GLIBC__
    SAME(__blksize_t),
    SAME(__clockid_t),
    SAME(__socklen_t),
#endif
    NAME("__uint128_t", KAA_CTYPE_UINT128),
#ifdef __GLIBC__
    SAME(__uintmax_t),
#endif
    SAME(int_fast8_t),
    SAME(sa_family_t),
    SAME(suseconds_t),
#ifdef __GLIBC__
    SAME(__blkcnt64_t),
    SAME(__fsblkcnt_t),
    SAME(__fsfilcnt_t),
    SAME(__useconds_t),
    SAME(fsblkcnt64_t),
    SAME(fsfilcnt64_t),
#endif
    SAME(int_fast16_t),
    SAME(int_fast32_t),
    SAME(int_fast64_t),
    SAME(int_least8_t),
    SAME(sig_atomic_t),
    SAME(uint_fast8_t),
#ifdef __GLIBC__
    SAME(__suseconds_t),
#endif
    SAME(int_least16_t),
    SAME(int_least32_t),
    SAME(int_least64_t),
    SAME(pthread_key_t),
    SAME(uint_fast16_t),
    SAME(uint_fast32_t),
    SAME(uint_fast64_t),
    SAME(uint_least8_t),
#ifdef __GLIBC__
    SAME(__fsblkcnt64_t),
    SAME(__fsfilcnt64_t),
#endif
    NAME("__gnuc_va_list", KAA_CTYPE_VALIST),
#ifdef __GLIBC__
    SAME(__sig_atomic_t),
#endif
    SAME(uint_least16_t),
    SAME(uint_least32_t),
    SAME(uint_least64_t),
    NAME("__builtin_va_list", KAA_CTYPE_VALIST),
#ifdef __GLIBC__
    SAME(__syscall_slong_t),
    SAME(__syscall_ulong_t),
#endif
};

const kaa_ctype *
kaa_ctype_well_known(const char *name, size_t length)
{
    size_t low = 0, high = sizeof(knowns) / sizeof(knowns[0]);

    if (name == NULL)
        return NULL;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const known *at = &knowns[middle];
        int order = length < at->length   ? -1
                    : length > at->length ? 1
                                          : memcmp(name, at->name, length);

        if (order == 0)
            return &kaa_ctype__basics[at->kind];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
