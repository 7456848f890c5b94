"""Macros, conditions, comments and includes that were made to be slow."""

from __future__ import annotations

from tests.benchmarks.shapes.boards import source
from tests.benchmarks.shapes.shape import SOURCE, Shape


def macros(count: int) -> bytes:
    """Macros that are defined and used."""
    head = "".join(f"#define M{n} ({n})\n" for n in range(count))
    return head.encode() + source("d { x = <" + " ".join(f"M{n}" for n in range(count)) + ">; };")


def macro_chain(count: int) -> bytes:
    """Macros that are each other."""
    head = "".join(f"#define M{n} M{n + 1}\n" for n in range(count))
    return head.encode() + f"#define M{count} 1\n".encode() + source("d { x = <M0>; };")


def macro_bomb(count: int) -> bytes:
    """Macros that double."""
    head = "#define M0 1\n" + "".join(f"#define M{n} M{n - 1} M{n - 1}\n" for n in range(1, 40))
    return (head + "/* " + "x" * count * 40 + " */\n").encode() + source("d { x = <M39>; };")


def functions(count: int) -> bytes:
    """Macros with parameters, nested."""
    head = "#define ADD(a, b) ((a) + (b))\n"
    return head.encode() + source(
        "d { x = <" + " ".join(f"ADD(ADD({n}, 1), ADD(2, {n}))" for n in range(count)) + ">; };"
    )


def long_argument(count: int) -> bytes:
    """A macro with a long argument, which it repeats."""
    head = "#define TWO(a) a a\n#define FOUR(a) TWO(a) TWO(a)\n"
    return head.encode() + source(f"d {{ x = <FOUR({'1 ' * count})>; }};")


def conditions(count: int) -> bytes:
    """Conditions, one after the other."""
    rows = "".join(
        f"#if defined(A{n}) || {n} > 3 && B < {n}\nx{n} = <1>;\n#else\ny{n} = <2>;\n#endif\n"
        for n in range(count)
    )
    return source("d {\n" + rows + "};")


def nested_conditions(count: int) -> bytes:
    """Conditions in conditions."""
    return b"#if 1\n" * count + source("d { };") + b"#endif\n" * count


def comments(count: int) -> bytes:
    """Comments everywhere."""
    return source("d { " + "/* c */ // d\n" * count + "x = /* y */ <1>; };")


def open_comment(count: int) -> bytes:
    """A comment without end, with many that begin."""
    return source("d { };") + b"/* /* \n" * count


def continued(count: int) -> bytes:
    """Lines that go on."""
    return b"#define A \\\n" + b"1 \\\n" * count + b"\n" + source("d { x = <A>; };")


def quotes(count: int) -> bytes:
    """Strings without end."""
    return source("d { x = " + '"a\n' * count + "; };")


def included(count: int) -> dict[str, bytes]:
    """A file that is included again and again."""
    rows = b'#include "one.dtsi"\n' * count
    return {
        "input.dts": b"/dts-v1/;\n/ { d { }; };\n" + rows,
        "one.dtsi": b"/ { d { x = <1>; }; };\n",
    }


def include_chain(count: int) -> dict[str, bytes]:
    """Files that include each other, each a level deeper."""
    text = b"/* " + b"x" * 2000 + b" */\n"
    files = {f"f{n}.dtsi": text + b'#include "f%d.dtsi"\n' % (n + 1) for n in range(count)}
    return {
        "input.dts": b'/dts-v1/;\n#include "f0.dtsi"\n/ { };\n',
        **files,
        f"f{count}.dtsi": b"/ { };\n",
    }


def include_tree(count: int) -> dict[str, bytes]:
    """Files that include two each: all paths are very many."""
    levels = 18
    files = {f"f{n}.dtsi": b'#include "f%d.dtsi"\n' % (n + 1) * 2 for n in range(levels)}
    last = {f"f{levels}.dtsi": b"/ { d { x = <1>; }; };\n" + b"\n" * count * 100}
    return {"input.dts": b'/dts-v1/;\n#include "f0.dtsi"\n/ { };\n', **files, **last}


def missing(count: int) -> bytes:
    """Includes of files that are not there."""
    return (
        b"/dts-v1/;\n"
        + b"".join(b'#include "none%d.dtsi"\n' % n for n in range(count))
        + b"/ { };\n"
    )


SHAPES = {
    name.replace("_", " "): Shape(make, SOURCE, "input.dts")
    for name, make in (
        ("macros", macros),
        ("macro_chain", macro_chain),
        ("macro_bomb", macro_bomb),
        ("functions", functions),
        ("long_argument", long_argument),
        ("conditions", conditions),
        ("nested_conditions", nested_conditions),
        ("comments", comments),
        ("open_comment", open_comment),
        ("continued", continued),
        ("quotes", quotes),
        ("included", included),
        ("include_chain", include_chain),
        ("include_tree", include_tree),
        ("missing", missing),
    )
}
