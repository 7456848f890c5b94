"""What hatchling packs besides the package: the man pages, if ``make man`` has written them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Where ``make man`` puts them.
_PAGES = "build/man"


class ManPages(BuildHookInterface[Any]):
    """Pack the pages of ``build/man``: into the source archive, and from there into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to what is packed."""
        del version
        for page in sorted(Path(self.root, _PAGES).glob("*.1")):
            if self.target_name == "sdist":
                build_data["force_include"][str(page)] = f"{_PAGES}/{page.name}"
            else:
                build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"
