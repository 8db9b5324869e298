/* Types and macros that every C file may ask for. Parts are asked for alone by
 * defining __need_NAME before the #include, as the C library's headers do. */
#if !defined(__need_size_t) && !defined(__need_wchar_t) &&                     \
    !defined(__need_ptrdiff_t) && !defined(__need_NULL) &&                     \
    !defined(__need_wint_t)
#define __kaa_need_all
#endif
#if defined(__kaa_need_all) || defined(__need_size_t)
#ifndef __kaa_size_t
#define __kaa_size_t
typedef __SIZE_TYPE__ size_t;
#endif
#undef __need_size_t
#endif
#if defined(__kaa_need_all) || defined(__need_ptrdiff_t)
#ifndef __kaa_ptrdiff_t
#define __kaa_ptrdiff_t
typedef __PTRDIFF_TYPE__ ptrdiff_t;
#endif
#undef __need_ptrdiff_t
#endif
#if defined(__kaa_need_all) || defined(__need_wchar_t)
#if !defined(__kaa_wchar_t) && !defined(__cplusplus)
#define __kaa_wchar_t
typedef __WCHAR_TYPE__ wchar_t;
#endif
#undef __need_wchar_t
#endif
#ifdef __need_wint_t
#ifndef __kaa_wint_t
#define __kaa_wint_t
typedef __WINT_TYPE__ wint_t;
#endif
#undef __need_wint_t
#endif
#if defined(__kaa_need_all) || defined(__need_NULL)
#undef NULL
#define NULL ((void *)0)
#undef __need_NULL
#endif
#ifdef __kaa_need_all
#undef __kaa_need_all
#ifndef __kaa_max_align_t
#define __kaa_max_align_t
typedef struct {
    long long __max_align_ll
        __attribute__((__aligned__(__alignof__(long long))));
    long double __max_align_ld
        __attribute__((__aligned__(__alignof__(long double))));
} max_align_t;
#endif
#undef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#if defined(__STDC_VERSION__) && __STDC_VERSION__ > 201710L
#ifndef __kaa_nullptr_t
#define __kaa_nullptr_t
typedef __typeof__(nullptr) nullptr_t;
#endif
#define unreachable() __builtin_unreachable()
#endif
#endif
