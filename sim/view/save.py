"""Figures to files."""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.figure import Figure

from rover.core.errors import OutputError, UsageError
from sim.view import style

_PNG = {"compress_level": 3}
"""Shaded relief hardly shrinks any further, and more takes twice the time."""


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG: the same figure gives the same bytes, and a failure leaves nothing half-written.

    Raises:
        UsageError: The name does not end in `.png`.
        OutputError: The file cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise UsageError("pictures are PNG", remedy="give the file a name that ends in .png", file=path)
    half_written = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with half_written.open("wb") as file:
            with style.house_style():
                figure.savefig(
                    file, format="png", dpi=style.DPI, metadata={"Software": None}, pil_kwargs=_PNG
                )
            file.flush()
            os.fsync(file.fileno())
        half_written.replace(path)
    except OSError as error:
        why = error.strerror or str(error)
        remedy = "give another place, or make room there"
        raise OutputError(f"cannot be written ({why})", remedy=remedy, file=path) from None
    finally:
        half_written.unlink(missing_ok=True)
