"""How one dependency ends: what holds the consumer, what it asks for then, and for how long.

The order is that of the kernel (Linux 6.12, drivers/base/dd.c, really_probe()): links first, then
what the kernel asks for itself, then what the driver asks for.

- A *fwnode link* to a node that is not a device holds without a limit, until it is one, or until
  the driver of the device above it has bound.
- A *device link* holds until the supplier has bound. At the timeout it is relaxed if no registered
  driver matches the supplier (fw_devlink_no_driver()); not if one does that waits itself.
- A request is answered as the resource's row says (:mod:`dtlink.facts.resources`).
"""

from __future__ import annotations

from dtlink.boot.timeline.model import is_later, latest
from dtlink.boot.timeline.requirement import Hold
from dtlink.facts.outcomes import Outcome, Wait, When
from dtlink.facts.resource import Asker, Patience, Request
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.timeline.loading import Limits
    from dtlink.boot.timeline.requirement import Requirement


class Supply(NamedTuple):
    """When a supplier comes, step by step."""

    made: When
    """The node becomes a device, or the device that provides for it binds."""
    registered: When
    """A driver that matches the device is there."""
    bound: When
    """The device binds."""
    comes: When
    """What the node provides is there."""
    by_parent: bool = False
    """The node is not a device: the one above it provides for it."""


class Verdict(NamedTuple):
    """How a dependency ends."""

    wait: Wait
    outcome: Outcome
    then: When
    """When the consumer probes, as far as this supplier has a say."""
    firm: bool = False
    """It is held without a limit before the kernel asks for IOMMUs and power domains."""


class _Held(NamedTuple):
    """A consumer that fw_devlink lets go."""

    wait: Wait
    reaches: When
    bound: bool = False
    """It has waited until the supplier's device was bound."""


def judge(
    requirement: Requirement, supply: Supply, ready: When, limits: Limits, *, asked: bool = True
) -> Verdict:
    """How one requirement ends for a consumer that could probe by itself from ``ready`` on.

    ``asked`` says whether the consumer's driver asks for what the node declares.
    """
    # All that counts here: most requirements of a board, and of others, end as one before did.
    key = (requirement.hold, requirement.request, requirement.requested, supply, ready, asked)
    found = limits.verdicts.get(key)
    if found is None:
        found = limits.verdicts[key] = _judge(requirement, supply, ready, limits, asked=asked)
    return found


def _judge(
    requirement: Requirement, supply: Supply, ready: When, limits: Limits, *, asked: bool
) -> Verdict:
    if ready is When.NEVER:
        wait = _held(requirement, supply, When.INITCALL, limits).wait
        return Verdict(wait, Outcome.NEVER, When.NEVER)
    if ready is When.UNKNOWN and supply.comes is not When.INITCALL:
        return Verdict(_held(requirement, supply, ready, limits).wait, Outcome.UNKNOWN, ready)
    held = _held(requirement, supply, ready, limits)
    if held.reaches in (When.NEVER, When.UNKNOWN) and held.reaches is not ready:
        end = Outcome.NEVER if held.reaches is When.NEVER else Outcome.UNKNOWN
        return Verdict(held.wait, end, held.reaches, firm=True)
    verdict = _request(requirement, supply, held, limits, asked=asked)
    firm = held.bound or (requirement.request.asker is Asker.PINS and verdict.then is supply.comes)
    if verdict.outcome is not Outcome.OK or held.wait is Wait.NONE:
        return verdict._replace(firm=firm)
    return Verdict(held.wait, limits.met(held.reaches), held.reaches, firm)


def _held(requirement: Requirement, supply: Supply, ready: When, limits: Limits) -> _Held:
    """What fw_devlink does before any driver is asked (device_links_check_suppliers())."""
    held = _Held(Wait.NONE, ready)
    links = requirement.hold is Hold.LINK or (
        requirement.hold is Hold.SOFT and not is_later(supply.registered, ready)
    )
    if not links:
        return held
    if is_later(supply.made, ready):
        held = _Held(Wait.FWNODE_LINK, supply.made, bound=supply.by_parent)
    if not is_later(supply.bound, held.reaches):
        # Of two at one time a link that is not relaxed still orders the one before the other.
        orders = supply.bound is held.reaches and not limits.end_links(supply.registered)
        return held._replace(bound=held.bound or orders)
    if supply.registered is not When.UNKNOWN and limits.end_links(supply.registered):
        if limits.end_links(ready):
            return held  # it comes when the link is relaxed already
        until = latest((held.reaches, When.INITRAMFS if limits.modules else When.INITCALL))
        return _Held(Wait.DEVICE_LINK, until)
    return _Held(Wait.DEVICE_LINK, supply.bound, bound=True)


def _request(
    requirement: Requirement, supply: Supply, held: _Held, limits: Limits, *, asked: bool
) -> Verdict:
    """What comes of asking, at the time at which the consumer is let go."""
    request, comes, reaches = requirement.request, supply.comes, held.reaches
    if not is_later(comes, reaches):
        # Two modules of one time: whichever is first decides, once requests no longer wait.
        ends = request.patience is Patience.TIMEOUT and limits.end_requests(comes)
        if ends and not held.bound and comes is reaches:
            return Verdict(_asking(requirement, held), Outcome.UNKNOWN, When.UNKNOWN)
        return Verdict(Wait.NONE, Outcome.OK, reaches)
    if request.asker is Asker.DRIVER and not asked:
        return Verdict(Wait.NONE, Outcome.OK, reaches)
    relaxed = requirement.hold is Hold.RELAXED and not requirement.is_certain
    if relaxed or request.asker is Asker.UNKNOWN:
        return Verdict(held.wait, Outcome.UNKNOWN, reaches)
    outcome, then = _in_vain(request, comes, reaches, limits)
    # A consumer that asks after requests were ended is refused, and has not waited.
    refused = request.patience is Patience.TIMEOUT and limits.end_requests(reaches)
    return Verdict(held.wait if refused else _asking(requirement, held), outcome, then)


def _in_vain(request: Request, comes: When, reaches: When, limits: Limits) -> tuple[Outcome, When]:
    """How a consumer ends that asks for what is not there, and when it probes."""
    if comes is When.UNKNOWN:
        return Outcome.UNKNOWN, comes
    if request.patience is Patience.NONE:
        return request.without, reaches
    if request.patience is Patience.TIMEOUT and limits.end_requests(comes):
        lost = request.without is Outcome.LOST
        return request.without, When.NEVER if lost else latest((reaches, limits.goes_on))
    if request.without_modules is not None and not limits.modules:
        return request.without_modules, reaches
    return limits.met(comes), comes


def _asking(requirement: Requirement, held: _Held) -> Wait:
    """What holds a consumer that asks in vain: what held it first, if anything did."""
    if held.wait is not Wait.NONE:
        return held.wait
    return Wait.IOMMU_DT if requirement.request.asker is Asker.DMA else Wait.DRIVER
