"""What the names of an initramfs' members show: modules, their order, and what loads them."""

from __future__ import annotations

import re

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.files import module_of_file
from dtlink.kernel.initramfs.explicit import explicit_order, is_explicit_list
from dtlink.kernel.initramfs.model import Initramfs
from dtlink.records import NamedTuple

FILE, FOLDER, LINK, OTHER, UNKNOWN = "file", "folder", "link", "other", "unknown"

#: Members, and bytes of lists of modules, of one initramfs.
_MAX_MEMBERS = 200_000
_MAX_TEXTS = 8 << 20

_MODULES = "/lib/modules/"
#: Printable, as it ends in messages; empty for what lies directly in lib/modules.
_RELEASE = re.compile(r"[!-.0-~]{0,255}")
#: Where dracut puts the files, and the modules, of a "squash" image.
_INNER_IMAGE = re.compile(
    r"(?:squash-root|squashfs-root|erofs-root|squash/root)\.img|.*\.(?:squashfs|sqfs|sqsh|erofs)"
)
#: Files that show what loads modules by alias: all of one row must exist.
_UDEV_RULES = "80-drivers.rules"
_BY_ALIAS = (
    ("systemd-udevd", _UDEV_RULES),
    ("systemd-udevd", "modprobe"),
    ("udevd", _UDEV_RULES),
    ("udevd", "modprobe"),
    ("mdev", "mdev.conf", "modprobe"),
    ("mdevd", "mdev.conf", "modprobe"),
    ("nlplug-findfs", "modprobe"),
)
_NOTED = frozenset(name for row in _BY_ALIAS for name in row) | {"systemd-modules-load"}


class Member(NamedTuple):
    """A file, folder or link of an initramfs; ``text`` only of a list of modules."""

    name: str
    kind: str
    text: bytes = b""


def clean(name: str) -> str:
    """A member's path from the root of the initramfs."""
    return name.removeprefix("./").lstrip("/")


def wanted(name: str) -> bool:
    """Whether the content of a member matters: it lists modules to load."""
    return is_explicit_list(clean(name))


class MemberCollector:
    """Gathers what matters of the members, one at a time."""

    def __init__(self) -> None:
        self.count = 0
        self.has_init = False
        self.inner_image = False
        self._by_version: dict[str, set[str]] = {}
        self._indexed: set[str] = set()
        self._noted: set[str] = set()
        self._texts: dict[str, bytes] = {}
        self._text_bytes = 0

    def add(self, member: Member) -> None:
        """Take note of a member. Raises InputError if there are too many."""
        self.count += 1
        if self.count > _MAX_MEMBERS:
            raise InputError(f"more than {_MAX_MEMBERS} files")
        name = clean(member.name)
        self.has_init = self.has_init or name == "init"
        base = name.rpartition("/")[2]
        if base in _NOTED:
            self._noted.add(base)
        elif name.startswith(("lib/dracut/", "usr/lib/dracut/")):
            self._noted.add("dracut")
        if member.text:
            self._text(name, member.text)
        if member.kind in {FILE, UNKNOWN}:
            self._file(name, base)

    def _file(self, name: str, base: str) -> None:
        """A plain file. Links to modules add none: their targets are members themselves."""
        self.inner_image = self.inner_image or _INNER_IMAGE.fullmatch(name) is not None
        folder, _, _ = f"/{name}".rpartition("/")
        _, below_modules, inside = f"{folder}/".partition(_MODULES)
        release = inside.partition("/")[0]
        if not below_modules or not _RELEASE.fullmatch(release):
            return
        module = module_of_file(base)
        if release or module:
            self._by_version.setdefault(release, set()).update((module,) if module else ())
        if base in {"modules.dep", "modules.dep.bin"}:
            self._indexed.add(release)

    def _text(self, name: str, text: bytes) -> None:
        self._text_bytes += len(text)
        if self._text_bytes > _MAX_TEXTS:
            raise InputError(f"more than {_MAX_TEXTS >> 20} MiB of lists of modules")
        self._texts[name] = text  # a later part of an image replaces the file of an earlier one

    @property
    def modules(self) -> frozenset[str]:
        """All the modules found."""
        return frozenset().union(*self._by_version.values())

    @property
    def is_indexed(self) -> bool:
        """Whether each release has the index of its modules, and there is one.

        It follows the modules in an archive's order, and without it modprobe finds none of them:
        a listing that lacks it is cut, or was filtered.
        """
        loadable = (version for version, names in self._by_version.items() if names)
        return bool(self._indexed) and self._indexed.issuperset(loadable)

    def result(self, form: str, *, complete: bool, parts: tuple[str, ...] = ()) -> Initramfs:
        """What was gathered; ``complete`` as far as the form of the input shows."""
        names = self._noted
        has_reader = "systemd-modules-load" in names or "dracut" not in names
        return Initramfs(
            modules=self.modules,
            order=explicit_order(self._texts, modules_load=has_reader),
            form=form,
            complete=complete and self.has_init and not self.inner_image,
            versions=tuple(sorted(version for version in self._by_version if version)),
            udev=any(names.issuperset(row) for row in _BY_ALIAS),
            by_version={name: frozenset(found) for name, found in self._by_version.items()},
            parts=parts,
        )
