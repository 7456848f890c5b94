"""What is wrong in devicetree source, as compilers print it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.firmware.source.errors import SourceFault
from dtlink.report.wording import printable
from dtlink.wording import and_more, counted

#: Upper bounds on the faults of one input, on the includers of one, and on inputs that are named.
_FAULTS = 20
_CHAIN = 8
_INPUTS = 3


class SourceFaultLines:
    """The lines for the faults of many inputs: each once, however many boards include its file."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()
        self._fixes: set[str] = set()
        self._chain: tuple[tuple[str, int], ...] = ()
        self._same: list[str] = []

    def of(self, name: str, faults: Sequence[SourceFault]) -> Iterator[str]:
        """The lines for one input."""
        fresh = [each for each in faults if (each.at, each.message) not in self._known]
        if not fresh:
            self._same.append(name)
            return
        self._known |= {(each.at, each.message) for each in fresh}
        for each in fresh[:_FAULTS]:
            yield from self._includers(each)
            yield printable(f"{each.at}: error: {each.message}").replace("\n", " ")
        if len(fresh) > _FAULTS:
            yield f"dtlink: {printable(name)}: {and_more(len(fresh) - _FAULTS, 'error')}"
        for fix in dict.fromkeys(each.fix for each in fresh if each.fix):
            if fix not in self._fixes:
                self._fixes.add(fix)
                yield f"  fix: {printable(fix)}"

    def rest(self) -> Iterator[str]:
        """A line for the inputs that have no fault of their own."""
        if self._same:
            named = ", ".join(map(printable, self._same[:_INPUTS]))
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
            yield printable(f"{begin} {each}{end}")
