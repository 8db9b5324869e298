"""GSL: special functions and constants."""
import math

import kaa

g = kaa.load("libgsl.so.27", header=["gsl/gsl_sf_bessel.h", "gsl/gsl_math.h", "gsl/gsl_statistics_double.h"])

assert abs(g.gsl_sf_bessel_J0(5.0) - -0.17759677131433830) < 1e-12
assert g.M_PI == math.pi and g.gsl_pow_2(3.0) == 9.0
assert g.GSL_MAX(2, 3) == 3 and g.GSL_IS_ODD(5)
import array

assert g.gsl_stats_mean(array.array("d", [1, 2, 6]), 1, 3) == 3.0
print("GSL: J0(5) =", g.gsl_sf_bessel_J0(5.0))
