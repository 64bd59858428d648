"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data; skips where `FARSIDE_REFERENCE` does not name it."""
    named = os.environ.get("FARSIDE_REFERENCE")
    if not named:
        pytest.skip("FARSIDE_REFERENCE is not set")
    return Path(named)
