"""Hooks of MkDocs: generated pages join those in ``docs/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

from tools.docs import generated

if TYPE_CHECKING:
    from mkdocs.structure.files import Files


def on_files(files: Files, *, config: Any) -> Files:
    """Add the generated pages."""
    for path, text in generated.pages():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the generated parts of a page, and link what is outside ``docs/`` to its copy."""
    return generated.filled(markdown.replace("](../schemas/", "](schemas/"))
