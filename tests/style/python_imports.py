"""No modules of the Python package import each other in a circle.

    python_imports.py bindings/python/kaa

Imports within functions count, those for type checkers alone do not. What modules
of calls need of each other at run time goes through kaa._late, which says so.
"""
import ast
import pathlib
import sys


def modules_of(root):
    """Dotted name to path."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(parts)] = path
    return found


def is_for_checkers(node):
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def imports_of(node, known):
    """The modules among `known` that the code below a node imports."""
    found = set()
    if isinstance(node, ast.Import):
        found.update(one.name for one in node.names if one.name in known)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in known:
        for one in node.names:
            inner = f"{node.module}.{one.name}"
            found.add(inner if inner in known else node.module)
    below = node.orelse if is_for_checkers(node) else ast.iter_child_nodes(node)
    for child in below:
        found |= imports_of(child, known)
    return found


def circle_in(graph):
    """One circle, as the modules on the way round; empty if there is none."""
    done = set()

    def visit(name, way):
        if name in way:
            return way[way.index(name):] + [name]
        if name in done:
            return []
        for other in sorted(graph[name]):
            found = visit(other, way + [name])
            if found:
                return found
        done.add(name)
        return []

    for name in sorted(graph):
        found = visit(name, [])
        if found:
            return found
    return []


def graph_of(root):
    known = modules_of(root)
    return {
        name: imports_of(ast.parse(path.read_text(encoding="utf-8")), known) - {name}
        for name, path in known.items()
    }


def main():
    graph = graph_of(pathlib.Path(sys.argv[1]))
    if len(graph) < 20 or not any(graph.values()):
        print(f"{sys.argv[1]}: is this the package? {len(graph)} modules")
        return 1
    circle = circle_in(graph)
    if circle:
        print("imports in a circle: " + " > ".join(circle))
    return bool(circle)


if __name__ == "__main__":
    sys.exit(main())
