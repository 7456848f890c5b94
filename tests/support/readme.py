"""The generated parts of the README: the rules, the keys of a configuration, ``--help``.

``python tests/support/readme.py`` writes them; a test holds the README against them.
"""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.config.show import table
from dtlink.facts.kernels import KNOWN_KERNELS
from dtlink.report.rules import markdown_table
from dtlink.rules.catalogue import all_rules

README = Path(__file__).resolve().parents[2] / "README.md"

#: The commands whose help the README has; none is the program itself.
HELPED = ((), ("lint",))


def index() -> str:
    """What ``dtlink rules --format markdown`` prints."""
    return markdown_table(all_rules())


def keys() -> str:
    """The keys of a configuration."""
    return table()


def kernels() -> str:
    """The versions whose fw_devlink is modelled, and how each was checked."""
    head = "| version | checked | release |\n|---|---|---|\n"
    rows = (f"| {row.version} | {row.checked.value} | {row.release} |\n" for row in KNOWN_KERNELS)
    return head + "".join(rows)


def helps() -> str:
    """The help of some commands, each folded away."""
    return "\n".join(
        f"<details>\n<summary><code>{' '.join(('dtlink', *command))} --help</code></summary>\n\n"
        f"```text\n{help_of(command)}```\n\n</details>\n"
        for command in HELPED
    )


def help_of(command: tuple[str, ...]) -> str:
    """The help of a command at 80 columns, however wide the terminal is."""
    # click hands this on to the context. It leaves two columns of a terminal free.
    context = {"prog_name": "dtlink", "terminal_width": 78}
    result = CliRunner().invoke(cli, [*command, "--help"], **context)
    assert result.exit_code == 0, result.output
    return result.output


#: What stands between ``<!-- name -->`` and ``<!-- /name -->``.
PARTS = {"rules": index, "help": helps, "keys": keys, "kernels": kernels}


def filled(text: str) -> str:
    """The README with the generated parts as they should be."""
    for name, part in PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"the README has no {begin.strip()} … {end.strip()}")
        text = head + begin + part() + end + tail
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
