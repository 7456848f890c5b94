"""A prediction beside what a board reports: what agrees, what did not come, what came unforeseen.

A difference is explained by what is known of its two ends on the board; what is unknown is
reported as unknown. Devices whose node is unknown are listed, and not compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from dtlink.observed.comparison import (
    BoardComparison,
    ComparedPair,
    ComparedPairs,
    DifferenceReason,
)
from dtlink.observed.held_back import compare_held_back
from dtlink.observed.running import NodePair, RunningBoard
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import Prediction
    from dtlink.firmware.tree import Tree
    from dtlink.observed.observation import Observation


def compare(prediction: Prediction, observation: Observation, tree: Tree) -> BoardComparison:
    """Compare a prediction for a tree with what a board with that tree reported."""
    board = RunningBoard(observation, tree)
    held_back = compare_held_back(prediction, board)
    ordering, sync_state, by_driver = _links(prediction, board)
    return BoardComparison(
        links=ordering,
        sync_state_links=sync_state,
        cycles=_cycles(prediction, board),
        held_back=held_back,
        by_driver=by_driver,
        unmapped=sorted(board.unmapped),
        notes=_notes(prediction, observation, tree),
    )


def _links(prediction: Prediction, board: RunningBoard) -> tuple[ComparedPairs, ComparedPairs, int]:
    """Compare the device links: those that order probing, and the others."""
    told = board.told
    ours = {(x.consumer, x.supplier): x.sync_state_only for x in prediction.device_links}
    theirs = _reported(board, ours) if told.has_sysfs else _logged(board)
    missing, unforeseen = _Missing(prediction, board, theirs), _Unforeseen(prediction, board)
    all_told = told.has_sysfs or (bool(told.linked) and told.log_begins)

    def section(*, kind: bool) -> ComparedPairs:
        mine = [pair for pair, sync in ours.items() if sync == kind]
        lost = [pair for pair in mine if theirs.get(pair) != kind] if all_told else ()
        new = [pair for pair, sync in theirs.items() if sync == kind and pair not in ours]
        return ComparedPairs(
            agreed=[ComparedPair(*pair) for pair in mine if theirs.get(pair) == kind],
            missing=[ComparedPair(*pair, missing.why(pair, sync_state_only=kind)) for pair in lost],
            unforeseen=[
                ComparedPair(*pair, unforeseen.why(pair, sync_state_only=kind)) for pair in new
            ],
            observed=all_told,
        )

    by_driver = sum(entry.by_driver for entry in told.links.values())
    return section(kind=False), section(kind=True), by_driver


def _reported(board: RunningBoard, ours: Mapping[NodePair, bool]) -> dict[NodePair, bool]:
    """The links there are that no driver made; of an unknown kind: of the one predicted."""
    found = {}
    for entry in board.told.links.values():
        if not entry.by_driver and (pair := board.ends(entry)):
            sync = entry.sync_state_only
            found[pair] = ours.get(pair, False) if sync is None else sync
    return found


def _logged(board: RunningBoard) -> dict[NodePair, bool]:
    """The links in the log, where there is nothing better."""
    linked = board.told.linked
    told = {pair: sync for names, sync in linked.items() if (pair := board.pair(*names))}
    return dict.fromkeys(board.pairs(board.told.sync_state), False) | told


class _Missing:
    """Says why a predicted link is not there."""

    def __init__(
        self, prediction: Prediction, board: RunningBoard, there: Mapping[NodePair, bool]
    ) -> None:
        self._board = board
        self._there = there
        links = prediction.fwnode_links
        self._named = {(x.consumer, x.supplier) for x in links if not x.moved}

    @cached_property
    def _dropped(self) -> Mapping[NodePair, None]:
        return self._board.pairs(self._board.told.not_linked)

    @cached_property
    def _made_once(self) -> Mapping[NodePair, None]:
        return self._board.pairs(self._board.told.linked)

    def why(self, pair: NodePair, *, sync_state_only: bool) -> DifferenceReason:  # noqa: PLR0911 - one a reason
        """The first of the reasons that holds."""
        board, (consumer, supplier) = self._board, pair
        if pair in self._there:
            return DifferenceReason.TIGHTER if sync_state_only else DifferenceReason.RELAXED
        if board.is_foreign(consumer) or board.is_no_device(consumer):
            return DifferenceReason.NO_CONSUMER
        if pair in self._dropped:
            return DifferenceReason.NOT_LINKED
        if board.is_no_device(supplier):
            return DifferenceReason.NO_SUPPLIER
        if sync_state_only and board.is_bound(consumer):
            return DifferenceReason.ENDED
        if pair not in self._named and board.is_unbound(supplier):
            return DifferenceReason.UNBOUND_SUPPLIER
        if pair in self._made_once:
            return DifferenceReason.GONE
        if not board.told.has_sysfs:
            return DifferenceReason.NOT_LOGGED
        return (
            DifferenceReason.BOUND_WITHOUT if board.is_bound(consumer) else DifferenceReason.UNKNOWN
        )


class _Unforeseen:
    """Says why a link is there although it was not predicted."""

    def __init__(self, prediction: Prediction, board: RunningBoard) -> None:
        self._board = board
        self._devices = {device.node for device in prediction.devices}
        self._between = {(x.consumer, x.supplier) for x in prediction.fwnode_links}

    def why(self, pair: NodePair, *, sync_state_only: bool) -> DifferenceReason:
        """The first of the reasons that holds."""
        if any(map(self._board.is_foreign, pair)):
            return DifferenceReason.NOT_IN_TREE
        if sync_state_only and not self._board.told.has_sysfs:
            return DifferenceReason.SINCE_ENDED
        if not self._devices.issuperset(pair):
            return DifferenceReason.MADE_DEVICE
        if sync_state_only and self._board.is_unbound(pair[0]):
            return DifferenceReason.NOT_BOUND_YET
        if any(c == pair[0] and s.startswith(f"{pair[1]}/") for c, s in self._between):
            return DifferenceReason.SPOKEN_FOR
        return DifferenceReason.NODES_ONLY if pair in self._between else DifferenceReason.UNKNOWN


def _cycles(prediction: Prediction, board: RunningBoard) -> ComparedPairs:
    """Compare the pairs that the log names as cycles, whichever end comes first."""
    ours = {tuple(sorted(pair)): pair for pair in prediction.cycles}
    told = board.pairs(board.told.cycles)
    theirs = {tuple(sorted(pair)): pair for pair in told}
    whole = board.told.log_begins
    dropped = {end for pair in board.pairs(board.told.not_linked) for end in pair[1:]}
    known = {(x.consumer, x.supplier) for x in prediction.fwnode_links}

    def missing(pair: NodePair) -> DifferenceReason:
        if any(map(board.is_no_device, pair)):
            return (
                DifferenceReason.NO_CONSUMER
                if board.is_no_device(pair[0])
                else DifferenceReason.NO_SUPPLIER
            )
        return (
            DifferenceReason.SERVED_EARLY
            if dropped.intersection(pair)
            else DifferenceReason.OTHER_ORDER
        )

    def unforeseen(pair: NodePair) -> DifferenceReason:
        if any(map(board.is_foreign, pair)):
            return DifferenceReason.NOT_IN_TREE
        return (
            DifferenceReason.OTHER_ORDER
            if pair in known or pair[::-1] in known
            else DifferenceReason.UNKNOWN
        )

    return ComparedPairs(
        agreed=[ComparedPair(*ours[key]) for key in ours if key in theirs],
        missing=[
            ComparedPair(*ours[key], missing(ours[key]))
            for key in ours
            if whole and key not in theirs
        ],
        unforeseen=[
            ComparedPair(*theirs[key], unforeseen(theirs[key])) for key in theirs if key not in ours
        ],
        observed=whole,
    )


def _notes(prediction: Prediction, observation: Observation, tree: Tree) -> list[str]:
    """What speaks against comparing these two."""
    notes = []
    kernel, model = observation.kernel, next(iter(tree.root.strings("model")), "")
    if kernel and not f"{kernel}.".startswith(f"{prediction.kernel_version}."):
        version = prediction.kernel_version
        notes.append(f"the board runs {kernel}, the prediction is for {version} (--kernel-version)")
    if observation.model and model and observation.model != model:
        notes.append(f'the board calls itself "{observation.model}", the tree "{model}"')
    return notes
