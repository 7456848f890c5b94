"""Fields read and written by the same rows; tables from text."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.acpi import iort
from dtlink.firmware.acpi.layout import UInt
from dtlink.firmware.acpi.machine import Machine, header
from dtlink.firmware.acpi.table import MAX_SIZE, cut
from dtlink.firmware.errors import InputError
from dtlink.testing.assemble import AssemblyError, assemble
from tests.support.make_tables import machines

NODES = sorted(kind.WORD for kind in iort.KINDS.values())


@pytest.mark.parametrize("word", NODES)
@given(seed=st.integers(0, 2**32))
def test_what_is_written_is_read(word: str, seed: int) -> None:
    kind = next(each for each in iort.KINDS.values() if word == each.WORD)
    chance = random.Random(seed)  # noqa: S311 - repeatable is what it must be
    framing = ("type", "length", "node_revision", "count", "offset")
    values = {
        name: chance.getrandbits(8 * field.size)
        for name, field in kind.fields().items()
        if isinstance(field, UInt) and not name.endswith(framing)
    }
    told = " ".join(f"{name}={value:#x}" for name, value in values.items())
    table = iort.Iort(assemble(f"IORT\n  {word} node_revision=9 {told}")["IORT"])
    assert table.frame_faults == []
    assert {name: getattr(table.nodes[0], name) for name in values} == values


def test_lengths_counts_and_checksums_are_right() -> None:
    text = """
    IORT
      its: its-group ids=4,5
      smmu: smmu-v3
        map count=0xff output=its
      named-component object_name="\\_SB_.GPU0"
        map output=smmu output_base=7 flags=1
    """
    table = iort.Iort(assemble(text)["IORT"])
    assert table.sum == 0
    assert table.length == len(table.data)
    assert [node.WORD for node in table.nodes] == ["its-group", "smmu-v3", "named-component"]
    its, smmu, component = table.nodes
    assert its.ids == (4, 5)
    assert smmu.mappings[0].output == its.start
    assert component.mappings[0].output == smmu.start
    assert component.object_name == "\\_SB_.GPU0"
    assert table.frame_faults == []


def test_damage_by_field_name() -> None:
    data = assemble(
        "IORT checksum=1 trailing=3\n  its: its-group length=4\n  smmu gap=2 size=70 base=its+1"
    )["IORT"]
    assert data[9] == 1
    assert data[-3:] == bytes(3)
    assert len(data) == 48 + 20 + 2 + 70 + 3
    assert int.from_bytes(data[48 + 22 + 16 :][:8], "little") == 49


@pytest.mark.parametrize(
    "text",
    [
        "XXXX",
        "IORT nonsense=1",
        "IORT\n  nonsense",
        "IORT\n  smmu base=nowhere",
        "IORT\n  smmu base=0x",
        "IORT\n  its-group\n    descriptor",
    ],
)
def test_what_can_not_be_assembled_is_told(text: str) -> None:
    with pytest.raises(AssemblyError):
        assemble(text)


def test_a_number_that_does_not_fit_is_told() -> None:
    with pytest.raises(ValueError, match="segment is a number of 4 bytes"):
        assemble("IORT\n  root-complex segment=0x100000000")


def test_fields_behind_the_end_of_a_node_are_not_there() -> None:
    table = iort.Iort(assemble("IORT\n  root-complex size=36 ats=1")["IORT"])
    node = table.nodes[0]
    assert node.has("ats")
    assert not node.has("node_flags")
    assert node.node_flags == 0


def test_fields_of_a_later_revision_are_not_there() -> None:
    old, new = iort.Iort(
        assemble("IORT\n  pmcg page1=5\n  pmcg page1=5 node_revision=1")["IORT"]
    ).nodes
    assert (old.page1, old.has("page1")) == (0, False)
    assert (new.page1, new.has("page1")) == (5, True)


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"", "too few", 0),
        (b"IORT", "too few", 0),
        (b"\0" * 40, "no table begins with", 0),
        (b"IORT" + bytes(40), "has 0 bytes", 4),
        (b"IORT\xff\xff\xff\xff" + bytes(40), "4294967295 bytes, but 48 are there", 4),
        (b"IORT" + bytes.fromhex("efbfbd") * 20, "text-mode transfer", 4),
        (b"IORT" + (MAX_SIZE + 1).to_bytes(4, "little") + bytes(MAX_SIZE), "no more than", 4),
    ],
)
def test_what_is_no_whole_table_is_refused(data: bytes, message: str, offset: int) -> None:
    with pytest.raises(InputError, match=message) as caught:
        cut(data)
    assert caught.value.offset == offset


def test_bytes_behind_the_table_are_counted() -> None:
    table = header(assemble("MCFG trailing=7")["MCFG"])
    assert (table.trailing, table.sum) == (7, 0)


def test_a_table_that_nothing_reads_has_a_header() -> None:
    table = header(b"XYZW" + (36).to_bytes(4, "little") + bytes(28))
    assert (table.signature, list(table.structures)) == ("XYZW", [])


def test_nodes_are_found_by_what_people_write() -> None:
    machine = Machine.of(
        assemble('IORT\n  smmu-v3 base=0x1000\n  named-component object_name="\\_SB_.GPU0"')
    )
    smmu, gpu = machine.nodes[1:]
    for name in ("0x30", "0x1000", "smmu-v3@0x30 (0x1000)", "IORT/smmu-v3@0x30 (0x1000)"):
        assert machine.find(name) is smmu
    assert machine.find("gpu0") is gpu
    assert machine.find("nothing") is None
    assert machine.find("@0x") is None


def test_the_fixtures_are_what_their_texts_say() -> None:
    for folder, tables in machines().items():
        files = {path.stem: path.read_bytes() for path in folder.glob("*.dat")}
        assert files == tables
