/* decl/value.h - constant expressions: part of decl/internal.h, which includes
 * it behind the parser. */
#ifndef KAA_DECL_VALUE_H
#define KAA_DECL_VALUE_H

/* expression.c */
/* A whole constant expression, without commas. */
int kaa_decl__read_expression(kaa_decl__parser *p, kaa_decl__value *value);
/* One of integer type; the failure says `what` was wanted. */
int kaa_decl__integer_expression(kaa_decl__parser *p, kaa_decl__value *value,
                                 const char *what);
/* Anything a cast applies to, itself included. */
int kaa_decl__unary(kaa_decl__parser *p, kaa_decl__value *value);

/* value.c - C's arithmetic */
int kaa_decl__convert(kaa_decl__parser *p, const kaa_decl__token *where,
                      const kaa_ctype *type, kaa_decl__value *value);
int kaa_decl__unary_operation(kaa_decl__parser *p, const kaa_decl__token *where,
                              uint32_t operation, kaa_decl__value *value);
/* *left = *left operation *right */
int kaa_decl__binary_operation(kaa_decl__parser *p,
                               const kaa_decl__token *where, uint32_t operation,
                               kaa_decl__value *left,
                               const kaa_decl__value *right);
int kaa_decl__is_true(const kaa_decl__value *value);
void kaa_decl__set_integer(kaa_decl__value *value, kaa_ctype_kind kind,
                           uint64_t bits);
/* The same in the type an enumerator has: int, or else a long one. */
void kaa_decl__set_enumerator(kaa_decl__value *value, uint64_t bits,
                              int is_negative);
/* Gives two arithmetic values their common type. */
int kaa_decl__balance(kaa_decl__parser *p, const kaa_decl__token *where,
                      kaa_decl__value *left, kaa_decl__value *right);
/* Whether values of the type are integers the evaluator has. */
int kaa_decl__is_integer(const kaa_ctype *type);
int kaa_decl__is_floating(const kaa_ctype *type);

/* literal.c - numbers, characters, strings */
int kaa_decl__number(kaa_decl__parser *p, kaa_decl__value *value);
int kaa_decl__character(kaa_decl__parser *p, kaa_decl__value *value);
/* Adjacent string literals, joined; a prefix other than u8 is refused. */
int kaa_decl__strings(kaa_decl__parser *p, const char **out_string,
                      size_t *out_length);

/* generic.c - at _Generic */
int kaa_decl__generic(kaa_decl__parser *p, kaa_decl__value *value);
/* The type that a value has when it is read: no qualifiers, arrays and
 * functions as pointers. */
int kaa_decl__value_type(kaa_decl__parser *p, const kaa_decl__token *where,
                         const kaa_decl__value *value,
                         const kaa_ctype **out_type);

#endif /* KAA_DECL_VALUE_H */
