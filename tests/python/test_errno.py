"""errno: asked for by attribute or by load(errno=[...]); what counts as failing."""

from __future__ import annotations

import ctypes
import errno
import threading
from typing import Any, List

import support  # noqa: F401
from samples import Case, load, main

TYPES = {
    "int": "int",
    "long": "long",
    "uint": "unsigned",
    "size": "size_t",
    "pointer": "void *",
    "text": "const char *",
    "int_pointer": "int *",
    "double": "double",
    "float": "float",
}


class Errno(Case):
    declarations = (
        "".join(
            "[[kaa::errno]] {1}{2}fail_{0}(int error, {1} result);".format(
                tag, name, "" if name.endswith("*") else " "
            )
            for tag, name in TYPES.items()
        )
        + """
    struct point { int x, y; };
    [[kaa::errno]] struct point fail_point(int error, struct point result);
    [[kaa::errno]] void fail_void(int error);
    [[kaa::errno]] int errno_now(void);
    """
    )

    FAILING: List[Any] = [
        ("int", -1),
        ("int", -7),
        ("long", -1),
        ("uint", 2**32 - 1),
        ("size", 2**64 - 1),
        ("pointer", None),
        ("pointer", 2**64 - 1),
        ("text", None),
        ("int_pointer", None),
        ("double", float("nan")),
        ("double", float("inf")),
        ("double", float("-inf")),
        ("float", float("inf")),
    ]
    FINE: List[Any] = [
        ("int", 0),
        ("int", 5),
        ("long", 2**40),
        ("uint", 0),
        ("uint", 2**32 - 2),
        ("size", 0),
        ("pointer", 0x1000),
        ("text", "text"),
        ("double", 0.0),
        ("double", -1.0),
        ("float", 1.0),
    ]

    def test_failing_results_raise(self) -> None:
        for tag, result in self.FAILING:
            with self.subTest(type=tag, result=result):
                error = self.refuses_like(
                    OSError,
                    "fail_" + tag,
                    getattr(self.lib, "fail_" + tag),
                    errno.ENOENT,
                    result,
                )
                self.assertIs(type(error), FileNotFoundError)
                self.assertEqual(error.errno, errno.ENOENT)  # type: ignore

    def test_failing_results_without_errno_are_results(self) -> None:
        self.assertEqual(self.lib.fail_int(0, -1), -1)
        self.assertEqual(self.lib.fail_size(0, 2**64 - 1), 2**64 - 1)
        self.assertIsNone(self.lib.fail_pointer(0, None))
        self.assertIsNone(self.lib.fail_text(0, None))
        self.assertEqual(self.lib.fail_double(0, float("inf")), float("inf"))
        self.assertIsNone(self.lib.fail_void(0))

    def test_errno_without_a_failing_result_is_ignored(self) -> None:
        for tag, result in self.FINE:
            with self.subTest(type=tag, result=result):
                function = getattr(self.lib, "fail_" + tag)
                self.assertEqual(function(errno.EIO, result), result)

    def test_void_always_counts(self) -> None:
        error = self.refuses_like(OSError, "fail_void", self.lib.fail_void, errno.EIO)
        self.assertEqual(error.errno, errno.EIO)  # type: ignore

    def test_records_never_fail(self) -> None:
        self.assertEqual(self.lib.fail_point(errno.EIO, self.lib.point(-1, -1)).x, -1)

    def test_the_class_follows_the_number(self) -> None:
        for number, error in (
            (errno.ENOENT, FileNotFoundError),
            (errno.EACCES, PermissionError),
            (errno.EINTR, InterruptedError),
            (errno.EINVAL, OSError),
        ):
            with self.assertRaises(error) as caught:
                self.lib.fail_int(number, -1)
            self.assertIs(type(caught.exception), error)
            self.assertEqual(caught.exception.errno, number)
            self.assertTrue(caught.exception.strerror)

    def test_errno_is_zero_before_the_call(self) -> None:
        for _ in range(3):
            with self.assertRaises(OSError):
                self.lib.fail_int(errno.EIO, -1)
            self.assertEqual(self.lib.errno_now(), 0)

    def test_errors_of_arguments_come_first(self) -> None:
        self.refuses(
            TypeError,
            "fail_int() argument 2 (result): int expected, not str",
            self.lib.fail_int,
            errno.EIO,
            "x",
        )

    def test_each_thread_has_its_own(self) -> None:
        wrong: List[Any] = []

        def work(number: int) -> None:
            for _ in range(200):
                try:
                    self.lib.fail_int(number, -1)
                except OSError as error:
                    if error.errno != number:
                        wrong.append((number, error.errno))
                else:
                    wrong.append(number)

        threads = [
            threading.Thread(target=work, args=(number,))
            for number in (errno.EIO, errno.EINVAL, errno.ENOSPC)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Asked(Case):
    def test_by_name_at_load(self) -> None:
        text = "int fail_int(int error, int result);"
        self.assertEqual(load(text).fail_int(errno.EIO, -1), -1)
        lib = load(text, errno=["fail_int"])
        self.refuses_like(OSError, "fail_int", lib.fail_int, errno.EIO, -1)

    def test_with_the_gil_held(self) -> None:
        lib = load(
            "[[kaa::errno]] [[kaa::hold_gil]] int fail_int(int error, int result);"
        )
        self.refuses_like(OSError, "fail_int", lib.fail_int, errno.EIO, -1)
        self.assertEqual(lib.fail_int(errno.EIO, 1), 1)

    def test_out_parameters_are_dropped(self) -> None:
        lib = load(
            "[[kaa::errno]] int divide(int a, int b, int *quotient [[kaa::out]],"
            "int *remainder [[kaa::out]]);"
        )
        self.assertEqual(lib.divide(7, 2), (0, 3, 1))
        ctypes.set_errno(0)
        self.assertEqual(lib.divide(7, 0)[0], -1)


if __name__ == "__main__":
    main()
