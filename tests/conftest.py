"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time where a change is decided on; new ones on a developer's machine.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data; skips where `FARSIDE_REFERENCE` does not name it, unless told not to."""
    named = os.environ.get("FARSIDE_REFERENCE")
    if not named:
        if os.environ.get("FARSIDE_REQUIRE_REFERENCE"):
            pytest.fail("FARSIDE_REFERENCE must be set here")
        pytest.skip("FARSIDE_REFERENCE is not set")
    return Path(named)
