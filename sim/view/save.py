"""Figures to files."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from rover.core.atomic import atomic_path
from rover.core.errors import UsageError
from sim.view import style

_PNG = {"compress_level": 3}
"""Shaded relief hardly shrinks any further, and more takes twice the time."""


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure as PNG: the same figure gives the same bytes, and a failure leaves nothing half-written.

    Raises:
        UsageError: The name does not end in `.png`.
        OutputError: The file cannot be written.
    """
    if Path(path).suffix.lower() != ".png":
        raise UsageError("pictures are PNG", remedy="give the file a name that ends in .png", file=path)
    with atomic_path(path) as temporary, style.house_style():
        figure.savefig(temporary, format="png", dpi=style.DPI, metadata={"Software": None}, pil_kwargs=_PNG)
