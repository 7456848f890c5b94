"""The pages of the rules, and their index."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from dtlink.facts.kernels import KNOWN
from dtlink.report.rules import default_of, markdown_page
from dtlink.report.wording import details
from dtlink.rules.aliases import aliases_of
from dtlink.rules.catalogue import all_rules
from dtlink.rules.model import Dts, Rule
from tools.docs.examples import findings, versions

#: What a family is about, by its name.
FAMILIES = {
    "acpi": "the structure of every ACPI table, and what several have in common",
    "bsa": "Arm's BSA and SBSA, as far as tables show them (off by default)",
    "cycle": "dependency cycles",
    "dmar": "Intel VT-d (DMAR)",
    "iommu": "IOMMUs in devicetrees: stream IDs, maps, reserved memory",
    "iort": "Arm's IO remapping table (IORT)",
    "ivrs": "AMD's IOMMUs (IVRS)",
    "legacy": "deprecated bindings and properties",
    "module": "one kernel's drivers, modules and initramfs",
    "overlay": "overlays, and a Raspberry Pi's config.txt",
    "phandle": "references that do not resolve, or have the wrong number of cells",
    "rimt": "RISC-V's IOMMU table (RIMT)",
    "schema": "what dtschema finds about suppliers",
    "source": "comments in devicetree source",
    "supplier": "suppliers that are disabled, never become a device, or are of the wrong kind",
    "tree": "the form of the tree, where it changes what Linux sees",
    "version": "differences between kernel versions",
    "viot": "virtio IOMMUs (VIOT)",
}

_INTRO = """\
Severities: an **error** means that a device will not work, or not safely; a **warning**, that it
works by luck, late, or on some kernels only; **info** is worth knowing. A finding that relies on a
convention rather than on the input alone is a warning at most, marked *likely*. `dtlink explain
RULE` prints a page in the terminal.
"""


def pages() -> Iterator[tuple[str, str]]:
    """The path and the text of each page."""
    yield "rules/index.md", index()
    for rule in all_rules():
        yield f"rules/{rule.id}.md", page(rule)


def index() -> str:
    """The families, and a table of each one's rules."""
    parts = ["# Rules\n", _INTRO]
    for family, rules in groupby(all_rules(), key=lambda rule: rule.family):
        parts += [f"## {family}\n", f"{FAMILIES[family][0].upper()}{FAMILIES[family][1:]}.\n"]
        parts += ["| rule | severity | default | since | what it finds |", "|---|---|---|---|---|"]
        parts += [*map(_row, rules), ""]
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    summary = _escaped(rule.summary)
    link = f"[`{rule.id}`]({rule.id}.md)"
    return f"| {link} | {rule.severity.value} | {default_of(rule)} | {rule.since} | {summary} |"


def _escaped(text: str) -> str:
    return text.replace("``", "`").replace("|", r"\|").replace("<", "&lt;")


def page(rule: Rule) -> str:
    """The page of a rule: that of ``dtlink explain``, what its examples give, where it holds."""
    text = markdown_page(rule)
    facts = [
        f"| severity | {rule.severity.value} |",
        f"| default | {default_of(rule)} |",
        f"| since | dtlink {rule.since} |",
        f"| kernels | {_kernels(rule)} |",
        f"| fixed by `--fix` | {_fix(rule)} |",
        *(
            [f"| aliases | {', '.join(f'`{a}`' for a in names)} |"]
            if (names := _aliases(rule))
            else []
        ),
    ]
    head, _, rest = text.partition("\n\n")
    _, _, rest = rest.partition("\n\n")  # severity and version are in the table
    summary, _, rest = rest.partition("\n\n")
    table = "\n".join(["| | |", "|---|---|", *facts])
    return "\n\n".join((head, summary, table, rest.strip(), _outputs(rule)))


def _aliases(rule: Rule) -> list[str]:
    return [each.id for each in aliases_of(rule.id)]


def _kernels(rule: Rule) -> str:
    """The versions that were asked, as a range where they are one."""
    found = list(versions(rule))
    if found == list(KNOWN):
        return f"all that dtlink knows ({KNOWN[0]} to {KNOWN[-1]})"
    if not found:
        return "none of the examples depends on a version"
    first = list(KNOWN).index(found[0])
    if found == list(KNOWN)[first : first + len(found)]:
        return f"{found[0]} to {found[-1]}" if found[0] != found[-1] else str(found[0])
    return ", ".join(map(str, found))


def _fix(rule: Rule) -> str:
    if rule.fix is None:
        return "no"
    return "yes" if rule.fix.is_safe else "only with `--unsafe-fixes`"


def _outputs(rule: Rule) -> str:
    """What dtlink prints for the bad examples."""
    blocks = []
    for pair in rule.examples:
        if isinstance(pair.bad, Dts) and pair.bad.schema:
            continue  # needs dtschema
        for finding in findings(pair.bad, rule)[:1]:
            text = f"{finding.severity.value} {finding.rule} {finding.subject.path}\n"
            text += f"        {finding.message}\n{details(finding)}"
            blocks.append(f"```text\n{text}\n```\n")
    if not blocks:
        return ""
    return "\n".join(["## What dtlink prints for the bad example\n", *blocks])
