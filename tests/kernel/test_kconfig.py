"""Options without a prompt, and what turns them on."""

from pathlib import Path

from dtlink.kernel.source.index import Source, SourceIndex
from dtlink.kernel.source.kconfig import hidden_options
from dtlink.kernel.source.write import pack, pack_several

TREE = {
    "Kconfig": """
config CORE
\ttristate
\tdepends on OF

config ENGINE
\ttristate

menuconfig HOST
\ttristate "A host"
\tselect CORE
\tselect ENGINE if CRYPTO
\thelp
\t  It does not
\t  select PLAIN
\t  bool "nor this"

config BY_DEFAULT
\tdef_tristate HOST

config OF_ITSELF
\tbool
\tdefault y if HOST

if HOST
config ENDPOINT
\ttristate
\tprompt "An endpoint"
\tselect MIDDLE
config MIDDLE
\ttristate
\tselect CORE
endif

config PLAIN
\tbool "Plain"
""",
    "drivers/Kconfig.more": "config PLAIN\n\tbool\n\nconfig MANY\n\tbool\n"
    + "".join(f'config M{n}\n\tbool "M"\n\tselect MANY\n' for n in range(9)),
}


def test_what_turns_an_option_without_a_prompt_on(tmp_path: Path) -> None:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    wanted = ("CORE", "ENGINE", "HOST", "BY_DEFAULT", "OF_ITSELF", "PLAIN", "MANY", "ABSENT")
    assert hidden_options(tmp_path, wanted) == {
        "CORE": ("ENDPOINT", "HOST"),
        "ENGINE": ("HOST",),
        "BY_DEFAULT": ("HOST",),
        "OF_ITSELF": (),
        "MANY": (),
    }


def test_an_index_has_them() -> None:
    named = {("v,x", Source("x.c", "x", "CORE", "driver"))}
    hidden = {"CORE": ("ENDPOINT", "HOST"), "MANY": ()}
    index = SourceIndex.parse(pack("6.12.1", named, hidden=hidden), "x")
    both = pack_several([index, SourceIndex.parse(pack("6.1.1", named), "x")])
    for each in (index, SourceIndex.parse(both, "x")):
        assert each.turned_on_by("CORE") == ("ENDPOINT", "HOST")
        assert each.turned_on_by("MANY") == ()
        assert each.turned_on_by("PLAIN") is None
        assert not each.has_facts
