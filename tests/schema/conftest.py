"""Fixtures for the schema tests."""

import pytest

from dtlink.firmware.errors import InputError
from dtlink.schema.source import SchemaSource


@pytest.fixture(scope="session")
def own() -> SchemaSource:
    """dtlink's own schemas; skips where dtschema is not installed."""
    source = SchemaSource()
    try:
        source.check()
    except InputError as error:
        pytest.skip(str(error))
    return source
