"""What is assumed of a kernel, in one line: its version, its index, what is not whole."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.kernels import KNOWN, LATEST
from dtlink.kernel.facts import version_in
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.kernel.facts import Facts


def assumed(facts: Facts, path: str) -> str:
    """The assumptions about a kernel as one line that names it; empty if there are none."""
    found = "; ".join((*_version(facts), *_index(facts), *_configuration(facts), *_image(facts)))
    return f"kernel {path}: {found}" if found else ""


def _version(facts: Facts) -> Iterator[str]:
    release, own = facts.build.release, version_in(facts.build.release)
    if own is None:
        if facts.given is None:
            yield f"nothing says its version, {facts.version} is assumed (--kernel-version)"
    elif facts.given not in (None, own):
        yield f"it is {release}, but fw_devlink of {facts.given} is modelled, as given"
    elif own > LATEST and facts.given is None:
        yield f"{release} is newer than {LATEST}, the newest version known, which is modelled"
    elif own < KNOWN[0] and facts.given is None:
        yield f"{release} is older than {KNOWN[0]}, the oldest version known, which is modelled"


def _index(facts: Facts) -> Iterator[str]:
    index, version = facts.source_index.release, facts.version
    if version_in(index) not in (None, version):
        yield f"options of drivers are those of {index}, not of {version} ('dtlink kernel index')"


def _configuration(facts: Facts) -> Iterator[str]:
    build = facts.build
    if build.knows("config_part"):
        yield (
            "not a whole configuration, but a savedefconfig or a fragment: options that it does "
            "not list are unknown, not off ('make olddefconfig' completes it)"
        )
    elif build.knows("config") and not build.knows("modules"):
        yield "only a configuration: dependencies between modules are not known"


def _image(facts: Facts) -> Iterator[str]:
    image, build = facts.initramfs, facts.build
    if image is None:
        return
    if build.release and not image.is_for(build.release, is_whole=build.has_whole_release):
        held = listed(sorted(image.by_version.keys() - {""}))
        yield f"it loads nothing of the initramfs, whose modules are of {held}, not {build.release}"
    if not image.complete:
        yield "the initramfs is not known as a whole: modules that it lacks are not reported"
