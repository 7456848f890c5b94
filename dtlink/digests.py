"""SHA-256 without the OpenSSL that hashlib loads, which takes as long as to hash 0.5 MB."""

from __future__ import annotations

from functools import cache

from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Bytes from which on OpenSSL, which is four times as fast, is worth its loading.
_MUCH = 1 << 20
_hashed = 0


def sha256(data: bytes) -> str:
    """The digest of some bytes, as hexadecimal digits."""
    global _hashed  # noqa: PLW0603 - what a process has hashed so far decides
    _hashed += len(data)
    digest: str = (_small() if _hashed < _MUCH else _large())(data).hexdigest()
    return digest


@cache
def _small() -> Callable[[bytes], Any]:
    """Python's own, where it has one: a module with another name since 3.12.

    A module that is not there is looked for in every folder of ``sys.path``, at each import.
    """
    for name in ("_sha2", "_sha256"):
        try:
            found: Callable[[bytes], Any] = __import__(name).sha256
        except ImportError:
            continue
        return found
    return _large()


def _large() -> Callable[[bytes], Any]:
    import hashlib

    return hashlib.sha256
