r"""The name of a named component is no path that Linux would find.

What it finds: names that do not end within their node, or only behind where its mappings begin;
empty names; names that are no absolute path; paths with segments of fewer than four characters;
and, where the devices of the namespace are known, paths of none of them.
Why it matters: Linux compares the name with the device's full path, byte for byte. In that path
each segment has four characters, filled up with underscores: \_SB_.GPU0. A device whose name does
not match has no node: no stream IDs and so no SMMU, no MSIs, no address limit, and no message.
Other systems take \_SB.GPU0 for the same path.
What to do: write the path in full, as /sys/bus/acpi/devices/*/path shows it, with a NUL behind
it.
References: Arm DEN0049, named component node; Linux, drivers/acpi/arm64/iort.c,
iort_match_node_callback(); drivers/acpi/acpica/nsnames.c, acpi_ns_build_normalized_path().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import NamedComponent, is_whole
from dtlink.rules.iort._nodes import full_path, listed, named, nodes, others
from dtlink.rules.model import Finding, Severity, Tables, rule

_LOST = "Linux finds no node for the device: no SMMU, no MSIs, no address limit, and no message"


#: Characters of each segment of a path.
_SEGMENT = 4


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
          gpu: named-component object_name="GPU0"
            map flags=1 output=smmu
        """,
        finds=("gpu:object_name",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
          gpu: named-component object_name="\\_SB_.GPU0"
            map flags=1 output=smmu
        """
    ),
    needs=("IORT",),
)
def component_name(board: TablesBoard) -> Iterator[Finding]:
    """One finding a name that is wrong; one for all that lack underscores."""
    unpadded: list[NamedComponent] = []
    there = board.machine.device_paths
    known = None if there is None else {full_path(each) or each for each in there}
    for node in filter(is_whole, nodes(board, NamedComponent)):
        path = full_path(node.object_name)
        if not _is_terminated(node):
            yield _unterminated(node)
        elif path is None:
            yield _no_path(node)
        elif known is not None and path not in known:
            yield _unknown(node)
        elif path != node.object_name:
            unpadded.append(node)
    if unpadded:
        yield _unpadded(unpadded)


def _is_terminated(node: NamedComponent) -> bool:
    return b"\0" in node.data[node.offset("object_name") : node.fields_end]


def _unterminated(node: NamedComponent) -> Finding:
    # A mapping whose input base has 0 in its low byte ends the name by luck.
    at = node.fields_end
    is_lucky = node.data[at : at + 1] == b"\0" and full_path(node.object_name) == node.object_name
    ends = "its mappings begin" if at < node.end else "it ends"
    return component_name.finding(
        node,
        f"the name of {node.name} has no NUL before byte {at - node.start} of the node, where "
        f"{ends}",
        property_name="object_name",
        severity=Severity.WARNING if is_lucky else None,
        consequence="the name ends only because the byte behind it happens to be 0"
        if is_lucky
        else "the bytes that follow are part of the name: " + _LOST,
        fix="a NUL behind the name, and the mappings behind that",
    )


def _no_path(node: NamedComponent) -> Finding:
    name = node.object_name
    long = next((each for each in name.split(".") if len(each.lstrip("\\")) > _SEGMENT), "")
    said = "empty"
    if long and name.startswith("\\"):
        said = f'"{name}"; {long} has more than the four characters that a segment can have'
    elif name:
        said = f'"{name}", which is no absolute path of the namespace'
    # Nobody can tell whether there is a device that is meant.
    is_nobody = bool(long) or not (name or node.mappings)
    return component_name.finding(
        node,
        f"the name of {node.WORD} at {node.start:#x} is {said}",
        property_name="object_name",
        severity=Severity.WARNING if is_nobody else None,
        consequence="no device has such a name: the node and its mappings are without effect"
        if is_nobody
        else _LOST,
        fix='the full path of the device, such as "\\_SB_.DEV0": a backslash, then segments of '
        "four capital letters, digits or underscores with dots between",
    )


def _unknown(node: NamedComponent) -> Finding:
    return component_name.finding(
        node,
        f'the namespace has no device "{node.object_name}", which {node.WORD} at {node.start:#x} '
        "names",
        property_name="object_name",
        likely=True,
        consequence="the node is without effect, unless a table that is loaded later brings the "
        "device",
        fix="the full path of the device that is meant",
    )


def _unpadded(those: Sequence[NamedComponent]) -> Finding:
    right = listed([f'"{full_path(each.object_name)}"' for each in those])
    return component_name.finding(
        those[0],
        f"the names of {named(those)} have segments of fewer than four characters",
        property_name="object_name",
        severity=Severity.WARNING,
        related=others(those),
        consequence=_LOST + "; other systems find it",
        fix=f"the path as the kernel has it: {right}",
    )
