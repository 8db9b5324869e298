/* module/module.c - making a module from its definition. */
#include <string.h>

#include "module/module.h"

int
kaa_module__raise(kaa_context *ctx, const kaa_error *err)
{
    if (err->status == KAA_NO_MEMORY)
        return kaa_raise_memory(ctx);
    return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR), "%s",
                            err->message);
}

/* Sets an attribute to a new reference, which is given up; NULL fails. */
static int
set_taken(kaa_context *ctx, kaa_object *module, const char *name,
          kaa_object *value)
{
    int result;

    if (value == NULL)
        return -1;
    result = kaa_set_attr_text(ctx, module, name, value);
    kaa_decref(ctx, value);
    return result;
}

static int
add_typed(kaa_context *ctx, const kaa_module__maker *maker,
          const kaa_method *method, kaa_object *module)
{
    kaa_object *function, *name;
    int result = -1;

    if (maker != NULL && maker->new_typed != NULL)
        function = maker->new_typed(ctx, method, module, maker->user);
    else
        function = kaa_module__new_typed(ctx, method, module);
    if (function == NULL)
        return -1;
    name = kaa_get_attr_text(ctx, function, "__name__");
    if (name != NULL)
        result = kaa_set_attr(ctx, module, name, function);
    kaa_decref(ctx, name);
    kaa_decref(ctx, function);
    return result;
}

static int
add_methods(kaa_context *ctx, const kaa_module__maker *maker,
            const kaa_method *methods, kaa_object *module)
{
    kaa_object *name = kaa_get_attr_text(ctx, module, "__name__");
    int result = name != NULL ? 0 : -1;

    for (; result == 0 && methods->name != NULL; methods++) {
        if (methods->flags & KAA_TYPED)
            result = kaa_module__check_method(ctx, methods);
        if (result != 0)
            break;
        if (methods->flags & KAA_TYPED)
            result = add_typed(ctx, maker, methods, module);
        else
            result = set_taken(ctx, module, methods->name,
                               kaa_function_new(ctx, methods, module, name));
    }
    kaa_decref(ctx, name);
    return result;
}

static int
add_constants(kaa_context *ctx, const kaa_constant *constants,
              kaa_object *module)
{
    for (; constants->name != NULL; constants++) {
        kaa_object *value;

        switch (constants->kind) {
        case 'i':
            value = kaa_int(ctx, constants->integer);
            break;
        case 'd':
            value = kaa_float_from_double(ctx, constants->number);
            break;
        case 's':
            value = constants->text != NULL ? kaa_text(ctx, constants->text)
                                            : kaa_none(ctx);
            break;
        default:
            return kaa_raise_format(
                ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR),
                "constant %s is of kind %u; 'i', 'd' or 's' was expected",
                constants->name, (unsigned)constants->kind);
        }
        if (set_taken(ctx, module, constants->name, value) != 0)
            return -1;
    }
    return 0;
}

static int
add_types(kaa_context *ctx, const kaa_type_spec *const *types,
          kaa_object *module)
{
    for (; *types != NULL; types++) {
        kaa_object *type = kaa_type_new(ctx, *types, module, NULL);
        const char *dot;

        if (type == NULL)
            return -1;
        dot = strrchr((*types)->name, '.');
        if (set_taken(ctx, module, dot != NULL ? dot + 1 : (*types)->name,
                      type) != 0)
            return -1;
    }
    return 0;
}

/* What exec left: a failure must have its exception, and a success none. */
static int
check_exec(kaa_context *ctx, const char *name, int result)
{
    if (result != 0 && !kaa_error_occurred(ctx))
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR),
                                "execution of module %s failed without "
                                "setting an exception",
                                name);
    if (result == 0 && kaa_error_occurred(ctx)) {
        kaa_object *cause = kaa_error_take(ctx);
        kaa_object *error;

        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR),
                         "execution of module %s raised unreported exception",
                         name);
        error = kaa_error_take(ctx);
        if (error != NULL && cause != NULL)
            (void)kaa_exception_set_cause(ctx, error, cause);
        kaa_decref(ctx, cause);
        if (error != NULL)
            kaa_raise_exception(ctx, error);
        kaa_decref(ctx, error);
        return -1;
    }
    return result != 0 ? -1 : 0;
}

int
kaa_module__fill(kaa_context *ctx, const kaa_module__maker *maker,
                 const kaa_module_def *definition, kaa_object *module)
{
    kaa_module_def whole;

    kaa_module__read(definition, &whole);
    if (whole.doc != NULL &&
        set_taken(ctx, module, "__doc__", kaa_text(ctx, whole.doc)) != 0)
        return -1;
    if (whole.methods != NULL &&
        add_methods(ctx, maker, whole.methods, module) != 0)
        return -1;
    if (whole.constants != NULL &&
        add_constants(ctx, whole.constants, module) != 0)
        return -1;
    if (whole.types != NULL && add_types(ctx, whole.types, module) != 0)
        return -1;
    if (whole.exec == NULL)
        return 0;
    return check_exec(ctx, whole.name, whole.exec(ctx, module));
}

kaa_object *
kaa_module__create(kaa_context *ctx, const kaa_module__maker *maker,
                   const kaa_module_def *definition, const char *full_name,
                   const char *path)
{
    kaa_object *module;

    if (full_name == NULL)
        full_name = definition->name;
    module = maker->new_module(ctx, definition, full_name, maker->user);
    if (module == NULL)
        return NULL;
    if ((path == NULL ||
         set_taken(ctx, module, "__file__", kaa_text(ctx, path)) == 0) &&
        kaa_module__fill(ctx, maker, definition, module) == 0)
        return module;
    if (maker->forget != NULL)
        maker->forget(ctx, definition, module, maker->user);
    kaa_decref(ctx, module);
    return NULL;
}

kaa_object *
kaa_module__load(kaa_context *ctx, const kaa_module__maker *maker,
                 const char *path, const char *full_name)
{
    const kaa_module_def *definition = NULL;
    kaa_error err = {0};

    if (kaa_module__open(path, &definition, &err) != KAA_OK) {
        kaa_module__raise(ctx, &err);
        return NULL;
    }
    return kaa_module__create(ctx, maker, definition, full_name, path);
}
