"""What a Raspberry Pi's boot loader makes of config.txt: models, filters, and where overlays are.

Sources: Raspberry Pi documentation, "config.txt" (conditional filters) and "Device Trees, overlays,
and parameters"; root compatibles: Linux, arch/arm/boot/dts/broadcom/bcm283*-rpi-*.dts,
bcm2711-rpi-*.dts and arch/arm64/boot/dts/broadcom/bcm2712-rpi-*.dts, and the vendor's own.
"""

from collections.abc import Mapping

#: The filters of config.txt that hold for a model, by its root compatible without the vendor.
FILTERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("model-a", "model-b", "model-b-i2c0", "model-b-rev2", "model-a-plus", "model-b-plus"),
        ("pi1",),
    ),
    "compute-module": ("pi1", "cm1"),
    "model-zero": ("pi0",),
    "model-zero-w": ("pi0", "pi0w"),
    "model-zero-2-w": ("pi0", "pi0w", "pi02"),
    "model-zero-2": ("pi0", "pi0w", "pi02"),
    "2-model-b": ("pi2",),
    "2-model-b-rev2": ("pi2",),
    "3-model-b": ("pi3",),
    "3-model-b-plus": ("pi3", "pi3+"),
    "3-model-a-plus": ("pi3", "pi3+"),
    "3-compute-module": ("pi3", "cm3"),
    "3-plus-compute-module": ("pi3", "cm3", "cm3+"),
    "4-model-b": ("pi4",),
    "400": ("pi4", "pi400"),
    "4-compute-module": ("pi4", "cm4"),
    "4-compute-module-s": ("pi4", "cm4s"),
    "5-model-b": ("pi5",),
    "500": ("pi5", "pi500"),
    "5-compute-module": ("pi5", "cm5"),
}
VENDOR = "raspberrypi,"
#: All filters that name a model.
MODELS = frozenset(name for names in FILTERS.values() for name in names)

#: The platform by which ``overlay_map.dtb`` renames overlays, by a compatible without the vendor.
PLATFORMS: Mapping[str, str] = {
    **dict.fromkeys(("bcm2708", "bcm2709", "bcm2710", "bcm2835", "bcm2836", "bcm2837"), "bcm2835"),
    "bcm2711": "bcm2711",
    "bcm2712": "bcm2712",
}
OVERLAY_MAP = "overlay_map.dtb"
#: What precedes the name of an overlay, unless ``overlay_prefix`` says otherwise.
OVERLAY_PREFIX = "overlays/"

#: Names of options: each with the older one.
OVERLAY_OPTIONS = ("dtoverlay", "device_tree_overlay")
PARAMETER_OPTIONS = ("dtparam", "device_tree_param")

#: Words that a parameter takes for numbers.
NUMBERS: Mapping[str, int] = {
    **dict.fromkeys(("y", "yes", "on", "true", "down"), 1),
    **dict.fromkeys(("n", "no", "off", "false"), 0),
    "up": 2,
}
#: Words that a parameter that sets ``status`` takes.
STATUS: Mapping[str, str] = {
    **dict.fromkeys(("y", "yes", "on", "true", "enable", "1"), "okay"),
    **dict.fromkeys(("n", "no", "off", "false", "0"), "disabled"),
}
#: What a parameter without a value has.
DEFAULT_VALUE = "true"
#: The size in bytes of an integer in a property, by the letter before its offset.
SIZES: Mapping[str, int] = {".": 1, ";": 2, ":": 4, "#": 8}
