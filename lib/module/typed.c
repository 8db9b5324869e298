/* module/typed.c - plain C functions as methods: KAA_FUNCTION().
 *
 * A declaration becomes a plan and one way of converting for each parameter.
 * What a context cannot give (records, callbacks, long double, ...) is refused
 * when the module is filled, not when the function is called.
 */
#include "module/typed.h"

#include <stdio.h>
#include <string.h>

#include <kaa/decl.h>

#include "args/args.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

static void
destroy(void *pointer)
{
    kaa_module__typed *self = pointer;

    kaa_base__free(self->doc);
    kaa_call_plan_destroy(self->plan);
    kaa_decl_destroy(self->decl);
    kaa_ctype_table_destroy(self->types);
    kaa_base__free(self);
}

/* Whether a context without a bridge can give and take such values. */
static int
is_known(const kaa_convert__shape *shape)
{
    switch (shape->op) {
    case CONVERT_VOID:
    case CONVERT_INTEGER:
    case CONVERT_BOOL:
    case CONVERT_CHAR:
    case CONVERT_FLOAT:
    case CONVERT_DOUBLE:
        return 1;
    case CONVERT_TEXT:
    case CONVERT_POINTER:
        return shape->item != ITEM_NONE;
    default:
        return 0;
    }
}

/* Of pointers, text and addresses alone are results. */
static int
is_result(const kaa_convert__shape *shape)
{
    return is_known(shape) &&
           (shape->op != CONVERT_POINTER || shape->item == ITEM_ANY);
}

static int
refuse(kaa_context *ctx, const kaa_decl_item *item, const char *what,
       const kaa_ctype *type)
{
    char text[160] = "";

    if (type != NULL)
        kaa_ctype_print(type, NULL, text, sizeof(text));
    return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR),
                            "the declaration of %s(): %s%s%s%s", item->name,
                            what, type != NULL ? " '" : "", text,
                            type != NULL ? "' cannot be converted" : "");
}

static int
set_parameter(kaa_context *ctx, kaa_module__typed *self,
              const kaa_decl_item *item, uint32_t i)
{
    const kaa_ctype_parameter *declared = &kaa_ctype_parameters(item->type)[i];
    kaa_module__parameter *out = &self->parameters[i];
    int is_good;
    char what[40];

    out->name = declared->name;
    kaa_convert__shape_of(&out->shape, declared->type);
    if (item->parameters[i].flags & KAA_DECL_PARAMETER_OUT) {
        kaa_convert__shape_of(&out->shape, kaa_ctype_target(out->shape.core));
        self->outs++;
        is_good = is_result(&out->shape);
    } else {
        is_good = is_known(&out->shape);
    }
    kaa_convert__annotate(&out->shape, item->parameters, self->count, i);
    if (is_good)
        return 0;
    snprintf(what, sizeof(what), "parameter %u of type", (unsigned)i + 1);
    return refuse(ctx, item, what, declared->type);
}

static int
set_result(kaa_context *ctx, kaa_module__typed *self, const kaa_decl_item *item)
{
    const kaa_ctype *type = kaa_ctype_target(item->type);

    kaa_convert__shape_of(&self->result.shape, type);
    if (!is_result(&self->result.shape))
        return refuse(ctx, item, "a result of type", type);
    if (kaa_convert__says_owner(item))
        return refuse(ctx, item,
                      "[[kaa::free]] and [[kaa::borrow]] are for kaa.load() "
                      "alone",
                      NULL);
    return 0;
}

/* Fills what depends on the item. */
static int
set_function(kaa_context *ctx, kaa_module__typed *self,
             const kaa_decl_item *item)
{
    kaa_call_options options = {.size = sizeof(options)};
    kaa_error err = {0};
    char refusal[300];

    self->item = item;
    if (kaa_convert__check_notes(item, refusal, sizeof(refusal)) != 0)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR),
                                "the declaration of %s", refusal);
    if (item->flags & (KAA_DECL_HOLD_GIL | KAA_DECL_CONST | KAA_DECL_PURE))
        self->flags |= TYPED_HOLDS_GIL;
    if (item->flags & KAA_DECL_ERRNO) {
        self->flags |= TYPED_ERRNO;
        options.flags |= KAA_CALL_ERRNO;
    }
    for (uint32_t i = 0; i < self->count; i++)
        if (set_parameter(ctx, self, item, i) != 0)
            return -1;
    if (set_result(ctx, self, item) != 0)
        return -1;
    if (kaa_call_plan_create(item->type, &options, &self->plan, &err) != KAA_OK)
        return kaa_module__raise(ctx, &err);
    return 0;
}

/* The one function that the text declares; NULL with an exception. */
static const kaa_decl_item *
parse(kaa_context *ctx, const char *declaration, kaa_ctype_table **out_types,
      kaa_decl **out_decl)
{
    const kaa_decl_item *found = NULL;
    kaa_error err = {0};

    if (kaa_ctype_table_create(out_types, &err) != KAA_OK ||
        kaa_decl_parse(*out_types, declaration, strlen(declaration), NULL,
                       out_decl, &err) != KAA_OK) {
        kaa_module__raise(ctx, &err);
        return NULL;
    }
    for (size_t i = 0; i < kaa_decl_count(*out_decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(*out_decl, i);

        if (item->kind != KAA_DECL_FUNCTION)
            continue;
        if (found != NULL) {
            found = NULL;
            break;
        }
        found = item;
    }
    if (found == NULL)
        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR),
                         "KAA_FUNCTION needs the declaration of one function, "
                         "not '%.200s'",
                         declaration);
    return found;
}

const kaa_decl_item *
kaa_module__parse_typed(kaa_context *ctx, const kaa_method *method,
                        kaa_ctype_table **out_types, kaa_decl **out_decl)
{
    const char *text = method->declaration;
    const kaa_decl_item *item;
    size_t length, bytes;
    char *closed;

    if (text == NULL || method->function == NULL) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR),
                  "a KAA_TYPED method needs a declaration and a function");
        return NULL;
    }
    /* The semicolon may be left out. */
    length = strlen(text);
    while (length > 0 && strchr(" \t\n", text[length - 1]) != NULL)
        length--;
    if (length > 0 && (text[length - 1] == ';' || text[length - 1] == '}'))
        return parse(ctx, text, out_types, out_decl);
    bytes = length + 2;
    closed = kaa_base__alloc(bytes);
    if (closed == NULL) {
        kaa_raise_memory(ctx);
        return NULL;
    }
    snprintf(closed, bytes, "%.*s;", (int)length, text);
    item = parse(ctx, closed, out_types, out_decl);
    kaa_base__free(closed);
    return item;
}

/* "name(x, y)\n--\n\n" and the method's own doc, unless that has a signature
 * already or a parameter has no name. 0 when memory is short. */
static int
set_doc(kaa_module__typed *self, const char *doc)
{
    size_t length = strlen(self->item->name);
    kaa_base__text text = {0};

    self->method.doc = doc;
    if (doc != NULL && strncmp(doc, self->item->name, length) == 0 &&
        doc[length] == '(')
        return 1;
    kaa_base__text_printf(&text, "%s(", self->item->name);
    for (uint32_t i = 0, shown = 0; i < self->count; i++) {
        const kaa_module__parameter *one = &self->parameters[i];

        if (one->shape.flags & CONVERT_OUT)
            continue;
        if (one->name == NULL) {
            kaa_base__text_fini(&text);
            return 1;
        }
        kaa_base__text_printf(
            &text, "%s%s%s", shown++ > 0 ? ", " : "", one->name,
            one->shape.flags & CONVERT_IS_LENGTH ? "=None" : "");
    }
    kaa_base__text_printf(&text, ")\n--\n\n%s", doc != NULL ? doc : "");
    if (text.failed) {
        kaa_base__text_fini(&text);
        return 0;
    }
    self->method.doc = self->doc = text.bytes;
    return 1;
}

/* NULL with an exception; what was handed over is freed in either case. */
static kaa_module__typed *
new_typed(kaa_context *ctx, const kaa_method *method, kaa_ctype_table *types,
          kaa_decl *decl, const kaa_decl_item *item)
{
    uint64_t count = kaa_ctype_count(item->type);
    int is_variadic = (kaa_ctype_flags(item->type) & KAA_CTYPE_VARIADIC) != 0;
    kaa_module__typed *self = NULL;

    if (count > KAA_MODULE__PARAMETERS_MAX)
        refuse(ctx, item, "more than 64 parameters", NULL);
    else if (is_variadic)
        refuse(ctx, item, "`...` is for kaa.load() alone", NULL);
    else if ((self = kaa_base__alloc_zeroed(
                  sizeof(*self) + count * sizeof(self->parameters[0]))) == NULL)
        kaa_raise_memory(ctx);
    if (self == NULL) {
        kaa_decl_destroy(decl);
        kaa_ctype_table_destroy(types);
        return NULL;
    }
    self->types = types;
    self->decl = decl;
    self->count = (uint32_t)count;
    self->target = (kaa_function)method->function;
    if (set_function(ctx, self, item) != 0) {
        destroy(self);
        return NULL;
    }
    self->method = (kaa_method)KAA_METHOD_KEYWORDS(
        self->item->name, kaa_module__call_typed, NULL);
    if (!set_doc(self, method->doc)) {
        kaa_raise_memory(ctx);
        destroy(self);
        return NULL;
    }
    return self;
}

kaa_object *
kaa_module__new_typed(kaa_context *ctx, const kaa_method *method,
                      kaa_object *module)
{
    kaa_ctype_table *types = NULL;
    kaa_decl *decl = NULL;
    const kaa_decl_item *item =
        kaa_module__parse_typed(ctx, method, &types, &decl);
    kaa_object *capsule, *name, *function = NULL;
    kaa_module__typed *self;

    if (item == NULL) {
        kaa_decl_destroy(decl);
        kaa_ctype_table_destroy(types);
        return NULL;
    }
    self = new_typed(ctx, method, types, decl, item);
    if (self == NULL)
        return NULL;
    capsule = kaa_capsule_new(ctx, self, KAA_MODULE__TYPED_NAME, destroy);
    if (capsule == NULL) {
        destroy(self);
        return NULL;
    }
    name = kaa_get_attr_text(ctx, module, "__name__");
    if (name != NULL)
        function = kaa_function_new(ctx, &self->method, capsule, name);
    kaa_decref(ctx, name);
    kaa_decref(ctx, capsule);
    return function;
}
