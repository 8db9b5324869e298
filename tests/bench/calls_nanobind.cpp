// What a user of nanobind would write over calls_target.c: typed arguments,
// nb::ndarray for buffers (but nb::bytes for bytes), a class for each record.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cerrno>

#include "calls_target.h"

namespace nb = nanobind;

template <typename T>
using Buffer = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

namespace
{

PyObject *callable; // borrowed for the call of repeat(); the GIL protects it

int
call_back(int a, int b)
{
    return nb::cast<int>(nb::handle(callable)(a, b));
}

int
call_back_with_gil(int a, int b)
{
    nb::gil_scoped_acquire gil;

    return call_back(a, b);
}

int
call_back_with_points(const point *a, const point *b)
{
    return nb::cast<int>(
        nb::handle(callable)(nb::cast(a, nb::rv_policy::reference),
                             nb::cast(b, nb::rv_policy::reference)));
}

int
checked_or_raise(int code)
{
    errno = 0;
    int result = checked(code);

    if (result < 0 && errno != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        throw nb::python_error();
    }
    return result;
}

} // namespace

NB_MODULE(calls_nanobind, m)
{
    nb::class_<point>(m, "Point")
        .def(nb::init<double, double>())
        .def_rw("x", &point::x)
        .def_rw("y", &point::y);
    nb::class_<box>(m, "Box").def(nb::init<int, int, int, int, double>());
    m.def("answer", &answer);
    m.def("next_int", &next_int);
    m.def("add_doubles", &add_doubles);
    m.def("add_doubles_released", &add_doubles_released,
          nb::call_guard<nb::gil_scoped_release>());
    m.def("add_ints", &add_ints);
    m.def("text_length", &text_length);
    m.def("checksum", [](const nb::bytes &data, size_t length) {
        return checksum(data.c_str(), length);
    });
    m.def("fill", [](Buffer<uint8_t> data, size_t length) {
        return fill(data.data(), length);
    });
    m.def("sum_doubles", [](Buffer<const double> values, size_t count) {
        return sum_doubles(values.data(), count);
    });
    m.def("set_ints",
          [](Buffer<int> values) { return set_ints(values.data()); });
    m.def("mixed8", &mixed8);
    m.def("norm_by_pointer", &norm_by_pointer);
    m.def("distance", &distance);
    m.def("add_point", &add_point);
    m.def("norm_by_value", &norm_by_value);
    m.def("weigh_by_value", &weigh_by_value);
    m.def("make_point", &make_point);
    m.def("greeting", &greeting);
    m.def("count_variable",
          [](const char *format, int number, const char *text, double real) {
              return count_variable(format, number, text, real);
          });
    m.def("checked", &checked_or_raise);
    m.def("repeat", [](nb::callable function, int times) {
        callable = function.ptr();
        return repeat(call_back, times);
    });
    m.def("repeat_released", [](nb::callable function, int times) {
        callable = function.ptr();
        nb::gil_scoped_release released;
        return repeat_released(call_back_with_gil, times);
    });
    m.def("repeat_points", [](nb::callable function, int times) {
        callable = function.ptr();
        return repeat_points(call_back_with_points, times);
    });
}
