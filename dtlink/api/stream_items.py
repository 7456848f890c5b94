"""What the inputs of ``lint_iter()`` mean, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from dtlink import arguments as taken
from dtlink import engine
from dtlink.api.lint import planned
from dtlink.api.options import refused_values
from dtlink.config.model import LintSettings
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import settings_of
from dtlink.config.tasks import identity_of
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN, hold_standard_input
from dtlink.records import NamedTuple
from dtlink.report.model import InputFault, InputReport, Report
from dtlink.typed import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dtlink.api.options import AnyBytes, AnyPath

    #: A path as ``lint`` takes it, an input of a report, the bytes of a file, or their name too.
    AnyInput = AnyPath | Input | AnyBytes | tuple[AnyPath, AnyBytes]

#: What bytes without a name are called in reports.
_BYTES_NAME = "input"
#: What an input is.
_INPUT = "a path, bytes, (name, bytes) or the input of a report"


class StreamItem(NamedTuple):
    """An input and what is done with it, or its report, where there is nothing to do."""

    input: Input
    task: engine.Task = engine.Task()
    settings: LintSettings = LintSettings()
    report: InputReport | None = None
    notes: Sequence[str] = ()
    """What was passed over where the input was looked for."""
    kernel: Mapping[str, Any] | None = None
    """The kernel of the results; ``None`` for the default version."""


class StreamItems:
    """What inputs mean, one after the other."""

    def __init__(
        self, given: dict[str, Any], config: str | Literal[False] | None, *, search: bool
    ) -> None:
        self._plan = partial(planned, given=given, config=config, search=search)
        file = config or None
        self._of = partial(settings_of, given=given, file=file)
        self._isolated = config is False
        self._of_bytes = self._of(_BYTES_NAME, isolated=file is None)
        self._kernels: dict[LintSettings, Mapping[str, Any] | None] = {}
        """The kernels of settings that are checked."""

    def of(self, inputs: Iterable[AnyInput]) -> Iterator[StreamItem]:
        """The items of inputs."""
        for each in inputs:
            if isinstance(each, taken.BYTES):
                yield from self._given(_BYTES_NAME, bytes(each))
            elif isinstance(each, Input):
                settings = self._of(each.path, isolated=self._isolated)
                yield from self._planned(LintPlan.of_input(each, settings))
            elif isinstance(each, tuple):
                yield from self._given(*_named_bytes(each))
            elif (path := taken.path("inputs", each, _INPUT)) == STDIN:
                yield from self._given(STDIN, hold_standard_input())
            else:
                yield from self._named(path)

    def _named(self, path: str) -> Iterator[StreamItem]:
        """The inputs that a path means."""
        with refused_values():
            plan = self._plan([path])
        yield from self._planned(plan)
        for each in plan.unread:
            yield StreamItem(each.input, report=each)
        if not plan.total:
            nothing = InputFault("nothing to check in it")
            yield StreamItem(Input(path), report=InputReport(path, error=nothing, notes=plan.notes))

    def _given(self, name: str, data: bytes) -> Iterator[StreamItem]:
        """The inputs that bytes are: one, or the members of a container."""
        overlays = self._of_bytes.board.overlay
        for member in engine.members(name, data):
            item = Input(name, member).with_overlays(overlays)
            for each in self._planned(LintPlan.of_input(item, self._of_bytes)):
                yield each._replace(task=each.task._replace(data=data))

    def _planned(self, plan: LintPlan) -> Iterator[StreamItem]:
        """The inputs of a plan; the first has its notes."""
        kernels, notes = self._checked(plan), plan.notes
        for item in plan.inputs:
            settings = plan.settings(item)
            kernel = kernels[id(settings)]
            yield StreamItem(item, plan.task(item), settings, notes=notes, kernel=kernel)
            notes = []

    def _checked(self, plan: LintPlan) -> Mapping[int, Mapping[str, Any] | None]:
        """The kernels of a plan's settings, by their identity: to hash them takes long.

        What settings name is read once, as the first input has them. Raises :class:`InputError`.
        """
        fresh = [each for each in plan.kinds if each not in self._kernels]
        if fresh:
            plan.check()
            self._kernels.update((each, _kernel_of(each)) for each in fresh)
        return {id(each): self._kernels[each] for each in plan.kinds}


def _kernel_of(settings: LintSettings) -> Mapping[str, Any] | None:
    """The kernel of settings; ``None`` for the default version, as a :class:`Report` has it."""
    kernel = identity_of(settings, digest=True)
    return None if kernel == {"version": Report("lint", ()).kernel_version} else kernel


def _named_bytes(item: tuple[Any, ...]) -> tuple[str, bytes]:
    """A name and bytes."""
    if isinstance(item, InputReport):
        raise TypeError(f"inputs: {_INPUT} is needed, not InputReport: give its .input")
    if len(item) != len(("name", "bytes")) or not isinstance(item[1], taken.BYTES):
        kinds = ", ".join(type(each).__name__ for each in item[:3])
        raise TypeError(f"inputs: {_INPUT} is needed, not ({kinds})")
    return taken.path("inputs", item[0], _INPUT), bytes(item[1])
