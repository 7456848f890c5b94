"""Whose node an expression of C means: the driver's own device, a child node, or another node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dtlink.enums import Enum
from dtlink.kernel.source.functions import Function
from dtlink.kernel.source.macros import arguments
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Who(Enum):
    """Whose properties a request reads."""

    OWN = "the device's own"
    CHILD = "a child node's"
    PARENT = "those of the parent device"
    OTHER = "those of another node"
    PARAMETER = "a parameter's, which the caller decides"
    PHANDLE = "those of the node that a property of the device references"


class Owner(NamedTuple):
    """Whose node it is."""

    who: Who
    text: str = ""
    """The place of the parameter, or the property's name."""
    rest: str = ""
    """The members after the parameter: ``.fwnode``."""


OWN: Final = Owner(Who.OWN)
CHILD: Final = Owner(Who.CHILD)
OTHER: Final = Owner(Who.OTHER)
_PARENTS: Final = Owner(Who.PARENT)

#: Functions that return a child of their argument, of.h and property.h.
_CHILD = re.compile(
    r"\b(?:of_get_(?:child_by_name|available_child_by_name|next_child|next_available_child"
    r"|compatible_child|next_reserved_child|next_cpu_node)"
    r"|(?:device|fwnode)_get_(?:next_child_node|next_available_child_node|named_child_node)"
    r"|of_graph_get_(?:port_by_id|endpoint_by_regs|next_endpoint|next_port|next_ports)"
    r"|fwnode_graph_get_(?:endpoint_by_id|next_endpoint))\s*\("
)
#: Functions that return the node behind a property: of.h.
_PHANDLE = re.compile(
    r"\b(?P<name>of_parse_phandle(?:_with_args|_with_fixed_args)?|fwnode_find_reference"
    r"|of_parse_phandle_with_args_map|fwnode_property_get_reference_args)\s*(?=\()"
)
#: The device of a node: of_platform.h.
_OF_NODE = re.compile(r"\b(?:of_find_device_by_node|of_platform_device_create)\s*(?=\()")
_OTHER = re.compile(
    r"\b(?:of_find_\w+|of_get_parent|of_get_next_parent|fwnode_get_(?:next_)?parent|of_node_get_parent"
    r"|of_graph_get_remote_\w+|fwnode_graph_get_remote_\w+|bus_find_device\w*|class_find_device\w*"
    r"|driver_find_device\w*|get_cpu_device|of_cpu_device_node_get|of_get_cpu_node|root_device_register"
    r"|platform_device_(?:alloc|register\w*)|of_platform_device_create|mdio_device_create"
    r"|mdiobus_get_phy|phy_find_\w+|get_phy_device|i2c_new_\w+|spi_alloc_device"
    r"|auxiliary_device_\w+)\s*\("
)
_PARENT = re.compile(
    r"(?:^|[^\w>.])&?\s*(?:p?dev|(?:client|i2c|spi|pdev|adev|auxdev)->dev)\s*(?:->|\.)\s*parent\b"
)
#: A parameter that is a device: the structures of buses begin with, or hold, a struct device.
_DEVICE = re.compile(
    r"\bstruct\s+(?:platform_device|i2c_client|spi_device|amba_device|auxiliary_device|device"
    r"|mdio_device|phy_device|pci_dev|sdw_slave|serdev_device|usb_interface|mipi_dsi_device"
    r"|rpmsg_device|virtio_device|sdio_func)\s*\*\s*(\w+)"
)
#: Members of a MAC's data that hold its PHY's node.
_PHY_NODE = re.compile(r"\bphy_?(?:node|np)\b")
_LOOP = re.compile(
    r"\b((?:\w+_)?for_each_(?:\w*child\w*|endpoint\w*|of_graph_port\w*|\w*port_of_node\w*|of_pci_range\w*|named_child\w*))\s*(?=\()"
)
_ASSIGNED = re.compile(r"(?P<to>[A-Za-z_][\w>.\[\]-]*)\s*=(?!=)\s*(?P<value>[^;]+);")
_BASE = re.compile(r"[A-Za-z_]\w*(?:(?:->|\.)\w+)*")
#: What is assigned to a member of a structure: the function, and the expression.
Assigned = Sequence[tuple[Function, str]]
#: How many such assignments are looked at.
_MOST: Final = 8
#: A function without one of these has only nodes of its own, or of its caller.
_MARKS: Final = (
    "child",
    "parent",
    "phandle",
    "of_find_",
    "remote",
    "for_each_",
    "find_device",
    "_reference",
    "of_graph",
    "get_cpu",
)
_PROPERTY: Final = re.compile(r"\"([^\"]*)\"")


class Owners:
    """Whose nodes the variables of a function mean."""

    def __init__(self, function: Function, members: Mapping[str, Assigned]) -> None:
        """``members`` holds what the functions of the file assign to members of structures."""
        self._function = function
        self._members = members
        self._by_path: dict[str, Owner] = {}
        if any(mark in function.body for mark in _MARKS):
            self._find_variables()

    def of(self, text: str) -> Owner:
        """Whose node an expression means."""
        if (found := self._by_form(text)) is not None:
            return found
        paths = [each.replace("->", ".") for each in _BASE.findall(text)]
        for path in paths:
            if (known := self._known(path)) is not None:
                return known
        for path in paths:
            base, dot, rest = path.partition(".")
            if base in self._function.parameters:
                place = str(self._function.parameters.index(base))
                return Owner(Who.PARAMETER, place, dot + rest)
        return OWN

    def given(self, owner: Owner, arguments: tuple[str, ...]) -> Owner:
        """Whose node a parameter of a called function means."""
        place = int(owner.text)
        if place >= len(arguments):
            return OWN
        base = arguments[place].strip().removeprefix("&")
        return self.of(f"{base}{owner.rest}" if _BASE.fullmatch(base) else arguments[place])

    def _known(self, path: str) -> Owner | None:
        """What is known of a path, or of the variable that it begins with."""
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            if (found := self._by_path.get(".".join(parts[:count]))) is not None:
                return found
        if len(parts) < 2 or self._is_device(parts[0]):
            return None
        return self._assigned(parts[-1])

    def _is_device(self, name: str) -> bool:
        """Whether a parameter is a device of a bus: drivers put no other's into its members."""
        return any(found[1] == name for found in _DEVICE.finditer(self._function.signature))

    def _assigned(self, member: str) -> Owner | None:
        """Whose node the file's functions put into a member, if all of them agree."""
        held = self._members.get(member, ())
        if not 0 < len(held) <= _MOST or not any(_marked(each.body, v) for each, v in held):
            return None
        found = {Owners(each, {}).of(value) for each, value in held if each != self._function}
        owner = found.pop() if len(found) == 1 else None
        return owner if owner and owner.who not in (Who.OWN, Who.PARAMETER) else None

    def _find_variables(self) -> None:
        body = self._function.body
        for match in _LOOP.finditer(body):
            given = arguments(body, match.end())
            if given is not None and len(given[0]) > 1:
                self._by_path[given[0][1].strip().lstrip("*")] = CHILD
        for match in _ASSIGNED.finditer(body):
            # A declaration may go on: "np = dev->of_node, *child".
            value = _first(match["value"])
            owner = self.of(value)
            path = match["to"].lstrip("*").replace("->", ".")
            # What is put into another's structure is known better than the structure.
            if owner.who not in (Who.OWN, Who.PARAMETER) or path.partition(".")[0] in self._by_path:
                self._by_path.setdefault(path, owner)
            for path, other in _out_arguments(value):
                self._by_path.setdefault(path, other)

    def _by_form(self, text: str) -> Owner | None:
        """What the form of an expression says."""
        if (match := _PHANDLE.search(text)) is not None:
            given = arguments(text, match.end())
            name = _PROPERTY.search(given[0][1]) if given and len(given[0]) > 1 else None
            of_own = given is not None and self.of(given[0][0]).who in (Who.OWN, Who.PARAMETER)
            return Owner(Who.PHANDLE, name[1]) if name and of_own else OTHER
        if (device := _OF_NODE.search(text)) is not None:
            given = arguments(text, device.end())
            owner = self.of(given[0][0]) if given else OTHER
            return owner if owner.who in (Who.CHILD, Who.OWN, Who.PARAMETER) else OTHER
        if _CHILD.search(text):
            return CHILD
        if _OTHER.search(text) or _PHY_NODE.search(text):
            return OTHER
        return _PARENTS if _PARENT.search(text) else None


def _first(value: str) -> str:
    given = arguments(f"({value})", 0) if "," in value else None
    return given[0][0] if given else value


def _marked(body: str, value: str) -> bool:
    """Whether a value, or a variable in it, may be another node than the device's own."""
    return any(mark in value or mark in body for mark in _MARKS)


def _out_arguments(value: str) -> Iterator[tuple[str, Owner]]:
    """``of_parse_phandle_with_args(np, "prop", …, &args)``: what the last argument holds."""
    match = _PHANDLE.search(value)
    if match is None or "_args" not in match["name"]:
        return
    given = arguments(value, match.end())
    if given is None or len(given[0]) < 3:
        return
    name = _PROPERTY.search(given[0][1])
    target = given[0][-1].strip()
    if name and target.startswith("&"):
        yield target[1:].strip(), Owner(Who.PHANDLE, name[1])
