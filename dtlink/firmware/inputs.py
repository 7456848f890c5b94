"""What is read as one: a file, a folder of tables, or a member of a container, with overlays."""

from __future__ import annotations

import os

from dtlink.records import NamedTuple

#: Between a container and its member, as the user writes it and as reports print it.
MEMBER = "!"
#: What ends the name of an overlay, as a blob and as source.
OVERLAYS = (".dtbo", ".dtso", ".DTBO")
#: What ends the name of a devicetree that is not an overlay.
BASES = (".dtb", ".dts", ".DTB")
#: Suffixes of compressions as commands write them: gzip, xz, zstd, lz4, bzip2, lzma.
PACKED = (".gz", ".xz", ".zst", ".lz4", ".bz2", ".lzma")
#: The same, and of compressed ones.
_CALLED_OVERLAYS = (*OVERLAYS, *(f"{each}{end}" for each in OVERLAYS for end in PACKED))
#: What ends the name of a Raspberry Pi's config.txt, which names overlays.
CONFIG_TXT = ".txt"
#: What ends the name of a file that overlays may be put on, and of what is put on it.
_ENDINGS = (*BASES, *OVERLAYS, CONFIG_TXT)


class Input(NamedTuple):
    """A path as the user wrote it, and a member where the file is a container of several.

    With overlays, it is what they make of the file.
    """

    path: str
    member: str = ""
    """Its name in the container; of a container in a container, both names with ``!`` between."""
    overlays: tuple[str, ...] = ()
    """Overlays in the order of application; a Raspberry Pi's config.txt means its own."""
    variant: str = ""
    """What a configuration calls it; empty: it is known by its files."""

    def __str__(self) -> str:
        name = f"{self.path}{MEMBER}{self.member}" if self.member else self.path
        if self.variant:
            return f"{name}+{self.variant}"
        return "+".join((name, *map(os.path.basename, self.overlays)))

    @classmethod
    def of(cls, named: Input | str) -> Input:
        """An input as it is; a text as :meth:`named`."""
        return cls.named(named) if isinstance(named, str) else named

    @classmethod
    def named(cls, text: str) -> Input:
        """What the user names: a file, or if no file has that whole name, a part of one, or more.

        ``FILE!MEMBER`` is a member of a container, ``base.dtb+a.dtbo`` a base with an overlay.
        An overlay that is not a file is looked for beside the base, as reports name it.
        """
        if os.path.lexists(text):
            return cls(text)
        file, *overlays = _split(text)
        base = cls._with_member(file)
        return base.with_overlays(tuple(_beside(base.path, each) for each in overlays))

    @classmethod
    def _with_member(cls, text: str) -> Input:
        if MEMBER not in text or os.path.lexists(text):
            return cls(text)
        path, _, member = text.partition(MEMBER)
        while MEMBER in member and not os.path.lexists(path):
            more, _, member = member.partition(MEMBER)
            path += MEMBER + more
        return cls(path, member) if member and os.path.lexists(path) else cls(text)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it is made of."""
        return (self.path, *self.overlays)

    @property
    def is_overlay(self) -> bool:
        """Whether it is called as an overlay, which no others are put on."""
        return (self.member or self.path).endswith(_CALLED_OVERLAYS)

    def with_overlays(self, paths: tuple[str, ...]) -> Input:
        """The same with more overlays; one that is an overlay stays as it is."""
        if not paths or self.is_overlay:
            return self
        return self._replace(overlays=(*self.overlays, *paths))


def _beside(base: str, overlay: str) -> str:
    """The path of an overlay, which may be named by its file name beside the base."""
    if os.path.lexists(overlay):
        return overlay
    path = os.path.join(os.path.dirname(base), overlay)  # noqa: PTH118, PTH120 - paths stay text
    return path if os.path.lexists(path) else overlay


def _split(text: str) -> list[str]:
    """The files that are named with a plus sign between, of which each has a known ending."""
    found: list[str] = []
    for part in text.split("+"):
        if found and not found[-1].endswith(_ENDINGS):
            found[-1] += f"+{part}"
        else:
            found.append(part)
    return found
