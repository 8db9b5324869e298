/* bench/calls_target.c - the C functions that calls.py calls. They do next to
 * nothing: what is measured is the way to them and back. */
#include "calls_target.h"

#include <errno.h>
#include <stdarg.h>

#define EXPORT __attribute__((visibility("default"), noinline))

EXPORT int
answer(void)
{
    return 42;
}

EXPORT int
next_int(int a)
{
    return a + 1;
}

EXPORT double
add_doubles(double a, double b)
{
    return a + b;
}

EXPORT double
add_doubles_released(double a, double b)
{
    return a + b;
}

EXPORT int
add_ints(int a, int b)
{
    return a + b;
}

EXPORT size_t
text_length(const char *text)
{
    return (unsigned char)text[0] ? 1 : 0;
}

EXPORT long
checksum(const void *data, size_t length)
{
    return (long)length + (data == NULL);
}

EXPORT long
fill(void *data, size_t length)
{
    return (long)length + (data == NULL);
}

EXPORT double
sum_doubles(const double *values, size_t count)
{
    return count != 0 ? values[0] : 0.0;
}

EXPORT int
set_ints(int *values)
{
    values[0] = 7;
    return 0;
}

EXPORT double
mixed8(int a, double b, long c, float d, unsigned char e, double f, short g,
       uint64_t h)
{
    return (double)a + b + (double)c + (double)d + (double)e + f + (double)g +
           (double)h;
}

EXPORT double
norm_by_pointer(const point *p)
{
    return p->x + p->y;
}

EXPORT double
distance(const point *a, const point *b)
{
    return b->x - a->x + b->y - a->y;
}

EXPORT void
add_point(point *to, const point *what)
{
    to->x += what->x;
    to->y += what->y;
}

EXPORT double
norm_by_value(point p)
{
    return p.x + p.y;
}

EXPORT double
weigh_by_value(box b)
{
    return (double)(b.right - b.left) * b.weight;
}

EXPORT point
make_point(double x, double y)
{
    point p = {x, y};
    return p;
}

EXPORT const char *
greeting(int which)
{
    return which != 0 ? "hello, world" : "goodbye";
}

/* An int, a text and a double. */
EXPORT int
count_variable(const char *format, ...)
{
    va_list given;
    int number;
    const char *text;

    va_start(given, format);
    number = va_arg(given, int);
    text = va_arg(given, const char *);
    number += text[0] + (int)va_arg(given, double);
    va_end(given);
    return number;
}

EXPORT int
checked(int code)
{
    if (code != 0) {
        errno = code;
        return -1;
    }
    return 0;
}

EXPORT long
repeat(int (*callback)(int, int), int times)
{
    long sum = 0;

    for (int i = 0; i < times; i++)
        sum += callback(i, 1);
    return sum;
}

EXPORT long
repeat_released(int (*callback)(int, int), int times)
{
    return repeat(callback, times);
}

EXPORT long
repeat_points(int (*order)(const point *, const point *), int times)
{
    static const point points[2] = {{1.0, 2.0}, {3.0, 4.0}};
    long sum = 0;

    for (int i = 0; i < times; i++)
        sum += order(&points[0], &points[1]);
    return sum;
}
