"""What a function asks for and offers, together with all that it calls.

Each function is read once, into a :class:`Summary` in which what depends on the caller (names,
nodes, whether an error is returned) is left open; the caller's own summary fills that in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from dtlink.kernel.source.driver_facts import Need
from dtlink.kernel.source.functions import Call, CFile, Function
from dtlink.kernel.source.guards import MOST, Guards, guards
from dtlink.kernel.source.handling import Handling, handling, passed
from dtlink.kernel.source.library import Library
from dtlink.kernel.source.macros import Macro
from dtlink.kernel.source.names import UNKNOWN, UNNAMED, Is, Names, Value, Values
from dtlink.kernel.source.owners import OWN, Owner, Owners, Who
from dtlink.kernel.source.requests import CALLBACKS, EVERY, LATER, Api, offers_of, request_of
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: How deep calls are followed, and how many requests of one function are kept.
_DEPTH: Final = 40
_MOST: Final = 600
#: The field of a value that is the number of an entry.
NUMBER: Final = "#"
#: The name of a request for the node that a property references, which is the name.
BY_PHANDLE: Final = Value(Is.UNKNOWN, "phandle")
_STRENGTH: Final = {Need.REQUIRED: 3, Need.UNKNOWN: 2, Need.OPTIONAL: 1, Need.IGNORED: 0}
_PASTED = re.compile(r"\w*\s*##\s*\w*")
_FUNCTION_NAME = re.compile(r"(?:\([^()]*\)\s*)?&?\s*(\w+)\Z")


class Pending(NamedTuple):
    """A request whose name and node may be the caller's matter."""

    kind: str
    name: Value
    owner: Owner
    guards: Guards = frozenset()


class Offer(NamedTuple):
    """A provider that is registered."""

    kind: str
    guards: Guards = frozenset()


@dataclass
class Summary:
    """What a function does, all that it calls included."""

    requests: dict[Pending, Need] = field(default_factory=dict)
    offers: set[Offer] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    """Functions that were not found."""

    def add(self, pending: Pending, need: Need) -> None:
        """Add a request; of several of one kind and name the strongest need counts."""
        had = self.requests.get(pending)
        if had is None and len(self.requests) >= _MOST:
            self.unread.add("<too many requests>")
        elif had is None or _STRENGTH[need] > _STRENGTH[had]:
            self.requests[pending] = need

    def join(self, other: Summary) -> None:
        """Add what another function does."""
        for pending, need in other.requests.items():
            self.add(pending, need)
        self.offers |= other.offers
        self.unread |= other.unread


class Reach:
    """Makes summaries of functions."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.names = Names(library)
        self._summaries: dict[tuple[str, str, int], Summary] = {}
        self._owners = lru_cache(64)(self._read_owners)
        self._pointers = lru_cache(2000)(self._functions_of_members)

    def of(self, function: Function, depth: int = 0) -> Summary:
        """The summary of a function."""
        key = (function.path, function.name, len(function.body))
        found = self._summaries.get(key)
        if found is None:
            # While it is read, those that call it again see nothing new in it.
            found = self._summaries[key] = Summary()
            if depth > _DEPTH:
                found.unread.add(f"<too deep: {function.name}>")
            else:
                self._read(function, found, depth)
        return found

    def _read(self, function: Function, summary: Summary, depth: int) -> None:
        for (name, is_member), places in function.called().items():
            row = None if is_member else request_of(name)
            inner = Summary()
            if row is None or row.is_followed:
                for each in self._called(function, name, summary, is_member=is_member):
                    inner.join(self.of(each, depth + 1))
                summary.unread |= inner.unread
            if not is_member:
                inner.offers.update(Offer(kind) for kind in offers_of(name))
            if not is_member and (later := LATER.get(name)) is not None:
                for each in self.given(function, *later):
                    inner.offers |= self.of(each, depth + 1).offers
            if row is not None or inner.requests or inner.offers:
                for place in places:
                    self._at(function, name, place, row, inner, summary)

    def _at(
        self,
        function: Function,
        name: str,
        place: int,
        row: Api | None,
        inner: Summary,
        summary: Summary,
    ) -> None:
        """Add what one call leads to."""
        call = function.call(name, place)
        if call is None:
            summary.unread.add(f"<{name}>")
            return
        held = self._guards(function, place)
        for offer in inner.offers:
            summary.offers.add(Offer(offer.kind, _both(offer.guards, held)))
        if row is not None:
            self._request(function, call, row, held, summary)
        if inner.requests:
            self._pass(function, call, inner, held, summary)

    def _guards(self, function: Function, place: int) -> Guards:
        """The members that a caller's data has to set: of structures that the files define."""
        files = tuple(self.library.files(function.path))
        return frozenset(
            each
            for each in guards(function, place)
            if (each.isupper() or any(each in file.declared for file in files))
            and not any(file.sets(each) for file in files)
        )

    def _called(
        self, function: Function, name: str, summary: Summary, *, is_member: bool
    ) -> Iterable[Function]:
        """The functions that a call may lead to, as far as they are not known by a row."""
        if is_member:
            return self._pointed(function, name)
        kinds = offers_of(name)
        if (back := CALLBACKS.get(name)) is not None:
            called = self.given(function, *back)
            direct = () if kinds else self.library.find(name, function.path) or ()
            return (*called, *direct)
        if kinds:
            return ()
        found = self.library.find(name, function.path)
        if found is not None:
            return found
        return self._unfound(function, name, summary)

    def _unfound(self, function: Function, name: str, summary: Summary) -> Iterable[Function]:
        """What a call names that no file defines: a macro, a pointer, a header's function."""
        for file in self.library.files(function.path):
            if (macro := file.macros.get(name)) is not None:
                return self._of_macro(macro, file, name)
        if self._is_variable(function, name):
            held = self._pointers(function.path).get("data", {})
            if not held:
                summary.unread.add(f"<{name}>")
            return (each for found in held.values() for each in found)
        if not self.library.is_declared(name) and not function.quotes(name):
            summary.unread.add(name)
        return ()

    def _of_macro(self, macro: Macro, file: CFile, name: str) -> Iterable[Function]:
        """A macro as a function of its own, if it calls something of interest."""
        plain = _PASTED.sub("", macro.body)
        if "(" not in plain:
            return ()
        # An expression has a value, as what a function returns.
        body = f"{plain};" if any(sign in plain for sign in ";{") else f"return {plain};"
        return (Function(name, macro.parameters or (), body, file.path),)

    @staticmethod
    def _is_variable(function: Function, name: str) -> bool:
        """Whether a call goes through a pointer in a parameter or a local variable."""
        if f"*{name})(" in function.signature or f"*{name})(" in function.body:
            return True
        if f"{name} = " not in function.body:
            return False
        data = rf"\b{name} = [^;]*(?:match_data|->\s*(?:driver_)?data\b)"
        return re.search(data, function.body) is not None

    def given(self, function: Function, structure: str, members: tuple[str, ...]) -> list[Function]:
        """The functions that data of a structure's type gives its members.

        It is data that the function names, or else that its file has.
        """
        files = self.library.files(function.path)
        typed = [d for file in files for d in file.data.values() if d.type == structure]
        own = self.library.file(function.path)
        held = [each for each in typed if re.search(rf"\b{each.name}\b", function.body)]
        held = held or [each for each in typed if own and own.data.get(each.name) is each] or typed
        names = (
            match[1]
            for data in held
            for member in members
            for match in re.finditer(rf"\.\s*{member}\s*=\s*(\w+)", data.value)
        )
        return [each for name in names for each in self.library.find(name, function.path) or ()]

    def _pointed(self, function: Function, name: str) -> Iterable[Function]:
        """The functions that a call through a member of a structure may lead to."""
        found = self._pointers(function.path).get(name)
        if not found:
            return ()
        named = self._types_of(function, name, set(found) - {""})
        return (each for kind in (*sorted(named), "") for each in found.get(kind, ()))

    def _types_of(self, function: Function, name: str, types: set[str]) -> set[str]:
        """The types that the structures in front of a member may have, of some."""
        before = rf"(\w+)\s*(?:\[[^\]]*\])?\s*(?:->|\.)\s*{name}\s*\("
        kept: set[str] = set()
        for owner in set(re.findall(before, function.body)):
            declared = re.compile(rf"\bstruct\s+(\w+)[\s*]+(?:const\s+)?\*?{owner}\b")
            local = declared.findall(function.signature) or declared.findall(function.body)
            if local:
                kept |= types.intersection(local)
                continue
            texts = (file.outside for file in self.library.files(function.path))
            members = {each for text in texts for each in declared.findall(text)}
            kept |= types & members or types
        return kept

    def _functions_of_members(self, path: str) -> dict[str, dict[str, tuple[Function, ...]]]:
        """The functions behind pointers in structures that the driver itself defines.

        By member, and by the structure's type; an empty type is not known.
        """
        files = list(self.library.files(path))
        own = frozenset().union(*(file.structures for file in files))
        found: dict[str, dict[str, dict[Function, None]]] = {}
        for file in files:
            if not file.path.endswith(".c"):
                continue
            for kind, member, name in _given_members(file, own):
                for each in self._local(name, files):
                    found.setdefault(member, {}).setdefault(kind, {})[each] = None
        return {
            member: {kind: tuple(each) for kind, each in kinds.items()}
            for member, kinds in found.items()
        }

    @staticmethod
    def _local(name: str, files: list[CFile]) -> Iterator[Function]:
        for file in files:
            yield from file.functions.get(name, ())

    def _request(
        self, function: Function, call: Call, row: Api, held: Guards, summary: Summary
    ) -> None:
        """Add the requests of a call of one of the rows."""
        given = call.arguments
        if row.needs and not any(row.needs in each for each in given):
            return
        owner = self._owners(function).of(given[row.node]) if row.node < len(given) else OWN
        need = _need(row, handling(function, call))
        for value in self._values(function, row, given):
            summary.add(Pending(row.kind, value, owner, held), need)

    def _values(self, function: Function, row: Api, given: tuple[str, ...]) -> Values:
        """The names that a call asks for."""
        if row.by_phandle:
            return frozenset({BY_PHANDLE})
        if row.names:
            return frozenset(Value(Is.NAME, each) for each in row.names)
        if row.name is not None and row.name < len(given):
            if row.field and given[row.name].strip() == "NULL":
                return frozenset({Value(Is.NAME, EVERY)})
            return self.names.of(given[row.name], function, row.field or "")
        if row.number is not None and row.number < len(given):
            return frozenset({self._number(given[row.number], function)})
        return frozenset({UNNAMED})

    def _number(self, text: str, function: Function) -> Value:
        """The entry that a number means."""
        text = text.strip()
        if text in function.parameters:
            return Value(Is.PARAMETER, str(function.parameters.index(text)), NUMBER)
        for file in self.library.files(function.path):
            if (macro := file.macros.get(text)) is not None:
                text = macro.body.strip("() ")
                break
        if re.fullmatch(r"0x[0-9a-fA-F]{1,16}|0[0-7]{0,21}|[1-9][0-9]{0,18}", text):
            is_octal = text[0] == "0" and text[1:2] != "x"
            number = int(text, 8 if is_octal else 0)
            return Value(Is.NAME, f"#{number}" if number else "")
        return Value(Is.NAME, "*")

    def _pass(
        self, function: Function, call: Call, inner: Summary, held: Guards, summary: Summary
    ) -> None:
        """Add the requests of a called function, with what the caller decides filled in."""
        how, owners = handling(function, call), self._owners(function)
        for pending, need in inner.requests.items():
            owner = pending.owner
            if owner.who is Who.PARAMETER:
                owner = owners.given(owner, call.arguments)
            both = _both(pending.guards, held)
            for value in self._value(pending.name, function, call):
                summary.add(Pending(pending.kind, value, owner, both), passed(need, how))

    def _read_owners(self, function: Function) -> Owners:
        file = self.library.file(function.path)
        return Owners(function, file.assignments if file else {})

    def _value(self, value: Value, function: Function, call: Call) -> Values:
        if value.how is not Is.PARAMETER:
            return frozenset({value})
        place = int(value.text)
        if place >= len(call.arguments):
            return frozenset({UNKNOWN})
        if value.field == NUMBER:
            return frozenset({self._number(call.arguments[place], function)})
        return self.names.of(call.arguments[place], function, value.field)


def _both(inner: Guards, outer: Guards) -> Guards:
    return frozenset(sorted(inner | outer)[:MOST])


def _need(row: Api, how: Handling) -> Need:
    """The need of a request by its row, and by what becomes of its error."""
    if row.is_ignored:
        return Need.IGNORED
    return passed(Need.OPTIONAL if row.is_optional else Need.REQUIRED, how)


def _given_members(file: CFile, own: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """The functions that a file may give members of structures: type, member, function."""
    for data in file.data.values():
        if data.type in own:
            for member, name in _pairs(data.value):
                yield data.type, member, name
        elif data.type.endswith("_id"):
            for member, name in _matched(data.value):
                yield data.type, member, name
    for member, held in file.assignments.items():
        for _, name in held:
            yield "", member, name.lstrip("&")


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    """Members of an initializer, and the functions they may be given."""
    yield from re.findall(r"\.\s*(\w+)\s*=\s*&?(\w+)\s*(?=[,}\n])", value)


def _matched(value: str) -> Iterator[tuple[str, str]]:
    """The functions that a match table gives its entries."""
    for text in re.findall(r"\.\s*data\s*=\s*((?:\([^()]*\)\s*)?\w+)", value):
        match = _FUNCTION_NAME.match(text)
        if match is not None:
            yield "data", match[1]
