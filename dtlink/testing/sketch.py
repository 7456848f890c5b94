"""A kernel in a few lines, for the rules' examples and for tests.

    built-in CLK_VENDOR drivers/clk/vendor.c vendor,clock
    module MMC_VENDOR drivers/mmc/host/vendor.c vendor,mmc  initramfs
    off PHY_VENDOR drivers/phy/vendor.c vendor,phy
    config ARM_SMMU_LEGACY_DT_BINDINGS=y
    initramfs ext4 crc16
    load ext4 crc16
    hidden PHY_VENDOR USB_VENDOR PCIE_VENDOR
    facts drivers/mmc/vendor.c required:clock:bus optional:power_domain: offers:GPIO whole

A line is a driver: how the kernel has it, its option, its file (whose name is the module's), the
compatible strings of its table; ``initramfs`` at the end puts the module there. ``initramfs`` lines
add modules that drive no device here; where no line mentions an initramfs, there is none. ``load``
names modules in the order in which the initramfs loads them, before udev does.

A ``hidden`` line is an option without a prompt, and those that turn it on.

``facts`` lines hold what is known of a driver's file: requests (``required``, ``optional``,
``ignored`` or ``unknown``, after ``child-`` if they are made for child nodes; kind; name),
``offers`` and ``unsure`` with a kind, ``makes`` with an alias, ``populates``, ``whole``. A blank in
a kind is ``_``; after an alias, ``@`` and a compatible string say for which device it is made.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.media import MEDIA, PCI_MEDIA, VIRTUAL_MEDIA
from dtlink.facts.root_layers import FILESYSTEMS
from dtlink.kernel.facts import Facts
from dtlink.kernel.holdings.aliases import AliasIndex
from dtlink.kernel.holdings.model import Holdings, Module
from dtlink.kernel.initramfs import Initramfs
from dtlink.kernel.source.driver_facts import Ask, DriverFacts, Need, encode
from dtlink.kernel.source.index import FACTS, KCONFIG, SourceIndex
from dtlink.kernel.source.lookup import text_of
from dtlink.records import NamedTuple

RELEASE = "6.12.0"
#: What a sketch knows: all of it.
_KNOWN = (
    *("config", "modules", "builtin", "order", "aliases", "builtin_aliases", "image", "softdeps"),
    "builtin_compatibles",
)
#: What drives disks on their buses, for which there is no line: built in, if ``config`` is silent.
_ON_BUSES = {
    row.config: "y" for each in (*MEDIA, *PCI_MEDIA, *VIRTUAL_MEDIA) for row in each.drivers
}
_ON_BUSES |= {row.config: "y" for row in FILESYSTEMS.values()}
_VALUES = {"built-in": "y", "module": "m", "off": "n"}
_WORDS = {*_VALUES, "config", "initramfs", "load", "facts", "hidden"}
#: The requests of ``facts`` lines.
_REQUESTS = {
    f"{before}{need.value}": (need, bool(before)) for need in Need for before in ("", "child-")
}


class _Line(NamedTuple):
    """One driver."""

    value: str
    config: str
    file: str
    names: tuple[str, ...]
    in_initramfs: bool

    @property
    def object_name(self) -> str:
        return self.file.rpartition("/")[2].removesuffix(".c")

    @property
    def module(self) -> str:
        return self.object_name.replace("-", "_")

    @property
    def path(self) -> str:
        return f"kernel/{self.object_name}.ko"


def sketch(text: str) -> Facts:
    """The facts of a kernel. Raises :class:`ValueError` for a line of another form."""
    rows = [row.split() for row in text.splitlines() if row.strip()]
    if unknown := [words[0] for words in rows if words[0] not in _WORDS]:
        raise ValueError(f"a line of a kernel begins with {unknown[0]}")
    drivers = [_driver(words) for words in rows if words[0] in _VALUES]
    holdings = _build(drivers, _config(drivers, _words_after("config", rows)))
    facts = [_fact_row(*words[1:]) for words in rows if words[0] == "facts"]
    hidden = [f"{words[1]}={' '.join(words[2:])}" for words in rows if words[0] == "hidden"]
    facts += ["\t".join((FACTS, KCONFIG, *hidden))] if hidden else []
    known = "".join(f"{row}\n" for row in facts)
    index = SourceIndex(RELEASE, text_of(_tables(drivers)), facts=lambda: known)
    return Facts(holdings, index, _initramfs_of(drivers, rows))


def driver_facts(*words: str) -> DriverFacts:
    """The facts in the words of a ``facts`` line. Raises :class:`ValueError` for other words."""
    parts = [(word, *word.replace("_", " ").split(":", 2)) for word in words]
    given = {first for _, first, *_ in parts}
    if unknown := given - {*_REQUESTS, "offers", "makes", "unsure", "populates", "whole"}:
        raise ValueError(f"not a fact: {min(unknown)}")
    return DriverFacts(
        asks=tuple(
            Ask(rest[0], word.split(":", 2)[2], *_REQUESTS[first])
            for word, first, *rest in parts
            if first in _REQUESTS
        ),
        offers=frozenset(rest[0] for _, first, *rest in parts if first == "offers"),
        makes=frozenset(
            word.partition(":")[2].replace("@", " ")
            for word, first, *_ in parts
            if first == "makes"
        ),
        populates="populates" in given,
        whole="whole" in given,
        unsure=frozenset(rest[0] for _, first, *rest in parts if first == "unsure"),
    )


def _fact_row(file: str, *words: str) -> str:
    return "\t".join((FACTS, file, *encode(driver_facts(*words))))


def _words_after(first: str, rows: list[list[str]]) -> list[str]:
    return [word for words in rows if words[0] == first for word in words[1:]]


def _config(drivers: list[_Line], settings: list[str]) -> dict[str, str]:
    given = {name: value for name, _, value in (word.partition("=") for word in settings)}
    built = {each.config: each.value for each in drivers if each.value != "n"}
    return {"MODULES": "y"} | _ON_BUSES | given | built


def _initramfs_of(drivers: list[_Line], rows: list[list[str]]) -> Initramfs | None:
    """The initramfs, if a line mentions one."""
    modules = [each.module for each in drivers if each.in_initramfs]
    if not modules and all(words[0] != "initramfs" for words in rows):
        return None
    return _initramfs(modules + _words_after("initramfs", rows), _words_after("load", rows))


def _driver(words: list[str]) -> _Line:
    held = words[-1] == "initramfs"
    names = tuple(words[3:-1] if held else words[3:])
    return _Line(_VALUES[words[0]], words[1], words[2], names, held)


def _build(drivers: list[_Line], config: dict[str, str]) -> Holdings:
    modules = [each for each in drivers if each.value == "m"]
    built_in = [each for each in drivers if each.value == "y"]
    aliases = [(f"of:N*T*C{name}", each.module) for each in modules for name in each.names]
    return Holdings(
        release=RELEASE,
        config=config,
        modules={each.module: Module(each.module, each.path) for each in modules},
        builtin=frozenset(each.module for each in built_in),
        order={each.module: number for number, each in enumerate(modules)},
        builtin_compatibles=frozenset(name for each in built_in for name in each.names),
        sources=dict.fromkeys(_KNOWN, "a sketch"),
        aliases=AliasIndex.of_pairs(aliases),
    )


def _tables(drivers: list[_Line]) -> Iterator[list[str]]:
    for each in drivers:
        yield ["d", each.file, each.object_name, each.config, "", *each.names]


def _initramfs(modules: list[str], order: list[str]) -> Initramfs:
    names = frozenset(modules)
    return Initramfs(
        modules=names,
        order=tuple(order),
        form="list",
        complete=True,
        versions=(RELEASE,),
        udev=True,
        by_version={RELEASE: names},
    )
