"""QCDT images: devicetrees of Qualcomm's boards, each for some platforms.

Source: lk of Qualcomm, platform/msm_shared/include/dev_tree.h: struct dt_table, dt_entry_v1,
dt_entry_v2, dt_entry; made by dtbTool.
"""

from __future__ import annotations

from dtlink.firmware.containers.fields import HeaderLayout, cut
from dtlink.firmware.containers.model import Contents, Part
from dtlink.firmware.errors import InputError

MAGIC = b"QCDT"
HEADER = HeaderLayout(
    "header of a QCDT image",
    "little",
    {"version": (4, 4), "num_entries": (8, 4)},
    source="dev_tree.h, struct dt_table",
)
_ENTRY = "entry of a QCDT image"
#: By version.
ENTRIES = {
    1: HeaderLayout(
        _ENTRY,
        "little",
        {
            "platform_id": (0, 4),
            "variant_id": (4, 4),
            "soc_rev": (8, 4),
            "offset": (12, 4),
            "size": (16, 4),
        },
        source="dev_tree.h, struct dt_entry_v1",
    ),
    2: HeaderLayout(
        _ENTRY,
        "little",
        {
            "platform_id": (0, 4),
            "variant_id": (4, 4),
            "board_hw_subtype": (8, 4),
            "soc_rev": (12, 4),
            "offset": (16, 4),
            "size": (20, 4),
        },
        source="dev_tree.h, struct dt_entry_v2",
    ),
    3: HeaderLayout(
        _ENTRY,
        "little",
        {
            "platform_id": (0, 4),
            "variant_id": (4, 4),
            "board_hw_subtype": (8, 4),
            "soc_rev": (12, 4),
            "pmic_rev0": (16, 4),
            "pmic_rev1": (20, 4),
            "pmic_rev2": (24, 4),
            "pmic_rev3": (28, 4),
            "offset": (32, 4),
            "size": (36, 4),
        },
        source="dev_tree.h, struct dt_entry",
    ),
}
#: Entries of one image; real ones have some hundred.
_MAX_ENTRIES = 4096
_BOARD = "platform {platform_id:#x} variant {variant_id:#x} soc {soc_rev:#x}"


def matches(data: bytes) -> bool:
    """Whether a file is a QCDT image."""
    return data.startswith(MAGIC)


def read(data: bytes) -> Contents:
    """The devicetrees; platforms that share one are listed with the first of them."""
    head = HEADER.read(data)
    version, count = head["version"], head["num_entries"]
    layout = ENTRIES.get(version)
    if layout is None or count > _MAX_ENTRIES:
        message = f"version {version} with {count} entries: not a QCDT image that dtlink reads"
        raise InputError(message, offset=4)
    entries = [layout.read(data, HEADER.size + layout.size * each) for each in range(count)]
    places: dict[tuple[int, int], list[int]] = {}
    for number, entry in enumerate(entries):
        places.setdefault((entry["offset"], entry["size"]), []).append(number)
    parts = [_part(data, entries, numbers) for numbers in places.values()]
    return Contents(parts, about={"version": version, "entries": count})


def _part(data: bytes, entries: list[dict[str, int]], numbers: list[int]) -> Part:
    first = entries[numbers[0]]
    content = cut(data, first["offset"], first["size"], f"entry {numbers[0]}")
    boards = [
        "platform {platform_id:#x} variant {variant_id:#x} soc {soc_rev:#x}".format_map(
            entries[each]
        )
        for each in numbers
    ]
    name = f"dtb[{numbers[0]}]"
    return Part(name, content, first["offset"], about={"for": boards}, size=len(content))
