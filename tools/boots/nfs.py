"""A root file system over NFS: a server in user space, in a network of its own with QEMU."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

_PROGRAMS = (("ganesha.nfsd", "nfs-ganesha"), ("rpcbind", "rpcbind"), ("rpcinfo", "rpcbind"))

#: QEMU's user network reaches the loopback device of its network namespace as 10.0.2.2. NFSv3, for
#: that is what klibc's nfsmount speaks.
SERVER = "10.0.2.2"
_EXPORT = """
NFS_CORE_PARAM {{ Protocols = 3; Enable_NLM = false; Enable_RQUOTA = false; }}
EXPORT {{
    Export_Id = 1;
    Path = "{folder}";
    Pseudo = /root;
    Access_Type = RO;
    Squash = No_Root_Squash;
    SecType = sys;
    Protocols = 3;
    FSAL {{ Name = VFS; }}
}}
"""
#: $1: the configuration. QEMU takes the shell's place; the servers are in its process group.
_SERVE = """
ip link set lo up
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib/nfs
mkdir /var/lib/nfs/ganesha
rpcbind -f >/dev/null 2>&1 &
ganesha.nfsd -F -f "$1" -L "$1.log" -p /run/ganesha.pid >/dev/null 2>&1 &
for i in $(seq 60); do
    rpcinfo -t 127.0.0.1 nfs 3 >/dev/null 2>&1 && break
    sleep 1
done
shift
exec "$@"
"""


def serving(folder: Path, configuration: Path) -> Iterator[str]:
    """The words before a command that runs beside an NFS server for a folder."""
    configuration.write_text(_EXPORT.format(folder=folder), "utf-8")
    yield from ("unshare", "--net", "--mount", "/bin/sh", "-c", _SERVE, "serve", str(configuration))


def nfs_lacks() -> Iterator[str]:
    """What this machine lacks to serve NFS."""
    for program, package in _PROGRAMS:
        if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            yield f"{program} is not installed (package {package})"
    if not any(Path("/usr/lib").glob("*-linux-gnu/ganesha/libfsalvfs.so")):
        yield "nfs-ganesha's VFS is not installed (package nfs-ganesha-vfs)"
