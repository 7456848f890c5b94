"""Which kernel a path names: its version, the index for it, and what had to be assumed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.facts.kernels import DEFAULT, LATEST, KernelVersion
from dtlink.kernel import progress
from dtlink.kernel.assumptions import assumed
from dtlink.kernel.facts import Facts, Paths, load, version_in
from dtlink.kernel.holdings.read import read_holdings
from tests.support.kernels import TABLES, image, modinfo, module, package, write

TITLE = (
    "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/arm64 {} Kernel Configuration\n#\n"
)
LINES = "CONFIG_MODULES=y\nCONFIG_ARM64=y\nCONFIG_MMC_DW_ROCKCHIP=m\n# CONFIG_USB is not set\n"


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTLINK_CACHE", "")


def config(folder: Path, text: str) -> str:
    path = folder / "kernel.config"
    path.write_text(text, encoding="utf-8")
    return str(path)


def facts(path: str, version: KernelVersion | None = None) -> Facts:
    return load(Paths(path, version=version))


@pytest.mark.parametrize(
    ("release", "version"),
    [("7.2.13+deb14-arm64", (7, 2)), ("6.1.0", (6, 1)), ("4.19.1", (4, 19)), ("", None)],
)
def test_the_version_of_a_release(release: str, version: tuple[int, int] | None) -> None:
    assert version_in(release) == version


@pytest.mark.parametrize(
    ("release", "index", "note"),
    [
        ("6.1.176", "6.1.", ""),
        ("7.2.13-arm64", "7.2.", ""),
        ("6.6.8", "6.1.", "options of drivers are those of 6.1."),
        ("6.18.1", "7.2.", "not of 6.18 ('dtlink kernel index')"),
        ("99.1.0", "7.2.", f"99.1.0 is newer than {LATEST}"),
        ("4.19.200", "5.10.", "4.19.200 is older than"),
    ],
)
def test_the_release_sets_the_version_and_the_index(
    tmp_path: Path, release: str, index: str, note: str
) -> None:
    path = str(package(tmp_path, release))
    found = facts(path)
    assert found.version == version_in(release)
    assert found.source_index.release.startswith(index)
    assert Settings(kernel=path).version == found.modelled <= LATEST
    assert note in assumed(found, path)
    assert bool(note) is bool(assumed(found, path))


def test_a_version_that_is_given_holds_with_a_note(tmp_path: Path) -> None:
    path = str(package(tmp_path, "7.2.13-arm64"))
    given = KernelVersion(6, 12)
    found = facts(path, given)
    assert Settings(kernel=path, kernel_version=given).version == given
    assert (found.version, found.source_index.release[:4]) == ((7, 2), "7.2.")
    wanted = f"kernel {path}: it is 7.2.13-arm64, but fw_devlink of 6.12 is modelled, as given"
    assert assumed(found, path) == wanted
    assert assumed(facts(path, KernelVersion(7, 2)), path) == ""


def test_a_configuration_alone(tmp_path: Path) -> None:
    path = config(tmp_path, TITLE.format("6.1.0") + LINES)
    found = facts(path)
    assert (found.version, found.source_index.release[:4]) == ((6, 1), "6.1.")
    assert found.build.option("USB") == found.build.option("NOT_THERE") == "n"
    assert "dependencies between modules are not known" in assumed(found, path)


def test_a_part_of_a_configuration_leaves_the_rest_unknown(tmp_path: Path) -> None:
    path = config(tmp_path, LINES)
    found = facts(path)
    assert found.version == DEFAULT
    assert (found.build.option("USB"), found.build.option("NOT_THERE")) == ("n", None)
    assert not found.build.knows("config")
    note = assumed(found, path)
    assert f"nothing says its version, {DEFAULT} is assumed" in note
    assert "a savedefconfig or a fragment" in note
    assert "\n" not in note
    given = facts(path, KernelVersion(6, 1))
    assert (given.version, given.source_index.release[:4]) == ((6, 1), "6.1.")
    assert "is assumed" not in assumed(given, path)


@pytest.mark.parametrize(
    ("name", "first"),
    [("linux-board.config", "# Armbian defconfig generated with 6.18"), ("config-6.18", "# x")],
)
def test_the_version_of_a_part_of_a_configuration(tmp_path: Path, name: str, first: str) -> None:
    path = tmp_path / name
    path.write_text(f"{first}\n{LINES}")
    found = facts(str(path))
    assert found.version == (6, 18)
    assert found.build.knows("config_part")


@pytest.mark.parametrize(
    "extra", ["CONFIG_INIT_ENV_ARG_LIMIT=32\n", 'CONFIG_CC_VERSION_TEXT="x"\n']
)
def test_a_whole_configuration_without_its_title(tmp_path: Path, extra: str) -> None:
    assert facts(config(tmp_path, LINES + extra)).build.knows("config")


@pytest.mark.parametrize("packed", [False, True])
def test_an_image_tells_its_release_and_its_configuration(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001
    text = TITLE.format("7.2.13-arm64") + LINES
    data = image(*TABLES, release="7.2.13-arm64")
    data += b"IKCFG_ST IKCFG_ST" + gzip.compress(text.encode()) + b"IKCFG_ED" + bytes(64)
    path = tmp_path / "Image"
    path.write_bytes(gzip.compress(data) if packed else data)
    build = read_holdings(str(path))
    assert build.release == "7.2.13-arm64"
    assert (build.option("MMC_DW_ROCKCHIP"), build.option("USB")) == ("m", "n")
    assert {"config", "image"} <= build.sources.keys()


def test_an_image_in_a_package_without_a_configuration(tmp_path: Path) -> None:
    root = package(tmp_path, "7.2.13-arm64")
    (root / "boot/config-7.2.13-arm64").unlink()
    text = gzip.compress((TITLE.format("7.2.13-arm64") + LINES).encode())
    data = image(*TABLES, release="7.2.13-arm64") + b"IKCFG_ST" + text + b"IKCFG_ED"
    write(root, {"boot/vmlinuz-7.2.13-arm64": data})
    build = read_holdings(str(root))
    assert build.option("MMC_DW_ROCKCHIP") == "m"
    assert build.knows("modules")


def test_a_damaged_configuration_in_an_image_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "Image"
    path.write_bytes(image(*TABLES) + b"IKCFG_ST\x1f\x8b\x08damaged" + b"IKCFG_ED")
    assert not read_holdings(str(path)).knows("config")


ALIASES = {
    "modules.alias": "alias of:N*T*Cvendor,phy phy_vendor\n",
    "modules.dep": "kernel/drivers/phy-vendor.ko:\n",
    "modules.order": "kernel/drivers/phy-vendor.ko\n",
}
R = "7.2.13-arm64"
IMAGE = image(*TABLES, release=R)
CONFIG = TITLE.format(R) + LINES


def layout(folder: str, *, config: str = "", image_at: str = "") -> dict[str, str | bytes]:
    """A kernel with its modules in a folder, its configuration and its image elsewhere."""
    files: dict[str, str | bytes] = {f"{folder}/{name}": text for name, text in ALIASES.items()}
    return files | ({config: CONFIG} if config else {}) | ({image_at: IMAGE} if image_at else {})


M, U = f"lib/modules/{R}", f"usr/lib/modules/{R}"
LAYOUTS = {
    "Debian to 6.x": (layout(M, config=f"boot/config-{R}", image_at=f"boot/vmlinuz-{R}"), ""),
    "Debian since 7.x": (layout(U, config=f"{U}/config", image_at=f"{U}/vmlinuz"), ""),
    "Fedora": (layout(M, config=f"{M}/config", image_at=f"{M}/vmlinuz"), ""),
    "Arch": (layout(U, config=f"{U}/build/.config", image_at=f"{U}/vmlinuz"), ""),
    "openSUSE": (layout(U, config=f"{U}/config", image_at=f"{U}/Image"), ""),
    "Yocto": (layout(M, config=f"boot/config-{R}", image_at=f"boot/Image-{R}"), ""),
    "Buildroot": (
        layout(f"target/{M}", config=f"build/linux-{R}/.config", image_at="images/Image"),
        "",
    ),
    "Buildroot, target": (
        layout(f"target/{M}", config=f"build/linux-{R}/.config", image_at="images/Image"),
        "target",
    ),
    "Buildroot, custom source": (
        layout(f"target/{M}", config="build/linux-custom/.config", image_at="images/Image")
        | {
            "build/linux-custom/include/config/kernel.release": f"{R}\n",
            "build/linux-headers-6.1/.config": "CONFIG_OF=n\n",
        },
        "target",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_files_of_a_distribution(tmp_path: Path, name: str) -> None:
    files, below = LAYOUTS[name]
    build = read_holdings(str(write(tmp_path, files) / below))
    assert build.release == R
    assert {"config", "image", "modules", "aliases", "order"} <= build.sources.keys()
    assert build.modules_of("vendor,phy") == ("phy_vendor",)
    assert not build.notes


def test_a_build_tree_that_was_changed_since_is_not_asked(tmp_path: Path) -> None:
    files = layout(U, config=f"{U}/build/.config")
    files[f"{U}/build/include/config/kernel.release"] = "7.3.0\n"
    assert not read_holdings(str(write(tmp_path, files))).knows("config")


@pytest.mark.parametrize("below", ["", "/6.6.30-android15-8"])
def test_the_partitions_of_android_are_one_kernel(tmp_path: Path, below: str) -> None:
    system, vendor = f"system_dlkm/lib/modules{below}", f"vendor_dlkm/lib/modules{below}"
    files: dict[str, str | bytes] = {
        f"{system}/modules.load": "zram.ko\n",
        f"{system}/modules.dep": f"/{system}/zram.ko:\n",
        f"{system}/modules.alias": "alias of:N*T*Cgki,zram zram\n",
        f"{vendor}/modules.load": "phy-vendor.ko\nmmc-vendor.ko\n",
        f"{vendor}/modules.dep": f"/{vendor}/phy-vendor.ko:\n"
        f"/{vendor}/mmc-vendor.ko: /{system}/zram.ko\n",
        f"{vendor}/modules.alias": "alias of:N*T*Cvendor,phy phy_vendor\n",
        "Image": image(*TABLES, release="6.6.30-android15-8")
        + b"IKCFG_ST"
        + gzip.compress((TITLE.format("6.6.30") + LINES).encode())
        + b"IKCFG_ED",
    }
    build = read_holdings(str(write(tmp_path, files)))
    assert build.release == "6.6.30-android15-8"
    assert build.modules.keys() == {"zram", "phy_vendor", "mmc_vendor"}
    assert build.modules_of("vendor,phy") == ("phy_vendor",)
    assert build.modules_of("gki,zram") == ("zram",)
    assert build.closure(["mmc_vendor"]) == ["zram", "mmc_vendor"]
    assert build.knows("config")
    one = read_holdings(str(tmp_path / "vendor_dlkm"))
    assert one.modules.keys() == {"phy_vendor", "mmc_vendor"}


def test_modules_say_which_release_they_are_for(tmp_path: Path) -> None:
    pytest.importorskip("elftools")
    ko = module(modinfo(alias="of:N*T*Cvendor,phy", vermagic="6.6.30-android15-8 SMP preempt"))
    files = {"lib/modules/modules.load": "phy-vendor.ko\n", "lib/modules/phy-vendor.ko": ko}
    build = read_holdings(str(write(tmp_path, files)))
    assert build.release == "6.6.30-android15-8"
    assert build.modules_of("vendor,phy") == ("phy_vendor",)


def test_a_kernel_is_read_once_whatever_path_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DTLINK_CACHE", str(tmp_path / "cache"))
    root = package(tmp_path / "root", R)
    (tmp_path / "link").symlink_to(root)
    paths = (root, root / M, tmp_path / "link", tmp_path / "link" / M)
    found = [read_holdings(str(path)) for path in paths]
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert all(
        each.release == R and each.modules.keys() == found[0].modules.keys() for each in found
    )


def test_the_steps_of_reading_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(progress, "_watchers", [])
    progress.watch(seen.append)
    read_holdings(str(package(tmp_path)))
    assert seen == ["configuration", "indexes of modules", "image, 0 MiB", ""]
