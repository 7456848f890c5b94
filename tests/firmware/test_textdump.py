"""Tables as hexdump, xxd and od print them."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dtlink.firmware.acpi import read, textdump
from dtlink.firmware.acpi.table import MAX_SIZE
from dtlink.firmware.errors import InputError
from dtlink.testing.assemble import assemble
from tests.support.hexdumps import FORMS, canonical, hexdump, xxd
from tests.support.limits import at_most

TABLES = assemble(
    """
    IVRS
      ivhd-10 base=0xfeb80000
        all
        special handle=33 source=0xa0
      ivmd-select device=0x300 flags=7 range_start=0x70000000 range_length=0x2000
    APIC
      ioapic id=33 address=0xfec00000
    """
)


def table(body: bytes) -> bytes:
    length = (36 + len(body)).to_bytes(4, "little")
    return b"IVRS" + length + b"\2\0DTLINKEXAMPLE \1\0\0\0DTLK\1\0\0\0" + body


@pytest.mark.parametrize("form", FORMS)
@given(body=st.binary(max_size=99), filler=st.integers(0, 99))
@example(body=b"", filler=64)
@example(body=b"0123456789abcdef" * 5, filler=0)
def test_a_dumped_table_comes_back(form: Callable[[bytes], str], body: bytes, filler: int) -> None:
    whole = table(body + bytes(filler))
    text = f"$ sudo dump IVRS\n```\n{form(whole)}```\n\nThat was it.\n".encode()
    assert read.is_tables(text)
    (found,) = textdump.blocks(text)
    assert (found.signature, found.data) == ("IVRS", whole)


@pytest.mark.parametrize("form", FORMS)
def test_line_ends_of_windows_and_an_indent(form: Callable[[bytes], str]) -> None:
    text = "".join(f"    {row}\r\n" for row in form(TABLES["IVRS"]).splitlines()).encode()
    machine = read.decode(text)
    assert machine.form == "hexdump"
    assert machine.ivrs
    assert machine.ivrs.data == TABLES["IVRS"]


def test_dumps_in_a_folder_are_one_machine(tmp_path: Path) -> None:
    (tmp_path / "IVRS.txt").write_text(hexdump(TABLES["IVRS"]))
    (tmp_path / "APIC.txt").write_text(xxd(TABLES["APIC"]))
    machine = read.read_folder(str(tmp_path))
    assert machine.ivrs
    assert [each.id for each in machine.madt.ioapics] == [33]
    # A dump beside the table itself is not read.
    (tmp_path / "IVRS.dat").write_bytes(TABLES["IVRS"])
    assert read.read_folder(str(tmp_path)).ivrs


def test_a_damaged_row_is_told_at_its_place() -> None:
    text = xxd(TABLES["IVRS"])
    first, end, rest = text.partition("\n")
    for harmed in (
        text.replace("00000020: ", "00000030: "),
        first + end + rest.replace("0000 ", "", 1),
    ):
        with pytest.raises(InputError, match="due as the next offset") as caught:
            read.decode(harmed.encode())
        assert caught.value.offset


def test_a_dump_that_ends_early() -> None:
    rows = canonical(TABLES["IVRS"]).splitlines(keepends=True)
    with pytest.raises(InputError, match="its dump has 32"):
        read.decode("".join(rows[:2]).encode())


@pytest.mark.parametrize(
    "text",
    [
        xxd(b"\xd0\x0d\xfe\xed" + bytes(60)),
        "00000000: 0000 0000\n",
        "0000: a list of notes\n0010: more of them\n",
        "00000010: 4956 5253 0801 0000\n",
    ],
)
def test_other_dumps_and_texts_are_none(text: str) -> None:
    assert not read.is_tables(text.encode())


def test_hostile_dumps_cost_no_more_than_their_size() -> None:
    start = xxd(TABLES["IVRS"])[:68]
    with at_most(), pytest.raises(InputError):
        read.decode((start + "*\nffffffff: 00\n").encode())
    with at_most(), pytest.raises(InputError):
        read.decode((start + f"*\n{MAX_SIZE:08x}: 00\n" * 2000).encode())
    with at_most():
        assert not read.is_tables(b"00000000: 00\n" * 9000)


def test_damaged_dumps_are_read_or_refused() -> None:
    rng = random.Random("dumps")  # noqa: S311 - not for secrets
    for form in FORMS:
        for _ in range(150):
            text = bytearray(form(TABLES["IVRS"]).encode())
            for _ in range(rng.randint(1, 4)):
                text[rng.randrange(len(text))] = rng.choice(b"0123abcdef *|\n:")
            with contextlib.suppress(InputError):
                assert read.decode(bytes(text)).form == "hexdump"
