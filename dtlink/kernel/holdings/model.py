"""What one kernel holds, as the rest of dtlink asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property

from dtlink.kernel.holdings.aliases import AliasIndex
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Module(NamedTuple):
    """A module: its name (``_`` for ``-``), and its file below the folder of modules."""

    name: str
    path: str
    depends: tuple[str, ...] = ()
    """Names of what must be loaded first, in load order."""
    pre: tuple[str, ...] = ()
    """Names or aliases of what is loaded first, if it is there (softdep pre)."""
    post: tuple[str, ...] = ()
    """Names or aliases of what is loaded afterwards, if it is there (softdep post)."""


class Modules(Mapping[str, Module]):
    """The modules of a kernel, each made of its text when it is asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """``texts``: those of :func:`text_of_module`, by the module's name."""
        self._texts = texts
        self._made: dict[str, Module] = {}

    def __getitem__(self, name: str) -> Module:
        if name not in self._made:
            *lists, path = self._texts[name].split("\t", 3)
            self._made[name] = Module(name, path, *(tuple(each.split()) for each in lists))
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def text_of_module(path: str, *lists: Iterable[str]) -> str:
    """A module's lists of :class:`Module`, between blanks, and its file, with tabs between."""
    return "\t".join((*(" ".join(each).replace("\t", " ") for each in lists), path))


class Holdings:
    """What one kernel holds.

    What could not be found out has no entry in ``sources``, and its fact is empty: ask
    :meth:`knows` before taking an empty answer for a no.
    """

    def __init__(
        self,
        *,
        release: str,
        config: Mapping[str, str],
        modules: Mapping[str, Module],
        builtin: AbstractSet[str],
        order: Mapping[str, int],
        builtin_compatibles: AbstractSet[str] | None,
        sources: Mapping[str, str] | None = None,
        notes: tuple[str, ...] = (),
        aliases: AliasIndex | None = None,
        builtin_aliases: AliasIndex | None = None,
        stamp: str | None = None,
    ) -> None:
        self.release: Final = release
        """Such as ``6.12.117+deb12-arm64``; empty where it is unknown."""
        self.config: Final = config
        """The configuration, by names without ``CONFIG_``: 'y', 'm' or the value; 'n' where a line
        says so. What is absent is off if the whole ``config`` is known, and unknown otherwise.
        """
        self.modules: Final = modules
        self.builtin: Final = builtin
        """Names of the modules that are built in (modules.builtin)."""
        self.order: Final = order
        """The place of each module in modules.order: of several for one device, the first wins."""
        self.builtin_compatibles: Final = builtin_compatibles
        """Compatible strings in match tables of what is built in; ``None``: unknown.

        From the image (every table, also those of early code and of helpers) and from the aliases
        of what is built in, where the kernel lists them (drivers that declare their table only).
        """
        self.sources: Final = sources or {}
        """The file or folder that each fact was read from, by the fact's name."""
        self.notes: Final = notes
        """What exists but could not be used, a sentence each."""
        self.aliases: Final = AliasIndex() if aliases is None else aliases
        self.builtin_aliases: Final = AliasIndex() if builtin_aliases is None else builtin_aliases
        self.stamp: Final = stamp
        """What the files were before they were read, as text; ``None``: not known."""

    def knows(self, fact: str) -> bool:
        """Whether a fact was read: ``config``, ``config_part`` (a savedefconfig or a fragment),
        ``modules``, ``builtin``, ``order``, ``aliases``, ``builtin_aliases``, ``image`` (every
        table of what is built in), ``softdeps``.
        """
        return fact in self.sources

    @property
    def has_whole_release(self) -> bool:
        """Whether ``release`` may be the name of the modules' folder.

        A configuration's first lines have the version without CONFIG_LOCALVERSION and what is
        added when a kernel is built (scripts/setlocalversion).
        """
        return self.knows("modules") or not self.knows("config")

    def option(self, symbol: str) -> str | None:
        """The value of an option, ``n`` if it is off; ``None``: not known."""
        return self.config.get(symbol, "n" if self.knows("config") else None)

    def modules_for(self, modalias: str) -> tuple[str, ...]:
        """The modules that modprobe loads for a device's alias, such as ``platform:arm-smmu``."""
        return self.aliases.modules_for(modalias)

    def modules_of(self, compatible: str, device_type: str | None = None) -> tuple[str, ...]:
        """The modules that have a driver for a compatible string.

        A few drivers ask for a ``device_type`` as well; ``None``: it is not known, and they count.
        """
        return self.aliases.modules_of(compatible, device_type)

    def builtin_for(self, modalias: str) -> tuple[str, ...]:
        """What is built in for an alias, as far as the kernel lists it."""
        return self.builtin_aliases.modules_for(modalias)

    def has_builtin(self, compatible: str) -> bool | None:
        """Whether something built in has a table with a compatible string; ``None``: unknown.

        A no is one only if the image was read: a driver need not declare its table. The kernel
        compares without regard to case (include/linux/of.h, of_compat_cmp()).
        """
        if compatible.casefold() in self._builtin_folded:
            return True
        if self.builtin_aliases.modules_of(compatible):
            return True
        return False if self.knows("image") else None

    @cached_property
    def _builtin_folded(self) -> frozenset[str]:
        return frozenset(each.casefold() for each in self.builtin_compatibles or ())

    def closure(self, names: Iterable[str]) -> list[str]:
        """Modules with all that they call for, in the order in which modprobe loads them.

        Names may be aliases. What is built in, or not there at all, is left out. (kmod,
        libkmod-module.c, kmod_module_get_probe_list(): soft dependencies, hard ones, the module,
        and what it wants afterwards.)
        """
        order: dict[str, None] = {}
        entered: set[str] = set()
        # Deepest last: each step is a module to go into, or one whose needs are all in order.
        steps = [(name, False) for name in reversed(self._resolve(names))]
        while steps:
            name, ready = steps.pop()
            if ready:
                order[name] = None
            elif name not in entered:
                entered.add(name)
                module = self.modules[name]
                before = (*self._resolve(module.pre), *self._resolve(module.depends))
                steps += [(each, False) for each in reversed(self._resolve(module.post))]
                steps.append((name, True))
                steps += [(each, False) for each in reversed(before)]
        return list(order)

    def _resolve(self, names: Iterable[str]) -> list[str]:
        """The modules of names or aliases (libkmod-module.c, lookup functions)."""
        found: list[str] = []
        for name in names:
            own = name.replace("-", "_")
            if own in self.modules:
                found.append(own)
            else:
                found += (each for each in self.modules_for(name) if each in self.modules)
        return found
