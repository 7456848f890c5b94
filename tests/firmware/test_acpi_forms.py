"""The forms in which people have tables: raw, acpidump's text, iasl's listings, folders."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.acpi import folder, namespace, read
from dtlink.firmware.acpi.listing import blocks as listed
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.table import MAX_SIZE
from dtlink.firmware.errors import InputError
from dtlink.testing.assemble import assemble
from tests.support.boards import SHARED, fixture_blobs
from tests.support.limits import at_most

TABLES = assemble(
    """
    IORT
      its: its-group ids=0
      smmu: smmu-v3 base=0x9050000
        map count=0xffff output=its
      root-complex segment=0
        map count=0xffff output=smmu
      named-component object_name="\\_SB_.DEV0"
        map flags=1 output_base=0x20000 output=smmu
    MCFG
      allocation base=0x4010000000
    VIOT
      iommu: virtio-iommu-pci function=0x8
      pci-range bdf_end=0xff output=iommu
    """
)
IORT, MCFG, VIOT = TABLES.values()
OTHER_IORT = assemble("IORT\n  its-group ids=1")["IORT"]


def table(signature: str, body: bytes = b"") -> bytes:
    """A table that nothing here reads."""
    length = (36 + len(body)).to_bytes(4, "little")
    rest = b"\2\0DTLINKEXAMPLE \1\0\0\0DTLK\1\0\0\0"
    return signature.encode() + length + rest + body


SSDT = table("SSDT", b"\x10\x05\x5c\x2e\x5f")


def rows(
    data: bytes,
    *,
    indent: int = 4,
    width: int = 4,
    upper: bool = True,
    column: bool = True,
    mark: str = "",
    end: str = "\n",
) -> str:
    """The rows of a dump, as a tool may write them."""
    text = ""
    for at in range(0, len(data), 16):
        piece = data[at : at + 16]
        offset, pairs = f"{at:0{width}x}", " ".join(f"{byte:02x}" for byte in piece)
        if upper:
            offset, pairs = offset.upper(), pairs.upper()
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        line = f"{offset}: {pairs:<47}  {mark}{shown}" if column else f"{offset}: {pairs}"
        text += " " * indent + line + end
    return text


def dump(*tables: bytes, title: str = "{} @ 0x0000000000000000", end: str = "\n", **how) -> bytes:
    """A text as acpidump writes it."""
    parts = (
        title.format(data[:4].decode()) + end + rows(data, end=end, **how) + end for data in tables
    )
    return "".join(parts).encode()


def listing(*tables: bytes, end: str = "\n", style: str = "[000h 0000   4]") -> bytes:
    """A text as iasl writes it; its decoded fields are wrong, so that nobody reads them."""
    text = f"/*{end} * Intel ACPI Component Architecture{end} */{end}"
    for data in tables:
        text += f'{style}  Signature : "{data[:4].decode()}"{end}[004h 0004 4] Length : 7{end}{end}'
        text += f"Raw Table Data: Length {len(data)} (0x{len(data):X}){end}{end}"
        text += rows(data, mark="// ", end=end)
    return text.encode()


def same(machine: Machine, *tables: bytes) -> bool:
    return [each.data for each in machine.tables.values()] == list(tables)


def refusal(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read.decode(data, "tables.txt")
    assert caught.value.path == "tables.txt"
    return caught.value


# Which files are tables


@pytest.mark.parametrize("data", [IORT, MCFG, VIOT, SSDT, table("OEM4"), table("ASF!"), IORT[:36]])
def test_tables_are_known_by_their_header(data: bytes) -> None:
    assert read.is_tables(data)


def test_a_damaged_table_is_known_by_its_signature() -> None:
    """So that the user is told what is wrong with it, and not that it is of no known form."""
    for length in (0, 35, 1 << 31):
        data = IORT[:4] + length.to_bytes(4, "little") + IORT[8:]
        assert read.is_tables(data)
        assert refusal(data).offset == 4
    assert refusal(IORT[:20]).offset == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"IORT",
        b"IORT is the table that tells which SMMU serves whom\n",
        b"DMAR\n\n\tand all about it \xe2\x80\xa6\r\n",
        b"ACPI tables, one after another, are what this text is about, and more",
        b"/dts-v1/;\n/ { APIC @ 0x1000 { }; };\n",
        b"IORT @ 0x0000\n\nno rows\n",
        b"the IORT @ 0x0000\n    0000: 49 4F 52 54\n",
        b"RIFF" + (1000).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\1\0\2\0" + bytes(40),
        b"\x7fELF" + bytes(60),
        b"PK\3\4" + bytes(60),
        bytes(4096),
        table("OEM4")[:30],
        table("oem4"),
        table("OEM4").replace(b"DTLINK", b"\xff\x80\1LINK"),
        b"RSD PTR \0BOCHS \2" + bytes(20),
    ],
)
def test_other_files_are_no_tables(data: bytes) -> None:
    assert not read.is_tables(data)


def test_devicetrees_are_no_tables() -> None:
    assert not any(map(read.is_tables, fixture_blobs().values()))


@given(st.text(st.characters(codec="utf-8", exclude_characters=["\0"]), max_size=300))
def test_no_text_is_a_raw_table(text: str) -> None:
    told = f"IORT{text}".translate(dict.fromkeys(range(32), "\n"))
    assert not read.is_tables(told.encode())


def test_what_is_of_no_form_is_refused() -> None:
    assert "no ACPI table" in refusal(b"nothing at all").message


# Raw tables


def test_a_raw_table_and_what_trails_it() -> None:
    machine = read.decode(IORT + b"\0\1\2", "IORT.dat")
    assert same(machine, IORT)
    assert (machine.form, machine.tables["IORT"].trailing) == ("acpi", 3)


def test_several_raw_tables_in_one_file() -> None:
    machine = read.decode(MCFG + SSDT + IORT + SSDT + b"\0", "all.bin")
    assert same(machine, MCFG, IORT)
    assert machine.skipped == ("SSDT",)


def test_the_offset_of_a_damaged_table_behind_another() -> None:
    """The second table's length runs on behind the file: it is no table, but stays what follows."""
    machine = read.decode(MCFG + IORT[:60], "all.bin")
    assert list(machine.tables) == ["MCFG"]
    assert machine.tables["MCFG"].trailing == 60


def test_a_text_mode_transfer_is_told() -> None:
    damaged = b"".join(b"\xef\xbf\xbd" if byte >= 0x80 else bytes([byte]) for byte in IORT)
    assert "text-mode" in refusal(damaged).message


def test_a_table_that_is_not_read_is_said_to_be_skipped() -> None:
    machine = read.decode(table("FACP"), "FACP.dat")
    assert (dict(machine.tables), machine.skipped) == ({}, ("FACP",))


# acpidump's text

VARIANTS = [
    {},
    {"indent": 1},
    {"indent": 2, "upper": False},
    {"indent": 0},
    {"width": 6},
    {"width": 8, "upper": False},
    {"column": False},
    {"end": "\r\n"},
    {"end": "\r\n", "column": False, "indent": 1},
    {"title": "{} @ 0xdeadbeef"},
    {"title": "{} @ 0x1"},
    {"title": "{} @ 0x0000000000000000  "},
]


@pytest.mark.parametrize("how", VARIANTS, ids=str)
def test_every_variant_of_a_dump_gives_the_same_tables(how: dict) -> None:
    text = dump(MCFG, SSDT, IORT, SSDT, VIOT, **how)
    assert read.is_tables(text)
    machine = read.decode(text, "acpidump.out")
    assert same(machine, MCFG, IORT, VIOT)
    assert (machine.form, machine.skipped) == ("acpidump", ("SSDT",))


@given(
    st.binary(max_size=400),
    st.fixed_dictionaries(
        {
            "indent": st.integers(0, 8),
            "width": st.integers(4, 16),
            "upper": st.booleans(),
            "column": st.booleans(),
            "end": st.sampled_from(["\n", "\r\n"]),
        }
    ),
)
def test_a_dumped_table_comes_back(body: bytes, how: dict) -> None:
    data = b"MCFG" + (36 + len(body)).to_bytes(4, "little") + MCFG[8:36] + body
    assert same(read.decode(dump(data, **how), "x"), data)
    assert same(read.decode(listing(data, end=how["end"]), "x"), data)


def test_the_text_around_the_tables_is_passed_over() -> None:
    text = b"$ sudo acpidump\nreading, please wait: 12:30\n\n" + dump(IORT) + b"  done: yes\n"
    assert same(read.decode(text, "session.log"), IORT)
    run_on = dump(MCFG).rstrip(b"\n") + b"\nIORT follows\n\tnow:\n" + dump(IORT)
    assert same(read.decode(run_on, "session.log"), MCFG, IORT)


def test_the_pointer_to_the_tables_is_none() -> None:
    rsdp = b"RSD PTR \0DTLINK\2" + bytes(20)
    text = b"RSD PTR @ 0x40000000\n" + rows(rsdp).encode() + b"\n" + dump(IORT)
    machine = read.decode(text, "acpidump.txt")
    assert same(machine, IORT)
    assert machine.skipped == ("RSD PTR",)


def test_characters_that_look_like_a_title() -> None:
    data = table("OEM1", b"\0" * 12 + b"IORT @ 0x40000000" + b"\0" * 3)
    assert same(read.decode(dump(data, IORT, indent=0), "x"), IORT)


def test_a_table_longer_than_it_says() -> None:
    text = dump(IORT + bytes(7), title="IORT @ 0x0")
    assert read.decode(text, "x").tables["IORT"].trailing == 7


@pytest.mark.parametrize(
    ("sound", "harmed", "line"),
    [
        (b": 49 4F", b": 49 4G", b"    0000: 49"),
        (b": 49 4F", b": 49 F", b"    0000: 49"),
        (b": 49 4F", b": 494F", b"    0000: 49"),
        # A byte less in a row shows at the next, whose offset is another than is due.
        (b": 49 4F", b": 49", b"    0010:"),
        (b" 0010:", b" 0020:", b"    0020:"),
        (b" 0010:", b" 001Z:", b"    001Z:"),
    ],
)
def test_damaged_rows_are_told_at_their_line(sound: bytes, harmed: bytes, line: bytes) -> None:
    text = b"some text\n" + dump(MCFG, IORT)
    at = text.index(b"IORT @")
    text = text[:at] + text[at:].replace(sound, harmed, 1)
    assert refusal(text).offset == text.index(line, at)


def test_a_dump_that_ends_early() -> None:
    text = dump(MCFG, IORT)
    cut = text[: text.rindex(b"    0080:")]
    error = refusal(cut)
    assert error.offset == len(cut)
    assert f"IORT has {len(IORT)} bytes, its dump ends here after 128" in error.message


def test_a_title_above_nothing() -> None:
    text = dump(MCFG) + b"IORT @ 0x0\n\n"
    assert refusal(text).offset == text.index(b"IORT")


def test_a_title_above_another_table() -> None:
    text = dump(MCFG) + b"IORT @ 0x0\n" + rows(VIOT).encode()
    error = refusal(text)
    assert error.message == "the title says IORT, the bytes below it say 'VIOT'"
    assert error.offset == text.index(b"    0000: 56")


def test_two_machines_in_one_text() -> None:
    text = dump(MCFG, IORT) + b"the other:\n" + dump(MCFG, OTHER_IORT)
    error = refusal(text)
    places = text.index(b"IORT @"), text.rindex(b"IORT @")
    assert error.offset == places[1]
    assert all(f"byte {place:#x}" in error.message for place in places)


def test_one_table_twice_is_one() -> None:
    assert same(read.decode(dump(IORT, IORT), "x"), IORT)


def test_tables_of_which_there_may_be_many() -> None:
    many = [table("SSDT", bytes([number])) for number in range(9)]
    oem = [table("OEM1", bytes([number])) for number in range(3)]
    machine = read.decode(dump(*many, IORT, *oem), "x")
    assert machine.skipped == ("SSDT", "OEM1")


OTHER_MCFG = assemble("MCFG\n  allocation base=0x1000 segment=7")["MCFG"]


def test_of_two_mcfgs_or_madts_the_first_counts() -> None:
    machine = read.decode(dump(MCFG, IORT, OTHER_MCFG), "x")
    assert same(machine, MCFG, IORT)
    (note,) = machine.repeated
    assert "MCFG" in note
    assert "not checked" in note
    assert read.decode(dump(MCFG, IORT, MCFG), "x").repeated == ()
    assert "several machines" in refusal(dump(MCFG, OTHER_MCFG)).message


def test_two_mcfgs_in_a_folder_of_one_machine(tmp_path: Path) -> None:
    top = write(tmp_path / "a", {"IORT": IORT, "MCFG1": OTHER_MCFG, "MCFG2": MCFG})
    (found,) = read.machine_folders(top)
    assert names(found.members) == ["IORT", "MCFG1", "MCFG2"]
    machine = read.read_folder(top)
    assert same(machine, IORT, OTHER_MCFG)
    assert "MCFG1" in machine.repeated[0].partition(";")[0]
    # Nothing shows that files with other names are of one machine.
    other = write(tmp_path / "b", {"IORT": IORT, "old.mcfg.bin": OTHER_MCFG, "mcfg.bin": MCFG})
    assert read.look(other).members == ()


def test_two_programs_of_which_there_is_one() -> None:
    assert "DSDT" in refusal(dump(table("DSDT", b"1"), table("DSDT", b"2"))).message


# iasl's listings


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("style", ["[000h 0000   4]", "[000h 0000 004h]", "[0004]"])
def test_a_listing_is_read_from_its_raw_dump(end: str, style: str) -> None:
    text = listing(IORT, end=end, style=style)
    assert read.is_tables(text)
    machine = read.decode(text, "iort.dsl")
    assert same(machine, IORT)
    assert machine.form == "iasl"


def test_a_listing_of_many_tables() -> None:
    assert same(read.decode(listing(IORT, SSDT, MCFG), "all.txt"), IORT, MCFG)


def test_a_listing_without_a_raw_dump() -> None:
    written = b'[0004]    Signature : "IORT"    [IO Remapping Table]\n[0004]  Length : 0\n'
    program = b"/*\n * Intel ACPI Component Architecture\n */\nDefinitionBlock (...)\n"
    for text in (written, program):
        assert read.is_tables(text)
        error = refusal(text)
        assert "Raw Table Data" in error.message
        assert "/sys/firmware/acpi/tables" in error.message


@pytest.mark.parametrize(
    "harm",
    [
        (b"Length %d" % len(IORT), b"Length 9"),
        (b"Length %d" % len(IORT), b"Length 4294967296"),
        (b"Length %d" % len(IORT), b"Length %d" % (1 << 400)),
        (b"Data: Length", b"Data"),
        (b"    0080:", b"cut     \n"),
    ],
)
def test_a_damaged_listing(harm: tuple[bytes, bytes]) -> None:
    text = listing(MCFG) + listing(IORT)
    assert harm[0] in text
    error = refusal(text.replace(*harm))
    assert error.offset is not None
    assert error.offset > 0


def test_two_machines_in_one_listing() -> None:
    assert "several machines" in refusal(listing(IORT, OTHER_IORT)).message


# Folders


def write(top: Path, files: dict[str, bytes]) -> str:
    top.mkdir(exist_ok=True, parents=True)
    for name, data in files.items():
        (top / name).write_bytes(data)
    return str(top)


def names(paths: tuple[str, ...]) -> list[str]:
    return [Path(path).name for path in paths]


def test_the_folder_of_the_system(tmp_path: Path) -> None:
    top = write(
        tmp_path / "tables",
        {"IORT": IORT, "MCFG": MCFG, "SSDT1": SSDT, "SSDT2": table("SSDT"), "DSDT": table("DSDT")},
    )
    write(tmp_path / "tables" / "dynamic", {"SSDT13": table("SSDT", b"1")})
    write(tmp_path / "tables" / "data", {"BERT": bytes(64)})
    (found,) = read.machine_folders(str(tmp_path))
    assert found.folder == top
    assert names(found.members) == ["DSDT", "IORT", "MCFG", "SSDT1", "SSDT2"]
    machine = read.read_folder(top)
    assert (machine.form, machine.skipped) == ("acpi-folder", ("DSDT", "SSDT"))
    assert same(machine, IORT, MCFG)
    assert machine.files["IORT"] == machine.tables["IORT"].source == f"{top}/IORT"


def test_files_of_any_suffix_and_listings(tmp_path: Path) -> None:
    top = write(
        tmp_path,
        {
            "Iort.DAT": IORT,
            "iort.dsl": listing(IORT),
            "mcfg.10": MCFG,
            "viot.dsl": listing(VIOT),
            "dsdt.aml": table("DSDT"),
            "dsdt.dsl": b"/*\n * Intel ACPI Component Architecture\n */\nDefinitionBlock (",
            "other.bin": b"IORT, as a text",
            "acpidump.txt": dump(IORT, MCFG),
            "README.txt": b"IORT and MCFG of a machine",
            "IORT.bin.orig": OTHER_IORT,
        },
    )
    (found,) = read.machine_folders(top)
    assert names(found.members) == ["Iort.DAT", "dsdt.aml", "mcfg.10", "viot.dsl"]
    assert names(found.alone) == ["acpidump.txt"]
    assert same(read.read_folder(top), IORT, MCFG, VIOT)


def test_tables_of_several_machines(tmp_path: Path) -> None:
    top = write(tmp_path, {"a.dat": IORT, "b.dat": OTHER_IORT, "c.dat": MCFG, "d.dat": SSDT})
    (found,) = read.machine_folders(top)
    assert (found.members, names(found.alone)) == ((), ["a.dat", "b.dat", "c.dat"])
    with pytest.raises(InputError, match=r"a\.dat and in .*b\.dat: these are several machines"):
        read.read_folder(top)


def test_the_same_table_under_two_names(tmp_path: Path) -> None:
    top = write(tmp_path, {"IORT.aml": IORT + b"\0", "iort-copy.dat": IORT, "MCFG.aml": MCFG})
    (found,) = read.machine_folders(top)
    assert len(found.members) == 3
    assert len(read.read_folder(top).tables) == 2


def test_a_table_alone_is_an_input_by_itself(tmp_path: Path) -> None:
    top = write(tmp_path, {"IORT.dat": IORT, "board.dtb": b"\xd0\x0d\xfe\xed"})
    (found,) = read.machine_folders(top)
    assert (found.members, names(found.alone)) == ((), ["IORT.dat"])
    assert same(read.read_folder(top), IORT)


def test_a_damaged_member_is_told_and_the_others_read(tmp_path: Path) -> None:
    damaged = b"".join(b"\xef\xbf\xbd" if byte >= 0x80 else bytes([byte]) for byte in IORT)
    files = {"iort.dat": damaged, "mcfg.dat": MCFG, "apic.dat": b"", "viot.dat": VIOT[:40]}
    top = write(tmp_path, files)
    (found,) = read.machine_folders(top)
    assert len(found.members) == 4
    machine = read.read_folder(top)
    assert same(machine, MCFG)
    assert {Path(each.path).name: each.message.partition(":")[0] for each in machine.refused} == {
        "iort.dat": "a text-mode transfer has replaced every byte from 0x80 on by EF BF BD",
        "apic.dat": "an empty file",
        "viot.dat": "the header says that the table has 88 bytes, but 40 are there",
    }


def test_the_listing_beside_a_damaged_table_is_read(tmp_path: Path) -> None:
    top = write(tmp_path, {"iort.dat": IORT[:50], "iort.dsl": listing(IORT), "mcfg.dat": MCFG})
    machine = read.read_folder(top)
    assert {*machine.tables} == {"IORT", "MCFG"}
    assert machine.files["IORT"] == f"{top}/iort.dsl"
    assert [Path(each.path).name for each in machine.refused] == ["iort.dat"]


def test_a_folder_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    top = write(tmp_path, {"IORT": IORT[:50], "MCFG": b""})
    with pytest.raises(InputError, match="and 1 more file") as caught:
        read.read_folder(top)
    assert caught.value.path == f"{top}/IORT"


def test_files_that_only_root_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, *_: object) -> bytes:
        raise InputError("Permission denied", path=path)

    top = write(tmp_path, {"IORT": IORT, "MCFG": MCFG, "wxyz.bin": b"of no interest"})
    monkeypatch.setattr(folder, "_read", refuse)
    assert names(read.look(top).members) == ["IORT", "MCFG"]
    with pytest.raises(InputError, match="Permission denied"):
        read.read_folder(top)


def test_no_folder_and_no_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without ACPI tables"):
        read.read_folder(str(tmp_path))
    with pytest.raises(InputError, match="No such file"):
        read.read_folder(str(tmp_path / "none"))
    assert list(read.machine_folders(str(tmp_path / "none"))) == []


def test_only_the_folder_itself_is_read(tmp_path: Path) -> None:
    top = write(tmp_path / "machine", {"IORT": IORT, "MCFG": MCFG})
    (tmp_path / "machine" / "VIOT").symlink_to(tmp_path)
    (tmp_path / "machine" / "DMAR").symlink_to("DMAR")
    (tmp_path / "machine" / "more").symlink_to(tmp_path)
    assert [found.folder for found in read.machine_folders(str(tmp_path))] == [top]
    assert {*read.read_folder(top).tables} == {"IORT", "MCFG"}


def test_too_many_files_are_no_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = write(tmp_path, {f"ssdt{number}.dat": SSDT for number in range(5)} | {"IORT.dat": IORT})
    monkeypatch.setattr(folder, "MAX_FILES", 5)
    assert names(read.look(top).alone) == ["IORT.dat"]
    with pytest.raises(InputError, match="more than 5 tables"):
        read.read_folder(top)


def test_what_is_read_of_a_folder_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = write(tmp_path, {"IORT.dat": IORT, "MCFG.dat": MCFG})
    monkeypatch.setattr(folder, "MAX_TOTAL", len(IORT) + 10)
    machine = read.read_folder(top)
    assert same(machine, IORT)
    assert [Path(each.path).name for each in machine.refused] == ["MCFG.dat"]


# Hostile inputs


@pytest.mark.parametrize(
    "data",
    [
        b"A" * (40 << 20),
        b" " * (40 << 20),
        b"0" * (40 << 20),
        b"IORT @ 0x0\n    0000: 49 4F 52 54" + b" " * (40 << 20),
        b"IORT @ 0x0\n" + b" " * (40 << 20),
        b"IORT @ 0x0\n    " + b"0" * (40 << 20) + b": 49\n",
        b"IORT @ 0x0\n    0000:" + b" 49" * (10 << 20),
        b" @ 0x" * (8 << 20),
        b"IORT @ 0x0\n" * (3 << 20),
        b"Raw Table Data: Length " + b"9" * (20 << 20),
        b"Raw Table Data: Length 9\n" * (1 << 20),
        (b"IORT" + (36).to_bytes(4, "little") + bytes(28)) * (1 << 20),
        (table("SSDT")) * (1 << 19),
        b"IORT\xff\xff\xff\xff" + bytes(28) + b"\xff" * 100,
    ],
    ids=range(14),
)
def test_hostile_texts_cost_no_more_than_their_size(data: bytes) -> None:
    with at_most(10):
        read.is_tables(data)
        with pytest.raises(InputError):
            read.decode(data, "hostile")


def test_as_many_tables_as_one_likes() -> None:
    text = b"".join(b"SSDT @ 0x0\n    0000: 53 53 44 54 08 00 00 00\n\n" for _ in range(200_000))
    with at_most(10):
        assert "more than 4096 tables" in refusal(text).message


def test_a_dump_without_end() -> None:
    body = rows(b"IORT\xff\xff\xff\x00" + bytes(1 << 20)).encode()
    with at_most(10):
        assert refusal(b"IORT @ 0x0\n" + body).offset is not None
    assert MAX_SIZE < 1 << 25


def outcome(data: bytes) -> str:
    try:
        read.decode(data, "damaged")
    except InputError as error:
        told = error.offset is not None and 0 <= error.offset <= len(data)
        return "refused" if told else "nowhere"
    return "read"


def test_damaged_texts_are_read_or_refused() -> None:
    chance = random.Random(20260412)  # noqa: S311 - repeatable is what it must be
    sound = [dump(MCFG, IORT, end="\r\n"), dump(IORT, SSDT, column=False), listing(IORT, VIOT)]
    outcomes: Counter[str] = Counter()
    for number in range(1500):
        data = bytearray(sound[number % 3])
        for _ in range(chance.choice((1, 2, 8))):
            at = chance.randrange(len(data))
            new = bytes(chance.choices(b"09aFz:@ x\r\n\0\xff", k=chance.randrange(4)))
            data[at : at + chance.randrange(4)] = new
        with at_most(10):
            outcomes[outcome(bytes(data))] += 1
    assert outcomes["nowhere"] == 0
    assert min(outcomes["read"], outcomes["refused"]) > 100


# The namespace

needs_iasl = pytest.mark.skipif(not shutil.which(namespace.PROGRAM), reason="no iasl here")
#: Device (\_SB.PCI0) with Device (DEV), Method (MTH) that would make one; then more of the scope.
_PCI0 = b"\x5b\x82\x0bPCI0\x5b\x82\x05DEV_"
_METHOD = b"\x14\x0bMTH_\x00\x5b\x82\x05NONE"
_SB = b"\x10" + bytes([6 + len(_PCI0) + len(_METHOD)]) + b"\\_SB_" + _PCI0 + _METHOD
_MORE = b"\x10\x16\\/\x03_SB_PCI0DEV_\x5b\x82\x05SUB_"


def summed(data: bytes) -> bytes:
    return data[:9] + bytes([-sum(data) & 0xFF]) + data[10:]


CODE = {"DSDT0": summed(table("DSDT", _SB)), "SSDT1": summed(table("SSDT", _MORE))}


@needs_iasl
def test_devices_by_their_full_paths() -> None:
    assert namespace.device_paths(CODE) == {
        "\\_SB_.PCI0",
        "\\_SB_.PCI0.DEV_",
        "\\_SB_.PCI0.DEV_.SUB_",
    }


@needs_iasl
def test_the_devices_of_a_machine_are_asked_for_when_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = read.decode(dump(CODE["SSDT1"], IORT, CODE["DSDT0"]), "x")
    assert machine.device_paths is not None
    assert "\\_SB_.PCI0.DEV_.SUB_" in machine.device_paths
    # Nobody's names are looked up for the tables that have none: the programs are let go.
    assert read.decode(dump(CODE["DSDT0"], VIOT), "x").device_paths is None
    assert not machine.lacks_device_paths
    monkeypatch.setattr(namespace, "PROGRAM", "no-such-program")
    machine = read.decode(dump(CODE["DSDT0"], IORT), "x")
    assert not machine.lacks_device_paths  # nothing asked
    assert machine.device_paths is None
    assert machine.lacks_device_paths


@needs_iasl
@pytest.mark.parametrize(
    "code",
    [
        {"DSDT0": table("DSDT", b"\x5b\x82\x7fPCI0")},
        {"DSDT0": b"DSDT, as a text"},
        {"DSDT0": CODE["DSDT0"], "SSDT1": b""},
        {"SSDT0": CODE["SSDT1"]},
        {},
    ],
)
def test_a_namespace_that_nobody_can_tell(code: dict[str, bytes]) -> None:
    assert not namespace.device_paths(code)


def test_a_program_that_takes_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(namespace, "PROGRAM", str(slow))
    monkeypatch.setattr(namespace, "TIMEOUT", 0.2)
    assert namespace.device_paths(CODE) is None


def test_names_are_looked_for_upwards() -> None:
    text = """\
DefinitionBlock ("", "DSDT", 2, "X", "Y", 1)
{
    Scope (\\_SB)
    {
        Device (PCI0)
        {
            Device (A)
            {
                Name (X, Package (0x01)
                {
                    "Device (NO)"
                })
            }

            Scope (PCI0)
            {
                Device (B) {}
            }

            Device (^C)
            {
            }

            If (One)
            {
                Device (D)
                {
                }
            }

            Method (M, 0)
            {
                Device (N)
                {
                }
            }

            Device (E.F)
            {
            }
        }
    }

    Scope (_SB)
    {
        Processor (CPU0, 0x01, 0x00, 0x00) {}
    }

    Device (\\_TZ.G)
    {
    }
}
"""
    paths = ("PCI0", "PCI0.A___", "PCI0.B___", "C___", "PCI0.D___", "PCI0.E___.F___")
    expected = {f"\\_SB_.{path}" for path in paths} | {"\\_TZ_.G___"}
    assert namespace._devices(iter([text])) == expected


# Real tables

_REAL = SHARED / "tables"
needs_real = pytest.mark.skipif(not _REAL.is_dir(), reason=f"no real tables in {_REAL}")


@needs_real
def test_every_real_file_is_of_the_form_that_it_seems() -> None:
    forms: Counter[str] = Counter()
    for path in _REAL.rglob("*"):
        if path.is_file() and read.is_tables(data := path.read_bytes()):
            forms[f"{read.decode(data, str(path)).form} {path.suffix}"] += 1
    seemed = Counter(
        {"acpi .bin": 191, "acpi .dat": 71, "acpi .aml": 9}
        | {"acpidump .txt": 7, "acpidump .log": 6, "iasl .dsl": 23, "iasl .txt": 5}
    )
    assert forms == seemed


@needs_real
def test_real_listings_are_the_tables_beside_them() -> None:
    equal = 0
    for path in sorted(_REAL.rglob("*.dsl")):
        beside = [path.with_suffix(suffix) for suffix in (".dat", ".aml")]
        raw = next(each for each in beside if each.exists()).read_bytes()
        (block,) = listed(path.read_bytes())
        assert block.data == raw, path
        equal += 1
    assert equal == 23


@needs_real
def test_real_folders_are_machines_where_they_are_of_one() -> None:
    found = {Path(each.folder).name: each for each in read.machine_folders(str(_REAL))}
    machines = {name for name, each in found.items() if each.members}
    assert {"DMAR", "IVRS", "acpidump", "decoded"}.isdisjoint(machines)
    assert {"virt-viot", "acer-aspire-1", "q35-intel"} <= machines
    assert len(machines) == 72
    for name in machines:
        machine = read.read_folder(found[name].folder)
        assert machine.tables
        assert [Path(each.path).name for each in machine.refused] == (
            ["apic.dat"] if name == "lenovo-flex-5g" else []
        )


@needs_real
@needs_iasl
def test_the_devices_of_a_real_machine() -> None:
    data = (_REAL / "qemu" / "virt-viot" / "acpidump.txt").read_bytes()
    paths = read.decode(data, "acpidump.txt").device_paths
    assert paths is not None
    assert len(paths) == 43
    assert "\\_SB_.PCI0" in paths
