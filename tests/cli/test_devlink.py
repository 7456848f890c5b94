"""devlink: what a kernel does with a tree, and what is different between two."""

import json
from pathlib import Path

import pytest

from dtlink import read
from dtlink.facts.kernels import KNOWN, LATEST
from dtlink.facts.profile import KernelProfile
from dtlink.views.prediction import prediction_json
from tests.cli.conftest import Run
from tests.support.boards import predicted

#: A clock below a node that is no bus; two devices that wait for each other; a PCI host.
BOARD = """/dts-v1/;
/ {
  compatible = "test,board"; model = "Test"; #address-cells = <1>; #size-cells = <1>;
  chosen { bootargs = "BOOTARGS"; };
  box { lost: clock { compatible = "test,clock"; #clock-cells = <0>; }; };
  gic: interrupt-controller@100 { compatible = "test,gic"; reg = <0x100 0x100>;
    interrupt-controller; #interrupt-cells = <1>; #address-cells = <0>; };
  iommu: iommu@200 { compatible = "test,iommu"; reg = <0x200 0x100>; #iommu-cells = <1>; };
  one: one@300 { compatible = "test,one"; reg = <0x300 0x100>; clocks = <&two 0>;
    #clock-cells = <1>; };
  two: two@400 { compatible = "test,two"; reg = <0x400 0x100>; clocks = <&one 0>;
    #clock-cells = <1>; };
  waiter@500 { compatible = "test,waiter"; reg = <0x500 0x100>; clocks = <&lost>;
    interrupt-parent = <&gic>; interrupts = <1>; };
  after@600 { compatible = "test,after"; reg = <0x600 0x100>; phys = <&phy>; iommus = <&iommu 1>; };
  phy: phy@700 { compatible = "test,phy"; reg = <0x700 0x100>; #phy-cells = <0>;
    clocks = <&lost>; };
  pcie@800 { compatible = "test,pcie"; reg = <0x800 0x100>; #address-cells = <3>;
    #size-cells = <2>; #interrupt-cells = <1>; interrupt-map = <0 0 0 1 &gic 1>; };
  off: off@900 { compatible = "test,off"; reg = <0x900 0x100>; #clock-cells = <0>;
    status = "disabled"; };
  user@a00 { compatible = "test,user"; reg = <0xa00 0x100>; clocks = <&off>; };
};
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return write(tmp_path, "")


def write(folder: Path, bootargs: str) -> Path:
    path = folder / "board.dts"
    path.write_text(BOARD.replace("BOOTARGS", bootargs))
    return path


def told(run: Run, *args: object) -> dict:
    result = run("devlink", *args, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def pairs(entries: list[dict]) -> set[tuple[str, str]]:
    return {(entry["consumer"], entry["supplier"]) for entry in entries}


@pytest.mark.parametrize("view", ["full", "bare"])
@pytest.mark.parametrize("version", ["5.15", "6.1", "6.12", "latest"])
def test_json_is_the_prediction(run: Run, fixtures: Path, version: str, view: str) -> None:
    path = fixtures / "phone-soc.dtb"
    document = told(run, path, "--kernel-version", version, "--view", view)
    profile = KernelProfile.of(version)
    found = predicted(read(path), profile, view)
    assert document["inputs"][0]["devlink"] == json.loads(json.dumps(prediction_json(found)))
    assert "against" not in document["inputs"][0]
    assert document["kernel"] == {
        "version": profile.release,
        "fw_devlink": profile.fw_devlink.value,
        "strict": False,
        "deferred_probe_timeout": profile.deferred_probe_timeout,
    }


def test_waiting_is_told_first(run: Run, board: Path) -> None:
    text = run("devlink", board).stdout
    assert text.splitlines()[:2] == [
        f"{board} · Test (test,board) · 14 nodes, 9 devices",
        "Linux 6.12, fw_devlink=rpm, strict off, deferred_probe_timeout 10 s",
    ]
    waits = [row.strip() for row in text.split("\n\n")[1].splitlines()]
    assert waits[:4] == [
        "3 devices that never probe",
        "/waiter@500 waits forever for /box/clock  clocks[0]",
        "/phy@700 waits forever for /box/clock  clocks[0]",
        "/after@600 waits for /phy@700, which never probes",
    ]


def test_cycles_in_the_kernels_words(run: Run, board: Path) -> None:
    text = run("devlink", board).stdout
    assert "/two@400: Fixed dependency cycle(s) with /one@300" in text
    assert "/one@300 → /two@400  clocks[0]" in text
    old = run("devlink", board, "--kernel-version", "5.15").stdout
    assert "/two@400: Fixing up cyclic dependency with /one@300" in old


def test_the_same_pair_is_told_once_with_a_count(run: Run, fixtures: Path) -> None:
    board = fixtures / "phone-soc.dtb"
    reports = told(run, board)["inputs"][0]["devlink"]["cycles"]
    text = run("devlink", board, "--all").stdout
    rows = [row for row in text.splitlines() if "Fixed dependency cycle(s) with" in row]
    assert len(rows) == len(pairs(reports)) < len(reports)
    assert "times)" in text


def test_dropped_references_have_a_reason(run: Run, board: Path) -> None:
    text = run("devlink", board).stdout
    assert "1 reference dropped, whose supplier, or an ancestor of it, is disabled" in text
    assert "/user@a00 → /off@900  clocks[0]" in text


def test_all_lists_the_links_with_their_flags(run: Run, board: Path) -> None:
    assert "device links\n" not in run("devlink", board).stdout
    text = run("devlink", board, "--all").stdout
    assert "  /after@600 → /phy@700  available" not in text
    assert "  /after@600 → /phy@700  dormant" in text
    assert "  /waiter@500 → /interrupt-controller@100  available" in text
    assert "  /waiter@500 → /box/clock  clocks[0]" in text
    bare = run("devlink", board, "--all", "--view", "bare").stdout
    assert "  /one@300 → /two@400  sync_state_only, dormant, cycle" in bare


def test_the_command_line_decides(run: Run, board: Path) -> None:
    assert (
        "no device waits for a supplier"
        in run("devlink", board, "--cmdline", "fw_devlink=permissive").stdout
    )
    strict = told(run, board, "--cmdline", "fw_devlink.strict=1 deferred_probe_timeout=-1")
    assert strict["kernel"]["strict"]
    assert strict["kernel"]["deferred_probe_timeout"] == -1
    ends = ("/after@600", "/iommu@200")
    assert ends in pairs(strict["inputs"][0]["devlink"]["device_links"])
    assert ends not in pairs(told(run, board)["inputs"][0]["devlink"]["device_links"])


def test_bootargs_of_the_tree_count_unless_a_command_line_is_given(
    run: Run, tmp_path: Path
) -> None:
    board = write(tmp_path, "console=ttyS0 fw_devlink=permissive")
    assert told(run, board)["kernel"]["fw_devlink"] == "permissive"
    assert "(bootargs of /chosen)" in run("devlink", board).stdout
    assert told(run, board, "--cmdline", "")["kernel"]["fw_devlink"] == "rpm"


def test_bad_bootargs_stop_nothing(run: Run, tmp_path: Path) -> None:
    board = write(tmp_path, "fw_devlink=maybe deferred_probe_timeout=30")
    result = run("devlink", board)
    assert result.exit_code == 0
    assert f"{board}: /chosen:bootargs: fw_devlink: 'maybe' is not a value of it" in result.stderr
    assert "fw_devlink=rpm, strict off, deferred_probe_timeout 30 s" in result.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--cmdline", "fw_devlink=yes"], "fw_devlink: 'yes' is not a value of it; allowed: off"),
        (["--cmdline", "deferred_probe_timeout=x"], "deferred_probe_timeout: 'x'"),
        (["--kernel-version", "4.19"], f"4.19 is not supported: the oldest version is {KNOWN[0]}"),
        (["--kernel-version", "99.0"], f"the newest version is {LATEST}"),
        (["--kernel-version", "new"], "'new' is not a kernel version, such as 6.12"),
        (["--against", "2.6"], f"the oldest version is {KNOWN[0]}"),
        (["--view", "half"], "'full', 'bare'"),
    ],
)
def test_wrong_usage_says_what_is_allowed(
    run: Run, board: Path, args: list[str], words: str
) -> None:
    result = run("devlink", board, *args)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


@pytest.mark.parametrize("mode", ["off", "permissive"])
def test_strict_without_effect_is_a_note(run: Run, board: Path, mode: str) -> None:
    line = f"fw_devlink={mode} fw_devlink.strict=1"
    result = run("devlink", board, "--cmdline", line)
    assert result.exit_code == 0
    assert f"fw_devlink.strict has no effect together with fw_devlink={mode}" in result.stderr
    assert "strict off" in result.stdout


def test_versions_as_distributions_write_them(run: Run, board: Path) -> None:
    document = told(run, board, "--kernel-version", "6.12.117+deb13-arm64")
    assert document["kernel"]["version"] == "6.12"


@pytest.mark.parametrize("command", ["devlink", "links", "lint"])
def test_the_oldest_kernel_is_the_first_of_the_table(run: Run, board: Path, command: str) -> None:
    assert run(command, board, "--kernel-version", str(KNOWN[0])).exit_code in (0, 1)
    result = run(command, board, "--kernel-version", "5.9")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "5.9 is not supported: the oldest version is 5.10" in result.stderr


def test_against_tells_what_changes(run: Run, board: Path) -> None:
    document = told(run, board, "--against", "5.15")
    found = document["inputs"][0]["against"]
    assert found["kernel"]["version"] == "5.15"
    assert found["defaults"] == [
        {"parameter": "fw_devlink", "from": "on", "to": "rpm"},
        {"parameter": "deferred_probe_timeout", "from": 0, "to": 10},
    ]
    reads = {(x["node"], x["property"]): (x["from"], x["to"]) for x in found["references"]}
    assert reads == {
        ("/waiter@500", "interrupt-parent"): (
            {"consumer": "/waiter@500", "supplier": "/interrupt-controller@100", "dropped": None},
            None,
        ),
        ("/pcie@800", "interrupt-map"): (
            None,
            {"consumer": "/pcie@800", "supplier": "/interrupt-controller@100", "dropped": None},
        ),
    }
    assert found["links"] == [
        {
            "consumer": "/pcie@800",
            "supplier": "/interrupt-controller@100",
            "properties": ["interrupt-map"],
            "from": None,
            "to": "orders",
        }
    ]
    assert found["cycles"] == found["waits"] == {"gained": [], "lost": []}
    text = run("devlink", board, "--against", "5.15").stdout
    assert "from Linux 5.15 to 6.12" in text
    assert "1 reference newly read: interrupt-map (1)" in text
    assert "1 reference no longer read: interrupt-parent (1)" in text
    assert "/pcie@800 → /interrupt-controller@100: ordered  interrupt-map[0]" in text


def test_against_a_kernel_that_orders_nothing(run: Run, board: Path) -> None:
    found = told(run, board, "--against", "5.10")["inputs"][0]["against"]
    assert {"parameter": "fw_devlink", "from": "permissive", "to": "rpm"} in found["defaults"]
    effects = {(x["consumer"], x["supplier"]): (x["from"], x["to"]) for x in found["links"]}
    assert effects["/after@600", "/phy@700"] == ("sync_state_only", "orders")
    assert effects["/waiter@500", "/box/clock"] == (None, "waits")
    assert pairs(found["waits"]["gained"]) == {
        ("/waiter@500", "/box/clock"),
        ("/phy@700", "/box/clock"),
    }
    lost = told(run, board, "--kernel-version", "5.10", "--against", "6.12")["inputs"][0]["against"]
    assert pairs(lost["waits"]["lost"]) == pairs(found["waits"]["gained"])


def test_against_itself_is_nothing(run: Run, fixtures: Path) -> None:
    found = told(run, fixtures / "phone-soc.dtb", "--against", "6.12")["inputs"][0]["against"]
    assert found["defaults"] == found["references"] == found["links"] == []
    text = run("devlink", fixtures / "phone-soc.dtb", "--against", "6.12").stdout
    assert "the same parameters on both" in text
    assert "the same links between devices" in text


def test_a_supplier_of_ones_own_is_linked_since_6_1(run: Run, fixtures: Path) -> None:
    """A node below the consumer could not be a supplier before."""
    board = fixtures / "phone-soc.dtb"
    found = told(run, board, "--kernel-version", "6.1", "--against", "5.15")["inputs"][0]["against"]
    linked = [x for x in found["references"] if x["from"] and x["from"]["dropped"] == "no device"]
    assert linked
    assert all(x["to"]["dropped"] is None for x in linked)


def test_what_cannot_be_read_is_told(run: Run, tmp_path: Path) -> None:
    result = run("devlink", tmp_path / "missing.dtb", "--format", "json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["kernel"]["fw_devlink"] == "rpm"
    assert "missing.dtb: No such file or directory" in result.stderr
