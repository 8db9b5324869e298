/* cpython/context/on_objects.c - the slots of types and of every object. */
#include <string.h>

#include "base/assert.h"

#include "cpython/context/context.h"

/* ---- references */

void
kaa_cpython__slot_incref(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    PY(Py_IncRef)(as_host(object));
}

void
kaa_cpython__slot_decref(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    PY(Py_DecRef)(as_host(object));
}

void
kaa_cpython__slot_dealloc(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    PY(_Py_Dealloc)(as_host(object));
}

/* As sys.getrefcount(), without what its own call adds. */
size_t
kaa_cpython__slot_refcount(kaa_context *ctx, kaa_object *object)
{
    uint32_t half;

    if (ctx->counting == KAA_COUNT_WORD)
        return (size_t)(*(uint64_t *)(void *)object);
    if (ctx->counting == KAA_COUNT_HALF) {
        memcpy(&half, object, sizeof(half));
        return (int32_t)half < 0 ? SIZE_MAX : half;
    }
    return kaa_cpython__ask_refcount(own_of(ctx), as_host(object));
}

/* ---- types */

kaa_object *
kaa_cpython__slot_type_of(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return as_kaa(PY(PyObject_Type)(as_host(object)));
}

int
kaa_cpython__slot_check(kaa_context *ctx, kaa_object *object, int id)
{
    if (id < 0 || id >= KAA_BUILTIN_COUNT)
        return 0;
    return is_kind_of(as_host(object), own_of(ctx)->builtins[id]);
}

int
kaa_cpython__slot_check_exact(kaa_context *ctx, kaa_object *object, int id)
{
    if (id < 0 || id >= KAA_BUILTIN_COUNT)
        return 0;
    return is_exactly(as_host(object), own_of(ctx)->builtins[id]);
}

int
kaa_cpython__slot_is_instance(kaa_context *ctx, kaa_object *object,
                              kaa_object *type)
{
    (void)ctx;
    return PY(PyObject_IsInstance)(as_host(object), as_host(type));
}

int
kaa_cpython__slot_is_subtype(kaa_context *ctx, kaa_object *type, kaa_object *of)
{
    (void)ctx;
    return PY(PyObject_IsSubclass)(as_host(type), as_host(of));
}

int
kaa_cpython__slot_is_callable(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return PY(PyCallable_Check)(as_host(object));
}

/* ---- attributes */

kaa_object *
kaa_cpython__slot_get_attr(kaa_context *ctx, kaa_object *object,
                           kaa_object *name)
{
    (void)ctx;
    return as_kaa(PY(PyObject_GetAttr)(as_host(object), as_host(name)));
}

kaa_object *
kaa_cpython__slot_get_attr_text(kaa_context *ctx, kaa_object *object,
                                const char *name)
{
    (void)ctx;
    return as_kaa(PY(PyObject_GetAttrString)(as_host(object), name));
}

int
kaa_cpython__slot_find_attr(kaa_context *ctx, kaa_object *object,
                            const char *name, kaa_object **out)
{
    PyObject *value = NULL, *str;
    int result;

    (void)ctx;
    if (PY(PyObject_GetOptionalAttrString) != NULL) {
        result =
            PY(PyObject_GetOptionalAttrString)(as_host(object), name, &value);
    } else if (PY(_PyObject_LookupAttr) != NULL) {
        str = PY(PyUnicode_InternFromString)(name);
        if (str == NULL)
            return -1;
        result = PY(_PyObject_LookupAttr)(as_host(object), str, &value);
        PY(Py_DecRef)(str);
    } else {
        value = PY(PyObject_GetAttrString)(as_host(object), name);
        result = value != NULL;
        if (value == NULL) {
            if (!PY(PyErr_ExceptionMatches)(PY(PyExc_AttributeError)))
                return -1;
            PY(PyErr_Clear)();
        }
    }
    if (result == 1)
        *out = as_kaa(value);
    return result;
}

int
kaa_cpython__slot_set_attr(kaa_context *ctx, kaa_object *object,
                           kaa_object *name, kaa_object *value)
{
    (void)ctx;
    return PY(PyObject_SetAttr)(as_host(object), as_host(name), as_host(value));
}

int
kaa_cpython__slot_set_attr_text(kaa_context *ctx, kaa_object *object,
                                const char *name, kaa_object *value)
{
    (void)ctx;
    return PY(PyObject_SetAttrString)(as_host(object), name, as_host(value));
}

kaa_object *
kaa_cpython__slot_generic_get_attr(kaa_context *ctx, kaa_object *object,
                                   kaa_object *name)
{
    (void)ctx;
    return as_kaa(PY(PyObject_GenericGetAttr)(as_host(object), as_host(name)));
}

int
kaa_cpython__slot_generic_set_attr(kaa_context *ctx, kaa_object *object,
                                   kaa_object *name, kaa_object *value)
{
    (void)ctx;
    return PY(PyObject_GenericSetAttr)(as_host(object), as_host(name),
                                       as_host(value));
}

/* ---- items */

kaa_object *
kaa_cpython__slot_get_item(kaa_context *ctx, kaa_object *object,
                           kaa_object *key)
{
    (void)ctx;
    return as_kaa(PY(PyObject_GetItem)(as_host(object), as_host(key)));
}

int
kaa_cpython__slot_set_item(kaa_context *ctx, kaa_object *object,
                           kaa_object *key, kaa_object *value)
{
    (void)ctx;
    if (value == NULL)
        return PY(PyObject_DelItem)(as_host(object), as_host(key));
    return PY(PyObject_SetItem)(as_host(object), as_host(key), as_host(value));
}

kaa_object *
kaa_cpython__slot_get_index(kaa_context *ctx, kaa_object *object,
                            ptrdiff_t index)
{
    (void)ctx;
    return as_kaa(PY(PySequence_GetItem)(as_host(object), index));
}

ptrdiff_t
kaa_cpython__slot_length(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return PY(PyObject_Size)(as_host(object));
}

int
kaa_cpython__slot_contains(kaa_context *ctx, kaa_object *object,
                           kaa_object *item)
{
    (void)ctx;
    return PY(PySequence_Contains)(as_host(object), as_host(item));
}

kaa_object *
kaa_cpython__slot_iter(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return as_kaa(PY(PyObject_GetIter)(as_host(object)));
}

int
kaa_cpython__slot_next(kaa_context *ctx, kaa_object *iterator, kaa_object **out)
{
    PyObject *item;

    (void)ctx;
    if (KAA_UNLIKELY(!PY(PyIter_Check)(as_host(iterator)))) {
        kaa_cpython__wrong_type(as_host(iterator), "an iterator");
        return -1;
    }
    item = PY(PyIter_Next)(as_host(iterator));
    if (item == NULL)
        return PY(PyErr_Occurred)() != NULL ? -1 : 0;
    *out = as_kaa(item);
    return 1;
}

kaa_object *
kaa_cpython__slot_to_list(kaa_context *ctx, kaa_object *items)
{
    (void)ctx;
    return as_kaa(PY(PySequence_List)(as_host(items)));
}

kaa_object *
kaa_cpython__slot_to_tuple(kaa_context *ctx, kaa_object *items)
{
    (void)ctx;
    return as_kaa(PY(PySequence_Tuple)(as_host(items)));
}

/* ---- calls */

/* 3.9 and 3.10 have no function for keywords as a tuple: a dict is made. */
static PyObject *
call_with_dict(PyObject *callable, kaa_object *const *args, size_t nargs,
               PyObject *kwnames)
{
    ssize_t count = kwnames != NULL ? PY(PyTuple_Size)(kwnames) : 0;
    PyObject *kwargs = NULL, *result;

    if (count < 0)
        return NULL;
    if (count > 0) {
        kwargs = PY(PyDict_New)();
        if (kwargs == NULL)
            return NULL;
    }
    for (ssize_t i = 0; i < count; i++) {
        if (PY(PyDict_SetItem)(kwargs, PY(PyTuple_GetItem)(kwnames, i),
                               as_host(args[nargs + (size_t)i])) != 0) {
            PY(Py_DecRef)(kwargs);
            return NULL;
        }
    }
    result = PY(PyObject_VectorcallDict)(
        callable, (PyObject *const *)(const void *)args, nargs, kwargs);
    xdecref(kwargs);
    return result;
}

kaa_object *
kaa_cpython__slot_call(kaa_context *ctx, kaa_object *callable,
                       kaa_object *const *args, size_t nargs,
                       kaa_object *kwnames)
{
    (void)ctx;
    if (PY(PyObject_Vectorcall) == NULL)
        return as_kaa(
            call_with_dict(as_host(callable), args, nargs, as_host(kwnames)));
    return as_kaa(PY(PyObject_Vectorcall)(as_host(callable),
                                          (PyObject *const *)(const void *)args,
                                          nargs, as_host(kwnames)));
}

kaa_object *
kaa_cpython__slot_call_dict(kaa_context *ctx, kaa_object *callable,
                            kaa_object *args, kaa_object *kwargs)
{
    (void)ctx;
    if (!must_be(as_host(args), PY(PyTuple_Type), "a tuple") ||
        (kwargs != NULL &&
         !must_be(as_host(kwargs), PY(PyDict_Type), "a dict")))
        return NULL;
    return as_kaa(
        PY(PyObject_Call)(as_host(callable), as_host(args), as_host(kwargs)));
}

kaa_object *
kaa_cpython__slot_call_method(kaa_context *ctx, const char *name,
                              kaa_object *const *args, size_t nargs,
                              kaa_object *kwnames)
{
    PyObject *str = PY(PyUnicode_InternFromString)(name), *result;

    (void)ctx;
    if (str == NULL)
        return NULL;
    if (nargs == 0) {
        kaa_cpython__raise(PY(PyExc_TypeError),
                           "a method is called with its object at least");
        result = NULL;
    } else {
        result = PY(PyObject_VectorcallMethod)(
            str, (PyObject *const *)(const void *)args, nargs,
            as_host(kwnames));
    }
    PY(Py_DecRef)(str);
    return as_kaa(result);
}

int
kaa_cpython__slot_enter_call(kaa_context *ctx, const char *where)
{
    (void)ctx;
    return kaa_cpython__enter_recursive(where != NULL ? where : "");
}

void
kaa_cpython__slot_leave_call(kaa_context *ctx)
{
    (void)ctx;
    kaa_cpython__leave_recursive();
}

int
kaa_cpython__slot_repr_enter(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return PY(Py_ReprEnter)(as_host(object));
}

void
kaa_cpython__slot_repr_leave(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    PY(Py_ReprLeave)(as_host(object));
}

/* ---- operators */

kaa_object *
kaa_cpython__slot_compare(kaa_context *ctx, kaa_object *left, kaa_object *right,
                          int op)
{
    (void)ctx;
    if (op < KAA_LT || op > KAA_GE) {
        kaa_cpython__raise(PY(PyExc_SystemError), "no comparison is %d", op);
        return NULL;
    }
    return as_kaa(PY(PyObject_RichCompare)(as_host(left), as_host(right), op));
}

int
kaa_cpython__slot_compare_truth(kaa_context *ctx, kaa_object *left,
                                kaa_object *right, int op)
{
    (void)ctx;
    if (op < KAA_LT || op > KAA_GE) {
        kaa_cpython__raise(PY(PyExc_SystemError), "no comparison is %d", op);
        return -1;
    }
    return PY(PyObject_RichCompareBool)(as_host(left), as_host(right), op);
}

int64_t
kaa_cpython__slot_hash(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return PY(PyObject_Hash)(as_host(object));
}

kaa_object *
kaa_cpython__slot_repr(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return as_kaa(PY(PyObject_Repr)(as_host(object)));
}

kaa_object *
kaa_cpython__slot_str(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return as_kaa(PY(PyObject_Str)(as_host(object)));
}

int
kaa_cpython__slot_truth(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return PY(PyObject_IsTrue)(as_host(object));
}

typedef PyObject *binary_function(PyObject *, PyObject *);

static binary_function *
binary_of(int op, int is_inplace)
{
    switch (op) {
#define EACH(OP, name)                                                         \
    case KAA_##OP:                                                             \
        return is_inplace ? PY(PyNumber_InPlace##name) : PY(PyNumber_##name);
        EACH(ADD, Add)
        EACH(SUBTRACT, Subtract)
        EACH(MULTIPLY, Multiply)
        EACH(MATRIX_MULTIPLY, MatrixMultiply)
        EACH(TRUE_DIVIDE, TrueDivide)
        EACH(FLOOR_DIVIDE, FloorDivide)
        EACH(REMAINDER, Remainder)
        EACH(LSHIFT, Lshift)
        EACH(RSHIFT, Rshift)
        EACH(AND, And)
        EACH(OR, Or)
        EACH(XOR, Xor)
#undef EACH
    case KAA_DIVMOD:
        return PY(PyNumber_Divmod);
    default:
        kaa_cpython__raise(PY(PyExc_SystemError), "no operator is %d", op);
        return NULL;
    }
}

static kaa_object *
operate(kaa_context *ctx, kaa_object *left, kaa_object *right, int op,
        int is_inplace)
{
    binary_function *function;

    if (op == KAA_POWER)
        return as_kaa(
            (is_inplace ? PY(PyNumber_InPlacePower) : PY(PyNumber_Power))(
                as_host(left), as_host(right),
                as_host(kaa_builtin(ctx, KAA_NONE))));
    function = binary_of(op, is_inplace);
    return function != NULL ? as_kaa(function(as_host(left), as_host(right)))
                            : NULL;
}

kaa_object *
kaa_cpython__slot_binary(kaa_context *ctx, kaa_object *left, kaa_object *right,
                         int op)
{
    return operate(ctx, left, right, op, 0);
}

kaa_object *
kaa_cpython__slot_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right,
                          int op)
{
    return operate(ctx, left, right, op, 1);
}

kaa_object *
kaa_cpython__slot_unary(kaa_context *ctx, kaa_object *object, int op)
{
    PyObject *operand = as_host(object);

    (void)ctx;
    switch (op) {
    case KAA_NEGATIVE:
        return as_kaa(PY(PyNumber_Negative)(operand));
    case KAA_POSITIVE:
        return as_kaa(PY(PyNumber_Positive)(operand));
    case KAA_ABSOLUTE:
        return as_kaa(PY(PyNumber_Absolute)(operand));
    case KAA_INVERT:
        return as_kaa(PY(PyNumber_Invert)(operand));
    default:
        kaa_cpython__raise(PY(PyExc_SystemError), "no unary operator is %d",
                           op);
        return NULL;
    }
}

/* int() and float() read texts too, which a number is not. */
static int
must_be_number(PyObject *object)
{
    if (is_kind_of(object, PY(PyUnicode_Type)) ||
        is_kind_of(object, PY(PyBytes_Type)) ||
        is_kind_of(object, PY(PyByteArray_Type)))
        return kaa_cpython__wrong_type(object, "a number");
    return 1;
}

kaa_object *
kaa_cpython__slot_to_int(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return must_be_number(as_host(object))
               ? as_kaa(PY(PyNumber_Long)(as_host(object)))
               : NULL;
}

kaa_object *
kaa_cpython__slot_to_float(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return must_be_number(as_host(object))
               ? as_kaa(PY(PyNumber_Float)(as_host(object)))
               : NULL;
}

kaa_object *
kaa_cpython__slot_index(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return as_kaa(PY(PyNumber_Index)(as_host(object)));
}

/* ---- buffers */

_Static_assert(sizeof(kaa_buffer) == sizeof(host_buffer) &&
                   offsetof(kaa_buffer, owner) == offsetof(host_buffer, obj) &&
                   offsetof(kaa_buffer, bytes) == offsetof(host_buffer, len) &&
                   offsetof(kaa_buffer, dimensions) ==
                       offsetof(host_buffer, ndim) &&
                   offsetof(kaa_buffer, internal) ==
                       offsetof(host_buffer, internal),
               "a kaa_buffer is the host's Py_buffer");

/* In place: the exporter may point into the structure itself. */
int
kaa_cpython__slot_buffer_get(kaa_context *ctx, kaa_object *object,
                             kaa_buffer *out, int request)
{
    (void)ctx;
    if (PY(PyObject_GetBuffer)(as_host(object), (host_buffer *)(void *)out,
                               request) == 0)
        return 0;
    out->owner = NULL;
    return -1;
}

void
kaa_cpython__slot_buffer_release(kaa_context *ctx, kaa_buffer *buffer)
{
    (void)ctx;
    PY(PyBuffer_Release)((host_buffer *)(void *)buffer);
}

kaa_object *
kaa_cpython__slot_memoryview_new(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    return as_kaa(PY(PyMemoryView_FromObject)(as_host(object)));
}

/* ---- arguments and values */

int
kaa_cpython__slot_parse_args_v(kaa_context *ctx, kaa_object *const *args,
                               size_t nargs, const char *format, va_list out)
{
    return kaa_args__parse_args_v(ctx, args, nargs, format, out);
}

int
kaa_cpython__slot_parse_keywords_v(kaa_context *ctx, kaa_object *const *args,
                                   size_t nargs, kaa_object *kwnames,
                                   const char *format, const char *const *names,
                                   va_list out)
{
    return kaa_args__parse_keywords_v(ctx, args, nargs, kwnames, format, names,
                                      out);
}

kaa_object *
kaa_cpython__slot_build_v(kaa_context *ctx, const char *format, va_list values)
{
    return kaa_args__build_v(ctx, format, values);
}
