"""The schemas of a run: dtlink's own, and those that the user gave."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from dtlink import reading
from dtlink.cache import key_of
from dtlink.firmware.errors import InputError
from dtlink.firmware.storage import refuse_root
from dtlink.records import NamedTuple
from dtlink.schema.model import SchemaResult
from dtlink.schema.process import Validator
from dtlink.stamps import last_look
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

_HERE = Path(__file__).resolve().parent
#: Bytes at the start of a schema file that must be text.
_HEAD = 4096
#: Number of schemas from which preprocessing them pays off: dtschema processes about 40 per second.
_MANY = 400


class SchemaSource(NamedTuple):
    """The schemas of one run; ``named`` are folders of schemas, or one processed schema file."""

    named: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise :class:`InputError` if dtschema or a given path is missing; loads no schema."""
        missing = [name for name in ("dtschema", "libfdt") if find_spec(name) is None]
        if missing:
            raise InputError(
                f"{missing[0]} is not installed: pip install 'dtlink[schema]' "
                "(its pylibfdt is compiled where there is no wheel)",
                path="--schema",
            )
        for name in self.named:
            _check_named(name, alone=len(self.named) == 1)
            # dtschema reads them, in a process of its own.
            reading.note_path(name)
            reading.note_below(name)

    def hints(self) -> list[str]:
        """Return a line for each folder with many schemas: how to preprocess them."""
        counts = {name: sum(1 for _ in _schemas(name)) for name in self.named}
        return [
            f"{name}: {count} schemas are processed in each run; to process them once: "
            f"dt-mk-schema -j -o FILE {name}, then --schema-dir FILE"
            for name, count in counts.items()
            if count >= _MANY
        ]

    def files(self) -> Iterator[str]:
        """The files that dtschema reads, but for dtlink's own."""
        for name in self.named:
            if os.path.isdir(name):  # noqa: PTH112 - paths stay text
                yield from sorted(_schemas(name))
            else:
                yield name

    def load(self) -> None:
        """Load the schemas in dtschema's process. Raises :class:`InputError` if that fails."""
        _validator(self).start()

    def verdict(self, tree: Tree) -> SchemaResult:
        """Check a tree. Raises :class:`InputError` as :meth:`load` does."""
        if tree.is_overlay:
            note = "overlay skipped: dtschema checks only complete devicetrees"
            return SchemaResult(note=note, answered=False)
        return _validator(self).check(bytes(tree.blob))


def own_folder() -> Path:
    """Return the folder of dtlink's own schemas, in the package or in the source checkout."""
    inside = _HERE / "dt"
    return inside if inside.is_dir() else _HERE.parents[1] / "schemas" / "dt"


def _validator(source: SchemaSource) -> Validator:
    return _looked_at(source, last_look())


@lru_cache(maxsize=8)
def _looked_at(source: SchemaSource, look: int) -> Validator:
    """The validator of a run: that of the last one, while the schemas are the same."""
    del look
    source.check()
    state, known = key_of(source.files()), _last.pop(source, None)
    if known is not None and (state is None or known[0] != state):
        known[1].close()
        known = None
    found = known or (state, Validator(str(own_folder()), source.named))
    _last[source] = found
    return found[1]


#: The validator of the last run that had these schemas, and what their files were.
_last: dict[SchemaSource, tuple[str | None, Validator]] = {}


def _schemas(folder: str) -> Iterator[str]:
    """The schemas below a folder; of a file none."""
    for top, _, names in os.walk(folder):
        yield from (f"{top}/{name}" for name in names if name.endswith(".yaml"))


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            getincrementaldecoder("utf-8")().decode(file.read(_HEAD))
    except UnicodeDecodeError:
        return False
    except OSError as error:
        raise InputError(error.strerror or str(error), path=str(path)) from error
    return True


def _check_named(name: str, *, alone: bool) -> None:
    if os.path.isdir(name):  # noqa: PTH112 - which is False for a name that is too long
        refuse_root(name)
        if next(_schemas(name), None) is None:
            raise InputError("the folder has no schema (.yaml)", path=name)
    elif not os.path.isfile(name):  # noqa: PTH113 - so is this
        raise InputError("no such schema folder or file", path=name)
    elif not _is_text(Path(name)):
        raise InputError("not a processed schema file (dt-mk-schema -j makes one)", path=name)
    elif not alone:
        raise InputError(
            "a processed schema file cannot be combined: process all folders into one file "
            "(dt-mk-schema -j -o FILE FOLDER…)",
            path=name,
        )
