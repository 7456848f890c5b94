"""The highest indexes of providers."""

from __future__ import annotations

import pytest

from dtlink.facts.index_limits import index_limit


@pytest.mark.parametrize("name", ["rockchip,rk3399-cru", "qcom,sm8550-gcc", "fsl,imx8mq-ccm"])
def test_providers_whose_headers_are_known(name: str) -> None:
    limit = index_limit(name, "clock")
    assert limit is not None
    assert 100 < limit < 2000  # these have some hundred clocks


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rockchip,rk3399-cr", "clock"),
        ("rk3399-cru", "clock"),
        ("rockchip,rk3399-cru 1", "clock"),
        ("rockchip,rk3399-cru", "GPIO"),
        ("renesas,r8a7795-cpg-mssr", "reset line"),
        ("", "clock"),
    ],
)
def test_what_is_not_known(name: str, kind: str) -> None:
    assert index_limit(name, kind) is None
