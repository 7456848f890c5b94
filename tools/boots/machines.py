"""The machines that are booted: what QEMU emulates, and where its root file system is."""

from __future__ import annotations

from typing import NamedTuple

from tools.boots.nfs import SERVER


class Machine(NamedTuple):
    """A machine of QEMU with a root file system, as rows of :data:`MACHINES`."""

    name: str
    architecture: str
    """Debian's name of the architecture."""
    qemu: tuple[str, ...]
    """QEMU's program, and the options that make the machine; ``-M`` and its value come first."""
    devicetree: str
    """The DTB, below the kernel package's folder of DTBs; empty: the one that QEMU makes."""
    console: str
    medium: tuple[str, ...]
    """The options that attach the root file system: ``{disk}`` is a raw image of it."""
    root: str
    """The value of root= on the kernel's command line."""
    serial: int = 0
    """Which of the machine's serial ports the console is."""
    options: tuple[str, ...] = ()
    """More of the kernel's command line; ``{disk}`` as in the medium."""
    seconds: int = 120
    """A boot is stopped, and counts as unknown, after so many seconds of QEMU's processor time."""

    @property
    def is_nfs(self) -> bool:
        """Whether the root file system is served by NFS: the medium's ``{disk}`` is a folder."""
        return self.root == "/dev/nfs"


#: Less to emulate; not where the others wait for it in a loop at the cost of a whole one (raspi3b).
_ONE = "maxcpus=1"
_VIRT = ("qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-m", "512")
_VIRT32 = ("qemu-system-arm", "-M", "virt,highmem=off", "-cpu", "cortex-a15", "-m", "512")
_DRIVE = ("-drive", "if=none,id=root,format=raw,snapshot=on,file={disk}")
_SD = ("-drive", "if=sd,format=raw,snapshot=on,file={disk}")

#: QEMU's documentation of each machine says which controller ``if=sd`` and ``if=none`` reach.
MACHINES = (
    Machine(
        name="virt-virtio-blk",
        architecture="arm64",
        qemu=_VIRT,
        devicetree="",
        console="ttyAMA0",
        medium=(*_DRIVE, "-device", "virtio-blk-pci,drive=root"),
        root="/dev/vda",
    ),
    Machine(
        name="virt-virtio-mmio",
        architecture="arm64",
        qemu=_VIRT,
        devicetree="",
        console="ttyAMA0",
        medium=(*_DRIVE, "-device", "virtio-blk-device,drive=root"),
        root="/dev/vda",
    ),
    Machine(
        name="virt-nvme",
        architecture="arm64",
        qemu=_VIRT,
        devicetree="",
        console="ttyAMA0",
        medium=(*_DRIVE, "-device", "nvme,drive=root,serial=root"),
        root="/dev/nvme0n1",
    ),
    Machine(
        name="virt-usb",
        architecture="arm64",
        qemu=_VIRT,
        devicetree="",
        console="ttyAMA0",
        medium=(*_DRIVE, "-device", "qemu-xhci", "-device", "usb-storage,drive=root"),
        root="/dev/sda",
    ),
    Machine(
        name="virt-nfs",
        architecture="arm64",
        qemu=_VIRT,
        devicetree="",
        console="ttyAMA0",
        medium=("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="),
        root="/dev/nfs",
        options=("ip=dhcp", f"nfsroot={SERVER}:{{disk}}"),
    ),
    Machine(
        name="raspi3b-sd",
        architecture="arm64",
        qemu=("qemu-system-aarch64", "-M", "raspi3b"),
        devicetree="broadcom/bcm2837-rpi-3-b.dtb",
        console="ttyS1",
        medium=_SD,
        root="/dev/mmcblk0",
        serial=1,
        options=("8250.nr_uarts=2",),
    ),
    Machine(
        name="virt32-virtio-mmio",
        architecture="armhf",
        qemu=_VIRT32,
        devicetree="",
        console="ttyAMA0",
        medium=(*_DRIVE, "-device", "virtio-blk-device,drive=root"),
        root="/dev/vda",
    ),
    Machine(
        name="orangepi-pc-sd",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "orangepi-pc", "-m", "1G"),
        devicetree="sun8i-h3-orangepi-pc.dtb",
        options=(_ONE,),
        console="ttyS0",
        medium=_SD,
        root="/dev/mmcblk0",
    ),
    Machine(
        name="sabrelite-sd",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "sabrelite", "-m", "1G"),
        devicetree="imx6q-sabrelite.dtb",
        options=(_ONE,),
        console="ttymxc1",
        medium=(*_DRIVE, "-device", "sd-card,bus=sd-bus,drive=root"),
        root="/dev/mmcblk3",  # an alias makes the controller mmc3
        serial=1,
    ),
    Machine(
        name="sabrelite-usb",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "sabrelite", "-m", "1G"),
        devicetree="imx6q-sabrelite.dtb",
        options=(_ONE,),
        console="ttymxc1",
        medium=(*_DRIVE, "-device", "usb-storage,bus=usb-bus.1,drive=root"),
        root="/dev/sda",
        serial=1,
    ),
    Machine(
        name="raspi2b-sd",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "raspi2b"),
        devicetree="bcm2836-rpi-2-b.dtb",
        options=(_ONE,),
        console="ttyAMA0",
        medium=_SD,
        root="/dev/mmcblk0",
        seconds=400,  # parked processors take time while the others idle
    ),
    Machine(
        name="mcimx7d-sabre-sd",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "mcimx7d-sabre", "-m", "1G"),
        devicetree="imx7d-sdb.dtb",
        options=(_ONE,),
        console="ttymxc0",
        medium=_SD,
        root="/dev/mmcblk0",
    ),
    Machine(
        name="mcimx6ul-evk-sd",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "mcimx6ul-evk", "-m", "512"),
        devicetree="imx6ul-14x14-evk.dtb",
        console="ttymxc0",
        medium=_SD,
        root="/dev/mmcblk0",
    ),
    Machine(
        name="vexpress-a15-sd",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "vexpress-a15", "-m", "1G"),
        devicetree="vexpress-v2p-ca15-tc1.dtb",
        console="ttyAMA0",
        medium=_SD,
        root="/dev/mmcblk0",
    ),
    Machine(
        name="cubieboard-sata",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "cubieboard", "-m", "512"),
        devicetree="sun4i-a10-cubieboard.dtb",
        console="ttyS0",
        medium=(*_DRIVE, "-device", "ide-hd,bus=ide.0,drive=root"),
        root="/dev/sda",
    ),
    Machine(
        name="midway-sata",
        architecture="armhf",
        qemu=("qemu-system-arm", "-M", "midway", "-m", "1G"),
        devicetree="ecx-2000.dtb",
        console="ttyAMA0",
        medium=(*_DRIVE, "-device", "ide-hd,bus=ide.0,drive=root"),
        root="/dev/sda",
    ),
)
