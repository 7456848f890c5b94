"""The version, and the addresses of the documentation: each in one place."""

import time

__version__ = "0.2.0"

#: When this process began to import dtlink, in nanoseconds: code that is newer does not run in it.
LOADED = time.time_ns()

#: Where the documentation is published, with a slash at the end. ``pyproject.toml`` and
#: ``mkdocs.yml`` have it too, and a test compares them.
SITE = "https://dtlink.readthedocs.io/"


def page_url(rule: str) -> str:
    """The address of a rule's page, by the rule's id."""
    return f"{SITE}rules/{rule}/"
