/* checked/free.c - frees checked modules: one whose making has failed, and, for
 * tests that count what is left, all of them.
 */
#include "base/memory.h"
#include "checked/checked.h"
#include "module/module.h"

void
kaa_checked__free_thunks(kaa_checked__module *module,
                         const kaa_checked__thunk *last)
{
    while (module->thunks != last) {
        kaa_checked__thunk *thunk = module->thunks;

        module->thunks = thunk->next;
        kaa_closure_destroy(thunk->closure);
        kaa_base__free(thunk->name);
        kaa_base__free(thunk);
    }
}

static void
free_copy(const void *copy, const void *original)
{
    if (copy != original)
        kaa_base__free((void *)(uintptr_t)copy);
}

void
kaa_checked__free_spec(kaa_checked__spec *own)
{
    free_copy(own->spec.methods, own->before.methods);
    free_copy(own->spec.properties, own->before.properties);
    kaa_base__free(own);
}

static void
free_contexts(kaa_checked__module *module)
{
    kaa_checked__context *own;

    while ((own = module->contexts) != NULL) {
        module->contexts = own->next;
        for (size_t i = 0; i < KAA_CHECKED__BUCKETS; i++) {
            kaa_checked__block *block = atomic_load(&own->blocks[i]), *next;

            for (; block != NULL; block = next) {
                next = block->next;
                kaa_base__free(block);
            }
        }
        kaa_checked__ledger_fini(&own->sites);
        kaa_base__free(own->spare);
        kaa_base__free(own);
    }
}

/* Frees a list whose nodes begin with the pointer to the next one. */
static void
free_list(void *first)
{
    while (first != NULL) {
        void *next = *(void **)first;

        kaa_base__free(first);
        first = next;
    }
}

void
kaa_checked__free_module(kaa_checked__module *module)
{
    kaa_module_def before;

    kaa_module__read(module->original, &before);
    free_copy(module->definition.methods, before.methods);
    free_copy((const void *)module->definition.types,
              (const void *)before.types);
    kaa_checked__free_thunks(module, NULL);
    while (module->specs != NULL) {
        kaa_checked__spec *spec = module->specs;

        module->specs = spec->next;
        kaa_checked__free_spec(spec);
    }
    free_contexts(module);
    free_list(module->methods);
    free_list(module->handles);
    free_list(module->regions);
    free_list(module->failures);
    kaa_checked__ledger_fini(&module->kept);
    kaa_checked__ledger_fini(&module->blocks);
    kaa_checked__ledger_fini(&module->words);
    kaa_checked__ledger_fini(&module->owners);
    kaa_checked__ledger_fini(&module->failed);
    kaa_checked__free_stacks(&module->stacks);
    kaa_base__free(module->logged);
    pthread_mutex_destroy(&module->lock);
    kaa_base__free(module);
}
