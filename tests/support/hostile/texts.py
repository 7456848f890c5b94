"""The texts: each means something to a terminal, a format, a service or a shell.

``FORGED`` is what nothing may begin with, or be called: a line, an element, a command, a file.
"""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "colour": "\x1b[31mX\x1b[0m",
    "title": "\x1b]0;FORGED\x07X",
    "hyperlink": "\x1b]8;;http://forged.example\x1b\\X\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[HX\x1bc",
    "8-bit": "\x9b31mX\x9d0;FORGED\x9c\x90Y\x9f",
    "direction": "\u202eX\u202c\u2066Y\u2069\u202a\u202b\u202d\u2067\u2068",
    "marks": "\u200b\u200c\u200d\u200e\u200f\ufeff\u061cX\xad\u2060",
    "lines": "X\u2028FORGED Y\u2029FORGED\x85FORGED\x0bFORGED\x0cFORGED",
    "tags": "\U000e0001\U000e0041X\U000e007f",
    "newline": "X\nFORGED: error: Y",
    "return": "X\rFORGED: error: Y\r\nFORGED",
    "backspace": "X\b\b\b\x7fY\x07",
    "nul": "X\0FORGED",
    "bytes": "X\udcff\udc80\udced\udca0\udc80Y",
    "rich": "[bold red]X[/bold red][link=http://forged.example]Y[/link]",
    "markdown": "X](javascript:FORGED) ![Y](http://forged.example) `|` **Z** @user #1",
    "fence": "```\nFORGED\n~~~ ``` |",
    "html": "X</script><script>FORGED()</script><img src=x onerror=FORGED()>\"'&lt;",
    "comment": "--><!--X--><!DOCTYPE FORGED>",
    "summary": "</summary></details></code><a href='javascript:FORGED'>X</a>",
    "xml": "]]>&#0;&FORGED;<![CDATA[X]]><?FORGED?>\ufffe\uffff\x01",
    "command": "::set-output name=FORGED::X",
    "command-later": "X\n  ::stop-commands::FORGED\n::error::Y",
    "old-command": "X ##[set-output name=FORGED;]Y ##vso[task.setvariable variable=FORGED]Z",
    "teamcity": "##teamcity[message text='FORGED']X",
    "encoded": "X%0A::error::FORGED%0D%25",
    "section": "X\rsection_start:1:FORGED\r\x1b[0K",
    "shell": "$(touch FORGED)`touch FORGED`;touch FORGED|X&'\"\\",
    "option": "--output=FORGED",
    "template": "{0} %s ${X} {x!r} %(x)d {{}}",
    "quotes": "\\\"X\\n'\\",
    "label": 'X"];FORGED [label="Y',
    "flowchart": 'X"] --> FORGED["Y',
    "table": "X | Y\n|---|---|\n| FORGED",
    "wide": "漢字Ｘ한글",
    "combining": "e\u0301\u0302\u0303X\u20dd",
    "dashes": "*/ FORGED /* // X",
    "path": "../../FORGED",
    "tab": "X\tY\t",
}

#: All of them in a few, for what is tried at every change: each means something to several readers.
MIXED: Mapping[str, str] = {
    "controls": "\x1b[31m\x9b1mX\x1b]8;;http://forged.example\x07\b\x7f\u202e\u2066\u200b\U000e0041\udcff",
    "lines": "X\nFORGED: Y\r\nFORGED\n::set-output name=FORGED::Z\n##[error]FORGED",
    "command": "::set-output name=FORGED::X##[add-mask]Y ##vso[task.x]Z %0A::error::",
    "markup": "X](javascript:FORGED)`|</script><img src=x onerror=FORGED()>]]><!--[red]",
    "shell": '$(touch FORGED)`touch FORGED`;\'"\\ -->FORGED["',
    "odd": "漢字 e\u0301\u0302\t\ufffe\x01 */ {0} %s --output=FORGED",
}
