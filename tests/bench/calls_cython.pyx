# cython: language_level=3, c_string_type=str, c_string_encoding=utf8
"""What a user of Cython would write over calls_target.c.

Typed arguments throughout. The two string directives are the documented way to
take and give `const char *` as str; all others are the defaults. Buffers are
typed memoryviews, but for bytes, which convert to `const char *` by themselves.
"""

from cpython.exc cimport PyErr_SetFromErrno
from libc cimport errno
from libc.stdint cimport uint64_t

cdef extern from "calls_target.h" nogil:
    ctypedef struct point:
        double x, y

    ctypedef struct box:
        int left, top, right, bottom
        double weight

    int c_answer "answer"()
    int c_next_int "next_int"(int a)
    double c_add_doubles "add_doubles"(double a, double b)
    double c_add_doubles_released "add_doubles_released"(double a, double b)
    int c_add_ints "add_ints"(int a, int b)
    size_t c_text_length "text_length"(const char *text)
    long c_checksum "checksum"(const void *data, size_t length)
    long c_fill "fill"(void *data, size_t length)
    double c_sum_doubles "sum_doubles"(const double *values, size_t count)
    int c_set_ints "set_ints"(int *values)
    double c_mixed8 "mixed8"(int a, double b, long c, float d, unsigned char e,
                             double f, short g, uint64_t h)
    double c_norm_by_pointer "norm_by_pointer"(const point *p)
    double c_distance "distance"(const point *a, const point *b)
    void c_add_point "add_point"(point *to, const point *what)
    double c_norm_by_value "norm_by_value"(point p)
    double c_weigh_by_value "weigh_by_value"(box b)
    point c_make_point "make_point"(double x, double y)
    const char *c_greeting "greeting"(int which)
    int c_count_variable "count_variable"(const char *format, ...)
    int c_checked "checked"(int code)
    long c_repeat_released "repeat_released"(int (*callback)(int, int) noexcept,
                                             int times)

cdef extern from "calls_target.h":
    long c_repeat "repeat"(int (*callback)(int, int) noexcept, int times)
    long c_repeat_points "repeat_points"(
        int (*order)(const point *, const point *) noexcept, int times)


cdef class Point:
    cdef point value

    def __init__(self, double x, double y):
        self.value.x = x
        self.value.y = y

    @property
    def x(self):
        return self.value.x


cdef class PointView:
    cdef const point *at

    @property
    def x(self):
        return self.at.x


cdef class Box:
    cdef box value

    def __init__(self, int left, int top, int right, int bottom, double weight):
        self.value = box(left, top, right, bottom, weight)


def answer():
    return c_answer()


def next_int(int a):
    return c_next_int(a)


def add_doubles(double a, double b):
    return c_add_doubles(a, b)


def add_doubles_released(double a, double b):
    cdef double made
    with nogil:
        made = c_add_doubles_released(a, b)
    return made


def add_ints(int a, int b):
    return c_add_ints(a, b)


def text_length(const char *text):
    return c_text_length(text)


def checksum(bytes data, size_t length):
    return c_checksum(<const char *>data, length)


def fill(unsigned char[::1] data, size_t length):
    return c_fill(&data[0], length)


def sum_doubles(const double[::1] values, size_t count):
    return c_sum_doubles(&values[0], count)


def set_ints(int[::1] values):
    return c_set_ints(&values[0])


def mixed8(int a, double b, long c, float d, unsigned char e, double f, short g,
           uint64_t h):
    return c_mixed8(a, b, c, d, e, f, g, h)


def norm_by_pointer(Point p not None):
    return c_norm_by_pointer(&p.value)


def distance(Point a not None, Point b not None):
    return c_distance(&a.value, &b.value)


def add_point(Point to not None, Point what not None):
    c_add_point(&to.value, &what.value)


def norm_by_value(Point p not None):
    return c_norm_by_value(p.value)


def weigh_by_value(Box b not None):
    return c_weigh_by_value(b.value)


def make_point(double x, double y):
    cdef Point made = Point.__new__(Point)
    made.value = c_make_point(x, y)
    return made


def greeting(int which):
    return c_greeting(which)


def count_variable(const char *format, int number, const char *text, double real):
    return c_count_variable(format, number, text, real)


def checked(int code):
    cdef int result
    errno.errno = 0
    result = c_checked(code)
    if result < 0 and errno.errno != 0:
        PyErr_SetFromErrno(OSError)
    return result


cdef object python_callback


cdef int call_back(int a, int b) noexcept:
    return python_callback(a, b)


cdef int call_back_with_gil(int a, int b) noexcept with gil:
    return python_callback(a, b)


cdef PointView view_of(const point *at):
    cdef PointView made = PointView.__new__(PointView)
    made.at = at
    return made


cdef int call_back_with_points(const point *a, const point *b) noexcept:
    return python_callback(view_of(a), view_of(b))


def repeat(callback, int times):
    global python_callback
    python_callback = callback
    return c_repeat(call_back, times)


def repeat_released(callback, int times):
    global python_callback
    cdef long total
    python_callback = callback
    with nogil:
        total = c_repeat_released(call_back_with_gil, times)
    return total


def repeat_points(callback, int times):
    global python_callback
    python_callback = callback
    return c_repeat_points(call_back_with_points, times)
