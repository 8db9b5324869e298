"""SQLite: a table, a prepared statement, SQLITE_TRANSIENT, a callback."""
import ctypes

import kaa

s = kaa.load("libsqlite3.so.0", """
    int sqlite3_open(const char *filename, sqlite3 **db [[kaa::out]]);
    int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int length,
                           sqlite3_stmt **statement [[kaa::out]], const char **rest);
    int sqlite3_exec(sqlite3 *, const char *sql,
                     int (*row [[kaa::scope(call)]])(void *, int, char **, char **),
                     void *, char **message);
""", header="sqlite3.h")

status, db = s.sqlite3_open(":memory:")
assert status == s.SQLITE_OK
assert s.sqlite3_exec(db, "create table t (n integer, name text)", None, None, None) == s.SQLITE_OK
status, insert = s.sqlite3_prepare_v2(db, "insert into t values (?, ?)", -1, None)
for number, name in enumerate(["one", "two", "three"], 1):
    s.sqlite3_bind_int(insert, 1, number)
    s.sqlite3_bind_text(insert, 2, name, -1, s.SQLITE_TRANSIENT)
    assert s.sqlite3_step(insert) == s.SQLITE_DONE
    s.sqlite3_reset(insert)
s.sqlite3_finalize(insert)

rows = []
def row(_, count, values, names):
    rows.append([ctypes.string_at(values[i]) for i in range(count)])
    return 0

assert s.sqlite3_exec(db, "select * from t order by n", row, None, None) == s.SQLITE_OK
assert rows[2] == [b"3", b"three"], rows
s.sqlite3_close(db)
print(f"SQLite {s.SQLITE_VERSION}: {len(rows)} rows")
