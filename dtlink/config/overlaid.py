"""Which overlays and variants inputs have, and on which bases overlays are tried."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from dtlink import engine
from dtlink.config.model import LintSettings
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import BASES, Input
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more, counted, listed

if TYPE_CHECKING:
    from dtlink.config.by_input import SettingsByInput

#: How many overlays a line names.
_NAMED = 3


class Overlaid(NamedTuple):
    """An input with the overlays that are to be applied."""

    input: Input
    settings: LintSettings
    """Without overlays: the input has them."""
    asked: LintSettings
    """The settings as the user has them."""


def overlaid(
    paths: Sequence[str],
    inputs: Iterable[Input],
    of: Callable[[str], LintSettings],
    variants_of: Callable[[str], Sequence[Input]],
) -> Iterator[Overlaid]:
    """The inputs with the overlays that are to be applied, and their variants, with settings.

    An overlay among ``paths`` is tried on the devicetrees among them. Those that the settings name
    are for every input: whether it is an overlay is known when it is read.
    """
    named = tuple(each for each in paths if each.endswith(BASES))
    bases = cache(_bases)
    # By identity, as most inputs have the same settings.
    known: dict[tuple[int, bool], tuple[LintSettings, LintSettings]] = {}
    for each in inputs:
        held = of(each.path)
        kind = id(held), each.is_overlay
        if kind not in known:
            asked = held.board.bases
            more = bases(asked) if asked else named if each.is_overlay else ()
            known[kind] = with_bases(held, more), held
        plain, _ = known[kind]
        yield Overlaid(each.with_overlays(held.board.overlay), plain, held)
        if not (each.is_overlay or each.overlays or held.board.overlay):
            yield from (Overlaid(variant, plain, held) for variant in variants_of(each.path))


def with_bases(held: LintSettings, bases: tuple[str, ...] = ()) -> LintSettings:
    """The settings with these bases, and without overlays: the input has them."""
    if not held.board.overlay and held.board.bases == bases:
        return held
    return held._replace(board=held.board._replace(overlay=(), bases=bases))


def _bases(paths: Sequence[str]) -> tuple[str, ...]:
    """The devicetrees that are named, or that folders hold. Raises :class:`InputError`."""
    found = tuple(each.path for each in engine.expand(paths) if each.path.endswith(BASES))
    if not found:
        from dtlink.config.named import check_files

        check_files("bases", paths)
        raise InputError("no devicetree (.dtb, .dts) in it (bases)", path=listed(paths, _NAMED))
    return found


def without_base(inputs: Iterable[Input], settings: SettingsByInput) -> Iterator[str]:
    """A line about the overlays of which only that is checked which needs no base."""
    used = {os.path.abspath(path) for each in inputs for path in each.overlays}  # noqa: PTH100 - text
    first: list[str] = []
    number = 0
    for each in inputs:
        if not each.is_overlay or settings[each].board.bases:
            continue
        if used and os.path.abspath(each.path) in used:  # noqa: PTH100 - paths stay text
            continue
        number += 1
        if number <= _NAMED:
            first.append(str(each))
    if number:
        how = "name the base beside it, or with --bases"
        rest = f" {and_more(number - _NAMED)}" if number > _NAMED else ""
        which = f"{counted(number, 'overlay')}: {listed(first)}{rest}"
        yield f"checked without a base ({how}): {which}"
