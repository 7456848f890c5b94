"""The names of rules and families as users write them, and what they may have meant."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.rules.catalogue import families, ids, known_words

_LONGEST = 60


def problem(word: str) -> str:
    """Why a word names no rule and no family, with the nearest that does; empty if it does."""
    if word in known_words():
        return ""
    from dtlink.rules.aliases import alias_ids

    names = dict.fromkeys((*ids(), *alias_ids(), *families()))
    same = [each for each in names if word and each.endswith(f"/{word}")]
    return f"no rule or family is named {short(word)}{meant(word, names, same)}"


def meant(word: str, known: Iterable[str], same: Iterable[str] = ()) -> str:
    """A question that names what the user may have meant; empty where nothing is near."""
    from difflib import get_close_matches

    near = [*same] or get_close_matches(word[:_LONGEST], [*known], n=1)
    return f": did you mean {' or '.join(near)}?" if near else ""


def short(text: str) -> str:
    """A text of the user's, fit for one line of a message."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    return text if text and text.isprintable() else repr(text)
