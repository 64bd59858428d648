"""Shadows that wander over a map, as a GIF."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image

from rover.core.errors import OutputError, UsageError
from rover.core.grid import Dem
from sim.view import frame, style
from sim.view.light import Lit, draw_bright_scale_bar, lit_colours, relief_under
from sim.view.window import Piece, piece_under, whole

MOST_FRAMES = 240
"""Of an animation: 27 MB and 100 MB of memory where every cell flickers at random, 2 MB for a lunar day of craters."""

_DPI = 100
_MAP_IN, _LEFT_IN, _RIGHT_IN, _BOTTOM_IN, _TOP_IN = 4.8, 0.75, 0.2, 0.6, 0.75
_FRAME_MS, _LAST_MS = 80, 1500
_CLEAR_RELIEFS, _PENUMBRA_LIGHTS, _PENUMBRA_RELIEFS, _GREYS = 64, 8, 10, 24
"""Shades of the palette: of relief in full light and in full shadow, of light in penumbra and of relief in each, and
of paper and ink; with the colour of what is unknown no more than the 256 that a GIF has."""
_FURNITURE = ("scale bar", "scale bar length", "north arrow", "north")
"""What stands on the map, by its name in `sim.view.frame`."""


class LightFrame(NamedTuple):
    """What one picture of an animation shows.

    Attributes:
        words: The time, and where the Sun stands.
        lit: (rows, cols) lit fraction; NaN is unknown. It is read before the next frame is asked for.
    """

    words: str
    lit: Lit


def chosen_frames(count: int) -> npt.NDArray[np.int64]:
    """Return which of so many times are shown: all of them, or `MOST_FRAMES` evenly chosen with the first and last."""
    return np.unique(np.rint(np.linspace(0, count - 1, min(count, MOST_FRAMES))).astype(np.int64))


def save_shadows(dem: Dem, frames: Iterable[LightFrame], path: Path, *, title: str) -> None:
    """Write an animation of light over the ground; the same frames give the same bytes.

    Args:
        dem: The ground.
        frames: Drawn as they come; at most `MOST_FRAMES`, as `chosen_frames` chooses them.
        path: A name that ends in `.gif`.
        title: Heading.

    Raises:
        UsageError: Another ending, no frames, or too many.
        OutputError: The file cannot be written.
    """
    if path.suffix.lower() != ".gif":
        raise UsageError("animations are GIF", remedy="give the file a name that ends in .gif", file=path)
    with style.house_style():
        pictures = _pictures(_Stage(dem, title), frames)
        write_gif(pictures, path)


def _pictures(stage: _Stage, frames: Iterable[LightFrame]) -> list[Image.Image]:
    pictures: list[Image.Image] = []
    for frame_ in frames:
        if len(pictures) == MOST_FRAMES:
            remedy = "show fewer times, as chosen_frames chooses them"
            raise UsageError(f"more than {MOST_FRAMES} frames", remedy=remedy, field="frames")
        pictures.append(stage.picture(frame_))
    if not pictures:
        raise UsageError("an animation of nothing", remedy="give at least one time", field="frames")
    return pictures


def write_gif(pictures: Sequence[Image.Image], path: Path, *, frame_ms: int = _FRAME_MS) -> None:
    """Write pictures with palettes as a GIF that goes on for ever, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    half_written = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    durations = [frame_ms] * (len(pictures) - 1) + [_LAST_MS]
    try:
        with half_written.open("wb") as file:
            pictures[0].save(
                file,
                format="GIF",
                save_all=True,
                append_images=pictures[1:],
                duration=durations if len(pictures) > 1 else _LAST_MS,
                loop=0,
                optimize=False,
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


class _Stage:
    """The page that all frames share; only light and words change."""

    def __init__(self, dem: Dem, title: str) -> None:
        window = whole(dem.geometry)
        self._piece: Piece = piece_under(window, dem.geometry)
        self._relief = relief_under(dem, self._piece)
        scale = _MAP_IN / max(window.width, window.height)
        wide, high = max(3.0, window.width * scale), max(3.0, window.height * scale)
        page = _LEFT_IN + wide + _RIGHT_IN, _BOTTOM_IN + high + _TOP_IN
        self._figure = Figure(figsize=page, dpi=_DPI, facecolor=style.PAPER)
        self._canvas = FigureCanvasAgg(self._figure)
        ax = self._figure.add_axes((_LEFT_IN / page[0], _BOTTOM_IN / page[1], wide / page[0], high / page[1]))
        self._image = self._first_image(ax)
        frame.draw_coordinates(ax, window)
        draw_bright_scale_bar(ax, window)
        frame.draw_north(ax, window, dem.geometry.site.grid_north_rad)
        left, top = 0.2 / page[0], page[1]
        self._figure.text(left, 1 - 0.24 / top, title, fontsize=12, fontweight="bold", va="center")
        self._words = self._figure.text(
            left, 1 - 0.54 / top, "", fontsize=11, va="center", gid="time", animated=True
        )
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self._figure.bbox)
        self._over = [a for a in ax.findobj() if a.get_gid() in _FURNITURE] + list(ax.spines.values())
        self._palette = _palette()

    def _first_image(self, ax: Axes) -> AxesImage:
        blank = np.zeros((*self._relief.shape, 3), np.uint8)
        return ax.imshow(
            blank,
            origin="lower",
            extent=self._piece.window.extent,
            interpolation="nearest",
            animated=True,
        )

    def picture(self, shown: LightFrame) -> Image.Image:
        """Return the picture of a frame, in the palette's colours.

        What never changes is drawn once; light, what stands on it and words are drawn over that.
        """
        self._image.set_data(lit_colours(self._relief, shown.lit[self._piece.rows, self._piece.cols]))
        self._words.set_text(shown.words)
        self._canvas.restore_region(self._still)
        renderer = self._canvas.get_renderer()
        for artist in (self._image, *self._over, self._words):
            artist.draw(renderer)
        drawn = Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3].copy())
        return drawn.quantize(palette=self._palette, dither=Image.Dither.NONE)


def _palette() -> Image.Image:
    """Return an image with the colours that every frame is drawn in: one palette, so that still ground stays still."""
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(value) for colour in _colours() for value in colour])
    return palette


def _colours() -> Iterator[npt.NDArray[np.uint8]]:
    for lights, reliefs in (
        (np.array([0.0, 1.0]), np.linspace(0, 1, _CLEAR_RELIEFS)),
        (np.linspace(0, 1, _PENUMBRA_LIGHTS + 2)[1:-1], np.linspace(0, 1, _PENUMBRA_RELIEFS)),
    ):
        light, relief = np.meshgrid(lights, reliefs)
        yield from lit_colours(relief, light.astype(np.float32)).reshape(-1, 3)
    ink, paper = (255 * np.array(to_rgb(colour)) for colour in (style.INK, style.PAPER))
    for share in np.linspace(0, 1, _GREYS):
        yield np.rint(ink + share * (paper - ink)).astype(np.uint8)
    yield np.rint(255 * np.array(to_rgb(style.NO_DATA))).astype(np.uint8)
