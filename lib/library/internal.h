/* library/internal.h - what the files of library/ share. */
#ifndef KAA_LIBRARY_INTERNAL_H
#define KAA_LIBRARY_INTERNAL_H

#include <kaa/library.h>

#include "base/assert.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

struct kaa_library {
    void *handle; /* dlopen's; never closed: code of it may still run */
    char *path;   /* as the loader names it; "" for the program */
};

#endif /* KAA_LIBRARY_INTERNAL_H */
