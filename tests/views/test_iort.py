"""The translation of a requester, as data and as text."""

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.errors import InputError
from dtlink.views.iort import IortView
from dtlink.views.iort_walks import TranslationWalk
from tests.support.tables import machine
from tests.views.boards import TABLES, command, data, server, shown


def test_a_function_has_a_walk_to_the_smmu_and_one_to_the_its():
    view = IortView.of_function(server(), 1, 0x311)
    walks = data(view.to_json())["walks"]
    assert [(each["sought"], each["reading"], each["id"]) for each in walks] == [
        ("IOMMU", "linux", 0x311),
        ("MSI controller", "linux", 0x311),
    ]
    keys = {"node", "index", "id_in", "id_out", "target", "entry"}
    assert walks[0]["steps"][0].keys() == keys
    text = shown(view.text())
    assert text[0].startswith("0001:03:02.1 · requester ID 0x311 · IORT/root-complex@")
    assert "  IOMMU" in text


def test_a_component_has_no_id_of_its_own():
    view = IortView.of_component(server(), "sata")
    assert view.id is None
    assert view.walks[0].steps[0].id_in is None
    printed = command("iort", TABLES / "arm-server", "--component", "sata")
    assert printed["iort"] == data(view.to_json())


def test_what_is_not_there():
    assert shown(IortView.of_function(server(), 7, 0).text()) == [
        "0007:00:00.0 · requester ID 0x0 · no root complex"
    ]
    with pytest.raises(InputError, match="no named component 'nothing'; there are: "):
        IortView.of_component(server(), "nothing")


# RIMT, IVRS and DMAR


def walks(tables: str, segment: int, requester: int, version: str = "7.2") -> list[TranslationWalk]:
    view = IortView.of_function(board(tables, version), segment, requester)
    assert shown(view.text())
    return list(view.walks)


def board(tables: str, version: str = "7.2") -> TablesBoard:
    return TablesBoard(machine(tables), Settings(KernelVersion.parse(version)))


RIMT = """
RIMT
  iommu: iommu id=0 flags=1 function=0x28 hardware_id="00101400"
  root-complex id=1 segment=0
    map count=0x27 output_base=0x100 output=iommu
    map source_base=0x29 count=0xffd6 output_base=0x29 output=iommu
  platform-device id=2 object_name="\\_SB_.COM0"
    map count=1 output_base=0x10000 output=iommu
"""


@pytest.mark.parametrize(
    ("requester", "ident"), [(0x10, 0x110), (0x27, 0x127), (0x28, None), (0x30, 0x30)]
)
def test_a_function_of_a_rimt(requester: int, ident: int | None) -> None:
    (walk,) = walks(RIMT, 0, requester)
    assert (walk.sought, walk.reading, walk.id) == ("IOMMU", "linux", ident)
    assert bool(walk.end) is (ident is None)
    linux, *specified = walks(RIMT, 0, requester, "6.12")
    assert linux.end == "Linux reads the RIMT since 6.18 only"
    assert [each.id for each in specified] == ([] if ident is None else [ident])


def test_a_device_that_a_rimt_names() -> None:
    view = IortView.of_component(board(RIMT), "com0")
    assert [(each.id, each.found) for each in view.walks] == [
        (0x10000, "RIMT/iommu@0x30 (0000:00:05.0)")
    ]


IVRS = """
IVRS
  ivhd-40 base=0xfeb80000
    range device=0x8
    range-end device=0x1fff
    alias device=0x300 alias=0xa5
    acpi-hid device=0xa2 hid="AMDI0040" uid_format=1 uid_length=1 uid=7
    special handle=33 source=0xa0
  ivhd-40 device=0x2002 base=0xfec80000
    range device=0x2008
    range-end device=0x3fff
"""


@pytest.mark.parametrize(
    ("requester", "ident", "place"),
    [
        (0x10, 0x10, "0000:00:00.2"),
        (0x300, 0xA5, "0000:00:00.2"),
        (0x2010, 0x2010, "0000:20:00.2"),
        (0x2002, None, ""),
        (0x4000, None, ""),
    ],
)
def test_a_function_of_an_ivrs(requester: int, ident: int | None, place: str) -> None:
    (walk,) = walks(IVRS, 0, requester)
    assert walk.id == ident
    assert place in (walk.found or "")
    (other,) = walks(IVRS, 1, requester)
    assert other.end


def test_a_device_that_an_ivrs_names() -> None:
    (walk,) = IortView.of_component(board(IVRS), "AMDI0040 7").walks
    assert (walk.id, walk.steps[0].entry) == (0xA2, "acpi-hid")


DMAR = """
DMAR
  drhd base=0xfed90000
    endpoint hops="02.0"
    bridge hops="1c.0"
    acpi-device enumeration_id=1 bus=0 hops="15.0"
  drhd base=0xfed91000 flags=1
  andd device_number=1 object_name="\\_SB.PCI0.I2C0"
"""


@pytest.mark.parametrize(
    ("requester", "base", "note"),
    [
        (0x10, "0xfed90000", False),
        (0x18, "0xfed91000", False),
        (0x300, "0xfed91000", True),  # perhaps it is behind the bridge
    ],
)
def test_a_function_of_a_dmar(requester: int, base: str, note: bool) -> None:  # noqa: FBT001
    (walk,) = walks(DMAR, 0, requester)
    assert base in (walk.found or "")
    assert (walk.note or "").endswith("0000:00:1c.0 (drhd@0x30 (0xfed90000))") is note
    (other,) = walks(DMAR, 1, requester)
    assert other.end == "no unit names the function, and none of the segment has INCLUDE_PCI_ALL"
    (off,) = walks(DMAR.replace("0xfed91000", "0"), 0, requester)
    assert off.end == "Linux turns VT-d off: a unit is at address 0"


def test_a_device_that_a_dmar_names() -> None:
    (walk,) = IortView.of_component(board(DMAR), "i2c0").walks
    assert (walk.id, walk.found) == (0xA8, "DMAR/drhd@0x30 (0xfed90000)")
