"""Damaged and hostile devicetree sources, by a seed.

The sound ones are the project's own boards, with a header and a file that they include.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.boards import FIXTURES

V1 = "/dts-v1/;\n"
BOARD = "tree/board.dts"
#: What a file has that no source may read.
CANARY = "canary-4d1f0c"
_TOKEN = re.compile(r"\w+|\s+|.", re.DOTALL)
#: What source is made of, and what breaks it.
_SIGNS = (
    *";{}<>[]()\"'&:=,/\\#@-+*?|!~%^\n\t\r ",
    *("/*", "*/", "//", "/bits/ 8", "/incbin/", '/include/ "soc.dtsi"\n', "/delete-node/", "\\\n"),
    *("\n#if 1\n", "\n#else\n", "\n#endif\n", "\n#define X ", "\n#undef X\n", "X", "X(", "##"),
    *("0x", "4294967296", "99999999999999999999999", "&{/", "/plugin/;", "__VA_ARGS__", "\0"),
    *('\n#include "soc.dtsi"\n', '\n# 3 "x"\n', "\u00e9", "\ufeff", "/omit-if-no-ref/", "dtlink:"),
)  # fmt: skip


class Case(NamedTuple):
    """Files by their path in a folder; :data:`BOARD` is linted."""

    name: str
    files: Mapping[str, bytes]


def sound() -> dict[str, dict[str, bytes]]:
    """The sound sources: each board, and in two parts with a macro."""
    found = {}
    for path in sorted(FIXTURES.glob("*.dts")):
        text = path.read_text(encoding="utf-8")
        parts = {BOARD: f'#include "soc.dtsi"\n#include <x.h>\n{text}'}
        parts["tree/soc.dtsi"] = "/* all of it is in the board */\n"
        parts["tree/include/x.h"] = (
            "#define X(a, b) <(a + b) 1>\n#ifndef Y\n#define Y X(1, 2)\n#endif"
        )
        found[path.stem] = {name: part.encode() for name, part in parts.items()}
    return found


class Damage:
    """Makes damaged sources, the same ones for the same seed; ``size`` bounds the large ones."""

    def __init__(self, seed: int, size: int = 1 << 16) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable is what it must be
        self.size = size
        self.sources = sound()
        self.kinds: dict[str, Callable[[str], str]] = {
            "truncated": self.truncated,
            "spliced": self.spliced,
            "characters": self.characters,
            "tokens": self.tokens,
            "lines": self.lines,
            "repeated": self.repeated,
        }

    def cases(self, count: int) -> Iterator[Case]:
        """So many cases: nine damaged sources for each bomb or escape."""
        for number in range(count):
            if number % 10:
                yield self._damaged(number)
            else:
                kinds = BOMBS if number % 20 else ESCAPES
                name = self.random.choice(list(kinds))
                size = self.random.choice((16, 1_000, self.size // 8, self.size))
                yield Case(f"{number} {name} {size}", _files(kinds[name](size)))

    def _damaged(self, number: int) -> Case:
        name = self.random.choice(list(self.sources))
        kind = self.random.choice(list(self.kinds))
        files = dict(self.sources[name])
        victim = self.random.choice((BOARD, BOARD, BOARD, *files))
        damaged = self.kinds[kind](files[victim].decode())
        files[victim] = damaged.encode("utf-8", "surrogateescape")
        if self.random.random() < 0.1:
            files[victim] = self._bytes(files[victim])
        return Case(f"{number} {name} {kind} {victim}", files)

    def _bytes(self, data: bytes) -> bytes:
        """Bytes that are no text, or other ends of lines."""
        if self.random.random() < 0.3:
            return data.replace(b"\n", b"\r\n")
        changed = bytearray(data or b" ")
        for _ in range(self.random.randint(1, 20)):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)

    def truncated(self, text: str) -> str:
        """Cut off."""
        return text[: self.random.randrange(len(text) + 1)]

    def spliced(self, text: str) -> str:
        """The beginning of one, and the end of another."""
        other = self.random.choice(list(self.sources.values()))[BOARD].decode()
        return self.truncated(text) + other[self.random.randrange(len(other)) :]

    def characters(self, text: str) -> str:
        """Signs put in, or in place of others."""
        for _ in range(self.random.randint(1, 5)):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.random.choice(_SIGNS) + text[at + self.random.randint(0, 2) :]
        return text

    def tokens(self, text: str) -> str:
        """Tokens taken from elsewhere, or left out."""
        parts = _TOKEN.findall(text) or [""]
        for _ in range(self.random.randint(1, 8)):
            at = self.random.randrange(len(parts))
            parts[at] = self.random.choice((self.random.choice(parts), "", parts[at] * 2))
        return "".join(parts)

    def lines(self, text: str) -> str:
        """Some lines in another order."""
        parts = text.splitlines(keepends=True) or [""]
        first = self.random.randrange(len(parts))
        some = parts[first : first + self.random.randint(2, 30)]
        self.random.shuffle(some)
        parts[first : first + len(some)] = some
        return "".join(parts)

    def repeated(self, text: str) -> str:
        """A stretch several times."""
        first = self.random.randrange(len(text) + 1)
        stretch = text[first : first + self.random.randint(1, 200)]
        return text[:first] + stretch * self.random.randint(2, 50) + text[first:]


def write(case: Case, folder: Path) -> Path:
    """Write the files of a case into an empty folder; the one to lint."""
    for name, data in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data.startswith(b"-> "):
            path.symlink_to(data[3:].decode())
        elif data == b"fifo":
            os.mkfifo(path)
        else:
            path.write_bytes(data)
    return folder / BOARD


def _files(made: str | Mapping[str, str]) -> dict[str, bytes]:
    parts = {BOARD: made} if isinstance(made, str) else made
    return {name: text.encode("utf-8", "surrogateescape") for name, text in parts.items()}


def _doubling(start: str, form: str, levels: int = 60) -> str:
    """Macros each of which uses the one before it twice."""
    rows = [f"#define A0{start}"]
    rows += [f"#define A{n}{form.format(f'A{n - 1}')}" for n in range(1, levels)]
    return "\n".join(rows) + "\n"


def _node(value: str) -> str:
    return f"{V1}/ {{ a = {value}; }};\n"


def _deep(size: int) -> str:
    names = "".join(f"n{n}{'x' * (size // 200)} {{ " for n in range(60))
    leaves = "".join(f"l{n}: l{n} {{ }}; " for n in range(size // 16))
    return f"{V1}/ {{ {names}{leaves}{'}; ' * 60}}};\n"


def _data(number: int) -> str:
    return f'a{number} = /incbin/("b.bin"); '


#: Sources that would cost far more than their size, by what they are made of.
BOMBS: dict[str, Callable[[int], str | Mapping[str, str]]] = {
    "includes-itself": lambda size: f'#include "board.dts"\n{_node("<1>")}{"x" * size}',
    "includes-itself-twice": lambda _: '#include "board.dts"\n' * 3,
    "includes-in-a-ring": lambda _: {
        BOARD: '#include "b.dtsi"\n#include "b.dtsi"\n',
        "tree/b.dtsi": '#include "board.dts"\n/include/ "board.dts"\n',
    },
    "includes-many-times": lambda size: {
        BOARD: '#include "b.dtsi"\n' * (size // 16),
        "tree/b.dtsi": "#define A 1\n" * (size // 16) + _node("<A>"),
    },
    "includes-by-twos": lambda _: {
        BOARD: '#include "0.dtsi"\n',
        **{f"tree/{n}.dtsi": f'#include "{n + 1}.dtsi"\n' * 2 for n in range(40)},
        "tree/40.dtsi": "x",
    },
    "missing-files": lambda size: "".join(f'#include "{n}.h"\n' for n in range(size // 16)),
    "long-name": lambda size: f'#include "{"a" * size}"\n',
    "billion-laughs": lambda _: _doubling(" 1", " {0} {0}") + _node("<A59>"),
    "billion-calls": lambda _: _doubling("(x) x x", "(x) {0}({0}(x))") + _node("<A59(1)>"),
    "billion-arguments": lambda _: "#define F(x) x x\n" + _node(f"<{'F(' * 90}1{')' * 90}>"),
    "pasted": lambda _: "#define P(x) Q(x)\n#define Q(x) x##x\n"
    + _node(f"<{'P(' * 90}a{')' * 90}>"),
    "quoted": lambda _: "#define P(x) Q(x)\n#define Q(x) #x\n"
    + _node(f"{'P(' * 90}'{')' * 90}"),
    "long-macro": lambda size: f"#define A {'1 ' * (size // 2)}\n" + _node(f"<{'A ' * 1000}>"),
    "long-string": lambda size: f'#define A "{"x" * size}"\n' + _node(", ".join(["A"] * 5000)),
    "chain": lambda size: "".join(f"#define A{n} A{n + 1}\n" for n in range(size // 16))
    + _node("<A0>"),
    "calls-that-do-not-end": lambda size: "#define F(x) x\n" + _node("F(" * (size // 2)),
    "call-in-a-call": lambda size: "#define F(x) x\n#define G F F(F(F(\n"
    + _node("G " * (size // 2)),
    "many-macros": lambda size: "#define A 1\n#define B(x) x\n"
    + _node(f"<{'A B(A) ' * (size // 7)}>"),
    "many-definitions": lambda size: "".join(f"#define A{n} {n}\n" for n in range(size // 16))
    + _node("<A1>"),
    "redefined": lambda size: "#define A 1\n#undef A\n" * (size // 24) + _node("<1>"),
    "long-condition": lambda size: f"#if {'1+' * (size // 2)}1\n#endif\n" + _node("<1>"),
    "deep-condition": lambda size: f"#if {'(' * size}1{')' * size}\n#endif\n" + _node("<1>"),
    "signs": lambda size: f"#if {'!' * size}1\n#endif\n" + _node(f"<({'-' * size}1)>"),
    "precedence": lambda _: _node(f"<{'(1||1&&1|1^1&1==1<1<<1+1*' * 90}1{')' * 90}>"),
    "alternatives": lambda size: _node(f"<({'1?1:' * (size // 4)}1)>"),
    "parentheses": lambda size: _node(f"<{'(' * size}1{')' * size}>"),
    "open-parentheses": lambda size: _node(f"<{'(' * size}"),
    "nested-if": lambda size: "#if 1\n" * (size // 6) + _node("<1>") + "#endif\n" * (size // 7),
    "elif": lambda size: "#if 0\n" + "#elif 0\n" * (size // 8) + "#endif\n" + _node("<1>"),
    "else": lambda size: "#else\n" * (size // 6),
    "errors": lambda size: "#error x\n" * (size // 9),
    "comment": lambda size: V1 + "/*" * (size // 2),
    "comments": lambda size: V1 + "/*\n*/ \\\n" * (size // 8) + "/ { };\n",
    "comments-in-a-directive": lambda size: "#define A " + "/*\n*/ \\\n" * (size // 8) + "\n",
    "comments-for-dtlink": lambda size: V1 + "/* dtlink: allow x: y */ \\\n" * (size // 24)
    + "/ { };\n",
    "quotes": lambda size: V1 + '\\"' * (size // 2) + "// dtlink: allow x: y",
    "quotes-in-a-value": lambda size: _node('"' + '\\"' * (size // 2)),
    "open-quotes": lambda size: V1 + '/ { a = "; b = "\n' * (size // 16),
    "apostrophes": lambda size: _node("'" * size),
    "included-in-strings": lambda size: _node('"/include/ "x", ' * (size // 16) + '""'),
    "includes-with-blanks": lambda size: V1 + f"/include/{' ' * size}" * 3,
    "one-line": lambda size: f"{V1}{'/ { b; };' * (size // 9)}",
    "blank": lambda size: " " * size,
    "lines": lambda size: "\n" * size + _node("<1>"),
    "cells": lambda size: _node(f"<{'1 ' * (size // 2)}>"),
    "numbers-in-parentheses": lambda size: _node(f"<{'(1) ' * (size // 4)}>"),
    "strings": lambda size: _node('"a", ' * (size // 5) + '"b"'),
    "bytes": lambda size: _node(f"[{'00 ' * (size // 3)}]"),
    "escapes": lambda size: _node(f'"{chr(92)}x00{(chr(92) + "0") * (size // 2)}"'),
    "labels": lambda size: _node(f"<{' '.join(f'l{n}:' for n in range(size // 8))}>"),
    "label-twice": lambda size: V1 + "/ { "
    + "".join(f"l: a{n} {{ b = <&l>; }}; " for n in range(size // 24)) + "};\n",
    "labels-in-front": lambda size: V1 + "a:" * (size // 2) + "/ { };",
    "number": lambda size: _node(f"<0x{'f' * size}>") + _node(f"<{'9' * size}>"),
    "width": lambda size: _node(f"/bits/ {'9' * size} <1>"),
    "reserved": lambda size: f"{V1}/memreserve/ {'(' * size} 1;\n/ {{ }};\n",
    "name": lambda size: f"{V1}/ {{ {'a' * size} {{ }}; {'b' * size}; }};\n",
    "nodes": lambda size: f"{V1}/ {{ {''.join(f'a{n} {{ }}; ' for n in range(size // 10))}}};\n",
    "properties": lambda size: f"{V1}/ {{ {''.join(f'a{n}; ' for n in range(size // 8))}}};\n",
    "opened-again": lambda size: V1 + "/ { a { }; };\n" * (size // 16),
    "braces": lambda size: V1 + "/ { " + "a { " * (size // 4),
    "closing-braces": lambda size: V1 + "};" * (size // 2),
    "no-statement": lambda size: V1 + "/ { " + "! " * (size // 2) + "};\n",
    "no-value": lambda size: V1 + "/ { " + "a = <\n" * (size // 6) + "};\n",
    "path-references": lambda size: f"{V1}/ {{ {'x' * 999}: {'y' * 999} {{ }}; a = "
    + ", ".join([f"&{'x' * 999}"] + ["&{/" + "y" * 999 + "}"] * (size // 1000)) + "; };\n",
    "labels-below": _deep,
    "paths-below": lambda size: _deep(size).replace(
        "l0: l0 {", f"l0: l0 {{ a = {', '.join(['&l0'] * (size // 8))};"
    ),
    "phandles": lambda size: V1 + "/ { a: a { phandle = <1>; }; "
    + "".join(f"b{n} {{ phandle = <{n % 3}>; }}; " for n in range(size // 32)) + "};\n",
    "overlay": lambda size: f"{V1}/plugin/;\n&x {{ a = <{'&y ' * (size // 3)}>; }};\n",
    "fragments": lambda size: f"{V1}/plugin/;\n" + "&x { a = <&y>; };\n" * (size // 20),
    "omitted": lambda size: V1 + "/ { " + "/omit-if-no-ref/ a { }; " * (size // 24) + "};\n",
    "deleted": lambda size: V1 + "/ { a { }; };\n/ { /delete-node/ a; a { }; };\n" * (size // 48),
    "data": lambda size: {
        BOARD: f"{V1}/ {{ {''.join(_data(n) for n in range(200))}}};\n",
        "tree/b.bin": "x" * size,
    },
    "data-with-blanks": lambda size: {
        BOARD: _node(f'/incbin/("b.bin", {" " * size}'),
        "tree/b.bin": "x",
    },
    "binary": lambda size: V1 + "\0\udcff" * (size // 2),
    "line-markers": lambda size: '# 1 "a"\n' * (size // 8) + "/ { a = ; };\n" * 3,
    "not-ascii": lambda size: V1 + "/ { " + "\u00e9: \u2028\u00a0a; " * (size // 16) + "};\n",
}  # fmt: skip


def _reading(line: str) -> Callable[[int], Mapping[str, str]]:
    """A source with a line that names a file which it may not read."""
    return lambda _: {
        "secret.txt": f"{CANARY} = <1>;\n",
        "tree/.git/HEAD": "ref: refs/heads/main\n",
        "tree/link.txt": "-> ../secret.txt",
        "tree/loop.txt": "-> loop.txt",
        "tree/folder": "-> ..",
        "tree/pipe": "fifo",
        "tree/null": "-> /dev/null",
        "tree/zero": "-> /dev/zero",
        "tree/include/x.h": "",
        BOARD: f"{V1}{line}\n/ {{ }};\n",
    }


_NAMES = (
    *("../secret.txt", "link.txt", "folder/secret.txt", "include/../../secret.txt", "pipe", "zero"),
    *("loop.txt", "null", ".", "..", "", "/", "/dev/zero", "/dev/stdin", "/proc/self/environ"),
    *("/proc/self/mem", "/proc/self/fd/0", "/etc/passwd", "/proc/kmsg", "/dev/tty", "x\\0y"),
    *("./../secret.txt", "//etc/passwd", "/proc/self/cwd/../secret.txt", "../" * 50, "a" * 5000),
    *("/dev/fd/0", "$HOME", "*", "include", "include/x.h/", "nothing", "~/.ssh/id_rsa"),
)  # fmt: skip
_FORMS = (
    '#include "{0}"', "#include <{0}>", '/include/ "{0}"', '#define N "{0}"\n#include N',
    '/ {{ a = /incbin/("{0}"); }};', '/ {{ a = /incbin/("{0}", 0, 100); }};',
    '/ {{ a = "{0}", /incbin/ ("{0}", (1 - 1), 0xffffffffffffffff); }};',
)  # fmt: skip
#: Sources that ask for files outside their tree, for devices, and for what never ends.
ESCAPES: dict[str, Callable[[int], str | Mapping[str, str]]] = {
    f"escape-{number}-{form}": _reading(line.format(name))
    for number, name in enumerate(_NAMES)
    for form, line in enumerate(_FORMS)
}
