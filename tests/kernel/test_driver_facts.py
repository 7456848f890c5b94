"""Facts about drivers: their form in an index, and the facts of a sketch."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.errors import InputError
from dtlink.kernel.source import several
from dtlink.kernel.source.driver_facts import Ask, DriverFacts, Need, decode, encode
from dtlink.kernel.source.index import HEADING, Source, SourceIndex
from dtlink.kernel.source.write import pack, pack_several
from dtlink.testing.sketch import driver_facts, sketch

FILE = "drivers/mmc/vendor.c"
FACTS = DriverFacts(
    asks=(
        Ask("PHY", "", Need.REQUIRED, of_children=True),
        Ask("clock", "a:b", Need.OPTIONAL),
        Ask("power domain", "*", Need.UNKNOWN),
        Ask("regulator", "vmmc", Need.IGNORED),
    ),
    offers=frozenset({"clock", "reset line"}),
    makes=frozenset({"platform:vendor-gpio", "of:vendor,gpio"}),
    populates=True,
    whole=True,
    unsure=frozenset({"GPIO"}),
)

_kinds = st.text(st.characters(codec="ascii", exclude_characters=":"), min_size=1, max_size=20)
_names = st.text(st.characters(codec="ascii"), max_size=20)
_asks = st.builds(Ask, _kinds, _names, st.sampled_from(list(Need)), st.booleans())
_facts = st.builds(
    DriverFacts,
    asks=st.sets(_asks).map(
        lambda asks: tuple(
            sorted(asks, key=lambda a: (a.kind, a.name, a.of_children, a.need.value))
        )
    ),
    offers=st.frozensets(_kinds),
    makes=st.frozensets(_names.filter(bool)),
    populates=st.booleans(),
    whole=st.booleans(),
    unsure=st.frozensets(_kinds),
)


@given(_facts)
def test_facts_are_read_back(facts: DriverFacts) -> None:
    assert decode(encode(facts)) == facts


@given(st.lists(st.text(st.characters(codec="ascii"), max_size=12), max_size=30))
def test_any_items_are_read_and_unknown_ones_are_never_whole(items: list[str]) -> None:
    facts = decode([*items, "w", "z:new"])
    assert not facts.whole
    assert decode(encode(facts)) == facts


def test_items_out_of_bounds_are_left_out() -> None:
    facts = decode(["w", "+clock", "r:clock:" + "x" * 300])
    assert (facts.asks, facts.offers, facts.whole) == ((), {"clock"}, False)
    many = decode([f"r:clock:{number}" for number in range(10_000)])
    assert 0 < len(many.asks) < 10_000
    assert not many.whole


def test_what_is_asked_by_kind() -> None:
    assert FACTS.asks_for("clock") == (Ask("clock", "a:b", Need.OPTIONAL),)
    assert FACTS.asks_for("PHY") == ()
    assert [ask.name for ask in FACTS.asks_for("PHY", of_children=True)] == [""]
    assert FACTS.may_ask("GPIO")
    assert not FACTS.may_ask("clock")
    assert DriverFacts().may_ask("clock")


def _index(release: str, facts: dict[str, DriverFacts]) -> SourceIndex:
    named = {("vendor,mmc", Source(FILE, "vendor", "MMC_VENDOR", "driver"))}
    return SourceIndex.parse(pack(release, named, facts), "an index")


def test_an_index_keeps_facts_by_file() -> None:
    index = _index("6.12.1", {FILE: FACTS, "drivers/b.c": DriverFacts()})
    assert index.facts(FILE) == FACTS
    assert index.facts("drivers/b.c") == DriverFacts()
    assert index.facts("drivers/c.c") is None
    assert [source.file for source in index.entries("vendor,mmc")] == [FILE]
    assert len(index) == 1


def test_an_index_without_facts_knows_nothing_of_a_driver() -> None:
    index = _index("6.12.1", {})
    assert index.facts(FILE) is None
    assert not index.has_facts
    old = several.joined({"6.12.1": index.tables}, {})
    assert SourceIndex.parse(old, "an index").facts(FILE) is None


def test_releases_share_the_facts_that_are_the_same() -> None:
    newer = DriverFacts(asks=FACTS.asks[1:], offers=FACTS.offers, whole=True)
    data = pack_several([_index("6.1.9", {FILE: FACTS}), _index("6.12.1", {FILE: newer})])
    indexes = {each.release: each for each in _every(data)}
    assert indexes["6.1.9"].facts(FILE) == FACTS
    assert indexes["6.12.1"].facts(FILE) == newer
    held = several.contents(data)
    assert held is not None
    assert [each.releases for each in held.facts] == [["6.1.9"], ["6.1.9", "6.12.1"]]
    assert pack_several(indexes.values()) == data


def _every(data: bytes) -> list[SourceIndex]:
    from dtlink.facts.kernels import KernelVersion

    held = several.contents(data)
    versions = map(KernelVersion.of_release, held.releases if held else ())
    return [SourceIndex.parse(data, "an index", version) for version in versions]


def test_damaged_facts_of_a_file_are_reported_when_it_is_read() -> None:
    data = pack_several([_index("6.1.9", {FILE: FACTS})])
    held = several.contents(data)
    assert held is not None
    start = held.facts[0].places[0].start
    with pytest.raises(InputError):
        SourceIndex.parse(data[:start] + bytes(20) + data[start + 20 :], "an index")


def test_lines_of_facts_cost_nothing_until_they_are_asked_for() -> None:
    calls = []

    def rows() -> str:
        calls.append(time.monotonic())
        return f"f\t{FILE}\tw\t+clock\n"

    tables = f"d\t{FILE}\tvendor\t\t\tvendor,mmc\n"
    index = SourceIndex("6.12.1", tables, facts=rows)
    assert index.entries("vendor,mmc")
    assert calls == []
    assert index.facts(FILE) == DriverFacts(offers=frozenset({"clock"}), whole=True)
    assert index.facts("drivers/other.c") is None
    assert len(calls) == 1


def test_a_line_of_facts_twice_is_one() -> None:
    data = several.pack(f"{HEADING}\t6.12.1\nf\ta.c\tw\t+clock\nf\ta.c\tr:PHY:\n")
    facts = SourceIndex.parse(data, "an index").facts("a.c")
    assert facts == DriverFacts(
        asks=(Ask("PHY", "", Need.REQUIRED),), offers=frozenset({"clock"}), whole=True
    )


def test_a_sketch_has_facts() -> None:
    kernel = sketch(
        f"module MMC_VENDOR {FILE} vendor,mmc\n"
        f"facts {FILE} child-required:PHY: optional:clock:a:b unknown:power_domain:* "
        "ignored:regulator:vmmc offers:clock offers:reset_line makes:platform:vendor-gpio "
        "makes:of:vendor,gpio populates whole unsure:GPIO"
    )
    assert kernel.source_index.facts(FILE) == FACTS
    with pytest.raises(ValueError, match="not a fact: wants"):
        driver_facts("wants:clock")
