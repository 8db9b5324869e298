/* Lists of arguments. */
#ifndef __GNUC_VA_LIST
#ifdef __clang__
#define __GNUC_VA_LIST 1
#else
#define __GNUC_VA_LIST
#endif
typedef __builtin_va_list __gnuc_va_list;
#endif
#ifdef __need___va_list
#undef __need___va_list
#else
#ifndef __kaa_va_list
#define __kaa_va_list
#define _VA_LIST_DEFINED
typedef __gnuc_va_list va_list;
#define va_start(list, last) __builtin_va_start(list, last)
#define va_end(list) __builtin_va_end(list)
#define va_arg(list, type) __builtin_va_arg(list, type)
#define va_copy(to, from) __builtin_va_copy(to, from)
#define __va_copy(to, from) __builtin_va_copy(to, from)
#endif
#endif
