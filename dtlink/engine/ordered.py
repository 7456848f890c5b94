"""Work on an executor, whatever its kind: results in order, what is lost is done again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from dtlink.engine.executors import Executor, Pending, workers_of
from dtlink.engine.losses import LostError, how, is_broken, is_fatal, is_of_call
from dtlink.typed import Generic, TypeVar

_ItemT = TypeVar("_ItemT")
_ResultT = TypeVar("_ResultT")

#: How often an item whose worker is lost is tried alone, before it is said to be why.
_TRIES = 3
#: Calls that are in flight for each worker: one that it does, and others for when that is done,
#: while the oldest, whose results are due, takes long.
_CALLS_PER_WORKER = 4
#: Calls between two looks at how many workers there are: those of a cluster come and go.
_CALLS_PER_LOOK = 64


class Work(Generic[_ItemT, _ResultT]):
    """What is done with items, some at a time."""

    def __init__(
        self,
        call: Callable[[Sequence[_ItemT]], Sequence[_ResultT]],
        lost: Callable[[_ItemT, str], _ResultT],
    ) -> None:
        self.call = call
        """It returns a result for each item, and can be sent to another process."""
        self.lost = lost
        """The result of an item whose worker did not survive it, and how it ended."""


def in_order(
    chunks: Iterable[Sequence[_ItemT]],
    work: Work[_ItemT, _ResultT],
    executor: Executor,
    spare: Callable[[], Executor] | None = None,
    in_flight: int = 0,
) -> Iterator[_ResultT]:
    """The results of chunks of items, in the order of the items.

    ``chunks`` may have no end: at most ``in_flight`` are with the executor, by default some for
    each of its workers. What a lost worker had is done again; where it is lost again, item by item,
    so that the one because of which it is lost is known. ``spare`` makes an executor for when this
    one has broken. What ``chunks`` raises comes after the results of the chunks before that.
    """
    run = _Run(work, executor, spare)
    limit, raised = in_flight, list[Exception]()
    try:
        for number, chunk in enumerate(_up_to_error(chunks, raised)):
            if not in_flight and number % _CALLS_PER_LOOK == 0:
                limit = _CALLS_PER_WORKER * workers_of(executor)
            run.begin(chunk)
            while run.pending and (len(run.pending) >= limit or run.is_next_done):
                yield from run.take()
        while run.pending:
            yield from run.take()
    finally:
        run.end()
    if raised:
        raise raised[0]


def _up_to_error(
    chunks: Iterable[Sequence[_ItemT]], raised: list[Exception]
) -> Iterator[Sequence[_ItemT]]:
    """The chunks until one is an error, which is kept."""
    try:
        yield from chunks
    except Exception as error:  # noqa: BLE001 - it is raised when the chunks before it are done
        raised.append(error)


class _Run(Generic[_ItemT, _ResultT]):
    """Chunks that are with an executor."""

    def __init__(
        self,
        work: Work[_ItemT, _ResultT],
        executor: Executor,
        spare: Callable[[], Executor] | None,
    ) -> None:
        self.pending: deque[tuple[Sequence[_ItemT], Pending]] = deque()
        self._work = work
        self._executor = executor
        self._spare = spare
        self._is_first = True
        """Whether no call has returned yet: the workers may lack what they need for any."""

    def begin(self, chunk: Sequence[_ItemT]) -> None:
        """Give a chunk to the executor."""
        self.pending.append((chunk, self._submit(chunk)))

    @property
    def is_next_done(self) -> bool:
        """Whether the results of the oldest chunk are there."""
        return self.pending[0][1].done()

    def take(self) -> Sequence[_ResultT]:
        """The results of the oldest chunk."""
        chunk, call = self.pending.popleft()
        try:
            return self._results(call)
        except LostError:
            return self._again(chunk)

    def end(self) -> None:
        """Take back what is not done."""
        for _, call in self.pending:
            call.cancel()
        self.pending.clear()

    def _submit(self, chunk: Sequence[_ItemT]) -> Pending:
        try:
            return self._begun(chunk)
        except RuntimeError as error:  # the executor is broken, or shut down
            if self._spare is None or not is_broken(error):
                raise
            self._executor = self._spare()
            return self._begun(chunk)

    def _begun(self, chunk: Sequence[_ItemT]) -> Pending:
        call: Pending = self._executor.submit(_opened, self._work.call, Parcel(chunk))
        return call

    def _results(self, call: Pending) -> Sequence[_ResultT]:
        """The results of a call. Raises :class:`LostError` for those of a lost worker."""
        try:
            parcel: Parcel[_ResultT] = call.result()
        except Exception as error:
            if is_fatal(error) or (self._is_first and is_of_call(error)):
                raise
            raise LostError(how(error)) from error
        self._is_first = False
        return parcel.items

    def _again(self, chunk: Sequence[_ItemT]) -> Sequence[_ResultT]:
        """The results of a chunk whose worker was lost, with nothing else in flight.

        What else was with the same worker, or in the same pool, would be lost with it again.
        """
        for _, call in self.pending:
            _wait(call)
        try:
            return self._results(self._submit(chunk))
        except LostError as error:
            if len(chunk) == 1:
                return [self._alone(chunk, str(error), _TRIES - 1)]
        return [self._alone([item]) for item in chunk]

    def _alone(self, chunk: Sequence[_ItemT], end: str = "", tries: int = _TRIES) -> _ResultT:
        for _ in range(tries):
            try:
                return self._results(self._submit(chunk))[0]
            except LostError as error:
                end = str(error)
        return self._work.lost(chunk[0], end)


class Parcel(Generic[_ItemT]):
    """Items that go to a worker, or their results, which it sends back.

    dask looks for futures of its own in every collection that it is given, however deep: in a
    parcel it does not look.
    """

    __slots__ = ("items",)

    def __init__(self, items: Sequence[_ItemT]) -> None:
        self.items = items


def _opened(
    function: Callable[[Sequence[_ItemT]], Sequence[_ResultT]], parcel: Parcel[_ItemT]
) -> Parcel[_ResultT]:
    """What a function makes of the items of a parcel, as a parcel."""
    return Parcel(function(parcel.items))


def _wait(call: Pending) -> None:
    """Wait until a worker is done with a call; an error is raised where its result is read."""
    with suppress(Exception):
        call.result()
