"""The command line is read as the kernel reads it."""

from __future__ import annotations

import pytest

from dtlink.facts.cmdline import CommandLine, words
from dtlink.facts.errors import OptionError


def test_an_empty_line_says_nothing():
    assert CommandLine.parse("") == CommandLine()


def test_all_parameters():
    line = CommandLine.parse(
        "root=/dev/mmcblk0p1 fw_devlink=on fw_devlink.strict=1 fw_devlink.sync_state=timeout "
        "deferred_probe_timeout=30 driver_async_probe=a,b initcall_blacklist=x_init,y_init quiet"
    )
    assert line == CommandLine(
        "on",
        True,
        "timeout",
        30,
        ("a", "b"),
        ("x_init", "y_init"),
        "/dev/mmcblk0p1",
        root_words=("root=/dev/mmcblk0p1",),
    )


def test_dashes_are_underscores():
    assert CommandLine.parse("fw-devlink=off deferred-probe-timeout=-1") == CommandLine(
        fw_devlink="off", deferred_probe_timeout=-1
    )


def test_the_last_wins_except_for_the_blacklist_which_adds_up():
    line = CommandLine.parse(
        "fw_devlink=off initcall_blacklist=a fw_devlink=rpm initcall_blacklist=b"
    )
    assert line.fw_devlink == "rpm"
    assert line.initcall_blacklist == ("a", "b")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('a="b c" d', [("a", "b c"), ("d", "")]),
        ('"a=b c" d=e', [("a", "b c"), ("d", "e")]),
        ("a=b=c", [("a", "b=c")]),
        ('a="unclosed x', [("a", "unclosed x")]),
        ("a -- b=c", [("a", "")]),
        ("  a\tb\n", [("a", ""), ("b", "")]),
        (
            'dyndbg="file core.c +p" fw_devlink=on',
            [("dyndbg", "file core.c +p"), ("fw_devlink", "on")],
        ),
    ],
)
def test_words(text, found):
    assert list(words(text)) == found


@pytest.mark.parametrize("text", ["1", "y", "Yes", "on", "true"])
def test_true(text):
    assert CommandLine.parse(f"fw_devlink.strict={text}").fw_devlink_strict is True


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("0x1f", 31), ("010", 8), ("7s", 7), ("", 0), ("soon", 0), ("-3", 0), ("0", 0)],
)
def test_rootdelay_is_read_as_the_kernel_reads_it(text, seconds):
    assert CommandLine.parse(f"rootdelay={text}").rootdelay == seconds


@pytest.mark.parametrize("text", ["0", "n", "No", "off", "false"])
def test_false(text):
    assert CommandLine.parse(f"fw_devlink.strict={text}").fw_devlink_strict is False


@pytest.mark.parametrize(
    ("text", "option", "allowed"),
    [
        ("fw_devlink=yes", "fw_devlink", "off, permissive, on, rpm"),
        ("fw_devlink", "fw_devlink", "off, permissive, on, rpm"),
        ("fw_devlink.strict=2", "fw_devlink.strict", "1, 0"),
        ("fw_devlink.sync_state=late", "fw_devlink.sync_state", "strict, timeout"),
        ("deferred_probe_timeout=10s", "deferred_probe_timeout", "seconds"),
        ("deferred_probe_timeout=", "deferred_probe_timeout", "seconds"),
        ("deferred_probe_timeout=9999999999", "deferred_probe_timeout", "seconds"),
        ("deferred_probe_timeout=" + "9" * 5000, "deferred_probe_timeout", "seconds"),
        ("fw_devlink=maybe fw_devlink=on", "fw_devlink", "off, permissive, on, rpm"),
    ],
)
def test_what_is_refused_names_the_option_and_what_it_allows(text, option, allowed):
    with pytest.raises(OptionError) as caught:
        CommandLine.parse(text)
    assert str(caught.value).startswith(f"{option}: ")
    assert allowed in str(caught.value)


def test_what_the_kernel_refuses_can_be_passed_over_as_it_does():
    line, refused = CommandLine.read(
        "fw_devlink=on fw_devlink=maybe deferred_probe_timeout=soon fw_devlink.strict"
    )
    assert line == CommandLine(fw_devlink="on")
    assert [(error.option, error.value) for error in refused] == [
        ("fw_devlink", "maybe"),
        ("deferred_probe_timeout", "soon"),
        ("fw_devlink.strict", ""),
    ]


def test_other_words_are_none_of_our_business():
    line = 'fw_devlink.unknown=1 myfw_devlink=bad console=ttyS0 = "" --'
    assert CommandLine.parse(line) == CommandLine()
