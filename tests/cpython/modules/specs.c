/* cpython/modules/specs.c - specs that are refused, and small types that must
 * end; for test_specs.py. */
#include <kaa/module.h>

#include <string.h>

static int64_t alive; /* of what Clearing holds, in the whole process */

static kaa_object *
answer(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_int(ctx, 42);
}

static kaa_object *
answer_property(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return answer(ctx, self);
}

/* ---- Types whose table has a name: try_name(name, "method") and so on */

typedef struct attempt {
    char name[40];
    kaa_method methods[2];
    kaa_member members[2];
    kaa_property properties[2];
    kaa_type_spec spec;
} attempt;

static kaa_object *
try_name(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs)
{
    static attempt attempts[200]; /* specs live as long as the runtime */
    static size_t count;
    attempt *one = &attempts[count];
    const char *name, *table;

    (void)self;
    if (!kaa_parse_args(ctx, args, nargs, "ss:try_name", &name, &table))
        return NULL;
    if (count == sizeof(attempts) / sizeof(attempts[0]) ||
        strlen(name) >= sizeof(one->name)) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "too much");
        return NULL;
    }
    count++;
    memcpy(one->name, name, strlen(name) + 1);
    if (strcmp(table, "method") == 0) {
        one->methods[0] =
            (kaa_method)KAA_METHOD_NOARGS(one->name, answer, NULL);
    } else if (strcmp(table, "member") == 0) {
        one->members[0].name = one->name;
        one->members[0].kind = KAA_MEMBER_INT64;
    } else {
        one->properties[0].name = one->name;
        one->properties[0].get = answer_property;
    }
    one->spec.size = sizeof(one->spec);
    one->spec.name = "specs.Tried";
    one->spec.data_bytes = sizeof(int64_t);
    one->spec.methods = one->methods;
    one->spec.members = one->members;
    one->spec.properties = one->properties;
    return kaa_type_new(ctx, &one->spec, NULL, NULL);
}

/* ---- Methods that are none */

static kaa_object *
try_method(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    static const kaa_method methods[][2] = {
        {{"empty", NULL, KAA_VARARGS, 0, NULL, NULL}, KAA_METHODS_END},
        {{"kindless", KAA_ANY_FUNCTION(answer), 0, 0, NULL, NULL},
         KAA_METHODS_END},
        {{"several", KAA_ANY_FUNCTION(answer), KAA_NOARGS | KAA_ONE, 0, NULL,
          NULL},
         KAA_METHODS_END},
    };
    static const kaa_type_spec types[] = {
        {.size = sizeof(kaa_type_spec),
         .name = "specs.Empty",
         .methods = methods[0]},
        {.size = sizeof(kaa_type_spec),
         .name = "specs.Kindless",
         .methods = methods[1]},
        {.size = sizeof(kaa_type_spec),
         .name = "specs.Several",
         .methods = methods[2]},
    };
    unsigned int number;
    int is_type;

    (void)self;
    if (!kaa_parse_args(ctx, args, nargs, "Ip:try_method", &number, &is_type))
        return NULL;
    if (is_type)
        return kaa_type_new(ctx, &types[number % 3], NULL, NULL);
    return kaa_function_new(ctx, &methods[number % 3][0], NULL, NULL);
}

/* ---- Clearing: has clear, and no destroy */

typedef struct clearing {
    kaa_object *held;
    int64_t counts;
} clearing;

static int
clearing_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs, kaa_object *kwnames)
{
    clearing *own = kaa_data(ctx, self);

    (void)args;
    (void)kwnames;
    if (nargs != 0)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "no arguments");
    if (own->held == NULL)
        own->held = kaa_list_new(ctx, 0);
    own->counts = 1;
    alive++;
    return own->held != NULL ? 0 : -1;
}

static int
clearing_traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((clearing *)data)->held);
    return 0;
}

static void
clearing_clear(kaa_context *ctx, void *data)
{
    clearing *own = data;

    alive -= own->counts;
    own->counts = 0;
    KAA_CLEAR(ctx, own->held);
}

static kaa_object *
clearing_held(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_incref(ctx, ((clearing *)kaa_data(ctx, self))->held);
}

static const kaa_property clearing_properties[] = {
    {"held", clearing_held, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const kaa_type_spec clearing_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "specs.Clearing",
    .data_bytes = sizeof(clearing),
    .properties = clearing_properties,
    .traverse = clearing_traverse,
    .clear = clearing_clear,
    .init = clearing_init,
};

/* How many of 100 Clearings that only C code saw are still alive. */
static kaa_object *
make_and_drop(kaa_context *ctx, kaa_object *self)
{
    kaa_object *type = kaa_type_new(ctx, &clearing_spec, NULL, NULL);
    int64_t before = alive;

    (void)self;
    for (int i = 0; type != NULL && i < 100; i++) {
        kaa_object *made = kaa_call(ctx, type, NULL, 0, NULL);

        if (made == NULL)
            KAA_CLEAR(ctx, type);
        kaa_decref(ctx, made);
    }
    if (type == NULL)
        return NULL;
    kaa_decref(ctx, type);
    return kaa_int(ctx, alive - before);
}

/* ---- The one instance of a type, which its type holds */

static int64_t types_alive;

static void
guard_destroy(kaa_context *ctx, void *data)
{
    (void)ctx;
    (void)data;
    types_alive--;
}

/* Held by the type: tells when the type ends. */
static const kaa_type_spec guard_spec = {.size = sizeof(kaa_type_spec),
                                         .name = "specs.Guard",
                                         .data_bytes = sizeof(int),
                                         .destroy = guard_destroy};
static const kaa_type_spec single_spec = {.size = sizeof(kaa_type_spec),
                                          .name = "specs.Single",
                                          .data_bytes = sizeof(int)};

static kaa_object *
single_in_type(kaa_context *ctx, kaa_object *self)
{
    kaa_object *guards = kaa_type_new(ctx, &guard_spec, NULL, NULL);
    int64_t before = types_alive;
    int failed = guards == NULL;

    (void)self;
    for (int i = 0; !failed && i < 20; i++) {
        kaa_object *type = kaa_type_new(ctx, &single_spec, NULL, NULL);
        kaa_object *one =
            type != NULL ? kaa_call(ctx, type, NULL, 0, NULL) : NULL;
        kaa_object *guard = one != NULL ? kaa_instance_new(ctx, guards) : NULL;

        types_alive += guard != NULL;
        failed = guard == NULL ||
                 kaa_set_attr_text(ctx, type, "THE_ONE", one) != 0 ||
                 kaa_set_attr_text(ctx, type, "guard", guard) != 0;
        kaa_decref(ctx, guard);
        kaa_decref(ctx, one);
        kaa_decref(ctx, type);
    }
    kaa_decref(ctx, guards);
    if (failed || kaa_collect(ctx) < 0 || kaa_collect(ctx) < 0)
        return NULL;
    return kaa_int(ctx, types_alive - before);
}

static const kaa_method methods[] = {
    KAA_METHOD("try_name", try_name, NULL),
    KAA_METHOD("try_method", try_method, NULL),
    KAA_METHOD_NOARGS("make_and_drop", make_and_drop, NULL),
    KAA_METHOD_NOARGS("single_in_type", single_in_type, NULL),
    KAA_METHODS_END,
};

static const kaa_type_spec *const types[] = {&clearing_spec, NULL};

KAA_MODULE(specs, .methods = methods, .types = types);
