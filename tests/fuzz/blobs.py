"""Damaged blobs: nodes and properties made wrong one with another, then tokens and bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import lru_cache

from tests.fuzz import seeds, words
from tests.fuzz.calls import tree_calls
from tests.fuzz.case import Made
from tests.fuzz.damage import HOSTILE, damaged, some
from tests.fuzz.nodes import PlainNode, give_phandles, parse, paths, phandles, write
from tests.support.mutate import EXTREMES, Mutator, places

#: More nodes than that are not made.
MOST = 1500


def tree(chance: random.Random) -> PlainNode:
    """A sound tree, in a third of the cases with nodes of another."""
    root = chance.choice(seeds.trees()).copy()
    if chance.random() < 0.35:
        other = chance.choice(seeds.trees()).copy()
        nodes = list(root.walk())
        chance.choice(nodes).children += other.children[: chance.randint(1, 6)]
    if chance.random() < 0.5:
        give_phandles(root)
    return root


class TreeDamage:
    """The damage to one tree."""

    def __init__(self, root: PlainNode, chance: random.Random) -> None:
        self.root = root
        self.chance = chance
        self.nodes = list(root.walk())
        self.phandles = phandles(root) or [1]

    def node(self) -> PlainNode:
        """Any node."""
        return self.chance.choice(self.nodes)

    def once(self) -> None:
        """One kind of damage."""
        self.chance.choice(_KINDS)(self)

    def number(self) -> int:
        """A cell: a phandle, an extreme, or a small number."""
        kind = self.chance.random()
        if kind < 0.5:
            return self.chance.choice(self.phandles)
        return self.chance.choice(EXTREMES) if kind < 0.8 else self.chance.randrange(40)

    def cells(self, most: int = 8) -> bytes:
        """A value of some cells, a few bytes too long at times."""
        rounds = range(self.chance.randint(0, most))
        value = b"".join(self.number().to_bytes(4, "big") for _ in rounds)
        return value + (b"\0" * self.chance.randint(1, 3) if self.chance.random() < 0.05 else b"")

    def cell(self) -> None:
        """Set a cell of a property."""
        node = self.node()
        if not node.properties:
            return
        at = self.chance.randrange(len(node.properties))
        name, value = node.properties[at]
        if len(value) < 4:
            return
        offset = self.chance.randrange(len(value) // 4) * 4
        new = self.number().to_bytes(4, "big")
        node.properties[at] = name, value[:offset] + new + value[offset + 4 :]

    def reference(self) -> None:
        """Add a property that references suppliers."""
        name = self.chance.choice(words.lists())
        self.node().put(name, self.cells(self.chance.choice((2, 6, 24))))

    def known(self) -> None:
        """Add a property that is read somewhere, with any value."""
        name = self.chance.choice(words.properties())
        self.node().put(name, self.value())

    def value(self) -> bytes:
        """Any value: cells, strings, nothing, another property's."""
        kind = self.chance.randrange(5)
        if kind <= 1:
            return self.cells()
        if kind == 2:
            return b"\0".join(self.chance.choices(HOSTILE, k=self.chance.randint(1, 3))) + b"\0"
        if kind == 3:
            return b""
        other = self.node().properties
        return self.chance.choice(other)[1] if other else b"\0"

    def count(self) -> None:
        """Set how many arguments a supplier takes."""
        count = self.chance.choice((0, 1, 2, 3, 4, self.number()))
        self.node().put(self.chance.choice(words.cells()), count.to_bytes(4, "big"))

    def lose(self) -> None:
        """Remove a property."""
        node = self.node()
        if node.properties:
            del node.properties[self.chance.randrange(len(node.properties))]

    def rename(self) -> None:
        """Give a property another name."""
        node = self.node()
        if node.properties:
            at = self.chance.randrange(len(node.properties))
            names = self.chance.choice((words.properties(), words.properties(), HOSTILE))
            name = self.chance.choice(names).replace(b"\0", b"")
            node.properties[at] = name, node.properties[at][1]

    def double(self) -> None:
        """Have a property twice."""
        node = self.node()
        if node.properties:
            name, value = self.chance.choice(node.properties)
            node.properties.append((name, self.chance.choice((value, self.value()))))

    def resize(self) -> None:
        """Cut a value, or lengthen it."""
        node = self.node()
        if node.properties:
            at = self.chance.randrange(len(node.properties))
            name, value = node.properties[at]
            short = value[: self.chance.randrange(len(value) + 1)]
            longer = value * self.chance.choice((2, 3, 16))
            node.properties[at] = name, self.chance.choice((short, value + b"\0", longer[:4096]))

    def cross(self) -> None:
        """Exchange the values of two properties."""
        one, other = self.node().properties, self.node().properties
        if one and other:
            at, to = self.chance.randrange(len(one)), self.chance.randrange(len(other))
            (name, value), (second, there) = one[at], other[to]
            one[at], other[to] = (name, there), (second, value)

    def phandle(self) -> None:
        """Give a node another's phandle, or one that none can have."""
        self.node().put(b"phandle", self.number().to_bytes(4, "big"))

    def status(self) -> None:
        """Disable or enable a node."""
        self.node().put(b"status", self.chance.choice(words.STATUSES))

    def compatible(self) -> None:
        """Make a node another device."""
        self.node().put(b"compatible", self.chance.choice(compatibles()))

    def call(self) -> None:
        """Give a node another name."""
        names = [each.name for each in self.nodes]
        name = self.chance.choice((self.chance.choice(HOSTILE), self.chance.choice(names)))
        self.node().name = name.replace(b"\0", b"")

    def move(self) -> None:
        """Copy or move a node, with all below it, to another place."""
        giver, taker = self.node(), self.node()
        if not giver.children:
            return
        at = self.chance.randrange(len(giver.children))
        child = giver.children[at]
        if self.chance.random() < 0.5 and all(each is not taker for each in child.walk()):
            del giver.children[at]
        if len(self.nodes) < MOST:
            taker.children.append(child.copy())
        self.nodes = list(self.root.walk())

    def prune(self) -> None:
        """Remove a node."""
        node = self.node()
        if node.children:
            del node.children[self.chance.randrange(len(node.children))]
            self.nodes = list(self.root.walk())

    def nest(self) -> None:
        """Put a node deep below others of its kind."""
        node = self.node()
        for _ in range(self.chance.choice((1, 5, 70))):
            shell = PlainNode(node.name, [*node.properties])
            node.children.append(shell)
            node = shell
        self.nodes = list(self.root.walk())

    def many(self) -> None:
        """Have a node many times."""
        node = self.node()
        if node.children:
            child = self.chance.choice(node.children)
            size = sum(1 for _ in child.walk())
            for number in range(min(self.chance.choice((2, 8, 40)), MOST // size)):
                twin = child.copy()
                twin.name += b"%d" % number if self.chance.random() < 0.7 else b""
                node.children.append(twin)
            self.nodes = list(self.root.walk())

    def chain(self) -> None:
        """Let each of some nodes need the next, the last one the first at times."""
        name = self.chance.choice(words.lists())
        some_nodes = self.chance.sample(self.nodes, min(len(self.nodes), 12))
        ring = some_nodes[1:] + some_nodes[:1]
        for one, other in zip(some_nodes, ring, strict=True):
            target = other.value(b"phandle") or b"\0\0\0\1"
            one.put(name, target + bytes(4 * self.chance.choice((0, 0, 1, 2))))


_KINDS: Sequence[Callable[[TreeDamage], None]] = (
    *(TreeDamage.cell,) * 4, *(TreeDamage.reference,) * 4, *(TreeDamage.known,) * 4,
    TreeDamage.count, TreeDamage.count, TreeDamage.lose, TreeDamage.rename, TreeDamage.double,
    TreeDamage.resize, TreeDamage.cross, TreeDamage.cross, TreeDamage.phandle, TreeDamage.status,
    TreeDamage.compatible, TreeDamage.compatible, TreeDamage.call, TreeDamage.move,
    TreeDamage.prune, TreeDamage.nest, TreeDamage.many, TreeDamage.chain, TreeDamage.chain,
)  # fmt: skip


@lru_cache(maxsize=1)
def compatibles() -> tuple[bytes, ...]:
    """Compatible strings of the seeds."""
    return (*words.compatibles(list(seeds.trees())), b"", b"simple-bus\0", b"\0\0", b"x")


def structured(chance: random.Random) -> tuple[bytes, list[str]]:
    """A blob whose nodes are wrong, and the paths of some."""
    damage = TreeDamage(tree(chance), chance)
    for _ in some(chance, 12):
        damage.once()
    return write(damage.root), paths(damage.root)


def damaged_blob(chance: random.Random) -> tuple[bytes, list[str]]:
    """A blob that is wrong inside, in its tokens, or anywhere."""
    kind = chance.random()
    if kind < 0.7:
        return structured(chance)
    data, there = structured(chance) if kind < 0.8 else (chance.choice(seeds.small()), ["/"])
    where = places(data)
    if kind > 0.93 or not where.small:
        return damaged(data, chance), there
    mutator = Mutator({}, 0)
    mutator.random = chance
    damage = mutator.kinds[chance.choice(list(mutator.kinds))]
    return damage(data, where), there


def make_board(chance: random.Random) -> Made:
    """A whole board, many of whose cells, names or tokens are wrong."""
    data = chance.choice(seeds.boards()).read_bytes()
    if chance.random() < 0.4:
        damage = TreeDamage(parse(data), chance)
        for _ in range(chance.randint(1, 60)):
            damage.once()
        data = write(damage.root)
    else:
        mutator = Mutator({}, 0)
        mutator.random = chance
        kinds = ("cells", "small", "copied", "copied", "names", "shuffled")
        data = mutator.kinds[chance.choice(kinds)](data, places(data))
    return Made({"board.dtb": data}, tree_calls(chance, "$HERE/board.dtb", ["/"]))


def make(chance: random.Random) -> Made:
    """A damaged blob, and commands about it."""
    data, there = damaged_blob(chance)
    return Made({"board.dtb": data}, tree_calls(chance, "$HERE/board.dtb", there))


def sound_paths(data: bytes) -> list[str]:
    """The paths of a sound blob's nodes."""
    return paths(parse(data))
