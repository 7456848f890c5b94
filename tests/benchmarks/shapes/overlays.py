"""Bases with very many overlays: a FIT image, and the config.txt of a Raspberry Pi."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.benchmarks.shapes.boards import blob, source
from tests.benchmarks.shapes.shape import Shape

_ROW = 'd{n}: d{n} {{ compatible = "vendor,d"; reg = <{n}>; status = "disabled"; }};'


def _image(name: str, tree: bytes) -> str:
    data = " ".join(f"{byte:02x}" for byte in tree)
    return f'{name} {{ type = "flat_dt"; compression = "none"; arch = "arm64"; data = [{data}]; }};'


def _base(count: int) -> bytes:
    return blob("".join(_ROW.format(n=n) for n in range(count)))


def _overlay() -> bytes:
    return blob(
        'fragment@0 { target-path = "/d0"; __overlay__ { status = "okay"; new { x = <1>; }; }; };'
    )


def configurations(count: int, trees: Sequence[str] = ("base", "o")) -> bytes:
    """A FIT of a large base, and configurations that apply small overlays to it."""
    images = _image("base", _base(count)) + _image("o", _overlay())
    names = ", ".join(f'"{each}"' for each in trees)
    rows = "".join(f"c{n} {{ fdt = {names}; }};" for n in range(count))
    return blob(f"images {{ {images} }}; configurations {{ {rows} }};")


def long_configuration(count: int) -> bytes:
    """A FIT whose configurations have as many overlays as they may."""
    images = _image("base", _base(4)) + _image("o", _overlay())
    names = ", ".join(['"base"', *['"o"'] * 255])
    rows = "".join(f"c{n} {{ fdt = {names}; }};" for n in range(count // 8))
    return blob(f"images {{ {images} }}; configurations {{ {rows} }};")


_PI = 'compatible = "raspberrypi,4-model-b", "brcm,bcm2711"; model = "Raspberry Pi 4 Model B";'


def config_txt(count: int) -> Mapping[str, bytes]:
    """A config.txt of overlays and parameters, and their board."""
    rows = "".join(
        f"dtoverlay=one,speed={n}\ndtparam=i2c_arm=on\n[pi{n % 5}]\n[all]\ndtparam=speed={n}\n"
        for n in range(count)
    )
    overlay = (
        b'/dts-v1/;\n/plugin/;\n/ { compatible = "brcm,bcm2835";\n'
        b'fragment@0 { target-path = "/"; __overlay__ { one: one { compatible = "vendor,one"; '
        b"clock-frequency = <1>; }; }; };\n"
        b'__overrides__ { speed = <&one>,"clock-frequency:0"; }; };\n'
    )
    overrides = '__overrides__ { i2c_arm = <&i2c>,"status"; speed = <&i2c>,"clock-frequency:0"; };'
    board = source(f'{_PI} i2c: i2c {{ status = "disabled"; clock-frequency = <1>; }}; {overrides}')
    return {"config.txt": rows.encode(), "overlays/one.dtso": overlay, "pi.dts": board}


def many_on_a_large_base(count: int) -> bytes:
    """A FIT whose configurations apply 80 overlays to a large base."""
    return configurations(count, ("base", *("o" for _ in range(80))))


SHAPES = {
    "many on a large base": Shape(
        many_on_a_large_base, ("lint @", "inspect @", "links @"), "image.itb"
    ),
    "configurations": Shape(configurations, ("lint @", "inspect @", "links @"), "image.itb"),
    "long configurations": Shape(
        long_configuration, ("lint @", "inspect @", "links @"), "image.itb"
    ),
    "config.txt": Shape(
        config_txt, ("lint --overlay @config.txt @pi.dts", "links --overlay @config.txt @pi.dts")
    ),
}
