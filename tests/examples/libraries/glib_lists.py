"""GLib: a list of Python objects, walked by pointers and sorted by a callback."""
import kaa

g = kaa.load("libglib-2.0.so.0", """
    GList *g_list_sort(GList *list, GCompareFunc compare_func [[kaa::scope(call)]]);
    void g_list_foreach(GList *list, GFunc func [[kaa::scope(call)]], gpointer user_data);
    void g_list_free_full(GList *list, GDestroyNotify free_func [[kaa::scope(call)]]);
    [[kaa::free(g_free)]] gchar *g_strjoinv(const gchar *separator, gchar **str_array);
    [[kaa::free(g_strfreev)]] gchar **g_strsplit(const gchar *string, const gchar *delimiter, gint max_tokens);
""", header="glib.h", package="glib-2.0")

words = ["delta", "alpha", "charlie", "bravo"]
handles = [kaa.handle(one) for one in words]
items = None
for one in handles:
    items = g.g_list_append(items, one)
assert g.g_list_length(items) == 4
assert items.prev == kaa.cast("GList *", None, library=g) and items.next.prev == items


def compare(a, b):
    a, b = kaa.object(a), kaa.object(b)
    return (a > b) - (a < b)


items = g.g_list_sort(items, compare)
walked, node = [], items
while node:
    walked.append(kaa.object(node.data))
    node = node.next
assert walked == sorted(words), walked

seen = []
g.g_list_foreach(items, lambda data, user: seen.append(kaa.object(data)), None)
assert seen == walked


def wrong(data, user):
    raise IndexError(kaa.object(data))


try:
    g.g_list_foreach(items, wrong, None)
except IndexError as error:
    assert error.args == ("alpha",)
g.g_list_free_full(items, lambda data: kaa.release(data))
try:
    kaa.object(handles[0])
except ValueError:
    pass
else:
    raise AssertionError("a handle was not released")
parts = g.g_strsplit("a,b,c", ",", -1)
assert [kaa.text(parts[i]) for i in range(3)] == ["a", "b", "c"] and not parts[3]
assert g.g_strjoinv("-", parts) == "a-b-c"
print(f"GLib {g.GLIB_MAJOR_VERSION}.{g.GLIB_MINOR_VERSION}: {walked}")
