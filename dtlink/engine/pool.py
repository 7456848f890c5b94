"""A pool of processes, any of which may be killed: an executor of dtlink's own.

The pools of the standard library only report that some process ended, and wait forever for one that
ends during its answer. Here each process has its own pipes, which identify the one that ended.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from types import TracebackType

from dtlink.engine.worker import Worker, WorkerLostError
from dtlink.typed import Any, Self


class Promise:
    """What a call in another process will return."""

    def __init__(self, pool: Processes, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments
        self.error: Exception | None = None
        self.value: Any = None
        self.is_done = False
        self._pool = pool

    def done(self) -> bool:
        """Whether :meth:`result` would not wait."""
        if not self.is_done:
            self._pool.look(0)
        return self.is_done

    def result(self) -> Any:
        """Wait for the value.

        Raises what the call raised, and :class:`WorkerLostError` if the process ended in it.
        """
        while not self.is_done:
            self._pool.look()
        if self.error is not None:
            raise self.error
        return self.value

    def cancel(self) -> bool:
        """Have the call not begun, or not waited for."""
        return self._pool.forget(self)

    def settle(self, value: Any = None, error: Exception | None = None) -> None:
        """Keep what became of the call."""
        self.value, self.error, self.is_done = value, error, True


class Processes:
    """An executor: calls functions in processes of this machine, each of which does one at a time.

    It has no thread: calls go out, and answers come in, while one is waited for.
    """

    def __init__(self, number: int = 0, *, fork: bool | None = None) -> None:
        """Have at most ``number`` processes: 0 takes as many as there are processors."""
        self.workers = number or os.cpu_count() or 1
        self._fork = fork
        self._waiting: deque[Promise] = deque()
        self._idle: list[Worker] = []
        self._busy: dict[int, tuple[Worker, Promise]] = {}
        self._poll = select.poll()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Promise:
        """Call a function in one of the processes."""
        promise = Promise(self, function, *arguments)
        self._waiting.append(promise)
        self._give()
        return promise

    def look(self, seconds: float | None = None) -> None:
        """Take the answers that there are; wait for one, or as long as is said."""
        wait = None if seconds is None else seconds * 1000
        for descriptor, _ in self._poll.poll(wait) if self._busy else ():
            worker, promise = self._busy.pop(descriptor)
            self._poll.unregister(descriptor)
            try:
                promise.settle(worker.answer())
                self._idle.append(worker)
            except WorkerLostError as error:
                promise.settle(error=error)
                worker.stop()
            except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
                promise.settle(error=error)
                self._idle.append(worker)
        self._give()

    def forget(self, promise: Promise) -> bool:
        """Do not begin a call. Returns whether it had not begun."""
        if promise not in self._waiting:
            return False
        self._waiting.remove(promise)
        promise.settle(error=RuntimeError("the call was cancelled"))
        return True

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as in the standard library
        """End the processes, whatever they do."""
        del wait, cancel_futures
        while self._waiting:
            self.forget(self._waiting[0])
        for worker, promise in self._busy.values():
            worker.stop(at_once=True)
            promise.settle(error=RuntimeError("the processes were ended"))
        for worker in self._idle:
            worker.stop()
        self._busy.clear()
        self._idle.clear()
        self._poll = select.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()

    def _give(self) -> None:
        """Have every process that there may be do something."""
        while self._waiting and len(self._busy) < self.workers:
            promise = self._waiting.popleft()
            worker = self._ready()
            try:
                worker.ask(*promise.call)
            except Exception as error:  # noqa: BLE001 - what can't be sent
                promise.settle(error=error)
                self._idle.append(worker)
                continue
            self._busy[worker.descriptor] = worker, promise
            self._poll.register(worker.descriptor, select.POLLIN)

    def _ready(self) -> Worker:
        """A process that does nothing; what was killed meanwhile did not end because of a call."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_there():
                return worker
            worker.stop()
        return Worker(fork=self._fork)
