"""Names in a repository: files, branches, subjects of commits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.support import repositories
from tests.support.hostile.places.base import Texts, named, place
from tests.support.hostile.running import Call

_FAULT = "/dts-v1/;\n/ { n { clocks = <0x77>; }; };\n"


@place
def commits(folder: Path, texts: Texts) -> Iterator[Call]:
    if repositories.GIT is None:
        return
    names = [name for name in map(named, texts) if name and "\\" not in name]
    repositories.repository(folder / "r", {f"{name}.dts": _FAULT for name in names})
    subject = "\n".join(texts).replace("\0", "").encode("utf-8", "replace").decode()
    repositories.git(folder / "r", "commit", "-q", "--allow-empty", "-m", subject)
    repositories.git(folder / "r", "tag", "v1")
    for name in names:
        (folder / "r" / f"{name}.dts").write_text(_FAULT.replace("0x77", "0x78"))
    for form in ("text", "github", "markdown", "json", "sarif"):
        yield Call(("lint", "-j1", "r", "--since", "HEAD", "--format", form), form)
        yield Call(("lint", "-j1", "r", "--since", "v1", "--format", form), form)
    for name in names[:6]:
        path = f"r/{name}.dts"
        yield Call(("diff", f"HEAD:{path}", path))
        yield Call(("diff", f"HEAD~1:{path}", path, "--format", "json"), "json")
        yield Call(("graph", path, "--against-input", f"HEAD:{path}", "--format", "html"), "html")
        yield Call(("lint", "r", "--since", name))
