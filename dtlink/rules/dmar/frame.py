"""A structure or a device scope does not fit its frame.

What it finds: a remapping structure or a device scope whose length is 0, less than its kind needs,
or more than there is up to the end of what holds it; and bytes left over at an end.
Why it matters: Linux steps from one to the next by these lengths. A structure beyond the table's
end turns VT-d off ("Record passes table end"); a length of 0 makes Linux loop for ever at boot; any
other wrong length makes it take unrelated bytes for the next structure or scope.
What to do: write the true lengths: of a scope 6 and 2 for each hop of its path, of a structure its
fixed part and all its scopes, of the table the sum of all.
References: Intel VT-d, 8.1 to 8.3; Linux, drivers/iommu/intel/dmar.c,
dmar_walk_remapping_entries(), dmar_alloc_dev_scope(), dmar_acpi_dev_scope_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Atsr, Dmar, Sidp
from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.table import Trouble, TroubleKind
from dtlink.rules.dmar._words import BUG, OFF
from dtlink.rules.model import Finding, Severity, Tables, rule

_FIX = {
    "structure": "the structure's length: its fixed part and all of its device scopes",
    "device scope": "the scope's length: 6, and 2 for each device and function of its path",
}


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          region: rmrr base=0x7b800000 last=0x7fffffff length=0x40
            endpoint hops="02.0"
        """,
        finds=("region",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          region: rmrr base=0x7b800000 last=0x7fffffff
            endpoint hops="02.0"
        """
    ),
    needs=("DMAR",),
)
def frame(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each kind of fault, at the first place that has it."""
    alike: dict[object, list[Trouble]] = {}
    for trouble in board.troubles("DMAR"):
        key = trouble.kind, trouble.what, type(_place(trouble)), trouble.length
        alike.setdefault(key, []).append(trouble)
    table = board.machine.dmar
    for troubles in alike.values():
        if table is not None:
            yield _finding(table, troubles)


def _place(trouble: Trouble) -> Struct:
    """The structure that the finding is told at: one that reading gives."""
    where = trouble.where
    return where if where.index or where.owner is None else where.owner


def _finding(table: Dmar, troubles: list[Trouble]) -> Finding:
    first = troubles[0]
    more = f"; {len(troubles) - 1} more are alike" if len(troubles) > 1 else ""
    place = _place(first)
    return frame.finding(
        place,
        f"{_message(first)}{more}",
        property_name="length" if place is first.where and not _is_leftover(first) else None,
        consequence=_consequence(table, first),
        fix=_FIX.get(first.what, _FIX["structure"]),
    )


def _message(trouble: Trouble) -> str:
    holder = _called(trouble.where.owner or trouble.where)
    what = f"the {trouble.what} at {trouble.offset:#x}"
    if _is_leftover(trouble):
        return (
            f"{trouble.room} byte(s) at {trouble.offset:#x} are left at the end of "
            f"{_called(trouble.where)}, too few for a {trouble.what}"
        )
    if trouble.kind is TroubleKind.BEYOND:
        return (
            f"{what} says that it has {trouble.length} bytes, but {holder} ends after "
            f"{trouble.room}"
        )
    if trouble.length < _least(trouble):
        return f"{what}, in {holder}, says that it has {trouble.length} bytes"
    return f"{what} has {trouble.length} bytes, and its kind needs {trouble.room}"


def _called(holder: Struct) -> str:
    return "the table" if isinstance(holder, Dmar) else holder.name


def _least(trouble: Trouble) -> int:
    """The bytes that a type and a length take."""
    return 4 if trouble.what == "structure" else 2


def _is_leftover(trouble: Trouble) -> bool:
    """Whether the trouble is what follows the last one, and not one that has begun."""
    return trouble.kind is TroubleKind.BEYOND and trouble.offset != trouble.where.start


def _consequence(table: Dmar, trouble: Trouble) -> str:
    if trouble.what == "structure":
        return _of_structure(table, trouble)
    return _of_scope(trouble)


def _of_structure(table: Dmar, trouble: Trouble) -> str:
    if _is_leftover(trouble):
        return "Linux takes them, and what follows the table in memory, for one more structure"
    if trouble.kind is TroubleKind.BEYOND:
        return f'"{BUG}Record passes table end": {OFF}'
    if trouble.length == 0 and table.units:
        return (
            "what follows is not read, and dmar_acpi_dev_scope_init(), which steps by the length, "
            "loops for ever: Linux does not boot"
        )
    if trouble.length == 0:
        return "Linux ends reading there, without a word, and has no unit"
    if trouble.length < 4:
        return "Linux takes bytes within it for the next structure, and then whatever they lead to"
    return "Linux takes what follows it for its missing fields"


def _of_scope(trouble: Trouble) -> str:
    holder = _holder(trouble)
    if isinstance(holder, Sidp) or (isinstance(holder, Atsr) and holder.flags & Atsr.ALL_PORTS):
        return "Linux does not read this one; whoever does finds other devices, or none"
    if trouble.length == 0:
        return (
            "dmar_alloc_dev_scope(), which steps by the length, loops for ever: Linux does not boot"
        )
    if _is_leftover(trouble):
        return (
            "Linux takes them, and what follows the structure, for one more scope; where that "
            "has length 0, it loops for ever"
        )
    if trouble.kind is TroubleKind.BEYOND:
        return "Linux reads its path on into what follows: the device is not found"
    return "Linux finds no device by it, and may take bytes within it for the next scope"


def _holder(trouble: Trouble) -> Struct | None:
    return trouble.where if _is_leftover(trouble) else trouble.where.owner
