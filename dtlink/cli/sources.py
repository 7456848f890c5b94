"""How devicetree source is read, for commands that use nothing else of a configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from dtlink.cli.given import named
from dtlink.cli.messages import say
from dtlink.cli.param import ParamType
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.source.options import SourceOptions
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.engine import ChosenInputs, Task

#: Devicetree files that include nothing: no need to look for a configuration.
_BLOBS = (".dtb", ".dtbo")


class MacroParam(ParamType[str]):
    """A macro of the preprocessor, as a compiler's ``-D`` takes it."""

    name = "NAME[=TEXT]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The macro, or a usage error."""
        from dtlink.config.readers import ConfigPlace, macros

        try:
            return macros((value,), ConfigPlace(""))[0]
        except InputError as error:
            self.fail(error.message, param, ctx)


def read_options(path: str, given: SourceOptions) -> SourceOptions:
    """How a file is read: what the user gave, else what the configuration for the file has.

    Raises :class:`InputError` for a configuration that can't be read.
    """
    if path.endswith(_BLOBS):
        return given
    from dtlink.config.resolve import settings_of

    named = {name: value for name, value in given._asdict().items() if value}
    return settings_of(path, named).board.sources


def chosen_inputs(paths: Iterable[str], *, search: bool = False) -> ChosenInputs:
    """The inputs of a command, by its options and the configuration for each path.

    Notes go to standard error. Ends the program for a configuration that can't be read.
    """
    from dtlink.config.resolve import settings_of
    from dtlink.engine import choose
    from dtlink.firmware.choice import InputOptions

    fields = (*InputOptions._fields, *SourceOptions._fields)
    given = {
        name: value for name, value in named(click.get_current_context()).items() if name in fields
    }
    try:
        chosen = choose(paths, lambda path: settings_of(path, given).inputs, search=search)
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    for note in chosen.notes:
        say(f"dtlink: {note}")
    return chosen


def configured(item: Input | str, task: Task) -> Task:
    """The task, with :func:`read_options` of an input; ends the program where they can't be had."""
    if task.tree is None:
        return task
    try:
        options = read_options(Input.of(item).path, task.sources)
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    return task if options == task.sources else task._replace(sources=options)
