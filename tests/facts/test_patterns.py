from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.facts.patterns import fits


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("arm,mmu-500", "arm,mmu-500"),
        ("qcom,sm8550-smmu-500", "qcom,*-smmu-500"),
        ("mediatek,mt8195-iommu-vdo", "mediatek,*-iommu-*"),
    ],
)
def test_forms_that_fit(text: str, pattern: str) -> None:
    assert fits([text], [pattern])
    assert fits(["other", text], ["none", pattern])


@pytest.mark.parametrize(
    ("text", "pattern"), [("arm,mmu-50", "arm,mmu-500"), ("ab", "ab*b"), ("ac", "a*b*c")]
)
def test_forms_that_do_not(text: str, pattern: str) -> None:
    assert not fits([text], [pattern])


@given(st.text("ab,-"), st.text("ab,-*"))
def test_as_fnmatch(text: str, pattern: str) -> None:
    assert fits([text], [pattern]) == fnmatchcase(text, pattern)
