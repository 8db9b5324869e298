/* bench/calls_target.h - what calls.py calls, for the extensions beside kaa.
 * kaa itself, ctypes and cffi get these as text. */
#ifndef CALLS_TARGET_H
#define CALLS_TARGET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct point {
    double x, y;
} point;

typedef struct box {
    int left, top, right, bottom;
    double weight;
} box;

int answer(void);
int next_int(int a);
double add_doubles(double a, double b);
double add_doubles_released(double a, double b);
int add_ints(int a, int b);
size_t text_length(const char *text);
long checksum(const void *data, size_t length);
long fill(void *data, size_t length);
double sum_doubles(const double *values, size_t count);
int set_ints(int *values);
double mixed8(int a, double b, long c, float d, unsigned char e, double f,
              short g, uint64_t h);
double norm_by_pointer(const point *p);
double distance(const point *a, const point *b);
void add_point(point *to, const point *what);
double norm_by_value(point p);
double weigh_by_value(box b);
point make_point(double x, double y);
const char *greeting(int which);
int count_variable(const char *format, ...);
int checked(int code);
long repeat(int (*callback)(int, int), int times);
long repeat_released(int (*callback)(int, int), int times);
long repeat_points(int (*order)(const point *, const point *), int times);

#ifdef __cplusplus
}
#endif

#endif /* CALLS_TARGET_H */
