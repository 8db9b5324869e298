"""kaa in gdb: `source libkaa-gdb.py`, or let gdb find it beside libkaa.so.

A handle (kaa_object *) of kaa's own runtime is printed as its value and type, with the
count of its references: 42, None, <str 'text', 3 references>. Commands:

    kaa-object EXPRESSION   a handle in full: type, count, flags, items or text
    kaa-bt                  the C frames of this thread that have a context, their
                            objects, and the exception that is pending

Nothing is called in the program, so it works on core files too. libkaa needs its debug
information. In CPython handles are CPython's own objects: CPython's python-gdb.py
prints those.
"""

import gdb

MASK = (1 << 48) - 1
FLAGS = [(63, "immortal"), (62, "has weak references"), (61, "finalized"), (59, "dead")]
TEXT_MAX = 80
ITEMS_MAX = 8


def constant_name(number):
    """The name of a constant of kaa/builtin.def by its number."""
    for field in gdb.lookup_type("kaa_builtin_id").fields():
        if field.enumval == number:
            return {"KAA_NONE": "None", "KAA_TRUE": "True", "KAA_FALSE": "False"}.get(
                field.name, field.name
            )
    return f"<constant {number}>"


class Handle:
    """What can be read of one kaa_object *."""

    def __init__(self, value):
        self.value = value
        self.address = int(value)

    def tagged(self):
        """The text of a value that stands in the handle; None for an object."""
        if self.address == 0:
            return "NULL"
        if self.address & 1:
            return str(int(self.value.cast(gdb.lookup_type("long"))) >> 1)
        if self.address & 2:
            return constant_name(self.address >> 2)
        return None

    def type_name(self):
        return self.value["type"]["name"].string()

    def builtin(self):
        """The name of the nearest builtin type's id, such as KAA_STR_TYPE."""
        number = int(self.value["type"]["id"])
        for field in gdb.lookup_type("kaa_builtin_id").fields():
            if field.enumval == number:
                return field.name
        return ""

    def count(self):
        word = int(self.value["word"])
        return None if word >> 63 else word & MASK

    def flags(self):
        word = int(self.value["word"])
        return [name for bit, name in FLAGS if word >> bit & 1]

    def cast(self, name):
        return self.value.cast(gdb.lookup_type(name).pointer())

    def content(self):
        """A short text of what is inside; None where nothing is known."""
        kind = self.builtin()
        if kind in ("KAA_STR_TYPE", "KAA_BYTES_TYPE"):
            text = self.cast("kaa_object__text")
            size = int(text["size"]) & ~(1 << 63)
            shown = text["text"].address.cast(gdb.lookup_type("char").pointer())
            shown = shown.string("utf-8", "replace", length=min(size, TEXT_MAX))
            return repr(shown) + ("..." if size > TEXT_MAX else "")
        if kind == "KAA_FLOAT_TYPE":
            return repr(float(self.cast("kaa_object__float")["value"]))
        if kind in ("KAA_LIST_TYPE", "KAA_TUPLE_TYPE"):
            own = self.cast(f"kaa_object__{kind[4:-5].lower()}")
            return f"{int(own['count'])} items"
        if kind == "KAA_TYPE_TYPE":
            return self.cast("kaa_object__type")["name"].string()
        return None

    def items(self):
        """The items of a list or tuple, some of them."""
        kind = self.builtin()
        if kind not in ("KAA_LIST_TYPE", "KAA_TUPLE_TYPE"):
            return []
        own = self.cast(f"kaa_object__{kind[4:-5].lower()}")
        return [own["items"][i] for i in range(min(int(own["count"]), ITEMS_MAX))]

    def text(self):
        value = self.tagged()
        if value is not None:
            return value
        parts = [self.type_name()]
        content = self.content()
        if content is not None:
            parts[0] += " " + content
        count = self.count()
        parts.append("immortal" if count is None else f"{count} references")
        return f"<{', '.join(parts)}>"


def describe(value):
    """The text of a handle; what went wrong where memory cannot be read."""
    try:
        return Handle(value).text()
    except (gdb.error, gdb.MemoryError, ValueError) as error:
        return f"<{int(value):#x}: {error}>"


class HandlePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return describe(self.value)


def find_printer(value):
    kind = value.type.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_PTR:
        return None
    target = kind.target().unqualified().strip_typedefs()
    return HandlePrinter(value) if target.tag == "kaa_object" else None


class ObjectCommand(gdb.Command):
    """kaa-object EXPRESSION: a handle in full."""

    def __init__(self):
        super().__init__("kaa-object", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        value = gdb.parse_and_eval(argument or "0")
        if value.type.strip_typedefs().code != gdb.TYPE_CODE_PTR:
            value = value.cast(gdb.lookup_type("kaa_object").pointer())
        value = value.cast(gdb.lookup_type("kaa_object").pointer())
        print(describe(value))
        handle = Handle(value)
        if handle.tagged() is not None:
            return
        print(f"  address {handle.address:#x}, type at {int(value['type']):#x}")
        for flag in handle.flags():
            print(f"  {flag}")
        for number, item in enumerate(handle.items()):
            print(f"  [{number}] {describe(item)}")


def is_pointer_to(value, tag):
    kind = value.type.strip_typedefs()
    return (
        kind.code == gdb.TYPE_CODE_PTR
        and kind.target().unqualified().strip_typedefs().tag == tag
    )


class BacktraceCommand(gdb.Command):
    """kaa-bt: this thread's C frames that work with objects."""

    def __init__(self):
        super().__init__("kaa-bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        frame, number, context = gdb.newest_frame(), 0, None
        while frame is not None and frame.is_valid():
            objects, own = self.read(frame)
            if own is not None:
                context = own if context is None else context
                line = frame.find_sal()
                where = f"{line.symtab.filename}:{line.line}" if line.symtab else "?"
                print(f"#{number} {frame.name() or '?'} at {where}")
                for name, value in objects:
                    print(f"     {name} = {describe(value)}")
            frame, number = frame.older(), number + 1
        if context is None:
            print("no frame of this thread has a context")
            return
        self.show_pending(context)

    def read(self, frame):
        """The handles among a frame's arguments, and its context or None."""
        try:
            block = frame.block()
        except RuntimeError:
            return [], None
        objects, context = [], None
        while block is not None and block.function is None:
            block = block.superblock
        for symbol in block or []:
            if not symbol.is_argument:
                continue
            try:
                value = symbol.value(frame)
                if is_pointer_to(value, "kaa_context"):
                    context = value
                elif is_pointer_to(value, "kaa_object"):
                    objects.append((symbol.name, value))
            except (gdb.error, ValueError):
                continue
        return objects, context

    def show_pending(self, context):
        try:
            pending = context.cast(gdb.lookup_type("kaa_object__context").pointer())
            pending = pending["pending"]
            if int(pending) == 0:
                print("no exception is pending")
                return
            own = pending.cast(gdb.lookup_type("kaa_object__exception").pointer())
            print(f"pending: {describe(pending)}")
            if int(own["args"]) != 0:
                print(f"     args = {describe(own['args'])}")
            for i in range(int(own["frame_count"])):
                place = own["frames"][i]
                print(f"     {place['function'].string()}:{int(place['line'])}")
        except (gdb.error, gdb.MemoryError) as error:
            print(f"the context cannot be read: {error}")


gdb.pretty_printers.insert(0, find_printer)
ObjectCommand()
BacktraceCommand()
