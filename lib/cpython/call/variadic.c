/* cpython/call/variadic.c - calls with variable arguments.
 *
 * Each variable argument has a type by C's promotions, or as a format string
 * asks for it; the types of a call are a signature of their own, with a plan of
 * its own. The plans of a function are kept on a list that only grows, so
 * threads may read it without a lock: most programs call printf() in a few
 * ways.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cpython/call/special.h"

#define EXTRAS_ON_STACK 8
#define PLANS_MAX 64

struct kaa_cpython__variadic {
    struct kaa_cpython__variadic *next;
    kaa_ctype_table *table; /* of the signature */
    kaa_call_plan *plan;
    uint64_t kinds; /* of a quick call; 0: it is none */
    uint32_t count;
    const kaa_ctype *types[]; /* of the variable arguments */
};
typedef struct kaa_cpython__variadic variadic;

/* ---- one argument ---- */

static int
refuse_extra(kaa_cpython__special *call, uint32_t i, PyObject *value)
{
    call->state.position = call->self->count + i + 1;
    call->state.name = NULL;
    return kaa_cpython__refuse_value(&call->state, KAA_CONVERT_VARIABLE, NULL,
                                     value);
}

static int
extra_int(kaa_cpython__special *call, uint32_t i, PyObject *value,
          kaa_cpython__extra *out)
{
    int overflow = 0;
    int64_t number = PY(PyLong_AsLongLongAndOverflow)(value, &overflow);
    kaa_ctype_kind kind = KAA_CTYPE_LLONG;

    if (overflow == 0 && number >= INT32_MIN && number <= INT32_MAX)
        kind = KAA_CTYPE_INT;
    out->word = (uint64_t)number;
    if (overflow > 0) {
        kind = KAA_CTYPE_ULLONG;
        out->word = PY(PyLong_AsUnsignedLongLong)(value);
        if (out->word == UINT64_MAX && PY(PyErr_Occurred)() != NULL)
            PY(PyErr_Clear)();
        else
            overflow = 0;
    }
    out->type = kaa_ctype_basic(kind);
    if (overflow == 0)
        return 0;
    call->state.position = call->self->count + i + 1;
    call->state.name = NULL;
    return kaa_cpython__refuse_value(&call->state, KAA_CONVERT_VARIABLE_INT,
                                     NULL, NULL);
}

/* ctypes instances: Python tells the promoted type and where the value is. */
static int
extra_instance(kaa_cpython__special *call, PyObject *value,
               kaa_cpython__extra *out)
{
    kaa_cpython__state *state = &call->state;
    PyObject *answer = kaa_cpython__hook(state, HOOK_VARIADIC, NULL, value, 0);
    uint64_t words[3];
    int failed = 0;

    if (answer == NULL)
        return kaa_cpython__prefix(state);
    for (int k = 0; k < 3; k++)
        words[k] =
            PY(PyLong_AsUnsignedLongLongMask)(PY(PyTuple_GetItem)(answer, k));
    if (PY(PyErr_Occurred)() != NULL) {
        PY(Py_DecRef)(answer);
        return -1;
    }
    out->type = (const kaa_ctype *)(uintptr_t)words[0];
    if (words[1] == SOURCE_FIXED) {
        out->value = (const void *)(uintptr_t)words[2];
        return kaa_cpython__hold_object(state, answer) != NULL ? 0 : -1;
    }
    /* A record is copied from where it stands, a pointer's address passed. */
    memset(&out->wanted, 0, sizeof(out->wanted));
    out->wanted.shape.type = out->type;
    if (words[1] == SOURCE_DATA)
        out->wanted.shape.item_size = kaa_ctype_size(out->type);
    failed = kaa_cpython__take_instance(
        state, &out->wanted, value, (kaa_cpython__source)words[1], words[2],
        words[1] == SOURCE_DATA ? (void *)&out->value : (void *)&out->word);
    PY(Py_DecRef)(answer);
    return failed;
}

static int
extra_index(kaa_cpython__special *call, uint32_t i, PyObject *value,
            kaa_cpython__extra *out)
{
    PyObject *number = PY(PyNumber_Index)(value);
    int failed;

    if (number == NULL)
        return -1;
    failed = extra_int(call, i, number, out);
    PY(Py_DecRef)(number);
    return failed;
}

static int
convert_extra(kaa_cpython__special *call, uint32_t i, const kaa_ctype *pointer,
              kaa_cpython__extra *out)
{
    PyObject *value = call->extras[i], *type = kaa_cpython__type(value);
    kaa_cpython__conversion text = {
        .shape = {.op = CONVERT_TEXT,
                  .item = ITEM_BYTE,
                  .item_size = 1,
                  .flags = CONVERT_BYTES,
                  .type = pointer,
                  .core = pointer,
                  .target = kaa_ctype_basic(KAA_CTYPE_CHAR)}};

    out->value = &out->word;
    out->type = pointer;
    out->word = 0;
    if (value == kaa_cpython__none())
        return 0;
    if (PY(PyType_IsSubtype)(type, PY(PyLong_Type)))
        return extra_int(call, i, value, out);
    if (PY(PyType_IsSubtype)(type, PY(PyFloat_Type))) {
        double number = PY(PyFloat_AsDouble)(value);

        out->type = kaa_ctype_basic(KAA_CTYPE_DOUBLE);
        memcpy(&out->word, &number, sizeof(number));
        return 0;
    }
    if (PY(PyType_IsSubtype)(type, PY(PyUnicode_Type)) ||
        PY(PyType_IsSubtype)(type, PY(PyBytes_Type))) {
        call->state.position = call->self->count + i + 1;
        call->state.name = NULL;
        return kaa_cpython__pointer_to_c(&call->state, &text, value,
                                         &out->word);
    }
    if (PY(PyType_IsSubtype)(type, call->state.host->cdata) ||
        PY(PyType_IsSubtype)(type, call->state.host->data_type) ||
        type == call->state.host->byref_type) {
        call->state.position = call->self->count + i + 1;
        call->state.name = NULL;
        return extra_instance(call, value, out);
    }
    if (kaa_cpython__is_number(value))
        return extra_index(call, i, value, out);
    return refuse_extra(call, i, value);
}

/* ---- formats ---- */

/* The bytes of a format, which live as long as the call; NULL: it is C's own
 * memory, of which nothing is known, or the parameter's conversion refuses it
 * and says why. */
static const char *
format_text(kaa_cpython__special *call, PyObject *value, ssize_t *out_length)
{
    PyObject *type = kaa_cpython__type(value), *bytes = NULL;
    const char *text;

    if (PY(PyType_IsSubtype)(type, PY(PyUnicode_Type))) {
        text = PY(PyUnicode_AsUTF8AndSize)(value, out_length);
        if (text != NULL)
            return text;
        PY(PyErr_Clear)();
        call->state.position = 0; /* of no argument */
        bytes =
            PY(PyUnicode_AsEncodedString)(value, "utf-8", "surrogateescape");
        if (bytes != NULL &&
            kaa_cpython__hold_object(&call->state, bytes) == NULL)
            bytes = NULL;
    } else if (PY(PyType_IsSubtype)(type, PY(PyBytes_Type))) {
        bytes = value;
    }
    if (bytes == NULL) {
        PY(PyErr_Clear)();
        return NULL;
    }
    *out_length = PY(PyBytes_Size)(bytes);
    return PY(PyBytes_AsString)(bytes);
}

/* What the format of a call asks for: the first call->extra_count of it. */
static int
read_format(kaa_cpython__special *call, kaa_decl_wanted *out)
{
    const kaa_decl_item *item = call->self->item;
    kaa_convert_fault fault = {.code = KAA_CONVERT_FORMAT};
    ssize_t length = 0;
    const char *text =
        format_text(call, call->values[item->format_of], &length);
    char given[16];

    fault.number =
        kaa_decl_format(item, text, text != NULL ? (size_t)length : 0, out,
                        call->extra_count, NULL);
    if (fault.number <= call->extra_count)
        return 0;
    snprintf(given, sizeof(given), "%u", (unsigned)call->extra_count);
    fault.value = given;
    call->state.position = item->format_of + 1;
    call->state.name = call->self->parameters[item->format_of].name;
    return kaa_cpython__refuse(&call->state, &fault);
}

/* As a parameter of that type converts it. */
static int
convert_wanted(kaa_cpython__special *call, uint32_t i,
               const kaa_decl_wanted *wanted, kaa_cpython__extra *out)
{
    kaa_convert__shape *shape = &out->wanted.shape;

    kaa_cpython__conversion_init(&out->wanted, wanted->type);
    call->state.position = call->self->count + i + 1;
    call->state.name = wanted->directive;
    out->type = wanted->type;
    if (kaa_ctype_kind_of(wanted->type) == KAA_CTYPE_POINTER) {
        out->type = call->state.host->void_pointer;
        if (wanted->type != kaa_ctype_basic_pointer(KAA_CTYPE_VOID, 1))
            shape->flags |= CONVERT_NONNULL;
    }
    if (shape->flags & CONVERT_NONNULL &&
        call->extras[i] == kaa_cpython__none())
        return kaa_cpython__refuse_value(&call->state, KAA_CONVERT_TYPE,
                                         wanted->type, call->extras[i]);
    if (wanted->least != 0)
        shape->flags |= CONVERT_LEAST;
    out->least = wanted->least;
    out->directive = wanted->directive;
    if (shape->op >= CONVERT_RECORD)
        out->value = &out->real;
    return kaa_cpython__to_c(&call->state, &out->wanted, call->extras[i],
                             &out->real);
}

/* ---- plans ---- */

static void
destroy(variadic *self)
{
    if (self == NULL)
        return;
    kaa_call_plan_destroy(self->plan);
    kaa_ctype_table_destroy(self->table);
    kaa_base__free(self);
}

void
kaa_cpython__free_variadic(struct kaa_cpython__variadic *first)
{
    while (first != NULL) {
        variadic *next = first->next;

        destroy(first);
        first = next;
    }
}

/* The plan's signature: the fixed parameters, then what was given. */
static kaa_status
make_plan(const kaa_cpython__function *self, variadic *made, kaa_error *err)
{
    uint32_t count = self->count + made->count;
    kaa_call_options options = {
        .size = sizeof(options),
        .flags = self->flags & FUNCTION_ERRNO ? KAA_CALL_ERRNO : 0u,
        .fixed_count = self->count};
    kaa_ctype_parameter *parameters =
        kaa_base__alloc_array(count + 1u, sizeof(*parameters));
    const kaa_ctype *type = NULL;
    kaa_status status = KAA_NO_MEMORY;

    if (parameters == NULL)
        return status;
    for (uint32_t i = 0; i < count; i++) {
        parameters[i].name = NULL;
        parameters[i].type = i < self->count ? self->parameters[i].type
                                             : made->types[i - self->count];
    }
    status = kaa_ctype_table_create(&made->table, err);
    if (status == KAA_OK)
        status = kaa_ctype_function(
            made->table, kaa_ctype_target(kaa_ctype_strip(self->item->type)),
            parameters, count, KAA_CTYPE_VARIADIC, &type, err);
    if (status == KAA_OK)
        status = kaa_call_plan_create(type, &options, &made->plan, err);
    kaa_base__free(parameters);
    return status;
}

/* The kinds of what has no more to it; 0: there are others, or too many. */
static uint64_t
kinds_of(const kaa_cpython__special *call, const variadic *made)
{
    uint64_t kinds = 0;

    for (uint32_t i = 0; i < made->count; i++) {
        const kaa_ctype *type = made->types[i];
        kaa_ctype_kind kind = kaa_ctype_kind_of(type);

        if (i == KAA_CPYTHON__EXTRAS_QUICK ||
            type != (kind == KAA_CTYPE_POINTER ? call->state.host->void_pointer
                                               : kaa_ctype_basic(kind)))
            return 0;
        kinds = kinds << 8 | (uint64_t)kind;
    }
    return kinds;
}

static variadic *
make(const kaa_cpython__special *call, const kaa_cpython__extra *extras)
{
    uint32_t count = call->extra_count;
    variadic *made =
        kaa_base__alloc_zeroed(sizeof(*made) + count * sizeof(made->types[0]));
    kaa_status status = KAA_NO_MEMORY;
    kaa_error err = {0};

    if (made != NULL) {
        made->count = count;
        for (uint32_t i = 0; i < count; i++)
            made->types[i] = extras[i].type;
        status = make_plan(call->self, made, &err);
    }
    if (status == KAA_OK) {
        if (kaa_cpython__is_quick_variadic(call->self, made->plan))
            made->kinds = kinds_of(call, made);
        return made;
    }
    destroy(made);
    err.status = (int32_t)status; /* also where nobody filled it */
    kaa_cpython__raise_error(call->state.host, call->self->item->name,
                             "() cannot be called so: ", &err);
    return NULL;
}

/* Types that live as long as the library, or kaa: records of others do not. */
static int
may_be_kept(const kaa_cpython__special *call, const kaa_cpython__extra *extras)
{
    for (uint32_t i = 0; i < call->extra_count; i++)
        if (extras[i].type != call->state.host->void_pointer &&
            kaa_ctype_kind_of(extras[i].type) >= KAA_CTYPE_POINTER)
            return 0;
    return 1;
}

const kaa_call_plan *
kaa_cpython__variadic_plan(const kaa_cpython__function *self, uint64_t kinds)
{
    const variadic *at = atomic_load(&self->variadics);

    while (at != NULL && at->kinds != kinds)
        at = at->next;
    return at != NULL ? at->plan : NULL;
}

static variadic *
find(variadic *at, const kaa_cpython__special *call,
     const kaa_cpython__extra *extras, uint32_t *out_count)
{
    for (*out_count = 0; at != NULL; at = at->next, ++*out_count) {
        uint32_t same = 0;

        if (at->count != call->extra_count)
            continue;
        while (same < at->count && at->types[same] == extras[same].type)
            same++;
        if (same == at->count)
            return at;
    }
    return NULL;
}

static PyObject *
run(kaa_cpython__special *call, const kaa_cpython__extra *extras)
{
    kaa_cpython__function *self =
        (kaa_cpython__function *)(uintptr_t)call->self;
    variadic *first = atomic_load(&self->variadics), *made;
    PyObject *result;
    uint32_t count;

    made = find(first, call, extras, &count);
    if (made != NULL)
        return kaa_cpython__run_special(call, made->plan, extras);
    made = make(call, extras);
    if (made == NULL)
        return NULL;
    result = kaa_cpython__run_special(call, made->plan, extras);
    if (count >= PLANS_MAX || !may_be_kept(call, extras)) {
        destroy(made);
        return result;
    }
    made->next = atomic_load(&self->variadics);
    while (!atomic_compare_exchange_weak(&self->variadics, &made->next, made))
        continue;
    return result;
}

static int
convert_one(kaa_cpython__special *call, uint32_t i,
            const kaa_decl_wanted *wanted, kaa_cpython__extra *out)
{
    out->least = 0;
    out->value = NULL;
    if (wanted != NULL && wanted[i].type != NULL)
        return convert_wanted(call, i, &wanted[i], out);
    return convert_extra(call, i, call->state.host->void_pointer, out);
}

/* The last one of a function whose arguments a null pointer ends. */
static int
check_sentinel(kaa_cpython__special *call, const kaa_cpython__extra *extras)
{
    uint32_t count = call->extra_count;
    const kaa_cpython__extra *last = count != 0 ? &extras[count - 1] : NULL;
    kaa_convert_fault fault = {.code = KAA_CONVERT_SENTINEL,
                               .given = "nothing"};
    uint64_t word = 1;
    char name[192];

    if (!(call->self->item->flags & KAA_DECL_SENTINEL))
        return 0;
    /* Of other types there may be fewer bytes. */
    if (last != NULL && last->type == call->state.host->void_pointer)
        memcpy(&word, last->value != NULL ? last->value : &last->word,
               sizeof(word));
    if (word == 0)
        return 0;
    if (last != NULL) {
        kaa_cpython__type_name(call->extras[count - 1], name, sizeof(name));
        fault.given = name;
    }
    call->state.position = call->self->count + (count != 0 ? count : 1);
    call->state.name = NULL;
    return kaa_cpython__refuse(&call->state, &fault);
}

static PyObject *
run_with(kaa_cpython__special *call, kaa_decl_wanted *wanted,
         kaa_cpython__extra *extras)
{
    PyObject *result = NULL;
    uint32_t done = 0, count = call->extra_count;

    if (wanted != NULL && read_format(call, wanted) != 0)
        return NULL;
    while (done < count && convert_one(call, done, wanted, &extras[done]) == 0)
        done++;
    if (done == count && check_sentinel(call, extras) == 0)
        result = count != 0
                     ? run(call, extras)
                     : kaa_cpython__run_special(call, call->self->plan, NULL);
    /* What conversions of a format have learnt of classes was for this call. */
    for (uint32_t i = 0; wanted != NULL && i < count && i <= done; i++)
        if (wanted[i].type != NULL)
            kaa_cpython__conversion_fini(&extras[i].wanted);
    return result;
}

PyObject *
kaa_cpython__run_variadic(kaa_cpython__special *call)
{
    kaa_cpython__extra on_stack[EXTRAS_ON_STACK];
    kaa_decl_wanted wanted_on_stack[EXTRAS_ON_STACK];
    kaa_cpython__extra *extras = on_stack;
    kaa_decl_wanted *wanted = wanted_on_stack;
    uint32_t count = call->extra_count;
    PyObject *result;

    if (count > EXTRAS_ON_STACK) {
        extras =
            kaa_base__alloc_zeroed(count * (sizeof(*extras) + sizeof(*wanted)));
        if (extras == NULL) {
            PY(PyErr_NoMemory)();
            return NULL;
        }
        wanted = (kaa_decl_wanted *)(void *)(extras + count);
    }
    result = run_with(
        call, call->self->item->format != KAA_DECL_FORMAT_NONE ? wanted : NULL,
        extras);
    if (extras != on_stack)
        kaa_base__free(extras);
    return result;
}
