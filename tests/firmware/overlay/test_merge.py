"""The merge of overlays, with libfdt as the judge where it is installed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dtlink.firmware import dts, fdt
from dtlink.firmware.overlay.fault import OverlayFault
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.read import compile_source, read_source
from dtlink.firmware.source.scan import SourceFile
from dtlink.firmware.tree import Location, Tree
from tests.support.boards import SHARED
from tests.support.overlays import CHANGES, Pair, keeps_phandles, pair, verdict

TOOL = shutil.which("fdtoverlay")
needs_fdtoverlay = pytest.mark.skipif(TOOL is None, reason="fdtoverlay is not installed")

BASE = """
/ {
    #address-cells = <1>; #size-cells = <1>;
    gpio: gpio@2000 { gpio-controller; #gpio-cells = <2>; };
    i2c: i2c@3000 { #address-cells = <1>; #size-cells = <0>; status = "disabled"; };
};
"""


def source(text: str, name: str = "a.dtso") -> Tree:
    """A source, read as ``dtc -@`` does."""
    text = "/dts-v1/;" + text
    return compile_source(SourceFile(name, name, text), SourceFiles((), ()), symbols=True).tree


def merged(*overlays: str, base: str = BASE, keeps_phandles: bool = True) -> Tree:
    named = [
        NamedOverlay(f"{number}.dtso", source(f"/plugin/; {text}", f"{number}.dtso"))
        for number, text in enumerate(overlays)
    ]
    return apply_overlays(source(base, "base.dts"), named, keeps_phandles=keeps_phandles)


def faults(tree: Tree) -> list[OverlayFault]:
    assert tree.overlaid is not None
    return [fault for each in tree.overlaid.overlays for fault in each.faults]


def told(tree: Tree) -> list[tuple[str, str, str]]:
    return [(each.problem.name, each.path, each.what) for each in faults(tree)]


def test_a_fragment_is_merged_into_its_target() -> None:
    tree = merged('&i2c { status = "okay"; touch: touch@38 { irq-gpios = <&gpio 4 1>; }; };')
    node = tree.find("/i2c@3000/touch@38")
    assert node is not None
    assert faults(tree) == []
    assert tree.find("/i2c@3000").strings("status") == ("okay",)
    assert tree.phandles[node.cells("irq-gpios")[0]] == tree.find("/gpio@2000").index
    assert tree.find("&touch") == node
    assert not tree.is_overlay


def test_what_an_overlay_brought_is_known_with_its_place() -> None:
    tree = merged('&i2c {\n status = "okay";\n touch@38 { reg = <0x38>; };\n};', "&gpio { x; };")
    overlaid = tree.overlaid
    assert overlaid.bringer("/i2c@3000", "status") == "0.dtso"
    assert overlaid.bringer("/i2c@3000", "#address-cells") == ""
    assert overlaid.bringer("/i2c@3000/touch@38") == "0.dtso"
    assert overlaid.bringer("/i2c@3000/touch@38", "clocks") == "0.dtso"
    assert overlaid.bringer("/gpio@2000", "x") == "1.dtso"
    assert tree.origins.location("/i2c@3000", "status")[:2] == ("0.dtso", 2)
    assert tree.origins.location("/i2c@3000/touch@38", "reg")[:2] == ("0.dtso", 3)
    assert tree.origins.location("/i2c@3000")[:2] == ("base.dts", 5)


def test_openings_and_settings_are_those_of_the_base_and_of_the_overlay() -> None:
    origins = merged('&i2c {\n status = "okay";\n touch@38 { reg = <0x38>; };\n};').origins

    def short(places: Sequence[Location]) -> list[tuple[str, int]]:
        return [each[:2] for each in places]

    assert short(origins.node("/i2c@3000")) == [("base.dts", 5)]
    assert short(origins.node("/i2c@3000", besides="status")) == [("base.dts", 5)]
    assert short(origins.node("/i2c@3000/touch@38")) == [("0.dtso", 3)]
    assert short(origins.property("/i2c@3000", "status"))[-1] == ("0.dtso", 2)
    assert short(origins.property("/i2c@3000", "#address-cells"))[0][0] == "base.dts"


def test_phandles_of_two_overlays_do_not_collide() -> None:
    tree = merged("&i2c { a: a { b = <&a>; }; };", "&i2c { c: c { d = <&c &gpio>; }; };")
    number = tree.find("/i2c@3000/a").phandle
    other = tree.find("/i2c@3000/c").phandle
    assert number != other
    assert list(tree.find("/i2c@3000/a").cells("b")) == [number]
    assert list(tree.find("/i2c@3000/c").cells("d")) == [other, tree.find("/gpio@2000").phandle]
    assert tree.oddities == []


def test_a_later_overlay_uses_the_labels_of_an_earlier_one() -> None:
    tree = merged("&i2c { a: a { }; };", "&a { note; };")
    assert tree.find("/i2c@3000/a").has("note")
    assert tree.overlaid.bringer("/i2c@3000/a", "note") == "1.dtso"
    swapped = merged("&a { note; };", "&i2c { a: a { }; };")
    assert told(swapped) == [("late-label", "/fragment@0", "a")]
    assert [each.is_applied for each in swapped.overlaid.overlays] == [False, True]


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        ("&i2d { x; };", ("unknown-label", "/fragment@0", "i2d")),
        ("&i2c { x = <&gpi 1>; };", ("unknown-label", "/fragment@0/__overlay__", "gpi")),
        ("&{/i2c@3001} { x; };", ("unknown-target", "/fragment@0", "/i2c@3001")),
        ("/ { f { __overlay__ { x; }; }; };", ("no-target", "/f", "")),
        ("/ { f { target = <&i2c>; overlay { x; }; }; };", ("no-overlay-node", "/f", "overlay")),
        ('/ { clk { compatible = "c"; }; }; &i2c { x; };', ("lost-node", "/clk", "")),
        ("&i2c { };", ("empty", "/", "fragments")),
        ("/ { };", ("empty", "/", "")),
        ("&{/} { gpio@2000 { phandle = <7>; }; };", ("phandle-clash", "", "/gpio@2000")),
        ("&{/gpio@2000} { phandle = <7>; };", ("phandle-clash", "/fragment@0", "/gpio@2000")),
        ("&{/} { gpio { x; }; };", ("unit-address", "", "gpio@2000")),
        ("&i2c { #size-cells = <1>; };", ("cells-changed", "", "/i2c@3000")),
        ("&i2c { x; }; &{/i2c@3000} { x; };", ("set-twice", "/fragment@1/__overlay__", "")),
        ("&i2c { n { }; }; &{/i2c@3000} { n { }; };", ("made-twice", "", "/i2c@3000/n")),
        ("&i2c { n { }; }; &{/i2c@3000/n} { x; };", ("target-in-overlay", "/fragment@1", "")),
    ],
)
def test_each_fault_is_named(overlay: str, expected: tuple[str, str, str]) -> None:
    found = told(merged(overlay))
    assert any(
        name == expected[0] and path.startswith(expected[1]) and expected[2] in what
        for name, path, what in found
    ), found


def test_all_faults_are_reported_together() -> None:
    tree = merged("&i2d { x = <&a>; y = <&b>; }; &{/gone} { z; }; / { lost { x; }; };")
    names = sorted(name for name, *_ in told(tree))
    assert names == [
        "lost-node",
        "unknown-label",
        "unknown-label",
        "unknown-label",
        "unknown-target",
    ]
    assert tree.find("/i2c@3000").strings("status") == ("disabled",)


def test_labels_are_the_users_choice_only_in_a_blob() -> None:
    tree = source("/plugin/; &i2c { gpio: n { }; };")
    assert told(apply_overlays(source(BASE), [NamedOverlay("a", tree)])) == []
    blob = NamedOverlay("a", fdt.read(tree.blob))
    assert told(apply_overlays(source(BASE), [blob])) == [("symbol-exists", "/__symbols__", "gpio")]


def test_a_base_without_symbols_is_said_once() -> None:
    overlay = NamedOverlay("a", source("/plugin/; &i2c { x = <&gpio 1>; };"))
    tree = apply_overlays(dts.read_text(BASE), [overlay])
    [fault] = faults(tree)
    assert (fault.problem.name, fault.what) == ("no-symbols", "i2c, gpio")


def test_an_older_libfdt_replaces_the_phandle_of_the_base() -> None:
    overlay = "&{/} { gpio@2000 { phandle = <7>; }; };"
    base = BASE + "/ { user { gpios = <&gpio 1 0>; }; };"
    kept, replaced = merged(overlay, base=base), merged(overlay, base=base, keeps_phandles=False)
    user = kept.find("/user").cells("gpios")[0]
    assert kept.find("/gpio@2000").phandle == user
    assert replaced.find("/gpio@2000").phandle != user


def test_the_reservations_of_the_base_are_kept() -> None:
    base = source(BASE)
    blob = bytearray(base.blob)
    at = fdt.read_header(bytes(blob)).reserve_offset
    entry = (0x1000).to_bytes(8, "big") + (0x100).to_bytes(8, "big")
    for field in (4, 8, 12):  # totalsize, off_dt_struct, off_dt_strings
        number = int.from_bytes(blob[field : field + 4], "big") + len(entry)
        blob[field : field + 4] = number.to_bytes(4, "big")
    blob[at:at] = entry
    tree = apply_overlays(fdt.read(bytes(blob)), [])
    assert fdt.reservations(tree.blob) == entry


@needs_fdtoverlay
@pytest.mark.parametrize("seed", range(64))
def test_seeded_pairs_are_merged_as_by_libfdt(seed: int, tmp_path: Path) -> None:
    _agree(pair(seed), tmp_path)


@needs_fdtoverlay
@pytest.mark.corpus
def test_many_seeded_pairs_are_merged_as_by_libfdt(tmp_path: Path) -> None:
    changes = set()
    for seed in range(64, 2064):
        made = pair(seed)
        changes.add(made.change)
        _agree(made, tmp_path)
    assert changes == {"", *CHANGES}


def _agree(made: Pair, folder: Path) -> None:
    found = verdict(made.base, [made.overlay], folder)
    assert found.word in ("equal", "both refuse"), (made.change, found)
    # What is said of libfdt's answer is what it says, where there is one reason only.
    errors = {each.problem.libfdt for each in found.faults if each.problem.fatal}
    if made.change == "another __symbols__" and not keeps_phandles():
        return  # the target of another label may have lost its phandle, which is found first
    said = errors.pop().split(" or ") if len(errors) == 1 else [""]
    assert any(each in found.error for each in said), found
    # Where libfdt gives a number for an answer, dtlink gives at least one reason with a place.
    assert (found.word == "both refuse") == any(each.problem.fatal for each in found.faults)


@needs_fdtoverlay
@pytest.mark.corpus
def test_overlays_of_the_kernel_are_merged_as_by_libfdt(tmp_path: Path) -> None:
    """Those that the kernel's Makefiles apply, on their bases, both compiled here."""
    top = Path(os.environ.get("DTLINK_KERNEL_SOURCE", SHARED.parent / "src-7.2"))
    folder = top / "arch/arm64/boot/dts"
    if not folder.is_dir():
        pytest.skip(f"no kernel source in {top} (set DTLINK_KERNEL_SOURCE)")
    includes = (str(top / "scripts/dtc/include-prefixes"), str(top / "include"))
    files = SourceFiles((str(top),), includes)
    seen = 0
    for names in _composites(folder):
        paths = [_source_of(name) for name in names]
        if all(path.is_file() for path in paths):
            base, *overlays = (_blob(path, files) for path in paths)
            assert verdict(base, overlays, tmp_path).word == "equal", names
            seen += 1
    assert seen > 100


_BLOBS: dict[Path, bytes] = {}


def _blob(path: Path, files: SourceFiles) -> bytes:
    if path not in _BLOBS:
        _BLOBS[path] = read_source(str(path), files, symbols=True).tree.blob
    return _BLOBS[path]


def _source_of(name: Path) -> Path:
    return name.with_suffix({".dtb": ".dts", ".dtbo": ".dtso"}[name.suffix])


def _composites(folder: Path) -> Iterator[list[Path]]:
    for makefile in sorted(folder.glob("*/Makefile")):
        text = makefile.read_text().replace("\\\n", " ")
        for row in re.finditer(r"^\S+-dtbs\s*[:+]?=\s*(.*)$", text, re.MULTILINE):
            yield [makefile.parent / name for name in row[1].split()]
