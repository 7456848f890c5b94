"""What a kernel holds, read from each form that it comes in."""

from __future__ import annotations

import gzip
import lzma
import os
import time

import pytest

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings import layout
from dtlink.kernel.holdings.places import Place
from dtlink.kernel.holdings.read import read_holdings
from tests.support.kernels import (
    CONFIG,
    INDEXES,
    RELEASE,
    TABLES,
    image,
    modinfo,
    module,
    package,
    table,
    trie,
    write,
)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch):
    monkeypatch.setenv("DTLINK_CACHE", "")


@pytest.fixture
def kernel(tmp_path):
    return read_holdings(str(package(tmp_path)))


def test_an_installed_kernel(tmp_path, kernel):
    assert kernel.release == RELEASE
    assert kernel.config["EXT4_FS"] == "m"
    assert kernel.config["LOCALVERSION"] == '-te"st'
    assert kernel.config["HZ"] == "250"
    assert "SM_GCC_8550" not in kernel.config
    assert kernel.builtin == {"pl011", "clk_vendor"}
    assert kernel.order["mbcache"] == 0
    assert kernel.order["phy_vendor"] == 7
    assert kernel.builtin_compatibles == {"vendor,clk", "vendor,clk2", "vendor,Bus"}
    assert kernel.builtin_for("platform:clk_vendor") == ("clk_vendor",)
    assert kernel.sources["config"] == f"{tmp_path}/boot/config-{RELEASE}"
    assert kernel.notes == ()


def test_a_module(kernel):
    found = kernel.modules["mmc_vendor"]
    assert found.path == "kernel/drivers/mmc-vendor.ko.xz"
    assert found.depends == ("sdhci", "sdhci_pltfm")
    assert found.pre == ("phy-vendor", "absent")
    assert found.post == ("quirks",)


@pytest.mark.parametrize(
    ("alias", "modules"),
    [
        ("platform:mmc-vendor", ("mmc_vendor",)),
        ("platform:mmc_vendor", ("mmc_vendor",)),
        ("platform:mmc", ()),
        ("amba:d00041330", ("pl330",)),
        ("amba:d00141330", ("pl330",)),
        ("amba:d00041331", ()),
        ("amba:d00353180", ("armmmci",)),
        ("virtio:d00000017v00001AF4", ("virtio_iommu",)),
        ("acpi:VEND0001:", ("mmc_vendor",)),
        ("acpi:PNP0D40:VEND0001:", ("mmc_vendor",)),
        ("acpi:VEND0002:", ()),
        ("pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00", ("e1000e",)),
        ("usb:v0BDAp8152d2000dc00dsc00dp00icFFisc00ip00in00", ("r8152",)),
        ("i2c:tmp102", ("tmp102",)),
        ("i2c:tmp1025", ()),
        ("spi:flash-b", ("spi_nor",)),
        ("spi:flash_b", ("spi_nor",)),
        ("spi:flash-d", ()),
        ("of:NmmcT(null)Cvendor,mmc", ("mmc_vendor",)),
        ("of:NmmcT(null)Cother,mmcCvendor,mmc", ("mmc_vendor",)),
        ("of:NmmcT(null)Cvendor,mmcCvendor,phy", ("mmc_vendor", "phy_vendor")),
        ("of:NmmcT(null)Cvendor,mmc2", ()),
        ("fs-ext4", ("ext4",)),
        ("", ()),
        ("x" * 100_000, ()),
    ],
)
def test_modules_for_an_alias(kernel, alias, modules):
    assert kernel.modules_for(alias) == modules


def test_modules_of_a_compatible_string(kernel):
    assert kernel.modules_of("vendor,mmc") == ("mmc_vendor",)
    assert kernel.modules_of("vendor,mmsys") == ("drm_vendor", "mmsys_vendor")
    for other in ("vendor,mm", "vendor,mmcC", "vendor,mmc2", "", "*"):
        assert kernel.modules_of(other) == ()


def test_what_is_built_in(kernel):
    assert kernel.has_builtin("vendor,clk") is True
    # The kernel does not look at the case.
    assert kernel.has_builtin("VENDOR,bus") is True
    assert kernel.has_builtin("vendor,none") is False


def test_closure_is_in_load_order(kernel):
    assert kernel.closure(["ext4"]) == ["crc32c_generic", "mbcache", "jbd2", "ext4"]
    assert kernel.closure(["mmc-vendor"]) == [
        *("phy_vendor", "sdhci", "sdhci_pltfm", "mmc_vendor", "quirks")
    ]
    # By alias; what is built in or unknown is left out; nothing comes twice.
    assert kernel.closure(["fs-ext4", "pl011", "nobody", "jbd2"]) == kernel.closure(["ext4"])


def test_closure_of_modules_that_need_each_other(tmp_path):
    chain = "".join(f"kernel/m{at}.ko: kernel/m{at + 1}.ko\n" for at in range(5000))
    files = {
        "modules.dep": f"kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n{chain}",
        "modules.alias": "",
    }
    kernel = read_holdings(str(write(tmp_path, files)))
    assert kernel.closure(["a"]) == ["b", "a"]
    # What is needed but not there is left out, and no depth is too deep.
    assert kernel.closure(["m0"]) == [f"m{at}" for at in reversed(range(5000))]


def test_a_folder_of_modules_finds_boot_of_the_same_root(tmp_path):
    package(tmp_path)
    kernel = read_holdings(f"{tmp_path}/lib/modules/{RELEASE}")
    assert kernel.release == RELEASE
    assert kernel.knows("config")
    assert kernel.knows("image")


def test_a_folder_of_modules_in_usr(tmp_path):
    package(tmp_path)
    (tmp_path / "usr").mkdir()
    (tmp_path / "lib").rename(tmp_path / "usr/lib")
    for path in (tmp_path, tmp_path / "usr/lib/modules" / RELEASE, tmp_path / "usr/lib/modules"):
        kernel = read_holdings(str(path))
        assert len(kernel.modules) == 9
        assert kernel.knows("image")


def test_a_folder_of_modules_that_holds_its_own_image(tmp_path):
    folder = write(
        tmp_path / RELEASE,
        INDEXES | {"config": CONFIG, "vmlinuz": gzip.compress(image(*TABLES))},
    )
    kernel = read_holdings(str(folder))
    assert kernel.knows("config")
    assert kernel.has_builtin("vendor,clk2")


def test_a_folder_of_modules_elsewhere_knows_no_image(tmp_path):
    write(tmp_path / "boot", {f"config-{RELEASE}": CONFIG})
    kernel = read_holdings(str(write(tmp_path / "some/where" / RELEASE, INDEXES)))
    assert not kernel.knows("config")
    assert kernel.builtin_compatibles is None
    assert kernel.has_builtin("vendor,clk") is None
    assert kernel.modules_of("vendor,mmc") == ("mmc_vendor",)


def test_several_kernels_are_named(tmp_path):
    package(tmp_path)
    package(tmp_path, "6.13.0")
    with pytest.raises(InputError, match=rf"several kernels: {RELEASE}, 6\.13\.0"):
        read_holdings(str(tmp_path))
    kernel = read_holdings(f"{tmp_path}/6.13.0")
    assert kernel.release == "6.13.0"
    assert kernel.sources["image"].endswith("vmlinuz-6.13.0")
    with pytest.raises(InputError, match="no such file"):
        read_holdings(f"{tmp_path}/6.14.0")


def test_the_image_of_another_kernel_tells_nothing(tmp_path):
    package(tmp_path)
    (tmp_path / f"boot/vmlinuz-{RELEASE}").write_bytes(image(*TABLES, release="5.10.1"))
    kernel = read_holdings(str(tmp_path))
    assert kernel.builtin_compatibles is None
    assert kernel.notes == (f"{tmp_path}/boot/vmlinuz-{RELEASE}: of 5.10.1, not {RELEASE}",)


def test_an_image_that_may_not_be_read_tells_nothing(tmp_path, monkeypatch):
    package(tmp_path)
    # As for root nothing is forbidden, the file's mode alone would not do.
    monkeypatch.setattr(os, "access", lambda path, _mode: "vmlinuz" not in path)
    kernel = read_holdings(str(tmp_path))
    assert kernel.builtin_compatibles is None
    assert "may not be read" in kernel.notes[0]


def test_a_package_without_modules(tmp_path):
    text = CONFIG.replace("CONFIG_MODULES=y", "# CONFIG_MODULES is not set")
    kernel = read_holdings(str(write(tmp_path, {f"boot/config-{RELEASE}": text})))
    assert kernel.release == RELEASE
    # That it has none is known.
    assert kernel.knows("modules")
    assert kernel.knows("aliases")


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_a_bare_configuration(tmp_path, pack):
    path = tmp_path / "config.gz"
    path.write_bytes(pack(CONFIG))
    kernel = read_holdings(str(path))
    assert kernel.release == RELEASE
    assert kernel.config["EXT4_FS"] == "m"
    assert list(kernel.sources) == ["config"]
    assert kernel.builtin_compatibles is None


SMALL = {
    "drivers/phy-vendor": modinfo(alias=["of:N*T*Cvendor,phyC*", "of:N*T*Cvendor,phy"]),
    "drivers/mmc-vendor": modinfo(
        alias=["of:N*T*Cvendor,mmc", "platform:mmc-vendor"],
        depends="sdhci-pltfm,sdhci",
        softdep=["pre: phy-vendor", "post: quirks"],
    ),
    "drivers/sdhci": modinfo(depends="", license="GPL"),
    "drivers/sdhci-pltfm": modinfo(depends="sdhci"),
    "drivers/quirks": modinfo(depends=""),
}
#: A package before depmod ran: modules.order is there, and the modules themselves.
SMALL_ORDER = "".join(f"kernel/{name}.ko\n" for name in SMALL)


def _zstd(data):
    return pytest.importorskip("zstandard").compress(data)


@pytest.mark.parametrize(
    ("ending", "pack"),
    [("", bytes), (".xz", lzma.compress), (".gz", gzip.compress), (".zst", _zstd)],
)
def test_modules_themselves_tell_what_depmod_would(tmp_path, ending, pack):
    pytest.importorskip("elftools")
    files = {f"kernel/{name}.ko{ending}": pack(module(info)) for name, info in SMALL.items()}
    folder = write(tmp_path / "lib/modules" / RELEASE, files | {"modules.order": SMALL_ORDER})
    kernel = read_holdings(str(folder))
    assert kernel.modules["mmc_vendor"].path == f"kernel/drivers/mmc-vendor.ko{ending}"
    assert kernel.modules_of("vendor,phy") == ("phy_vendor",)
    assert kernel.modules_for("platform:mmc-vendor") == ("mmc_vendor",)
    assert kernel.closure(["mmc_vendor"]) == [
        *("phy_vendor", "sdhci", "sdhci_pltfm", "mmc_vendor", "quirks")
    ]
    assert all(map(kernel.knows, ("modules", "aliases", "softdeps")))


@pytest.mark.parametrize("line", ["{}.o", "{}.ko", "kernel/{}.ko"])
def test_a_build_tree(tmp_path, line):
    pytest.importorskip("elftools")
    files = {f"{name}.ko": module(info) for name, info in SMALL.items()}
    files |= {
        ".config": CONFIG,
        "include/config/kernel.release": f"{RELEASE}\n",
        "modules.order": "".join(line.format(name) + "\n" for name in SMALL),
        "modules.builtin": "drivers/clk/clk-vendor.ko\n",
        "arch/arm64/boot/Image": image(*TABLES),
    }
    kernel = read_holdings(str(write(tmp_path, files)))
    assert kernel.release == RELEASE
    assert kernel.builtin == {"clk_vendor"}
    assert kernel.order["mmc_vendor"] == 1
    assert kernel.modules_of("vendor,mmc") == ("mmc_vendor",)
    assert kernel.has_builtin("vendor,clk")
    assert kernel.knows("aliases")


def test_a_build_tree_prefers_vmlinux_to_an_older_image(tmp_path):
    files = {
        ".config": CONFIG,
        "vmlinux": b"\x7fELF\x02\x01\x01" + image(table("vendor,new"), arm64=False)[7:],
        "arch/arm64/boot/Image": image(table("vendor,old")),
    }
    write(tmp_path, files)
    os.utime(tmp_path / "arch/arm64/boot/Image", (1000, 1000))
    assert read_holdings(str(tmp_path)).builtin_compatibles == {"vendor,new"}
    now = time.time()
    os.utime(tmp_path / "arch/arm64/boot/Image", (now + 5, now + 5))
    assert read_holdings(str(tmp_path)).builtin_compatibles == {"vendor,old"}


def test_modules_that_are_not_built_leave_aliases_unknown(tmp_path):
    pytest.importorskip("elftools")
    files = {f"{name}.ko": module(info) for name, info in list(SMALL.items())[:3]}
    order = {".config": CONFIG, "modules.order": "".join(f"{name}.o\n" for name in SMALL)}
    kernel = read_holdings(str(write(tmp_path, files | order)))
    assert kernel.modules.keys() == {each.partition("/")[2].replace("-", "_") for each in SMALL}
    assert kernel.modules_of("vendor,mmc") == ("mmc_vendor",)
    assert not kernel.knows("aliases")
    assert kernel.notes == (
        "2 of 5 modules in modules.order are not there, so their aliases are not known",
    )


def test_indexes_of_kmod_serve_where_the_texts_are_missing(tmp_path):
    aliases = [
        ("of:N*T*Cvendor,the_mmc", "mmc_vendor"),
        ("of:N*T*Cvendor,the_mmcC*", "mmc_vendor"),
        ("platform:the_mmc", "mmc_vendor"),
    ]
    builtin = [("of:N*T*Cvendor,the_clk", "clk_vendor"), ("platform:clk", "clk_vendor")]
    files = {
        "modules.dep": INDEXES["modules.dep"],
        "modules.alias.bin": trie(aliases),
        "modules.builtin.alias.bin": trie(builtin),
    }
    kernel = read_holdings(str(write(tmp_path, files)))
    # kmod writes _ for - there.
    assert kernel.modules_of("vendor,the-mmc") == ("mmc_vendor",)
    assert kernel.modules_for("of:NmmcT(null)Cvendor,the-mmcCvendor,mmc") == ("mmc_vendor",)
    assert kernel.modules_for("platform:the-mmc") == ("mmc_vendor",)
    assert kernel.has_builtin("vendor,the-clk") is True
    # A driver may have a table without an alias.
    assert kernel.has_builtin("vendor,other") is None
    assert kernel.builtin_compatibles is not None


def test_builtin_aliases_of_newer_kernels(tmp_path):
    text = (
        "clk_vendor.alias=of:N*T*Cvendor,listed-clkC*\0clk_vendor.alias=of:N*T*Cvendor,listed-clk\0"
    )
    package(tmp_path)
    (tmp_path / f"lib/modules/{RELEASE}/modules.builtin.modinfo").write_text(text)
    kernel = read_holdings(str(tmp_path))
    # Tables that are only in the image (early code) count as well.
    assert kernel.builtin_compatibles == {
        *("vendor,listed-clk", "vendor,clk", "vendor,clk2", "vendor,Bus")
    }
    (tmp_path / f"boot/vmlinuz-{RELEASE}").unlink()
    kernel = read_holdings(str(tmp_path))
    assert kernel.builtin_compatibles == {"vendor,listed-clk"}
    assert kernel.has_builtin("vendor,clk") is None


def test_drivers_that_ask_for_a_type(tmp_path):
    text = """alias of:N*Tipmi*Cvendor,btC* ipmi
alias of:N*Tipmi*Cvendor,bt ipmi
alias of:N*T*Cold,device* old
alias of:N*T*Cendswith,C ends
alias of:N*T*Cendswith,CC* ends
"""
    kernel = read_holdings(str(write(tmp_path, INDEXES | {"modules.alias": text})))
    assert kernel.modules_of("vendor,bt") == ("ipmi",)
    assert kernel.modules_of("vendor,bt", "ipmi") == ("ipmi",)
    assert kernel.modules_of("vendor,bt", "") == ()
    assert kernel.modules_for("of:NbtTipmiCvendor,bt") == ("ipmi",)
    assert kernel.modules_for("of:NbtT(null)Cvendor,bt") == ()
    # Old kernels wrote a star at the end: modprobe loads the module for more than it has a driver.
    assert kernel.modules_of("old,device") == ("old",)
    assert kernel.modules_of("old,device2") == ()
    assert kernel.modules_for("of:NaT(null)Cold,device2") == ("old",)
    assert kernel.modules_of("endswith,C") == ("ends",)
    assert kernel.modules_for("of:NaT(null)Cendswith,CCother") == ("ends",)
    assert kernel.modules_of("endswith,CC") == ()


def test_running(tmp_path, monkeypatch):
    package(tmp_path)
    uname = os.uname()
    values = (uname.sysname, uname.nodename, RELEASE, uname.version, uname.machine)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(values))
    root = str(tmp_path)
    is_file = layout.is_file
    # The root of this system is the package's.
    monkeypatch.setattr(layout, "MODULES", (Place(f"{root}/lib/modules", "a test"),))
    monkeypatch.setattr(layout, "is_file", lambda path: is_file(path) and path.startswith(root))
    kernel = read_holdings("running")
    assert kernel.release == RELEASE
    assert kernel.modules_of("vendor,mmc") == ("mmc_vendor",)


def test_running_where_nothing_is_known_of_it(monkeypatch):
    monkeypatch.setattr(layout, "is_file", lambda _path: False)
    with pytest.raises(InputError, match=r"running: neither /lib/modules/"):
        read_holdings("running")


def _unreadable(tmp_path):
    return {
        "nothing": tmp_path / "nowhere",
        "an empty folder": write(tmp_path / "empty", {"a/b": ""}) / "a/..",
        "no configuration": write(tmp_path / "one", {"f": b"\x7fELF\0\1\2"}) / "f",
        "a cut configuration": write(tmp_path / "two", {"f": gzip.compress(CONFIG.encode())[:-20]})
        / "f",
    }


@pytest.mark.parametrize(
    "what", ["nothing", "an empty folder", "no configuration", "a cut configuration"]
)
def test_what_is_no_kernel(tmp_path, what):
    path = str(_unreadable(tmp_path)[what])
    with pytest.raises(InputError) as caught:
        read_holdings(path)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("kernel/drivers/sdhci.ko", b"no module"),
        ("kernel/drivers/sdhci.ko", module(SMALL["drivers/sdhci"])[:-100]),
        ("kernel/drivers/sdhci.ko.xz", lzma.compress(module(SMALL["drivers/sdhci"]))[:-30]),
        ("modules.alias.bin", b"no index of kmod"),
        ("modules.builtin.alias.bin", trie([("a", "b")])[:-3]),
        ("modules.alias", b"x" * (65 << 20)),
    ],
)
def test_a_broken_file_is_named(tmp_path, name, data):
    pytest.importorskip("elftools")
    folder = write(tmp_path / RELEASE, {"modules.order": "", name: data})
    with pytest.raises(InputError) as caught:
        read_holdings(str(folder))
    assert caught.value.path == f"{folder}/{name}"


def test_files_that_nobody_writes_are_not_waited_for(tmp_path):
    package(tmp_path)
    alias = tmp_path / f"lib/modules/{RELEASE}/modules.softdep"
    alias.unlink()
    os.mkfifo(alias)
    assert not read_holdings(str(tmp_path)).knows("softdeps")


# Real kernels


def test_debian_arm64(shared):
    kernel = read_holdings(str(shared / "kernel/debian-6.12-arm64"))
    assert kernel.release == "6.12.117+deb12-arm64"
    assert len(kernel.modules) == len(kernel.order) == 4351
    assert kernel.modules_for("amba:d00041330") == ("pl330",)
    assert kernel.modules_for("virtio:d00000017v00001AF4") == ("virtio_iommu",)
    assert kernel.modules_of("qcom,sdm845-qmp-ufs-phy") == ("phy_qcom_qmp_ufs",)
    assert kernel.closure(["sdhci-msm"])[-1] == "sdhci_msm"
    assert kernel.builtin_compatibles is not None
    # Built-in drivers, what starts early, and what is in a helper's table only.
    for compatible in ("arm,smmu-v3", "arm,gic-v3", "fixed-clock", "qcom,adreno", "ns16550a"):
        assert kernel.has_builtin(compatible)
    for compatible in ("qcom,sdm845-qmp-ufs-phy", "vendor,none"):
        assert not kernel.has_builtin(compatible)
    assert 1700 < len(kernel.builtin_compatibles) < 1900


def test_debian_armhf_has_no_image_here(shared):
    kernel = read_holdings(str(shared / "kernel/debian-6.1-armhf/lib/modules/6.1.0-50-armmp"))
    assert kernel.release == "6.1.0-50-armmp"
    assert kernel.config["ARM"] == "y"
    assert kernel.builtin_compatibles is None
    assert kernel.has_builtin("arm,gic-400") is None
    assert len(kernel.modules) == 3491
    assert kernel.modules_of("nobody,nothing") == ()
