/* cpython/call/value.h - a C value in memory, written from an object and made
 * an object, by the rules that arguments and results have.
 *
 * For whatever is no argument: members of records, elements of arrays,
 * variables, results of callbacks. One conversion is made for each member and
 * kept: it learns classes, so it belongs to one interpreter.
 *
 *     kaa_cpython__conversion x;
 *     kaa_cpython__conversion_init(&x, member->type);      never fails
 *     x.scope = KAA_DECL_SCOPE_LIBRARY;                    callables
 *     x.flags |= CONVERT_NULLABLE;                         as it is declared
 *     kaa_cpython__visit_conversion(&x, visit, user);      in tp_traverse
 *     kaa_cpython__conversion_fini(&x);                    with the GIL
 *
 * Writing needs a state. It says what errors begin with, and who has the types
 * (`library._types`) and keeps callbacks (`library._closures`):
 *
 *     kaa_cpython__state state = {.host = host, .library = library,
 *                                 .where = "record point, member x"};
 *     if (kaa_cpython__store_value(&state, &x, value, address) != 0)
 *         return -1;      "record point, member x: 300 is out of range for ..."
 *     old = owner->kept, owner->kept = state.holds;
 *
 * After success state.holds has what the bytes at `address` may point at: text,
 * buffers, instances, callbacks. Whoever owns the memory keeps the chain as
 * long as the value stands there, shows it to the collector with
 * kaa_cpython__visit_holds(), and ends it with
 *
 *     kaa_cpython__state end = {.host = host, .holds = owner->kept};
 *     kaa_cpython__release_holds(&end);                    may run user code
 *
 * A held buffer stays exported (its bytearray cannot be resized). After a
 * failure nothing is held and nothing was written. Numbers and records hold
 * nothing.
 *
 * Converting may run user code (__index__, __float__, __buffer__, a slow path
 * in Python). `address` is written when all of it has run; where that code
 * could move or free the memory, convert into storage of one's own, then look
 * for the address and copy kaa_ctype_size(x.core) bytes.
 *
 * Reading is kaa_cpython__from_c() (convert.h): a new reference, as a result of
 * that type is. A record is a copy, a pointer an instance without an owner.
 *
 * What `x.core` may be: all that a function can take or give. Of others (an
 * array, a bit-field, an incomplete record) kaa_cpython__has_value() says no.
 */
#ifndef KAA_CPYTHON_VALUE_H
#define KAA_CPYTHON_VALUE_H

#include "cpython/call/convert.h"

/* Whether values of the conversion's type can be stored and made. */
int kaa_cpython__has_value(const kaa_cpython__conversion *self);

/* Converts `value` and writes it at `address`, as wide as the type. 0, or -1
 * with an exception. */
int kaa_cpython__store_value(kaa_cpython__state *state,
                             kaa_cpython__conversion *self, PyObject *value,
                             void *address);

#endif /* KAA_CPYTHON_VALUE_H */
