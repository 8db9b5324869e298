/* object/core/operate.c - comparisons and operators.
 *
 * Both operands are asked, the left one first; but first the right one if its
 * type is derived from that of the left one and does it another way.
 */
#include "object/numbers/number.h"
#include "object/types/type.h"

/* ---- Comparison */

static const char *const comparison_signs[] = {
    "<", "<=", "==", "!=", ">", ">="};
/* What the right operand is asked. */
static const int reflected[] = {KAA_GT, KAA_GE, KAA_EQ, KAA_NE, KAA_LT, KAA_LE};

static int
compare_ints(int64_t left, int64_t right, int op)
{
    switch (op) {
    case KAA_LT:
        return left < right;
    case KAA_LE:
        return left <= right;
    case KAA_EQ:
        return left == right;
    case KAA_NE:
        return left != right;
    case KAA_GT:
        return left > right;
    default:
        return left >= right;
    }
}

/* What a slot said, or NULL where it does not know; *failed if it failed. */
static kaa_object *
ask(kaa_context *ctx, const kaa_object__type *type, kaa_object *left,
    kaa_object *right, int op, int *failed)
{
    kaa_object *result;

    if (type->compare == NULL)
        return NULL;
    result = type->compare(ctx, left, right, op);
    if (result == NULL)
        *failed = 1;
    return result != kaa_object__constant(KAA_NOT_IMPLEMENTED) ? result : NULL;
}

static kaa_object *
compare_objects(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    const kaa_object__type *type = kaa_object__borrow_type(ctx, left);
    const kaa_object__type *other = kaa_object__borrow_type(ctx, right);
    kaa_object *result = NULL;
    int failed = 0, right_first;

    right_first = type != other && other->compare != NULL &&
                  kaa_object__derives(other, type);
    if (right_first)
        result = ask(ctx, other, right, left, reflected[op], &failed);
    if (result == NULL && !failed)
        result = ask(ctx, type, left, right, op, &failed);
    if (result == NULL && !failed && !right_first)
        result = ask(ctx, other, right, left, reflected[op], &failed);
    if (result != NULL || failed)
        return result;
    if (op == KAA_EQ || op == KAA_NE)
        return kaa_object__truth_value((left == right) == (op == KAA_EQ));
    kaa_object__raise_text(
        ctx, KAA_TYPE_ERROR,
        "'%s' not supported between instances of '%.100s' and '%.100s'",
        comparison_signs[op], type->name, other->name);
    return NULL;
}

kaa_object *
kaa_object__compare(kaa_context *ctx, kaa_object *left, kaa_object *right,
                    int op)
{
    kaa_object *result;

    if (KAA_UNLIKELY((unsigned)op > KAA_GE)) {
        kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                               "%d is no comparison operator", op);
        return NULL;
    }
    if (((uintptr_t)left & (uintptr_t)right & 1u) != 0)
        return kaa_object__truth_value(compare_ints(
            kaa_object__tagged_int(left), kaa_object__tagged_int(right), op));
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    result = compare_objects(ctx, left, right, op);
    kaa_object__end_call(ctx);
    return result;
}

int
kaa_object__compare_truth(kaa_context *ctx, kaa_object *left, kaa_object *right,
                          int op)
{
    kaa_object *answer;
    int result;

    if (left == right && (op == KAA_EQ || op == KAA_NE))
        return op == KAA_EQ;
    if (((uintptr_t)left & (uintptr_t)right & 1u) != 0)
        return compare_ints(kaa_object__tagged_int(left),
                            kaa_object__tagged_int(right), op);
    answer = kaa_object__compare(ctx, left, right, op);
    if (answer == NULL)
        return -1;
    result = kaa_object__truth(ctx, answer);
    kaa_decref(ctx, answer);
    return result;
}

/* ---- Operators of two operands */

static const char *const signs[] = {
    [KAA_ADD] = "+",
    [KAA_SUBTRACT] = "-",
    [KAA_MULTIPLY] = "*",
    [KAA_MATRIX_MULTIPLY] = "@",
    [KAA_TRUE_DIVIDE] = "/",
    [KAA_FLOOR_DIVIDE] = "//",
    [KAA_REMAINDER] = "%",
    [KAA_DIVMOD] = "divmod()",
    [KAA_POWER] = "** or pow()",
    [KAA_LSHIFT] = "<<",
    [KAA_RSHIFT] = ">>",
    [KAA_AND] = "&",
    [KAA_OR] = "|",
    [KAA_XOR] = "^",
};

static const char *const inplace_signs[] = {
    [KAA_ADD] = "+=",
    [KAA_SUBTRACT] = "-=",
    [KAA_MULTIPLY] = "*=",
    [KAA_MATRIX_MULTIPLY] = "@=",
    [KAA_TRUE_DIVIDE] = "/=",
    [KAA_FLOOR_DIVIDE] = "//=",
    [KAA_REMAINDER] = "%=",
    [KAA_DIVMOD] = "divmod()",
    [KAA_POWER] = "** or pow()",
    [KAA_LSHIFT] = "<<=",
    [KAA_RSHIFT] = ">>=",
    [KAA_AND] = "&=",
    [KAA_OR] = "|=",
    [KAA_XOR] = "^=",
};

/* The same for a slot `binary`. */
static kaa_object *
try_binary(kaa_context *ctx, const kaa_object__type *type, kaa_object *left,
           kaa_object *right, int op, int *failed)
{
    kaa_object *result = type->binary(ctx, left, right, op);

    if (result == NULL)
        *failed = 1;
    return result != kaa_object__constant(KAA_NOT_IMPLEMENTED) ? result : NULL;
}

/* NULL and not *failed: neither knows. */
static kaa_object *
operate(kaa_context *ctx, kaa_object *left, kaa_object *right, int op,
        int *failed)
{
    const kaa_object__type *type = kaa_object__borrow_type(ctx, left);
    const kaa_object__type *other = kaa_object__borrow_type(ctx, right);
    kaa_object *result = NULL;
    int asks_other = other->binary != NULL && other->binary != type->binary;

    if (asks_other && type != other && kaa_object__derives(other, type)) {
        result = try_binary(ctx, other, left, right, op, failed);
        asks_other = 0;
    }
    if (result == NULL && !*failed && type->binary != NULL)
        result = try_binary(ctx, type, left, right, op, failed);
    if (result == NULL && !*failed && asks_other)
        result = try_binary(ctx, other, left, right, op, failed);
    return result;
}

static kaa_object *
refuse_operands(kaa_context *ctx, kaa_object *left, kaa_object *right,
                const char *sign)
{
    kaa_object__raise_text(
        ctx, KAA_TYPE_ERROR,
        "unsupported operand type(s) for %s: '%.100s' and '%.100s'", sign,
        kaa_object__borrow_type(ctx, left)->name,
        kaa_object__borrow_type(ctx, right)->name);
    return NULL;
}

static kaa_object *
refuse_operator(kaa_context *ctx, int op)
{
    kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR, "%d is no operator", op);
    return NULL;
}

kaa_object *
kaa_object__binary(kaa_context *ctx, kaa_object *left, kaa_object *right,
                   int op)
{
    kaa_object *result;
    int failed = 0;

    if ((unsigned)op >= KAA_OPERATOR_COUNT)
        return refuse_operator(ctx, op);
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    result = operate(ctx, left, right, op, &failed);
    kaa_object__end_call(ctx);
    if (result == NULL && !failed)
        return refuse_operands(ctx, left, right, signs[op]);
    return result;
}

kaa_object *
kaa_object__inplace(kaa_context *ctx, kaa_object *left, kaa_object *right,
                    int op)
{
    const kaa_object__type *type = kaa_object__borrow_type(ctx, left);
    kaa_object *result = NULL;
    int failed = 0;

    if ((unsigned)op >= KAA_OPERATOR_COUNT)
        return refuse_operator(ctx, op);
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    if (type->inplace != NULL) {
        result = type->inplace(ctx, left, right, op);
        failed = result == NULL;
        if (result == kaa_object__constant(KAA_NOT_IMPLEMENTED))
            result = NULL;
    }
    if (result == NULL && !failed)
        result = operate(ctx, left, right, op, &failed);
    kaa_object__end_call(ctx);
    if (result == NULL && !failed)
        return refuse_operands(ctx, left, right, inplace_signs[op]);
    return result;
}

/* ---- Operators of one operand, and numbers */

kaa_object *
kaa_object__unary(kaa_context *ctx, kaa_object *object, int op)
{
    static const char *const unary_signs[] = {"unary -", "unary +", "abs()",
                                              "unary ~"};
    const kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *result = kaa_object__constant(KAA_NOT_IMPLEMENTED);

    if ((unsigned)op > KAA_INVERT)
        return refuse_operator(ctx, op);
    if (type->unary != NULL) {
        if (kaa_object__begin_call(ctx) != 0)
            return NULL;
        result = type->unary(ctx, object, op);
        kaa_object__end_call(ctx);
    }
    if (result != kaa_object__constant(KAA_NOT_IMPLEMENTED))
        return result;
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                           "bad operand type for %s: '%.200s'", unary_signs[op],
                           type->name);
    return NULL;
}

/* Runs a slot that gives a number of the builtin type `id`. */
static kaa_object *
run_number(kaa_context *ctx, kaa_object *object, const char *name,
           kaa_builtin_id id,
           kaa_object *(*slot)(kaa_context *ctx, kaa_object *self))
{
    kaa_object *number;

    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    number = slot(ctx, object);
    kaa_object__end_call(ctx);
    if (number != NULL && !kaa_object__check(ctx, number, (int)id)) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "%s returned non-%s (type %.200s)", name,
                               id == KAA_INT_TYPE ? "int" : "float",
                               kaa_object__borrow_type(ctx, number)->name);
        KAA_CLEAR(ctx, number);
    }
    return number;
}

kaa_object *
kaa_object__index(kaa_context *ctx, kaa_object *object)
{
    const kaa_object__type *type = kaa_object__borrow_type(ctx, object);

    if (type == kaa_object__builtin(ctx, KAA_INT_TYPE))
        return kaa_incref(ctx, object);
    if (type->index != NULL)
        return run_number(ctx, object, "__index__", KAA_INT_TYPE, type->index);
    kaa_object__raise_text(
        ctx, KAA_TYPE_ERROR,
        "'%.200s' object cannot be interpreted as an integer", type->name);
    return NULL;
}

kaa_object *
kaa_object__to_int(kaa_context *ctx, kaa_object *object)
{
    const kaa_object__type *type = kaa_object__borrow_type(ctx, object);

    if (type == kaa_object__builtin(ctx, KAA_INT_TYPE))
        return kaa_incref(ctx, object);
    if (type->to_int != NULL)
        return run_number(ctx, object, "__int__", KAA_INT_TYPE, type->to_int);
    if (type->index != NULL)
        return kaa_object__index(ctx, object);
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                           "int() argument must be a string, a bytes-like "
                           "object or a real number, not '%.200s'",
                           type->name);
    return NULL;
}

kaa_object *
kaa_object__to_float(kaa_context *ctx, kaa_object *object)
{
    const kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *number, *result;

    if (type == kaa_object__builtin(ctx, KAA_FLOAT_TYPE))
        return kaa_incref(ctx, object);
    if (type->to_float != NULL)
        return run_number(ctx, object, "__float__", KAA_FLOAT_TYPE,
                          type->to_float);
    if (type->index == NULL) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "float() argument must be a string or a real "
                               "number, not '%.200s'",
                               type->name);
        return NULL;
    }
    number = kaa_object__index(ctx, object);
    if (number == NULL)
        return NULL;
    result = kaa_object__int_as_float(ctx, number);
    kaa_decref(ctx, number);
    return result;
}
