"""What a simulated kernel came to, by the numbers of nodes; in words when it is asked for."""

from __future__ import annotations

from functools import cached_property

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from dtlink.boot.devlink.direct import Tried
    from dtlink.boot.devlink.model import Prediction
    from dtlink.boot.devlink.report import PredictionReport
    from dtlink.boot.devlink.state import CoreDeviceLink, CoreState


class Simulation:
    """The end of one machine's boot.

    Most of what is asked of a prediction is about a few nodes: paths are made of the whole only
    where they are read.
    """

    def __init__(
        self,
        state: CoreState,
        tell: Callable[[PredictionReport], Prediction],
        tried: Collection[Tried] = (),
    ) -> None:
        """``tell`` says by which method a report is made of it."""
        self.state = state
        self.tried = tried
        """The references that were tried, on kernels without links between nodes."""
        self.device_links: Sequence[CoreDeviceLink] = [
            link for device in state.devices for link in device.suppliers.values()
        ]
        """The links there are in the end."""
        self._tell = tell
        state.release()

    @cached_property
    def prediction(self) -> Prediction:
        """The same in paths."""
        from dtlink.boot.devlink.report import PredictionReport

        return self._tell(PredictionReport(self.state, self.device_links))

    @cached_property
    def nodes(self) -> Sequence[int]:
        """The nodes of the devices, in the order in which they are added."""
        return [device.node for device in self.state.devices]

    @property
    def at_boot(self) -> AbstractSet[int]:
        """The nodes of those that there are without any driver."""
        return self.state.at_boot

    @property
    def early(self) -> Mapping[int, bool]:
        """The nodes that are served before there are devices, and whether they become some."""
        return self.state.early
