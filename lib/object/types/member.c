/* object/types/member.c - members: fields of C data as attributes. */
#include <string.h>

#include "object/types/type.h"

typedef struct kaa_object__range {
    const char *name; /* in C */
    size_t bytes;
    int64_t least;
    uint64_t most;
} kaa_object__range;

/* By kaa_member_kind. */
static const kaa_object__range ranges[] = {
    [KAA_MEMBER_BOOL] = {"bool", sizeof(_Bool), 0, 1},
    [KAA_MEMBER_INT8] = {"int8_t", 1, INT8_MIN, INT8_MAX},
    [KAA_MEMBER_UINT8] = {"uint8_t", 1, 0, UINT8_MAX},
    [KAA_MEMBER_INT16] = {"int16_t", 2, INT16_MIN, INT16_MAX},
    [KAA_MEMBER_UINT16] = {"uint16_t", 2, 0, UINT16_MAX},
    [KAA_MEMBER_INT32] = {"int32_t", 4, INT32_MIN, INT32_MAX},
    [KAA_MEMBER_UINT32] = {"uint32_t", 4, 0, UINT32_MAX},
    [KAA_MEMBER_INT64] = {"int64_t", 8, INT64_MIN, INT64_MAX},
    [KAA_MEMBER_UINT64] = {"uint64_t", 8, 0, UINT64_MAX},
    [KAA_MEMBER_FLOAT] = {"float", sizeof(float), 0, 0},
    [KAA_MEMBER_DOUBLE] = {"double", sizeof(double), 0, 0},
    [KAA_MEMBER_TEXT] = {"const char *", sizeof(char *), 0, 0},
    [KAA_MEMBER_OBJECT] = {"kaa_object *", sizeof(kaa_object *), 0, 0},
};

size_t
kaa_object__member_bytes(uint32_t kind)
{
    return kind < sizeof(ranges) / sizeof(ranges[0]) ? ranges[kind].bytes : 0;
}

static void *
field_of(const kaa_member *member, kaa_object *instance)
{
    return (char *)instance + sizeof(kaa_object) + member->offset;
}

kaa_object *
kaa_object__member_get(kaa_context *ctx, const kaa_member *member,
                       kaa_object *instance)
{
    void *field = field_of(member, instance);
    kaa_object *object;
    const char *text;

    switch ((kaa_member_kind)member->kind) {
    case KAA_MEMBER_BOOL:
        return kaa_object__truth_value(*(unsigned char *)field != 0);
    case KAA_MEMBER_INT8:
        return kaa_int(ctx, *(int8_t *)field);
    case KAA_MEMBER_UINT8:
        return kaa_int(ctx, *(uint8_t *)field);
    case KAA_MEMBER_INT16:
        return kaa_int(ctx, *(int16_t *)field);
    case KAA_MEMBER_UINT16:
        return kaa_int(ctx, *(uint16_t *)field);
    case KAA_MEMBER_INT32:
        return kaa_int(ctx, *(int32_t *)field);
    case KAA_MEMBER_UINT32:
        return kaa_int(ctx, *(uint32_t *)field);
    case KAA_MEMBER_INT64:
        return kaa_int(ctx, *(int64_t *)field);
    case KAA_MEMBER_UINT64:
        return kaa_object__int_from_uint64(ctx, *(uint64_t *)field);
    case KAA_MEMBER_FLOAT:
        return kaa_object__float_from_double(ctx, (double)*(float *)field);
    case KAA_MEMBER_DOUBLE:
        return kaa_object__float_from_double(ctx, *(double *)field);
    case KAA_MEMBER_TEXT:
        text = *(const char **)field;
        return text != NULL ? kaa_object__str_from_utf8(ctx, text, strlen(text))
                            : kaa_none(ctx);
    case KAA_MEMBER_OBJECT:
        object = *(kaa_object **)field;
        return object != NULL ? kaa_incref(ctx, object) : kaa_none(ctx);
    }
    kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR, "member '%s' has no kind",
                           member->name);
    return NULL;
}

static int
refuse_value(kaa_context *ctx, const kaa_member *member, const char *wanted,
             kaa_object *value)
{
    return kaa_object__raise_text(
        ctx, KAA_TYPE_ERROR, "attribute '%s' must be %s, not %s", member->name,
        wanted, kaa_object__borrow_type(ctx, value)->name);
}

static int
refuse_range(kaa_context *ctx, const kaa_member *member)
{
    return kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                                  "attribute '%s': value does not fit in %s",
                                  member->name, ranges[member->kind].name);
}

/* Whether the pending exception is an OverflowError, which is dropped. */
static int
drop_overflow(kaa_context *ctx)
{
    if (kaa_object__error_matches(ctx, kaa_builtin(ctx, KAA_OVERFLOW_ERROR)) !=
        1)
        return 0;
    kaa_object__error_clear(ctx);
    return 1;
}

static int
set_integer(kaa_context *ctx, const kaa_member *member, void *field,
            kaa_object *value)
{
    const kaa_object__range *range = &ranges[member->kind];
    uint64_t bits;

    if (kaa_object__check(ctx, value, KAA_FLOAT_TYPE))
        return refuse_value(ctx, member, "an integer", value);
    if (range->most == UINT64_MAX) {
        if (kaa_object__int_as_uint64(ctx, value, &bits) != 0)
            return drop_overflow(ctx) ? refuse_range(ctx, member) : -1;
    } else {
        int64_t number;

        if (kaa_int_as_int64(ctx, value, &number) != 0)
            return drop_overflow(ctx) ? refuse_range(ctx, member) : -1;
        if (number < range->least ||
            (number > 0 && (uint64_t)number > range->most))
            return refuse_range(ctx, member);
        bits = (uint64_t)number;
    }
    switch (range->bytes) {
    case 1:
        *(uint8_t *)field = (uint8_t)bits;
        break;
    case 2:
        *(uint16_t *)field = (uint16_t)bits;
        break;
    case 4:
        *(uint32_t *)field = (uint32_t)bits;
        break;
    default:
        *(uint64_t *)field = bits;
    }
    return 0;
}

static int
set_number(kaa_context *ctx, const kaa_member *member, void *field,
           kaa_object *value)
{
    double number;

    if (kaa_object__float_as_double(ctx, value, &number) != 0)
        return -1;
    if (member->kind == KAA_MEMBER_DOUBLE)
        *(double *)field = number;
    else
        *(float *)field = (float)number;
    return 0;
}

int
kaa_object__member_set(kaa_context *ctx, const kaa_member *member,
                       kaa_object *instance, kaa_object *value)
{
    void *field = field_of(member, instance);
    kaa_object *before;

    if ((member->flags & KAA_READONLY) != 0 || member->kind == KAA_MEMBER_TEXT)
        return kaa_object__raise_text(ctx, KAA_ATTRIBUTE_ERROR,
                                      "readonly attribute");
    if (member->kind == KAA_MEMBER_OBJECT) {
        before = *(kaa_object **)field;
        *(kaa_object **)field = kaa_incref(ctx, value);
        kaa_decref(ctx, before);
        return 0;
    }
    if (value == NULL)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "can't delete numeric attribute");
    if (member->kind == KAA_MEMBER_BOOL) {
        if (value != kaa_object__truth_value(0) &&
            value != kaa_object__truth_value(1))
            return refuse_value(ctx, member, "bool", value);
        *(_Bool *)field = value == kaa_object__truth_value(1);
        return 0;
    }
    if (member->kind == KAA_MEMBER_FLOAT || member->kind == KAA_MEMBER_DOUBLE)
        return set_number(ctx, member, field, value);
    return set_integer(ctx, member, field, value);
}
