"""Kernel versions: the value, the versions whose behaviour is known, and ranges of them."""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.facts.errors import OptionError
from dtlink.records import NamedTuple

_DIGITS = "0123456789"


class KernelVersion(NamedTuple):
    """A kernel version without its stable release, such as 6.12.

    ``KernelVersion(6, 12)`` or ``KernelVersion.parse("6.12.3")``; versions are ordered.
    """

    major: int
    minor: int

    def __repr__(self) -> str:
        return f"<KernelVersion {self}>"

    def __str__(self) -> str:
        """The version as it is written: ``6.12``."""
        return f"{self.major}.{self.minor}"

    @classmethod
    def of(cls, version: str | tuple[int, int]) -> KernelVersion:
        """The version that text, or a pair of numbers, gives. Raises :class:`OptionError`."""
        if isinstance(version, str):
            return cls.parse(version)
        given: object = version
        if not isinstance(given, tuple) or [type(each) for each in given] != [int, int]:
            shown = type(given).__name__
            raise TypeError(f"version: a string such as '6.12', or (6, 12), is needed, not {shown}")
        return cls(*version)

    @classmethod
    def parse(cls, text: str) -> KernelVersion:
        """Read ``6.12``, ``6.12.117``, ``6.12.117-amd64`` or ``latest``.

        Raises :class:`OptionError` for anything else, and for kernels before :data:`OLDEST`.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: a version, as a string, is needed, not {type(text).__name__}")
        version = _read(text)
        if version is None:
            raise OptionError("kernel version", text, _FORMS)
        if version < OLDEST:
            raise OptionError("kernel version", text, (f"{OLDEST} or newer",))
        return version

    @classmethod
    def of_release(cls, release: str) -> KernelVersion:
        """The version of a release as ``uname -r`` prints it, or else the default."""
        try:
            return cls.parse(release)
        except OptionError:
            return DEFAULT


class Check(Enum):
    """How the prediction for a kernel version was checked; the value is how documents say it."""

    ORACLE = "against a running kernel"
    SOURCE = "against its source"
    INTERPOLATED = "by the versions before and after it"


class KnownKernel(NamedTuple):
    """A kernel version whose fw_devlink is modelled."""

    version: KernelVersion
    checked: Check
    release: str
    """The release that ran or was read; empty if none was."""


#: The versions whose fw_devlink is modelled, the oldest first. The releases that ran are
#: User-Mode Linux kernels with the drivers/base and drivers/of of that release.
KNOWN_KERNELS = (
    KnownKernel(KernelVersion(5, 10), Check.ORACLE, "5.10.223"),
    KnownKernel(KernelVersion(5, 15), Check.SOURCE, "5.15.215"),
    KnownKernel(KernelVersion(6, 1), Check.ORACLE, "6.1.192"),
    KnownKernel(KernelVersion(6, 6), Check.SOURCE, "6.6.63"),
    KnownKernel(KernelVersion(6, 12), Check.ORACLE, "6.12.117"),
    KnownKernel(KernelVersion(6, 18), Check.SOURCE, "6.18.32"),
    KnownKernel(KernelVersion(6, 19), Check.SOURCE, "6.19"),
    KnownKernel(KernelVersion(7, 0), Check.SOURCE, "7.0"),
    KnownKernel(KernelVersion(7, 1), Check.SOURCE, "7.1.3"),
    KnownKernel(KernelVersion(7, 2), Check.ORACLE, "7.2.13"),
    KnownKernel(KernelVersion(7, 3), Check.ORACLE, "7.3-rc7"),
)
#: Their versions.
KNOWN = tuple(row.version for row in KNOWN_KERNELS)
#: The version that applies unless the user gives one.
DEFAULT = KernelVersion(6, 12)
#: The first version of which facts have values: up to the first of :data:`KNOWN` only parameters.
OLDEST = KernelVersion(5, 4)
#: The newest version that is known.
LATEST = KNOWN[-1]
_FORMS = (str(DEFAULT), f"{DEFAULT}.117", "latest")


def _read(text: str) -> KernelVersion | None:
    """The version that text begins with, however old; ``None`` if it is none."""
    if text == "latest":
        return LATEST
    # By hand: every start reads some, and compiling a pattern would take longer than all.
    major, _, rest = text.strip().removeprefix("v").partition(".")
    minor = rest[: len(rest) - len(rest.lstrip(_DIGITS))]
    if major.isdecimal() and len(major) <= 3 and 1 <= len(minor) <= 4:
        return KernelVersion(int(major), int(minor))
    return None


def modelled(named: str | tuple[int, int]) -> KernelVersion:
    """The version that a user names, of those whose fw_devlink is modelled.

    Raises :class:`ValueError`, with what is wrong, for any other text.
    """
    version = _read(named) if isinstance(named, str) else KernelVersion(*named)
    if version is None:
        *forms, last = _FORMS
        raise ValueError(f"{named!r} is not a kernel version, such as {', '.join(forms)} or {last}")
    if version < KNOWN[0]:
        raise ValueError(f"{version} is not supported: the oldest version is {KNOWN[0]}")
    if version > LATEST:
        raise ValueError(f"{version} is not supported: the newest version is {LATEST} (latest)")
    return version


class VersionRange(NamedTuple):
    """The versions from ``first`` on, up to but not including ``until``."""

    first: KernelVersion
    until: KernelVersion | None = None

    def __contains__(self, version: object) -> bool:
        return (
            isinstance(version, tuple)
            and self.first <= version
            and (self.until is None or version < self.until)
        )


def check_of(version: KernelVersion) -> Check:
    """How the prediction for a version was checked."""
    found = (row.checked for row in KNOWN_KERNELS if row.version == version)
    return next(found, Check.INTERPOLATED)


def since(first: str, *, until: str = "") -> VersionRange:
    """The range of versions that are written as text."""
    return VersionRange(KernelVersion.parse(first), KernelVersion.parse(until) if until else None)
