"""The words of exceptions, beside those of the running Python.

Each line is code that raises, and the message that tests of object/ expect of
kaa for the like of it: both must have it. What Pythons before `since` word
otherwise is not compared with them, and nothing with those after 3.13, which
word much anew.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent

# code, message as in the C tests, the first Python that words it so
MESSAGES = [
    ("len(None)", "object of type 'NoneType' has no len()", (3, 9)),
    ("None[None]", "'NoneType' object is not subscriptable", (3, 9)),
    ("int[None]", "type 'int' is not subscriptable", (3, 12)),
    ("None[None] = None",
     "'NoneType' object does not support item assignment", (3, 9)),
    ("del None[None]", "'NoneType' object does not support item deletion",
     (3, 9)),
    ("del ()[0]", "'tuple' object doesn't support item deletion", (3, 9)),
    ("iter(None)", "'NoneType' object is not iterable", (3, 9)),
    ("next(None)", "'NoneType' object is not an iterator", (3, 9)),
    ("iter(BadIter())", "iter() returned non-iterator of type 'NoneType'",
     (3, 9)),
    ("operator.index(None)",
     "'NoneType' object cannot be interpreted as an integer", (3, 9)),
    ("int(None)", "int() argument must be a string, a bytes-like object or a "
     "real number, not 'NoneType'", (3, 10)),
    ("float(None)", "float() argument must be a string or a real number, not "
     "'NoneType'", (3, 10)),
    ("-None", "bad operand type for unary -: 'NoneType'", (3, 9)),
    ("abs(None)", "bad operand type for abs(): 'NoneType'", (3, 9)),
    ("len(BadLen())", "__len__() should return >= 0", (3, 9)),
    ("repr(BadRepr())", "__repr__ returned non-string (type int)", (3, 9)),
    ("operator.index(BadIndex())", "__index__ returned non-int (type str)",
     (3, 9)),
    ("5()", "'int' object is not callable", (3, 9)),
    ("object(1)", "object() takes no arguments", (3, 9)),
    ("isinstance(1, 1)", "isinstance() arg 2 must be a type", (3, 9)),
    ("int.kind = 1", "cannot set 'kind' attribute of immutable type 'int'",
     (3, 10)),
    ("(1).__dict__", "'int' object has no attribute", (3, 9)),
    ("(1).x = 1", "'int' object has no attribute 'x'", (3, 9)),
    ("getattr(1, 1)", "attribute name must be string, not 'int'", (3, 11)),
    ("ValueError().__cause__ = int",
     "exception cause must be None or derive from BaseException", (3, 9)),
    ("raise 5", "exceptions must derive from BaseException", (3, 9)),
    ("ValueError(a=1)", "ValueError() takes no keyword arguments", (3, 9)),
    ("open('x\\0'.strip('\\0') + '/nothing/x')",
     "[Errno 2] No such file or directory: 'x", (3, 9)),
    ("class T(bool): pass", "type 'bool' is not an acceptable base type",
     (3, 9)),
    ("warnings.warn('x', ValueError)",
     "category must be a Warning subclass, not '", (3, 9)),
    ("[].append()", "append() takes exactly one argument (0 given)", (3, 9)),
    ("[].clear(1, 2)", "clear() takes no arguments (2 given)", (3, 9)),
    ("[].append(a=1)", "append() takes no keyword arguments", (3, 9)),
    ("list.append(5, 1)", "' objects doesn't apply to a 'int' object", (3, 9)),
]


class BadIter:
    def __iter__(self):
        return None


class BadLen:
    def __len__(self):
        return -1


class BadRepr:
    def __repr__(self):
        return 3


class BadIndex:
    def __index__(self):
        return "x"


def words_of(code):
    names = dict(globals())
    exec("import operator, warnings", names)
    try:
        exec(code, names)
    except Exception as error:
        return str(error)
    return "nothing was raised"


def expected_in_tests(message, text):
    """Whether the C tests expect the message, of whatever function or type."""
    for name in ("append", "clear"):
        if message.startswith(f"{name}()"):
            message = message[len(name):]
    for part in ("list", "append", "bool", "NoneType"):
        if f"'{part}'" in message and message not in text:
            message = message.split(f"'{part}'")[-1]
    return message in text


def main():
    text = "".join(path.read_text() for path in sorted(HERE.glob("*.c")))
    text = re.sub(r'"\s*\n\s*"', "", text)
    failed = 0
    for code, message, since in MESSAGES:
        is_compared = since <= sys.version_info < (3, 14)
        if is_compared and message not in words_of(code):
            print(f"{code}: Python says\n  {words_of(code)}\nnot\n  {message}")
            failed += 1
        if not expected_in_tests(message, text):
            print(f"{code}: no test of object/ expects\n  {message}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
