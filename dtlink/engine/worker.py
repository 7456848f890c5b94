"""A process that works for this one: a fork of it, or a new interpreter.

A fork has what this process has imported and read; it is not safe where other threads run, and a
daemonic process of ``multiprocessing`` may not have children of that package. A new interpreter is
both, and needs a tenth of a second to begin.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from weakref import WeakSet

from dtlink import cache
from dtlink.engine.ending import Ended, Forked, Interpreter, ended
from dtlink.records import NamedTuple
from dtlink.typed import Any, NoReturn

#: What the standard streams of a new interpreter do not have: the pipes, as numbers, and the path
#: on which modules are found, without the working folder, which may be anybody's.
_BEGIN = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    "from dtlink.engine.worker import main; main(*map(int, sys.argv[1:3]))"
)


#: What is sent instead of a call: there are no more.
_NO_MORE = pickle.dumps(None)


class WorkerLostError(Exception):
    """A process ended before it had answered; the message says how."""


#: The processes that there are.
_workers: WeakSet[Worker] = WeakSet()


class Worker:
    """A process, and the pipes to and from it."""

    def __init__(self, *, fork: bool | None = None) -> None:
        """Start it."""
        # A pipe ends when no process holds its other end: a fork closes those to all others, of
        # whatever pool.
        inherited = [number for each in _workers for number in each.descriptors]
        forks = may_fork() if fork is None else fork
        pipes = _Pipes.made()
        self._process = _fork(pipes, inherited) if forks else _interpreter(pipes)
        os.close(pipes.asked)
        os.close(pipes.answers)
        self._ask = os.fdopen(pipes.ask, "wb")
        self._answer = os.fdopen(pipes.answered, "rb")
        self.descriptor = pipes.answered
        """Readable when there is an answer, or the process has ended."""
        _workers.add(self)

    @property
    def descriptors(self) -> tuple[int, int]:
        """Those of this end of the pipes."""
        return self._ask.fileno(), self.descriptor

    def is_there(self) -> bool:
        """Whether a process that was asked nothing has not ended: all it could send is the end."""
        ready = select.poll()
        ready.register(self.descriptor, select.POLLIN)
        return not ready.poll(0)

    def ask(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Have the process call a function. Raises what can't be sent raises."""
        request = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        with suppress(OSError):  # the process has ended: answer() reports that
            self._ask.write(request)
            self._ask.flush()

    def answer(self) -> Any:
        """Wait for what the function returns.

        Raises what it raises, and :class:`WorkerLostError` if the process has ended.
        """
        try:
            returned, value = pickle.load(self._answer)  # noqa: S301 - from a process of our own
        except (EOFError, OSError, pickle.UnpicklingError):
            raise WorkerLostError(self._end()) from None
        if returned:
            return value
        raise value

    def stop(self, *, at_once: bool = False) -> None:
        """End the process; ``at_once``: whatever it is doing."""
        if at_once:
            self._process.signal(signal.SIGTERM)
        else:
            self._dismiss()
        _workers.discard(self)
        for each in (self._ask, self._answer):
            with suppress(OSError):
                each.close()
        ended(self._process)

    def _dismiss(self) -> None:
        """Have the process end: any fork of this one may keep the pipe from ending."""
        with suppress(OSError, ValueError):  # it has ended
            self._ask.write(_NO_MORE)
            self._ask.flush()

    def _end(self) -> str:
        """How the process ended."""
        code = ended(self._process)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        return f"the process that read it {how}"


def may_fork() -> bool:
    """Whether a fork of this process is safe: of one thread, and not on macOS."""
    if sys.platform == "darwin" or not hasattr(os, "fork"):
        return False
    threading = sys.modules.get("threading")
    return threading is None or threading.active_count() == 1


class _Pipes(NamedTuple):
    """The ends of a pipe to a process, and of one from it."""

    asked: int
    ask: int
    answered: int
    answers: int

    @classmethod
    def made(cls) -> _Pipes:
        return cls(*os.pipe(), *os.pipe())


def _fork(pipes: _Pipes, inherited: Iterable[int]) -> Ended:
    number = os.fork()
    if number:
        return Forked(number)
    code = 1
    try:
        for each in (pipes.ask, pipes.answered, *inherited):
            with suppress(OSError):
                os.close(each)
        _workers.clear()
        _serve(pipes.asked, pipes.answers)
        code = 0
    finally:
        # What this process was going to do at its end is for the one that was forked.
        if schemas := sys.modules.get("dtlink.schema.process"):
            schemas.end_processes()
        os._exit(code)


def _interpreter(pipes: _Pipes) -> Ended:
    import subprocess

    theirs = (pipes.asked, pipes.answers)
    path = [each for each in sys.path if each]
    # A call of the library may name another folder than the environment.
    env = {**os.environ, cache.FOLDER: cache.folder()}
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-P", "-c", _BEGIN, *map(str, theirs), *path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=theirs,
        env=env,
    )
    return Interpreter(process)


def main(asked: int, answers: int) -> NoReturn:
    """Serve as a new interpreter."""
    _serve(asked, answers)
    sys.exit(0)


def _serve(asked: int, answers: int) -> None:
    """Answer until the other process says that there is no more, or ends."""
    import gc

    # Ctrl-C reaches every process of the terminal; the other one handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Trees hold no reference cycles: the collector would look in vain while there is one. What is
    # here already stays, and pages that nothing touches stay those of the process that was forked.
    gc.disable()
    gc.freeze()
    requests, responses = os.fdopen(asked, "rb"), os.fdopen(answers, "wb")
    with suppress(EOFError, OSError):
        while (request := pickle.load(requests)) is not None:  # noqa: S301 - from the process that made it
            function, arguments = request
            responses.write(_answered(function, arguments))
            responses.flush()
            gc.collect(0)  # cycles that libraries made; no report is left to be looked at


def _answered(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """What a function returns or raises, as it is sent."""
    try:
        answer = (True, function(*arguments))
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - the process that asked raises it
        try:
            return pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - not every exception can be sent
            return pickle.dumps((False, RuntimeError(repr(error))), pickle.HIGHEST_PROTOCOL)
