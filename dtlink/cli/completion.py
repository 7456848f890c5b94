"""Completion in the shell: ``dtlink completion``, and what completes the words of options.

A shell runs dtlink at every tab, and every command imports this: so it imports next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: The environment variable by which a shell asks; click makes it of the program's name.
VARIABLE = "_DTLINK_COMPLETE"

#: A blob larger than this is not read for a tab.
_LARGEST = 4 << 20

_HELP = """Print a shell completion script.

Commands, options and their values, rules and families, files, and nodes of a devicetree.

\b
bash, in ~/.bashrc:
    eval "$(dtlink completion bash)"
zsh, in ~/.zshrc, below compinit:
    eval "$(dtlink completion zsh)"
fish, once:
    dtlink completion fish > ~/.config/fish/completions/dtlink.fish
"""


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script of a shell."""
    from click.shell_completion import get_completion_class

    from dtlink.cli.shells import register

    register()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "dtlink", VARIABLE).source(), nl=False)


def complete_rules(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Families and their rules; of several words with commas between, the last."""
    del ctx, param
    from dtlink.rules.catalogue import known_words

    done, comma, word = incomplete.rpartition(",")
    there = [each for each in _step(known_words(), word) if each not in done.split(",")]
    return [_item(done + comma + each, _summary(each)) for each in there]


def complete_nodes(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Nodes of the devicetree that the command line names, one level at a time."""
    del param
    path = ctx.params.get("path") or next(iter(ctx.params.get("paths") or ()), "")
    return _plain(_step(_nodes(path, ctx), incomplete or "/"))


def complete_boards(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files and folders, and after the first, nodes of the devicetree that it names."""
    files = complete_files(ctx, param, incomplete)
    first = next(iter(ctx.params.get("words") or ()), "")
    nodes = _step(_nodes(first, ctx), incomplete or "/") if first else []
    return [*_plain(nodes), *files]


def complete_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files and folders: shells know them best. After a ``!``, the members of a container."""
    del ctx, param
    from click.shell_completion import CompletionItem

    if "!" in incomplete:
        return _plain(_members(incomplete.partition("!")[0], incomplete))
    return [CompletionItem(incomplete, type="file")]


def complete_kernels(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Versions of kernels."""
    del ctx, param
    from dtlink.facts.kernels import KNOWN

    names = ("latest", *map(str, reversed(KNOWN)))
    return [_item(each) for each in names if each.startswith(incomplete)]


def complete_formats(
    names: Iterable[str],
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What completes a format, of those of a command."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        from dtlink.report.formats import FORMATS

        return [_item(name, FORMATS[name]) for name in names if name.startswith(incomplete)]

    return complete


def complete_commands(names: dict[str, str], incomplete: str) -> list[CompletionItem]:
    """Commands by name, with what each is for: click itself would import every one."""
    return [_item(name, about) for name, about in names.items() if name.startswith(incomplete)]


def _step(paths: Iterable[str], word: str) -> list[str]:
    """The paths that go on from a word, as far as the next ``/``.

    A single one comes with what is below it. Shells end a word that is sure with a space, and
    this one may well go on.
    """
    level = word.count("/")
    near = [each for each in paths if each.startswith(word)]
    found = [each for each in near if each.count("/") == level]
    if len(found) == 1:
        below = found[0] + "/"
        found += [each for each in near if each.startswith(below) and each.count("/") == level + 1]
    return sorted(found)


def _nodes(path: str, ctx: click.Context) -> list[str]:
    """The paths of a devicetree's nodes; none of what cannot be read, without a message."""
    from pathlib import Path

    from dtlink.firmware.inputs import Input

    item = Input.named(path)
    file = Path(item.path)
    if not file.is_file() or file.stat().st_size > _LARGEST:
        return []
    from dtlink.cli.sources import read_options
    from dtlink.firmware.errors import InputError
    from dtlink.firmware.read import decode, load_input
    from dtlink.firmware.source.options import SourceOptions
    from dtlink.firmware.tree import Tree

    given = {name: ctx.params[name] for name in SourceOptions._fields if ctx.params.get(name)}
    try:
        options = read_options(path, SourceOptions(**given))
        tree = decode(load_input(item), path, options)
    except InputError:
        return []
    return [node.path for node in tree][1:] if isinstance(tree, Tree) else []


def _members(path: str, begin: str) -> list[str]:
    """The members of a container whose names begin so; none of what cannot be read."""
    from pathlib import Path

    from dtlink.firmware import containers
    from dtlink.firmware.errors import InputError

    file = Path(path)
    if not file.is_file() or file.stat().st_size > _LARGEST:
        return []
    try:
        names = containers.opened(path).members
    except InputError:
        return []
    return [each for each in (f"{path}!{name}" for name in names) if each.startswith(begin)]


def _plain(names: Iterable[str]) -> list[CompletionItem]:
    """The names of an input that a shell may insert: it does so without quoting them."""
    from dtlink.escaping.shell import is_plain

    return [_item(each) for each in names if is_plain(each)]


def _item(value: str, about: str = "") -> CompletionItem:
    from click.shell_completion import CompletionItem

    return CompletionItem(value, help=about or None)


def _summary(name: str) -> str:
    """A rule's summary: the first line of its file. To import all rules of a family takes long."""
    from pathlib import Path

    from dtlink.rules import catalogue
    from dtlink.rules.aliases import rules_of

    family, _, rule = next(iter(rules_of(name)), name).partition("/")
    if not rule:
        return ""
    path = Path(catalogue.__file__).parent / family / f"{rule.replace('-', '_')}.py"
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().lstrip("r").strip('"')
