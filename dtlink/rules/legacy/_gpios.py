"""GPIO properties whose drivers read the old name themselves."""

from __future__ import annotations

#: Devices whose drivers read the singular name themselves, or have a quirk for it.
READ_BY_DRIVERS = (
    "fsl,imx*-pcie",
    "ti,tpa6130a2",
    "asahi-kasei,ak5386",
    "cirrus,cs42l52",
    "cirrus,cs42l73",
    "cascoda,ca8210",
    "ti,omap-twl4030",
)
