"""All C files of a tree, and where a function that is called is defined."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache

from dtlink.kernel.source.functions import CFile, Function
from dtlink.kernel.source.objects import ObjectPlace
from dtlink.kernel.source.text import SourceReader
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_EXPORT = re.compile(r"EXPORT_(?:SYMBOL|PM_FN|NS|GPL_)\w*\s*\(\s*(\w+)")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_DEFINED = re.compile(r"^([A-Za-z_][\w \t*]*?\b)?(\w+)\(", re.MULTILINE)
#: What macros of headers make, by its form: bitfield.h, device.h, input.h, tracepoint.h.
_GENERATED = re.compile(
    r"trace_\w+|(?:u|le|be)\d+_\w+_bits|dev_(?:set|clear|test|assign)_\w+|input_abs_[gs]et_\w+"
)
_INLINE = re.compile(r"\binline\b[^;{}()]*?\b(\w+)\s*\(")
_DECLARED = re.compile(r"\b(\w+)\s*\(")
#: How many parsed files are kept, and how many of a module are looked through.
_KEPT: Final = 3000
_SIBLINGS: Final = 60
_HEADERS: Final = 60
#: In a larger folder a function that is not exported is not looked for.
_FOLDER: Final = 400

#: Folders and files whose functions are the kernel's own: what they ask for in a driver's name is
#: in the rows of ``requests``. Everything else is read as a driver's helper.
CORE: Final = (
    *("arch/", "block/", "certs/", "crypto/", "fs/", "init/", "ipc/", "kernel/", "lib/", "mm/"),
    *("net/", "security/", "virt/", "io_uring/", "rust/", "samples/", "tools/"),
    *("drivers/base/", "drivers/of/", "drivers/acpi/", "drivers/clk/clk", "drivers/gpio/gpiolib"),
    *("drivers/regulator/core", "drivers/regulator/of_", "drivers/regulator/devres"),
    *("drivers/regulator/helpers", "drivers/regulator/irq_helpers", "drivers/phy/phy-core"),
    *("drivers/reset/core", "drivers/pinctrl/core", "drivers/pinctrl/devicetree"),
    *("drivers/pinctrl/pinconf", "drivers/pinctrl/pinmux", "drivers/interconnect/core"),
    *("drivers/interconnect/bulk", "drivers/nvmem/core", "drivers/nvmem/layouts"),
    *(
        "drivers/mailbox/mailbox.c",
        "drivers/pwm/core",
        "drivers/pwm/sysfs",
        "drivers/pmdomain/core",
    ),
    *("drivers/pmdomain/governor", "drivers/iio/industrialio", "drivers/iio/inkern"),
    *(
        "drivers/iio/buffer/",
        "drivers/extcon/extcon.c",
        "drivers/extcon/devres",
        "drivers/mux/core",
    ),
    *("drivers/hwspinlock/hwspinlock_core", "drivers/iommu/iommu", "drivers/iommu/dma-iommu"),
    *("drivers/iommu/io-pgtable", "drivers/iommu/of_iommu", "drivers/dma/dmaengine"),
    *("drivers/dma/virt-dma", "drivers/dma/of-dma", "drivers/leds/led-c", "drivers/leds/led-t"),
    *("drivers/power/supply/power_supply_", "drivers/thermal/thermal_", "drivers/thermal/gov_"),
    *("drivers/hwmon/hwmon.c", "drivers/rtc/class", "drivers/rtc/interface", "drivers/rtc/lib"),
    *("drivers/watchdog/watchdog_", "drivers/video/backlight/backlight.c", "drivers/input/input"),
    *("drivers/input/ff-", "drivers/input/evdev", "drivers/input/touchscreen.c"),
    *("drivers/media/v4l2-core/", "drivers/media/mc/", "drivers/media/common/"),
    *("drivers/media/dvb-core/", "drivers/media/rc/rc-", "drivers/tty/tty_", "drivers/tty/n_"),
    *("drivers/tty/sysrq", "drivers/tty/vt/", "drivers/usb/gadget/udc/core", "drivers/usb/gadget/"),
    *("drivers/usb/common/usb-otg", "drivers/usb/typec/class", "drivers/usb/typec/bus"),
    *("drivers/usb/typec/mux.c", "drivers/usb/roles/class"),
    *("drivers/scsi/scsi", "drivers/scsi/hosts", "drivers/ata/libata-", "drivers/mtd/mtd"),
    *("drivers/mtd/nand/raw/nand_", "drivers/mtd/spi-nor/", "drivers/mtd/chips/"),
    *("drivers/mtd/nand/raw/internals", "drivers/mtd/nand/ecc", "drivers/mtd/nand/core"),
    *(
        "drivers/net/phy/phy",
        "drivers/net/phy/mdio_",
        "drivers/net/phy/sfp",
        "drivers/net/phy/linkmode",
    ),
    *(
        "drivers/net/phy/fixed_phy",
        "drivers/firmware/",
        "drivers/mfd/mfd-core",
        "drivers/mfd/syscon",
    ),
    *("drivers/remoteproc/remoteproc_", "drivers/opp/", "drivers/devfreq/devfreq"),
    *("drivers/cpufreq/cpufreq", "drivers/cpufreq/freq_table", "drivers/cpuidle/c"),
    *("drivers/cpuidle/driver", "drivers/cpuidle/governor", "drivers/clocksource/timer-of"),
    *(
        "drivers/rpmsg/rpmsg_core",
        "drivers/edac/edac_",
        "drivers/hwtracing/coresight/coresight-core",
    ),
    *(
        "drivers/char/random",
        "drivers/char/misc",
        "drivers/char/hw_random/core",
        "drivers/dma-buf/",
    ),
    *("drivers/pci/access", "drivers/pci/bus.c", "drivers/pci/host-bridge", "drivers/pci/iomap"),
    *("drivers/pci/msi/", "drivers/pci/of", "drivers/pci/p", "drivers/pci/quirks", "drivers/pci/r"),
    *("drivers/pci/s", "drivers/pci/v", "drivers/pci/irq", "drivers/pci/ecam", "drivers/pci/e"),
    *("drivers/virtio/virtio", "drivers/w1/w1", "drivers/bus/mhi/", "drivers/spmi/spmi.c"),
    *("drivers/slimbus/core", "drivers/soundwire/bus", "drivers/soundwire/stream"),
    *(
        "drivers/i2c/i2c-core",
        "drivers/spi/spi.c",
        "drivers/usb/core/",
        "drivers/i3c/master.c",
        "drivers/i3c/device",
        "drivers/ptp/ptp_c",
        "drivers/pps/",
    ),
    *(
        "drivers/tee/tee_",
        "drivers/mmc/core/",
        "drivers/crypto/engine",
        "drivers/irqchip/irq-msi-lib",
    ),
    *(
        "drivers/counter/counter-",
        "drivers/power/reset/reboot-mode",
        "drivers/power/sequencing/core",
    ),
    *(
        "drivers/memory/of_memory",
        "drivers/nvdimm/",
        "drivers/nvme/",
        "drivers/block/",
        "drivers/md/",
    ),
    *("drivers/hid/hid-", "drivers/hv/", "drivers/xen/", "drivers/infiniband/", "drivers/target/"),
    *("drivers/android/", "drivers/accel/drm_accel", "drivers/bluetooth/bt", "drivers/nfc/nci"),
    *("sound/core/", "sound/soc/soc-", "sound/ac97", "sound/drivers/", "sound/hda/", "sound/pci/"),
)
#: What is no core although a prefix above says so.
_NO_CORE: Final = (
    *("drivers/clk/clk-", "drivers/mmc/core/host", "drivers/mmc/core/slot-gpio"),
    *("drivers/mmc/core/regulator", "drivers/mmc/core/pwrseq_", "drivers/input/ff-memless"),
    *(
        "drivers/pci/pcie/",
        "drivers/pci/pwrctrl/",
        "drivers/pci/switch/",
        "drivers/virtio/virtio_mmio",
    ),
    *("drivers/iommu/iommufd", "drivers/usb/core/hcd.c", "drivers/usb/core/phy.c"),
)
#: Where whole files are core apart from a subfolder.
_DRM = re.compile(r"drivers/gpu/drm/(?:drm_[^/]*|display/[^/]*|scheduler/.*|ttm/.*|clients/.*)\Z")
_CLK_CORE: Final = frozenset(
    f"drivers/clk/{name}.c"
    for name in (
        *("clk", "clkdev", "clk-devres", "clk-bulk", "clk-conf", "clk-divider", "clk-gate"),
        *("clk-mux", "clk-composite", "clk-fractional-divider", "clk-multiplier"),
    )
)


def is_core(path: str) -> bool:
    """Whether a file is part of a subsystem's core, which no request is looked for in."""
    if path in _CLK_CORE or _DRM.match(path):
        return True
    return path.startswith(CORE) and not path.startswith(_NO_CORE)


class _HeaderNames(NamedTuple):
    """What the headers for all define, and what they declare besides."""

    inline: set[str]
    declared: set[str]


class Library:
    """The files that the Makefiles name, and the functions that they export."""

    def __init__(self, reader: SourceReader, places: Mapping[str, Iterable[ObjectPlace]]) -> None:
        self._reader = reader
        self._modules: dict[str, list[str]] = defaultdict(list)
        self._folders: dict[str, list[str]] = defaultdict(list)
        self._of_file = {path: sorted({p.module for p in held}) for path, held in places.items()}
        for path in sorted(places):
            self._folders[posixpath.dirname(path)].append(path)
            for module in self._of_file[path]:
                self._modules[module].append(path)
        self._exports: dict[str, str] = {}
        self.file = lru_cache(_KEPT)(self._parse)
        self._together = lru_cache(_KEPT)(self._linked)
        self._group = lru_cache(_KEPT)(self._names_of_group)

    def enter(self, path: str, text: str) -> None:
        """Keep where the functions that a file exports are."""
        if "EXPORT_SYMBOL" in text:
            for name in _EXPORT.findall(text):
                self._exports.setdefault(name, path)

    def _parse(self, path: str) -> CFile | None:
        text = self._reader.text(path)
        return None if text is None else CFile(path, text)

    def files(self, path: str) -> Iterable[CFile]:
        """The file, those that are linked into one module with it, then its own headers."""
        return self._together(path)

    def _linked(self, path: str) -> tuple[CFile, ...]:
        others = [
            each
            for module in self._of_file.get(path, ())
            for each in self._modules[module]
            if each != path and _near(each, path)
        ]
        names = dict.fromkeys((path, *others[:_SIBLINGS], *self._headers(path)))
        return tuple(file for name in names if (file := self.file(name)) is not None)

    def _headers(self, path: str) -> Iterable[str]:
        """The headers that a file includes by a path from its own folder, and those they do."""
        found: dict[str, None] = {}
        left = [path]
        while left and len(found) < _HEADERS:
            name = left.pop()
            file, folder = self.file(name), posixpath.dirname(name)
            for each in file.includes if file else ():
                inner = posixpath.normpath(posixpath.join(folder, each))
                if inner not in found:
                    found[inner] = None
                    left.append(inner)
        return found

    def is_exported(self, name: str) -> bool:
        """Whether a file exports a function."""
        return name in self._exports

    def find(self, name: str, path: str) -> tuple[Function, ...] | None:
        """The functions of this name that a call in a file means.

        An empty result is a function of the kernel's core; ``None``: none is found.
        """
        headers = []
        for file in self.files(path):
            if name not in file.functions:
                continue
            if file.path.endswith(".c"):
                return tuple(file.functions[name])
            headers += file.functions[name]
        home = self._exports.get(name)
        if home is not None and is_core(home):
            return ()
        if home is not None:
            helper = self.file(home)
            return tuple(helper.functions.get(name, ())) if helper else None
        return self._beside(name, path) or tuple(headers) or None

    def _beside(self, name: str, path: str) -> tuple[Function, ...] | None:
        """A function of a file of the same folder: what is built in needs no export."""
        names = self._headers_names
        if name in names.inline or name in names.declared:
            return None
        modules = (f"module {each}" for each in self._of_file.get(path, ()))
        for group in (posixpath.dirname(path), *modules):
            for other in self._group(group).get(name, ()):
                file = self.file(other)
                found = file.functions.get(name, ()) if file else ()
                if kept := tuple(each for each in found if "static" not in each.signature):
                    return kept
        return None

    def _names_of_group(self, group: str) -> dict[str, list[str]]:
        """The files of a folder, or of a large module, by the functions they may define."""
        module = group.removeprefix("module ")
        paths = self._folders[group] if module == group else self._modules[module]
        if len(paths) > _FOLDER or (module != group and len(paths) <= _SIBLINGS):
            return {}
        found: dict[str, list[str]] = {}
        for path in paths:
            for before, name in _DEFINED.findall(self._reader.text(path) or ""):
                if not before.startswith(("static", "return", "else", "extern", "typedef")):
                    found.setdefault(name, []).append(path)
        return found

    def is_declared(self, name: str) -> bool:
        """Whether a header for all has a function or a macro of this name."""
        if name.isupper() or _GENERATED.fullmatch(name):
            return True
        names = self._headers_names
        return name in names.inline or name in names.declared

    @cached_property
    def _headers_names(self) -> _HeaderNames:
        inline: set[str] = set()
        declared: set[str] = set()
        for text in self._reader.headers():
            inline.update(_MACRO.findall(text))
            if "inline" in text:
                inline.update(_INLINE.findall(text))
            declared.update(_DECLARED.findall(text))
        return _HeaderNames(inline, declared)


def _near(path: str, other: str) -> bool:
    """Whether two files of modules of the same name are likely of the same module."""
    return path.split("/")[:2] == other.split("/")[:2]
