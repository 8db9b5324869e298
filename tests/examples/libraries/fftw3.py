"""FFTW: the transform of an impulse is flat."""
import array

import kaa

f = kaa.load("libfftw3.so.3", header="fftw3.h", only="fftw_*|FFTW_*".split("|"))

n = 8
data = array.array("d", [1.0, 0.0] + [0.0] * (2 * n - 2))
out = array.array("d", bytes(16 * n))
data_address, out_address = data.buffer_info()[0], out.buffer_info()[0]
import ctypes

complex_pointer = ctypes.POINTER(ctypes.c_double * 2)
plan = f.fftw_plan_dft_1d(
    n, ctypes.cast(data_address, complex_pointer), ctypes.cast(out_address, complex_pointer),
    f.FFTW_FORWARD, f.FFTW_ESTIMATE,
)
f.fftw_execute(plan)
f.fftw_destroy_plan(plan)
assert list(out[::2]) == [1.0] * n
print("FFTW:", list(out[::2]))
