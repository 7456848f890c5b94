"""What comments cover is looked up as it would be found by looking at each."""

from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.source.coverage import Coverage
from dtlink.firmware.source.placed_comments import SourceComment
from dtlink.firmware.tree import Location

FILES = st.sampled_from(["a.dts", "b.dtsi"])
POSITIONS = st.tuples(st.integers(1, 9), st.integers(1, 5))
NODES = st.sampled_from(["/", "/a", "/a/b", "/c"])


@st.composite
def comments(draw: st.DrawFn) -> SourceComment:
    start, end = sorted((draw(POSITIONS), draw(POSITIONS)))
    place = Location(draw(FILES), *start)
    nodes = tuple(draw(st.lists(NODES, max_size=2)))
    return SourceComment(place, "allow", ("phandle/dangling",), "", "", start, end, nodes)


@st.composite
def locations(draw: st.DrawFn) -> Location:
    chain = draw(st.lists(st.tuples(FILES, st.integers(1, 9)), max_size=2))
    return Location(draw(FILES), *draw(POSITIONS), chain=tuple(chain))


def covers(comment: SourceComment, node: str, location: Location | None) -> bool:
    if node in comment.nodes:
        return True
    if location is None:
        return False
    here = comment.start <= (location.line, location.column) < comment.end
    return (location.file == comment.place.file and here) or any(
        file == comment.place.file and comment.start[0] <= line <= comment.end[0]
        for file, line in location.chain
    )


@given(st.lists(comments(), max_size=12), NODES, st.none() | locations())
def test_as_each_comment_says(
    given_comments: list[SourceComment], node: str, location: Location | None
) -> None:
    found = Coverage(given_comments).covering(node, location)
    wanted = [n for n, each in enumerate(given_comments) if covers(each, node, location)]
    assert sorted(found) == wanted
