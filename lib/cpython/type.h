/* cpython/type.h - the structures of PyType_FromSpec, as the stable ABI has
 * them (PEP 384), and the slot numbers that kaa uses. */
#ifndef KAA_CPYTHON_TYPE_H
#define KAA_CPYTHON_TYPE_H

#include "cpython/host.h"

typedef struct host_type_slot {
    int slot;
    void *value;
} host_type_slot;

typedef struct host_type_spec {
    const char *name;
    int basicsize;
    int itemsize;
    unsigned int flags;
    host_type_slot *slots;
} host_type_spec;

typedef struct host_member {
    const char *name;
    int type;
    ssize_t offset;
    int flags;
    const char *doc;
} host_member;

enum {
    HOST_TP_CALL = 50,
    HOST_TP_CLEAR = 51,
    HOST_TP_DEALLOC = 52,
    HOST_TP_DESCR_GET = 54,
    HOST_TP_NEW = 65,
    HOST_TP_TRAVERSE = 71,
    HOST_TP_MEMBERS = 72,
};

enum {
    HOST_MEMBER_OBJECT = 6,
    HOST_MEMBER_ULONGLONG = 18,
    HOST_MEMBER_SSIZE = 19,
    HOST_MEMBER_READONLY = 1,
};

#define HOST_FLAGS_VECTORCALL (1u << 11)
#define HOST_FLAGS_GC (1u << 14)
#define HOST_FLAGS_DEFAULT (1u << 18)

#endif /* KAA_CPYTHON_TYPE_H */
