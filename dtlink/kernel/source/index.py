"""Which source file of the kernel drives a ``compatible``, and which Kconfig symbol builds it.

A kernel's modules list what they drive (``modules.alias``); what is built in lists nothing before
Linux 6.18, and what was not built at all never does. So an index is made from the source of some
versions (``dtlink.kernel.source``), shipped, and read here.

The file is text, compressed with gzip. Its first line is ``dtlink source index 1`` and the kernel's
release, after a tab; every other line is one table's share, its fields parted by tabs: kind (``d``,
``e``, ``h``), file, module, symbol, conditions (parted by blanks), then the compatible strings. At
the end are lines of kind ``f``: a driver's file, and what is known of it (``driver_facts``); one
more is for the options without a prompt (:data:`KCONFIG`). A file may hold the indexes of several
releases (``several``), as the one that is shipped does.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.facts.shipped import SOURCES, beyond, nearest
from dtlink.firmware.errors import InputError
from dtlink.kernel.source.driver_facts import DriverFacts, decode
from dtlink.kernel.source.lookup import Lines
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

    from dtlink.kernel.source.several import Contents

#: The first field of an index.
HEADING: Final = "dtlink source index 1"

#: The one-letter form of each kind.
KINDS: Final = {"d": "driver", "e": "early", "h": "helper"}

#: The kind of a line with the facts about a driver's file.
FACTS: Final = "f"

#: The file of the line of that kind that is about options without a prompt: each with ``=`` and the
#: options that turn it on, after blanks.
KCONFIG: Final = "Kconfig"

#: The condition that no index can express.
UNKNOWN: Final = "?"

#: Bounds for a file that a user provides: bytes packed, bytes unpacked. The one shipped has
#: 0.3 and 1.3 MB.
_PACKED, _PLAIN = 4 << 20, 16 << 20

#: What its text is made of.
_PRINTABLE = b"\t\n" + bytes(range(0x20, 0x7F))

#: The fields of a line, at the least: one compatible string.
_FIELDS = 6
#: Those that have compatible strings; of a line of facts, the one that has its file.
COMPATIBLES, FILE = slice(5, None), slice(1, 2)


class Source(NamedTuple):
    """One table of the kernel's source that names a ``compatible``.

    ``file`` is its path in the source tree, ``object_name`` the object it is linked into, as the
    file of a module is named, whether or not it is built as one. ``symbol`` is the Kconfig symbol
    (without ``CONFIG_``) in the ``obj-$(CONFIG_…)`` that decides between built in and module; the
    innermost on the way, and empty where nothing decides: then it is always built in.

    ``kind`` is ``driver`` (a driver's match table, or one that makes module aliases), ``early``
    (the kernel starts such a node without a device: ``IRQCHIP_DECLARE()`` and its kind) or
    ``helper`` (a table that something looks through for its own ends).

    ``also`` holds what else must be so: ``X`` (y or m), ``!X`` (unset), ``X=y``, ``X=m``, ``!X=y``,
    several with ``|`` between (one of them is enough), or ``?`` for what has no such form. They
    come from directories above, from parts of a composite object, from ``#ifdef``, from the
    architecture whose folder the file is in, and from ``OF_DECLARE`` macros, which are empty in a
    module (include/linux/of.h, ``_OF_DECLARE()``).
    """

    file: str
    object_name: str
    symbol: str
    kind: str
    also: tuple[str, ...] = ()
    is_settled: bool = False
    """Whether the sources before and after the version that was asked for both have it, where the
    index is of one of them."""

    @property
    def module(self) -> str:
        """The name of the module, as the kernel spells it: ``_`` for ``-``."""
        return self.object_name.replace("-", "_")

    def built(self, config: Mapping[str, str], *, whole: bool = True) -> str | None:
        """How a kernel with this configuration has it: ``y``, ``m``, ``n``, or ``None``: unknown.

        ``config`` maps symbols without ``CONFIG_`` to ``y``, ``m``, ``n`` or a value; what is
        absent is unset if the configuration is ``whole``, and unknown otherwise. A file whose own
        symbol is ``m`` is in a module whatever its other conditions are.
        """
        absent = "n" if whole else None
        state = config.get(self.symbol, absent) if self.symbol else "y"
        held = [_holds(condition, config, absent) for condition in self.also]
        if state not in ("y", "m", None) or False in held:
            return "n"
        # Kconfig lets a part of a configuration set only what it can set: the rest follows.
        is_set = not whole and self.symbol in config and UNKNOWN not in self.also
        return None if None in held and not is_set else state


def _holds(condition: str, config: Mapping[str, str], absent: str | None) -> bool | None:
    """Whether a condition of ``Source.also`` is true in a configuration; ``None``: unknown."""
    if condition == UNKNOWN:
        return None
    found: list[bool | None] = []
    for option in condition.split("|"):
        symbol, _, wanted = option.lstrip("!").partition("=")
        value = config.get(symbol, absent)
        if value is None:
            found.append(None)
        else:
            met = value == wanted if wanted else value != "n"
            found.append(met is not option.startswith("!"))
    return True if True in found else None if None in found else False


class SourceIndex:
    """The tables of one kernel's source, by ``compatible``."""

    def __init__(
        self,
        release: str,
        tables: str,
        path: str = "",
        facts: Callable[[], str] = str,
        settled: int = 0,
    ) -> None:
        """``tables`` are lines of tables, each with its newline.

        ``facts`` returns the lines of that kind; it is called when they are first asked for.
        ``settled``: how many characters, from the first, are of :attr:`Source.is_settled` tables.
        """
        self.release = release
        self.settled = settled
        self.path = path
        self._read_facts = facts
        self._tables = tables
        self._decoded: dict[str, DriverFacts] = {}

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._tables, COMPATIBLES)

    def __len__(self) -> int:
        return len(self._lines.by_word)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines.by_word)

    def entries(self, compatible: str) -> tuple[Source, ...]:
        """All tables that name a ``compatible``, drivers first; empty where none does.

        Several entries are alternatives: any one of them that is built is enough.
        """
        return tuple(_source(*each) for each in sorted(self._rows(compatible)))

    def _rows(self, compatible: str) -> Iterable[tuple[list[str], bool]]:
        """The fields of each of them, and whether it is settled."""
        found = self._lines.with_word(compatible)
        return [(fields, at < self.settled) for at, fields in found]

    def spelled(self, compatible: str) -> str:
        """A string as tables name it, which may differ in the case of its letters; else empty."""
        folded = compatible.casefold()
        return self.other_spellings.get(folded) or (folded if self._lines.has(folded) else "")

    @cached_property
    def other_spellings(self) -> Mapping[str, str]:
        """The strings in which tables have capital letters, by these in small letters."""
        spelled = {each.casefold(): each for each in self}
        return {folded: each for folded, each in spelled.items() if folded != each}

    def module_file(self, module: str) -> str | None:
        """The name of a module's file, ``phy-x.ko`` of ``phy_x``; ``None``: not in the index."""
        found = self._object_names.get(module)
        return None if found is None else f"{found}.ko"

    @cached_property
    def _object_names(self) -> dict[str, str]:
        return {fields[2].replace("-", "_"): fields[2] for fields in self._lines}

    def facts(self, file: str) -> DriverFacts | None:
        """What is known of the driver in a source file; ``None``: nothing.

        An index that an older dtlink made has no facts.
        """
        if file not in self._decoded:
            found = self._facts_of(file)
            if not found:
                return None
            self._decoded[file] = decode(found)
        return self._decoded[file]

    @cached_property
    def has_facts(self) -> bool:
        """Whether it has facts about drivers at all."""
        return any(fields[1:2] != [KCONFIG] for fields in self._facts)

    def turned_on_by(self, option: str) -> tuple[str, ...] | None:
        """The options that select one without a prompt; none if there are many.

        ``None``: it has a prompt, or is in no line of the index.
        """
        found = self._hidden.get(option)
        return None if found is None else tuple(found.split())

    @cached_property
    def _hidden(self) -> Mapping[str, str]:
        pairs = (item.partition("=") for item in self._facts_of(KCONFIG))
        return {option: by for option, _, by in pairs}

    @property
    def all_lines(self) -> tuple[Lines, Lines]:
        """The lines of tables, and those of facts."""
        return self._lines, self._facts

    @property
    def fact_rows(self) -> Iterator[Sequence[str]]:
        """The fields of every line of facts: kind, file, then the facts."""
        return ([FACTS, file, *self._facts_of(file)] for file in self._facts.by_word)

    def _facts_of(self, file: str) -> list[str]:
        """The facts of a file, of all its lines."""
        return [fact for _, fields in self._facts.with_word(file) for fact in fields[2:]]

    @cached_property
    def _facts(self) -> Lines:
        return Lines(self._read_facts(), FILE)

    @classmethod
    def load(cls, path: str = "", version: KernelVersion = DEFAULT) -> SourceIndex:
        """Read an index; without a path the shipped one.

        Of a file that holds several releases it is the one nearest to a version. Raises
        ``InputError`` for a file that cannot be read, is not an index, or is out of bounds.
        """
        from dtlink.kernel.holdings.files import read_bytes

        name = path or SOURCES
        return cls.parse(read_bytes(name, _PACKED), name, version)

    @classmethod
    def every(cls, path: str) -> list[SourceIndex]:
        """The indexes of all releases that a file holds. Raises as :meth:`load`."""
        from dtlink.kernel.holdings.files import read_bytes
        from dtlink.kernel.source.several import contents

        found = contents(read_bytes(path, _PACKED))
        versions = map(KernelVersion.of_release, found.releases if found else ())
        return [cls.load(path, version) for version in versions]

    @classmethod
    def parse(cls, data: bytes, path: str, version: KernelVersion = DEFAULT) -> SourceIndex:
        """The index in the bytes of a file. Raises as :meth:`load`."""
        from dtlink.kernel.source.several import contents

        if (held := contents(data)) and held.releases:
            return cls._of_several(data, held, path, version)
        first, _, text = _text(data, path).partition("\n")
        heading, _, release = first.partition("\t")
        if heading != HEADING:
            raise InputError(f"not a source index (it begins with {first[:40]!r})", path=path)
        facts: list[str] = []
        tables: list[str] = []
        for row in text.split("\n"):
            (facts if row.startswith(f"{FACTS}\t") else tables).append(f"{row}\n" if row else "")
        known = "".join(facts)
        return cls(release, _checked("".join(tables), path), path, lambda: known)

    @classmethod
    def _of_several(
        cls, data: bytes, held: Contents, path: str, version: KernelVersion
    ) -> SourceIndex:
        releases = releases_for(held, version)
        text, settled = tables_of(data, held, releases, path)
        tables = text if path == SOURCES else _checked(text, path)
        return cls(releases[0], tables, path, _facts_of(data, held, releases[0], path), settled)

    @property
    def tables(self) -> Iterator[Sequence[str]]:
        """The fields of every table, as they are in the file."""
        return iter(self._lines)


def _source(fields: list[str], is_settled: bool) -> Source:  # noqa: FBT001 - a field of it
    kind, file, module, symbol, also = fields[:5]
    return Source(file, module, symbol, KINDS[kind], tuple(also.split()), is_settled)


def _checked(tables: str, path: str) -> str:
    """The lines of tables. Raises ``InputError`` for a line that is none."""
    for number, row in enumerate(tables.splitlines(), 2):
        fields = row.split("\t")
        if len(fields) < _FIELDS or fields[0] not in KINDS:
            raise InputError(f"damaged source index: line {number} is not a table", path=path)
    return tables


def _facts_of(data: bytes, held: Contents, release: str, path: str) -> Callable[[], str]:
    """What reads the facts of a release: later for the file that is shipped, at once for others.

    Those may be damaged, and that is better reported before anything was checked.
    """

    def read() -> str:
        return texts_of(data, held.places(release, facts=True), path)

    if path == SOURCES:
        return read
    known = read()
    return lambda: known


def releases_for(held: Contents, version: KernelVersion) -> tuple[str, ...]:
    """The release nearest to a version, and the one on the other side of it, if there is one."""
    known = {KernelVersion.of_release(each): each for each in held.releases}
    other = beyond(known, version)
    return (known[nearest(known, version)], *([known[other]] if other else ()))


def tables_of(
    data: bytes, held: Contents, releases: Sequence[str], path: str, part: int | None = None
) -> tuple[str, int]:
    """The lines of tables of the first release, or of a part of them.

    First are those that the other release has, too: as many characters as is said.
    """
    shared = list(held.places(*releases, part=part)) if len(releases) > 1 else []
    starts = {each.start for each in shared}
    both = texts_of(data, shared, path)
    own = (each for each in held.places(releases[0], part=part) if each.start not in starts)
    return both + texts_of(data, own, path), len(both)


def texts_of(data: bytes, places: Iterable[slice], path: str) -> str:
    """The lines at several places of a file."""
    left = _PLAIN
    found = []
    for place in places:
        text = _text(data[place], path, left)
        left -= len(text)
        found.append(text)
    return "".join(found)


def _text(packed: bytes, path: str, limit: int = _PLAIN) -> str:
    """The text of an index: printable characters, tabs and line ends only."""
    if path == SOURCES:  # only what a user provides may be damaged
        return zlib.decompress(packed, zlib.MAX_WBITS | 16).decode("ascii")
    from dtlink.firmware.packing import compression_of, unpacked

    if not compression_of(packed[:16]):
        raise InputError("not a source index (it is not compressed)", offset=0, path=path)
    try:
        plain = unpacked(packed, limit)
    except InputError as error:
        error.path = path
        raise
    if odd := plain.translate(None, _PRINTABLE):
        message = f"damaged source index: byte {odd[0]:#04x} in its text"
        raise InputError(message, offset=plain.index(odd[:1]), path=path)
    return plain.decode("ascii")
