"""The prediction of fw_devlink as JSON data, no list of it longer than its bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from dtlink.typed import TYPE_CHECKING, TypeVar
from dtlink.views.bounds import Room

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import (
        CycleReport,
        FwnodeLink,
        LinkedPair,
        NotLinked,
        Prediction,
        PropertyEntry,
        TriedReference,
        WaitingDevice,
    )
    from dtlink.report.entries import Json, JsonObject

RowT = TypeVar("RowT")

#: Upper bound on the rows of each list; the largest list of a board in Linux has 1,044.
_ROWS = 5000


def prediction_json(prediction: Prediction) -> Mapping[str, Json]:
    """The part ``devlink`` of a report's inputs."""
    return _Json().of(prediction)


class _Json:
    """Makes the lists; what is left out of them is counted by the names of the lists."""

    def __init__(self) -> None:
        self.left_out: dict[str, int] = {}
        #: Of all origins, and of all suppliers of devices that wait: parts of rows.
        self.entries, self.suppliers = Room(_ROWS), Room(_ROWS)

    def of(self, prediction: Prediction) -> Mapping[str, Json]:
        """The members, in the order that the reports have had."""
        rows = self._rows
        found: JsonObject = {
            "kernel_version": prediction.kernel_version,
            "view": prediction.view,
            "fwnode_links": rows("fwnode_links", prediction.fwnode_links, self._fwnode_link),
            "device_links": rows("device_links", prediction.device_links, lambda x: x._asdict()),
            "cycles": rows("cycles", prediction.cycles, _pair),
            "waiting": rows("waiting", prediction.waiting, self._waiting),
            "not_linked": rows("not_linked", prediction.not_linked, _not_linked),
            "refused": rows("refused", prediction.refused, _pair),
            "relaxed": rows("relaxed", prediction.relaxed, _pair),
            "devices": rows("devices", prediction.devices, lambda x: x._asdict()),
            "parsed_nodes": rows("parsed_nodes", prediction.parsed_nodes, str),
        }
        if prediction.tried:
            found["tried"] = rows("tried", prediction.tried, _tried)
        return {**found, **({"left_out": self.left_out} if self.left_out else {})}

    def _rows(
        self, name: str, rows: Sequence[RowT], make: Callable[[RowT], Json]
    ) -> Sequence[Json]:
        first = Room(_ROWS).first(rows, _texts)
        if len(first) < len(rows):
            self.left_out[name] = len(rows) - len(first)
        return list(map(make, first))

    def _fwnode_link(self, link: FwnodeLink) -> Json:
        origins = self.entries.first(link.origins, _texts)
        return {
            **_pair(link),
            "flags": list(link.flags),
            "from": [_origin(origin) for origin in origins],
            "origin": "moved" if link.moved else "property",
            "remaining": link.remaining,
            **_more(link.origins, origins),
        }

    def _waiting(self, each: WaitingDevice) -> Json:
        suppliers = self.suppliers.first(each.suppliers, lambda supplier: (supplier,))
        return {
            "device": each.device,
            "suppliers": suppliers,
            **_more(each.suppliers, suppliers),
        }


def _texts(row: object) -> Iterable[str]:
    """The paths and names of a row, for which there must be room."""
    parts = row if isinstance(row, tuple) else (row,)
    return (part for part in parts if isinstance(part, str))


def _more(whole: Sequence[object], first: Sequence[object]) -> Mapping[str, Json]:
    number = len(whole) - len(first)
    return {"more": number} if number else {}


def _pair(link: FwnodeLink | NotLinked | LinkedPair | CycleReport) -> dict[str, Json]:
    return {"consumer": link.consumer, "supplier": link.supplier}


def _not_linked(item: NotLinked) -> Json:
    return {**_pair(item), **_origin(item.origin), "reason": item.reason, "at": item.at}


def _tried(each: TriedReference) -> Json:
    return {
        "device": each.device,
        "supplier": each.supplier,
        "provider": each.provider or None,
        **_origin(each.origin),
        "result": each.result.value,
    }


def _origin(origin: PropertyEntry) -> Mapping[str, Json]:
    return {"node": origin.node, "property": origin.property_name, "index": origin.entry}
