"""Many inputs: one after the other here, or in several processes."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from dtlink.engine.task import Task, process
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN
from dtlink.report.model import InputReport

#: Fewer inputs than this are not worth another process.
_WORTH_A_PROCESS = 24
#: Inputs between two runs of the garbage collector, for cycles that libraries may make.
_COLLECT_EVERY = 256

#: An input, and what is done with it.
Job = tuple[Input, Task]


def run(
    inputs: Sequence[Input | str],
    task: Task | Callable[[Input], Task],
    *,
    jobs: int = 0,
    digest: bool = False,
) -> Iterator[InputReport]:
    """Do a task, or the one that an input gets, on every input, in the order of the inputs.

    ``jobs`` is the number of processes; 0 takes as many as there are processors, where there are
    inputs enough to be worth it.
    """
    plan = [
        (each, task if isinstance(task, Task) else task(each)) for each in map(Input.of, inputs)
    ]
    many = partial(_here, digest=digest)
    jobs = jobs or (os.cpu_count() or 1 if len(plan) >= _WORTH_A_PROCESS else 1)
    if jobs == 1 or len(plan) < 2 or any(each.path == STDIN for each, _ in plan):
        return many(plan)
    from dtlink.engine.pool import elsewhere

    return elsewhere(plan, many, min(jobs, len(plan)))


def _here(plan: Sequence[Job], *, digest: bool) -> Iterator[InputReport]:
    """In this process. Trees hold no reference cycles: the collector would look in vain."""
    gc.disable()
    try:
        for number, (each, task) in enumerate(plan, 1):
            yield process(each, task, digest=digest)
            if number % _COLLECT_EVERY == 0:
                gc.collect()
    finally:
        gc.enable()
