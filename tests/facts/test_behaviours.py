"""What differs between kernels: the rows, and that each is known in one place."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dtlink.facts.behaviours import (
    BEHAVIOURS,
    DEFERRED_PROBE_TIMEOUT,
    FW_DEVLINK,
    LINKS_NODES,
    MISSING_CELLS_ARE_ZERO,
    PARAMETERS,
    REGISTRATION_RESTARTS_TIMEOUT,
    SRAT_IS_COMPLETE,
    TIMEOUT_HOLDS_REQUESTS,
    Behaviour,
)
from dtlink.facts.kernels import KNOWN, LATEST, OLDEST, KernelVersion
from dtlink.facts.profile import KernelProfile, Mode

#: The kernels that the values of :func:`test_values` are of.
READ = ("5.4", "5.10", "5.15", "6.1", "6.6", "6.12", "6.18")


@pytest.mark.parametrize(
    ("row", "values"),
    [
        (FW_DEVLINK, ["off", "permissive", "on", "on", "on", "rpm", "rpm"]),
        (DEFERRED_PROBE_TIMEOUT, [-1, 0, 0, 10, 10, 10, 10]),
        (LINKS_NODES, [False, False, False, True, True, True, True]),
        (MISSING_CELLS_ARE_ZERO, [True, False, True, False, True, True, True]),
        (SRAT_IS_COMPLETE, [False, True, True, True, True, True, True]),
        (REGISTRATION_RESTARTS_TIMEOUT, [False, False, False, True, True, True, True]),
        (TIMEOUT_HOLDS_REQUESTS, [False, True, True, True, True, True, True]),
    ],
    ids=lambda each: each.name if isinstance(each, Behaviour) else "",
)
def test_values(row, values):
    assert [row.on(KernelVersion.parse(version)) for version in READ] == values


@pytest.mark.parametrize("row", BEHAVIOURS, ids=lambda row: row.name)
def test_rows_are_whole(row):
    versions = [since for since, _ in row.steps]
    assert versions[0] == OLDEST, "the first step must be from the oldest version on"
    assert versions == sorted(set(versions)), "steps must be in the order of their versions"
    values = [value for _, value in row.steps]
    assert all(one != next_ for one, next_ in pairwise(values)), "a step must change the value"
    assert all(row.on(only) == value for only, value in row.exceptions.items()), (
        "an exception is of one version: write a step for a range"
    )
    assert row.meaning, "say in one sentence what the behaviour is"
    assert "/" in row.source, "name the kernel's file, and the function in it"


def test_names_are_unique():
    names = [row.name for row in BEHAVIOURS]
    twice = [name for name in names if names.count(name) > 1]
    assert not twice, f"{twice}: one row for each behaviour: add steps to it"
    assert len(names) >= 10


def test_a_kernel_older_than_all_has_the_first_value():
    assert FW_DEVLINK.on(KernelVersion(4, 19)) == "off"
    assert FW_DEVLINK.since == (6, 9)


def test_every_mode_has_its_effect():
    without = [mode for mode in Mode if not FW_DEVLINK.effect(mode.value)]
    assert not without, f"say what {without} means in the effects of FW_DEVLINK (behaviours.py)"
    unknown = {FW_DEVLINK.on(version) for version in KNOWN} - {mode.value for mode in Mode}
    assert not unknown, f"add {unknown} to Mode in dtlink/facts/profile.py"
    for name in ("fw_devlink", "fw_devlink.strict", "deferred_probe_timeout"):
        assert PARAMETERS[name].effect(LATEST) or PARAMETERS[name].effect("rpm")


@pytest.mark.parametrize("version", KNOWN, ids=str)
def test_a_profile_asks_the_rows(version):
    profile = KernelProfile.of(version)
    assert profile.fw_devlink.value == FW_DEVLINK.on(version)
    assert profile.links_nodes == LINKS_NODES.on(version)
    assert profile.assumes_cells == MISSING_CELLS_ARE_ZERO.on(version)
    assert not profile.strict
    assert profile.sync_state == "strict"
