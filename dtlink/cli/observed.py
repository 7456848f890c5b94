"""The option that names what a running board reports."""

from __future__ import annotations

import click

from dtlink.cli.param import ParamType
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.observed.observation import Observation


class RunningBoardParam(ParamType["Observation"]):
    """What a running board reports."""

    name = "PATH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Observation:
        """What was read, or a usage error that says why it can't be."""
        from dtlink.observed import sysfs
        from dtlink.observed.observation import Observation

        try:
            return value if isinstance(value, Observation) else sysfs.read(str(value))
        except InputError as error:
            self.fail(str(error), param, ctx)
