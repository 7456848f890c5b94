"""The index of a kernel's source: made of small trees with every form, and read back."""

import random
import re
from collections import defaultdict

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from dtlink.cli.kernel import kernel
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.shipped import SOURCES
from dtlink.firmware.errors import InputError
from dtlink.kernel.source import index as source_index
from dtlink.kernel.source import several
from dtlink.kernel.source.conditions import NEVER, negated, of_expression
from dtlink.kernel.source.index import Source, SourceIndex
from dtlink.kernel.source.makefiles import Word, read_makefile
from dtlink.kernel.source.parted import PartedIndex
from dtlink.kernel.source.write import make_index, pack, pack_several
from tests.support.boards import SHARED
from tests.support.packing import gzipped

DRIVER = """
static const struct of_device_id {name}[] = {{ {{ .compatible = "{compatible}" }}, {{ }} }};
MODULE_DEVICE_TABLE(of, {name});
"""

TREE = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\nEXTRAVERSION =\n",
    "Kbuild": "obj-y += arch/$(SRCARCH)/ drivers/\nobj-$(CONFIG_NET) += net/\n",
    # An architecture, with a Makefile that makes directories of names, and a folder of boards.
    "arch/arm/Kbuild": "obj-y += kernel/\n",
    "arch/arm/Makefile": (
        "machine-$(CONFIG_ARCH_FOO) += foo\ncore-y += $(patsubst %,arch/arm/mach-%/,$(machine-y))\n"
    ),
    "arch/arm/mach-foo/Makefile": "obj-y += board.o\n",
    "arch/arm/mach-foo/board.c": """
        static const struct of_device_id irqs[] __initconst = {
            { .compatible = "foo,irq", .data = init },
            {}
        };
        void __init foo_init(void) { of_irq_init(irqs); }
    """,
    "arch/powerpc/Kbuild": "obj-$(CONFIG_BAR) += bar.o\n",
    "arch/powerpc/bar.c": DRIVER.format(name="bar", compatible="bar,ppc"),
    "net/Makefile": "obj-$(CONFIG_RADIO) += radio.o\n",
    "net/radio.c": DRIVER.format(name="radio", compatible="net,radio"),
    "drivers/Makefile": """
        obj-y += plain/ twice/ helper/
        obj-$(CONFIG_BUS) += nested/
        obj-$(subst m,y,$(CONFIG_CORE)) += early/   # whatever CORE is
        obj-$(CONFIG_ONE) += host/
        obj-$(CONFIG_TWO) += host/
    """,
    "drivers/plain/Makefile": "obj-y += always.o\nobj-$(CONFIG_P_M)+= with-dash.o\n",
    "drivers/plain/always.c": DRIVER.format(name="ids", compatible="plain,always"),
    "drivers/plain/with-dash.c": """
        // static const struct of_device_id old[] = {{ .compatible = "plain,comment" }};
        /* { .compatible = "plain,comment" } */
        #define COMPATIBLE "plain," \\
                           "string"
        static const struct of_device_id __maybe_unused dash_ids[] = {
            { .name = "x", .compatible = "plain,dash" /* "plain,comment" */ },
            { .compatible = COMPATIBLE },
            { .compatible = "plain,/*kept*/" },
        #if 0
            { .compatible = "plain,never" },
        #endif
        #ifdef CONFIG_OF
            { .compatible = "plain,of" },
        #else
            { .compatible = "plain,without-of" },
        #endif
        #ifdef CONFIG_OLD
            { .compatible = "plain,old" },
        #elif IS_ENABLED(CONFIG_NEW)
            { .compatible = "plain,new" },
        #else
            { .compatible = "plain,neither" },
        #endif
        #if defined(CONFIG_A) || defined(CONFIG_B)
            { .compatible = "plain,a-or-b" },
        #endif
        #ifdef SOMETHING
            { .compatible = "plain,riddle" },
        #endif
            { }
        };
        static struct platform_driver d = {
            .driver = { .name = "d", .of_match_table = of_match_ptr(dash_ids), },
        };
    """,
    # Composite objects, parts that are options, a list in a list, a list that names itself.
    "drivers/nested/Makefile": "obj-$(CONFIG_SUB) += sub/ deeper/way/\n",
    "drivers/nested/sub/Makefile": """
        obj-$(CONFIG_BIG) += big.o
        big-objs := main.o
        big-$(CONFIG_BIG_PART) += part.o
        parts-$(CONFIG_BIG_MORE) += more.o
        big-y += $(parts-y) $(big-y) lib/common.o
        ifeq ($(CONFIG_DEBUG),y)
        big-y += debug.o
        else
        big-y += quiet.o
        endif
        include $(src)/rest.mk
    """,
    "drivers/nested/sub/rest.mk": "obj-$(CONFIG_REST) += rest.o\n",
    "drivers/nested/sub/rest.c": DRIVER.format(name="ids", compatible="nested,rest"),
    "drivers/nested/sub/main.c": """
        extern const struct of_device_id shared_ids[];
        static struct platform_driver d = { .driver.of_match_table = shared_ids };
    """,
    "drivers/nested/sub/lib/common.c": """
        const struct of_device_id shared_ids[] = { { .compatible = "nested,shared" }, {} };
        static const struct of_device_id not_shared[] = { { .compatible = "nested,own" }, {} };
    """,
    **{
        f"drivers/nested/sub/{name}.c": DRIVER.format(name="ids", compatible=f"nested,{name}")
        for name in ("part", "more", "debug", "quiet", "unbuilt")
    },
    "drivers/nested/deeper/way/Kbuild": "obj-$(CONFIG_WAY) += way.o\n",
    "drivers/nested/deeper/way/Makefile": "obj-$(CONFIG_WRONG) += way.o\n",
    "drivers/nested/deeper/way/way.c": """
        static struct platform_driver d = { .driver = {
            .of_match_table = (const struct of_device_id[]) { { .compatible = "way,inline" }, {} },
        } };
    """,
    "drivers/twice/Makefile": "obj-$(CONFIG_T1) += t1.o\nobj-$(CONFIG_T2) += t2.o\nt2-y := t1.o\n",
    "drivers/twice/t1.c": DRIVER.format(name="ids", compatible="twice,ids"),
    "drivers/host/Makefile": "obj-$(CONFIG_HOST_X) += x.o\nobj-y += y.o\n",
    "drivers/host/x.c": DRIVER.format(name="ids", compatible="host,x"),
    "drivers/host/y.c": DRIVER.format(name="ids", compatible="host,y"),
    # Tables in macros of a header, in a header, in an included C file; tables of helpers.
    "drivers/helper/Makefile": "obj-$(CONFIG_H) += h.o mac.o inc.o\n",
    "drivers/helper/h.c": """
        #include "ids.h"
        static const struct of_device_id clients[] = { { .compatible = "helper,client" }, {} };
        int f(struct device *dev) { return of_match_device(clients, dev) != NULL; }
        static struct platform_driver d = { .driver.of_match_table = header_ids, };
    """,
    "drivers/helper/ids.h": """
        #ifndef _IDS_H
        #define _IDS_H
        static const struct of_device_id header_ids[] = { { .compatible = "helper,header" }, {} };
        #endif
    """,
    "drivers/helper/mac.h": """
        #define ENTRY(_name, more...) { .compatible = "helper," #_name, ##more }
        #define REGISTER(_id, _compatible)                          \\
        static const struct of_device_id _id##_table[] = {          \\
            { .compatible = _compatible }, ENTRY(macro, .data = 1), \\
            {} };                                                   \\
        static struct spi_driver _id = { .driver = {                \\
            .of_match_table = _id##_table } };
    """,
    "drivers/helper/mac.c": '#include "mac.h"\nREGISTER(mac, "helper,registered");\n',
    "drivers/helper/inc.c": '#ifdef CONFIG_INC\n#include "inc-of.c"\n#endif\n',
    "drivers/helper/inc-of.c": DRIVER.format(name="inc", compatible="helper,included"),
    # What the kernel starts before there are devices; methods and consoles are no such thing.
    "drivers/early/Makefile": "obj-$(CONFIG_GIC) += gic.o\nlib-$(CONFIG_LIBBED) += libbed.o\n",
    "drivers/early/libbed.c": 'RESERVEDMEM_OF_DECLARE(pool, "early,pool", pool_setup);\n',
    "drivers/early/gic.c": """
        #include <linux/irqchip.h>
        #define BOTH(n, c) IRQCHIP_DECLARE(n, c, both_init)
        IRQCHIP_DECLARE(gic, "early,gic", gic_of_init);
        BOTH(other, "early,macro")
        CLK_OF_DECLARE_DRIVER(clk, "early,clk", clk_init);
        OF_EARLYCON_DECLARE(con, "early,console", con_setup);
        CPU_METHOD_OF_DECLARE(smp, "early,method", &ops);
        IRQCHIP_PLATFORM_DRIVER_BEGIN(pdc)
        IRQCHIP_MATCH("early,platform", pdc_init)
        IRQCHIP_PLATFORM_DRIVER_END(pdc)
    """,
    "include/linux/irqchip.h": """
        #define IRQCHIP_DECLARE(name, compat, fn) OF_DECLARE_2(irqchip, name, compat, fn)
        #define IRQCHIP_PLATFORM_DRIVER_BEGIN(drv_name) \\
        static const struct of_device_id drv_name##_irqchip_match_table[] = {
        #define IRQCHIP_MATCH(compat, fn) { .compatible = compat, .data = fn, },
        #define IRQCHIP_PLATFORM_DRIVER_END(drv_name, ...) {}, }; \\
        MODULE_DEVICE_TABLE(of, drv_name##_irqchip_match_table); \\
        static struct platform_driver drv_name##_driver = { .driver = { __VA_ARGS__ } };
    """,
}

WITH_DASH = ("drivers/plain/with-dash.c", "with-dash", "P_M", "driver")
BIG = ("BIG", "driver")
FOUND = {
    "foo,irq": {Source("arch/arm/mach-foo/board.c", "board", "ARCH_FOO", "early", ("ARM",))},
    "bar,ppc": {Source("arch/powerpc/bar.c", "bar", "BAR", "driver", ("PPC",))},
    "net,radio": {Source("net/radio.c", "radio", "RADIO", "driver", ("NET",))},
    "plain,always": {Source("drivers/plain/always.c", "always", "", "driver")},
    "plain,dash": {Source(*WITH_DASH)},
    "plain,string": {Source(*WITH_DASH)},
    "plain,/*kept*/": {Source(*WITH_DASH)},
    "plain,of": {Source(*WITH_DASH)},
    "plain,old": {Source(*WITH_DASH, ("OLD=y",))},
    "plain,new": {Source(*WITH_DASH, ("!OLD=y", "NEW"))},
    "plain,neither": {Source(*WITH_DASH, ("!OLD=y", "!NEW"))},
    "plain,a-or-b": {Source(*WITH_DASH, ("A=y|B=y",))},
    "plain,riddle": {Source(*WITH_DASH, ("?",))},
    "nested,part": {
        Source("drivers/nested/sub/part.c", "big", *BIG, ("BUS", "SUB", "BIG_PART")),
    },
    "nested,more": {
        Source("drivers/nested/sub/more.c", "big", *BIG, ("BUS", "SUB", "BIG_MORE")),
    },
    "nested,debug": {
        Source("drivers/nested/sub/debug.c", "big", *BIG, ("BUS", "SUB", "DEBUG=y")),
    },
    "nested,quiet": {
        Source("drivers/nested/sub/quiet.c", "big", *BIG, ("BUS", "SUB", "!DEBUG=y")),
    },
    "nested,shared": {
        Source("drivers/nested/sub/lib/common.c", "big", *BIG, ("BUS", "SUB")),
    },
    "nested,own": {
        Source("drivers/nested/sub/lib/common.c", "big", "BIG", "helper", ("BUS", "SUB")),
    },
    "nested,rest": {
        Source("drivers/nested/sub/rest.c", "rest", "REST", "driver", ("BUS", "SUB")),
    },
    "way,inline": {
        Source("drivers/nested/deeper/way/way.c", "way", "WAY", "driver", ("BUS", "SUB")),
    },
    "twice,ids": {
        Source("drivers/twice/t1.c", "t1", "T1", "driver"),
        Source("drivers/twice/t1.c", "t2", "T2", "driver"),
    },
    # Either symbol enters the directory: what has one of its own needs no more than that.
    "host,x": {Source("drivers/host/x.c", "x", "HOST_X", "driver")},
    "host,y": {
        Source("drivers/host/y.c", "y", "ONE", "driver"),
        Source("drivers/host/y.c", "y", "TWO", "driver"),
    },
    "helper,client": {Source("drivers/helper/h.c", "h", "H", "helper")},
    "helper,header": {Source("drivers/helper/h.c", "h", "H", "driver")},
    "helper,registered": {Source("drivers/helper/mac.c", "mac", "H", "driver")},
    "helper,macro": {Source("drivers/helper/mac.c", "mac", "H", "driver")},
    "helper,included": {Source("drivers/helper/inc.c", "inc", "H", "driver", ("INC=y",))},
    "early,gic": {Source("drivers/early/gic.c", "gic", "GIC", "early", ("CORE", "GIC=y"))},
    "early,macro": {Source("drivers/early/gic.c", "gic", "GIC", "early", ("CORE", "GIC=y"))},
    "early,clk": {Source("drivers/early/gic.c", "gic", "GIC", "early", ("CORE", "GIC=y"))},
    "early,pool": {
        Source("drivers/early/libbed.c", "libbed", "LIBBED", "early", ("CORE", "LIBBED=y")),
    },
    "early,platform": {Source("drivers/early/gic.c", "gic", "GIC", "driver", ("CORE",))},
}


def grow(folder, tree=TREE):
    for name, text in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(r"^        ", "", text, flags=re.MULTILINE), encoding="utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernel")
    path = folder / "index"
    path.write_bytes(make_index(grow(folder / "source")))
    return SourceIndex.load(str(path))


@pytest.fixture(scope="module")
def shipped():
    return SourceIndex.load()


@pytest.mark.parametrize("compatible", FOUND)
def test_every_form_is_found(made, compatible):
    assert set(made.entries(compatible)) == FOUND[compatible]


def test_nothing_else_is_found(made):
    # Among what is not: comments, #if 0, what has no devicetree, consoles, CPU methods, and a
    # file that no Makefile names.
    assert set(made) == FOUND.keys()
    assert made.release == "6.12.7"
    assert made.entries("nested,unbuilt") == ()


def test_a_module_has_a_dash_in_its_file_name_only(made):
    assert {each.module for each in made.entries("plain,dash")} == {"with_dash"}
    assert made.module_file("with_dash") == "with-dash.ko"
    assert made.module_file("without") is None


def test_the_same_tree_gives_the_same_bytes(tmp_path):
    other = dict(reversed(TREE.items()))
    assert make_index(grow(tmp_path / "a")) == make_index(grow(tmp_path / "b", other))


def test_an_older_tree_has_its_directories_in_the_makefile(tmp_path):
    tree = TREE | {
        "Kbuild": "# nothing but checks\n",
        "Makefile": TREE["Makefile"] + "ifeq ($(need-sub-make),)\ncore-y := arch/$(SRCARCH)/\n"
        "drivers-y := drivers/\nnet-$(CONFIG_NET) := net/\nendif\n",
    }
    path = tmp_path / "index"
    path.write_bytes(make_index(grow(tmp_path / "source", tree)))
    assert set(SourceIndex.load(str(path))) == FOUND.keys()


@pytest.mark.parametrize(
    ("expression", "conditions", "otherwise"),
    [
        ("defined(CONFIG_A)", ("A=y",), ("!A=y",)),
        ("IS_ENABLED(CONFIG_A) && !defined(CONFIG_B)", ("A", "!B=y"), ("!A|B=y",)),
        ("defined(CONFIG_A) || defined(CONFIG_A_MODULE)", ("A",), ("!A",)),
        ("IS_MODULE(CONFIG_A)", ("A=m",), ("!A=m",)),
        ("defined(CONFIG_A) || (CONFIG_B && CONFIG_C)", ("A=y|B=y", "A=y|C=y"), None),
        ("0", (NEVER,), ()),
        ("0 || defined(CONFIG_A)", ("A=y",), ("!A=y",)),
        ("!defined(_X_H)", (), ("?",)),
        ("CONFIG_NR > 3", ("?",), ("?",)),
        ("IS_REACHABLE(CONFIG_A)", ("?",), ("?",)),
        ("((", ("?",), ("?",)),
        ("(" * 99 + "1" + ")" * 99, ("?",), ("?",)),
    ],
)
def test_conditions_of_the_preprocessor(expression, conditions, otherwise):
    assert of_expression(expression) == conditions
    assert otherwise is None or negated(of_expression(expression)) == otherwise


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("obj-y += a.o \\\n b.o # c.o", [Word("a.o"), Word("b.o")]),
        ("obj- += a.o", []),
        ("ifeq ($(CONFIG_A),m)\nobj-m += a.o\nendif", [Word("a.o", "A", ("A=m",))]),
        ("obj-m += a.o", [Word("a.o", "", ("?",))]),
        ("ifdef CONFIG_A\nobj-$(CONFIG_B) += a.o\nendif", [Word("a.o", "B", ("A",))]),
        ("ifneq ($(CONFIG_A),)\nobj-y += a.o\nendif", [Word("a.o", "", ("A",))]),
        (
            "ifeq ($(CONFIG_A)$(CONFIG_B),yy)\nobj-y += a.o\nendif",
            [Word("a.o", "", ("A=y", "B=y"))],
        ),
        ("ifeq ($(CC),clang)\nobj-y += a.o\nendif", [Word("a.o", "", ("?",))]),
        ("D := d\nobj-y += $(D)/a.o $(addprefix e/, b.o)", [Word("d/a.o"), Word("e/b.o")]),
        ("A = $(B)\nB = $(A) a.o\nobj-y += $(A)", [Word("a.o")]),
        ("obj-y += $(shell ls) $(X)", []),
    ],
)
def test_lists_of_a_makefile(text, words):
    assert list(read_makefile(text, lambda _: None).words("obj-")) == words


def test_names_that_no_file_system_has(tmp_path):
    long = "x" * 5000
    tree = TREE | {"drivers/Makefile": f"obj-y += {long}/ {long}.o\n" + TREE["drivers/Makefile"]}
    assert make_index(grow(tmp_path / "a", tree)) == make_index(grow(tmp_path / "b"))


def test_makefiles_that_name_themselves_and_what_is_outside_come_to_an_end(tmp_path):
    tree = {
        "Makefile": TREE["Makefile"] + "include Makefile\n",
        "Kbuild": "obj-y += drivers/ ../../../etc/ ./\n",
        "arch/arm/Kbuild": "",
        "drivers/Makefile": "include $(src)/Makefile\nobj-$(CONFIG_A) += ../drivers/ a.o\n",
        "drivers/a.c": '#include "a.c"\n#include "../../../etc/passwd"\n'
        "#define A(x) B(x) .of_match_table\n#define B(x) A(x)\nA(1)\n"
        + DRIVER.format(name="ids", compatible="a,a"),
    }
    path = tmp_path / "index"
    path.write_bytes(make_index(grow(tmp_path / "source", tree)))
    assert SourceIndex.load(str(path)).entries("a,a") == (
        Source("drivers/a.c", "a", "A", "driver"),
    )


@pytest.mark.parametrize(
    ("symbol", "also", "config", "state"),
    [
        ("", (), {}, "y"),
        ("A", (), {}, "n"),
        ("A", (), {"A": "m"}, "m"),
        ("A", ("B",), {"A": "y", "B": "m"}, "y"),
        ("A", ("B=y",), {"A": "y", "B": "m"}, "n"),
        ("A", ("!B=y",), {"A": "y", "B": "m"}, "y"),
        ("A", ("!B",), {"A": "y", "B": "m"}, "n"),
        ("A", ("B|C=m",), {"A": "y", "C": "m"}, "y"),
        ("A", ("B|C=m",), {"A": "y", "C": "y"}, "n"),
        ("A", ("?",), {"A": "y"}, None),
        ("A", ("?", "B"), {"A": "y"}, "n"),
        ("A", ("?",), {}, "n"),
        ("A", ("A=y",), {"A": "m"}, "n"),
    ],
)
def test_what_a_configuration_makes_of_a_source(symbol, also, config, state):
    assert Source("a.c", "a", symbol, "driver", also).built(config) == state


@pytest.mark.parametrize(
    ("symbol", "also", "config", "state"),
    [
        ("A", (), {}, None),
        ("A", (), {"A": "n"}, "n"),
        ("A", ("B",), {"A": "m"}, "m"),
        ("A", ("B",), {"A": "m", "B": "n"}, "n"),
        ("A", ("B|C",), {"B": "n"}, None),
        ("A", ("!B",), {"A": "y", "B": "y"}, "n"),
        ("A", ("?",), {"A": "y"}, None),
        ("", ("B",), {}, None),
    ],
)
def test_what_a_part_of_a_configuration_makes_of_a_source(symbol, also, config, state):
    assert Source("a.c", "a", symbol, "driver", also).built(config, whole=False) == state


LINE = "d\ta.c\ta\tA\tB=y ?\tx,a\tx,b\n"
HEAD = "dtlink source index 1\t6.12\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a source index"),
        (b"PK\x03\x04", "not a source index"),
        (gzipped(b""), "it begins with ''"),
        (gzipped(b"dtlink source index 2\t6.12\n"), "it begins with"),
        (gzipped((HEAD + LINE).encode())[:-4], "it ends too early"),
        (gzipped((HEAD + LINE).encode()) + b"more", "data after the end"),
        (gzipped((HEAD + "d\ta.c\ta\tA\t\n").encode()), "line 2 is not a table"),
        (gzipped((HEAD + LINE + LINE.replace("d", "x")).encode()), "line 3 is not a table"),
        (gzipped((HEAD + LINE).encode() + b"\x1b[2J"), "byte 0x1b"),
        (gzipped((HEAD + LINE).encode() + b"\xe9"), "byte 0xe9"),
        (gzipped(bytes(source_index._PLAIN + 1)), "unpacks to more than"),
        (bytes(source_index._PACKED + 1), "more than"),
    ],
)
def test_a_damaged_or_hostile_file_is_told(tmp_path, data, message):
    path = tmp_path / "index"
    path.write_bytes(data)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        SourceIndex.load(str(path))
    assert caught.value.path == str(path)


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_can_not_be_opened_is_told(tmp_path, name):
    with pytest.raises(InputError):
        SourceIndex.load(str(tmp_path / name))


@given(st.binary(max_size=300), st.booleans(), st.integers(0, 60))
@example(LINE.encode(), True, 0)
def test_any_bytes_give_an_index_or_an_input_error(tmp_path_factory, data, packed, cut):
    path = tmp_path_factory.getbasetemp() / "any-index"
    data = gzipped(HEAD.encode() + data)[: -cut or None] if packed else data
    path.write_bytes(data)
    try:
        found, named = SourceIndex.load(str(path)), str(path)
    except InputError as error:
        found, named = (), error.path
    assert named == str(path)
    assert all(found.entries(name)[0].built({}) in ("y", "n", None) for name in found)


def test_what_is_written_is_what_is_read(tmp_path):
    named = {
        ("x,a", Source("a.c", "a", "", "helper")),
        ("x,a", Source("b.c", "b", "B", "driver", ("!C=y", "D|E"))),
        ("x,b", Source("b.c", "b", "B", "driver", ("!C=y", "D|E"))),
    }
    path = tmp_path / "index"
    path.write_bytes(pack("6.1", named))
    found = SourceIndex.load(str(path))
    assert {(name, source) for name in found for source in found.entries(name)} == named
    assert [source.kind for source in found.entries("x,a")] == ["driver", "helper"]
    assert len(found) == 2


def test_several_releases_are_one_file(tmp_path):
    shared = ("x,a", Source("a.c", "a", "A", "driver"))
    versions = {
        "6.1.3": {shared, ("x,old", Source("a.c", "a", "A", "driver"))},
        "6.12.7": {shared, ("x,new", Source("b.c", "b", "B", "early", ("C",)))},
    }
    indexes = [SourceIndex.parse(pack(*each), "x") for each in versions.items()]
    path = tmp_path / "indexes"
    path.write_bytes(pack_several(reversed(indexes)))
    assert [each.release for each in SourceIndex.every(str(path))] == list(versions)
    for release, named in versions.items():
        found = SourceIndex.load(str(path), KernelVersion.parse(release))
        assert found.release == release
        assert {(name, source) for name in found for source in found.entries(name)} == named
    assert SourceIndex.load(str(path), KernelVersion(5, 10)).release == "6.1.3"
    assert SourceIndex.load(str(path), KernelVersion(7, 0)).release == "6.12.7"


@pytest.mark.parametrize(
    ("version", "settled"),
    [((6, 6), {"x,a"}), ((6, 9), {"x,a"}), ((6, 1), set()), ((6, 18), set()), ((5, 10), set())],
)
def test_what_both_neighbours_of_a_version_have_is_settled(version, settled):
    tables = {"6.1.3": ("x,a", "x,old"), "6.12.7": ("x,a", "x,new")}
    driver = Source("a.c", "a", "A", "driver")
    indexes = [
        SourceIndex.parse(pack(release, [(name, driver) for name in names]), "x")
        for release, names in tables.items()
    ]
    found = SourceIndex.parse(pack_several(indexes), "x", KernelVersion(*version))
    assert {name for name in found for each in found.entries(name) if each.is_settled} == settled


SEVERAL = several.HEADING + b"\t6.12.7\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (several.HEADING, "not a source index"),
        (several.HEADING + b"\n\n", "not a source index"),
        (SEVERAL + b"6.12.7\t99\n\n" + gzipped(LINE.encode())[:-4], "it ends too early"),
        (SEVERAL + b"6.12.7\t-1\n\n" + gzipped(LINE.encode()), "not a source index"),
        (SEVERAL + b"6.12.7\t99\n\n" + gzipped(b"d\ta\n"), "line 2 is not a table"),
        (
            SEVERAL
            + b"6.12.7\t20000\n" * 2
            + b"\n"
            # zeros to fill each place: what follows a stream may be padded
            + gzipped(bytes([9]) * (source_index._PLAIN - 1)).ljust(20000, b"\0") * 2,
            "unpacks to more than",
        ),
    ],
)
def test_a_damaged_file_of_several_is_reported(tmp_path, data, message):
    path = tmp_path / "indexes"
    path.write_bytes(data)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        SourceIndex.load(str(path))
    assert caught.value.path == str(path)


def test_a_file_of_several_of_an_older_dtlink_is_read(tmp_path):
    tables = gzipped(LINE.encode())
    path = tmp_path / "indexes"
    path.write_bytes(b"dtlink source indexes 1\t6.12.7\n6.12.7\t%d\n\n" % len(tables) + tables)
    found = SourceIndex.load(str(path))
    assert found.release == "6.12.7"
    assert ["\t".join(fields) + "\n" for fields in found.tables] == [LINE]


@pytest.mark.parametrize("version", [(5, 10), (6, 6), (6, 12), (7, 2)])
def test_the_parts_of_the_shipped_file_have_what_the_whole_has(version):
    whole = SourceIndex.load("", KernelVersion(*version))
    parted = PartedIndex(KernelVersion(*version))
    names = sorted(whole)[::29]
    for name in (*names, "no,such", "simple-bus", "", "é,x"):
        assert parted.entries(name) == whole.entries(name)
    files = {source.file for name in names for source in whole.entries(name)}
    assert any(map(whole.facts, files))
    for file in (*sorted(files), "drivers/none.c"):
        assert parted.facts(file) == whole.facts(file)
    options = sorted(re.findall(r"[A-Z0-9_]+(?==)", "\n".join(map("\t".join, whole.fact_rows))))
    for option in (*options[:50], "NONE"):
        assert parted.turned_on_by(option) == whole.turned_on_by(option)
    assert (parted.release, len(parted), set(parted)) == (whole.release, len(whole), set(whole))
    assert sorted(parted.tables) == sorted(whole.tables)


def test_the_shipped_file_has_several_releases():
    found = [each.release.rpartition(".")[0] for each in SourceIndex.every(SOURCES)]
    assert found == ["5.10", "6.1", "6.12", "7.2"]


@pytest.mark.parametrize(
    ("compatible", "file", "module", "symbol", "kind"),
    [
        ("arm,gic-v3", "drivers/irqchip/irq-gic-v3.c", "irq_gic_v3", "ARM_GIC_V3", "early"),
        ("qcom,pdc", "drivers/irqchip/qcom-pdc.c", "qcom_pdc", "QCOM_PDC", "driver"),
        ("virtio,mmio", "drivers/virtio/virtio_mmio.c", "virtio_mmio", "VIRTIO_MMIO", "driver"),
        ("qcom,adreno", "drivers/gpu/drm/msm/adreno/adreno_device.c", "msm", "DRM_MSM", "driver"),
        (
            "qcom,adreno",
            "drivers/iommu/arm/arm-smmu/arm-smmu-qcom.c",
            "arm_smmu",
            "ARM_SMMU",
            "helper",
        ),
        ("fixed-clock", "drivers/clk/clk-fixed-rate.c", "clk_fixed_rate", "COMMON_CLK", "driver"),
    ],
)
def test_the_shipped_index_knows_well_known_ones(shipped, compatible, file, module, symbol, kind):
    found = {(s.file, s.module, s.symbol, s.kind) for s in shipped.entries(compatible)}
    assert (file, module, symbol, kind) in found


def test_the_shipped_index_is_whole_and_names_no_unknown(shipped):
    assert shipped.release.startswith("6.12.")
    assert len(shipped) > 14_000
    assert shipped.entries("no,such") == ()
    unknown = {name for name in shipped for s in shipped.entries(name) if "?" in s.also}
    assert len(unknown) < 10


def test_the_shipped_index_agrees_with_a_real_kernels_modules(shipped):
    """Every ``of:`` alias of every module has its module in the index, built as one."""
    found = sorted((SHARED / "kernel").glob("*6.12*arm64*"))
    if not found:
        pytest.skip(f"no kernel's files in {SHARED / 'kernel'}")
    text = next(found[0].rglob("config*")).read_text(encoding="utf-8")
    config = dict(re.findall(r"^CONFIG_(\w+)=(.*)$", text, re.MULTILINE))
    modules = defaultdict(set)
    for line in next(found[0].rglob("modules.alias")).read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"alias of:N.*?T.*?C(.+?)(?:C\*)? (\S+)", line)
        if match and match[1] != "*":
            modules[match[1]].add(match[2].replace("-", "_"))
    assert len(modules) > 4_000
    for compatible, names in modules.items():
        said = {
            source.module
            for source in shipped.entries(compatible)
            if source.kind == "driver" and source.built(config) == "m"
        }
        assert names <= said, compatible


def test_the_command_writes_an_index(tmp_path):
    tree, output = grow(tmp_path / "source"), tmp_path / "index"
    result = CliRunner().invoke(kernel, ["index", tree, "-o", str(output)])
    assert (result.exit_code, result.output) == (0, "")
    assert set(SourceIndex.load(str(output))) == FOUND.keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "source"]


def test_a_dash_is_standard_output(tmp_path, monkeypatch):
    tree, output = grow(tmp_path / "source"), tmp_path / "index"
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(kernel, ["index", tree, "-o", "-"])
    CliRunner().invoke(kernel, ["index", tree, "-o", str(output)])
    assert (result.exit_code, result.stdout_bytes) == (0, output.read_bytes())
    assert not (tmp_path / "-").exists()


def test_a_terminal_gets_no_index(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dtlink.cli.kernel.is_terminal", lambda output: output is None)
    result = CliRunner().invoke(kernel, ["index", grow(tmp_path / "source"), "-o", "-"])
    assert (result.exit_code, result.stdout_bytes) == (2, b"")
    assert "an index is not text: name a file, or redirect the output" in result.stderr


@pytest.mark.parametrize("makefile", [None, "all: program\n", TREE["Makefile"]])
def test_the_command_refuses_what_is_no_kernel(tmp_path, makefile):
    if makefile is not None:
        (tmp_path / "Makefile").write_text(makefile, encoding="utf-8")
    result = CliRunner().invoke(kernel, ["index", str(tmp_path), "-o", str(tmp_path / "index")])
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert "not the source of a Linux kernel" in result.output
    assert not (tmp_path / "index").exists()


def test_the_command_tells_where_it_can_not_write(tmp_path):
    output = str(tmp_path / "missing" / "index")
    result = CliRunner().invoke(kernel, ["index", grow(tmp_path / "source"), "-o", output])
    assert result.exit_code == 2
    assert output in result.output


@pytest.mark.parametrize("odd", ["\u00c3", "\u0001", "\u0085", "\u2028"])
def test_names_that_are_not_of_ascii(odd, tmp_path):
    """Wherever they are, an index is made, and read again."""
    chance = random.Random(odd)  # noqa: S311 - repeatable is what it must be
    for name in ("arch/arm/Makefile", "drivers/Makefile", "drivers/plain/always.c"):
        for _ in range(12):
            text = TREE[name]
            at = chance.randrange(len(text))
            changed = {**TREE, name: text[:at] + odd + text[at:]}
            for path, content in changed.items():
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_bytes(content.encode())
            found = SourceIndex.parse(make_index(tmp_path), "index")
            assert len(found) > len(FOUND) / 2
