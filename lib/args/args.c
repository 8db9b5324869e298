/* args/args.c - taking arguments apart. */
#include <kaa/module.h>
