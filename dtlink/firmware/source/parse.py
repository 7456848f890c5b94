"""The statements of devicetree source (dtc, dtc-parser.y), into a live tree.

A fault ends its statement only: what follows is still read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dtlink.firmware.fdt import MAX_DEPTH, MAX_PROPERTY_NAME
from dtlink.firmware.source.absent import Unread
from dtlink.firmware.source.braces import unclosed
from dtlink.firmware.source.errors import MAX_FAULTS, MAX_MESSAGE, SourceFault
from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.livetree import DtsNode, DtsProperty, LiveTree
from dtlink.firmware.source.preprocess import SourceText
from dtlink.firmware.source.values import Reference, Value, ValueTextError, read_value
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Upper bound on nodes and properties that are opened or set.
MAX_STATEMENTS: Final = 200_000

#: Upper bound on a node's name, in characters; the specification has 31 (v0.4, 2.2.1).
MAX_NAME: Final = 255
#: What a node outside of all others counts: an overlay's fragment is two nodes and a property.
_PER_OPENING: Final = 3

_NAME = r"\\?([A-Za-z0-9,._+*#?@-]+)"
_REFERENCE = r"&(?:\{([A-Za-z0-9,._+*#?@/-]*)\}|([A-Za-z_]\w*))"
_STRING = r"\"(?>(?:[^\"\\]++|\\.)*)\"|'(?>(?:[^'\\]++|\\.)*)'"
_TEXT = r"[^;\"'{}]*+(?>(?:(?:" + _STRING + r"|\{[^;\"'{}]*+\})[^;\"'{}]*+)*)"
#: A statement in a node: labels, then one of the alternatives, told apart by their groups.
_INSIDE = re.compile(
    r"\s*((?>(?:[A-Za-z_]\w*:\s*)*))(?:(/omit-if-no-ref/)\s*((?>(?:[A-Za-z_]\w*:\s*)*)))?"
    r"(?:" + _NAME + r"\s*(?:(\{)|(;)|=(" + _TEXT + r");)|(\})"
    r"|/delete-(?:node/\s*" + _NAME + r"|property/\s*" + _NAME + r")\s*;)",
    re.DOTALL | re.ASCII,
)
_LABELS, _OMIT, _MORE, _OWN, _OPEN, _EMPTY, _VALUE, _CLOSE, _NODE, _PROPERTY = range(1, 11)
_OUTSIDE = re.compile(
    r"\s*(?:(/dts-v1/)\s*;(?:\s*(/plugin/)\s*;)?"
    r"|(?>(?:[A-Za-z_]\w*:\s*)*)/memreserve/([^;]*);"
    r"|(?:(/)|(?:([A-Za-z_]\w*):\s*)?" + _REFERENCE + r")\s*\{"
    r"|(/delete-node/|/omit-if-no-ref/)\s*" + _REFERENCE + r"\s*;)",
    re.DOTALL | re.ASCII,
)
_V1, _PLUGIN, _RESERVE, _ROOT, _NEW_LABEL, _TOP_PATH, _TOP_LABEL = range(1, 8)
_WORD, _PATH, _LABEL = range(8, 11)
_SEMICOLON = re.compile(r"\s*;", re.ASCII)
_STOP = re.compile(
    r"\"(?>(?:[^\"\\]++|\\.)*)(?:\"|\\?\Z)|'(?>(?:[^'\\]++|\\.)*)(?:'|\\?\Z)|[;{}]", re.DOTALL
)
_BLANK = re.compile(r"\s*", re.ASCII)


class Parsed(NamedTuple):
    """What a source holds."""

    tree: LiveTree
    is_plugin: bool
    faults: Sequence[SourceFault]


def parse(text: SourceText, files: SourceFiles) -> Parsed:
    """Read the statements of a preprocessed source."""
    return _Parser(text, files).run()


class _Parser:
    def __init__(self, source: SourceText, files: SourceFiles) -> None:
        self._source = source
        self._files = files
        self._text = source.text
        self._at = 0
        self._tree = LiveTree()
        self._faults = list(source.faults)
        self._is_v1 = self._is_plugin = self._has_reserved = self._is_begun = False
        self._has_searched = False
        self._fragments = 0
        self._left = MAX_STATEMENTS

    def run(self) -> Parsed:
        if not self._faults:
            # A file that is missing explains all that would be said of what was in it.
            self._top()
        return Parsed(self._tree, self._is_plugin, self._faults[:MAX_FAULTS])

    def _fault(self, message: str, at: int, fix: str = "") -> None:
        self._faults.append(SourceFault(message[:MAX_MESSAGE], self._source.place(at), fix))

    def _blank(self, at: int) -> int:
        """Where the next word begins."""
        match = _BLANK.match(self._text, at)
        return match.end() if match else at

    # Statements outside of nodes

    def _top(self) -> None:
        text = self._text
        while len(self._faults) < MAX_FAULTS:
            start = self._blank(self._at)
            if start == len(text):
                break
            match = _OUTSIDE.match(text, self._at)
            if match is None:
                self._fault(f"expected a node, found {self._word(start)!r}", start)
                self._skip(start)
                self._at = self._blank(self._at)
                self._at += text.startswith(";", self._at)
                continue
            self._at = match.end()
            self._outside(match, start)
        if not self._is_begun and not self._faults:
            self._fault("no node: the source is empty", self._blank(0))

    def _outside(self, match: re.Match[str], start: int) -> None:
        kind = match.lastindex
        if match[_V1]:
            self._header(is_plugin=kind == _PLUGIN, start=start)
        elif not self._is_v1:
            self._fault("/dts-v1/; is missing at the beginning", start)
            self._is_v1 = True
            self._at = start
        elif kind == _RESERVE:
            self._reserve(match[_RESERVE], start)
        elif match[_WORD]:
            self._on_reference(match, start)
        else:
            self._open_top(match, start)

    def _header(self, *, is_plugin: bool, start: int) -> None:
        if self._has_reserved or self._is_begun:
            self._fault("/dts-v1/; comes before all else", start)
        elif self._is_v1 and self._is_plugin != is_plugin:
            self._fault("one /dts-v1/; is followed by /plugin/; and one is not", start)
        self._is_v1, self._is_plugin = True, is_plugin

    def _reserve(self, text: str, start: int) -> None:
        self._has_reserved = True
        if self._is_begun:
            self._fault("/memreserve/ comes before nodes", start)
        try:
            value = read_value(f"/bits/ 64 <{text}>", self._included)
            is_pair = len(value.data) == 16 and not value.labels and "," not in text
        except ValueTextError:
            is_pair = False
        if is_pair:
            self._tree.reserved.append((" ".join(text.split()), start))
        else:
            self._fault("/memreserve/ is followed by an address and a length", start)

    def _on_reference(self, match: re.Match[str], start: int) -> None:
        name = _name(match, _PATH, _LABEL)
        node = self._tree.find(name) if self._is_begun else None
        if node is None:
            at = match.start(match.lastindex or 0)
            self._fault(f"no node {_shown(match, _PATH, _LABEL)}{self._tree.meant(name)}", at)
        elif match[_WORD] == "/omit-if-no-ref/":
            node.omit_if_no_ref = True
        elif node.parent is None:
            self._fault("the root node can't be deleted", start)
        else:
            self._tree.delete(node)

    def _open_top(self, match: re.Match[str], start: int) -> None:
        node: DtsNode | None
        is_first, self._is_begun = not self._is_begun, True
        self._left -= _PER_OPENING
        fresh = False
        if match[_ROOT]:
            node = self._tree.root
            fresh = not node.opened_at
        else:
            name = _name(match, _TOP_PATH, _TOP_LABEL)
            node = None if is_first else self._tree.find(name)
            if self._is_plugin and not match[_NEW_LABEL]:
                if "/" in name[1:] and not name.startswith("/"):
                    self._fault(f"&{{{name}}}: an overlay can't open a path below a label", start)
                elif node is None or name.startswith("/"):
                    node, fresh = self._fragment(name, start), True
        if node is None:
            at = match.start(match.lastindex or 0) - 1
            shown = _shown(match, _TOP_PATH, _TOP_LABEL)
            self._fault(f"no node {shown}{self._tree.meant(name)}", at)
            node, fresh = DtsNode("", None), False
        if match[_NEW_LABEL]:
            self._tree.add_label(node, match[_NEW_LABEL])
        node.opened_at.append(start)
        self._body(node, fresh=fresh)

    def _fragment(self, name: str, at: int) -> DtsNode:
        """The node of an overlay's fragment for a node of the base (add_orphan_node())."""
        root = self._tree.root
        holder = DtsNode(f"fragment@{self._fragments}", root)
        self._fragments += 1
        if root.child(holder.name):
            self._fault(f"a second node {holder.name!r} in /: this one needs the name", at)
        root.children.pop(holder.name, None)
        holder.opened_at.append(at)
        if name.startswith("/"):
            target = Value(name.encode("ascii") + b"\0")
        else:
            target = Value(b"\xff" * 4, [Reference(0, name, is_path=False)])
        kind = "target-path" if name.startswith("/") else "target"
        holder.property(kind).assign(target, at, at, at)
        root.children[holder.name] = holder
        node = holder.children["__overlay__"] = DtsNode("__overlay__", holder)
        return node

    # Statements inside nodes

    def _body(self, node: DtsNode, *, fresh: bool) -> None:
        """Read a node up to its end. ``fresh``: it is opened for the first time."""
        stack: list[tuple[DtsNode, bool]] = []
        has_children = False
        match_at = _INSIDE.match
        while len(self._faults) < MAX_FAULTS:
            match = match_at(self._text, self._at)
            if match is None:
                if not self._recover():
                    return
                continue
            self._at = match.end()
            self._left -= 1
            if self._is_full(len(stack), match.start()):
                return
            if match[_CLOSE]:
                if match[_LABELS]:
                    self._fault("a label of nothing", match.start(_LABELS))
                self._end_of_node(match.end(_CLOSE))
                if not stack:
                    return
                node, fresh = stack.pop()
                has_children = True
            elif match[_OPEN]:
                stack.append((node, fresh))
                node, fresh = self._child(node, match, fresh=fresh)
                has_children = False
            elif match[_OWN]:
                self._set(node, match, fresh=fresh, late=has_children)
            else:
                self._delete(node, match, fresh=fresh, late=has_children)
                has_children = has_children or match[_NODE] is not None

    def _is_full(self, depth: int, start: int) -> bool:
        """Whether there is more than is read; then the rest is passed over."""
        if depth < MAX_DEPTH and self._left >= 0:
            return False
        at = self._blank(start)
        if depth >= MAX_DEPTH:
            self._fault(f"nodes are nested deeper than {MAX_DEPTH} levels", at)
        else:
            self._fault(f"more than {MAX_STATEMENTS} nodes and properties", at)
        self._at = len(self._text)
        return True

    def _recover(self) -> bool:
        """Report what is not a statement, and skip it; ``False``: no node is open any more."""
        start = self._blank(self._at)
        if start >= len(self._text):
            where = self._unclosed(start)
            self._fault(f"the source ends within a node{where}", max(start - 1, 0))
            self._at = start
            return False
        if self._is_top(start):
            where = self._unclosed(start)
            self._fault(f"{self._word(start)!r} is opened within a node{where}", start)
            self._at = start
            return False
        self._fault(self._reason(start), start)
        self._skip(start)
        return True

    def _is_top(self, start: int) -> bool:
        """Whether a node of the top level begins, by its place: what is open was to be closed."""
        opening = _OUTSIDE.match(self._text, start)
        is_at_margin = self._text[start - 1 : start] == "\n"
        return is_at_margin and opening is not None and opening[0].endswith("{")

    def _reason(self, start: int) -> str:
        named = re.compile(_NAME).match(self._text, start)
        after = self._blank(named.end()) if named else start
        if named and self._text[after : after + 1] == "=":
            return f"{named[1]}: the value does not end: is a '>', a '\"' or a ';' missing?"
        if named and self._text[after : after + 1] not in ("", "{", ";"):
            return f"expected '=', '{{' or ';' after {named[1]!r}: is a ';' missing?"
        return f"expected a property or a node, found {self._word(start)!r}"

    def _unclosed(self, end: int) -> str:
        """The end of a message that names the node whose ``}`` is missing, as far as that shows."""
        # The text is searched for the first such fault only: for 100 of them it would take long.
        at = -1 if self._has_searched else unclosed(self._text, end)
        self._has_searched = True
        if at < 0:
            return ": is a '}' missing?"
        place = self._source.place(at)
        return f": is the '}}' of the node at {place.file}:{place.line} missing?"

    def _word(self, at: int) -> str:
        """The word at a place; blanks that are not ASCII's are a word too."""
        text = self._text[at : at + 40]
        return (text.split(maxsplit=1) or [text])[0][:20]

    def _skip(self, start: int) -> None:
        """Go on after the next ``;``, past nodes on the way, or before a ``}`` ahead of it."""
        depth = 0
        for match in _STOP.finditer(self._text, start):
            sign = match[0]
            self._at = match.end()
            if sign == "{":
                depth += 1
            elif sign == "}" and depth == 0 and match.start() > start:
                self._at = match.start()
                return
            elif sign == "}":
                depth -= 1
            if depth <= 0 and sign in (";", "}") and (sign == ";" or depth < 0):
                return
        self._at = len(self._text)

    def _end_of_node(self, after: int) -> None:
        end = _SEMICOLON.match(self._text, after)
        if end is None:
            self._fault("a ';' is missing after '}'", after - 1)
        self._at = after if end is None else end.end()

    def _child(self, parent: DtsNode, match: re.Match[str], *, fresh: bool) -> tuple[DtsNode, bool]:
        name, at = match[_OWN], match.start(_OWN)
        node = parent.children.get(name)
        if fresh and node is not None and node.deleted:
            del parent.children[name]
            node = None
        is_new = node is None
        if node is None:
            if len(name) > MAX_NAME:
                self._fault(f"the name of a node has more than {MAX_NAME} characters", at)
                name = name[:MAX_NAME]
            node = parent.children[name] = DtsNode(name, parent)
        elif fresh and not node.deleted:
            self._fault(f"a second node {name!r} in {parent.path}", at)
        node.deleted = False
        node.omit_if_no_ref |= is_new and match[_OMIT] is not None
        names = _labels(match[_LABELS] + (match[_MORE] or ""))
        # dtc adds those of a new node from the last one on (dtc-parser.y, DT_LABEL subnode), those
        # of one that is opened again from the first one on (livetree.c, merge_nodes()).
        for label in reversed(names) if is_new else names:
            self._tree.add_label(node, label)
        node.opened_at.append(at)
        return node, is_new

    def _set(self, node: DtsNode, match: re.Match[str], *, fresh: bool, late: bool) -> None:
        name, at = match[_OWN], match.start(_OWN)
        if len(name) > MAX_PROPERTY_NAME:
            self._fault(f"a property name has more than {MAX_PROPERTY_NAME} characters", at)
            return
        if late:
            self._fault("properties come before nodes", at)
        if match[_OMIT]:
            self._fault("/omit-if-no-ref/ comes before a node", at)
        text, value = match[_VALUE], None
        start = at if text is None else match.start(_VALUE)
        if text is not None:
            try:
                value = read_value(text, self._included)
            except ValueTextError as error:
                at = start + min(error.place, len(text) - 1)
                self._fault(f"{name}: {error.message}", at, error.fix)
                return
        held = node.properties.get(name)
        if held is None:
            held = node.properties[name] = DtsProperty(name)
        elif fresh and held.deleted:
            node.properties[name] = node.properties.pop(name)
        elif fresh:
            self._fault(f"the property {name!r} is set twice", at)
        held.assign(value, at, start, start + len(text or ""))
        if match[_LABELS]:
            held.label(_labels(match[_LABELS]))

    def _included(self, name: str) -> bytes | Unread:
        place = self._source.place(self._at)
        return self._files.data(name, place.file)

    def _delete(self, node: DtsNode, match: re.Match[str], *, fresh: bool, late: bool) -> None:
        """Delete what an earlier opening of the node has; its own is kept, as by dtc."""
        if match[_NODE]:
            child = node.child(match[_NODE])
            if child is not None and fresh:
                self._fault(
                    f"the node {child.name!r} is opened and deleted in one place: "
                    "dtc takes that for two nodes",
                    match.start(_NODE),
                )
            elif fresh:
                self._keep_place(node, match[_NODE])
            elif child is not None:
                self._tree.delete(child)
            return
        if late:
            self._fault("properties come before nodes", match.start(_PROPERTY))
        if match[_OMIT]:
            self._fault("/omit-if-no-ref/ comes before a node", match.start(_PROPERTY))
        held = node.get(match[_PROPERTY])
        if held is None and fresh:
            node.property(match[_PROPERTY])
        elif held is not None and not fresh:
            held.delete()

    @staticmethod
    def _keep_place(node: DtsNode, name: str) -> None:
        """What is deleted before it is there has its place from then on, as in dtc."""
        if name not in node.children:
            node.children[name] = DtsNode(name, node)
            node.children[name].deleted = True


def _labels(text: str) -> list[str]:
    """The labels of a text such as ``a: b:``."""
    return [label.strip() for label in text.split(":")[:-1]]


def _name(match: re.Match[str], path: int, label: int) -> str:
    return str(match[label] or match[path] or "/")


def _shown(match: re.Match[str], path: int, label: int) -> str:
    return f"&{match[label]}" if match[label] else f"&{{{match[path]}}}"
