"""The translation of a requester, as data and as text."""

import pytest

from dtlink.firmware.errors import InputError
from dtlink.views.iort import IortView
from tests.views.boards import TABLES, command, data, server, shown


def test_a_function_has_a_walk_to_the_smmu_and_one_to_the_its():
    view = IortView.of_function(server(), 1, 0x311)
    walks = data(view.to_json())["walks"]
    assert [(each["sought"], each["reading"], each["id"]) for each in walks] == [
        ("IOMMU", "linux", 0x311),
        ("MSI controller", "linux", 0x311),
    ]
    assert walks[0]["steps"][0].keys() == {"node", "index", "id_in", "id_out", "target"}
    text = shown(view.text())
    assert text[0].startswith("0001:03:02.1 · requester ID 0x311 · IORT/root-complex@")
    assert "  IOMMU" in text


def test_a_component_has_no_id_of_its_own():
    view = IortView.of_component(server(), "sata")
    assert view.id is None
    assert view.walks[0].steps[0].id_in is None
    printed = command("iort", TABLES / "arm-server", "--component", "sata")
    assert printed["iort"] == data(view.to_json())


def test_what_is_not_there():
    assert shown(IortView.of_function(server(), 7, 0).text()) == [
        "0007:00:00.0 · requester ID 0x0 · no root complex"
    ]
    with pytest.raises(InputError, match="no named component 'nothing'; there are: "):
        IortView.of_component(server(), "nothing")
