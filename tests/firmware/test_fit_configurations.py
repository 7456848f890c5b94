"""A FIT image's configurations are applied as long as there is room for their devicetrees."""

from dtlink.firmware.containers import fit
from tests.benchmarks.shapes.overlays import configurations


def test_all_configurations_of_a_usual_image_are_applied() -> None:
    contents = fit.read(configurations(20))
    assert [part.name for part in contents.parts if part.kind == "configuration"] == [
        f"#c{n}" for n in range(20)
    ]
    assert contents.problems == ()


def test_configurations_beyond_the_room_are_not_applied_and_counted() -> None:
    contents = fit.read(configurations(400))
    applied = [part.name for part in contents.parts if part.kind == "configuration"]
    assert 100 < len(applied) < 400
    first = len(applied)
    (problem,) = contents.problems
    assert problem.message.startswith(
        f"configuration c{first} and {399 - first} after it are not applied: "
    )
    assert "more than 4 MiB of devicetrees" in problem.message


def test_the_copies_that_overlays_make_are_counted() -> None:
    """Each overlay is applied to a copy: 80 on a large devicetree are as much as 80 trees."""
    names = ("base", *("o" for _ in range(80)))
    image = configurations(2000, names)
    contents = fit.read(image)
    applied = [part.name for part in contents.parts if part.kind == "configuration"]
    copies = 32 * (1 << 20) + 32 * len(image)
    base = next(len(part.data) for part in contents.parts if part.name == "base")
    assert len(applied) == copies // (80 * (base + 4096)) < 2000
    assert "MiB of copies" in contents.problems[0].message
