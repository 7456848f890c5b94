"""The drivers of tags: what a switch's driver asks for by name, and no node does.

net/dsa/dsa.c, dsa_port_parse_cpu(), and net/dsa/tag.c, dsa_tag_driver_get_by_id(), load the module
by the protocol that the switch's get_tag_protocol() returns.
"""

from __future__ import annotations

from dtlink.facts.media import BusDriver


def _tag(name: str, config: str = "") -> BusDriver:
    option = f"NET_DSA_TAG_{config or name.upper()}"
    return BusDriver(f"tag_{name}", option, "the tags of a switch", f"net/dsa/tag_{name}.c, ops")


#: By the beginning of the path of the switch's driver.
TAGS = (
    ("drivers/net/dsa/b53/", _tag("brcm", "BRCM_COMMON")),
    ("drivers/net/dsa/bcm_sf2", _tag("brcm", "BRCM_COMMON")),
    ("drivers/net/dsa/hirschmann/", _tag("hellcreek")),
    ("drivers/net/dsa/lan9303", _tag("lan9303")),
    ("drivers/net/dsa/lantiq", _tag("gswip")),
    ("drivers/net/dsa/microchip/", _tag("ksz")),
    ("drivers/net/dsa/mt7530", _tag("mtk")),
    ("drivers/net/dsa/mv88e6060", _tag("trailer")),
    ("drivers/net/dsa/mv88e6xxx/", _tag("dsa", "DSA_COMMON")),
    ("drivers/net/dsa/ocelot/", _tag("ocelot")),
    ("drivers/net/dsa/qca/ar9331", _tag("ar9331")),
    ("drivers/net/dsa/qca/qca8k", _tag("qca")),
    ("drivers/net/dsa/realtek/", _tag("rtl8_4")),
    ("drivers/net/dsa/realtek/", _tag("rtl4_a")),
    ("drivers/net/dsa/rzn1_a5psw", _tag("rzn1_a5psw")),
    ("drivers/net/dsa/sja1105/", _tag("sja1105")),
    ("drivers/net/dsa/vitesse", _tag("vsc73xx_8021q")),
    ("drivers/net/dsa/xrs700x/", _tag("xrs700x")),
)
