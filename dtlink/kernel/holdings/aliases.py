"""Which modules an alias calls: modules.alias, as modprobe goes through it.

An alias is a pattern of fnmatch(3). Those of devicetree drivers are written by the kernel's
scripts/mod/file2alias.c, do_of_entry(): ``of:N*T*Cvendor,device``, and the same with ``C*`` at its
end, for a device that has more compatible strings after this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dtlink.late import pattern as late_pattern
from dtlink.records import NamedTuple
from dtlink.typed import Any

#: ``of:N`` name ``T`` type ``C`` compatible: a name is in none that drivers make today.
_OF = late_pattern(r"of:N\*T(\*|[^*?\[\]]+\*)C([^*?\[\]]+?)(C\*|\*|)")
_SPACE = late_pattern(r"\s")
_WILD = "*?["
_WILDCARD = late_pattern(r"\[[!^]?\]?[^\]]*\]|[*?\[]")
_BRACKETS = late_pattern(r"(\[[^\]]*\])")
#: Patterns are kept apart by their first characters, and looked at only where those are asked for.
_KEY = 3
#: Nothing that is asked for is longer.
MAX_ALIAS = 4096


class OfAlias(NamedTuple):
    """A module that a compatible string calls."""

    module: str
    device_type: str
    """Empty where any will do."""
    ends: str
    """What may come after the string: ``C`` or nothing; ``$`` nothing, ``+`` C, ``*`` anything."""

    @classmethod
    def parse(cls, text: str) -> OfAlias:
        """From the text that is kept: a module's name has neither a colon nor one of the ends."""
        ends = text[-1] if text[-1] in _MARKS else ""
        module, _, device_type = text.removesuffix(ends).partition(":")
        return cls(module, device_type, ends)

    def goes_before(self, after: str) -> bool:
        """Whether it matches where these letters come after the string."""
        if self.ends == "*" or not after:
            return self.ends != "+"
        return after == "C" and self.ends != "$"


#: The ends of the patterns that there are of one string and module. File2alias.c writes the first;
#: old kernels wrote the last, by which modprobe loads the module for longer strings too; the
#: others come of MODULE_ALIAS() by hand.
_ENDS = {("", "C*"): "", ("",): "$", ("C*",): "+"}
_MARKS = "$+*"


class AliasIndex:
    """Modules by alias.

    ``of`` holds those of compatible strings (OfAlias as text, between blanks). The rest are lines,
    by their first characters: ``wild`` those with wildcards, and those that one of these begins
    with; ``others`` all that are looked up as a whole. ``folded``: they are from an index of kmod,
    which writes ``_`` for ``-``.
    """

    def __init__(
        self,
        of: Mapping[str, str] | None = None,
        others: Mapping[str, str] | None = None,
        wild: Mapping[str, str] | None = None,
        *,
        folded: bool = False,
    ) -> None:
        self._of = of or {}
        self._others = others or {}
        self._wild = wild or {}
        self._folded = folded
        self._buckets: dict[str, dict[str, list[tuple[str, str]]]] = {}

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[str, str]], *, folded: bool = False) -> AliasIndex:
        """An index of aliases, each with the module that it calls."""
        of: dict[str, dict[str, set[str]]] = {}
        others: list[tuple[str, str]] = []
        of_device = _OF.fullmatch
        for pattern, module in pairs:
            if pattern.startswith("of:") and (found := of_device(pattern)):
                kind = f":{found[1][:-1]}" if found[1] != "*" else ""
                of.setdefault(found[2], {}).setdefault(module + kind, set()).add(found[3])
            elif pattern:
                others.append((_normal(pattern), module))
        begins = {_begin(pattern) for pattern, _ in others if _is_wild(pattern)}
        wild = (each for each in others if _is_wild(each[0]) or each[0] in begins)
        whole = (each for each in others if not _is_wild(each[0]) and each[0] not in begins)
        texts = {key: _kept(each) for key, each in of.items()}
        return cls(texts, _lines(whole), _lines(wild), folded=folded)

    def facts(self) -> dict[str, Any]:
        """The index as plain data, of which ``AliasIndex(**facts)`` makes it again."""
        texts = {"of": self._of, "others": self._others, "wild": self._wild}
        return {**texts, "folded": self._folded}

    def __len__(self) -> int:
        texts = (*self._others.values(), *self._wild.values())
        return len(self._of) + sum(text.count("\n") - 1 for text in texts)

    @property
    def compatibles(self) -> Iterable[str]:
        """Every compatible string that an alias names."""
        return self._of.keys()

    def modules_of(self, compatible: str, device_type: str | None = None) -> tuple[str, ...]:
        """The modules whose drivers match a compatible string.

        ``None``: of whatever type the device is. Compared letter by letter, as modprobe does.
        """
        wanted = compatible if compatible.split() == [compatible] else _SPACE.sub("_", compatible)
        wanted = _normal(wanted) if self._folded else wanted
        return _once(
            each.module
            for each in self._of_entries(wanted)
            if device_type is None or each.device_type in ("", device_type)
        )

    def modules_for(self, modalias: str) -> tuple[str, ...]:
        """The modules that modprobe loads for an alias, in the order of modules.alias.

        ``-`` and ``_`` are the same to it (kmod, libkmod-util.c, alias_normalize()), but for those
        of devicetree, where this would load a module without a driver for the device.
        """
        if len(modalias) > MAX_ALIAS:
            return ()
        return _once((*self._of_matches(modalias), *self._other_matches(modalias)))

    def _of_entries(self, compatible: str) -> list[OfAlias]:
        return [OfAlias.parse(each) for each in self._of.get(compatible, "").split()]

    def _of_matches(self, modalias: str) -> Iterator[str]:
        """Of ``of:NnameTtypeConeCtwo…``: every string that ends where another begins, or begins so.

        A ``C`` may be part of a string, so that it is not known where one ends.
        """
        if not modalias.startswith("of:N"):
            return
        modalias = _normal(modalias) if self._folded else modalias
        of_type = modalias.partition("T")[2]
        starts = [at for at, letter in enumerate(modalias) if letter == "C"]
        for start in starts:
            for end in range(start + 2, len(modalias) + 1):
                for each in self._of_entries(modalias[start + 1 : end]):
                    if each.goes_before(modalias[end : end + 1]) and of_type.startswith(
                        each.device_type
                    ):
                        yield each.module

    def _other_matches(self, modalias: str) -> Iterator[str]:
        wanted = _normal(modalias)
        for key in (modalias[:_KEY], ""):
            bucket = self._bucket(_normal(key))
            for end in range(len(wanted) + 1) if bucket else ():
                for pattern, module in bucket.get(wanted[:end], ()):
                    if pattern == wanted or _matches(wanted, pattern):
                        yield module
            yield from _found(self._others.get(_normal(key), ""), wanted)

    def _bucket(self, key: str) -> dict[str, list[tuple[str, str]]]:
        """Patterns with the same first characters, by what they begin with up to a wildcard."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = {}
            for line in self._wild.get(key, "").split("\n"):
                pattern, blank, module = line.rpartition(" ")
                if blank:
                    bucket.setdefault(_begin(pattern), []).append((pattern, module))
        return bucket


def _kept(entries: Mapping[str, set[str]]) -> str:
    """Modules, and what may come after the string they are called by, as the text that is kept."""
    return " ".join(each + _ENDS.get(tuple(sorted(ends)), "*") for each, ends in entries.items())


def _lines(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Patterns with their modules as lines, before and after each a newline, by what they begin."""
    found: dict[str, list[str]] = {}
    for pattern, module in pairs:
        found.setdefault(_bucket(pattern), [""]).append(f"{pattern} {module}")
    return {key: "\n".join((*lines, "")) for key, lines in found.items()}


def _found(lines: str, wanted: str) -> Iterator[str]:
    """The modules of the lines with a pattern, which has no wildcard."""
    start, at = f"\n{wanted} ", -1
    if "\n" in wanted:  # a string of a tree may be anything
        return
    while (at := lines.find(start, at + 1)) >= 0:
        begin = at + len(start)
        module = lines[begin : lines.index("\n", begin)]
        if " " not in module:  # else the pattern is longer
            yield module


def _bucket(pattern: str) -> str:
    start = pattern[:_KEY]
    return "" if _is_wild(start) else start


def _is_wild(pattern: str) -> bool:
    return any(map(pattern.__contains__, _WILD))


def _begin(pattern: str) -> str:
    """What a pattern has before its first wildcard."""
    ends = (at for at in map(pattern.find, _WILD) if at >= 0)
    return pattern[: min(ends, default=len(pattern))]


def _normal(alias: str) -> str:
    """``_`` for ``-``, except within brackets."""
    if "-" not in alias:
        return alias
    if "[" not in alias:
        return alias.replace("-", "_")
    parts = _BRACKETS.split(alias)
    return "".join(part if part[:1] == "[" else part.replace("-", "_") for part in parts)


def _matches(alias: str, pattern: str) -> bool:
    """Whether a pattern with wildcards matches: first of all, what is literal in it."""
    if not _is_wild(pattern) or not all(map(alias.__contains__, _WILDCARD.split(pattern))):
        return False
    from fnmatch import fnmatchcase

    return fnmatchcase(alias, pattern)


def _once(modules: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(modules))
