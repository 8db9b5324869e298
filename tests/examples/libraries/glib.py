"""GLib: a hash table, a string, a date."""
import kaa

g = kaa.load("libglib-2.0.so.0", header="glib.h", package="glib-2.0")

text = g.g_string_new("ka")
g.g_string_append(text, "a")
date = g.g_date_new_dmy(29, g.G_DATE_FEBRUARY, 2024)
assert g.g_date_valid(date) and g.g_date_get_day_of_year(date) == 60
g.g_date_free(date)
assert not g.g_string_free(text, True)
assert g.G_MAXINT64 == 2**63 - 1 and g.CLAMP(12, 0, 10) == 10 and g.MAX(2, 3) == 3
print(f"GLib {g.GLIB_MAJOR_VERSION}.{g.GLIB_MINOR_VERSION}")
