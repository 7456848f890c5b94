"""What is wrong in devicetree source, as compilers print it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.firmware.source.errors import SourceFault
from dtlink.wording import and_more, counted

#: Upper bounds on the faults of one input and of all, on the includers of one, and on inputs that
#: are named.
_FAULTS = 20
_ALL = 40
_CHAIN = 8
_INPUTS = 3


class SourceFaultLines:
    """The lines for the faults of many inputs: each once, however many boards include its file.

    A file that is missing is one fault, wherever it is included.
    """

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()
        self._left = _ALL
        self._more = 0
        self._fixes: set[str] = set()
        self._chain: tuple[tuple[str, int], ...] = ()
        self._same: list[str] = []

    def of(self, name: str, faults: Sequence[SourceFault]) -> Iterator[str]:
        """The lines for one input."""
        fresh = [each for key, each in _by_key(faults).items() if key not in self._known]
        shown = fresh[: min(_FAULTS, self._left)]
        if not shown:
            self._same.append(name)
        self._known |= _by_key(fresh).keys()
        self._left -= len(shown)
        for number, each in enumerate(shown, 1):
            yield from self._includers(each)
            yield f"{each.at}: error: {each.message}"
            has_same_next = number < len(shown) and shown[number].fix == each.fix
            if each.fix and not has_same_next and each.fix not in self._fixes:
                self._fixes.add(each.fix)
                yield f"  fix: {each.fix}"
        self._more += len(fresh) - len(shown)

    def rest(self) -> Iterator[str]:
        """What is not printed: more faults, and inputs that have none of their own."""
        if self._more:
            yield f"dtlink: {and_more(self._more, 'error')} (--format json has all)"
        if self._same:
            named = ", ".join(self._same[:_INPUTS])
            more = len(self._same) - _INPUTS
            named += f" {and_more(more, 'input')}" if more > 0 else ""
            inputs = counted(len(self._same), "more input")
            yield f"dtlink: {inputs} not read because of these errors: {named}"

    def _includers(self, fault: SourceFault) -> Iterator[str]:
        """The files that include that of a fault, unless the line before has the same."""
        chain = fault.place.chain
        if chain == self._chain:
            return
        self._chain = chain
        shown = [f"{file}:{line}" for file, line in chain[:_CHAIN]]
        shown += [and_more(len(chain) - _CHAIN, "file")] if len(chain) > _CHAIN else []
        for number, each in enumerate(shown):
            begin = "                 from" if number else "In file included from"
            end = ":" if number == len(shown) - 1 else ","
            yield f"{begin} {each}{end}"


def _by_key(faults: Sequence[SourceFault]) -> dict[tuple[str, str], SourceFault]:
    """The faults by what makes them one, the first of each."""
    found: dict[tuple[str, str], SourceFault] = {}
    for each in faults:
        found.setdefault(("" if each.fix else each.at, each.message), each)
    return found
