/* cpython/host/host.c - the interpreter's functions, the layouts of its
 * objects, raising its exceptions. */
#include "cpython/host/host.h"
#include "cpython/host/type.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

kaa_cpython__functions kaa_cpython__py;
kaa_cpython__layouts kaa_cpython__layout;

static pthread_mutex_t attach_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- functions ---- */

typedef struct symbol {
    const char *name;
    size_t place; /* in kaa_cpython__functions */
    enum { NEEDED, CONTEXT, WANTED, DATA, POINTER } how;
} symbol;

static const symbol symbols[] = {
#define PLACE(name) offsetof(kaa_cpython__functions, name)
#define HOST_NEEDED(result, name, parameters) {#name, PLACE(name), NEEDED},
#define HOST_CONTEXT(result, name, parameters) {#name, PLACE(name), CONTEXT},
#define HOST_WANTED(result, name, parameters) {#name, PLACE(name), WANTED},
#define HOST_DATA(name) {#name, PLACE(name), DATA},
#define HOST_POINTER(name) {#name, PLACE(name), POINTER},
#include "cpython/host/host.def"
#undef HOST_NEEDED
#undef HOST_CONTEXT
#undef HOST_WANTED
#undef HOST_DATA
#undef HOST_POINTER
#undef PLACE
};

static void *
find(void *handle, const char *name)
{
    return dlsym(handle != NULL ? handle : RTLD_DEFAULT, name);
}

/* Looks everything up; writes nothing but *functions. */
static kaa_status
find_functions(void *handle, kaa_cpython__functions *functions, kaa_error *err)
{
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *address;

        if (symbols[i].how == CONTEXT) /* kaa_cpython__find_more() */
            continue;
        address = find(handle, symbols[i].name);
        if (address == NULL && symbols[i].how != WANTED)
            return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                                  "this interpreter has no %s",
                                  symbols[i].name);
        if (symbols[i].how == POINTER)
            memcpy(&address, address, sizeof(address));
        memcpy((char *)functions + symbols[i].place, &address, sizeof(address));
    }
    if (functions->PyThreadState_GetUnchecked == NULL &&
        functions->_PyThreadState_UncheckedGet == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "this interpreter has no "
                              "PyThreadState_GetUnchecked");
    return KAA_OK;
}

kaa_status
kaa_cpython__find_more(const kaa_cpython *host, kaa_error *err)
{
    kaa_status status = KAA_OK;

    pthread_mutex_lock(&attach_lock);
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *address;

        if (symbols[i].how != CONTEXT)
            continue;
        address = find(host->handle, symbols[i].name);
        if (address == NULL) {
            status =
                kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                               "this interpreter has no %s", symbols[i].name);
            break;
        }
        memcpy((char *)&kaa_cpython__py + symbols[i].place, &address,
               sizeof(address));
    }
    pthread_mutex_unlock(&attach_lock);
    return status;
}

/* ---- layouts ---- */

static int
word_is(const void *object, size_t offset, const void *expected)
{
    void *word;

    memcpy(&word, (const char *)object + offset, sizeof(word));
    return word == expected;
}

/* Whether the types of a float, an int and a bytes stand at `offset`. */
static int
probe_type(size_t offset, PyObject *real, PyObject *integer, PyObject *bytes)
{
    return word_is(real, offset, PY(PyFloat_Type)) &&
           word_is(integer, offset, PY(PyLong_Type)) &&
           word_is(bytes, offset, PY(PyBytes_Type));
}

static int
probe_float(size_t offset, double value)
{
    PyObject *object = PY(PyFloat_FromDouble)(value);
    double found;

    if (object == NULL)
        return 0;
    memcpy(&found, (char *)object + offset, sizeof(found));
    PY(Py_DecRef)(object);
    return found == value;
}

/* Whether references to a fresh object are counted in its first word. */
static int
probe_count(void)
{
    PyObject *object = PY(PyFloat_FromDouble)(0.125);
    uint64_t counts[3];

    if (object == NULL)
        return 0;
    memcpy(&counts[0], object, sizeof(counts[0]));
    PY(Py_IncRef)(object);
    memcpy(&counts[1], object, sizeof(counts[1]));
    PY(Py_DecRef)(object);
    memcpy(&counts[2], object, sizeof(counts[2]));
    PY(Py_DecRef)(object);
    return counts[0] == 1 && counts[1] == 2 && counts[2] == 1;
}

/* The int as the layout has it; 0 in *out_known where it is a large one. */
static int64_t
read_long(const char *object, size_t header, int layout, int *out_known)
{
    int64_t word;
    uint32_t digit;

    memcpy(&word, object + header, sizeof(word));
    memcpy(&digit, object + header + 8, sizeof(digit));
    if (layout == LONG_SIZE_FIELD) {
        *out_known = word >= -1 && word <= 1;
        return word == 0 ? 0 : word * (int64_t)digit;
    }
    *out_known = (uint64_t)word < 16;
    return (1 - (word & 3)) * (int64_t)digit;
}

static int
probe_long(size_t header, int layout)
{
    static const int64_t values[] = {
        0,         1,          -1,       5,          256,         -5,
        12345,     -6,         257,      1073741823, -1073741823, 1 << 29,
        1 << 30,   -(1 << 30), 7,        -7,         1LL << 31,   -(1LL << 31),
        1LL << 60, INT64_MAX,  INT64_MIN};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        PyObject *object = PY(PyLong_FromLongLong)(values[i]);
        int known, is_small = values[i] > -(1 << 30) && values[i] < (1 << 30);
        int64_t found;

        if (object == NULL)
            return 0;
        found = read_long((const char *)object, header, layout, &known);
        PY(Py_DecRef)(object);
        if (known != is_small || (known && found != values[i]))
            return 0;
    }
    return 1;
}

/* Whether the bits tell ASCII texts from others, and where their bytes are. The
 * interpreter itself gives ASCII texts as UTF-8 where they stand. Each object
 * here is longer than what is read of it. */
static int
probe_text(const kaa_cpython__layouts *found)
{
    static const struct {
        const char *text;
        int is_ascii;
    } samples[] = {{"a text of ASCII letters", 1},
                   {"another, that is no identifier: %d\n", 1},
                   {"x", 1},
                   {"identifier", 1},
                   {"\x01\x7f control characters", 1},
                   {"\xc3\xa9t\xc3\xa9, of Latin-1", 0},
                   {"\xe2\x82\xac, of two bytes each", 0},
                   {"\xf0\x9f\x90\x8d, of four bytes each", 0}};

    for (size_t i = 0; i < 2 * sizeof(samples) / sizeof(samples[0]); i++) {
        const char *sample = samples[i / 2].text, *text = NULL;
        ssize_t length = 0;
        PyObject *object = i % 2 != 0
                               ? PY(PyUnicode_InternFromString)(sample)
                               : PY(PyUnicode_DecodeUTF8)(
                                     sample, (ssize_t)strlen(sample), "strict");
        int is_right = 0;
        uint32_t bits;

        if (object != NULL)
            text = PY(PyUnicode_AsUTF8AndSize)(object, &length);
        if (text != NULL) {
            memcpy(&bits, (const char *)object + TEXT_STATE, sizeof(bits));
            is_right = (bits & found->text_mask) == found->text_bits;
            if (!samples[i / 2].is_ascii)
                is_right = !is_right;
            else if (is_right)
                is_right = text == (const char *)object + found->text_offset &&
                           word_is(object, TEXT_LENGTH,
                                   (void *)(uintptr_t)(size_t)length);
        }
        if (object != NULL)
            PY(Py_DecRef)(object);
        if (!is_right)
            return 0;
    }
    return 1;
}

/* The places that versions so far have for the state of a text: `kind`, three
 * bits, is 1 for one byte a character; `compact` and `ascii` follow. */
static void
find_text(kaa_cpython__layouts *found)
{
    static const struct {
        uint32_t shift;
        size_t offset;
    } known[] = {{2, 48}, {2, 40}, {16, 40}, {8, 40}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        found->text_mask = 0x1fu << known[i].shift;
        found->text_bits = 0x19u << known[i].shift;
        found->text_offset = known[i].offset;
        if (probe_text(found))
            return;
    }
    found->text_mask = 0;
    found->text_bits = 1;
    found->text_offset = 0;
}

static void
probe_ctypes(const kaa_cpython_options *options, kaa_cpython__layouts *found)
{
    void *address = (void *)(uintptr_t)options->sample_address;
    uintptr_t sample_size = (uintptr_t)options->sample_size;

    if (address == NULL || options->sample == NULL ||
        options->sample_byref == NULL)
        return;
    /* The instance's memory, whether it is its own, whose else, its size. */
    if (word_is(options->sample, found->header, address) &&
        word_is(options->sample, found->header + 16, NULL) &&
        word_is(options->sample, found->header + 24, (void *)sample_size)) {
        found->cdata_offset = found->header;
        found->cdata_size = found->header + 24;
    }
    if (!word_is(options->sample_byref, found->header + 16, address))
        return;
    /* Behind the pointer stands a union of at least 8 bytes, then the
     * instance: 16 in all where long double is the largest member. */
    for (size_t at = found->header + 24; at <= found->header + 48; at += 8) {
        if (word_is(options->sample_byref, at, options->sample)) {
            found->byref_offset = found->header + 16;
            found->byref_object = at;
            return;
        }
    }
}

/* What does not change once it is made: in a build without a GIL this alone may
 * be read while other threads run. */
static void
probe_values(kaa_cpython__layouts *found, PyObject *bytes)
{
    size_t header = found->header;
    size_t data = (size_t)(PY(PyBytes_AsString)(bytes) - (char *)bytes);

    found->type_offset = header - 8;
    if (probe_float(header, 1.5) && probe_float(header, -2.25e300))
        found->float_offset = header;
    if (probe_long(header, LONG_TAG_FIELD))
        found->long_layout = LONG_TAG_FIELD;
    else if (probe_long(header, LONG_SIZE_FIELD))
        found->long_layout = LONG_SIZE_FIELD;
    if (data == header + 16 && word_is(bytes, header, (void *)5))
        found->bytes_offset = data;
}

/* Each object below has at least as many bytes as the probes read: a header,
 * and 16 more for an int (12 of them its own, in blocks of 16). */
static void
probe_layouts(const kaa_cpython_options *options, kaa_cpython__layouts *found)
{
    PyObject *real = PY(PyFloat_FromDouble)(1.5);
    PyObject *integer = PY(PyLong_FromLongLong)(123456);
    PyObject *bytes = PY(PyBytes_FromStringAndSize)("bytes", 5);

    if (real != NULL && integer != NULL && bytes != NULL) {
        size_t header = found->header,
               expected = options->free_threaded ? 32 : 16;

        if (header == expected &&
            probe_type(header - 8, real, integer, bytes)) {
            probe_values(found, bytes);
            if (!options->free_threaded) {
                found->count_is_first = probe_count();
                find_text(found);
                probe_ctypes(options, found);
            }
        }
    }
    if (real != NULL)
        PY(Py_DecRef)(real);
    if (integer != NULL)
        PY(Py_DecRef)(integer);
    if (bytes != NULL)
        PY(Py_DecRef)(bytes);
    PY(PyErr_Clear)();
}

/* ---- types ---- */

PyObject *
kaa_cpython__refuse_alloc(PyObject *type, ssize_t count)
{
    (void)type;
    (void)count;
    kaa_cpython__raise(PY(PyExc_TypeError),
                       "such objects are made by kaa alone");
    return NULL;
}

/* ---- the state ---- */

static kaa_status
fill_process(const kaa_cpython_options *options, kaa_error *err)
{
    kaa_cpython__functions found;
    kaa_status status = find_functions(options->handle, &found, err);

    if (status != KAA_OK)
        return status;
    if (PY(Py_IncRef) != NULL) {
        if (PY(Py_IncRef) != found.Py_IncRef)
            return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                                  "this process runs two interpreters' code; "
                                  "kaa serves the first");
        return KAA_OK;
    }
    if (options->free_threaded && found.PyMutex_Lock == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "a free-threaded interpreter without PyMutex");
    kaa_cpython__py = found;
    kaa_cpython__layout.header = (size_t)options->header_size;
    kaa_cpython__layout.text_bits = 1;
    if (!(options->flags & KAA_CPYTHON_NO_LAYOUT))
        probe_layouts(options, &kaa_cpython__layout);
    return KAA_OK;
}

kaa_status
kaa_cpython__prepare_process(const kaa_cpython_options *options, kaa_error *err)
{
    kaa_status status;

    pthread_mutex_lock(&attach_lock);
    status = fill_process(options, err);
    pthread_mutex_unlock(&attach_lock);
    return status;
}

uint32_t
kaa_cpython_layouts(const kaa_cpython *host)
{
    const kaa_cpython__layouts *found = &kaa_cpython__layout;

    (void)host;
    return (found->type_offset != 0 ? 1u : 0u) |
           (found->float_offset != 0 ? 2u : 0u) |
           (found->long_layout != LONG_UNKNOWN ? 4u : 0u) |
           (found->bytes_offset != 0 ? 8u : 0u) |
           (found->cdata_offset != 0 ? 16u : 0u) |
           (found->byref_offset != 0 ? 32u : 0u) |
           (found->text_offset != 0 ? 64u : 0u);
}

void
kaa_cpython_close(kaa_cpython *host)
{
    const struct timespec moment = {.tv_nsec = 200000};
    uint64_t give_up = kaa_base__now_ns() + 1000000000u;

    host->closing_thread = pthread_self();
    atomic_store(&host->is_closing, 1);
    while (atomic_load(&host->entering) != 0 && kaa_base__now_ns() < give_up)
        nanosleep(&moment, NULL);
}

/* What they guard is whole: the interpreter stops its threads before it forks,
 * and it can stop them at a lock of kaa's only while they wait for one. */
void
kaa_cpython_after_fork(kaa_cpython *host)
{
    memset(host->pointing, 0, sizeof(host->pointing));
    pthread_mutex_init(&host->lending, NULL);
}

int
kaa_cpython__is_finalizing(void)
{
    if (PY(Py_IsFinalizing) != NULL)
        return PY(Py_IsFinalizing)();
    return PY(_Py_IsFinalizing) != NULL && PY(_Py_IsFinalizing)();
}

/* ---- small services ---- */

int
kaa_cpython__raise(PyObject *type, const char *format, ...)
{
    char message[1024];
    va_list values;
    PyObject *text;

    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
    /* Names may be no UTF-8, and are cut where a buffer ends. */
    text =
        PY(PyUnicode_DecodeUTF8)(message, (ssize_t)strlen(message), "replace");
    if (text != NULL) {
        PY(PyErr_SetObject)(type, text);
        PY(Py_DecRef)(text);
    }
    return -1;
}

int
kaa_cpython__stack_used_up(const char *where)
{
    return kaa_cpython__raise(PY(PyExc_RecursionError),
                              "the stack is used up%s", where);
}

int
kaa_cpython__enter_doubtful(const char *where)
{
    int left = kaa_base__stack_look();

    if (left == KAA_BASE__STACK_ROOM)
        return 0;
    if (left == KAA_BASE__STACK_LOW)
        return kaa_cpython__stack_used_up(where);
    return PY(Py_EnterRecursiveCall)(where) != 0 ? -1 : 1;
}

int
kaa_cpython__raise_error(const kaa_cpython *host, const char *name,
                         const char *what, const kaa_error *err)
{
    PyObject *status, *type = NULL;

    if (err->status == KAA_NO_MEMORY) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    status = PY(PyLong_FromLongLong)(err->status);
    if (status != NULL) {
        type = PY(PyObject_CallFunctionObjArgs)(host->hooks[HOOK_ERROR_CLASS],
                                                status, NULL);
        PY(Py_DecRef)(status);
    }
    if (type == NULL)
        return -1;
    kaa_cpython__raise(type, "%s%s%s", name, what, err->message);
    PY(Py_DecRef)(type);
    return -1;
}

const char *
kaa_cpython__type_name(PyObject *value, char *buffer, size_t size)
{
    PyObject *name =
        PY(PyObject_GetAttrString)(kaa_cpython__type(value), "__name__");
    const char *text =
        name != NULL ? PY(PyUnicode_AsUTF8AndSize)(name, NULL) : NULL;

    snprintf(buffer, size, "%s", text != NULL ? text : "?");
    if (text == NULL)
        PY(PyErr_Clear)();
    if (name != NULL)
        PY(Py_DecRef)(name);
    return buffer;
}

void *
kaa_cpython__cdata(kaa_cpython *host, PyObject *instance)
{
    PyObject *address;
    void *data = NULL;

    if (kaa_cpython__layout.cdata_offset != 0) {
        memcpy(&data, (char *)instance + kaa_cpython__layout.cdata_offset,
               sizeof(data));
        return data;
    }
    address = PY(PyObject_CallFunctionObjArgs)(host->hooks[HOOK_ADDRESSOF],
                                               instance, NULL);
    if (address != NULL) {
        data = (void *)(uintptr_t)PY(PyLong_AsUnsignedLongLong)(address);
        PY(Py_DecRef)(address);
    }
    return data;
}

int
kaa_cpython__cdata_extent(kaa_cpython *host, PyObject *instance,
                          char **out_data, ssize_t *out_bytes)
{
    PyObject *size;

    if (kaa_cpython__layout.cdata_size != 0) {
        *out_data = kaa_cpython__cdata(host, instance);
        memcpy(out_bytes, (char *)instance + kaa_cpython__layout.cdata_size,
               sizeof(*out_bytes));
        return 0;
    }
    size = PY(PyObject_CallFunctionObjArgs)(host->hooks[HOOK_SIZEOF], instance,
                                            NULL);
    if (size == NULL)
        return -1;
    *out_bytes = (ssize_t)PY(PyLong_AsUnsignedLongLong)(size);
    PY(Py_DecRef)(size);
    *out_data = kaa_cpython__cdata(host, instance);
    return *out_data != NULL ? 0 : -1;
}
