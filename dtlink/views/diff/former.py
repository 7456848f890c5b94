"""What reports of dtlink 0.1.0 have in other words.

A reason is compared as text: one that is only worded otherwise is no change.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Why a link is not in use: as it was worded, and as it is.
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "behind a zero phandle, where fw_devlink stops reading": (
            "after a zero phandle, where fw_devlink stops reading"
        ),
        "the supplier, or a node above it, is disabled": (
            "the supplier, or one of its ancestors, is disabled"
        ),
        "the consumer, or a node above it, is disabled": (
            "the consumer, or one of its ancestors, is disabled"
        ),
        "Linux 6.12 does not read SIDP structures": "Linux does not read SIDP structures",
        "Linux 6.12 knows no IWB": "Linux before 7.0 does not use IWB nodes",
        "Linux reads a RIMT from 6.18 on only": "Linux reads the RIMT since 6.18 only",
    }
)


def reason(text: str | None) -> str | None:
    """Why a link is not in use, as it is worded today."""
    return None if text is None else _REASONS.get(text, text)
