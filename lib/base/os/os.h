/* base/os/os.h - what an operating system has, behind names of kaa's own. A
 * port to another system writes this folder anew. */
#ifndef KAA_BASE_OS_OS_H
#define KAA_BASE_OS_OS_H

#include <stddef.h>
#include <stdint.h>

/* Fills `out` with random bytes; 0 where the system has none to give now. */
int kaa_base__random(void *out, size_t bytes);

/* The size of the symbol that starts at an address of a loaded object, from
 * that object's own table; 0 if none starts there or it tells no size. */
size_t kaa_base__symbol_bytes(const void *start);

/* How far the loaded object that holds an address stands from where it was
 * linked to; 0 and *out_found 0 if no object holds it. */
uintptr_t kaa_base__load_bias(const void *address, int *out_found);

#endif
