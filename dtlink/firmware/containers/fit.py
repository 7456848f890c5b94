"""FIT images: devicetrees whose nodes are kernels, ramdisks, devicetrees, and configurations.

Source: U-Boot, doc/usage/fit/source_file_format.rst; boot/image-fit.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate

from dtlink.firmware import fdt
from dtlink.firmware.containers import IMAGES_NODE
from dtlink.firmware.containers.fields import aligned, cut, plain, text
from dtlink.firmware.containers.fit_hashes import check
from dtlink.firmware.containers.model import AboutValue, Contents, Part, Problem, What
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import SizeLimitError
from dtlink.firmware.tree import Node, Tree
from dtlink.records import NamedTuple

#: A FIT image with its data inside; what is after it (mkimage -E) does not count.
MAX_IMAGE = 320 << 20
#: Devicetree and overlays of one configuration; real ones have a few dozen.
_MAX_TREES = 256
#: Bytes of the devicetrees that all configurations apply, at most: in any image, and for each of
#: its bytes.
_APPLIED_ALWAYS, _APPLIED = 4 << 20, 8
#: The same of what is copied to apply them: the devicetree, once for each overlay. What else an
#: overlay takes counts as 4 KiB.
_COPIED_ALWAYS, _COPIED, _OVERLAY = 32 << 20, 32, 4096
#: How often the bytes of a file may be read: images that name the same data have no bound.
_HELD, _READ = 4, 16

#: Types of images (boot/image.c, uimage_type) that are devicetrees.
_DEVICETREE = "flat_dt"
#: Types that may have a devicetree at their end.
_PROGRAMS = ("kernel", "kernel_noload", "standalone", "firmware", "loadable", "multi")

#: Compressions of U-Boot (boot/image.c, uimage_comp) that dtlink does not unpack.
_UNKNOWN_COMPRESSIONS = ("lzo",)


class Configuration(NamedTuple):
    """A configuration: what is loaded together."""

    name: str
    trees: tuple[str, ...]
    """Images of ``fdt``: a devicetree, then the overlays that are applied to it."""
    is_default: bool = False


def matches(data: bytes) -> bool:
    """Whether a file is a FIT image, by its nodes: the magic is that of any devicetree."""
    if data[:4] != fdt.MAGIC or IMAGES_NODE not in data:
        return False
    try:
        tree = _tree(data)
    except InputError:
        return False
    images = tree.root.child("images")
    if images is None or tree.is_overlay:
        return False
    return not tree.root.compatible or any(map(_has_data, images.children))


def size_with_data(data: bytes) -> int:
    """Bytes of a devicetree, of a FIT image up to the end of its data."""
    try:
        tree = _tree(data)
    except InputError:
        return int.from_bytes(data[4:8], "big")
    images, end = tree.root.child("images"), aligned(len(tree.blob), 4)
    ends = [len(tree.blob)]
    for image in images.children if images else ():
        size = image.cell("data-size") or 0
        for name, base in (("data-position", 0), ("data-offset", end)):
            start = image.cell(name)
            if start is not None:
                ends.append(base + start + size)
    return max(ends)


def _tree(data: bytes) -> Tree:
    """The devicetree of the image, without what follows it."""
    return fdt.read(data[: int.from_bytes(data[4:8], "big")], MAX_IMAGE)


def _has_data(image: Node) -> bool:
    return any(image.has(name) for name in ("data", "data-offset", "data-position"))


def read(data: bytes) -> Contents:
    """The images, in file order, and the configurations that apply overlays to a devicetree."""
    tree = _tree(data)
    images = tree.root.child("images")
    end = aligned(len(tree.blob), 4)
    found: list[Part] = []
    read_yet = 0
    for each in images.children if images else ():
        found.append(part := _part(data, each, end))
        read_yet += len(part.data) * (_READ // _HELD + len(each.children))
        if read_yet > _READ * len(data):
            raise SizeLimitError("the images overlap: together they are many times the file")
    loaded = list(configurations(tree))
    trees = {part.name: part for part in found}
    merged = list(_merged(trees, loaded))
    applied = _with_room(merged, len(data))
    return Contents(
        [*_with_configurations(found, loaded), *applied],
        about=_about(tree, loaded),
        problems=(
            *_missing(found, loaded),
            *_not_applied(merged[len(applied) :], len(data)),
        ),
    )


class _Merged(NamedTuple):
    """A configuration that applies overlays to a devicetree."""

    part: Part
    size: int
    """The bytes of its trees."""
    copied: int
    """The bytes that are copied to apply the overlays."""


def _with_room(merged: Sequence[_Merged], size: int) -> Sequence[Part]:
    """The first configurations whose trees there is room for."""
    sums = accumulate(each.size for each in merged)
    copies = accumulate(each.copied for each in merged)
    room, for_copies = _room(size), _COPIED_ALWAYS + _COPIED * size
    return [
        each.part
        for each, total, copied in zip(merged, sums, copies, strict=True)
        if total <= room and copied <= for_copies
    ]


def _room(size: int) -> int:
    """How many bytes of devicetrees the configurations of an image may apply, in all."""
    return _APPLIED_ALWAYS + _APPLIED * size


def _not_applied(left: Sequence[_Merged], size: int) -> Iterator[Problem]:
    if left:
        name = left[0].part.name[1:]
        named = f"configuration {name} is"
        if len(left) > 1:
            named = f"configuration {name} and {len(left) - 1:,} after it are"
        limit = f"{_room(size) >> 20} MiB of devicetrees"
        copies = f"{(_COPIED_ALWAYS + _COPIED * size) >> 20} MiB of copies"
        yield Problem(
            f"{named} not applied: all configurations together need more than {limit} or more "
            f"than {copies}, the limits for an image of this size"
        )


def _about(tree: Tree, loaded: list[Configuration]) -> dict[str, str | list[str]]:
    description = next(iter(tree.root.strings("description")), "")
    about: dict[str, str | list[str]] = {"description": plain(description)} if description else {}
    if loaded:
        about["configurations"] = [
            f"{each.name}{' (default)' if each.is_default else ''}: {', '.join(each.trees) or '-'}"
            for each in loaded
        ]
    return about


def configurations(tree: Tree) -> Iterator[Configuration]:
    """The configurations, in file order."""
    top = tree.root.child("configurations")
    default = _string(top, "default") if top else ""
    for node in top.children if top else ():
        trees = tuple(map(plain, node.strings("fdt")))
        yield Configuration(plain(node.name), trees, is_default=node.name == default)


def _merged(parts: Mapping[str, Part], loaded: list[Configuration]) -> Iterator[_Merged]:
    """The configurations that apply overlays to a devicetree.

    Source: boot/image-fit.c, boot_get_fdt_fit(): the first of ``fdt`` is the devicetree, the
    others are applied to it in order.
    """
    for each in loaded:
        used = [parts[name] for name in each.trees if name in parts]
        if len(used) > _MAX_TREES:
            raise SizeLimitError(f"the configuration {each.name} has more than {_MAX_TREES} trees")
        if len(used) > 1 and len(used) == len(each.trees):
            made = Part(
                f"#{each.name}",
                b"",
                kind="configuration",
                about={"applies": [part.name for part in used]},
                make=partial(_apply, used),
            )
            sizes = [len(part.data) for part in used]
            yield _Merged(made, sum(sizes), (sizes[0] + _OVERLAY) * (len(used) - 1))


@lru_cache(maxsize=2)
def _tree_of(data: bytes) -> Tree:
    """The tree of an image: very many configurations may have one base, or one overlay."""
    from dtlink.firmware.packing import unpacked

    return fdt.read(unpacked(data, fdt.MAX_SIZE))


def _apply(parts: list[Part]) -> Tree:
    from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays

    trees = [_tree_of(part.data) for part in parts]
    overlays = zip(parts[1:], trees[1:], strict=True)
    return apply_overlays(trees[0], [NamedOverlay(part.name, tree) for part, tree in overlays])


def _with_configurations(parts: list[Part], loaded: list[Configuration]) -> Iterator[Part]:
    users: dict[str, list[str]] = {}
    for each in loaded:
        for name in dict.fromkeys(each.trees):
            users.setdefault(name, []).append(each.name)
    for part in parts:
        used = users.get(part.name)
        yield part._replace(about={**part.about, "configurations": used}) if used else part


def _missing(found: list[Part], loaded: list[Configuration]) -> Iterator[Problem]:
    names = {part.name for part in found}
    for each in loaded:
        for name in each.trees:
            if name not in names:
                yield Problem(f"configuration {each.name} needs {name}, which is not an image")


def _part(data: bytes, image: Node, end: int) -> Part:
    """An image: its data where they are, and whether they are what its hashes say."""
    kind, name = _string(image, "type"), plain(image.name)
    part = Part(name, b"", what="other", kind=kind, about=_said(image))
    try:
        content, offset = _data(data, image, end)
    except InputError as error:
        return part._replace(problems=(Problem(f"{name}: {error.message}", error.offset),))
    hashes = list(check(image, content))
    problems = [
        Problem(
            f"{name}/{each.name}: the {each.algorithm} is not that of the data: U-Boot refuses the "
            'image ("Bad hash value")',
            offset,
        )
        for each in hashes
        if each.is_right is False
    ]
    what: What = "devicetree" if kind == _DEVICETREE else "maybe" if kind in _PROGRAMS else "other"
    if what != "other" and (why := _why_not(image)):
        problems.append(Problem(f"{name} is not read: its data are {why}", offset))
        what = "other"
    about = {**part.about, **({"hashes": list(map(str, hashes))} if hashes else {})}
    return part._replace(
        data=content,
        offset=offset,
        what=what,
        about=about,
        problems=tuple(problems),
        size=len(content),
    )


def _said(image: Node) -> dict[str, AboutValue]:
    """What an image says of itself."""
    said = {name: _string(image, name) for name in ("description", "arch", "os", "compression")}
    return {name: value for name, value in said.items() if value not in ("", "none")}


def _why_not(image: Node) -> str:
    """Why an image's data cannot be read; empty if they can."""
    compression = _string(image, "compression")
    if compression in _UNKNOWN_COMPRESSIONS:
        return f"packed by {compression}"
    return "encrypted" if image.child("cipher") is not None else ""


def _data(data: bytes, image: Node, end: int) -> tuple[bytes, int]:
    """The data of an image, in the devicetree or after it, and their offset in the file.

    Source: boot/image-fit.c, fit_image_get_data_and_size(): ``data-position`` counts from the
    beginning, ``data-offset`` from the end of the devicetree, rounded up to 4.
    """
    inside = image.get("data")
    external = {"data-position": 0, "data-offset": end}
    for name, base in external.items():
        start = image.cell(name)
        if start is not None:
            size = image.cell("data-size")
            if size is None:
                raise InputError(f"{name} without data-size", offset=image.offset(name))
            return cut(data, base + start, size, "its data"), base + start
    if inside is None:
        raise InputError("an image without data", offset=image.offset())
    return inside, image.offset("data")


def _string(node: Node | None, name: str) -> str:
    value = node.get(name) if node else None
    return text(value) if value else ""
