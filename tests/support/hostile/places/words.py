"""What users and repositories write: configurations and arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.support.hostile.places.base import (
    Texts,
    place,
    raw,
)
from tests.support.hostile.running import Call


@place
def configurations(folder: Path, texts: Texts) -> Iterator[Call]:
    for number, text in enumerate(texts):
        value = json.dumps(text.encode("utf-8", "replace").decode()).replace("\x7f", "\\u007f")
        for at, row in enumerate(_settings(value)):
            inside = folder / f"c{number}-{at}"
            inside.mkdir()
            (inside / "dtlink.toml").write_text(row, encoding="utf-8")
            (inside / "a.dts").write_text("/dts-v1/;\n/ { n { clocks = <0x77>; }; };\n")
            yield Call(("config", f"c{number}-{at}"), "toml")
            yield Call(("lint", "-j1", f"c{number}-{at}"))
        (inside / "dtlink.toml").write_bytes(raw(text))
        yield Call(("config", f"c{number}-{at}", "--format", "json"), "json")
        (inside / "pyproject.toml").write_bytes(b"[tool.dtlink]\n" + raw(text))
        (inside / "dtlink.toml").unlink()
        yield Call(("lint", "-j1", f"c{number}-{at}", "--format", "github"), "github")


def _settings(value: str) -> Iterator[str]:
    yield f"{value} = 1\n"
    yield f"select = [{value}]\n"
    yield f"fail-on = {value}\nkernel-version = {value}\n"
    yield f"[severity]\n{value} = {value}\n"
    yield f'[[allow]]\nrule = "phandle/dangling"\nnode = {value}\nreason = {value}\n'
    yield f'[[expect]]\nrule = "phandle/dangling"\nnode = "/x"\nreason = {value}\n'
    yield f"[[allow]]\nrule = {value}\nreason = {value}\n"
    yield f"kernel = {value}\n"
    yield f"baseline = {value}\n"
    yield f"include = [{value}]\ndefine = [{value}]\nexclude = [{value}]\n"
    yield f"[[folder]]\npath = {value}\nselect = []\n"
    yield f"[[variant]]\nname = {value}\nbase = {value}\noverlays = [{value}]\n"
    yield f"cmdline = {value}\n"


_OPTIONS = (
    *("--select", "--expect", "--format", "--fail-on", "--kernel-version", "--kernel", "--cmdline"),
    *("--config", "--baseline", "--since", "-I", "-D", "--overlay", "--source", "--lspci", "-j"),
    *("--root", "--kernel-index", "--exclude", "--color", "--max-boards"),
)


@place
def arguments(folder: Path, texts: Texts) -> Iterator[Call]:
    (folder / "a.dts").write_text("/dts-v1/;\n/ { n { clocks = <0x77>; }; };\n")
    for text in texts:
        if "\0" in text or text.startswith("--output"):
            continue
        yield Call((text,))
        yield Call((f"--{text}",))
        yield Call(("lint", f"--{text}"))
        yield Call(("lint", text))
        yield Call(("explain", text))
        yield Call(("rules", text))
        yield Call(("why", "a.dts", text))
        yield Call(("graph", "a.dts", text, "--format", "dot"), "dot")
        yield Call(("iommu", "a.dts", text))
        yield Call(("diff", f"{text}:a.dts", "a.dts"))
        yield Call(("preprocess", "a.dts", text))
        yield Call(("completion", text))
        for option in _OPTIONS:
            yield Call(("lint", "-j1", "a.dts", option, text))
