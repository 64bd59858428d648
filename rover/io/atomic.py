"""`rover.core.atomic` under the name that `sim.cli.terrain` imports it by."""

from __future__ import annotations

from rover.core.atomic import atomic_path, check_outputs

__all__ = ["atomic_path", "check_outputs"]
