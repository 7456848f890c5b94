"""Where distributions put a kernel's files: a row for each place, with what says so.

In a pattern ``{root}`` is the root of a system or of an unpacked package, ``{folder}`` the folder
of modules, ``{version}`` the release; ``*`` is any name, for build trees of this release. The
sources are the files that install them, with the line that does, as they were in 2026.
"""

from __future__ import annotations

from dtlink.records import NamedTuple

#: Names of images, the ones that cost least to read first.
IMAGES = ("Image", "vmlinuz", "vmlinux", "kernel", "zImage", "bzImage", "uImage")


class Place(NamedTuple):
    """A place of a file or folder."""

    pattern: str
    source: str
    """Who puts it there, and what of theirs says so."""


#: The folders below a root that hold one folder of modules for each version.
MODULES = (
    Place(
        "{root}/lib/modules",
        "Linux, Makefile: MODLIB; Debian to 6.x; Fedora, kernel.spec: make modules_install, "
        "$RPM_BUILD_ROOT/lib/modules/$KernelVer; openSUSE Leap 15, rpm/kernel-binary.spec.in: "
        "INSTALL_MOD_PATH=%buildroot; Yocto, kernel.bbclass: MODLIB=${nonarch_base_libdir}/modules",
    ),
    Place(
        "{root}/usr/lib/modules",
        "Debian since 7.x; Arch, linux/PKGBUILD: INSTALL_MOD_PATH=$pkgdir/usr; openSUSE "
        "Tumbleweed; Yocto with usrmerge; Fedora, as it is installed",
    ),
    Place("{root}/target/lib/modules", "Buildroot, linux/linux.mk: INSTALL_MOD_PATH=$(TARGET_DIR)"),
)
#: Folders of one kernel's modules, which are there together: in each, or in a folder of its version
#: below it (build/kernel, build_utils.sh: create_modules_staging(), lib/modules/${version}; and
#: build_flatten_image(), without).
ANDROID = (
    Place("{root}/lib/modules", "Android, the root of one partition or of a ramdisk"),
    Place("{root}/system_dlkm/lib/modules", "Android, build_system_dlkm(): modules of the GKI"),
    Place("{root}/vendor_dlkm/lib/modules", "Android, build_vendor_dlkm()"),
    Place("{root}/odm_dlkm/lib/modules", "Android, build_odm_dlkm()"),
    Place("{root}/vendor/lib/modules", "Android to 10; links to vendor_dlkm since"),
)
#: Configurations, the nearest to the modules last but one: a package's own file goes first.
CONFIGS = (
    Place("{folder}/config-{version}", "files of a package, put together by hand"),
    Place(
        "{root}/boot/config-{version}",
        "Debian to 6.x, Ubuntu; Fedora, kernel.spec: /boot/config-$KernelVer; openSUSE Leap 15; "
        "Yocto, kernel.bbclass: ${KERNEL_IMAGEDEST}/config-${KERNEL_VERSION}",
    ),
    Place("{root}/config-{version}", "files of a package, put together by hand"),
    Place(
        "{folder}/config",
        "Debian since 7.x; Fedora, kernel.spec: /lib/modules/$KernelVer/config; openSUSE "
        "Tumbleweed",
    ),
    Place(
        "{folder}/build/.config",
        "Arch, linux/PKGBUILD: _package-headers(), builddir; Fedora, kernel-devel; make "
        "modules_install of a local build",
    ),
    Place(
        "{root}/../build/linux-*/.config",
        "Buildroot, linux/linux.mk: output/build/linux-$(LINUX_VERSION) beside output/target, "
        "where the version may be a tag, or custom",
    ),
)
#: Folders that may hold an image.
IMAGE_FOLDERS = (
    Place(
        "{folder}",
        "Debian since 7.x; Fedora, kernel.spec: /lib/modules/$KernelVer/$InstallName; Arch, "
        "linux/PKGBUILD: $modulesdir/vmlinuz; openSUSE Tumbleweed: vmlinuz, Image",
    ),
    Place(
        "{root}/boot",
        "Debian to 6.x, Ubuntu; Arch Linux ARM, linux-aarch64/PKGBUILD: Image; openSUSE Leap 15; "
        "Yocto, kernel.bbclass: ${KERNEL_IMAGEDEST}/$imageType-${KERNEL_VERSION}",
    ),
    Place("{root}", "Android, build/kernel: the dist folder; files put together by hand"),
    Place("{root}/../images", "Buildroot, linux/linux.mk: LINUX_INSTALL_IMAGE, $(BINARIES_DIR)"),
)
#: Where the initramfs of an installed kernel is; ``{package}`` is the name in the file ``pkgbase``
#: beside its modules.
INITRAMFS = (
    Place("{root}/boot/initrd.img-{version}", "Debian, Ubuntu: initramfs-tools, update-initramfs"),
    Place("{root}/boot/initramfs-{version}.img", "Fedora: dracut, 50-dracut.install"),
    Place("{root}/boot/initrd-{version}", "openSUSE: dracut, purge-kernels; suse-module-tools"),
    Place(
        "{root}/boot/initramfs-{package}.img",
        "Arch, mkinitcpio: mkinitcpio-install, default_image of the preset",
    ),
    Place("{root}/boot/*/{version}/initrd", "systemd, kernel-install: 90-loaderentry.install"),
    Place("{root}/efi/*/{version}/initrd", "systemd, kernel-install: 90-loaderentry.install"),
    Place(
        "{root}/usr/lib/modules/{version}/initramfs.img", "rpm-ostree: initramfs of a deployment"
    ),
)
