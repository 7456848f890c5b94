"""URIs of files: bytes of a name that mean something, or are no text, are percent-encoded."""

from __future__ import annotations

from urllib.parse import quote


def path(name: str, safe: str = "/") -> str:
    """A path within a URI; ``safe``: the characters that stay, beside letters and digits."""
    return quote(data_of(name), safe=safe)


def data_of(name: str) -> bytes:
    """The bytes of a file name; of what no file can be called, some bytes too."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")
