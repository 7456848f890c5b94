"""The preprocessor expands as the standard and gcc say, and keeps places."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from dtlink.firmware import dts
from tests.firmware.source.sources import preprocessed, written

# Each row: what it is about, the source, the words that are left.
EXPANDED = [
    ("an object", "#define A 1\nA B", "1 B"),
    ("one in another", "#define A B 2\n#define B 1\nA", "1 2"),
    ("itself", "#define A A + 1\nA", "A + 1"),
    ("two in a ring", "#define A B\n#define B A\nA B", "A B"),
    ("a function", "#define F(x, y) <x y>\nF(1, (2, 3))", "<1 (2, 3)>"),
    ("a function without parentheses", "#define F(x) x\nF F (1)", "F 1"),
    ("an argument that is a macro", "#define A 7\n#define F(x) x\nF(A)", "7"),
    ("nested calls", "#define F(x) <x>\nF(F(1))", "< <1> >"),
    ("arguments over lines", "#define F(x, y) x + y\nF(1,\n  2)", "1 + 2"),
    ("an empty argument", "#define F(x, y) [x|y]\nF(, 1)", "[|1]"),
    ("no argument", "#define F() 5\nF()", "5"),
    ("a string", '#define F(x) #x\nF(a "b")', '"a \\"b\\""'),
    ("a string keeps its dashes", "#define F(x) #x\nF(e03-reg)", '"e03-reg"'),
    ("a pasted name", "#define F(x) pin_##x\nF(7)", "pin_7"),
    ("a pasted macro", "#define AB 3\n#define F(x, y) x ## y\nF(A, B)", "3"),
    ("a pasted argument is not expanded", "#define A 1\n#define F(x) x##2\nF(A)", "A2"),
    ("variable arguments", "#define F(x, ...) x: __VA_ARGS__\nF(1, 2, 3)", "1: 2, 3"),
    ("named variable arguments", "#define F(x, y...) x: y\n#define S(x...) #x\nF(1, 2, 3) S(a)",
     '1: 2, 3 "a"'),
    ("no names in strings", '#define A 1\n"A" A', '"A" 1'),
    ("no names in numbers", "#define x1 9\n0x1 x1", "0x1 9"),
    ("no names in comments", "#define A 1\n/* A */ A // A", "1"),
    ("tokens stay apart", "#define A 1\n#define B A\n<A B>", "<1 1>"),
    ("undefined", "#define A 1\n#undef A\nA", "A"),
    ("defined twice", "#define A 1\n#define A 2\nA", "2"),
    ("a continued line", "#define A 1 \\\n 2\nA", "1 2"),
    ("a comment within a definition", "#define A 1 /* one\n */ + 2\nA", "1 + 2"),
    ("ifdef", "#define A\n#ifdef A\n1\n#else\n2\n#endif", "1"),
    ("ifndef", "#ifndef A\n1\n#else\n2\n#endif", "1"),
    ("elif", "#define A 2\n#if A == 1\n1\n#elif A == 2\n2\n#elif 1\n3\n#else\n4\n#endif", "2"),
    ("nested", "#if 0\n#if 1\n1\n#else\n2\n#endif\n#elif 1\n3\n#endif", "3"),
    ("defined()", "#define A\n#if defined(A) && !defined B\n1\n#endif", "1"),
    ("unknown names are 0", "#if FOO\n1\n#else\n2\n#endif", "2"),
    ("signed", "#if -1 < 0 && 7 / -2 == -3 && (1 ? 2 : 3) == 2\n1\n#endif", "1"),
    ("precedence", "#if 1 + 2 * 3 == 7 && (1 << 2 | 1) == 5 && !0\n1\n#endif", "1"),
    ("a macro in a condition", "#define A(x) (x > 1)\n#if A(2)\n1\n#endif", "1"),
    ("properties are no directives", "#address-cells = <1>;\n #x;", "#address-cells = <1>; #x;"),
    ("a macro that names one", "#define F(x) <x>\n#define G F\nG(1) G (2) G", "<1> <2> F"),
    ("no comma before nothing", "#define F(x, ...) x, ##__VA_ARGS__\nF(1) F(1, 2)", "1 1, 2"),
    ("a comma before what is empty", "#define F(x, ...) x, ##__VA_ARGS__\n#define E\nF(1,) F(1,E)",
     "1, 1,"),
    ("no comma before no argument", "#define F(...) 1, ##__VA_ARGS__\nF() F( ) F(2)", "1 1 1,2"),
    ("arguments after a comma are as given", "#define F(x, ...) x, ##__VA_ARGS__\nF(1, F(2, 3))",
     "1, F(2, 3)"),
    ("shifts back", "#if 1 >> -1 == 2 && 4 << -1 == 2 && -1 >> 99 == -1\n1\n#endif", "1"),
    ("an open quote", "#define A 1\nA ' A\nA", "1 ' A 1"),
    ("an open string", '#define A 1\nA " /* A\nA', '1 " /* A 1'),
    ("a lone #", "#\n # \nA", "A"),
    ("a part that is not used", "#if 0 && 1 / 0 || (1 ? 0 : 1 / 0) || 1 || 1 / 0\n1\n#endif", "1"),
    ("words after a name", "#define A\n#ifdef A B\n1\n#endif\n#undef A B\nA", "1 A"),
    ("a string over lines", '#define A "x\\\ny"\nA', '"xy"'),
    ("blanks after a backslash", "#define A 1 \\ \n 2\nA", "1 2"),
    ("two comments in a definition", "#define A /*\n*/ 2 /* 3\n */ 4\nA", "2 4"),
    ("a comment in a continued definition", "#define A 1 \\\n /* 3\n */ 4\nA", "1 4"),
    ("a comment that is continued", "#define A 1 // 3 \\\n 4\nA", "1"),
    ("included in a string", '"/include/ "A', '"/include/ "A'),
    ("__DTS__", "#ifdef __DTS__\n1\n#endif", "1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "left"), [row[1:] for row in EXPANDED], ids=[row[0] for row in EXPANDED]
)
def test_expansion(source, left, tmp_path):
    text = preprocessed(tmp_path, {"a.dts": source + "\n"})
    assert not text.faults
    assert text.text.split() == left.split()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("source", [row[1] for row in EXPANDED], ids=[row[0] for row in EXPANDED])
def test_gcc_leaves_the_same(source, tmp_path):
    path = written(tmp_path, {"a.dts": source + "\n"})
    command = ["gcc", "-E", "-P", "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp"]
    theirs = subprocess.run([*command, path], capture_output=True, text=True, check=True).stdout
    ours = preprocessed(tmp_path, {"a.dts": source + "\n"}).text
    assert ours.split() == theirs.split()


FAULTS = [
    ("#include <gone.h>\n", 1, "gone.h was not found"),
    ("\n#include gone\n", 2, "#include of no file name: gone"),
    ("#if (\n#endif\n", 1, "#if: an expression ends too early"),
    ("#if 1 +* 2\n#endif\n", 1, "#if: unexpected '*'"),
    ("#if 1 / 0\n#endif\n", 1, "#if: division by zero"),
    ("#if 1\n", 1, "#if without #endif"),
    ("#else\n", 1, "#else without #if"),
    ("#if 1\n#else\n#else\n#endif\n", 3, "#else without #if"),
    ("#define F(x) x\n\nF(1, 2)\n", 3, "F() takes 1 arguments, not 2"),
    ("#define\n", 1, "#define without a name"),
    ("#define defined 1\n", 1, "#define without a name that can be one"),
    ("#define F(1) 2\n", 1, "#define F: the parameters are not names"),
    ("#define F(x\n", 1, "#define F: the parameters are not names"),
    ("#define A ##x\n", 1, "#define A: '##' is between two tokens"),
    ("#undef\n", 1, "#undef without a name"),
    ("#ifdef\n#endif\n", 1, "#if: an expression ends too early"),
    ("#if IS_ENABLED(X)\n#endif\n", 1, "#if: IS_ENABLED() is not defined"),
    ("#if 1--1\n#endif\n", 1, "#if: unexpected '++' or '--'"),
    ("#define F(x) x\n\nF(1", 3, "F(: the parenthesis is not closed"),
    ("#define F(x) x\n#include F(1\n", 2, "#include of no file name: F"),
    ("#define F(x) x\n#include F(1, 2)\n", 2, "#include: F() takes 1 arguments, not 2"),
    ("1\n/* 2\n", 2, "a comment that does not end"),
]


@pytest.mark.parametrize(("source", "line", "what"), FAULTS, ids=[row[2] for row in FAULTS])
def test_faults_have_their_lines(source, line, what, tmp_path):
    (fault,) = preprocessed(tmp_path, {"a.dts": source}).faults
    assert what in fault.message
    assert fault.place.line == line


def test_places_name_the_file_the_line_and_the_column(tmp_path):
    text = preprocessed(
        tmp_path,
        {
            "a.dts": '#include "b.dtsi"\n\n  here\n',
            "b.dtsi": "/* one\n two */ there <X>\n#include <c.h>\n",
            "include/c.h": "#define X (1 + 2)\n\tdeep\n",
        },
    )
    folder = str(tmp_path)
    for word, name, line, column, chain in (
        ("here", "a.dts", 3, 3, ()),
        ("there", "b.dtsi", 2, 9, (("a.dts", 1),)),
        ("deep", "include/c.h", 2, 2, (("b.dtsi", 3), ("a.dts", 1))),
    ):
        place = text.place(
            text.text.index(f"{word}", text.text.index(f" {word}") if word == "here" else 0)
        )
        assert (place.file, place.line, place.column) == (f"{folder}/{name}", line, column)
        assert place.chain == tuple((f"{folder}/{file}", number) for file, number in chain)


def test_what_a_macro_expands_to_is_where_it_is_used(tmp_path):
    text = preprocessed(tmp_path, {"a.dts": "#define X 1\n#define Y(a) a X\n\n  Y(0) end\n"})
    place = text.place(text.text.index("0 1"))
    assert (place.line, place.column, place.macro) == (4, 3, "Y")
    place = text.place(text.text.index("end"))
    assert (place.line, place.column, place.macro) == (4, 8, "")


def test_lines_of_another_preprocessor_count(tmp_path):
    text = preprocessed(
        tmp_path, {"a.dts": '# 1 "x.dts"\none\n# 7 "y.dtsi" 1\n\ntwo\n#line 3\nthree\n'}
    )
    places = [text.place(text.text.index(word)) for word in ("one", "two", "three")]
    assert [(each.file, each.line) for each in places] == [
        ("x.dts", 1),
        ("y.dtsi", 8),
        ("y.dtsi", 3),
    ]


BOMBS = [
    "".join(f"#define A{n + 1} A{n} A{n}\n" for n in range(40)) + "A40\n",
    "#define F(x) x x\n" + "F(" * 40 + "1" + ")" * 40 + "\n",
    '#include "a.dts"\n' * 3,
    "#if " + "(" * 10_000 + "1" + ")" * 10_000 + "\n#endif\n",
    "#if " + "!" * 10_000 + "1\n#endif\n",
]


@pytest.mark.parametrize("source", BOMBS, ids=["doubling", "nested", "includes", "depth", "signs"])
def test_bombs_are_bounded(source, tmp_path):
    assert preprocessed(tmp_path, {"a.dts": source}).faults


def test_a_line_marker_with_very_many_digits():
    """Python refuses to read a number of more than 4,300 digits."""
    many = "9" * 5000
    assert len(list(dts.read_text(f'# {many} "x.h"\n/dts-v1/;\n#line {many}\n/ {{ }};'))) == 1
