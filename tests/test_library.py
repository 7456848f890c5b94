"""The library answers as the command does."""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.cli.main import cli
from dtlink.report.model import Truncated
from tests.support.kernels import package

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
KERNEL = FIXTURES / "kernel"
FAULTS = FIXTURES / "boards" / "phandle-faults.dtb"
GUEST = FIXTURES / "boards" / "virtio-iommu-guest.dtb"
TABLES = FIXTURES / "tables" / "arm-server-faults"
#: One of each kind.
INPUTS = (FIXTURES / "boards" / "phone-soc.dtb", FIXTURES / "tables" / "arm-server")


def printed(*args: object) -> Any:
    """What a command prints with ``--format json``."""
    result = CliRunner().invoke(cli, [*map(str, args), "--format", "json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return json.loads(result.stdout)


def as_json(data: Any) -> Any:
    return json.loads(json.dumps(data))


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({}, []),
        ({"select": "phandle"}, ["--select", "phandle"]),
        ({"select": ["phandle", "iort"], "ignore": ("phandle/dangling",)}, None),
        ({"kernel_version": "6.1"}, ["--kernel-version", "6.1"]),
        ({"kernel_version": dtlink.KernelVersion(6, 1), "against": "latest"}, None),
        ({"cmdline": "fw_devlink=off root=/dev/vda1"}, None),
        ({"kernel": KERNEL, "root": "/pcie@4010000000"}, None),
        ({"expect": ["phandle/dangling", "legacy:/nowhere"]}, None),
        ({"fail_on": "never"}, None),
        ({"schema": True}, ["--schema"]),
    ],
    ids=str,
)
def test_lint_is_the_command(options: dict[str, Any], arguments: list[str] | None) -> None:
    if "schema" in options:
        pytest.importorskip("dtschema", reason="schema=True: dtschema is not installed")
    if arguments is None:
        arguments = [
            part
            for name, value in options.items()
            for each in (value if type(value) in (list, tuple) else [value])
            for part in (f"--{name.replace('_', '-')}", str(each))
        ]
    paths = [FAULTS, GUEST, TABLES]
    report = dtlink.lint(paths, config=False, **options)
    assert as_json(report.to_dict()) == printed("lint", *paths, "--no-config", *arguments)


def test_one_path_is_a_path() -> None:
    for one in (str(FAULTS), FAULTS):
        assert [item.path for item in dtlink.lint(one).inputs] == [str(FAULTS)]
    assert dtlink.lint(FAULTS.parent).to_dict() == dtlink.lint([str(FAULTS.parent)]).to_dict()
    with pytest.raises(TypeError, match=r"Board\.read"):
        dtlink.lint(FAULTS.read_bytes())
    with pytest.raises(TypeError, match=r"lint_iter\(\) and Board\.read\(\) take bytes of files"):
        dtlink.lint([FAULTS.read_bytes()])  # type: ignore[list-item]


def test_the_kernel_and_its_initramfs(tmp_path: Path) -> None:
    listing = tmp_path / "modules.load"
    listing.write_text("virtio_blk.ko\n")
    report = dtlink.lint(GUEST, kernel=KERNEL, initramfs=listing, config=False)
    given = ["--kernel", KERNEL, "--initramfs", listing, "--no-config"]
    assert as_json(report.to_dict()) == printed("lint", GUEST, *given)


def test_a_configuration_holds_as_for_the_command(tmp_path: Path) -> None:
    board = tmp_path / "board.dtb"
    board.write_bytes(FAULTS.read_bytes())
    file = tmp_path / "dtlink.toml"
    file.write_text('ignore = ["legacy"]\nselect = ["phandle"]\n[severity]\nphandle = "info"\n')
    document = as_json(dtlink.lint(board).to_dict())
    assert document == printed("lint", board)
    assert document == printed("lint", board, "--config", file)
    assert as_json(dtlink.lint(board, config=file).to_dict()) == document
    bare = as_json(dtlink.lint(board, config=False).to_dict())
    assert bare == printed("lint", board, "--no-config")
    assert bare != document


def test_a_configuration_that_changed_is_read_again(tmp_path: Path) -> None:
    board = tmp_path / "board.dtb"
    board.write_bytes(FAULTS.read_bytes())
    before = dtlink.lint(board)
    (tmp_path / "dtlink.toml").write_text('select = ["cycle"]\n')
    assert list(before.findings())
    assert not list(dtlink.lint(board).findings())


def test_severities_are_added_to_those_of_the_configuration(tmp_path: Path) -> None:
    board = tmp_path / "board.dtb"
    board.write_bytes(FAULTS.read_bytes())
    (tmp_path / "dtlink.toml").write_text('[severity]\nphandle = "info"\n')
    report = dtlink.lint(board, severity={"phandle/dangling": "warning"}, select="phandle")
    levels = {finding.rule: finding.severity.value for finding in report.findings()}
    assert levels.pop("phandle/dangling") == "warning"
    assert set(levels.values()) == {"info"}


def test_a_baseline_is_read_and_never_written(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    CliRunner().invoke(cli, ["lint", str(FAULTS), "--baseline", str(baseline), "--write-baseline"])
    before = baseline.read_bytes()
    report = dtlink.lint([FAULTS, TABLES], baseline=baseline)
    assert as_json(report.to_dict()) == printed("lint", FAULTS, TABLES, "--baseline", baseline)
    assert report.inputs[0].known
    assert not report.inputs[0].findings
    assert baseline.read_bytes() == before
    with pytest.raises(dtlink.InputError, match="gone"):
        dtlink.lint(FAULTS, baseline=tmp_path / "gone")


def test_what_holds_for_one_input_stays_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "no.dtb").write_bytes(b"no")
    report = dtlink.lint([tmp_path / "no.dtb", tmp_path / "gone.dtb", FAULTS], jobs=2)
    assert [item.error is None for item in report.inputs] == [False, False, True]
    assert report.status == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"select": "phandle/nope"}, "select: .*phandle/nope"),
        ({"ignore": ["nope"]}, "ignore: .*nope"),
        ({"expect": "nope:/x"}, "expect: .*nope"),
        ({"severity": {"nope": "error"}}, "nope"),
        ({"severity": {"phandle": "bad"}}, "^severity: phandle: bad is not one of error, warning"),
        ({"jobs": "x"}, "jobs: a number of processes"),
        ({"jobs": -1}, "jobs: a number of processes"),
        ({"fail_on": "bad"}, "fail_on: bad"),
        ({"kernel_version": "9.99"}, "kernel_version: 9.99"),
        ({"against": "x"}, "against: 'x' is not a kernel version"),
        ({"cmdline": "fw_devlink=x"}, "cmdline: fw_devlink: x"),
        ({"initramfs": "x"}, "initramfs: needs a kernel"),
        ({"schema": 1}, "schema: true or false"),
    ],
    ids=str,
)
def test_a_value_that_the_command_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dtlink.lint(FAULTS, **options)


@pytest.mark.parametrize("paths", [None, 3, [None], b"board.dtb"])
def test_what_is_no_path(paths: Any) -> None:
    with pytest.raises(TypeError, match=r"^paths: a path \(str or Path\), or several, is"):
        dtlink.lint(paths)


@pytest.mark.parametrize(
    ("option", "message"),
    [("select", "'select': it goes to lint"), ("depth", "unexpected keyword argument 'depth'")],
)
def test_what_is_no_option_of_a_board(option: str, message: str) -> None:
    options: dict[str, Any] = {option: "phandle"}
    with pytest.raises(TypeError, match=message):
        dtlink.Board.read(INPUTS[0], **options)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vcc-supply", r"is read by \*-supply"),
        ("clock", "did you mean clocks"),
        ("iort-nothing", "no binding is named iort-nothing"),
    ],
)
def test_what_is_no_binding(name: str, message: str) -> None:
    board = dtlink.Board.read(INPUTS[0])
    assert board.links("clocks", "iort-iommu").links
    with pytest.raises(ValueError, match=message):
        board.links("clocks", name)
    refused = CliRunner().invoke(cli, ["links", str(INPUTS[0]), "--binding", name])
    assert refused.exit_code == 2
    assert f"no binding is named {name}" in refused.stderr


def test_a_refusal_needs_no_input(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nope"):
        dtlink.lint(tmp_path, select="nope")
    with pytest.raises(TypeError, match="nope"):
        dtlink.lint(tmp_path, nope=1)


@pytest.mark.parametrize(
    "options",
    [{"kernel": "/nonexistent"}, {"config": "/nonexistent"}, {"kernel": KERNEL, "initramfs": "/x"}],
    ids=str,
)
def test_what_can_not_be_read_for_all_inputs(options: dict[str, Any]) -> None:
    with pytest.raises(dtlink.InputError):
        dtlink.lint(FAULTS, **options)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_results_are_those_of_the_commands(path: Path) -> None:
    for version in ("6.12", "6.1"):
        board = dtlink.Board.read(path, kernel_version=version)
        last = board.links().links[-1]
        for view, *arguments in (
            (board.links(), "links", path),
            (board.links(last.binding), "links", path, "--binding", last.binding),
            (board.links(disabled=True), "links", path, "--disabled"),
            (board.cycles(), "cycles", path),
            (board.order(), "order", path),
            *(((board.devlink(), "devlink", path),) if path.suffix else ()),
            (board.graph_view(last.consumer).in_view(), "graph", path, last.consumer),
            (board.why(last.consumer), "why", path, last.consumer),
        ):
            (item,) = printed(*arguments, "--kernel-version", version)["inputs"]
            members = as_json(view.to_dict())
            assert members
            assert {name: item[name] for name in members} == members


def test_results_that_need_a_kernel(tmp_path: Path) -> None:
    listing = tmp_path / "modules.load"
    listing.write_text("virtio_blk.ko\n")
    given = ["--kernel", KERNEL, "--initramfs", listing]
    board = dtlink.Board.read(GUEST, kernel=KERNEL, initramfs=listing)
    node = "/pcie@4010000000"
    for view, command, *more in (
        (board.drivers(), "drivers"),
        (board.modules(), "modules"),
        (board.modules(node, missing=True), "modules", node, "--missing"),
        (board.why(node), "why", node),
    ):
        (item,) = printed(command, GUEST, *more, *given)["inputs"]
        assert as_json(view.to_json()) == item[command]
    for ask in (dtlink.Board.read(GUEST).drivers, dtlink.Board.read(GUEST).modules):
        with pytest.raises(ValueError, match="kernel"):
            ask()
    with pytest.raises(ValueError, match="initramfs"):
        dtlink.Board.read(GUEST, kernel=KERNEL).modules(missing=True)
    with pytest.raises(dtlink.InputError, match="nonexistent"):
        dtlink.Board.read(GUEST, kernel="/nonexistent").drivers()


def test_the_translation_of_a_requester() -> None:
    board = dtlink.Board.read(INPUTS[1])
    (item,) = printed("iort", INPUTS[1], "--rid", "0000:01:00.0")["inputs"]
    assert as_json(board.iort(rid="0000:01:00.0").to_json()) == item["iort"]
    assert as_json(board.iort(rid=(0, 0x100)).to_json()) == item["iort"]
    (item,) = printed("iort", INPUTS[1], "--component", "SATA")["inputs"]
    assert as_json(board.iort(component="SATA").to_json()) == item["iort"]
    for wrong in ({}, {"rid": "x"}, {"rid": "0:0:0.0", "component": "SATA"}):
        with pytest.raises(ValueError, match=r"rid|PCI function"):
            board.iort(**wrong)


@pytest.mark.parametrize("path", [FAULTS, TABLES], ids=lambda path: path.name)
def test_a_board_lints_itself(path: Path) -> None:
    board = dtlink.Board.read(path)
    report = board.lint(ignore="cycle")
    whole = dtlink.lint(path, ignore="cycle", config=False)
    (mine,), (other,) = report.to_dict()["inputs"], whole.to_dict()["inputs"]
    assert {**mine, "sha256": None} == {**other, "sha256": None}
    assert report.status == whole.status
    with pytest.raises(ValueError, match="nope"):
        board.lint(select="nope")


def test_a_board_from_bytes_and_from_what_was_read(tmp_path: Path) -> None:
    data = FAULTS.read_bytes()
    alone = shutil.copy(FAULTS, tmp_path)  # without its source beside it
    found = [
        dtlink.Board.read(data, name="a board"),
        dtlink.Board(dtlink.read(data), path="a board"),
        dtlink.Board(dtlink.read_tree(alone), path="a board"),
    ]
    assert len({json.dumps(board.lint().to_dict()) for board in found}) == 1


def test_a_board_of_the_other_kind() -> None:
    tree, tables = (dtlink.Board.read(path) for path in INPUTS)
    for ask in (tables.drivers, tables.modules):
        with pytest.raises(dtlink.InputError, match=f"{INPUTS[1]}: ACPI tables"):
            ask()
    with pytest.raises(dtlink.InputError, match="a devicetree"):
        tree.iort(rid="0000:00:00.0")
    with pytest.raises(dtlink.InputError, match=f"{INPUTS[0]}: no node"):
        tree.why("nowhere")


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_a_graph_of_either_kind(path: Path) -> None:
    graph = dtlink.Graph.of(dtlink.read(path))
    links = dtlink.Board.read(path).links().links
    assert [(x.consumer.path, x.supplier.path, x.entry) for x in graph.links] == [
        (x.consumer, x.supplier, f"{x.property_name}[{x.index}]") for x in links
    ]


def test_public_names_are_sorted_and_there() -> None:
    assert dtlink.__all__ == sorted(dtlink.__all__)
    assert set(dtlink.__all__) <= set(dir(dtlink))
    for name in dtlink.__all__:
        assert getattr(dtlink, name) is not None
    with pytest.raises(AttributeError, match="nope"):
        _ = dtlink.nope


def test_what_a_session_shows() -> None:
    board, tables = (dtlink.Board.read(path) for path in INPUTS)
    (finding, *_) = (report := board.lint()).findings()
    assert repr(dtlink.KernelVersion(6, 12)) == "<KernelVersion 6.12>"
    assert repr(board.firmware) == "<Tree dtlink,phone-soc: 197 nodes>"
    assert repr(tables.firmware).startswith("<Machine APIC, IORT, MCFG: ")
    assert repr(board.graph) == (
        f"<Graph of {board.firmware!r}: {len(board.graph.links)} links, kernel 6.12>"
    )
    assert repr(board) == f"<Board {INPUTS[0]}: {board.firmware!r}, kernel 6.12>"
    assert repr(report).startswith("<Report lint of 1 input: error ")
    assert repr(finding).startswith(f"<Finding error {finding.rule} at {finding.subject.path}:")
    assert repr(report.inputs[0]) == f"<InputReport {INPUTS[0]}: fdt, 3 findings>"
    (unread,) = (failed := dtlink.lint("gone.dtb")).inputs
    assert repr(failed) == "<Report lint of 1 input: 1 unreadable>"
    assert repr(unread) == "<InputReport gone.dtb: No such file or directory>"
    assert repr(*dtlink.explain("legacy/mmu-masters")).startswith("<Rule legacy/mmu-masters: ")
    assert repr(tables.lint()) == "<Report lint of 1 input: no findings>"


def test_a_session_never_shows_as_clean_what_was_not_checked() -> None:
    assert repr(dtlink.lint([])) == "<Report lint of 0 inputs: nothing was checked>"
    nothing = dtlink.lint(INPUTS[0], select="iort", config=False)
    assert repr(nothing) == "<Report lint of 1 input: nothing was checked>"
    assert repr(nothing.inputs[0]) == f"<InputReport {INPUTS[0]}: fdt, not checked>"


def test_a_session_counts_the_findings_that_are_not_listed() -> None:
    error = dtlink.Severity.ERROR
    lacking = [Truncated("findings", "a/b", error, 7), Truncated("known", "a/b", error, 1)]
    report = dtlink.lint(INPUTS[0], config=False).inputs[0]._replace(truncated=lacking)
    assert repr(report) == f"<InputReport {INPUTS[0]}: fdt, 10 findings>"


def test_no_result_fills_the_screen_of_a_session() -> None:
    tables, source = dtlink.Board.read(INPUTS[1]), FAULTS.with_suffix(".dts")
    for result, shown in (
        (dtlink.fix(source, config=False), "<FixOutcome: 3 fixed in 1 file, 0 left>"),
        (dtlink.history(FIXTURES / "reports"), "<HistoryView: "),
        (tables.iommu(), "<IommuView: "),
        (tables.iort(rid="0000:01:00.0"), "<IortView: 0000:01:00.0, "),
    ):
        assert repr(result).startswith(shown)
        assert len(repr(result)) < 200
        assert ", 0" not in repr(result).replace(", 0 ", "")


def test_an_error_of_a_comparison_names_its_board() -> None:
    with pytest.raises(dtlink.InputError, match=r"clean-board\.dtb: it has no PCI host"):
        dtlink.same_machine(INPUTS[1], FIXTURES / "boards" / "clean-board.dtb")


def test_an_error_goes_to_other_processes_with_all_its_faults() -> None:
    with pytest.raises(dtlink.InputError) as caught:
        dtlink.read_tree(b"/dts-v1/; / { a = <; b = [0; };")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert again.faults == caught.value.faults
    assert (again.path, again.offset, str(again)) == ("input", None, str(caught.value))


def test_data_of_a_finding_are_those_of_the_document() -> None:
    report = dtlink.lint(FAULTS, config=False)
    (item,) = report.to_dict()["inputs"]
    assert [finding.to_dict() for finding in report.findings()] == item["findings"]


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_a_graph_for_networkx(path: Path) -> None:
    networkx = pytest.importorskip("networkx")
    graph = dtlink.Board.read(path).graph
    made = graph.to_networkx()
    assert isinstance(made, networkx.MultiDiGraph)
    assert sorted((a, b, data["entry"]) for a, b, data in made.edges(data=True)) == sorted(
        (link.consumer.path, link.supplier.path, link.entry) for link in graph.links
    )
    link = graph.links[0]
    assert made.nodes[link.consumer.path]["name"] == link.consumer.name
    (edge, *_) = made.get_edge_data(link.consumer.path, link.supplier.path).values()
    assert edge["binding"] == link.binding.name


def test_without_networkx_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match="pip install networkx"):
        dtlink.Board.read(FAULTS).graph.to_networkx()


def test_rules_explained() -> None:
    (rule,) = dtlink.explain("phandle/dangling")
    assert rule.summary
    assert rule.page
    assert [each.id for each in dtlink.explain("iort/node-frame")] == ["acpi/frame"]
    for words in ((), ("phandle",), ("legacy", "cycle/self-link")):
        told = printed("explain" if words else "rules", *words)["rules"]
        assert {each.id for each in dtlink.explain(*words)} == {each["id"] for each in told}
    with pytest.raises(ValueError, match="nope"):
        dtlink.explain("nope")


def test_a_log_explained() -> None:
    dmesg = KERNEL / "boot.log"
    (item,) = printed("log", dmesg)["inputs"]
    assert as_json(dtlink.log(dmesg).to_json()) == item["log"]
    given = ["--dtb", GUEST, "--kernel", KERNEL, "--kernel-version", "6.1"]
    (item,) = printed("log", dmesg, *given)["inputs"]
    board = dtlink.Board.read(GUEST, kernel=KERNEL)
    assert as_json(dtlink.log(dmesg, board=board, kernel_version="6.1").to_json()) == item["log"]
    with pytest.raises(dtlink.InputError, match="ACPI tables"):
        dtlink.log(dmesg, board=dtlink.Board.read(INPUTS[1]))
    with pytest.raises(dtlink.InputError, match="gone"):
        dtlink.log("gone")


def test_what_changed_is_the_command(tmp_path: Path) -> None:
    clean = FIXTURES / "boards" / "clean-board.dtb"
    tables = FIXTURES / "tables"
    for old, new in (
        (clean, FAULTS),
        (tables / "arm-server", TABLES),
        (FIXTURES / "boards", FIXTURES / "boards"),
    ):
        report = dtlink.diff(old, str(new), config=False, ignore="cycle", kernel_version="6.1")
        given = ["--no-config", "--ignore", "cycle", "--kernel-version", "6.1"]
        assert as_json(report.to_dict()) == printed("diff", old, new, *given)
    (view,) = (item.view for item in dtlink.diff(clean, FAULTS).inputs)
    assert isinstance(view, dtlink.DiffView)
    saved = tmp_path / "report.json"
    saved.write_text(json.dumps(dtlink.lint(clean).to_dict()))
    assert as_json(dtlink.diff(saved, FAULTS).to_dict()) == printed("diff", saved, FAULTS)
    with pytest.raises(ValueError, match="none is named"):
        dtlink.diff(clean, tables)
    with pytest.raises(ValueError, match="nope"):
        dtlink.diff(clean, FAULTS, select="nope")


def test_two_descriptions_of_one_machine() -> None:
    paths = FIXTURES / "boards" / "pci-server.dtb", FIXTURES / "tables" / "arm-server"
    boards = [dtlink.Board.read(path) for path in paths]
    (item, _) = printed("diff", *paths, "--same-machine")["inputs"]
    for one, other in (boards, boards[::-1], paths, (str(paths[1]), boards[0])):
        assert as_json(dtlink.same_machine(one, other).to_json()) == item["diff"]
    for pair in ((boards[0], boards[0]), (boards[1], boards[1])):
        with pytest.raises(dtlink.InputError, match="are needed"):
            dtlink.same_machine(*pair)


def test_a_prediction_and_what_it_is_compared_with(tmp_path: Path) -> None:
    options = {"kernel_version": "6.6", "against": "5.15", "cmdline": "fw_devlink=rpm"}
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    log = tmp_path / "dmesg.txt"
    log.write_text("[    0.1] platform a: Fixed dependency cycle(s) with /soc/b\n")
    for view in ("full", "bare"):
        found = dtlink.Board.read(INPUTS[0], **options).devlink(view, observed=log)
        given_too = [*given, "--view", view, "--observed", log]
        (item,) = printed("devlink", INPUTS[0], *given_too)["inputs"]
        for name, member in as_json(found.to_dict()).items():
            assert item[name] == member
    with pytest.raises(dtlink.InputError, match="ACPI tables"):
        dtlink.Board.read(INPUTS[1]).devlink()
    view: Any = "/soc"
    with pytest.raises(ValueError, match=r"^view: '/soc' is not one of full, bare"):
        dtlink.Board.read(INPUTS[0]).devlink(view)
    with pytest.raises(dtlink.InputError, match="gone"):
        dtlink.Board.read(INPUTS[0]).devlink(observed=tmp_path / "gone")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("links", "<LinksView: 374 links>"),
        ("order", "<OrderView: 8 waves>"),
        ("devlink", "<DevlinkView: <Tree dtlink,phone-soc: 197 nodes>, kernel 6.12>"),
        ("cycles", "<CyclesView: devicetree, "),
    ],
)
def test_a_result_shows_itself(command: str, shown: str) -> None:
    view = getattr(dtlink.Board.read(INPUTS[0]), command)()
    assert not str(view).startswith(" ·")
    assert repr(view).startswith(shown)
    result = CliRunner().invoke(cli, [command, str(INPUTS[0])])
    assert str(view).splitlines()[1:] == result.stdout.strip().splitlines()[1:]


def test_one_row_is_one() -> None:
    row = dtlink.Board.read(INPUTS[0]).cycles().cycles[0]
    view = dtlink.CyclesView(firmware="devicetree", cycles=(row,))
    assert repr(view) == "<CyclesView: devicetree, 1 cycle>"


def test_modules_show_themselves() -> None:
    view = dtlink.Board.read(GUEST, kernel=KERNEL).modules()
    result = CliRunner().invoke(cli, ["modules", str(GUEST), "--kernel", str(KERNEL)])
    assert str(view) == result.stdout.strip()


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_folder_of_a_call_holds_for_facts_of_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    users, own = tmp_path / "users", tmp_path / "own"
    monkeypatch.setenv("DTLINK_CACHE", str(users))
    monkeypatch.setattr("dtlink.engine.worker.may_fork", lambda: False)
    first, second = (package(tmp_path / name) for name in ("first", "second"))
    board = FIXTURES / "boards" / "phone-soc.dtb"
    paths = [shutil.copy(board, tmp_path / f"{at}.dtb") for at in range(4)]
    dtlink.lint(paths, kernel=first, config=False, cache=False, jobs=jobs)
    assert not users.exists()
    dtlink.lint(paths, kernel=second, config=False, cache=own, jobs=jobs)
    assert not users.exists()
    assert [each for each in own.iterdir() if each.name.startswith("kernel-")]
    dtlink.Board.read(paths[0], kernel=package(tmp_path / "other")).drivers()
    assert users.exists(), "after the call, and for other functions, the user's"
