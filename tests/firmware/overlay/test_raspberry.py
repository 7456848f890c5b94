"""config.txt and parameters, with dtmerge as the judge where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dtlink.firmware import dts, fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt_write import cells, strings
from dtlink.firmware.overlay.raspberry.apply import apply_config
from dtlink.firmware.overlay.raspberry.config_txt import ConfigTxt, read_config
from dtlink.firmware.source.options import SourceOptions
from dtlink.firmware.tree import Tree
from tests.support.overlays import canonical

DTMERGE = shutil.which("dtmerge")
PI4 = ("raspberrypi,4-model-b", "brcm,bcm2711")

BASE = """
/ {
    compatible = "raspberrypi,4-model-b", "brcm,bcm2711";
    chosen: chosen { bootargs = "console=tty1"; };
    aliases { i2c1 = &i2c1; i2c = &i2c1; };
    soc {
        gpio: gpio@7e200000 { gpio-controller; #gpio-cells = <2>; };
        i2c1: i2c@7e804000 { status = "disabled"; clock-frequency = <100000>; };
        uart0: serial@7e201000 { status = "okay"; };
    };
    leds { act: act { gpios = <&gpio 42 0>; }; };
    __overrides__ {
        i2c_arm = <&i2c1>, "status";
        i2c_arm_baudrate = <&i2c1>, "clock-frequency:0";
        act_led_gpio = <&act>, "gpios:4";
        eee = <&uart0>, "eee?";
        noeee = <&uart0>, "eee!";
        lit = <&uart0>, "mode=fast", <&uart0>, "speed:0=9600", <&uart0>, "ref:0=", <&gpio>,
              <&uart0>, "path=", &gpio;
        map = <&uart0>, "m{a=one,b='t,w}o',c,=dflt}";
        mapc = <&uart0>, "m:0{on=1,off=2}";
        mapp = <&uart0>, "m:4{g=", <&gpio>, "u=", <&uart0>, "}";
        bytes = <&uart0>, "mac[";
        u8 = <&uart0>, "n.1";
        u16 = <&uart0>, "n;2";
        u64 = <&uart0>, "n#0";
        rename = <&act>, "name";
        args = <&chosen>, "bootargs";
        text = <&uart0>, "text";
        far = <&uart0>, "n:2000000000";
        before = <&uart0>, "n:-4";
    };
};
"""
OVERLAY = """
/plugin/;
/ {
    fragment@0 {
        target = <&i2c1>;
        __overlay__ {
            #address-cells = <1>; #size-cells = <0>; status = "okay"; phandle = <9>;
            rtc: rtc@68 { compatible = "dallas,ds1307"; reg = <0x68>; ref = <&rtc &gpio>; };
        };
    };
    fragment@1 { target = <&rtc>; __dormant__ { wakeup-source; }; };
    fragment@2 {
        target-path = "/aliases";
        __overlay__ { rtc0 = "/fragment@0/__overlay__/rtc@68"; other = "x"; };
    };
    fragment@3 { target-path = "/chosen"; __overlay__ { bootargs = "rtc=1"; }; };
    fragment-4 { target = <&gpio>; __overlay__ { p: p4 { brcm,pins = <4>; }; }; };
    other { __overlay__ { lost; }; };
    __exports__ { rtc; };
    __overrides__ {
        addr = <&rtc>, "reg:0";
        wakeup = <0>, "+1";
        maybe = <0>, "=1!4";
        compat = <&rtc>, "compatible{ds3231='maxim,ds3231',pcf=nxp,pcf85063}";
        pin = <&p>, "brcm,pins:0", <&p>, "brcm,function:4";
        flag = <&rtc>, "trickle?";
        refs = <&rtc>, "ref:4=", <&uart0>;
    };
};
"""
UART, RTC = "/soc/serial@7e201000", "/soc/i2c@7e804000/rtc@68"


def blob(text: str) -> Tree:
    return fdt.read(dts.read_text(text, sources=SourceOptions(symbols=True)).blob)


def configured(text: str, base: str = BASE, **overlays: str) -> Tree:
    """The base with a config.txt, and overlays by name."""
    trees = {f"overlays/{name}.dtbo": blob(source) for name, source in overlays.items()}
    trees = {path.replace("_map.dtbo", "_map.dtb"): tree for path, tree in trees.items()}

    def load(path: str) -> Tree:
        if path not in trees:
            raise InputError("No such file or directory", path=path)
        return trees[path]

    return apply_config(blob(base), parsed(text), load)


def parsed(text: str, compatible: tuple[str, ...] = PI4, **files: str) -> ConfigTxt:
    found = {"config.txt": text, **{f"{name}.txt": each for name, each in files.items()}}
    return read_config("config.txt", compatible, lambda path: found[path].encode())


def problems(tree: Tree) -> list[tuple[str, str]]:
    assert tree.overlaid is not None
    return [
        (fault.problem.name, fault.what) for each in tree.overlaid.overlays for fault in each.faults
    ]


@pytest.mark.parametrize(
    ("parameter", "path", "name", "value"),
    [
        ("i2c_arm=on", "/soc/i2c@7e804000", "status", strings("okay")),
        ("i2c_arm", "/soc/i2c@7e804000", "status", strings("okay")),
        ("i2c_arm=off", "/soc/i2c@7e804000", "status", strings("disabled")),
        ("i2c_arm=fail", "/soc/i2c@7e804000", "status", strings("fail")),
        ("i2c_arm_baudrate=0x10", "/soc/i2c@7e804000", "clock-frequency", cells(16)),
        ("i2c_arm_baudrate=010", "/soc/i2c@7e804000", "clock-frequency", cells(8)),
        ("i2c_arm_baudrate=up", "/soc/i2c@7e804000", "clock-frequency", cells(2)),
        ("eee=on", UART, "eee", b""),
        ("eee=0", UART, "eee", None),
        ("noeee=0", UART, "eee", b""),
        ("lit", UART, "mode", strings("fast")),
        ("lit", UART, "speed", cells(9600)),
        ("lit", UART, "path", strings("/soc/gpio@7e200000")),
        ("map=a", UART, "m", strings("one")),
        ("map=b", UART, "m", strings("t,w}o")),
        ("map=c", UART, "m", strings("c")),
        ("map=z", UART, "m", strings("dflt")),
        ("mapc=off", UART, "m", cells(2)),
        ("bytes=00:1a:2B", UART, "mac", b"\x00\x1a\x2b"),
        ("u8=258", UART, "n", b"\0\2"),
        ("u16=0x10203", UART, "n", b"\0\0\2\3"),
        ("u64=-1", UART, "n", b"\xff" * 8),
        ("args=quiet", "/chosen", "bootargs", strings("console=tty1 quiet")),
        ("text=a\\tb\\x41\\101", UART, "text", b"a\tbAA\0"),
    ],
)
def test_a_parameter_of_the_base(parameter: str, path: str, name: str, value: bytes | None) -> None:
    tree = configured(f"dtparam={parameter}")
    assert problems(tree) == []
    node = tree.find(path)
    assert node is not None
    assert node.get(name) == value


def test_a_cell_of_a_lookup_is_a_reference() -> None:
    tree = configured("dtparam=mapp=g")
    assert tree.find(UART).cells("m")[1] == tree.find("/soc/gpio@7e200000").phandle


def test_a_name_moves_the_paths_of_labels() -> None:
    tree = configured("dtparam=rename=led@7")
    assert tree.find("&act").path == "/leds/led@7"


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        ("gone=1", "unknown-parameter"),
        ("i2c_arm_baudrate=fast", "bad-parameter"),
        ("mapc=maybe", "bad-parameter"),
        ("bytes=0g", "bad-parameter"),
        ("text=a\\q", "bad-parameter"),
        ("rename=a/b", "bad-parameter"),
        ("far=1", "bad-parameter"),
        ("before=1", "bad-parameter"),
    ],
)
def test_what_a_parameter_does_not_take(parameter: str, problem: str) -> None:
    tree = configured(f"dtparam={parameter}")
    assert problems(tree) == [(problem, parameter.partition("=")[0])]
    assert tree.overlaid.overlays[0].faults[0].place[:2] == ("config.txt", 1)


def test_an_overlay_with_parameters() -> None:
    tree = configured("dtoverlay=rtc,addr=0x50,wakeup,compat=ds3231\ndtparam=pin=7", rtc=OVERLAY)
    rtc = tree.find("/soc/i2c@7e804000/rtc@50")
    assert rtc is not None
    assert (rtc.compatible, list(rtc.cells("reg"))) == (("maxim,ds3231",), [0x50])
    assert rtc.has("wakeup-source")
    assert list(rtc.cells("ref")) == [rtc.phandle, tree.find("/soc/gpio@7e200000").phandle]
    assert list(tree.find("/soc/gpio@7e200000/p4").cells("brcm,pins")) == [7]
    assert tree.find("/aliases").strings("rtc0") == ("/soc/i2c@7e804000/rtc@68",)
    assert tree.find("/chosen").strings("bootargs") == ("console=tty1 rtc=1",)
    assert tree.overlaid.bringer("/soc/i2c@7e804000/rtc@50") == "overlays/rtc.dtbo"
    assert ("lost-node", "") in problems(tree)


def test_the_phandles_of_overlays_end() -> None:
    """Each overlay moves what is in use up by its own highest, until a label can get none."""
    symbols = 'a = "/a"; b = "/b";'
    base = fdt.read(dts.read_text(f"/ {{ a {{ }}; b {{ }}; __symbols__ {{ {symbols} }}; }};").blob)
    one, two = (
        '/plugin/; / { fragment@0 { target-path = "/"; __overlay__ { '
        f"{name} {{ phandle = <{number:#x}>; }}; }}; }}; }};"
        for name, number in (("one", 0x7FFFFFFF), ("two", 0x7FFFFFFF))
    )
    trees = {
        "overlays/one.dtbo": blob(one),
        "overlays/two.dtbo": blob(two),
        "overlays/users.dtbo": blob("/plugin/; &a { uses = <&b>; };"),
    }
    config = parsed("dtoverlay=one\ndtoverlay=two\ndtoverlay=users")
    tree = apply_config(base, config, trees.__getitem__)
    assert problems(tree) == [("no-phandle", "a"), ("no-phandle", "b")]


def test_a_fragment_is_switched_and_the_target_keeps_its_phandle() -> None:
    base = blob(BASE)
    tree = configured("dtoverlay=rtc,maybe=on", rtc=OVERLAY)
    assert tree.find(RTC).has("wakeup-source")
    assert tree.find("/soc/gpio@7e200000/p4") is None
    assert tree.find("/soc/i2c@7e804000").phandle == base.find("/soc/i2c@7e804000").phandle


def test_a_parameter_after_an_overlay_is_for_it_first_then_for_the_base() -> None:
    text = "dtoverlay=rtc\ndtparam=flag,i2c_arm_baudrate=5\ndtoverlay=\ndtparam=addr=1"
    tree = configured(text, rtc=OVERLAY)
    assert tree.find(RTC).has("trickle")
    assert list(tree.find("/soc/i2c@7e804000").cells("clock-frequency")) == [5]
    assert ("unknown-parameter", "addr") in problems(tree)


def test_a_fragment_for_a_node_of_its_own_ends() -> None:
    overlay = """
    /plugin/;
    / { fragment@0 { target = <&a>; __overlay__ { a: a { b { }; }; }; };
        fragment@1 { target = <&i2c1>; __overlay__ { c; }; }; };
    """
    tree = configured("dtoverlay=own", own=overlay)
    assert tree.find("/soc/i2c@7e804000").has("c")


def test_sections_are_for_models() -> None:
    text = "[pi3]\ndtoverlay=a\n[pi4]\ndtoverlay=b\n[all]\ndtoverlay=c\n[none]\ndtoverlay=d\n"
    assert [each.overlay for each in parsed(text).steps] == ["b", "c"]
    assert [each.overlay for each in parsed(text, ("raspberrypi,3-model-b",)).steps] == ["a", "c"]
    unknown = parsed(text, ("vendor,board",))
    assert [each.overlay for each in unknown.steps] == ["c"]
    assert unknown.unknown == ["[pi3]", "[pi4]"]
    text = "[EDID=X]\ndtoverlay=a\n[pi4]\ndtoverlay=b\n[all]\ndtoverlay=c"
    found = parsed(text)
    assert ([each.overlay for each in found.steps], found.unknown) == (["c"], ["[EDID=X]"])


def test_lines_of_config_txt() -> None:
    text = "# dtoverlay=no\n\ninclude more.txt\noverlay_prefix=o/\ndtoverlay=a:b=1,c\ngpu_mem=1\n"
    found = parsed(text, more="device_tree_overlay=d\ndevice_tree_param=e=2")
    told = [(x.overlay, [(p.name, p.value) for p in x.parameters]) for x in found.steps]
    assert told == [("d", [("e", "2")]), ("a", [("b", "1"), ("c", "true")])]
    assert found.prefix == "o/"
    with pytest.raises(InputError, match="deep"):
        parsed("include config.txt")
    with pytest.raises(InputError, match="more than 256 overlays"):
        parsed("dtoverlay=a\n" * 300)
    with pytest.raises(InputError, match="more than 4096 parameters"):
        parsed(f"dtparam={'a,' * 5000}")


def test_nothing_outside_the_folder_is_read() -> None:
    for path in ("/etc/passwd", "../config.txt", "a/../../b"):
        with pytest.raises(InputError, match="outside the folder"):
            parsed(f"include {path}")
        tree = configured(f"dtoverlay=../../{path}")
        [overlay] = tree.overlaid.overlays
        assert overlay.faults[0].detail == "outside the folder of config.txt"


def test_the_map_renames_overlays() -> None:
    names = (
        '/ { rtc { bcm2711 = "clock,addr=0x51"; }; old { renamed = "clock"; }; '
        'gone { deprecated = "use clock"; }; pi3 { bcm2835; }; clock { bcm2711; }; };'
    )
    tree = configured("dtoverlay=rtc", clock=OVERLAY, overlay_map=names)
    assert tree.find("/soc/i2c@7e804000/rtc@51") is not None
    tree = configured(
        "dtoverlay=old\ndtoverlay=gone\ndtoverlay=pi3", clock=OVERLAY, overlay_map=names
    )
    assert tree.find(RTC) is not None
    assert tree.overlaid.notes == ["the overlay old is called clock now"]
    details = [fault.detail for each in tree.overlaid.overlays for fault in each.faults]
    assert "it is deprecated: use clock" in details
    assert "it is not for bcm2711" in details


@pytest.mark.skipif(DTMERGE is None, reason="dtmerge is not installed")
@pytest.mark.parametrize(
    "parameters",
    [
        *([f"{name}={value}"] for name in ("i2c_arm", "eee", "noeee") for value in ("on", "off")),
        *(["lit"], ["map=a"], ["map=b"], ["map=c"], ["map=z"], ["mapc=on"], ["mapp=u"]),
        *(["bytes=001a"], ["u8=9"], ["u16=9"], ["u64=9"], ["rename=x@1"]),
        *(["args=a"], ["text=\\x41"]),
        *(["rtc"], ["rtc", "addr=0x51"], ["rtc", "wakeup"], ["rtc", "maybe=on"]),
        *(["rtc", "compat=ds3231"], ["rtc", "pin=7"], ["rtc", "flag", "refs"], ["rtc", "eee=on"]),
    ],
    ids=",".join,
)
def test_the_result_is_that_of_dtmerge(parameters: list[str], tmp_path: Path) -> None:
    (tmp_path / "base.dtb").write_bytes(blob(BASE).blob)
    (tmp_path / "rtc.dtbo").write_bytes(blob(OVERLAY).blob)
    overlay, *rest = parameters if parameters[0] == "rtc" else ("-", *parameters)
    file = "-" if overlay == "-" else "rtc.dtbo"
    given = [each if "=" in each else f"{each}=true" for each in rest]
    command = [str(DTMERGE), "base.dtb", "out.dtb", file, *given]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    line = f"dtparam={','.join(rest)}" if overlay == "-" else f"dtoverlay={','.join(parameters)}"
    mine = configured(line, rtc=OVERLAY)
    assert canonical(mine) == canonical(fdt.read((tmp_path / "out.dtb").read_bytes()))


@pytest.mark.parametrize("digits", ["9" * 5000, "0" * 5000])
def test_numbers_of_very_many_digits(digits: str) -> None:
    """Python refuses to read a number of more than 4,300 digits."""
    parameters = f"i2c_arm_baudrate={digits}\nfar={digits}"
    assert configured(parameters).by_path["/soc"]
    far = BASE.replace("n:2000000000", f"n:{digits}")
    assert configured("far=1", far).by_path["/soc"]
