"""The names of the nodes that drivers of regulators look for."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.facts.regulator_names import regulator_names
from tools.regulator_names import _texts


@pytest.mark.parametrize(
    ("compatible", "name"),
    [
        ("x-powers,axp313a", "dldo1"),
        ("rockchip,rk808", "DCDC_REG1"),
        ("rockchip,rk809", "SWITCH_REG2"),
        ("nxp,pca9450a", "BUCK1"),
        ("qcom,pm8998-rpmh-regulators", "smps1"),
        ("qcom,pm8941-regulators", "5vs1"),
    ],
)
def test_names_of_pmics(compatible: str, name: str) -> None:
    assert name in regulator_names(compatible)
    assert f"{name}-x" not in regulator_names(compatible)


@pytest.mark.parametrize("compatible", ["maxim,max77620", "vendor,none", "dldo1", "x-powers", ""])
def test_names_that_are_not_known(compatible: str) -> None:
    """Of a driver that puts names together, of none; a regulator's name is no compatible."""
    assert regulator_names(compatible) == frozenset()


DRIVER = """
static const struct regulator_desc descs[] = {
    { .name = "BUCK", .of_match = of_match_ptr(%s), .regulators_node = "regulators" },
};
"""


def test_the_texts_of_a_driver(tmp_path: Path) -> None:
    path = tmp_path / "driver.c"
    path.write_text(DRIVER % '"buck1"')
    assert _texts(path) == {"BUCK", "buck1"}
    path.write_text(DRIVER % '"buck" #number')
    assert _texts(path) == frozenset()
    path.write_text('static const char *name = "buck1";')
    assert _texts(path) is None
    assert _texts(tmp_path / "none.c") is None
