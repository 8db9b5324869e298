/* tests/call/signatures_other.c - whether there is a second compiler's set. */
#include "call/signatures.h"

#if defined(KAA_HAS_OTHER_COMPILER)
extern const signature_set signature_set_other_compiled;
const signature_set *const signature_set_other = &signature_set_other_compiled;
#else
const signature_set *const signature_set_other = NULL;
#endif
