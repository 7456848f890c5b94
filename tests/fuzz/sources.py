"""Damaged devicetree source: tokens, lines and characters, bombs and escapes, and fixes of it."""

from __future__ import annotations

import random
from functools import lru_cache

from tests.fuzz import seeds, words
from tests.fuzz.calls import tree_calls
from tests.fuzz.case import Made
from tests.fuzz.damage import NUMBERS, some
from tests.support.damaged_sources import BOARD, BOMBS, ESCAPES, Damage, _files

_PATH = f"$HERE/{BOARD}"
#: What source is made of, beside what the mutator of the suite has.
_PIECES = (
    "&{/}", "&a", "<&a 1>", "<0x1 0x2>", "[00 1f]", '"x"', "/bits/ 64 <1>", "/memreserve/ 0 1;",
    "/ {\n};\n", "a: b@1 { };", "#include <x.h>\n", "/delete-property/ reg;", 'status = "okay";',
    "// dtlink: allow(phandle/dangling) x\n", "/* dtlink: expect(cycle) */", "(1 << 63)", "(1/0)",
    "phandle = <1>;", "&{/a/b} { };", "/dts-v1/;", "/include/", "__overlay__", "(-1 ? 2 : 3)",
)  # fmt: skip


@lru_cache(maxsize=1)
def _damage() -> Damage:
    """The suite's damage, with the rules' examples as more sources: small, and more often."""
    damage = Damage(0)
    sound = list(damage.sources.items())
    damage.sources = dict(sound)
    for number, text in enumerate(seeds.sources()):
        damage.sources[str(number)] = {
            BOARD: text.encode(),
            "tree/soc.dtsi": b"",
            "tree/include/x.h": b"#define X(a, b) <(a + b) 1>\n",
        }
    return damage


def pieces(text: str, chance: random.Random) -> str:
    """Statements, values and names put in."""
    for _ in some(chance, 6):
        at = chance.randrange(len(text) + 1)
        name = chance.choice(words.properties()).decode()
        number = chance.choice(NUMBERS).decode()
        made = (chance.choice(_PIECES), f"{name} = <&a {number}>;", f"{name};", f" {number} ")
        text = text[:at] + chance.choice(made) + text[at:]
    return text


def make(chance: random.Random) -> Made:
    """A damaged source, and commands about it."""
    if chance.random() < 0.04:
        row = chance.choice((BOMBS, ESCAPES))
        size = chance.choice((16, 200, 1000))
        files = _files(row[chance.choice(list(row))](size))
        # A link or a FIFO is for the suite, which writes them.
        files = {name: data for name, data in files.items() if not data.startswith(b"-> ")}
        files.pop("tree/pipe", None)
    else:
        damage = _damage()
        damage.random = chance
        files = dict(damage._damaged(0).files)
        if chance.random() < 0.4:
            text = files[BOARD].decode("utf-8", "surrogateescape")
            files[BOARD] = pieces(text, chance).encode("utf-8", "surrogateescape")
    calls = tree_calls(chance, _PATH, ["/", "a", "/soc"])
    if chance.random() < 0.1:
        calls[1:] = [["preprocess", _PATH, "--format", chance.choice(("text", "json"))]]
    elif chance.random() < 0.15:
        calls[1:] = [["lint", _PATH, "-j1", "--diff", "--unsafe-fixes", "--select", "all"]]
    include = [] if chance.random() < 0.2 else ["-I", "$HERE/tree/include"]
    calls = [[*call, *include] if _includes(call) else call for call in calls]
    return Made(files, calls)


def _includes(call: list[str] | tuple[str, ...]) -> bool:
    return call[0] not in ("inspect", "log") and "--same-machine" not in call
