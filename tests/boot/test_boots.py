"""The experiments: what booted kernels did, against what the timeline says of them.

What the table shows, with ``-s``: case, consumer, supplier, what holds it (predicted, observed),
how it ends (predicted, observed). ``!!`` marks a miss.
"""

import sys

import pytest

from dtlink.boot.drivers.tree import TreeDrivers
from dtlink.facts.outcomes import Outcome, Wait
from dtlink.firmware import dts
from tests.boot.boot_cases import HANGS, NOT_BUILT, Case, kernel, rows, timeline_of
from tests.support.boards import SHARED

NAMES = sorted(path.name.split(".")[0] for path in (SHARED / "boots").glob("[acdef]-*.json.gz"))
KERNEL = SHARED / "kernel" / "debian-6.12-arm64"

#: The virtio-iommu of these is set up to refuse what it does not translate (boot-bypass=off): that
#: is a register of the device, and in no tree. The two disks are let go as foreseen, and then hang.
MISSES = {
    (case, disk)
    for case in ("a-dt-nobypass-late", "a-dt-nobypass-never")
    for disk in ("virtio-blk 0000:00:02.0", "nvme 0000:00:03.0")
}

pytestmark = pytest.mark.skipif(
    not NAMES or not KERNEL.is_dir(),
    reason=f"no experiments, or no kernel, in {SHARED} (set DTLINK_SHARED)",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_consumer_ends_as_foreseen_and_is_held_as_foreseen(name):
    made = rows(name)
    table = ("  ".join(("  " if row.agrees else "!!", *row)) for row in made)
    sys.stdout.write("\n".join(("", *table)))
    assert {(row.case, row.consumer) for row in made if not row.agrees} == {
        each for each in MISSES if each[0] == name
    }
    assert len(made) == (16 if name.startswith("f-") else 2)


@pytest.mark.parametrize("name", NAMES)
def test_without_the_time_of_the_root_file_system_each_ends_in_one_of_two_ways(name):
    made = rows(name, timed=False)
    misses = {(row.case, row.consumer) for row in made if not row.agrees}
    assert misses == {each for each in MISSES if each[0] == name}
    known = {row.consumer: row.predicted for row in rows(name)}
    # With the time, it is one of the two; and where there is one, the time makes no difference.
    assert all(known[row.consumer] in (row.predicted, row.if_in_time) for row in made)


def test_what_the_time_of_the_root_file_system_decides():
    made = [row for name in NAMES for row in rows(name, timed=False)]
    decided = {(row.predicted, row.if_in_time, row.observed) for row in made if row.is_open}
    assert decided - {each for each in decided if each[2] == HANGS} == {
        ("DEGRADED", "LATE", "DEGRADED"),
        ("DEGRADED", "LATE", "LATE"),
        ("LOST", "LATE", "LATE"),
        ("LOST", "LATE", "LOST"),
        ("RECOVERS", "LATE", "LATE"),
        ("RECOVERS", "LATE", "RECOVERS"),
    }


def test_a_miss_is_one_of_what_no_tree_says():
    missed = [row for name in sorted({case for case, _ in MISSES}) for row in rows(name)]
    assert {row.observed for row in missed} == {HANGS}
    # That it gives up waiting, and when, is as foreseen.
    assert {(row.predicted_wait, row.observed_wait) for row in missed} == {
        (Wait.IOMMU_DT.name, Wait.IOMMU_DT.name)
    }
    assert {row.predicted for row in missed} == {Outcome.DEGRADED.name}


def test_the_experiments_show_every_grade_and_every_outcome():
    made = [row for name in NAMES for row in rows(name)]
    waits = {wait.name for wait in Wait if wait is not Wait.IOMMU_ACPI_TIMEOUT}  # since 6.15
    assert {row.observed_wait for row in made} == {"-", *waits}
    ends = {row.observed for row in made} - {HANGS}
    assert ends == {outcome.name for outcome in Outcome} - {Outcome.UNKNOWN.name}


def test_without_the_kernels_source_what_it_lacks_is_unknown_and_nothing_is_claimed():
    case = Case("f-never")
    tree = dts.read_file(str(SHARED / "boots" / "f.dts"))
    made = timeline_of(
        tree, case.profile, TreeDrivers(tree, kernel()), initramfs=case.image, root=case.root
    )
    lacking = [n for n in made.devices if not NOT_BUILT.isdisjoint(tree[n].compatible)]
    ends = {each.outcome for each in made.waits if each.supplier in lacking}
    assert len(lacking) == 4
    assert ends == {Outcome.UNKNOWN}
    assert not {cause.supplier for cause in made.causes()} & set(lacking)
