"""Frames of a film as PNG, and the film as a GIF with a caption under each frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from rover.core.atomic import atomic_path
from rover.core.errors import ResultsError
from sim.view.animation import write_gif

_GIF_PX = 360
_GREYS = 64
_FRAME_MS = 100
_STRIP_PX, _TEXT_PX = 24, 14


def save_frame(grey: npt.NDArray[np.uint8], path: Path) -> None:
    """Write a frame, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic_path(path) as temporary:
        Image.fromarray(grey).save(temporary, format="PNG", compress_level=6)


def save_film(frames: Sequence[Path], captions: Sequence[str], path: Path) -> None:
    """Write a GIF of frames that have been written.

    Args:
        frames: Files of `save_frame`.
        captions: One under each.
        path: A name that ends in `.gif`.

    Raises:
        ResultsError: A frame cannot be read.
        OutputError: The film cannot be written.
    """
    font = ImageFont.load_default(_TEXT_PX)
    pictures = []
    for frame, words in zip(frames, captions, strict=True):
        try:
            with Image.open(frame) as opened:
                grey = opened.convert("L")
        except OSError as error:
            why = f"is no picture ({error})"
            raise ResultsError(why, remedy="remove it; the next run makes it again", file=frame) from None
        side = min(_GIF_PX, grey.width)
        page = Image.new("L", (side, side + _STRIP_PX), 0)
        page.paste(grey.resize((side, side), Image.Resampling.LANCZOS))
        ImageDraw.Draw(page).text((6, side + 4), words, fill=235, font=font)
        pictures.append(page.point(_SHADES).convert("P"))
    write_gif(pictures, path, frame_ms=_FRAME_MS)


_SHADES = [round(round(grey * (_GREYS - 1) / 255) * 255 / (_GREYS - 1)) for grey in range(256)]
"""Fewer greys make a smaller file: what noise there is hides their edges."""
