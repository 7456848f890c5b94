"""Renew the JavaScript libraries that pages have inside: ``dtlink/page/vendor/``.

    python -m tools.vendor_js            # what there is, checked against the hashes
    python -m tools.vendor_js --renew    # fetched anew, by npm, in the versions below

A new version is a changed row here, with the hash that the registry publishes for the archive.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

VENDOR = Path(__file__).parent.parent / "dtlink/page/vendor"
VERSIONS = VENDOR / "versions.json"


class Library(NamedTuple):
    """A package of npm, and the files of it that are kept."""

    name: str
    version: str
    integrity: str
    """As ``npm view NAME@VERSION dist.integrity`` prints it."""
    script: str
    """Where the archive has the script."""
    licences: tuple[str, ...]
    """Where it has the texts of the licences of all that is in the script."""
    licence: str
    home: str

    @property
    def stem(self) -> str:
        """The name without its scope: what its files here are called."""
        return self.name.rpartition("/")[2]


LIBRARIES = (
    Library(
        "cytoscape",
        "3.35.0",
        "sha512-sMvBIXiGMnhkCaWz2R06FwF/27MNlS+Tqvi17foO9UhnUg3XGZccKjxsvEqQFAQYMSSZmN5SxYzUYlQ0DOJJ3g==",
        "dist/cytoscape.min.js",
        ("LICENSE",),
        "MIT",
        "https://js.cytoscape.org",
    ),
    Library(
        "@dagrejs/dagre",
        "3.1.3",
        "sha512-X4aUTwOReZvthaZWOVHqlJ52/ZdhZFEM4+Lh/uR4XooUSLE6p71bcy7MPGzYnNUcNh+nj+i/qJQpCMIdQnSmrg==",
        "dist/dagre.min.js",
        ("LICENSE", "dist/dagre.min.js.LEGAL.txt"),
        "MIT",
        "https://github.com/dagrejs/dagre",
    ),
)


def packed(library: Library, folder: Path) -> Path:
    """The archive of a library. Raises :class:`ValueError` for one with another hash."""
    what = f"{library.name}@{library.version}"
    command = ["npm", "pack", "--silent", what, "--pack-destination", str(folder)]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    archive = folder / name.split()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != library.integrity:
        raise ValueError(f"{what}: the archive has another hash: sha512-{digest}")
    return archive


def renew(library: Library) -> None:
    """Write the script and the licence of a library."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(packed(library, Path(folder))) as tar,
    ):
        texts = dict.fromkeys(_text(tar, each).strip() for each in library.licences)
        script = _text(tar, library.script)
    # A source map is not kept, and a browser would ask for it.
    lines = [line for line in script.splitlines() if not line.startswith("//# sourceMappingURL")]
    (VENDOR / f"{library.stem}.min.js").write_text("\n".join(lines) + "\n", encoding="utf-8")
    licence = "\n\n".join(texts) + "\n"
    (VENDOR / f"{library.stem}.LICENSE.txt").write_text(licence, encoding="utf-8")


def _text(tar: tarfile.TarFile, name: str) -> str:
    member = tar.extractfile(f"package/{name}")
    if member is None:
        raise ValueError(f"no file {name}")
    return member.read().decode()


def rows() -> list[dict[str, str]]:
    """What :data:`VERSIONS` has of each library."""
    return [
        {
            "name": each.name,
            "version": each.version,
            "licence": each.licence,
            "home": each.home,
            "file": f"{each.stem}.min.js",
            "sha256": hashlib.sha256((VENDOR / f"{each.stem}.min.js").read_bytes()).hexdigest(),
        }
        for each in LIBRARIES
    ]


def main(arguments: list[str]) -> int:
    """Renew, if asked; else compare. Exit status 1: a file is not as it was fetched."""
    if arguments == ["--renew"]:
        for each in LIBRARIES:
            renew(each)
        VERSIONS.write_text(json.dumps(rows(), indent=1) + "\n", encoding="utf-8")
        return 0
    same = json.loads(VERSIONS.read_text(encoding="utf-8")) == rows()
    print("as it was fetched" if same else "changed since it was fetched")  # noqa: T201
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
