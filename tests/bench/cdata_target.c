/* bench/cdata_target.c - the C side of cdata.py. */
#include <stddef.h>

typedef struct point {
    double x, y;
} point;

typedef struct node {
    struct node *next;
    int value;
    double weight;
} node;

double
norm_pointer(const point *at)
{
    return at->x * at->x + at->y * at->y;
}
double
norm_value(point at)
{
    return at.x * at.x + at.y * at.y;
}
point
swapped(point at)
{
    return (point){at.y, at.x};
}

static node nodes[100000];
static point points[1000];

node *
chain(size_t count)
{
    for (size_t i = 0; i < count; i++)
        nodes[i] = (node){i + 1 < count ? &nodes[i + 1] : NULL, (int)i, 0.5};
    return nodes;
}

point *
plane(void)
{
    for (int i = 0; i < 1000; i++)
        points[i] = (point){i, -i};
    return points;
}
