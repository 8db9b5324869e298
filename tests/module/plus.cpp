/* tests/module/plus.cpp - a module in C++, of any standard since C++11. */
#include <kaa/module.h>

#include <string>

namespace
{

struct counter {
    int64_t value;
    std::string *text;
};

int
counter_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"start", "text", nullptr};
    counter *own = static_cast<counter *>(kaa_data(ctx, self));
    const char *text = "";
    long long start = 0;

    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "|Ls:Counter", names,
                            &start, &text))
        return -1;
    delete own->text;
    own->text = new std::string(text);
    own->value = start;
    return 0;
}

void
counter_destroy(kaa_context *, void *data)
{
    delete static_cast<counter *>(data)->text;
}

kaa_object *
counter_next(kaa_context *ctx, kaa_object *self)
{
    return kaa_int(ctx, ++static_cast<counter *>(kaa_data(ctx, self))->value);
}

kaa_object *
counter_text(kaa_context *ctx, kaa_object *self, void *)
{
    const counter *own = static_cast<counter *>(kaa_data(ctx, self));

    return kaa_text(ctx, own->text != nullptr ? own->text->c_str() : "");
}

const kaa_member members[] = {
    {"value", KAA_MEMBER_INT64, KAA_READONLY, offsetof(counter, value),
     nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

const kaa_property properties[] = {
    {"text", counter_text, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

const kaa_method counter_methods[] = {
    KAA_METHOD_NOARGS("next", counter_next, "next()\n--\n\nOne more."),
    KAA_METHODS_END,
};

const kaa_type_spec counter_spec =
    kaa_make_type_spec("plus.Counter", [](kaa_type_spec &spec) {
        spec.destroy = counter_destroy;
        spec.data_bytes = sizeof(counter);
        spec.init = counter_init;
        spec.methods = counter_methods;
        spec.members = members;
        spec.properties = properties;
    });

const kaa_type_spec *const types[] = {&counter_spec, nullptr};

kaa_object *
add(kaa_context *ctx, kaa_object *, kaa_object *const *args, size_t nargs)
{
    kaa_object *left, *right;

    if (!kaa_parse_args(ctx, args, nargs, "OO:add", &left, &right))
        return nullptr;
    return kaa_binary(ctx, left, right, KAA_ADD);
}

double
half(double x)
{
    return x / 2;
}

const kaa_method methods[] = {
    KAA_METHOD("add", add, "add(left, right)\n--\n\nTheir sum."),
    KAA_FUNCTION("double half(double x)", half, "A half."),
    KAA_METHODS_END,
};

const kaa_constant constants[] = {
    KAA_CONSTANT_INT("standard", __cplusplus),
    KAA_CONSTANT_DOUBLE("quarter", 0.25),
    KAA_CONSTANT_TEXT("language", "C++"),
    KAA_CONSTANTS_END,
};

} // namespace

KAA_MODULE(plus, [](kaa_module_def &module) {
    module.types = types;
    module.doc = "Written in C++.";
    module.methods = methods;
    module.constants = constants;
})
