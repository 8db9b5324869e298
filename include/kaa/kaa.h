/* kaa/kaa.h - all of kaa's public headers, but for kaa/cpython.h, which the
 * Python package alone needs. */
#ifndef KAA_KAA_H
#define KAA_KAA_H

#include <kaa/base.h>

#include <kaa/call.h>
#include <kaa/checked.h>
#include <kaa/closure.h>
#include <kaa/context.h>
#include <kaa/convert.h>
#include <kaa/ctype.h>
#include <kaa/decl.h>
#include <kaa/gc.h>
#include <kaa/gil.h>
#include <kaa/heap.h>
#include <kaa/insight.h>
#include <kaa/library.h>
#include <kaa/module.h>
#include <kaa/object.h>
#include <kaa/preprocess.h>
#include <kaa/runtime.h>
#include <kaa/slots.h>
#include <kaa/walk.h>

#endif /* KAA_KAA_H */
