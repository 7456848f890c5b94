"""Commits by the names that users give them."""

from __future__ import annotations

import os
import re
from contextlib import suppress

from dtlink.escaping import shell
from dtlink.firmware.git.command import GitError, program, run
from dtlink.records import NamedTuple

#: A colon within braces belongs to the name of the commit: ``HEAD^{/fix: x}:path``.
_REF_AND_PATH = re.compile(r"((?:[^:{]|\{[^}]*\}|\{)+):(.*)", re.DOTALL)
_TRUST = "git config --global --add safe.directory"
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Commit(NamedTuple):
    """A commit of a repository on this machine."""

    top: str
    """The top folder of the working tree, without symbolic links."""
    name: str
    """The object id."""

    @property
    def short(self) -> str:
        """The id as messages show it."""
        return self.name[:12]


class CommitFile(NamedTuple):
    """A file of a commit."""

    commit: Commit
    path: str
    """Where it is, or would be, in the working tree."""


def top_of(folder: str) -> str:
    """The top folder of the repository that a folder is in. Raises :class:`GitError`."""
    program()  # that there is no git is not about the folder
    folder = _existing(folder) or "."
    try:
        answer = run(folder, "rev-parse", "--show-toplevel")
    except GitError as error:
        if "not a git repository" in error.message:
            raise GitError(f"{folder} is not in a git repository") from error
        trust = f" (to trust it: {_TRUST} {shell.word(os.path.abspath(folder))})" * (
            "dubious" in error.message
        )
        raise GitError(f"git refuses the repository of {folder}: {error.message}{trust}") from error
    return os.path.realpath(os.fsdecode(answer.removesuffix(b"\n")))


def commit_of(ref: str, top: str) -> Commit:
    """The commit that a name stands for. Raises :class:`GitError` if there is none."""
    shown = ref if ref.isprintable() else repr(ref)
    if not ref or "\0" in ref or ref.startswith("-"):
        raise GitError(f"{shown or 'an empty string'} is not the name of a commit")
    try:
        found = _object(top, ref)
        # Of a tag, what it points to. It goes to a name of an object alone: ":/text^{commit}"
        # would look for this text.
        name = _object(top, f"{found}^{{commit}}") if found else ""
    except GitError as error:
        reason = "" if "ended with" in error.message else f": {error.message}"
        raise GitError(f"there is no commit {shown} in {top}{reason}{_shallow(top)}") from error
    if not name:
        raise GitError(f"{shown} is not the name of one commit")
    return Commit(top, name)


def _shallow(top: str) -> str:
    """Why a commit may be missing from a clone."""
    with suppress(GitError):
        if run(top, "rev-parse", "--is-shallow-repository").strip() == b"true":
            return (
                "; the clone is shallow: fetch more of the history "
                "(git fetch --deepen=N; fetch-depth of actions/checkout)"
            )
    return ""


def forked_from(commit: Commit) -> Commit | None:
    """The newest commit that HEAD has in common with another; ``None`` if there is none."""
    with suppress(GitError):
        name = _id(run(commit.top, "merge-base", commit.name, "HEAD"))
        return commit._replace(name=name) if name else None
    return None


def file_at(named: str) -> CommitFile | None:
    """What ``REF:PATH`` names, where PATH is as git reads it: from the top, or ``./PATH``.

    ``None``: it is not of this form, or there is a file of this name. Raises :class:`GitError`,
    with what was named as its path, if there is no such commit.
    """
    match = _REF_AND_PATH.fullmatch(named)
    if match is None or os.path.lexists(named):
        return None
    ref, path = match.groups()
    try:
        top = top_of(".")
        commit = commit_of(ref, top)
    except GitError as error:
        raise GitError(f"no such file, and {error.message}", path=named) from error
    from_here = path in (".", "..") or path.startswith(("./", "../"))
    whole = os.path.normpath(os.path.join(os.path.realpath(".") if from_here else top, path))
    return CommitFile(commit, os.path.relpath(whole))


def _object(top: str, name: str) -> str:
    """The id of an object; empty if a name is not one object's, such as ``^HEAD``."""
    return _id(run(top, "rev-parse", "--verify", "--quiet", "--end-of-options", name))


def _id(answer: bytes) -> str:
    name = answer.decode("ascii", "replace").strip()
    return name if _OBJECT_ID.fullmatch(name) else ""


def _existing(folder: str) -> str:
    """A folder, or the nearest above it that there is: git is run in it."""
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder
