"""Where distributions put a kernel's files: a row for each place, with what says so.

In a pattern ``{root}`` is the root of a system or of an unpacked package, ``{folder}`` the folder
of modules, ``{version}`` the release, ``{image}`` one of :data:`IMAGES`.
"""

from __future__ import annotations

from typing import NamedTuple

#: Names of images, the ones that cost least to read first.
IMAGES = ("Image", "vmlinuz", "vmlinux", "kernel", "zImage", "bzImage", "uImage")


class Place(NamedTuple):
    """A place of a file or folder."""

    pattern: str
    source: str
    """Who puts it there, and what of theirs says so."""


#: The folders below a root that hold one folder of modules for each version.
MODULES = (
    Place("{root}/lib/modules", "Linux, Makefile, MODLIB; Debian to 6.x; Yocto, kernel.bbclass"),
    Place("{root}/usr/lib/modules", "Debian since 7.x; Fedora, kernel.spec; Arch, linux; openSUSE"),
    Place("{root}/target/lib/modules", "Buildroot, output/: linux/linux.mk, TARGET_DIR"),
)
#: Folders below a root that hold the modules of one kernel together, without its version.
FLAT = (
    Place("{root}/lib/modules", "Android, the root of one partition: build/kernel, build_utils.sh"),
    Place("{root}/system_dlkm/lib/modules", "Android since 13, GKI modules partition"),
    Place("{root}/vendor_dlkm/lib/modules", "Android since 11, vendor DLKM partition"),
    Place("{root}/odm_dlkm/lib/modules", "Android since 11, ODM DLKM partition"),
    Place("{root}/vendor/lib/modules", "Android to 10; links to vendor_dlkm since"),
)
#: Configurations, the nearest to the modules last but one: a package's own file goes first.
CONFIGS = (
    Place("{folder}/config-{version}", "files of a package, put together by hand"),
    Place("{root}/boot/config-{version}", "Debian to 6.x, Ubuntu; Yocto, kernel.bbclass"),
    Place("{root}/config-{version}", "files of a package, put together by hand"),
    Place("{folder}/config", "Debian since 7.x; Fedora, kernel.spec; openSUSE, kernel-binary.spec"),
    Place("{folder}/build/.config", "Arch, linux-headers; make modules_install of a local build"),
    Place(
        "{root}/../build/linux-{version}/.config", "Buildroot, output/build beside output/target"
    ),
)
#: Folders that may hold an image.
IMAGE_FOLDERS = (
    Place("{folder}", "Debian since 7.x, Fedora, Arch: vmlinuz; openSUSE: vmlinuz, Image"),
    Place("{root}/boot", "Debian to 6.x, Ubuntu; Yocto, kernel.bbclass, KERNEL_IMAGEDEST"),
    Place("{root}", "Android, build/kernel: dist folder; files put together by hand"),
    Place("{root}/../images", "Buildroot, output/images beside output/target"),
)
