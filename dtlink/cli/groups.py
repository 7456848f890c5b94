"""Groups of commands that refuse what click would take and no user means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import click

from dtlink.typed import Any

#: Options of which an empty value says something: a kernel without parameters.
_MAY_BE_EMPTY = ("cmdline",)


class CheckedGroup(click.Group):
    """A group that looks at the words of a command before the command does."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word, and its words. Raises :class:`click.UsageError`."""
        name, command, words = super().resolve_command(ctx, args)
        if command is None or isinstance(command, click.Group) or ctx.resilient_parsing:
            return name, command, words
        context = click.Context(command, ctx, name)
        words = list(_separated(words, context))
        _refuse_empty(words, context)
        return name, command, words

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the whole first paragraph of their help: click cuts it off."""
        names = self.list_commands(ctx)
        found = ((name, self.get_command(ctx, name)) for name in names)
        rows = [(name, command.help or "") for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl([(name, text.partition("\n\n")[0]) for name, text in rows])


def _separated(words: Sequence[str], context: click.Context) -> Iterator[str]:
    """The words with ``-o=FILE`` as ``-o FILE``: click would write a file named ``=FILE``."""
    options = [each for each in context.command.params if isinstance(each, click.Option)]
    by_flag = {flag: each for each in options for flag in each.opts}
    rest = iter(words)
    for word in rest:
        letters, equals, value = word[1:].partition("=")
        rows = [by_flag.get(f"-{each}") for each in letters] if word[:1] == "-" else []
        if equals and rows and rows[-1] and all(rows):
            if not _takes_value(rows[-1]):
                context.fail(f"Option '-{letters[-1]}' does not take a value.")
            yield from (f"-{letters}", value)
            continue
        yield word
        if word == "--":
            yield from rest
        elif (option := by_flag.get(word)) and _takes_value(option):
            yield from islice(rest, 1)


def _takes_value(option: click.Option) -> bool:
    return not (option.is_flag or option.count)


def _refuse_empty(words: Sequence[str], context: click.Context) -> None:
    """Raise :class:`click.UsageError` for an empty value: of a variable that is not set, mostly."""
    values, *_ = context.command.make_parser(context).parse_args(list(words))
    params = context.command.get_params(context)
    if any(each.is_eager and values.get(each.name) is True for each in params):
        return  # --help
    for each in context.command.params:
        if each.name not in _MAY_BE_EMPTY and _is_empty(values.get(each.name)):
            raise click.BadParameter("the value is empty", context, each)


def _is_empty(value: Any) -> bool:
    return value == "" or (isinstance(value, (list, tuple)) and "" in value)
