"""lint --fix and --diff: what is written, what is refused, what is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dtlink.cli.main import cli
from dtlink.firmware.edits import SetProperty
from dtlink.rules.legacy import singular_gpio
from dtlink.rules.model import Finding
from tests.support.repositories import git, needs_git

SOC = """/ {
	#address-cells = <1>;
	#size-cells = <1>;
	interrupt-parent = <&gic>;
	gic: gic { compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <1>; };
	smmu: iommu@1000 {
		compatible = "arm,mmu-401";
		reg = <0x1000 0x1000>;
		#global-interrupts = <1>;
		interrupts = <1>, <2>;
		/* the masters */
		mmu-masters = <&sata 0x10 0x11>;
	};
	sata: sata@2000 { compatible = "snps,dwc-ahci"; reg = <0x2000 0x100>; #stream-id-cells = <2>; };
	gpio: gpio@4000 { gpio-controller; #gpio-cells = <2>; compatible = "x,gpio"; };
};
"""
A = """/dts-v1/;
#include "soc.dtsi"
/ {
	mmc@5000 {
		compatible = "x,mmc";
		cd-gpio = <&gpio 1 0>;	/* card */
		status = "okay";
	};
};
"""
B = '/dts-v1/;\n#include "soc.dtsi"\n/ { };\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["lint", *arguments])


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    put({"soc.dtsi": SOC, "a.dts": A, "b.dts": B})
    return tmp_path


def put(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")


def texts(*names: str) -> list[str]:
    return [Path(name).read_text(encoding="utf-8") for name in names]


@pytest.mark.usefixtures("tree")
def test_safe_fixes_are_written_and_others_are_not() -> None:
    done = run("a.dts", "--fix", "--select", "legacy")
    assert texts("a.dts", "soc.dtsi") == [A.replace("cd-gpio ", "cd-gpios "), SOC]
    assert "1 finding fixed in 1 file" in done.stderr
    assert "legacy/mmu-masters" in done.stdout
    assert "singular-gpio" not in done.stdout
    assert done.exit_code == 1


@pytest.mark.usefixtures("tree")
def test_a_shared_file_is_fixed_where_all_boards_have_the_finding() -> None:
    done = run("a.dts", "--fix", "--unsafe-fixes", "--fix-only", "legacy/mmu-masters")
    assert texts("soc.dtsi", "a.dts") == [
        SOC.replace("mmu-masters = <&sata 0x10 0x11>;", "#iommu-cells = <1>;").replace(
            "#stream-id-cells = <2>;", "iommus = <&smmu 0x10>, <&smmu 0x11>;"
        ),
        A,
    ]
    assert done.exit_code == 0


@pytest.mark.usefixtures("tree")
def test_a_shared_file_stays_where_a_board_would_change_that_lacks_the_finding() -> None:
    put({"b.dts": B + "&sata { iommus = <&smmu 7>; };\n&smmu { #iommu-cells = <1>; };\n"})
    arguments = ("a.dts", "--fix", "--unsafe-fixes", "--fix-only", "legacy/mmu-masters")
    done = run(*arguments)
    assert texts("soc.dtsi") == [SOC]
    assert "soc.dtsi:12: legacy/mmu-masters: not fixed: 2 boards include soc.dtsi" in done.stderr
    assert "b.dts" in done.stderr
    assert run(*arguments, "--fix-shared").exit_code == 0
    assert "#iommu-cells = <1>;" in texts("soc.dtsi")[0]


@pytest.mark.usefixtures("tree")
def test_a_board_that_overrides_what_is_fixed_does_not_count() -> None:
    put({
        "soc.dtsi": SOC.replace("#gpio-cells = <2>;", 'status = "okey"; #gpio-cells = <2>;'),
        "b.dts": B + '&gpio { status = "okay"; };\n',
    })  # fmt: skip
    done = run("a.dts", "--fix", "--unsafe-fixes", "--fix-only", "tree/status")
    assert 'status = "okay"; #gpio-cells' in texts("soc.dtsi")[0], done.stderr


@needs_git
def test_the_patch_is_one_that_git_applies(tree: Path) -> None:
    done = run(".", "--diff", "--unsafe-fixes")
    assert done.exit_code == 1
    assert texts("a.dts", "soc.dtsi") == [A, SOC]
    (tree / "p").write_text(done.stdout, encoding="utf-8")
    git(tree, "apply", "p")
    patched = texts("a.dts", "soc.dtsi")
    put({"a.dts": A, "soc.dtsi": SOC})
    run(".", "--fix", "--unsafe-fixes")
    assert texts("a.dts", "soc.dtsi") == patched
    assert run(".", "--diff", "--unsafe-fixes").exit_code == 0


@pytest.mark.usefixtures("tree")
def test_a_fix_that_does_not_do_what_it_says_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def useless(found: Finding) -> Finding:
        edits = [each for each in found.fix.edits if isinstance(each, SetProperty)]
        return found._replace(
            fix=found.fix._replace(edits=(SetProperty(edits[0].node, "x,y", ()),))
        )

    check = singular_gpio.singular_gpio.check
    rule = singular_gpio.singular_gpio._replace(check=lambda board: map(useless, check(board)))
    monkeypatch.setattr(singular_gpio, "singular_gpio", rule)
    from dtlink.rules import catalogue

    catalogue._load.cache_clear()
    try:
        # A choice of rules that no other test makes: what is chosen is kept.
        done = run("a.dts", "--fix", "--select", "legacy/singular-gpio,dmar/order")
    finally:
        catalogue._load.cache_clear()
    assert texts("a.dts") == [A]
    assert "a fault of dtlink" in done.stderr
    assert "is still found at /mmc@5000" in done.stderr


@pytest.mark.usefixtures("tree")
def test_a_value_that_a_macro_makes_keeps_its_macro() -> None:
    before = A.replace("= <&gpio 1 0>", "= CARD").replace("/ {", "#define CARD <&gpio 1 0>\n/ {")
    put({"a.dts": before})
    assert run("a.dts", "--fix", "--select", "legacy/singular-gpio").exit_code == 0
    assert texts("a.dts") == [before.replace("cd-gpio ", "cd-gpios ")]


@pytest.mark.usefixtures("tree")
def test_a_file_that_a_board_has_twice_is_changed_for_all_of_its_nodes_or_not_at_all() -> None:
    node = '/ {\n\tNODE {\n\t\tcompatible = "x,mmc";\n\t\tstatus = "okey";\n\t};\n};\n'
    twice = (
        '#define NODE one\n#include "n.dtsi"\n#undef NODE\n#define NODE two\n#include "n.dtsi"\n'
    )
    put({"n.dtsi": node, "a.dts": f"/dts-v1/;\n{twice}"})
    arguments = ("a.dts", "--fix", "--unsafe-fixes", "--select", "tree/status")
    assert run(*arguments).exit_code == 0
    assert texts("n.dtsi") == [node.replace("okey", "okay")]
    put({"n.dtsi": node, "a.dts": f'/dts-v1/;\n{twice}&{{/two}} {{ status = "okay"; }};\n'})
    assert run(*arguments).exit_code == 0
    assert texts("n.dtsi") == [node.replace("okey", "okay")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fix", "--diff"),
        ("--unsafe-fixes",),
        ("--fix", "--fix-only", "no/rule"),
        ("--fix", "--since", "HEAD"),
        ("--fix", "--baseline", "x", "--write-baseline"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_what_does_not_go_together(arguments: tuple[str, ...]) -> None:
    done = run("a.dts", *arguments)
    assert (done.exit_code, texts("a.dts")) == (2, [A]), done.output


@pytest.mark.parametrize("where", [("-o", "s.patch"), ("--format", "json=s.patch")])
@pytest.mark.usefixtures("tree")
def test_a_patch_goes_to_no_file_of_a_report(where: tuple[str, ...]) -> None:
    done = run("a.dts", "--diff", *where)
    assert (done.exit_code, done.stdout) == (2, "")
    told = "s.patch: --diff makes no report, and prints a patch: redirect it with > FILE"
    assert told in done.stderr
    assert not Path("s.patch").exists()
    arguments = ("a.dts", "--diff", "--select", "legacy")
    assert run(*arguments, "-o", "-").stdout == run(*arguments).stdout != ""


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
@pytest.mark.usefixtures("tree")
def test_a_patch_has_no_other_format(form: str) -> None:
    done = run("a.dts", "--diff", "--format", form)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"--format {form}: --diff prints a patch, and makes no report" in done.stderr
    arguments = ("a.dts", "--diff", "--select", "legacy")
    assert run(*arguments, "--format", "text").stdout == run(*arguments).stdout != ""


@pytest.mark.usefixtures("tree")
def test_blobs_are_left_alone() -> None:
    from dtlink.firmware import dts

    Path("a.dtb").write_bytes(dts.read_file("a.dts").blob)
    Path("a.dts").unlink()
    before = Path("a.dtb").read_bytes()
    done = run("a.dtb", "--fix", "--select", "legacy/singular-gpio")
    assert Path("a.dtb").read_bytes() == before
    assert "there is no source" in done.stderr


@pytest.mark.usefixtures("tree")
def test_boards_that_share_a_part_of_a_finding_are_fixed_together() -> None:
    node = '\t{0}: {0} {{ compatible = "x,mmc"; cd-gpio = <&gpio 1 0>; }};\n'
    soc = SOC.replace("};\n\tgpio:", "};\n" + node.format("one") + node.format("two") + "\tgpio:")
    own = '/ {\n\tthree { compatible = "x,mmc"; cd-gpio = <&gpio 1 0>; };\n};\n'
    over = "&two {\n\t/delete-property/ cd-gpio;\n\tcd-gpios = <&gpio 3 0>;\n};\n"
    put({"soc.dtsi": soc, "a.dts": B + own, "b.dts": B + over})
    assert soc != SOC
    done = run("a.dts", "b.dts", "--fix", "--select", "legacy/singular-gpio")
    assert "not fixed" not in done.stderr
    assert texts("soc.dtsi", "a.dts") == [
        each.replace("cd-gpio ", "cd-gpios ") for each in (soc, B + own)
    ]
    assert texts("b.dts") == [B + over]


@pytest.mark.usefixtures("tree")
def test_the_library_fixes_as_the_command() -> None:
    import dtlink

    outcome = dtlink.fix(".", unsafe=True, select="legacy")
    assert texts("a.dts", "soc.dtsi") == [A, SOC]
    assert outcome.patch() == run(".", "--diff", "--unsafe-fixes", "--select", "legacy").stdout
    dtlink.fix(".", unsafe=True, select="legacy", only="legacy/mmu-masters", write=True)
    assert texts("a.dts") == [A]
    assert "#iommu-cells" in texts("soc.dtsi")[0]
    with pytest.raises(ValueError, match="no/rule"):
        dtlink.fix(".", only="no/rule")


OVERLAY = """/dts-v1/;
/plugin/;
&sata {
	reset-gpio = <&gpio 3 0>;
};
"""


@pytest.mark.usefixtures("tree")
def test_references_of_an_overlay_to_its_base_stay() -> None:
    put({"o.dtso": OVERLAY})
    assert run("o.dtso", "--fix", "--select", "legacy/singular-gpio").exit_code == 0
    assert texts("o.dtso") == [OVERLAY.replace("reset-gpio ", "reset-gpios ")]


@pytest.mark.usefixtures("tree")
def test_an_overlay_that_would_lose_a_reference_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    from dtlink.firmware.source.rewrite import edits, held, statements

    # What the rewriter did before it knew of such references.
    for module in (edits, held, statements):
        monkeypatch.setattr(module, "OF_BASE", ("path", "nothing"))
    put({"o.dtso": OVERLAY})
    done = run("o.dtso", "--fix", "--select", "legacy/singular-gpio")
    assert texts("o.dtso") == [OVERLAY]
    assert "the reference to &gpio would change as well" in done.stderr


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('x: "okey"', "labels within the value of status would be lost"),
        ("[6f 6b 65 79 00]", ""),
    ],
)
@pytest.mark.usefixtures("tree")
def test_a_value_that_is_written_otherwise(value: str, reason: str) -> None:
    before = A.replace('"okay"', value)
    put({"a.dts": before})
    done = run("a.dts", "--fix", "--unsafe-fixes", "--fix-only", "tree/status")
    assert reason in done.stderr
    assert texts("a.dts") == [before if reason else A]
    assert "fault of dtlink" not in done.stderr


@pytest.mark.usefixtures("tree")
def test_lines_that_are_added_end_as_the_others() -> None:
    before = SOC.replace("\n", "\r\n").encode()
    Path("soc.dtsi").write_bytes(before)
    run("a.dts", "--fix", "--unsafe-fixes", "--fix-only", "legacy/mmu-masters")
    after = Path("soc.dtsi").read_bytes()
    assert after != before
    assert after.count(b"\n") == after.count(b"\r\n") == after.count(b"\r")


@needs_git
def test_a_file_with_several_names_is_changed_once(tree: Path) -> None:
    before = A + '#include "t.dtsi"\n'
    own = '/ { x { compatible = "x,x"; reset-gpio = <&gpio 4 0>; }; };\n'
    put({"a.dts": before, "u.dtsi": own})
    Path("t.dtsi").symlink_to("u.dtsi")
    Path("b.dts").unlink()
    Path("b.dts").symlink_to("a.dts")
    arguments = (".", "--select", "legacy/singular-gpio")
    (tree / "p").write_text(run(*arguments, "--diff").stdout, encoding="utf-8")
    git(tree, "apply", "--check", "p")
    done = run(*arguments, "--fix")
    assert done.exit_code == 0, done.output
    assert texts("u.dtsi", "a.dts") == [
        own.replace("-gpio ", "-gpios "),
        before.replace("-gpio ", "-gpios "),
    ]
    assert Path("t.dtsi").is_symlink()
    assert Path("b.dts").is_symlink()


@pytest.mark.parametrize("name", ["a b.dts", "tab\t.dts", "line\nend.dts", 'q"uote.dts', "é.dts"])
@needs_git
def test_a_patch_has_names_as_git_quotes_them(tree: Path, name: str) -> None:
    put({name: A})
    (tree / "p").write_bytes(run(name, "--diff", "--select", "legacy/singular-gpio").stdout_bytes)
    git(tree, "apply", "p")
    assert texts(name) == [A.replace("cd-gpio ", "cd-gpios ")]


@pytest.mark.usefixtures("tree")
def test_all_files_are_written_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from dtlink.api import replacing

    put({"soc.dtsi": SOC.replace("#gpio-cells", 'status = "okey"; #gpio-cells')})
    before = texts("a.dts", "soc.dtsi")
    beside = replacing.beside
    made: list[Path] = []

    @contextmanager
    def full(target: Path) -> Iterator[tuple[Path, int]]:
        if made:
            raise OSError(28, "No space left on device")
        with beside(target) as (new, number):
            made.append(new)
            yield new, number

    monkeypatch.setattr(replacing, "beside", full)
    arguments = ("a.dts", "--fix", "--unsafe-fixes", "--select", "legacy/singular-gpio,tree/status")
    done = run(*arguments)
    assert (done.exit_code, texts("a.dts", "soc.dtsi")) == (2, before)
    assert "No space left on device: nothing is written" in done.stderr
    assert "fixed in" not in done.stderr
    assert made
    assert not list(Path().glob(".dtlink-*"))


@pytest.mark.usefixtures("tree")
def test_what_was_written_before_a_file_could_not_be_put_in_its_place_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace, placed = Path.replace, list[str]()

    def fails(path: Path, target: Path) -> Path:
        placed.append(target.name)
        if len(placed) == 3:
            raise OSError(1, "Operation not permitted")
        return replace(path, target)

    for name in ("a.dts", "c.dts", "d.dts", "e.dts"):
        put({name: A})
    monkeypatch.setattr(Path, "replace", fails)
    done = run("a.dts", "c.dts", "d.dts", "e.dts", "--fix", "--select", "legacy/singular-gpio")
    fixed, own = A.replace("cd-gpio ", "cd-gpios "), A
    assert done.exit_code == 2
    assert texts("a.dts", "c.dts", "d.dts", "e.dts") == [fixed, fixed, own, own]
    assert done.stderr == (
        "dtlink: d.dts: Operation not permitted; written: a.dts, c.dts; not written: d.dts, e.dts\n"
    )
    assert not list(Path().glob(".dtlink-*"))


@pytest.mark.usefixtures("tree")
def test_a_file_that_changes_meanwhile_is_left() -> None:
    import dtlink
    from dtlink.api.fixing import write_files

    outcome = dtlink.fix(".", select="legacy/singular-gpio")
    put({"a.dts": B})
    refused = write_files(outcome, (), None)
    assert refused == "a.dts: it has changed while it was linted: nothing is written"
    assert texts("a.dts") == [B]


@pytest.mark.usefixtures("tree")
def test_a_byte_order_mark_is_skipped_and_stays() -> None:
    put({"a.dts": f"\ufeff{A}"})
    assert run("a.dts", "--fix", "--select", "legacy/singular-gpio").exit_code == 0
    assert texts("a.dts") == ["\ufeff" + A.replace("cd-gpio ", "cd-gpios ")]


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    from dtlink.api.replacing import replace

    (tmp_path / "x").write_bytes(b"1")
    (tmp_path / "x").chmod(0o640)
    replace({tmp_path / "x": b"2", tmp_path / "y": b"3"})
    assert (tmp_path / "x").read_bytes() == b"2"
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("tree")
def test_what_is_not_fixed_is_said() -> None:
    put({"a.dts": A.replace("okay", "okey")})
    arguments = ("a.dts", "--select", "tree/status")
    assert "1 finding has a fix that may change what works" in run(*arguments, "--diff").stderr
    assert "--unsafe-fixes" not in run(*arguments, "--diff", "--unsafe-fixes").stderr
    put({"a.dts": A.replace("cd-gpio = <&gpio 1 0>", "cd-gpios = <0x7001 1 0>")})
    done = run("a.dts", "--fix", "--select", "phandle/dangling")
    assert "no finding fixed: none that is left has a fix" in done.stderr


@pytest.mark.usefixtures("tree")
def test_a_file_that_changed_after_it_was_linted_is_no_fault_of_dtlink(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dtlink.engine.fixing import fixing
    from dtlink.engine.fixing.proposals import proposals as whole

    calls: list[int] = []

    def late(*arguments: Any) -> Any:
        if not calls:
            put({"a.dts": f"/* another */\n{A}"})
        calls.append(1)
        return whole(*arguments)

    monkeypatch.setattr(fixing, "proposals", late)
    done = run("a.dts", "--fix", "--select", "legacy/singular-gpio")
    assert "a.dts has changed while it was linted" in done.stderr
    assert "fault of dtlink" not in done.stderr
    assert texts("a.dts") == [f"/* another */\n{A}"]


@needs_git
def test_a_patch_begins_at_a_folder_that_has_all_files(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "x").mkdir()
    put({"x/a.dts": A.replace("soc.dtsi", "../s.dtsi")})
    node = 'z { compatible = "x,z"; a-gpio = <&gpio 1 0>; };'
    put({"s.dtsi": SOC.replace("\tgpio:", f"\t{node}\n\tgpio:")})
    monkeypatch.chdir(tree / "x")
    done = run("a.dts", "--diff", "--select", "legacy/singular-gpio", "--allow-include", "..")
    assert f"git -C {tree} apply" in done.stderr
    (tree / "p").write_text(done.stdout, encoding="utf-8")
    git(tree, "apply", "p")
    assert "a-gpios" in (tree / "s.dtsi").read_text()


@pytest.mark.usefixtures("tree")
def test_the_last_name_after_a_comment_goes_with_its_comma() -> None:
    names = 'clock-names = "a", // one\n\t\t\t"b"; // two\n'
    clocks = f"\t\tclocks = <&c 1>;\n\t\t{names}"
    clock = '/ { c: c { compatible = "x,c"; #clock-cells = <1>; }; };\n'
    put({"a.dts": A.replace('\t\tstatus = "okay";\n', clocks) + clock})
    run("a.dts", "--fix", "--unsafe-fixes", "--select", "phandle/names-mismatch")
    rest = texts("a.dts")[0].replace("\t // ", "\t// ")
    assert 'clock-names = "a"; // one\n\t\t\t// two\n' in rest


@pytest.mark.usefixtures("tree")
def test_each_renamed_property_stays_in_its_place() -> None:
    more = "\t\twp-gpio = <&gpio 2 0>; /* lock */ b-gpio = <&gpio 2 0>;\n"
    before = A.replace("\t\tstatus", f"{more}\t\tstatus")
    put({"a.dts": before})
    assert run("a.dts", "--fix", "--select", "legacy/singular-gpio").exit_code == 0
    assert texts("a.dts") == [before.replace("-gpio ", "-gpios ")]


@pytest.mark.usefixtures("tree")
def test_a_list_that_disagrees_with_a_new_number_of_cells_is_no_fault_of_dtlink() -> None:
    soc = SOC.replace(" #gpio-cells = <2>;", "")
    lists = "\t\twp-gpios = <&gpio 2 0>;\n\t\tx-gpios = <&gpio 1 0>, [00 01];\n"
    put({"soc.dtsi": soc, "a.dts": A.replace("\t\tstatus", f"{lists}\t\tstatus")})
    done = run("a.dts", "--fix", "--unsafe-fixes", "--fix-only", "phandle/wrong-cells")
    assert "phandle/leftover-cells is found at /mmc@5000 afterwards" in done.stderr
    assert "fault of dtlink" not in done.stderr
    assert texts("soc.dtsi") == [soc]


@pytest.mark.usefixtures("tree")
def test_a_blob_with_its_source_beside_it_is_no_fault_of_dtlink() -> None:
    from dtlink.firmware import dts

    Path("a.dtb").write_bytes(dts.read_file("a.dts").blob)
    done = run("a.dtb", "--fix", "--select", "legacy/singular-gpio")
    assert "a.dtb is a blob: lint a.dts to fix it" in done.stderr
    assert "fault of dtlink" not in done.stderr
    assert texts("a.dts") == [A]
    done = run("a.dtb", "a.dts", "--fix", "--select", "legacy/singular-gpio")
    assert texts("a.dts") == [A.replace("cd-gpio ", "cd-gpios ")]
    assert "fault of dtlink" not in done.stderr
