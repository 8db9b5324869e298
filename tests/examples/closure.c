/* closure.c - gives qsort() a comparison with a user pointer, which qsort()
 * itself does not have: a closure carries it.
 *
 * Prints:
 *   up: 1 2 3 5 8 13
 *   down: 13 8 5 3 2 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/kaa.h>

static const char signature[] = "int (const int *a, const int *b)";

struct order {
    int sign; /* 1 up, -1 down */
};

/* What the closure calls: arguments[i] points at the i-th argument. */
static void
compare(void *result, void *const *arguments, void *user)
{
    const struct order *order = user;
    const int *a = *(const int *const *)arguments[0];
    const int *b = *(const int *const *)arguments[1];

    *(int *)result = ((*a > *b) - (*a < *b)) * order->sign;
}

static kaa_status
sort(const kaa_ctype *type, const char *name, int sign, kaa_error *err)
{
    int values[] = {8, 3, 13, 1, 5, 2};
    size_t count = sizeof(values) / sizeof(values[0]);
    struct order order = {sign};
    kaa_closure *closure = NULL;
    kaa_status status;

    status = kaa_closure_create(type, compare, &order, NULL, &closure, err);
    if (status != KAA_OK)
        return status;
    qsort(values, count, sizeof(values[0]),
          (int (*)(const void *, const void *))kaa_closure_pointer(closure));
    kaa_closure_destroy(closure); /* qsort() does not keep it */
    printf("%s:", name);
    for (size_t i = 0; i < count; i++)
        printf(" %d", values[i]);
    putchar('\n');
    return KAA_OK;
}

int
main(void)
{
    kaa_ctype_table *types = NULL;
    const kaa_ctype *type = NULL;
    kaa_error err = {0};
    kaa_status status;

    status = kaa_ctype_table_create(&types, &err);
    if (status == KAA_OK)
        status = kaa_decl_parse_type(types, NULL, signature, strlen(signature),
                                     &type, &err);
    if (status == KAA_OK)
        status = sort(type, "up", 1, &err);
    if (status == KAA_OK)
        status = sort(type, "down", -1, &err);
    if (status != KAA_OK)
        fprintf(stderr, "%s\n", err.message);
    kaa_ctype_table_destroy(types);
    return status != KAA_OK;
}
