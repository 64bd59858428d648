"""`rover.core.atomic` by another name, which some modules still import it by."""

from __future__ import annotations

from rover.core.atomic import atomic_folder, atomic_path, check_outputs

__all__ = ["atomic_folder", "atomic_path", "check_outputs"]
