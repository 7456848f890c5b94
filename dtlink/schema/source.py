"""Which schemas are asked: dtlink's own, and those that the user names."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.schema.model import SchemaResult
from dtlink.schema.process import Validator

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

_HERE = Path(__file__).resolve().parent
#: dtschema processes about forty schemas a second: from here on it is worth keeping them.
_MANY = 400


class SchemaSource(NamedTuple):
    """The schemas of one run; ``named`` are folders of schemas, or one processed schema file."""

    named: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise :class:`InputError` for what can be told at once: nothing is loaded for it."""
        missing = [name for name in ("dtschema", "libfdt") if find_spec(name) is None]
        if missing:
            raise InputError(
                f"{missing[0]} is not installed: pip install 'dtlink[schema]' "
                "(its pylibfdt is compiled where there is no wheel)",
                path="--schema",
            )
        for name in self.named:
            _check_named(name, alone=len(self.named) == 1)

    def hints(self) -> list[str]:
        """What would save the user time: a line for each folder with many schemas."""
        counts = {name: sum(1 for _ in Path(name).rglob("*.yaml")) for name in self.named}
        return [
            f"{name}: {count} schemas are processed in each run; once is enough: "
            f"dt-mk-schema -j -o FILE {name}, and --schema-dir FILE"
            for name, count in counts.items()
            if count >= _MANY
        ]

    def load(self) -> None:
        """Start dtschema in its process. Raises :class:`InputError` if the schemas can't be had."""
        _validator(self).start()

    def verdict(self, tree: Tree) -> SchemaResult:
        """What the schemas say of a tree. Raises as :meth:`load` does."""
        if tree.is_overlay:
            note = "an overlay: dtschema checks whole devicetrees only"
            return SchemaResult(note=note, answered=False)
        return _validator(self).check(bytes(tree.blob))


def own_folder() -> Path:
    """The folder of dtlink's own schemas: in the package, or in the checkout beside it."""
    inside = _HERE / "dt"
    return inside if inside.is_dir() else _HERE.parents[1] / "schemas" / "dt"


@cache
def _validator(source: SchemaSource) -> Validator:
    source.check()
    return Validator(str(own_folder()), source.named)


def _check_named(name: str, *, alone: bool) -> None:
    path = Path(name)
    if path.is_dir():
        if next(path.rglob("*.yaml"), None) is None:
            raise InputError("no schema (.yaml) in this folder", path=name)
    elif not path.is_file():
        raise InputError("no such folder or file of schemas", path=name)
    elif not alone:
        raise InputError(
            "a processed schema file stands alone: process the folders together into one "
            "(dt-mk-schema -j -o FILE FOLDER…)",
            path=name,
        )
