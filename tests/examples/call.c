/* call.c - calls pow() from nothing but its declaration.
 *
 * Prints:
 *   double pow(double x, double y);
 *   pow(2, 10) = 1024
 */
#include <stdio.h>
#include <string.h>

#include <kaa/kaa.h>

static const char text[] = "double pow(double x, double y);";

/* Calls the function that `item` declares, found in `library`. */
static kaa_status
call(const kaa_library *library, const kaa_decl_item *item, double x, double y,
     double *out_result, kaa_error *err)
{
    void *arguments[] = {&x, &y}; /* one pointer an argument */
    kaa_call_plan *plan = NULL;
    void *address = NULL;
    kaa_status status;

    status = kaa_library_symbol(library, item->symbol, &address, err);
    if (status == KAA_OK) /* once; the plan serves any number of calls */
        status = kaa_call_plan_create(item->type, NULL, &plan, err);
    if (status == KAA_OK)
        status = kaa_call_invoke(plan, (kaa_function)(uintptr_t)address,
                                 out_result, arguments, err);
    kaa_call_plan_destroy(plan);
    return status;
}

int
main(void)
{
    kaa_ctype_table *types = NULL;
    kaa_decl *decl = NULL;
    kaa_library *library = NULL;
    kaa_error err = {0};
    double result = 0;
    char line[80];
    kaa_status status;

    status = kaa_ctype_table_create(&types, &err);
    if (status == KAA_OK)
        status = kaa_decl_parse(types, text, strlen(text), NULL, &decl, &err);
    if (status == KAA_OK)
        status = kaa_library_open("libm.so.6", NULL, &library, &err);
    if (status == KAA_OK) {
        const kaa_decl_item *item = kaa_decl_find(decl, "pow");
        kaa_decl_print(item, line, sizeof(line));
        puts(line);
        status = call(library, item, 2, 10, &result, &err);
    }
    if (status == KAA_OK)
        printf("pow(2, 10) = %g\n", result);
    else
        fprintf(stderr, "%s\n", err.message);
    kaa_library_close(library);
    kaa_decl_destroy(decl);
    kaa_ctype_table_destroy(types);
    return status != KAA_OK;
}
