"""Where each format of a report goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from dtlink.cli.overwriting import file_of, watch
from dtlink.cli.usage import usage_error
from dtlink.records import NamedTuple
from dtlink.report.formats import DIGESTS, WITH_FIXES


class Target(NamedTuple):
    """A format, and the file it goes to; ``None`` is standard output."""

    form: str
    path: str | None = None

    @classmethod
    def parse(cls, text: str, names: Collection[str]) -> Target:
        """The target of ``FORMAT`` or ``FORMAT=FILE``, of some formats.

        Raises :class:`ValueError` for another format, and for none of a file.
        """
        form, equals, path = text.partition("=")
        if form not in names:
            raise ValueError(f"unknown format {form!r}; one of {', '.join(names)}")
        if equals and not path:
            raise ValueError(f"a file is missing after {text}")
        return cls(form, file_of(path))


def resolve(targets: Sequence[Target], output: str | None) -> list[Target]:
    """Where each format goes; these files are watched from now on.

    Raises :class:`click.UsageError` for two in one place.
    """
    file = file_of(output)
    chosen = [
        each if each.path is not None else each._replace(path=file)
        for each in targets or [Target("text")]
    ]
    places = [each.path for each in chosen]
    if output is not None and file not in places:
        raise usage_error("--output is for a format without a file, and each has one")
    for place in places:
        if places.count(place) > 1:
            where = place or "standard output"
            raise usage_error(f"two formats go to {where}: give one a file, FORMAT=FILE")
    watch(places)
    return chosen


def digests(targets: Iterable[Target]) -> bool:
    """Whether any format has hashes."""
    return any(each.form in DIGESTS for each in targets)


def has_fixes(targets: Iterable[Target]) -> bool:
    """Whether any format has the edits of fixes."""
    return any(each.form in WITH_FIXES for each in targets)
