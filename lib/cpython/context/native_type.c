/* cpython/context/native_type.c - types from specs, as heap types of the host.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#include "cpython/context/native_type.h"
#include "module/module.h"

/* Far above any sensible instance; keeps sums from overflowing. */
#define DATA_BYTES_MAX ((size_t)1 << 24)
#define ALL_FLAGS                                                              \
    (KAA_TYPE_NO_SUBTYPES | KAA_TYPE_DICT | KAA_TYPE_NO_INSTANCES |            \
     KAA_TYPE_NO_WEAKREFS)

/* ---- looking records up */

static int
is_alive(const kaa_cpython__type_record *record)
{
    kaa_object *type = NULL;
    int result;

    if (record->weak == NULL)
        return 0;
    result =
        kaa_cpython__slot_weakref_get(record->ctx, as_kaa(record->weak), &type);
    if (result == 1)
        kaa_decref(record->ctx, type);
    return result != 0;
}

static kaa_cpython__type_record *
find_record(kaa_cpython__context *own, PyObject *type)
{
    kaa_cpython__type_record *record = own->types;

    while (record != NULL && !(record->type == type && is_alive(record)))
        record = record->next;
    return record;
}

/* ---- checks */

static int
check_spec(const kaa_type_spec *given, kaa_type_spec *out)
{
    const unsigned char *bytes = (const unsigned char *)(const void *)given;
    const size_t least = offsetof(kaa_type_spec, methods);

    if (given == NULL || given->size < least || given->name == NULL) {
        kaa_cpython__raise(PY(PyExc_SystemError),
                           "a type's spec lacks its size or its name");
        return -1;
    }
    for (size_t i = sizeof(*given); i < given->size; i++)
        if (bytes[i] != 0) {
            kaa_cpython__raise(PY(PyExc_SystemError),
                               "type '%s' needs a newer version of kaa",
                               given->name);
            return -1;
        }
    memset(out, 0, sizeof(*out));
    memcpy(out, given, given->size < sizeof(*out) ? given->size : sizeof(*out));
    if ((out->flags & ~(uint32_t)ALL_FLAGS) != 0 ||
        out->data_bytes > DATA_BYTES_MAX)
        return kaa_cpython__raise(
            PY(PyExc_SystemError),
            "type '%s' has unknown flags or too much data", out->name);
    return 0;
}

static int
check_base(const kaa_type_spec *spec, PyObject *type,
           const kaa_cpython__type_record *base)
{
    char name[128] = "?";
    PyObject *text;

    if (base != NULL) {
        if (base->spec.flags & KAA_TYPE_NO_SUBTYPES)
            return kaa_cpython__raise(
                PY(PyExc_TypeError), "type '%s' is not an acceptable base type",
                base->spec.name);
        if (spec->data_bytes != 0 && spec->data_bytes < base->data_bytes)
            return kaa_cpython__raise(
                PY(PyExc_TypeError),
                "type '%s': its data of %zu bytes do not hold the %zu of '%s'",
                spec->name, spec->data_bytes, base->data_bytes,
                base->spec.name);
        return 0;
    }
    if (PY(PyType_IsSubtype)(type, PY(PyExc_BaseException))) {
        if (spec->data_bytes == 0 && spec->members == NULL &&
            spec->traverse == NULL && spec->clear == NULL &&
            spec->destroy == NULL)
            return 0;
        return kaa_cpython__raise(
            PY(PyExc_TypeError),
            "type '%s': an exception type has no data of its own", spec->name);
    }
    text = PY(PyObject_GetAttrString)(type, "__name__");
    if (text != NULL && PY(PyUnicode_AsUTF8AndSize)(text, NULL) != NULL)
        snprintf(name, sizeof(name), "%s",
                 PY(PyUnicode_AsUTF8AndSize)(text, NULL));
    PY(PyErr_Clear)();
    xdecref(text);
    return kaa_cpython__raise(PY(PyExc_TypeError),
                              "type '%s' is not an acceptable base type", name);
}

/* ---- records */

/* "package.module.Name" where `given` is "module.Name" and the module is that
 * of a package, or is "Name" alone: pickle looks there. Where no module is
 * given, it is the one that this thread is filling. */
char *
kaa_cpython__full_name(const char *given, PyObject *module)
{
    const char *dot = strrchr(given, '.');
    const char *last = dot != NULL ? dot + 1 : given;
    size_t prefix = dot != NULL ? (size_t)(dot - given) : 0;
    PyObject *name = NULL;
    const char *utf8 = NULL;
    ssize_t length = 0;
    char *made;

    if (module == NULL)
        module = kaa_cpython__module_in_work();
    if (module != NULL && is_kind_of(module, PY(PyModule_Type))) {
        name = PY(PyModule_GetNameObject)(module);
        utf8 = name != NULL ? PY(PyUnicode_AsUTF8AndSize)(name, &length) : NULL;
        PY(PyErr_Clear)();
    }
    /* Whether the module's name is the spec's prefix, or ends with it. */
    if (utf8 != NULL && dot != NULL &&
        !((size_t)length > prefix + 1 &&
          utf8[(size_t)length - prefix - 1] == '.' &&
          strncmp(utf8 + ((size_t)length - prefix), given, prefix) == 0))
        utf8 = NULL;
    if (utf8 == NULL && dot == NULL) {
        utf8 = "builtins";
        length = 8;
    }
    if (utf8 == NULL) {
        made = kaa_base__copy_text(given, strlen(given));
    } else {
        made = kaa_base__alloc((size_t)length + strlen(last) + 2);
        if (made != NULL) {
            memcpy(made, utf8, (size_t)length);
            made[length] = '.';
            strcpy(made + length + 1, last);
        }
    }
    if (made == NULL)
        PY(PyErr_NoMemory)();
    xdecref(name);
    return made;
}

static int
fill_methods(kaa_cpython__type_record *record)
{
    const kaa_method *methods = record->spec.methods;
    size_t count = 0;
    int reduces = record->base != NULL || record->is_exception;

    while (methods != NULL && methods[count].name != NULL) {
        if (strcmp(methods[count].name, "__reduce_ex__") == 0)
            reduces = 1;
        count++;
    }
    record->methods =
        kaa_base__alloc_zeroed((count + 2) * sizeof(*record->methods));
    record->bound_methods =
        kaa_base__alloc_zeroed((count + 1) * sizeof(*record->bound_methods));
    if (record->methods == NULL || record->bound_methods == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const char *self = methods[i].flags & KAA_STATIC  ? NULL
                           : methods[i].flags & KAA_CLASS ? "$type"
                                                          : "$self";

        if (methods[i].flags & KAA_TYPED) {
            kaa_cpython__raise(PY(PyExc_TypeError),
                               "type '%s' has a typed function, which can only "
                               "stand in the table of a module: %.200s",
                               record->spec.name,
                               methods[i].declaration != NULL
                                   ? methods[i].declaration
                                   : "no declaration");
            return -1;
        }
        record->method_count = i + 1;
        if (kaa_cpython__fill_method(record->ctx, &methods[i], self,
                                     record->lock, &record->bound_methods[i],
                                     &record->methods[i]) != 0)
            return -1;
    }
    if (!reduces)
        kaa_cpython__fill_reduce(&record->methods[count]);
    return 0;
}

/* What follows from spec and base. */
static void
derive(kaa_cpython__type_record *record)
{
    const kaa_type_spec *spec = &record->spec;
    const kaa_cpython__type_record *base = record->base;

    record->data_bytes = spec->data_bytes;
    record->has_dict = (spec->flags & KAA_TYPE_DICT) != 0;
    record->has_weakrefs = (spec->flags & KAA_TYPE_NO_WEAKREFS) == 0;
    record->has_finalize = spec->finalize != NULL;
    record->has_inplace = spec->inplace != NULL;
    record->init = spec->init;
    record->is_lively =
        spec->traverse != NULL || spec->clear != NULL || spec->destroy != NULL;
    record->is_plain = !record->has_dict && !record->has_finalize &&
                       !record->is_lively && record->count == 0;
    record->permits_new = base != NULL &&
                          (base->spec.flags & KAA_TYPE_NO_INSTANCES) != 0 &&
                          (spec->flags & KAA_TYPE_NO_INSTANCES) == 0;
    if (base != NULL) {
        if (record->data_bytes < base->data_bytes)
            record->data_bytes = base->data_bytes;
        record->has_dict |= base->has_dict;
        record->has_weakrefs |= base->has_weakrefs;
        record->has_finalize |= base->has_finalize;
        record->has_inplace |= base->has_inplace;
        if (record->init == NULL)
            record->init = base->init;
        record->is_lively |= base->is_lively;
        record->is_plain &= base->is_plain;
    }
}

static void
free_record(kaa_cpython__type_record *record)
{
    for (int i = 0; i < record->slot_count; i++)
        kaa_cpython__thunk_free(record->slots[i].value);
    for (size_t i = 0; i < record->method_count; i++) {
        kaa_cpython__thunk_free(record->methods[i].function);
        if (record->methods[i].doc != record->spec.methods[i].doc)
            kaa_base__free((void *)(uintptr_t)record->methods[i].doc);
    }
    kaa_cpython__thunk_free(record->vectorcall);
    kaa_cpython__free_fields(record);
    kaa_base__free(record->methods);
    kaa_base__free(record->bound_methods);
    kaa_base__free(record->name);
    xdecref(record->lock);
    kaa_base__free(record);
}

static int
read_number(PyObject *type, const char *name, ssize_t *out)
{
    PyObject *object = PY(PyObject_GetAttrString)(type, name);

    if (object == NULL)
        return -1;
    *out = (ssize_t)PY(PyLong_AsLongLong)(object);
    PY(Py_DecRef)(object);
    return *out == -1 && PY(PyErr_Occurred)() != NULL ? -1 : 0;
}

/* An exception's layout is the host's; behind it there is room for what it
 * lacks, weak references. */
static int
lay_out_exception(kaa_cpython__type_record *record, PyObject *base)
{
    ssize_t bytes, weakrefs;

    if (read_number(base, "__basicsize__", &bytes) != 0 ||
        read_number(base, "__weakrefoffset__", &weakrefs) != 0)
        return -1;
    record->basic_bytes = (int)bytes;
    record->own_weak[0].name = NULL;
    if (weakrefs == 0 && record->has_weakrefs) {
        record->own_weak[0] =
            (host_member){"__weaklistoffset__", HOST_MEMBER_SSIZE, bytes,
                          HOST_MEMBER_READONLY, NULL};
        record->basic_bytes += (int)sizeof(void *);
    }
    return 0;
}

static void
add_tables(kaa_cpython__type_record *record)
{
    host_type_slot *next = &record->slots[record->slot_count];

    if (record->methods[0].name != NULL)
        *next++ = (host_type_slot){HOST_TP_METHODS, record->methods};
    if (record->members[0].name != NULL)
        *next++ = (host_type_slot){HOST_TP_MEMBERS, record->members};
    if (record->own_weak[0].name != NULL)
        *next++ = (host_type_slot){HOST_TP_MEMBERS, record->own_weak};
    if (record->getsets[0].name != NULL)
        *next++ = (host_type_slot){HOST_TP_GETSET, record->getsets};
    if (record->spec.doc != NULL)
        *next++ =
            (host_type_slot){HOST_TP_DOC, (void *)(uintptr_t)record->spec.doc};
    *next = (host_type_slot){0, NULL};
}

static kaa_cpython__type_record *
make_record(kaa_context *ctx, const kaa_type_spec *given,
            const kaa_type_spec *spec, kaa_cpython__type_record *base,
            int is_exception, PyObject *module)
{
    kaa_cpython__type_record *record = kaa_base__alloc_zeroed(sizeof(*record));
    PyObject *lock = kaa_cpython__lock_of(ctx, module);

    if (record == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    record->ctx = ctx;
    record->given = given;
    record->spec = *spec;
    record->base = base;
    record->is_exception = is_exception;
    record->lock = lock != NULL ? new_ref(lock) : NULL;
    derive(record); /* for the fields */
    record->name = kaa_cpython__full_name(spec->name, module);
    if (record->name == NULL || kaa_cpython__fill_fields(record) != 0 ||
        fill_methods(record) != 0) {
        free_record(record);
        return NULL;
    }
    derive(record); /* with the references that the fields have */
    if (kaa_cpython__fill_life(record) != 0 ||
        kaa_cpython__fill_slots(record) != 0) {
        free_record(record);
        return NULL;
    }
    record->next = own_of(ctx)->types;
    own_of(ctx)->types = record;
    return record;
}

/* The record of a type that is gone and was made of the same. */
static kaa_cpython__type_record *
find_unused(kaa_context *ctx, const kaa_type_spec *given,
            const kaa_type_spec *spec, const kaa_cpython__type_record *base,
            int is_exception, PyObject *module)
{
    PyObject *lock = kaa_cpython__lock_of(ctx, module);
    kaa_cpython__type_record *record = own_of(ctx)->types;
    char *name = NULL;

    for (; record != NULL; record = record->next) {
        if (record->given != given || record->base != base ||
            record->is_exception != is_exception || record->lock != lock ||
            memcmp(&record->spec, spec, sizeof(*spec)) != 0 || is_alive(record))
            continue;
        if (name == NULL)
            name = kaa_cpython__full_name(spec->name, module);
        if (name == NULL) {
            PY(PyErr_Clear)();
            return NULL;
        }
        if (strcmp(name, record->name) == 0)
            break;
    }
    kaa_base__free(name);
    return record;
}

/* ---- types */

static PyObject *
make_type(kaa_cpython__type_record *record, PyObject *module, PyObject *base)
{
    const kaa_type_spec *spec = &record->spec;
    host_type_spec made = {record->name, 0, 0, HOST_FLAGS_DEFAULT,
                           record->slots};
    PyObject *bases, *type, *weak;

    if (record->is_exception) {
        if (lay_out_exception(record, base) != 0)
            return NULL;
        made.basicsize = record->basic_bytes;
    } else
        made.basicsize = (int)(kaa_cpython__data_offset() +
                               (record->data_bytes + sizeof(void *) - 1) /
                                   sizeof(void *) * sizeof(void *));
    if (!(spec->flags & KAA_TYPE_NO_SUBTYPES))
        made.flags |= HOST_FLAGS_BASETYPE;
    if (!record->is_exception)
        made.flags |= HOST_FLAGS_GC;
    add_tables(record);
    bases = PY(PyTuple_New)(1);
    if (bases == NULL)
        return NULL;
    PY(PyTuple_SetItem)(bases, 0, new_ref(base));
    type = PY(PyType_FromModuleAndSpec)(module, &made, bases);
    PY(Py_DecRef)(bases);
    if (type == NULL)
        return NULL;
    weak = PY(PyWeakref_NewRef)(type, NULL);
    if (weak == NULL) {
        PY(Py_DecRef)(type);
        return NULL;
    }
    xdecref(record->weak);
    record->weak = weak;
    record->type = type;
    kaa_cpython__speed_up(record);
    return type;
}

static PyObject *
new_type(kaa_context *ctx, const kaa_type_spec *given, PyObject *module,
         PyObject *base_type)
{
    kaa_cpython__type_record *base = NULL, *record;
    kaa_type_spec spec;
    int is_exception;

    if (check_spec(given, &spec) != 0 ||
        kaa_module__check_type(ctx, &spec) != 0)
        return NULL;
    if (base_type == NULL)
        base_type = as_host(kaa_builtin(ctx, KAA_OBJECT_TYPE));
    if (!must_be(base_type, as_host(kaa_builtin(ctx, KAA_TYPE_TYPE)), "a type"))
        return NULL;
    if (base_type != as_host(kaa_builtin(ctx, KAA_OBJECT_TYPE))) {
        base = find_record(own_of(ctx), base_type);
        if (check_base(&spec, base_type, base) != 0) /* or an exception */
            return NULL;
    }
    is_exception = PY(PyType_IsSubtype)(base_type, PY(PyExc_BaseException));
    record = find_unused(ctx, given, &spec, base, is_exception, module);
    if (record == NULL)
        record = make_record(ctx, given, &spec, base, is_exception, module);
    return record != NULL ? make_type(record, module, base_type) : NULL;
}

kaa_object *
kaa_cpython__slot_type_new(kaa_context *ctx, const kaa_type_spec *spec,
                           kaa_object *module, kaa_object *base)
{
    kaa_cpython__section section;
    PyObject *type;

    begin_section(&section, own_of(ctx)->lock);
    type = new_type(ctx, spec, as_host(module), as_host(base));
    end_section(&section);
    return as_kaa(type);
}

/* Classes derived in Python have no module of that kind, and the host says so
 * with an exception. */
kaa_object *
kaa_cpython__slot_type_module(kaa_context *ctx, kaa_object *type)
{
    PyObject *at = as_host(type), *module = NULL;

    if (!must_be(at, as_host(kaa_builtin(ctx, KAA_TYPE_TYPE)), "a type"))
        return NULL;
    PY(Py_IncRef)(at);
    while (is_kind_of(at, as_host(kaa_builtin(ctx, KAA_TYPE_TYPE)))) {
        PyObject *base;

        if (PY(PyType_GetFlags)(at) & HOST_FLAGS_HEAPTYPE) {
            module = PY(PyType_GetModule)(at);
            if (module != NULL)
                break;
            PY(PyErr_Clear)();
        }
        base = PY(PyObject_GetAttrString)(at, "__base__");
        PY(Py_DecRef)(at);
        if (base == NULL)
            return NULL;
        at = base; /* None above object */
    }
    if (module != NULL)
        PY(Py_IncRef)(module);
    else
        kaa_cpython__raise(PY(PyExc_TypeError), "the type has no module");
    PY(Py_DecRef)(at);
    return as_kaa(module);
}

/* ---- instances */

kaa_object *
kaa_cpython__slot_instance_new(kaa_context *ctx, kaa_object *type)
{
    PyObject *wanted = as_host(type), *none, *instance;
    unsigned long flags;
    host_new *create;
    void *slot;

    if (wanted == NULL) { /* of a state that is not filled, or was cleared */
        kaa_cpython__raise(PY(PyExc_SystemError),
                           "an instance of no type was to be made");
        return NULL;
    }
    if (!must_be(wanted, as_host(kaa_builtin(ctx, KAA_TYPE_TYPE)), "a type"))
        return NULL;
    flags = PY(PyType_GetFlags)(wanted);
    if (!(flags & HOST_FLAGS_HEAPTYPE)) {
        kaa_cpython__raise(PY(PyExc_TypeError),
                           "instances are made of types of one's own");
        return NULL;
    }
    if (!(flags & HOST_FLAGS_EXCEPTION))
        return as_kaa(PY(PyType_GenericAlloc)(wanted, 0));
    slot = PY(PyType_GetSlot)(wanted, HOST_TP_NEW);
    memcpy(&create, &slot, sizeof(slot));
    none = PY(PyTuple_New)(0);
    if (none == NULL)
        return NULL;
    instance = create(wanted, none, NULL);
    PY(Py_DecRef)(none);
    return as_kaa(instance);
}

void *
kaa_cpython__slot_instance_data(kaa_context *ctx, kaa_object *instance)
{
    (void)ctx;
    return data_of(as_host(instance));
}
