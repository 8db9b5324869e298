/* args/args.h - the slots with formats, for the tables of every context.
 *
 * They know objects through the context alone, so one function serves all. What
 * each does stands in kaa/module.h and kaa/context.h, the units in README.md.
 */
#ifndef KAA_ARGS_ARGS_H
#define KAA_ARGS_ARGS_H

#include <kaa/module.h>

int kaa_args__parse_args_v(kaa_context *ctx, kaa_object *const *args,
                           size_t nargs, const char *format, va_list out);
int kaa_args__parse_keywords_v(kaa_context *ctx, kaa_object *const *args,
                               size_t nargs, kaa_object *kwnames,
                               const char *format, const char *const *names,
                               va_list out);
kaa_object *kaa_args__build_v(kaa_context *ctx, const char *format,
                              va_list values);
kaa_object *kaa_args__str_format_v(kaa_context *ctx, const char *format,
                                   va_list values);
int kaa_args__raise_format_v(kaa_context *ctx, kaa_object *type,
                             const char *format, va_list values);

/* The name of an object's type, for messages ("None" for None), cut to fit. 0,
 * or -1: MemoryError. */
int kaa_args__type_name(kaa_context *ctx, kaa_object *object, char *buffer,
                        size_t size);
/* Raises TypeError: nobody has a keyword called `keyword`, a str; one of the
 * `count` names, if it is near, is suggested. `function` may be NULL. -1. */
int kaa_args__unknown_keyword(kaa_context *ctx, const char *function,
                              kaa_object *keyword, const char *const *names,
                              size_t count);

#endif /* KAA_ARGS_ARGS_H */
