"""`dtlink rules` and `dtlink explain`: the rules' table and pages."""

import json

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dtlink.report.layout import plain
from dtlink.report.rules import (
    HEADINGS,
    default_of,
    markdown_page,
    markdown_table,
    page,
    sections,
    table,
)
from dtlink.rules.catalogue import all_rules, find, ids
from dtlink.rules.defaults import off_by_default
from dtlink.rules.model import Rule, Tables
from tests.cli.conftest import Run

rules = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
FAMILIES = sorted({rule.family for rule in all_rules()})


def squeezed(text: str) -> str:
    return " ".join(text.split())


def read(text: str) -> list[Token]:
    """A document in Markdown, with the tables that GitHub adds to it."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def prose(tokens: list[Token]) -> str:
    """What a reader sees of the tokens' text, without styles."""
    pieces = [
        "\n" if child.type == "softbreak" else child.content
        for token in tokens
        for child in token.children or ()
    ]
    return squeezed("".join(pieces))


def test_the_table_has_one_line_a_rule_for_grep(run: Run) -> None:
    result = run("rules")
    rows = result.stdout.splitlines()
    assert [row.split()[0] for row in rows] == list(ids())
    for row, rule in zip(rows, all_rules(), strict=True):
        assert row.split(maxsplit=3) == [
            rule.id,
            rule.severity.value,
            rule.since,
            rule.summary,
        ]


@pytest.mark.parametrize("width", [50, 80, 100, 160])
def test_the_table_fits_the_terminal_and_leaves_nothing_out(width: int) -> None:
    chosen = all_rules()
    head, *rows = plain(table(chosen, width)).splitlines()
    assert head.split()[:3] == ["rule", "severity", "since"]
    assert max(map(len, [head, *rows])) <= width
    told = squeezed(" ".join(rows))
    for rule in chosen:
        assert rule.id in told
    # Each summary, wrapped, is still whole: what is left of a row without its first columns.
    assert squeezed("".join(f" {rule.summary}" for rule in chosen)) == squeezed(
        " ".join(row if row.startswith(" ") else " ".join(row.split()[3:]) for row in rows)
    )


def test_the_summaries_are_wrapped_under_themselves() -> None:
    chosen = [rule for rule in all_rules() if rule.family == "legacy"]
    _, *rows = plain(table(chosen, 80)).splitlines()
    column = rows[0].index(chosen[0].summary.split()[0], len(chosen[0].id))
    wrapped = [row for row in rows if row.startswith(" ")]
    assert wrapped
    assert {len(row) - len(row.lstrip()) for row in wrapped} == {column}


def test_the_table_by_family_and_rule(run: Run) -> None:
    result = run("rules", "legacy", "iort/off-by-one")
    told = [row.split()[0] for row in result.stdout.splitlines()]
    assert told == sorted([*(each for each in ids() if each.startswith("legacy/")), told[0]])
    assert told[0] == "iort/off-by-one"
    assert run("rules", "legacy/,iort/off-by-one").stdout == result.stdout


@pytest.mark.parametrize("command", ["rules", "explain"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [("off-by-one", "iort/off-by-one"), ("legcay", "legacy"), ("xyz", "dtlink rules lists them")],
)
def test_an_unknown_name_is_refused_with_what_is_near(
    run: Run, command: str, name: str, meant: str
) -> None:
    result = run(command, name)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"no rule or family is named {name}" in result.stderr
    assert meant in result.stderr


@pytest.mark.parametrize("command", ["rules", "explain"])
def test_json_has_the_pages_of_the_rules_that_are_asked_for(run: Run, command: str) -> None:
    told = json.loads(run(command, "cycle", "--format", "json").stdout)["rules"]
    assert [each["id"] for each in told] == [each for each in ids() if each.startswith("cycle/")]
    for each in told:
        rule = find(each["id"])
        assert rule is not None
        assert (each["summary"], each["page"]) == (rule.summary, rule.page)


def test_pages_come_in_the_order_asked_for(run: Run) -> None:
    result = run("explain", "viot/unused-iommu", "iort/gap")
    assert result.stdout.index("viot/unused-iommu  info") < result.stdout.index("iort/gap  info")


def test_a_family_lists_its_rules(run: Run) -> None:
    assert run("explain", "module").stdout == run("rules", "module").stdout


def test_an_example_tells_what_its_source_can_not(run: Run) -> None:
    told = run("explain", "phandle/leftover-cells").stdout
    assert "in the blob with /serial@2000:clocks = [00 00 00 01 00]" in told
    assert "found at /serial@1000:clocks, /serial@2000:clocks" in told
    assert (
        'with /serial@1000:status = "disabled"' in run("explain", "tree/duplicate-property").stdout
    )
    assert "with --against 5.10" in run("explain", "version/behaviour-change").stdout
    told = run("explain", "module/iommu-late").stdout
    assert "Bad (ACPI tables):" in told
    assert told.count("with a kernel that has:") == 4


@rules
@pytest.mark.parametrize("width", [None, 60])
def test_a_page_in_text_is_whole_and_fits(rule: Rule, width: int | None) -> None:
    text = plain(page(rule, width))
    head, _, examples = text.partition("\nBad")
    assert max(map(len, head.splitlines())) <= (width or 100)
    assert squeezed(f"{rule.summary} {rule.page}").replace("``", "") in squeezed(head)
    assert "``" not in head
    assert "\0" not in text
    for pair in rule.examples:
        for example in (pair.bad, pair.good):
            for row in example.source.strip().splitlines():
                assert row.strip() in examples


@rules
def test_a_page_has_its_four_headings_in_order(rule: Rule) -> None:
    parts = sections(rule)
    assert tuple(heading for heading, _ in parts) == HEADINGS
    assert all(text for _, text in parts)
    assert squeezed(rule.page) == " ".join(f"{heading} {text}" for heading, text in parts)


@rules
def test_a_page_in_markdown_says_the_same_as_the_page(rule: Rule) -> None:
    tokens = read(markdown_page(rule))
    kinds = {child.type for token in tokens for child in token.children or ()}
    # Nothing in the prose turns into a link, an image, HTML or emphasis.
    assert kinds <= {
        "text",
        "text_special",
        "code_inline",
        "softbreak",
        "strong_open",
        "strong_close",
    }
    assert {token.type for token in tokens} <= {
        *("heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "fence"),
    }
    wanted = squeezed(f"{rule.summary}{rule.page}").replace("``", "")
    assert squeezed(wanted).replace(" ", "") in prose(tokens).replace(" ", "")


@rules
def test_a_page_in_markdown_has_its_examples_in_fences(rule: Rule) -> None:
    tokens = read(markdown_page(rule))
    titles = [
        tokens[at + 1].content
        for at, each in enumerate(tokens)
        if each.tag == "h2" and each.nesting == 1
    ]
    assert [title.split()[0] for title in titles] == ["Bad", "Good"] * len(rule.examples)
    assert next(token.tag for token in tokens if token.type == "heading_open") == "h1"
    fenced = [squeezed(token.content) for token in tokens if token.type == "fence"]
    for pair in rule.examples:
        for example in (pair.bad, pair.good):
            assert squeezed(example.source) in fenced
            assert not example.kernel or squeezed(example.kernel) in fenced
            if isinstance(example, Tables):
                assert not example.lspci or squeezed(example.lspci) in fenced
                assert not example.iomem or squeezed(example.iomem) in fenced
    bold = sum(child.type == "strong_open" for token in tokens for child in token.children or ())
    own = (off_by_default(rule.id) is not None) + (rule.fix is not None)
    assert bold == 1 + len(HEADINGS) + own


def test_the_table_in_markdown_reads_back_as_it_was() -> None:
    odd = all_rules()[0]._replace(summary="A | and <b>, *and* _so_ on in ``a|b``.")
    tokens = read(markdown_table([*all_rules(), odd]))
    cells = [prose([token]) for token in tokens if token.type == "inline"]
    rows = [cells[at : at + 5] for at in range(0, len(cells), 5)]
    assert rows[0] == ["rule", "severity", "default", "since", "what it finds"]
    assert rows[1:] == [
        [
            *(rule.id, rule.severity.value, default_of(rule), rule.since),
            rule.summary.replace("``", ""),
        ]
        for rule in [*all_rules(), odd]
    ]


def test_several_pages_in_markdown_are_one_document(run: Run) -> None:
    tokens = read(run("explain", "cycle", "viot/unused-iommu", "--format", "markdown").stdout)
    opened = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    heads = [(tokens[at].tag, tokens[at + 1].content) for at in opened]
    chosen = [*(each for each in ids() if each.startswith("cycle/")), "viot/unused-iommu"]
    assert [head for head in heads if head[0] == "h1"] == [("h1", "The rules of dtlink")]
    assert [text for tag, text in heads if tag == "h2"] == [f"`{each}`" for each in chosen]
    assert {tag for tag, _ in heads} == {"h1", "h2", "h3"}
    assert sum(token.type == "table_open" for token in tokens) == 1


def test_an_alias_says_which_rule_it_is(run: Run) -> None:
    told = run("explain", "iort/node-frame").stdout
    assert told.startswith("iort/node-frame is acpi/frame for the IORT.\n\nacpi/frame  error")
    told = run("explain", "rimt/illegal-target").stdout
    assert told.startswith(
        "rimt/illegal-target is acpi/dangling-reference and acpi/illegal-target for the RIMT.\n"
    )
