"""Deferred probes are tried in the kernel's order, but only where a try can end otherwise."""

from __future__ import annotations

import random
from collections import deque

import pytest

from dtlink.boot.devlink.state import CoreDevice
from dtlink.boot.devlink.waiting import Waiting

Needs = dict[int, set[int]]
"""What each device waits for."""


def by_the_kernel(needs: Needs, found: dict[int, list[int]]) -> list[int]:
    """The order of binding if all that waits is tried again after each device that binds."""
    active, pending, bound = deque(needs), deque[int](), list[int]()
    needs = {node: set(of) for node, of in needs.items()}
    while active:
        node = active.popleft()
        if not needs[node] <= set(bound):
            pending.append(node)
            continue
        for new, of in [(each, {node}) for each in found.get(node, ())]:
            needs[new] = of | needs.get(new, set())
            pending.append(new)
        bound.append(node)
        active += pending
        pending.clear()
    return bound


def by_the_ring(needs: Needs, found: dict[int, list[int]]) -> tuple[list[int], int]:
    """The same of those that are touched only, and the number of tries."""
    devices = {node: CoreDevice(node, "platform", None) for node in needs}
    needs = {node: set(of) for node, of in needs.items()}
    waiting, bound, tries = Waiting(), list[int](), 0
    for device in devices.values():
        waiting.add(device)
    waiting.let_try_all()
    while (device := waiting.turn()) is not None:
        tries += 1
        if not needs[device.node] <= set(bound):
            continue
        for new in found.get(device.node, ()):
            needs[new] = {device.node}
            devices[new] = CoreDevice(new, "platform", None)
            waiting.add(devices[new])
        bound.append(device.node)
        waiting.remove(device)
        for node in (node for node, of in needs.items() if device.node in of):
            waiting.let_try(devices[node])
    return bound, tries


@pytest.mark.parametrize("seed", range(60))
def test_the_order_is_that_of_the_kernel(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a graph, not a secret
    count = rng.randrange(2, 40)
    needs = {
        node: set(rng.sample(range(count), rng.randrange(3))) - {node} for node in range(count)
    }
    found = {
        node: list(range(1000 + 100 * node, 1000 + 100 * node + rng.randrange(40)))
        for node in range(count)
    }
    assert by_the_ring(needs, found)[0] == by_the_kernel(needs, found)


def test_labels_that_run_out_are_made_anew() -> None:
    """All are added at one place, between two neighbours."""
    first: Needs = {0: set(), 1: {999}}
    found = {0: list(range(5000, 5200))}
    assert by_the_ring(first, found)[0] == by_the_kernel(first, found)


def test_a_chain_takes_a_try_and_one_more_of_each() -> None:
    chain: Needs = {node: {node + 1} if node < 500 else set() for node in range(501)}
    bound, tries = by_the_ring(chain, {})
    assert bound == list(range(500, -1, -1))
    assert tries <= 2 * len(chain)


def test_a_device_waits_once() -> None:
    waiting, device = Waiting(), CoreDevice(1, "platform", None)
    waiting.add(device)
    waiting.add(device)
    waiting.let_try(device)
    assert waiting.turn() is device
    assert waiting.turn() is None
    waiting.remove(device)
    waiting.remove(device)
    assert list(waiting.devices_of(1)) == []
