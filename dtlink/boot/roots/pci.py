"""What a devicetree says of the functions behind a PCI host."""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.late import pattern
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtlink.firmware.tree import Tree


class Behind(Enum):
    """What can be at a place behind a host."""

    UNKNOWN = "a slot, of which the tree says nothing"
    DISK = "an NVMe disk or a disk controller"
    USB = "a USB controller"
    NETWORK = "a network device"
    OTHER = "another device"


#: By the class code, its first two digits or all four (PCI Code and ID Assignment Specification).
_CLASSES = {"01": Behind.DISK, "02": Behind.NETWORK, "0c03": Behind.USB}
_CLASS = pattern(r"pciclass,([0-9a-f]{4})")
_BRIDGE = "pciclass,0604"
#: By the node's name (Devicetree Specification 2.2.2).
_NAMES = {
    b"nvme": Behind.DISK,
    b"sata": Behind.DISK,
    b"usb": Behind.USB,
    b"xhci": Behind.USB,
    b"ethernet": Behind.NETWORK,
}
#: The key of an M.2 socket for storage; the others are for radios and modems (pcie-m2-*.yaml).
_SOCKET = pattern(r"pcie-m2-([a-z])-connector")
_STORAGE_KEYS = ("m", "b")


def is_host(tree: Tree, node: int) -> bool:
    """Whether a node is a PCI host bridge: of type ``pci``, and not behind another."""
    if node not in tree.holders("device_type"):
        return False  # as most nodes
    return _type(tree, node) == "pci" and _type(tree, tree.parents[node]) != "pci"


def behind(tree: Tree, host: int) -> frozenset[Behind]:
    """What the nodes of a host's ports and functions say."""
    nodes = list(_ports(tree, host))
    return frozenset(_places(tree, nodes) if nodes else (Behind.UNKNOWN,))


def ports(tree: Tree, host: int) -> Iterator[int]:
    """The bridges behind a host that have nodes, a host's own ports first."""
    for node in _ports(tree, host):
        if _is_bridge(tree, node):
            yield node
            yield from ports(tree, node)


def _ports(tree: Tree, above: int) -> Iterator[int]:
    """The functions, bridges included, that the tree has on a bus."""
    for node in tree.children[above]:
        if node not in tree.disabled and tree[node].has("reg") and _type(tree, node) in ("", "pci"):
            yield node


def _places(tree: Tree, nodes: list[int]) -> Iterator[Behind]:
    for node in nodes:
        if not _is_bridge(tree, node):
            yield _function(tree, node)
        elif below := list(_ports(tree, node)):
            yield from _places(tree, below)
        else:
            yield _slot(tree, node)


def _function(tree: Tree, node: int) -> Behind:
    name = tree.layout.names[node].partition(b"@")[0]
    for each in tree[node].compatible:
        if each.startswith("pciclass,") and (found := _CLASS.match(each)):
            code = found[1]
            return _CLASSES.get(code) or _CLASSES.get(code[:2], Behind.OTHER)
    return _NAMES.get(name, Behind.OTHER)


def _slot(tree: Tree, port: int) -> Behind:
    """What fits into the socket that a port's graph leads to."""
    for node in _below(tree, port):
        phandle = tree.cell("remote-endpoint", node)
        far = tree.phandles.get(phandle) if phandle is not None else None
        while far is not None and far > 0:
            for name in tree[far].compatible:
                if found := _SOCKET.fullmatch(name):
                    return Behind.UNKNOWN if found[1] in _STORAGE_KEYS else Behind.OTHER
            far = tree.parents[far]
    return Behind.UNKNOWN


def _below(tree: Tree, node: int) -> Iterator[int]:
    for child in tree.children[node]:
        yield child
        yield from _below(tree, child)


def _is_bridge(tree: Tree, node: int) -> bool:
    if _type(tree, node) == "pci":
        return True
    return any(name.startswith(_BRIDGE) for name in tree[node].compatible)


def _type(tree: Tree, node: int) -> str:
    at = tree.holders("device_type").get(node)
    return "" if at is None else tree.value(at).partition(b"\0")[0].decode("latin-1")
