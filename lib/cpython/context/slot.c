/* cpython/context/slot.c - from the slots of a kaa_type_spec to those of a
 * host's type.
 *
 * Where both want the same arguments but for the context the thunk is all there
 * is between; the others go through a function here, which is handed the
 * record, or the operator.
 */
#include <string.h>

#include "cpython/context/native_type.h"

int
kaa_cpython__add_slot(kaa_cpython__type_record *record, int slot, void *value)
{
    if (value == NULL)
        return -1;
    if (record->slot_count >= KAA_CPYTHON__SLOTS_MAX - 1) {
        kaa_cpython__raise(PY(PyExc_SystemError), "too many slots");
        return -1;
    }
    record->slots[record->slot_count++] = (host_type_slot){slot, value};
    return 0;
}

static int
add_thunk(kaa_cpython__type_record *record, int slot, kaa_cpython__any function,
          void *data)
{
    return kaa_cpython__add_slot(
        record, slot,
        kaa_cpython__thunk_new(own_of(record->ctx)->host, function, data));
}

/* How a slot whose function is the spec's own fails. */
enum { RETURNS_NULL, RETURNS_MINUS_ONE, CANNOT };

static int
add_direct(kaa_cpython__type_record *record, int slot, int how,
           kaa_cpython__any function)
{
    kaa_cpython__bound *bound = &record->bound[record->slot_count];
    void *thunk;

    if (function == NULL)
        return 0;
    if (how == CANNOT)
        thunk =
            kaa_cpython__lock_thunk(record->ctx, record->lock, function, bound);
    else
        thunk =
            kaa_cpython__slot_thunk(record->ctx, record->lock, function,
                                    how == RETURNS_MINUS_ONE ? -1 : 0, bound);
    return kaa_cpython__add_slot(record, slot, thunk);
}

/* Around a slot's function that has arguments of its own. */
static int
begin_slot(kaa_cpython__section *section, PyObject *lock)
{
    section->entered = kaa_cpython__enter_slot(kaa_cpython__in_slot);
    if (KAA_UNLIKELY(section->entered < 0))
        return -1;
    begin_section(section, lock);
    return 0;
}

static void
end_slot(kaa_cpython__section *section)
{
    end_section(section);
    kaa_cpython__leave_slot(section->entered);
}

/* ---- operators */

static kaa_object *
call_binary(kaa_cpython__bound *bound, kaa_object *left, kaa_object *right)
{
    typedef kaa_object *function(kaa_context *, kaa_object *, kaa_object *,
                                 int);
    kaa_cpython__section section;
    kaa_object *result;

    if (begin_slot(&section, bound->lock) != 0)
        return NULL;
    result = ((function *)bound->function)(bound->ctx, left, right, bound->op);
    end_slot(&section);
    return result;
}

/* pow() has a third operand, which kaa's operators have not. */
static kaa_object *
call_power(kaa_cpython__bound *bound, kaa_object *left, kaa_object *right,
           kaa_object *modulus)
{
    if (!kaa_is_none(bound->ctx, modulus))
        return kaa_not_implemented(bound->ctx);
    return call_binary(bound, left, right);
}

static kaa_object *
call_unary(kaa_cpython__bound *bound, kaa_object *self)
{
    typedef kaa_object *function(kaa_context *, kaa_object *, int);
    kaa_cpython__section section;
    kaa_object *result;

    if (begin_slot(&section, bound->lock) != 0)
        return NULL;
    result = ((function *)bound->function)(bound->ctx, self, bound->op);
    end_slot(&section);
    return result;
}

static int
add_operator(kaa_cpython__type_record *record, int slot, int op,
             kaa_cpython__any caller, kaa_cpython__any function)
{
    kaa_cpython__bound *bound = &record->bound[record->slot_count];

    bound->ctx = record->ctx;
    bound->lock = record->lock;
    bound->function = function;
    bound->op = op;
    return add_thunk(record, slot, caller, bound);
}

static int
add_operators(kaa_cpython__type_record *record, const int *slots,
              kaa_cpython__any function)
{
    for (int op = 0; op < KAA_OPERATOR_COUNT; op++) {
        kaa_cpython__any caller = op == KAA_POWER
                                      ? KAA_CPYTHON__ANY(call_power)
                                      : KAA_CPYTHON__ANY(call_binary);

        if (slots[op] != 0 &&
            add_operator(record, slots[op], op, caller, function) != 0)
            return -1;
    }
    return 0;
}

static int
fill_operators(kaa_cpython__type_record *record)
{
    static const int binary[KAA_OPERATOR_COUNT] = {
        [KAA_ADD] = HOST_NB_ADD,
        [KAA_SUBTRACT] = HOST_NB_SUBTRACT,
        [KAA_MULTIPLY] = HOST_NB_MULTIPLY,
        [KAA_MATRIX_MULTIPLY] = HOST_NB_MATRIX_MULTIPLY,
        [KAA_TRUE_DIVIDE] = HOST_NB_TRUE_DIVIDE,
        [KAA_FLOOR_DIVIDE] = HOST_NB_FLOOR_DIVIDE,
        [KAA_REMAINDER] = HOST_NB_REMAINDER,
        [KAA_DIVMOD] = HOST_NB_DIVMOD,
        [KAA_POWER] = HOST_NB_POWER,
        [KAA_LSHIFT] = HOST_NB_LSHIFT,
        [KAA_RSHIFT] = HOST_NB_RSHIFT,
        [KAA_AND] = HOST_NB_AND,
        [KAA_OR] = HOST_NB_OR,
        [KAA_XOR] = HOST_NB_XOR,
    };
    static const int inplace[KAA_OPERATOR_COUNT] = {
        [KAA_ADD] = HOST_NB_INPLACE_ADD,
        [KAA_SUBTRACT] = HOST_NB_INPLACE_SUBTRACT,
        [KAA_MULTIPLY] = HOST_NB_INPLACE_MULTIPLY,
        [KAA_MATRIX_MULTIPLY] = HOST_NB_INPLACE_MATRIX_MULTIPLY,
        [KAA_TRUE_DIVIDE] = HOST_NB_INPLACE_TRUE_DIVIDE,
        [KAA_FLOOR_DIVIDE] = HOST_NB_INPLACE_FLOOR_DIVIDE,
        [KAA_REMAINDER] = HOST_NB_INPLACE_REMAINDER,
        [KAA_POWER] = HOST_NB_INPLACE_POWER,
        [KAA_LSHIFT] = HOST_NB_INPLACE_LSHIFT,
        [KAA_RSHIFT] = HOST_NB_INPLACE_RSHIFT,
        [KAA_AND] = HOST_NB_INPLACE_AND,
        [KAA_OR] = HOST_NB_INPLACE_OR,
        [KAA_XOR] = HOST_NB_INPLACE_XOR,
    };
    static const int unary[4] = {
        [KAA_NEGATIVE] = HOST_NB_NEGATIVE,
        [KAA_POSITIVE] = HOST_NB_POSITIVE,
        [KAA_ABSOLUTE] = HOST_NB_ABSOLUTE,
        [KAA_INVERT] = HOST_NB_INVERT,
    };
    const kaa_type_spec *spec = &record->spec;
    kaa_cpython__any in_place = KAA_CPYTHON__ANY(spec->inplace);

    /* Whoever replaces an operator replaces its in-place form. */
    if (spec->inplace == NULL && spec->binary != NULL && record->base != NULL &&
        record->base->has_inplace)
        in_place = KAA_CPYTHON__ANY(spec->binary);
    if (spec->binary != NULL &&
        add_operators(record, binary, KAA_CPYTHON__ANY(spec->binary)) != 0)
        return -1;
    if (in_place != NULL && add_operators(record, inplace, in_place) != 0)
        return -1;
    for (int op = 0; spec->unary != NULL && op < 4; op++)
        if (add_operator(record, unary[op], op, KAA_CPYTHON__ANY(call_unary),
                         KAA_CPYTHON__ANY(spec->unary)) != 0)
            return -1;
    return 0;
}

/* ---- slots with arguments of their own */

/* -1 is the host's sign of an error alone. */
static ssize_t
call_hash(kaa_cpython__type_record *record, kaa_object *self)
{
    kaa_cpython__section section;
    int64_t hash;

    if (begin_slot(&section, record->lock) != 0)
        return -1;
    hash = record->spec.hash(record->ctx, self);
    end_slot(&section);
    if (hash == -1 && PY(PyErr_Occurred)() == NULL)
        hash = -2;
    return (ssize_t)hash;
}

static int
call_init(kaa_cpython__type_record *record, PyObject *self, PyObject *args,
          PyObject *kwargs)
{
    kaa_cpython__arguments given;
    kaa_cpython__section section;
    int result;

    if (kaa_cpython__arguments_init(&given, args, kwargs) != 0)
        return -1;
    if (begin_slot(&section, record->lock) != 0) {
        kaa_cpython__arguments_fini(&given);
        return -1;
    }
    result = record->spec.init(record->ctx, as_kaa(self), given.args,
                               given.nargs, given.kwnames);
    end_slot(&section);
    kaa_cpython__arguments_fini(&given);
    return result;
}

static PyObject *
call_call(kaa_cpython__type_record *record, PyObject *self, PyObject *args,
          PyObject *kwargs)
{
    kaa_cpython__arguments given;
    kaa_cpython__section section;
    kaa_object *result;

    if (kaa_cpython__arguments_init(&given, args, kwargs) != 0)
        return NULL;
    if (begin_slot(&section, record->lock) != 0) {
        kaa_cpython__arguments_fini(&given);
        return NULL;
    }
    result = record->spec.call(record->ctx, as_kaa(self), given.args,
                               given.nargs, given.kwnames);
    end_slot(&section);
    kaa_cpython__arguments_fini(&given);
    return as_host(result);
}

/* As a sequence's item: classes written in Python have it too. */
static PyObject *
call_item(kaa_cpython__type_record *record, PyObject *self, ssize_t index)
{
    PyObject *key = PY(PyLong_FromLongLong)(index);
    kaa_cpython__section section;
    kaa_object *result;

    if (key == NULL)
        return NULL;
    if (begin_slot(&section, record->lock) != 0) {
        PY(Py_DecRef)(key);
        return NULL;
    }
    result = record->spec.get_item(record->ctx, as_kaa(self), as_kaa(key));
    end_slot(&section);
    PY(Py_DecRef)(key);
    return as_host(result);
}

static int
call_get_buffer(kaa_cpython__type_record *record, PyObject *self,
                host_buffer *buffer, int request)
{
    kaa_cpython__section section;
    int result;

    if (buffer == NULL) {
        kaa_cpython__raise(PY(PyExc_ValueError), "a NULL buffer");
        return -1;
    }
    memset(buffer, 0, sizeof(*buffer));
    if (begin_slot(&section, record->lock) != 0)
        return -1;
    result = record->spec.get_buffer(record->ctx, as_kaa(self),
                                     (kaa_buffer *)(void *)buffer, request);
    end_slot(&section);
    buffer->obj = result == 0 ? new_ref(self) : NULL;
    return result;
}

static PyObject *
refuse_new(kaa_cpython__type_record *record, PyObject *type)
{
    char name[128] = "?";
    PyObject *text = PY(PyObject_GetAttrString)(type, "__name__");
    const char *utf8 =
        text != NULL ? PY(PyUnicode_AsUTF8AndSize)(text, NULL) : NULL;

    (void)record;
    if (utf8 != NULL)
        strncpy(name, utf8, sizeof(name) - 1);
    xdecref(text);
    kaa_cpython__raise(PY(PyExc_TypeError), "cannot create '%s' instances",
                       record->name != NULL ? record->name : name);
    return NULL;
}

/* The flag that a type has no instances is not inherited, but the host's slot
 * that refuses them would be. */
static PyObject *
permit_new(kaa_cpython__type_record *record, PyObject *type, PyObject *args,
           PyObject *kwargs)
{
    if (type == record->type && record->init == NULL &&
        (PY(PyTuple_Size)(args) != 0 ||
         (kwargs != NULL && PY(PyDict_Size)(kwargs) != 0))) {
        kaa_cpython__raise(PY(PyExc_TypeError), "%s() takes no arguments",
                           record->name);
        return NULL;
    }
    return PY(PyType_GenericAlloc)(type, 0);
}

static int
fill_special(kaa_cpython__type_record *record)
{
    const kaa_type_spec *spec = &record->spec;
    const struct {
        int is_there, slot;
        kaa_cpython__any function;
    } special[] = {
        {spec->hash != NULL, HOST_TP_HASH, KAA_CPYTHON__ANY(call_hash)},
        {spec->init != NULL, HOST_TP_INIT, KAA_CPYTHON__ANY(call_init)},
        {spec->call != NULL, HOST_TP_CALL, KAA_CPYTHON__ANY(call_call)},
        {spec->get_item != NULL, HOST_SQ_ITEM, KAA_CPYTHON__ANY(call_item)},
        {spec->get_buffer != NULL, HOST_BF_GETBUFFER,
         KAA_CPYTHON__ANY(call_get_buffer)},
        {(spec->flags & KAA_TYPE_NO_INSTANCES) != 0, HOST_TP_NEW,
         KAA_CPYTHON__ANY(refuse_new)},
        {record->permits_new, HOST_TP_NEW, KAA_CPYTHON__ANY(permit_new)},
    };

    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (special[i].is_there && add_thunk(record, special[i].slot,
                                             special[i].function, record) != 0)
            return -1;
    return 0;
}

int
kaa_cpython__fill_slots(kaa_cpython__type_record *record)
{
    const kaa_type_spec *spec = &record->spec;
    const struct {
        int slot, how;
        kaa_cpython__any function;
    } direct[] = {
        {HOST_TP_REPR, RETURNS_NULL, KAA_CPYTHON__ANY(spec->repr)},
        {HOST_TP_STR, RETURNS_NULL, KAA_CPYTHON__ANY(spec->str)},
        {HOST_TP_RICHCOMPARE, RETURNS_NULL, KAA_CPYTHON__ANY(spec->compare)},
        {HOST_NB_BOOL, RETURNS_MINUS_ONE, KAA_CPYTHON__ANY(spec->truth)},
        {HOST_TP_GETATTRO, RETURNS_NULL, KAA_CPYTHON__ANY(spec->get_attr)},
        {HOST_TP_SETATTRO, RETURNS_MINUS_ONE, KAA_CPYTHON__ANY(spec->set_attr)},
        {HOST_TP_ITER, RETURNS_NULL, KAA_CPYTHON__ANY(spec->iter)},
        {HOST_TP_ITERNEXT, RETURNS_NULL, KAA_CPYTHON__ANY(spec->next)},
        {HOST_MP_LENGTH, RETURNS_MINUS_ONE, KAA_CPYTHON__ANY(spec->length)},
        {HOST_SQ_LENGTH, RETURNS_MINUS_ONE, KAA_CPYTHON__ANY(spec->length)},
        {HOST_MP_SUBSCRIPT, RETURNS_NULL, KAA_CPYTHON__ANY(spec->get_item)},
        {HOST_MP_ASS_SUBSCRIPT, RETURNS_MINUS_ONE,
         KAA_CPYTHON__ANY(spec->set_item)},
        {HOST_SQ_CONTAINS, RETURNS_MINUS_ONE, KAA_CPYTHON__ANY(spec->contains)},
        {HOST_NB_INT, RETURNS_NULL, KAA_CPYTHON__ANY(spec->to_int)},
        {HOST_NB_FLOAT, RETURNS_NULL, KAA_CPYTHON__ANY(spec->to_float)},
        {HOST_NB_INDEX, RETURNS_NULL, KAA_CPYTHON__ANY(spec->index)},
        {HOST_BF_RELEASEBUFFER, CANNOT, KAA_CPYTHON__ANY(spec->release_buffer)},
    };

    for (size_t i = 0; i < sizeof(direct) / sizeof(direct[0]); i++)
        if (add_direct(record, direct[i].slot, direct[i].how,
                       direct[i].function) != 0)
            return -1;
    if (fill_special(record) != 0)
        return -1;
    return fill_operators(record);
}
