/* layout.h - what the layouts are pinned with: the compiler refuses another
 * size, offset or number. */
#ifndef KAA_TESTS_ABI_LAYOUT_H
#define KAA_TESTS_ABI_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define SIZE(type, bytes)                                                      \
    _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define MEMBER(type, member, bytes)                                            \
    _Static_assert(offsetof(type, member) == (bytes), #type "." #member)
#define VALUE(name, number) _Static_assert((name) == (number), #name)

#endif
