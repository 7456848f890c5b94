"""Where a kernel's files are, in the folders that they come in."""

# Paths are text here: there may be thousands, and pathlib is slow.
# ruff: noqa: PTH100, PTH110, PTH112, PTH116, PTH118, PTH119

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.files import is_file, names_in
from dtlink.kernel.holdings.indexes import read_names
from dtlink.kernel.holdings.places import ANDROID, CONFIGS, IMAGE_FOLDERS, IMAGES, MODULES

RUNNING = "running"
#: More modules than any kernel has.
MAX_MODULES = 1 << 16
_KO = (".ko", ".ko.gz", ".ko.xz", ".ko.zst")
#: The files beside the modules that are read.
INDEXES = (
    *("modules.alias", "modules.alias.bin", "modules.dep", "modules.softdep", "modules.order"),
    *("modules.builtin", "modules.builtin.modinfo", "modules.builtin.alias.bin", "modules.load"),
)
_PACKED = ("", *(f".{end}" for end in ("gz", "xz", "zst", "lz4", "bz2", "lzma", "efi", "img")))
_BUILT = (*("Image", "vmlinuz.efi", "zImage", "bzImage"), *("Image.gz", "Image.lz4", "Image.zst"))
#: The file of a build tree that has its release.
_RELEASE = "include/config/kernel.release"
_WHAT = (
    "give a folder of modules (lib/modules/VERSION), the root of an unpacked kernel package, "
    "a kernel build tree, a configuration, an image, or 'running'"
)


class KernelFiles:
    """The files of one kernel; an empty path for what is not there."""

    def __init__(
        self,
        path: str,
        form: str,
        release: str = "",
        folder: str = "",
        *,
        config: str = "",
        indexes: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        """What was asked for."""
        self.form = form
        """``modules``, ``package``, ``tree``, ``config`` or ``running``."""
        self.release = release
        self.folder = folder
        """What holds modules.* and, below it, the modules."""
        self.config = config
        self.image = ""
        self.indexes = indexes or {}
        """modules.* by their names."""
        self.others: tuple[KernelFiles, ...] = ()
        """More folders with modules of the same kernel."""

    @property
    def all(self) -> tuple[KernelFiles, ...]:
        """Every folder with modules."""
        return (self, *self.others)

    def named(self, name: str) -> list[str]:
        """The files of one name among :attr:`indexes`, of all folders."""
        return [each.indexes[name] for each in self.all if name in each.indexes]


def find(path: str) -> KernelFiles:
    """The files of the kernel that ``path`` names. Raises :class:`InputError` if there is none."""
    if path == RUNNING:
        return _running()
    if not os.path.isdir(path):
        return _file_or_version(path)
    if is_file(f"{path}/.config"):
        return _tree(path)
    if _has_modules(path):
        return _modules(path, "modules", _release_of(path))
    versions = _versions(path)
    if len(versions) == 1:
        return _package(path, *versions)
    if versions:
        several = f"several kernels: {', '.join(versions)}"
        raise InputError(f"{several}; give {os.path.join(path, versions[0])}, …", path=path)
    if parts := _android(path):
        return parts
    raise InputError(f"a folder without a kernel; {_WHAT}", path=path)


def _android(root: str) -> KernelFiles | None:
    """The modules of one kernel that are on several partitions, as on Android."""
    places = (each.pattern.format(root=root) for each in ANDROID)
    tops = dict.fromkeys(map(os.path.normpath, places))
    below = [each for top in tops for each in (top, *(f"{top}/{name}" for name in names_in(top)))]
    folders = [each for each in below if _has_modules(each)]
    real = list({os.path.realpath(each): each for each in reversed(folders)}.values())[::-1]
    parts = [_modules(each, "package", _release_of(each)) for each in real]
    if not parts:
        return None
    parts[0].release = next((each.release for each in parts if each.release), "")
    whole = _with_files(parts[0], root)
    whole.others = tuple(parts[1:])
    return whole


def _file_or_version(path: str) -> KernelFiles:
    """A configuration, or ``ROOT/VERSION`` where the version is deeper below the root."""
    root, version = os.path.split(os.path.normpath(path))
    if not os.path.lexists(path) and version in _versions(root or "."):
        return _package(root or ".", version)
    if not os.path.exists(path):
        raise InputError(f"no such file or folder; {_WHAT}", path=path)
    reading.allow(path)
    return KernelFiles(path, "config", config=path)


def _versions(root: str) -> list[str]:
    """The kernels below a root, or in a folder that holds the modules of several."""
    found = {name for name in names_in(root) if _has_modules(f"{root}/{name}")}
    for folder in (each.pattern.format(root=root) for each in MODULES):
        found |= {name for name in names_in(folder) if _has_modules(f"{folder}/{name}")}
    configs = (name.partition("-") for name in names_in(f"{root}/boot"))
    return sorted(found or {version for name, _, version in configs if name == "config"})


def _has_modules(folder: str) -> bool:
    names = ("modules.order", "modules.builtin", "modules.dep", "modules.alias", "modules.load")
    return any(is_file(f"{folder}/{name}") for name in names)


def _release_of(folder: str) -> str:
    """The release that a folder of modules is named by; empty if it has another name."""
    name = os.path.basename(os.path.abspath(folder))
    return name if name[:1].isdecimal() else ""


def _package(root: str, version: str) -> KernelFiles:
    for below in (*(each.pattern.format(root=root) for each in MODULES), root):
        folder = os.path.normpath(f"{below}/{version}")
        if _has_modules(folder):
            return _modules(folder, "package", version)
    return _with_files(KernelFiles(root, "package", version), root)


def _modules(folder: str, form: str, release: str) -> KernelFiles:
    """A folder of modules, with what is to be found beside it in the same root."""
    layout = KernelFiles(folder, form, release, folder, indexes=_indexes(folder))
    return _with_files(layout, _root_of(folder))


def _root_of(folder: str) -> str:
    """The root of the system that a folder of modules is in; the folder, where it is in none."""
    parts = os.path.abspath(folder).split("/")
    if parts[-3:-1] != ["lib", "modules"]:
        return folder
    return "/".join(parts[: -4 if parts[-4:-3] == ["usr"] else -3]) or "/"


def _with_files(layout: KernelFiles, root: str) -> KernelFiles:
    """Add configuration and image."""
    folder = layout.folder or root
    known = {"root": root, "folder": folder, "version": layout.release}
    configs = (path for each in CONFIGS for path in _named(each.pattern, known))
    configs = (each for path in configs for each in (path, f"{path}.gz"))
    found = (path for path in configs if is_file(path) and _is_of(path, layout.release))
    layout.config = next(found, "")
    places = (each.pattern.format_map(known) for each in IMAGE_FOLDERS)
    layout.image = _image_in(list(dict.fromkeys(places)), layout.release)
    return layout


def _named(pattern: str, known: Mapping[str, str]) -> Iterator[str]:
    """The path of a pattern; with ``*``, those of the build trees of the release."""
    before, star, after = pattern.format_map(known).partition("*")
    if not star:
        yield before
        return
    (folder, _, start), version = before.rpartition("/"), known["version"]
    for name in names_in(folder) if version else ():
        built = _line(f"{folder}/{name}/{_RELEASE}")
        if name.startswith(start) and version in (built, name.removeprefix(start)):
            yield f"{folder}/{name}{after}"


def _is_of(config: str, release: str) -> bool:
    """Whether a configuration in a build tree, which may be another's by now, is of a release."""
    folder, name = os.path.split(config)
    built = f"{folder}/{_RELEASE}"
    return name != ".config" or _line(built) in ("", release)


def _line(path: str) -> str:
    """The first line of a file; empty if there is none."""
    if not is_file(path):
        return ""
    with open(path, encoding="latin-1", opener=reading.regular) as file:
        return file.read(256).partition("\n")[0].strip()


def _image_in(places: list[str], release: str) -> str:
    """An image with the version in its name, or else one without (it contains its version)."""
    there = {place: names_in(place) for place in places}
    for version in (f"-{release}", "") if release else ("",):
        for name in IMAGES:
            wanted = frozenset(f"{name}{version}{end}" for end in _PACKED)
            for place, names in there.items():
                for each in filter(wanted.__contains__, names):
                    if is_file(f"{place}/{each}"):
                        return f"{place}/{each}"
    return ""


def _indexes(folder: str) -> dict[str, str]:
    paths = {name: f"{folder}/{name}" for name in INDEXES}
    return {name: path for name, path in paths.items() if is_file(path)}


def _tree(path: str) -> KernelFiles:
    """A kernel build tree; its version is in :data:`_RELEASE` once it is built."""
    layout = KernelFiles(
        path, "tree", folder=path, config=f"{path}/.config", indexes=_indexes(path)
    )
    layout.release = _line(f"{path}/{_RELEASE}")
    boots = [f"{path}/arch/{arch}/boot" for arch in names_in(f"{path}/arch")]
    places = [f"{boot}/{name}" for name in _BUILT for boot in boots]
    images = [place for place in places if is_file(place)]
    vmlinux = f"{path}/vmlinux"
    # Images are made of vmlinux: one that is older is of an earlier build.
    if is_file(vmlinux):
        made = os.stat(vmlinux).st_mtime_ns
        images = [each for each in images if os.stat(each).st_mtime_ns >= made] or [vmlinux]
    layout.image = images[0] if images else ""
    return layout


def _running() -> KernelFiles:
    if not hasattr(os, "uname"):
        raise InputError("no kernel is running here that dtlink can look at", path=RUNNING)
    release = os.uname().release
    folders = (f"{each.pattern.format(root='')}/{release}" for each in MODULES)
    folder = next((each for each in folders if _has_modules(each)), "")
    layout = KernelFiles(
        RUNNING, "running", release, folder, indexes=_indexes(folder) if folder else {}
    )
    layout = _with_files(layout, "")
    # What the kernel itself says of its configuration is nearer than any file.
    layout.config = "/proc/config.gz" if is_file("/proc/config.gz") else layout.config
    if not (folder or layout.config):
        what = f"neither /lib/modules/{release} nor /proc/config.gz nor /boot/config-{release}"
        raise InputError(f"{what} is here", path=RUNNING)
    return layout


def needs_modules(layout: KernelFiles) -> bool:
    """Whether aliases, or what modules depend on, are found only in the modules themselves."""

    def lacks(names: Container[str]) -> bool:
        aliases = "modules.alias" in names or "modules.alias.bin" in names
        return not (aliases and "modules.dep" in names)

    return any(each.folder and lacks(each.indexes) for each in layout.all)


def module_files(layout: KernelFiles) -> dict[str, str]:
    """The file of each module that is there, by its path below the folder of modules."""
    if layout.form == "tree":
        return dict(_in_tree(layout)) if layout.folder else {}
    parts = [each.folder for each in layout.all if each.folder]
    return {name: path for folder in reversed(parts) for name, path in _below(folder)}


def _in_tree(layout: KernelFiles) -> Iterator[tuple[str, str]]:
    """Modules of a build tree, which modules.order lists as ``.ko``, or since 6.2 as ``.o``."""
    order = layout.indexes.get("modules.order")
    for line in read_names(order) if order else ():
        name = f"{line.rpartition('.')[0]}.ko"
        # Before 5.3 with the folder that they are installed in.
        for each in (name, name.removeprefix("kernel/")):
            if is_file(f"{layout.folder}/{each}"):
                yield each, f"{layout.folder}/{each}"
                break


def _below(folder: str) -> Iterator[tuple[str, str]]:
    """Every module below a folder; links to folders are not followed."""
    count = 0
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = f"{where}/{name}"
            if name.endswith(_KO) and is_file(path):
                count += 1
                if count > MAX_MODULES:
                    raise InputError(f"more than {MAX_MODULES} modules", path=folder)
                yield os.path.relpath(path, folder), path
