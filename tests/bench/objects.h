/* objects.h - what the sides of bench_objects share. */
#ifndef KAA_BENCH_OBJECTS_H
#define KAA_BENCH_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#define MILLION 1000000u
#define TREE_DEPTH 19 /* 2^20 - 1 nodes */
#define TREE_NODES ((1u << (TREE_DEPTH + 1)) - 1)

/* What one side does; what it has not got is NULL. Each build is followed by
 * its drop. */
typedef struct side {
    const char *name;
    void (*list_build)(
        void); /* the ints from 0 to before a million, appended */
    void (*list_drop)(void);
    void (*dict_build)(void);    /* keys[i] as str to the int i */
    uint64_t (*dict_find)(void); /* keys[order[i]] by text: the sum of values */
    void (*dict_drop)(void);
    void (*tree_build)(void); /* full, of instances with two references */
    void (*tree_drop)(void);
    void (*chain_build)(void); /* a million, each with one */
    void (*chain_drop)(void);
} side;

extern char keys[MILLION][16];
extern uint32_t key_sizes[MILLION];
extern uint32_t order[MILLION];

void die(const char *what);
/* Each fills in a side; 0 if it is not installed, which it says. */
int start_python(const char *path, side *out);
int start_glib(side *out);
int start_jansson(side *out);
int start_lua(side *out);

#endif /* KAA_BENCH_OBJECTS_H */
