"""What the tests of the documentation share with those of the delivery."""

from tests.delivery.conftest import on_path, program

__all__ = ["on_path", "program"]
