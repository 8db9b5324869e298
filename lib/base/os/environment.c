/* base/os/environment.c - what the process was started with. */
#include <stdlib.h>
#include <unistd.h>

#include "base/os/os.h"

const char *
kaa_base__trusted_variable(const char *name)
{
#if defined(__linux__)
    return secure_getenv(name);
#else
    return issetugid() ? NULL : getenv(name);
#endif
}
