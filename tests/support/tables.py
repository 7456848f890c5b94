"""Tables for tests: written by the names of their fields."""

from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.machine import Machine
from dtlink.testing.assemble import assemble, label_offsets, parse


def machine(text: str) -> Machine:
    """The machine of a text."""
    return Machine.of(assemble(text))


def label_paths(text: str) -> dict[str, str]:
    """The path of each label's structure, and of each table's header by its signature."""
    read = machine(text)
    found = {item.word: read.tables[item.word].path for item in parse(text)}
    by_place = {(word, each.start): each for word in read.tables for each in structures(read, word)}
    offsets = label_offsets(text)
    found |= {label: by_place[place].path for label, place in offsets.items() if place in by_place}
    return found


def structures(read: Machine, word: str) -> list[Struct]:
    """What a table holds, and what that holds."""
    return list(read.tables[word].structures)
