"""What a kernel has of a driver that is known by its option and its module's name."""

from __future__ import annotations

from dtlink.facts.outcomes import Driver, State
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.kernel.holdings.model import Holdings


def by_option(build: Holdings, symbol: str, module: str, by: str) -> Driver:
    """The state of a driver whose option and module are known.

    ``module``: empty for one that can't be a module. Where the configuration is not known, the
    lists of modules decide, if they were read.
    """
    found = build.option(symbol)
    if found is None:
        found = _listed(build, module)
    states = {"y": State.BUILT_IN, "m": State.MODULE, "n": State.NOT_BUILT}
    state = states.get(found or "", State.UNKNOWN)
    modules = (module,) if state is State.MODULE and module else ()
    is_told = state is not State.UNKNOWN or build.knows("config_part")
    return Driver(state, modules, symbol if is_told else "", by)


def _listed(build: Holdings, module: str) -> str | None:
    if module in build.modules:
        return "m"
    return "y" if module in build.builtin else None
