"""The inputs of the benchmark of slopes: each can be made, and its commands name files of it."""

from pathlib import Path

import pytest

from tests.benchmarks.costs import Cost, copied, cost, middle
from tests.benchmarks.rows import Row, kept
from tests.benchmarks.shapes import SHAPES


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_can_be_made(name: str) -> None:
    shape = SHAPES[name]
    made = shape.make(4)
    files = {shape.file} if isinstance(made, bytes) else set(made)
    assert made
    later = {word[1:] for line in shape.before for word in line.split() if word[:1] == "@"}
    for command in shape.commands:
        read = command.partition(" -o ")[0]
        for word in read.split():
            if word.startswith("@"):
                asked = word[1:] or shape.file
                assert asked in later or any(x == asked or x.startswith(f"{asked}/") for x in files)


def test_an_input_has_about_the_size_that_is_asked_for(tmp_path: Path) -> None:
    SHAPES["graphs/clock chain"].write(64_000, tmp_path)
    assert 55_000 < (tmp_path / "input.dtb").stat().st_size < 73_000


def test_what_is_too_much_is_told() -> None:
    sizes = (64_000, 256_000, 1_000_000)
    fine = [Cost(0.2, 30, 100, 0), Cost(0.4, 40, 400, 0), Cost(1.2, 80, 1600, 1)]
    assert Row("a", "lint @", sizes, fine, 0.1).faults == []
    steep = [fine[0], Cost(1.6, 160, 11_000_000, 0), Cost(30.0, 900, 10, -9)]
    found = "; ".join(Row("a", "lint @", sizes, steep, 0.1).faults)
    assert found == (
        "slope 2.07; 1.6 s for 250 KiB; 160 MB for 250 KiB; 11.0 MB of output for 250 KiB; "
        "30.0 s for 976 KiB; 900 MB for 976 KiB; status -9"
    )


def test_the_median_counts() -> None:
    assert middle([Cost(3, 10, 5, 0), Cost(1, 30, 5, 0), Cost(2, 20, 5, 1)]) == Cost(2, 20, 5, 1)


def test_the_largest_size_is_left_out_where_the_others_are_enough() -> None:
    sizes = (64_000, 256_000, 1_000_000)
    fine = [Cost(0.1, 50, 10_000, 0), Cost(0.2, 60, 40_000, 0)]
    row = Row("a", "lint @", sizes, fine, 0.0)
    assert row.is_enough
    assert not row.is_near_a_limit
    assert not row._replace(costs=fine[:1]).is_enough
    slow = row._replace(costs=[Cost(0.3, 50, 10_000, 0), Cost(0.7, 60, 40_000, 0)])
    assert not slow.is_enough
    assert not slow.is_near_a_limit
    assert row._replace(costs=[fine[0], Cost(0.9, 60, 40_000, 0)]).is_near_a_limit
    assert row._replace(costs=[Cost(0.1, 130, 40_000, 0)]).is_near_a_limit


def test_rows_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "build" / "rows"
    assert kept(file) == []
    row = Row("a", "lint @", [1, 2], [Cost(0.1, 50.5, 10, 0), Cost(0.2, 60, 20, 1)], 0.05)
    row.keep(file)
    row._replace(command="links @").keep(file)
    assert kept(file) == [row, row._replace(command="links @")]


def test_a_copy_of_the_process_runs_the_command() -> None:
    found = copied(["explain", "phandle/dangling"])
    assert found.status == 0
    assert found.output == cost(["explain", "phandle/dangling"]).output > 500
    assert copied(["links", "/nothing"]).status == 2
