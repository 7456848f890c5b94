"""Nodes, properties and values of devicetree source that were made to be slow."""

from __future__ import annotations

from tests.benchmarks.shapes.boards import source
from tests.benchmarks.shapes.shape import SOURCE, Shape


def labels(count: int) -> bytes:
    """Many labels of one node."""
    return source("".join(f"l{n}: " for n in range(count)) + "d { };")


def references(count: int) -> bytes:
    """Many references."""
    return source("".join(f"l{n}: d{n} {{ x = <&l{n * 7 % count}>; }};\n" for n in range(count)))


def one_line(count: int) -> bytes:
    """One long line of nodes."""
    return source(
        " ".join(f'd{n} {{ compatible = "vendor,d"; reg = <{n}>; }};' for n in range(count))
    )


def paths(count: int) -> bytes:
    """References by path."""
    return source(
        "".join(
            f"d{n} {{ x = <&{{/d{n * 7 % count}}}>; y = &{{/d{n}}}; }};\n" for n in range(count)
        )
    )


def merged(count: int) -> bytes:
    """Changes to labelled nodes, one after the other."""
    rows = "".join(f"&l {{ p{n} = <{n}>; }};\n" for n in range(count))
    return source("l: d { };") + rows.encode()


def repeated(count: int) -> bytes:
    """The root, again and again."""
    return b"/dts-v1/;\n" + b"".join(
        b"/ { d { p = <%d>; c%d { }; }; };\n" % (n, n) for n in range(count)
    )


def deleted(count: int) -> bytes:
    """Nodes and properties that are made and deleted."""
    rows = "".join(f"l{n}: d{n} {{ x = <1>; /delete-property/ x; }};\n" for n in range(count))
    gone = "".join(f"/delete-node/ &l{n};\n" for n in range(count))
    return source(rows) + gone.encode()


def deleted_within(count: int) -> bytes:
    """Children that the parent deletes."""
    rows = "".join(f"d{n} {{ }};\n" for n in range(count))
    gone = "".join(f"/delete-node/ d{n};\n" for n in range(count))
    return source(rows) + f"/ {{ {gone} }};\n".encode()


def overridden(count: int) -> bytes:
    """One property, written again and again."""
    return source("d { };") + b"".join(b"/ { d { x = <%d>; }; };\n" % n for n in range(count))


def huge_property(count: int) -> bytes:
    """One property of very many values."""
    return source(f"d {{ x = <{'0x1 ' * count}>; }};")


def huge_bytes(count: int) -> bytes:
    """One property of very many bytes."""
    return source(f"d {{ x = [{'00 ' * count}]; }};")


def huge_strings(count: int) -> bytes:
    """One property of very many strings, and one long string."""
    return source("d { x = " + ", ".join(['"a\\n\\x41"'] * count) + f'; y = "{"a" * count}"; }};')


def mixed_values(count: int) -> bytes:
    """Values with labels."""
    return source(
        "d { x = " + ", ".join(f'v{n}: <{n}>, "s", [01], &{{/d}}' for n in range(count)) + "; };"
    )


def nested(count: int) -> bytes:
    """Nodes that are nested too deep."""
    return source("d { " * count + "};" * count)


def parentheses(count: int) -> bytes:
    """An expression of many brackets."""
    return source(f"d {{ x = <{'(' * count}1{')' * count}>; }};")


def sum_of_many(count: int) -> bytes:
    """An expression of many terms."""
    return source(f"d {{ x = <({' + '.join(map(str, range(count)))})>; }};")


def expressions(count: int) -> bytes:
    """Many expressions."""
    return source(
        "d { x = <" + " ".join(f"((1 << {n % 32}) | ({n} ? 2 : 3))" for n in range(count)) + ">; };"
    )


def ternaries(count: int) -> bytes:
    """A chain of conditions."""
    return source("d { x = <(" + "".join(f"{n} == 1 ? 2 : " for n in range(count)) + "0)>; };")


def faults(count: int) -> bytes:
    """A fault on each line."""
    return source("".join(f"d{n} {{ x = <&nothing{n}>; y = <(1 / 0)>; }};\n" for n in range(count)))


def reservations(count: int) -> bytes:
    """Memory reservations."""
    return (
        b"/dts-v1/;\n"
        + b"".join(b"/memreserve/ 0x%x 0x1000;\n" % (n << 12) for n in range(count))
        + b"/ { };\n"
    )


SHAPES = {
    name.replace("_", " "): Shape(make, SOURCE, "input.dts")
    for name, make in (
        ("labels", labels),
        ("references", references),
        ("one_line", one_line),
        ("paths", paths),
        ("merged", merged),
        ("repeated", repeated),
        ("deleted", deleted),
        ("deleted_within", deleted_within),
        ("overridden", overridden),
        ("huge_property", huge_property),
        ("huge_bytes", huge_bytes),
        ("huge_strings", huge_strings),
        ("mixed_values", mixed_values),
        ("nested", nested),
        ("parentheses", parentheses),
        ("sum_of_many", sum_of_many),
        ("expressions", expressions),
        ("ternaries", ternaries),
        ("faults", faults),
        ("reservations", reservations),
    )
}
