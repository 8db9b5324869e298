/* kaa/version.h - the only place with kaa's version; CMake reads it. */
#ifndef KAA_VERSION_H
#define KAA_VERSION_H

#define KAA_VERSION_MAJOR 0
#define KAA_VERSION_MINOR 1
#define KAA_VERSION_PATCH 0

#endif /* KAA_VERSION_H */
