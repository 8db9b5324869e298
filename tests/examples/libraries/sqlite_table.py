"""SQLite: a table, a prepared statement that keeps its database, SQLITE_TRANSIENT, a
callback."""
import kaa

s = kaa.load("libsqlite3.so.0", """
    int sqlite3_open(const char *filename, sqlite3 **db [[kaa::out]] [[kaa::free(sqlite3_close)]]);
    int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int length,
                           sqlite3_stmt **statement
                               [[kaa::out]] [[kaa::free(sqlite3_finalize)]] [[kaa::borrow(db)]],
                           const char **rest);
    int sqlite3_exec(sqlite3 *, const char *sql,
                     int (*row [[kaa::scope(call)]])(void *, int, char **, char **),
                     void *, char **message);
    [[kaa::free(sqlite3_free)]] char *sqlite3_expanded_sql(sqlite3_stmt *statement);
""", header="sqlite3.h")

status, db = s.sqlite3_open(":memory:")
assert status == s.SQLITE_OK
assert s.sqlite3_exec(db, "create table t (n integer, name text)", None, None, None) == s.SQLITE_OK
status, insert = s.sqlite3_prepare_v2(db, "insert into t values (?, ?)", -1, None)
for number, name in enumerate(["one", "two", "three"], 1):
    s.sqlite3_bind_int(insert, 1, number)
    s.sqlite3_bind_text(insert, 2, name, -1, s.SQLITE_TRANSIENT)
    del name  # SQLite has its own copy
    assert s.sqlite3_step(insert) == s.SQLITE_DONE
    s.sqlite3_reset(insert)
assert s.sqlite3_expanded_sql(insert) == "insert into t values (3, 'three')"

rows = []


def row(_, count, values, names):
    rows.append([kaa.text(values[i]) for i in range(count)])
    return 0


assert s.sqlite3_exec(db, "select * from t order by n", row, None, None) == s.SQLITE_OK
assert rows[2] == ["3", "three"], rows
kaa.release(db)  # the statement first, which SQLite asks for
try:
    s.sqlite3_step(insert)
except ValueError as error:
    assert "was released" in str(error)
else:
    raise AssertionError("a statement was used after its database was closed")
print(f"SQLite {s.SQLITE_VERSION}: {len(rows)} rows")
