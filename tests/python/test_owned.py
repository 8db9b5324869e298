"""[[kaa::free(f)]] and [[kaa::borrow(parameter)]]: what is freed, when, and once."""

from __future__ import annotations

import gc
import sys
import tempfile
import threading
import unittest
import weakref
from typing import Any

import kaa
import samples
import support

# A store with items, each of which counts itself, and a log of what was freed.
SOURCE = r"""
#include <stdlib.h>
#include <string.h>

struct store { int number; struct item *first; const char *label; };
struct item { int value; struct item *next; struct store *of; char name[8]; };
struct pair { int a, b; };

static int live, frees[64], count;
static void note(int what) { if (count < 64) frees[count++] = what; }
int live_blocks(void) { return live; }
int freed(int i) { return i < count ? frees[i] : 0; }
void forget(void) { count = 0; }

struct store *store_open(int number)
{
    struct store *s;
    if (number < 0)
        return NULL;
    s = calloc(1, sizeof *s);
    s->number = number;
    live++;
    return s;
}
int store_open_at(int number, struct store **out)
{
    *out = store_open(number < 0 ? -number : number);
    return number < 0 ? 1 : 0;
}
struct store *store_open_calling(int number, void (*f)(void))
{
    struct store *s = store_open(number);
    f();
    return s;
}
int store_open_at_calling(struct store **out, void (*f)(void))
{
    *out = store_open(7);
    f();
    return 0;
}
void store_close(struct store *s)
{
    if (s == NULL)
        return;
    note(s->number);
    memset(s, 0x5a, sizeof *s);
    free(s);
    live--;
}
int store_number(const struct store *s) { return s->number; }
struct item *item_new(struct store *s, int value)
{
    struct item *i = calloc(1, sizeof *i);
    i->value = value;
    i->of = s;
    i->next = s->first;
    strcpy(i->name, "item");
    s->first = i;
    live++;
    return i;
}
int item_make(struct store *s, int value, struct item **out)
{
    *out = item_new(s, value);
    return 0;
}
void item_free(struct item *i)
{
    note(i->of->number * 100 + i->value);   /* its store has to be there */
    i->of->first = NULL;
    memset(i, 0x5a, sizeof *i);
    free(i);
    live--;
}
struct item *store_first(struct store *s) { return s->first; }
int *item_place(struct item *i) { return &i->value; }
void *item_void(struct item *i) { return i; }
int item_value(const struct item *i) { return i->value; }
void *item_chain(void *i) { live++; return malloc(1); }
struct item item_copy(struct item i) { return i; }
struct pair *pair_new(int a, int b)
{
    struct pair *p = malloc(sizeof *p);
    p->a = a, p->b = b;
    live++;
    return p;
}
void block_free(void *p) { note(-1); free(p); live--; }
int *numbers_new(int n)
{
    int *p = calloc(n, sizeof *p);
    for (int i = 0; i < n; i++)
        p[i] = i;
    live++;
    return p;
}
void *bytes_new(void) { live++; return calloc(1, 16); }
char *name_new(void) { live++; return strcpy(malloc(8), "name"); }
int name_make(char **out) { *out = name_new(); return 0; }
char *find(char *text, int c) { return strchr(text, c); }
void (*on_free)(int);
void store_close_telling(struct store *s) { int n = s->number; store_close(s); if (on_free) on_free(n); }
void tell(void (*f)(int)) { on_free = f; }
void call(void (*f)(void)) { f(); }
"""

DECLARED = """
struct store; struct pair { int a, b; };
struct item { int value; struct item *next; struct store *of; char name[8]; };
int live_blocks(void); int freed(int i); void forget(void);
[[kaa::free(store_close)]] struct store *store_open(int number);
int store_open_at(int number, struct store **out [[kaa::out]] [[kaa::free(store_close)]]);
[[kaa::free(store_close)]] struct store *store_open_calling(int number,
    void (*f [[kaa::scope(call)]])(void));
int store_open_at_calling(struct store **out [[kaa::out]] [[kaa::free(store_close)]],
    void (*f [[kaa::scope(call)]])(void));
void store_close(struct store *s);
int store_number(const struct store *s);
[[kaa::free(item_free)]] [[kaa::borrow(s)]] struct item *item_new(struct store *s, int value);
int item_make(struct store *s, int value,
    struct item **out [[kaa::out]] [[kaa::free(item_free)]] [[kaa::borrow(s)]]);
void item_free(struct item *i);
[[kaa::borrow(s)]] struct item *store_first(struct store *s);
[[kaa::borrow(i)]] int *item_place(struct item *i);
[[kaa::borrow(i)]] void *item_void(struct item *i);
int item_value(const struct item *i);
struct item item_copy(struct item i);
[[kaa::free(block_free)]] struct pair *pair_new(int a, int b);
[[kaa::free(block_free)]] int *numbers_new(int n);
[[kaa::free(block_free)]] void *bytes_new(void);
[[kaa::free(block_free)]] char *name_new(void);
int name_make(char **out [[kaa::out]] [[kaa::free(block_free)]]);
[[kaa::borrow(text)]] char *find(char *text, int c);
void tell(void (*f)(int)); void call(void (*f [[kaa::scope(call)]])(void));
"""

_folder: Any = None
_path = ""


def path() -> str:
    global _folder, _path
    if not _path:
        if support.COMPILER is None:
            raise unittest.SkipTest("no C compiler")
        _folder = tempfile.TemporaryDirectory()
        _path = support.compile_library(_folder.name, "libstore.so", SOURCE)
    return _path


def collect() -> None:
    # PyPy ends what a finalizer lets go with the next collection.
    for _ in range(3 if sys.implementation.name == "cpython" else 5):
        gc.collect()


class Owning(samples.Case):
    def setUp(self) -> None:
        collect()
        self.lib = kaa.load(path(), DECLARED)
        self.lib.forget()
        self.before = self.lib.live_blocks()

    def freed(self) -> list:
        collect()
        found = []
        while self.lib.freed(len(found)):
            found.append(self.lib.freed(len(found)))
        return found

    def all_freed(self) -> None:
        collect()
        self.assertEqual(self.lib.live_blocks(), self.before)

    def test_freed_when_nothing_refers_to_it(self) -> None:
        store = self.lib.store_open(5)
        self.assertIsInstance(store, kaa.Pointer)
        self.assertTrue(store)
        self.assertEqual(self.lib.store_number(store), 5)
        self.assertEqual(self.freed(), [])
        del store
        self.assertEqual(self.freed(), [5])
        self.all_freed()

    def test_null_is_none(self) -> None:
        self.assertIsNone(self.lib.store_open(-1))
        self.assertEqual(self.freed(), [])

    def test_released_by_hand_once(self) -> None:
        store = self.lib.store_open(5)
        self.assertRegex(repr(store), r"^<struct store \* 0x[0-9a-f]+, owned>$")
        kaa.release(store)
        self.assertEqual(self.freed(), [5])
        kaa.release(store)
        self.assertEqual(repr(store), "<struct store * released>")
        del store
        self.assertEqual(self.freed(), [5])
        self.all_freed()

    def test_with(self) -> None:
        with self.lib.store_open(6) as store:
            self.assertEqual(self.lib.store_number(store), 6)
        self.assertEqual(self.freed(), [6])
        with self.assertRaises(ZeroDivisionError), self.lib.store_open(7) as store:
            1 // 0
        self.assertEqual(self.freed(), [6, 7])
        with self.assertRaisesRegex(ValueError, "was released"):
            store.__enter__()
        with self.assertRaisesRegex(ValueError, "owns nothing to release"):
            kaa.cast("int *", 64).__enter__()

    def test_use_after_release_is_refused(self) -> None:
        store = self.lib.store_open(5)
        item = self.lib.item_new(store, 3)
        record = item[0]
        place = self.lib.item_place(item)
        kaa.release(store)
        self.refuses(
            ValueError,
            "store_number() argument 1 (s): 'struct store *' was released",
            self.lib.store_number,
            store,
        )
        for use in (
            lambda: item.value,
            lambda: item[0],
            lambda: setattr(item, "value", 1),
            lambda: record.value,
            lambda: setattr(record, "value", 1),
            lambda: record.name,
            lambda: record.next,
            lambda: type(record).value.__get__(record),
            lambda: place[0],
            lambda: place.__setitem__(0, 1),
            lambda: place + 1,
            lambda: place[0:1],
            lambda: self.lib.item_copy(record),
            lambda: self.lib.item_value(item),
            lambda: self.lib.item_value(record),
            lambda: kaa.cast("int *", item),
            lambda: kaa.bytes(record),
            lambda: kaa.view(record),
            lambda: kaa.addressof(record),
            lambda: record == record.__copy__(),
            lambda: setattr(kaa.new(self.lib.item), "of", store),
        ):
            with self.assertRaisesRegex(ValueError, r"was released$"):
                use()
        self.assertEqual(self.freed(), [503, 5])
        self.assertFalse(store == item)
        self.assertEqual({store: 1}[store], 1)

    def test_a_call_that_frees_counts(self) -> None:
        store = self.lib.store_open(5)
        self.lib.store_close(store)
        self.assertEqual(self.freed(), [5])
        with self.assertRaisesRegex(ValueError, "was released"):
            self.lib.store_close(store)
        del store
        self.assertEqual(self.freed(), [5])
        store = self.lib.store_open(6)
        item = self.lib.item_new(store, 1)
        self.lib.store_close(s=store)  # what was borrowed from it goes before
        self.assertEqual(self.freed(), [5, 601, 6])
        del item, store
        self.all_freed()

    def test_when_the_call_raises(self) -> None:
        def wrong() -> None:
            raise KeyError("callback")

        with self.assertRaises(KeyError):
            self.lib.store_open_calling(8, wrong)
        self.assertEqual(self.freed(), [8])
        with self.assertRaises(KeyError):
            self.lib.store_open_at_calling(wrong)
        self.assertEqual(self.freed(), [8, 7])
        self.all_freed()

    def test_outs(self) -> None:
        code, store = self.lib.store_open_at(4)
        self.assertEqual((code, self.lib.store_number(store)), (0, 4))
        code, failed = self.lib.store_open_at(-3)
        self.assertEqual((code, self.lib.store_number(failed)), (1, 3))
        _, item = self.lib.item_make(store, 2)
        del store
        self.assertEqual(self.freed(), [])  # the item keeps it
        del item
        self.assertEqual(self.freed(), [402, 4])
        del failed
        self.assertEqual(self.freed(), [402, 4, 3])
        self.assertEqual(self.lib.name_make(), (0, "name"))
        self.all_freed()

    def test_what_is_copied(self) -> None:
        pair = self.lib.pair_new(1, 2)
        self.assertEqual((type(pair), pair.a, pair.b), (self.lib.pair, 1, 2))
        self.assertEqual(self.lib.name_new(), "name")
        self.all_freed()

    def test_other_targets(self) -> None:
        numbers = self.lib.numbers_new(4)
        self.assertEqual(numbers[3], 3)
        part = numbers[1:3]
        del numbers
        collect()
        self.assertEqual(list(part), [1, 2])
        block = self.lib.bytes_new()
        self.assertEqual(kaa.bytes(block, 2), b"\0\0")
        del block, part
        self.all_freed()

    def test_borrowed(self) -> None:
        store = self.lib.store_open(5)
        item = self.lib.item_new(store, 3)
        first = self.lib.store_first(store)
        place = self.lib.item_place(first)
        where = self.lib.item_void(first)
        self.assertEqual((first.value, place[0]), (3, 3))
        self.assertEqual(kaa.cast("int *", where)[0], 3)
        del store, item, first, where
        # Of the item nothing is left, but of the store it was borrowed from.
        self.assertEqual(self.freed(), [503])
        del place
        self.assertEqual(self.freed(), [503, 5])

    def test_pointers_within_keep_it(self) -> None:
        store = self.lib.store_open(5)
        item = self.lib.item_new(store, 3)
        back = item.of
        record = item[0]
        del item, store
        collect()
        self.assertEqual(self.lib.store_number(back), 5)
        self.assertEqual(record.value, 3)
        del back
        self.assertEqual(self.freed(), [])
        del record
        self.assertEqual(self.freed(), [503, 5])

    def test_what_pointers_in_it_were_set_from(self) -> None:
        store = self.lib.store_open(5)
        item = self.lib.item_new(store, 3)
        other = kaa.new(self.lib.item, {"value": 9})
        gone = weakref.ref(other)
        item.next = other
        del other
        collect()
        self.assertEqual(item.next.value, 9)
        kept = item.next
        item.next = None
        self.assertFalse(item.next)
        self.assertEqual(kept.value, 9)
        del kept
        collect()
        self.assertIsNone(gone())
        del item, store
        self.all_freed()

    def test_borrowed_from_python(self) -> None:
        text = bytearray(b"one two\0")
        found = self.lib.find(text, b"t"[0])
        self.assertEqual(kaa.text(found), "two")
        if sys.implementation.name != "pypy" or sys.version_info > (3, 10):
            with self.assertRaises(BufferError):
                text.extend(b"more")  # it may not move
        del found
        collect()
        text.extend(b"more")
        array = kaa.new("char[8]", "one two")
        gone = weakref.ref(array)
        found = self.lib.find(array, b"t"[0])
        del array
        collect()
        self.assertEqual(kaa.text(found), "two")
        del found
        collect()
        self.assertIsNone(gone())

    def test_buffers_hold_it(self) -> None:
        numbers = self.lib.numbers_new(4)
        view = kaa.view(numbers, 8)
        self.refuses(
            BufferError,
            "memory that a buffer shows cannot be released",
            kaa.release,
            numbers,
        )
        self.assertEqual(bytes(view), b"\0\0\0\0\1\0\0\0")
        view.release()
        del view
        collect()
        kaa.release(numbers)
        self.all_freed()

    def test_what_owns_nothing(self) -> None:
        number = kaa.new("int", 5)
        self.refuses_like(ValueError, "owns nothing that can be released", kaa.release, number)
        handle = kaa.handle(self)
        kaa.release(handle)
        self.refuses_like(ValueError, "no handle", kaa.release, handle)

    def test_callbacks_of_the_free_function(self) -> None:
        lib = kaa.load(
            path(),
            "[[kaa::free(store_close_telling)]] struct store *store_open(int number);"
            "struct store; void tell(void (*f)(int));",
        )
        told: list = []
        lib.tell(told.append)
        store = lib.store_open(5)
        del store
        collect()
        self.assertEqual(told, [5])

        def wrong(number: int) -> None:
            raise KeyError(number)

        lib.tell(wrong)
        store = lib.store_open(6)
        with self.assertRaises(KeyError):
            kaa.release(store)
        lib.tell(None)
        self.all_freed()

    def test_in_a_cycle(self) -> None:
        class Holder:
            pass

        holder: Any = Holder()
        holder.store = self.lib.store_open(5)
        holder.itself = holder
        holder.library = self.lib
        del holder
        self.assertEqual(self.freed(), [5])

    def test_a_long_chain_ends_one_by_one(self) -> None:
        lib = kaa.load(
            path(),
            "[[kaa::free(block_free)]] void *bytes_new(void);"
            "[[kaa::free(block_free)]] [[kaa::borrow(i)]] void *item_chain(void *i);",
        )
        last = lib.bytes_new()
        # PyPy ends a chain of finalizers with a collection each.
        for _ in range(50_000 if sys.implementation.name == "cpython" else 2):
            last = lib.item_chain(last)
        del last
        self.all_freed()

    def test_threads_release_once(self) -> None:
        for _ in range(20):
            self.lib.forget()
            store = self.lib.store_open(5)
            threads = [
                threading.Thread(target=kaa.release, args=(store,)) for _ in range(4)
            ]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            self.assertEqual(self.freed(), [5])
        self.all_freed()

    def test_rounds_leave_nothing(self) -> None:
        for i in range(2000):
            store = self.lib.store_open(i)
            item = self.lib.item_make(store, 1)[1]
            if i % 3 == 0:
                kaa.release(store)
            elif i % 3 == 1:
                self.lib.item_free(item)
            self.lib.forget()
        del store, item
        self.all_freed()

    def test_cannot_be_made_or_forged(self) -> None:
        store = self.lib.store_open(5)
        for found in gc.get_referents(store):
            if type(found).__name__ == "Owned":
                with self.assertRaises(TypeError):
                    type(found)()
                for name in ("_address", "_released", "_free", "address", "x"):
                    with self.assertRaises(AttributeError):
                        setattr(found, name, 1)


class Refused(samples.Case):
    def test_what_cannot_be_freed(self) -> None:
        for text, words in (
            (
                "[[kaa::free(free)]] void (*signal(int number))(int);",
                "kaa::free wants a pointer to data",
            ),
            (
                "int puts(int *a [[kaa::out]] [[kaa::free(free)]]);",
                "need a pointer that is put there",
            ),
            (
                "int puts(void **a [[kaa::out]] [[kaa::free(no_such_function)]]);",
                "no_such_function",
            ),
        ):
            with self.assertRaises(kaa.Error) as caught:
                kaa.load(None, text)
            self.assertIn(words, str(caught.exception))


if __name__ == "__main__":
    samples.main()
