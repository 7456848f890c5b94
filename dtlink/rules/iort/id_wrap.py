"""The IDs of a mapping have more than 32 bits.

What it finds: ranges whose base and count make a last ID beyond 0xffffffff: among the IDs that go
in, or among those that come out.
Why it matters: Linux adds in 32 bits. The last ID of such a range then lies before its first, and
no ID is within: the devices get no SMMU and no MSI controller. Outputs go on with 0, which are the
stream or device IDs of others.
What to do: write the number of IDs less one as the count, and the base that the SMMU or ITS sees.
References: Arm DEN0049, ID mapping; Linux, drivers/acpi/arm64/iort.c, iort_id_map().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IdMapping, IortNode, NamedComponent, Rmr, RootComplex
from dtlink.links.acpi.iort_pieces import IDS
from dtlink.links.id_ranges import REQUESTER_IDS
from dtlink.rules.iort._mappings import entries, verb
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "devices get an SMMU or an ITS that they did not have"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map input_base=0x8 count=0xffffffff output_base=0x8 output=smmu
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map input_base=0x8 count=0xfff7 output_base=0x8 output=smmu
        """
    ),
    needs=("IORT",),
)
def id_wrap(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node for what goes in, and one for what comes out."""
    for node in nodes(board, IortNode):
        ranges = [each for each in node.mappings if not each.single]
        # Linux ignores the inputs of an RMR.
        inputs = [each for each in ranges if each.inputs.stop > IDS and not isinstance(node, Rmr)]
        told = {each.entry for each in inputs}
        outputs = [each for each in ranges if each.outputs.stop > IDS and each.entry not in told]
        if inputs:
            yield _input(node, inputs)
        if outputs:
            yield _output(node, outputs)


def _input(node: IortNode, some: Sequence[IdMapping]) -> Finding:
    first = some[0]
    component = isinstance(node, NamedComponent)
    return id_wrap.finding(
        first,
        f"{entries(some)} of {node.name} {verb(some, 'goes', 'go')} from ID "
        f"{first.input_base:#x} to "
        f"{first.inputs[-1]:#x}, which has more than 32 bits",
        property_name="count",
        severity=Severity.WARNING if component else None,
        effect="none on Linux, which has no input ID for a platform device; elsewhere no ID "
        "is "
        "within the range"
        if component
        else "for Linux no ID is within the range: the devices get nothing by this entry, "
        "without a message",
        fix=_fix(node, some),
    )


def _fix(node: IortNode, some: Sequence[IdMapping]) -> Fix | str:
    """To the last ID that there is; with edits where the one count says all IDs."""
    last = REQUESTER_IDS.last if isinstance(node, RootComplex) else IDS - 1
    text = f"Set count to at most {IDS - 1 - some[0].input_base:#x}."
    is_all = some[0].count == IDS - 1
    if not is_all or len(node.mappings) > 1 or some[0].input_base > last:
        return text
    most = min(last - some[0].input_base, IDS - 1 - some[0].output_base)
    return Fix.setting(text, (some[0], "count", most))


def _output(node: IortNode, some: Sequence[IdMapping]) -> Finding:
    first = some[0]
    last = first.outputs[-1]
    wraps = IDS - first.output_base + first.input_base
    harmless = isinstance(node, RootComplex) and wraps > REQUESTER_IDS.last
    return id_wrap.finding(
        first,
        f"{entries(some)} of {node.name} {verb(some, 'gives', 'give')} IDs from "
        f"{first.output_base:#x} to {last:#x}, "
        "which has more than 32 bits",
        property_name="output_base",
        severity=Severity.INFO if harmless else Severity.WARNING,
        effect="none: requester IDs have 16 bits, and theirs come out right"
        if harmless
        else f"from ID {wraps:#x} on the outputs restart at 0, and may equal those of others",
        fix="Set output_base to the ID that the SMMU or ITS expects, or count to the number of "
        "IDs minus 1.",
    )
