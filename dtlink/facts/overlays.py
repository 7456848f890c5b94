"""What can be wrong with an overlay, and what those that apply one make of it: a row each.

Two programs apply overlays, and they do not agree. A boot loader (U-Boot's ``fdt apply``, GRUB,
``fdtoverlay``) calls libfdt's fdt_overlay_apply(), which changes a blob before the kernel runs. The
kernel's own of_overlay_fdt_apply() changes the tree of a running machine, and refuses more.

Sources: libfdt (dtc 1.7.2), fdt_overlay.c; Linux 5.10 to 7.2, drivers/of/overlay.c and
drivers/of/resolver.c.
"""

from __future__ import annotations

from dtlink.records import NamedTuple

#: Who can use ``__symbols__``: what makes them, in words for a fix.
SYMBOLS_OPTION = "dtc -@"
#: The first dtc whose libfdt keeps the phandle of a node that an overlay gives another
#: (fdt_overlay.c, overlay_prevent_phandle_overwrite()).
KEEPS_PHANDLES = "1.7.1"


class OverlayProblem(NamedTuple):
    """One kind of problem."""

    name: str
    libfdt: str
    """What fdt_overlay_apply() returns; empty: it applies the overlay."""
    libfdt_source: str
    kernel: str
    """What of_overlay_fdt_apply() returns; empty: it applies the overlay."""
    kernel_source: str
    log: str = ""
    """The kernel's line, up to what differs."""

    @property
    def fatal(self) -> bool:
        """Whether a boot loader refuses the overlay."""
        return bool(self.libfdt)


_RESOLVE = "resolver.c, of_resolve_phandles()"
_LOCAL = "resolver.c, adjust_local_phandle_references()"
_USAGES = "resolver.c, update_usages_of_a_phandle_reference()"
_TARGET = "overlay.c, find_target()"
_INIT = "overlay.c, init_overlay_changeset()"
_NODE = "overlay.c, add_changeset_node()"
_PROPERTY = "overlay.c, add_changeset_property()"
_TARGET_OFFSET = "fdt_overlay_target_offset()"
_FIXUP = "overlay_fixup_phandle()"

NO_SYMBOLS = OverlayProblem(
    # By its version: 1.6.1 the first, 1.7.2 the second.
    "no-symbols",
    "FDT_ERR_NOTFOUND or FDT_ERR_BADOFFSET",
    _FIXUP,
    "-EINVAL",
    _RESOLVE,
    "OF: resolver: no symbols in root of device tree.",
)
UNKNOWN_LABEL = OverlayProblem(
    "unknown-label",
    "FDT_ERR_NOTFOUND",
    _FIXUP,
    "-EINVAL",
    _RESOLVE,
    "OF: resolver: node label '{}' not found in live devicetree symbols table",
)
LATE_LABEL = UNKNOWN_LABEL._replace(name="late-label")
STALE_LABEL = OverlayProblem("stale-label", "FDT_ERR_NOTFOUND", _FIXUP, "-ENOENT", _RESOLVE)
NO_PHANDLE = OverlayProblem(
    # The kernel writes phandle 0 into the overlay and goes on.
    "no-phandle",
    "FDT_ERR_NOTFOUND",
    _FIXUP,
    "",
    _RESOLVE,
)
NO_TARGET = OverlayProblem(
    "no-target",
    "FDT_ERR_BADOVERLAY",
    _TARGET_OFFSET,
    "-EINVAL",
    _TARGET,
    "OF: overlay: find target, node: {}, no target property",
)
BAD_TARGET = OverlayProblem("bad-target", "FDT_ERR_BADPHANDLE", _TARGET_OFFSET, "-EINVAL", _TARGET)
UNKNOWN_TARGET = OverlayProblem(
    "unknown-target",
    "FDT_ERR_NOTFOUND",
    _TARGET_OFFSET,
    "-EINVAL",
    _TARGET,
    "OF: overlay: find target, node: {}, path '{}' not found",
)
UNKNOWN_PHANDLE = UNKNOWN_TARGET._replace(
    log="OF: overlay: find target, node: {}, phandle {} not found"
)
RELATIVE_TARGET = UNKNOWN_TARGET._replace(libfdt="FDT_ERR_BADPATH")
"""A target-path that begins with neither a slash nor an alias."""
BAD_FIXUP = OverlayProblem("bad-fixup", "FDT_ERR_BADOVERLAY", _FIXUP, "-EINVAL", _USAGES)
FIXUP_PROPERTY = BAD_FIXUP._replace(libfdt="FDT_ERR_NOTFOUND", kernel="-ENOENT")
"""An entry for a property that the node lacks."""
FIXUP_OFFSET = BAD_FIXUP._replace(libfdt="FDT_ERR_NOSPACE")
"""An entry for an offset that the property lacks."""
FIXUP_PATH = BAD_FIXUP._replace(libfdt="FDT_ERR_BADPATH")
"""An entry for a path that begins with neither a slash nor an alias."""
BAD_LOCAL_FIXUP = OverlayProblem(
    "bad-local-fixup",
    "FDT_ERR_BADOVERLAY",
    "overlay_update_local_node_references()",
    "-EINVAL",
    _LOCAL,
)
WILD_LOCAL_FIXUP = OverlayProblem(
    # libfdt does not check the offset: it changes bytes of another property.
    "wild-local-fixup",
    "memory corruption",
    "overlay_update_local_node_references()",
    "-EINVAL",
    _LOCAL,
)
BAD_SYMBOL = OverlayProblem(
    "bad-symbol",
    "FDT_ERR_BADVALUE",
    "overlay_symbol_update()",
    "-ENOMEM",
    "overlay.c, dup_and_fixup_symbol_prop()",
)
SYMBOL_FRAGMENT = BAD_SYMBOL._replace(libfdt="FDT_ERR_BADOVERLAY")
"""A label in a fragment that the overlay lacks."""
BAD_PHANDLE = OverlayProblem(
    "bad-phandle",
    "FDT_ERR_BADPHANDLE",
    "overlay_phandle_add_offset()",
    "",
    "resolver.c, adjust_overlay_phandles()",
)
PHANDLES_USED_UP = OverlayProblem(
    "phandles-used-up",
    "FDT_ERR_NOPHANDLES",
    "overlay_phandle_add_offset()",
    "",
    "resolver.c, adjust_overlay_phandles()",
)
EMPTY = OverlayProblem(
    "empty",
    "",
    "overlay_merge()",
    "-EINVAL",
    _INIT,
    "OF: overlay: no fragments or symbols in overlay",
)
LOST_NODE = OverlayProblem("lost-node", "", "overlay_merge()", "", _INIT)
NO_OVERLAY_NODE = OverlayProblem("no-overlay-node", "", "overlay_merge()", "", _INIT)
PHANDLE_CLASH = OverlayProblem(
    # Since 4.17; the phandle of a fragment's target itself is passed over.
    "phandle-clash",
    "",
    "overlay_prevent_phandle_overwrite()",
    "-EINVAL",
    _NODE,
)
UNIT_ADDRESS = OverlayProblem("unit-address", "", "fdt_nodename_eq_()", "", _NODE)
CELLS_CHANGED = OverlayProblem(
    "cells-changed",
    "",
    "overlay_apply_node()",
    "-EINVAL",
    _PROPERTY,
    "OF: overlay: ERROR: changing value of {} is not allowed in {}",
)
SET_TWICE = OverlayProblem(
    "set-twice",
    "",
    "overlay_apply_node()",
    "-EINVAL",
    "overlay.c, changeset_dup_entry_check()",
    "OF: overlay: ERROR: multiple fragments add, update, and/or delete property {}/{}",
)
MADE_TWICE = OverlayProblem(
    "made-twice",
    "",
    "overlay_apply_node()",
    "-EINVAL",
    "overlay.c, changeset_dup_entry_check()",
    "OF: overlay: ERROR: multiple fragments add and/or delete node {}",
)
SYMBOL_EXISTS = OverlayProblem("symbol-exists", "", "overlay_symbol_update()", "-EINVAL", _PROPERTY)
NO_SYMBOLS_NODE = OverlayProblem(
    "no-symbols-node",
    "",
    "overlay_symbol_update()",
    "-EINVAL",
    _INIT,
    "OF: overlay: symbols in overlay, but not in live tree",
)
LOST_SYMBOL = OverlayProblem(
    "lost-symbol",
    "",
    "overlay_symbol_update()",
    "-ENOMEM",
    "overlay.c, dup_and_fixup_symbol_prop()",
)
TARGET_IN_OVERLAY = OverlayProblem(
    "target-in-overlay",
    "",
    "overlay_merge()",
    "-EINVAL",
    _TARGET,
    "OF: overlay: find target, node: {}, phandle {} not found",
)

# A Raspberry Pi's boot loader goes on without what it can't use, and says so in its log.
UNKNOWN_PARAMETER = OverlayProblem("unknown-parameter", "", "", "", "")
BAD_PARAMETER = OverlayProblem("bad-parameter", "", "", "", "")
NO_OVERLAY_FILE = OverlayProblem("no-overlay-file", "", "", "", "")
