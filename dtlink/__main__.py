"""``python -m dtlink`` and the console script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; faults of dtlink itself end with exit status 3."""
    from dtlink.cli.main import cli  # noqa: PLC0415 - import what is needed, when it is

    try:
        cli(prog_name="dtlink")
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away: nothing to tell anybody
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 - no traceback for users
        print(  # noqa: T201
            f"dtlink: internal fault: {type(error).__name__}: {error}\n"
            "This is a bug of dtlink: please report it with the input that shows it.",
            file=sys.stderr,
        )
        sys.exit(3)


if __name__ == "__main__":
    main()
