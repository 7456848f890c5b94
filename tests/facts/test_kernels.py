"""Kernel versions, and what they start with."""

from __future__ import annotations

import re

import pytest

from dtlink.facts.errors import OptionError
from dtlink.facts.kernels import DEFAULT, KNOWN, LATEST, OLDEST, KernelVersion, modelled
from dtlink.facts.profile import KernelProfile, Mode


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("5.4", (5, 4)),
        ("6.12", (6, 12)),
        ("6.12.117", (6, 12)),
        ("v6.1", (6, 1)),
        ("6.12.117+deb13-arm64", (6, 12)),
        ("6.13-rc4", (6, 13)),
        ("7.0", (7, 0)),
        ("latest", LATEST),
    ],
)
def test_versions(text, version):
    assert KernelVersion.parse(text) == version


@pytest.mark.parametrize("version", KNOWN)
def test_a_version_prints_as_it_is_written(version: KernelVersion) -> None:
    assert KernelVersion.parse(str(version)) == KernelVersion.of(f"{version}.7") == version
    assert f"{version}" == f"{version.major}.{version.minor}"


def test_versions_are_ordered() -> None:
    assert OLDEST < KNOWN[0] <= DEFAULT <= LATEST
    assert list(KNOWN) == sorted(set(KNOWN))
    assert KernelVersion(6, 9) < KernelVersion(6, 10)


@pytest.mark.parametrize("text", ["", "6", "6.", "newest", "4.19", "5.3.1", "six.twelve"])
def test_what_is_no_version(text):
    with pytest.raises(OptionError, match=r"kernel version.*allowed"):
        KernelVersion.parse(text)


@pytest.mark.parametrize(
    ("version", "mode", "timeout"),
    [
        ("5.4", Mode.OFF, -1),
        ("5.7", Mode.OFF, 30),
        ("5.10", Mode.PERMISSIVE, 0),
        ("5.15", Mode.ON, 0),
        ("6.1", Mode.ON, 10),
        ("6.6", Mode.ON, 10),
        ("6.12", Mode.RPM, 10),
        ("latest", Mode.RPM, 10),
    ],
)
def test_defaults(version, mode, timeout):
    profile = KernelProfile.of(version)
    assert (profile.fw_devlink, profile.deferred_probe_timeout) == (mode, timeout)
    assert not profile.strict
    assert profile.sync_state == "strict"


def test_a_kernel_without_modules_waits_for_none():
    assert KernelProfile.of("6.12", modules=False).deferred_probe_timeout == 0


def test_a_configuration_gives_the_timeout_since_7_1():
    assert KernelProfile.of("7.0", configured=30).deferred_probe_timeout == 10
    assert KernelProfile.of("7.1", configured=30).deferred_probe_timeout == 30
    given = KernelProfile.of("7.1", "deferred_probe_timeout=5", configured=30)
    assert given.deferred_probe_timeout == 5


def test_the_command_line_wins():
    profile = KernelProfile.of(
        "6.1", "fw_devlink=rpm fw_devlink.strict=y deferred_probe_timeout=-1"
    )
    assert profile == KernelProfile((6, 1), Mode.RPM, strict=True, deferred_probe_timeout=-1)


@pytest.mark.parametrize(
    ("mode", "parses", "orders", "runtime_pm"),
    [
        ("off", False, False, False),
        ("permissive", True, False, False),
        ("on", True, True, False),
        ("rpm", True, True, True),
    ],
)
def test_what_a_mode_means(mode, parses, orders, runtime_pm):
    profile = KernelProfile.of("6.12", f"fw_devlink={mode}")
    assert profile.parses == parses
    assert profile.orders_probing == orders
    assert profile.orders_runtime_pm == runtime_pm


@pytest.mark.parametrize("mode", ["off", "permissive"])
def test_strict_is_taken_without_effect_where_nobody_waits(mode):
    profile = KernelProfile.of("6.12", f"fw_devlink={mode} fw_devlink.strict=1")
    assert profile == KernelProfile.of("6.12", f"fw_devlink={mode}")
    assert not profile.follows_optional


def test_strict_follows_the_optional_suppliers_too():
    assert not KernelProfile.of("6.12").follows_optional
    assert KernelProfile.of("6.12", "fw_devlink.strict=1").follows_optional


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ("5.9", f"5.9 is not supported: the oldest version is {KNOWN[0]}"),
        ("4.19.3-arm64", f"4.19 is not supported: the oldest version is {KNOWN[0]}"),
        ((5, 4), f"5.4 is not supported: the oldest version is {KNOWN[0]}"),
        ("99.1", f"99.1 is not supported: the newest version is {LATEST} (latest)"),
        ("six", "'six' is not a kernel version, such as 6.12, 6.12.117 or latest"),
    ],
)
def test_what_a_user_may_name_is_what_is_modelled(named, wrong):
    with pytest.raises(ValueError, match=re.escape(wrong)):
        modelled(named)
    for version in KNOWN:
        assert modelled(str(version)) == modelled(tuple(version)) == version
