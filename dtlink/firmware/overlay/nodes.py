"""A devicetree that can be changed, found in as libfdt finds: by path, by phandle, by name.

Source: libfdt (dtc 1.7.2), fdt_ro.c and fdt_rw.c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.tree import EXTERNAL_PHANDLE
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

#: The child of a name.
Finder = Callable[[SourceNode, str], SourceNode | None]

PHANDLES = ("phandle", "linux,phandle")


class Found(NamedTuple):
    """A node, and its full path."""

    node: SourceNode
    path: str


def editable(tree: Tree) -> SourceNode:
    """A copy of a tree to change; of two properties of one name the first is kept."""
    nodes = [
        SourceNode(name.decode("ascii"), dict(tree[number].properties))
        for number, name in enumerate(tree.layout.names)
    ]
    for number, parent in enumerate(tree.parents[1:], 1):
        nodes[parent].children.append(nodes[number])
    nodes[0].name = ""
    return nodes[0]


def copy(node: SourceNode) -> SourceNode:
    """A copy that can be changed on its own."""
    return SourceNode(node.name, dict(node.properties), [copy(each) for each in node.children])


def below(path: str, name: str) -> str:
    """The path of a child."""
    return f"{path.rstrip('/')}/{name}"


def walk(root: SourceNode, path: str = "/") -> Iterator[Found]:
    """All nodes in the order of the blob, with their paths."""
    todo = [Found(root, path)]
    while todo:
        found = todo.pop()
        yield found
        todo += [
            Found(each, below(found.path, each.name)) for each in reversed(found.node.children)
        ]


def subnode(node: SourceNode, name: str) -> SourceNode | None:
    """The child of that name; a name without a unit address means one with any.

    Source: fdt_nodename_eq_().
    """
    with_address = "" if "@" in name else f"{name}@"
    for child in node.children:
        if child.name == name or (with_address and child.name.startswith(with_address)):
            return child
    return None


class Children:
    """Finds as :func:`subnode`, in the same time for any number of children.

    For questions between which no child is renamed or removed, and of those that are added it is
    told.
    """

    def __init__(self) -> None:
        self._names: dict[int, dict[str, SourceNode]] = {}

    def __call__(self, node: SourceNode, name: str) -> SourceNode | None:
        """The child of that name."""
        names = self._names.get(id(node))
        if names is None:
            names = self._names[id(node)] = {}
            for child in node.children:
                names.setdefault(child.name, child)
                names.setdefault(child.name.partition("@")[0], child)
        return names.get(name)

    def added(self, node: SourceNode, child: SourceNode) -> None:
        """Know of a new first child."""
        names = self._names.get(id(node))
        if names is not None:
            names[child.name.partition("@")[0]] = names[child.name] = child


def at_path(root: SourceNode, path: str, find: Finder = subnode) -> Found | None:
    """The node of a path, which may begin with an alias (fdt_path_offset())."""
    if not path.startswith("/"):
        alias, _, rest = path.partition("/")
        aliases = find(root, "aliases")
        value = aliases.properties.get(alias) if aliases else None
        start = _text(value) if value else ""
        # An alias is a path from the root: libfdt would follow aliases of aliases forever.
        return at_path(root, f"{start}/{rest}", find) if start.startswith("/") else None
    found = Found(root, "/")
    for name in filter(None, path.split("/")):
        child = find(found.node, name)
        if child is None:
            return None
        found = Found(child, below(found.path, child.name))
    return found


def _text(value: bytes) -> str:
    return value.partition(b"\0")[0].decode("latin-1")


def text_of(value: bytes | None) -> str:
    """A property as a string; empty if it has none."""
    return _text(value) if value else ""


def phandle_of(node: SourceNode) -> int:
    """A node's phandle; 0 if it has none (fdt_get_phandle())."""
    for name in PHANDLES:
        value = node.properties.get(name)
        if value is not None and len(value) == 4:
            return int.from_bytes(value, "big")
    return 0


def at_phandle(root: SourceNode, number: int) -> Found | None:
    """The first node with a phandle (fdt_node_offset_by_phandle())."""
    if number in (0, EXTERNAL_PHANDLE):
        return None
    return next((each for each in walk(root) if phandle_of(each.node) == number), None)


def highest_phandle(root: SourceNode) -> int:
    """The highest phandle; 0 if there is none (fdt_find_max_phandle())."""
    highest, todo = 0, [root]
    while todo:
        node = todo.pop()
        highest = max(highest, phandle_of(node))
        todo += node.children
    return highest


def set_property(node: SourceNode, name: str, value: bytes) -> None:
    """Set a property; a new one comes first (fdt_setprop())."""
    if name in node.properties:
        node.properties[name] = value
    else:
        node.properties = {name: value, **node.properties}


def set_properties(node: SourceNode, values: Mapping[str, bytes]) -> None:
    """Set properties as :func:`set_property`, one after the other."""
    own = node.properties
    new = {name: value for name, value in values.items() if name not in own}
    own.update((name, value) for name, value in values.items() if name in own)
    if new:
        node.properties = {**dict(reversed(new.items())), **own}


def add_subnode(node: SourceNode, name: str) -> SourceNode:
    """Add a child, before the others (fdt_add_subnode())."""
    child = SourceNode(name)
    node.children.insert(0, child)
    return child


class TreeIndex:
    """Finds nodes of a tree to which nodes are added, in the same time for any number of them."""

    def __init__(self, root: SourceNode) -> None:
        self._root = root
        self._phandles: dict[int, Found] | None = None
        self.child = Children()

    def at_path(self, path: str) -> Found | None:
        """As :func:`at_path`."""
        return at_path(self._root, path, self.child)

    def at_phandle(self, number: int) -> Found | None:
        """As :func:`at_phandle`."""
        if number in (0, EXTERNAL_PHANDLE):
            return None
        if self._phandles is None:
            self._phandles = {}
            for each in walk(self._root):
                self._phandles.setdefault(phandle_of(each.node), each)
        return self._phandles.get(number)

    def add(self, parent: Found, name: str) -> Found:
        """Add a child, before the others."""
        child = add_subnode(parent.node, name)
        self.child.added(parent.node, child)
        return Found(child, below(parent.path, name))

    def set_properties(self, found: Found, values: Mapping[str, bytes]) -> None:
        """Set properties of a node."""
        before = phandle_of(found.node)
        set_properties(found.node, values)
        after = phandle_of(found.node)
        if self._phandles is None or before == after:
            return
        if before or after in self._phandles:
            self._phandles = None  # which node comes first is not known
        else:
            self._phandles[after] = found
