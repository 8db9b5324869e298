/* native/api.h - the table of native contexts. */
#ifndef KAA_NATIVE_API_H
#define KAA_NATIVE_API_H

#include <kaa/context.h>

extern const kaa_api kaa_native__api;

#endif /* KAA_NATIVE_API_H */
