"""Light on a map: how much of the Sun's disc each cell sees, on the shaded ground."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import Normal, withStroke

from rover.core.grid import Dem
from sim.view import frame, ground, style
from sim.view.heading import HEIGHT_IN, draw_heading
from sim.view.window import Piece, Window, piece_under, whole

Array = npt.NDArray[np.float64]
Lit = npt.NDArray[np.float32]

SUNLIT = LinearSegmentedColormap.from_list("sunlit", [style.NIGHT, "#6A6F92", "#C9B98F", "#FFF3C9"])
"""Dark and blue in shadow, light and yellow in the sun: its lightness alone tells them apart."""

_MAP_IN = 7.2
_LEFT_IN, _COLUMN_IN, _RIGHT_IN, _BOTTOM_IN = 0.85, 2.3, 0.3, 0.75
_RELIEF_BASE, _RELIEF_SPAN = 0.74, 0.38
"""Brightness of ground that faces away from the hillshade's lamp, and what facing it adds: so little that no relief is
taken for a shadow."""
_SUN = "#B8860B"


def draw_lit_map(
    dem: Dem,
    lit: Lit,
    *,
    title: str,
    lines: Sequence[str] = (),
    sun_deg: tuple[float, float] | None = None,
) -> Figure:
    """Return the map of the lit fraction at an instant, over the shaded ground.

    Args:
        dem: The ground.
        lit: (rows, cols) lit fraction, 0 to 1; NaN is unknown.
        title, lines: Heading.
        sun_deg: Azimuth of the Sun from the raster's north, and its elevation; they are drawn where given.
    """
    with style.house_style():
        window = whole(dem.geometry)
        figure, ax, column = light_sheet(window)
        draw_lit(ax, dem, lit, window)
        frame.draw_coordinates(ax, window)
        draw_bright_scale_bar(ax, window)
        frame.draw_north(ax, window, dem.geometry.site.grid_north_rad)
        frame.draw_note(ax, 0.0)
        if sun_deg is not None:
            draw_sun(ax, window, *sun_deg)
        frame.draw_legends(column, [("Ground", _unknown_entries(lit))])
        draw_lit_scale(figure, column)
        draw_heading(figure, title, [*lines, lit_words(lit)], colour=_SUN)
        return figure


def light_sheet(window: Window) -> tuple[Figure, Axes, Axes]:
    """Return a page with the axes of a map and of the column beside it."""
    scale = _MAP_IN / max(window.width, window.height)
    wide, high = max(3.5, window.width * scale), max(3.5, window.height * scale)
    page = _LEFT_IN + wide + 0.3 + _COLUMN_IN + _RIGHT_IN, _BOTTOM_IN + high + HEIGHT_IN
    figure = style.blank_figure(*page)
    ax = figure.add_axes((_LEFT_IN / page[0], _BOTTOM_IN / page[1], wide / page[0], high / page[1]))
    left = (_LEFT_IN + wide + 0.3) / page[0]
    column = figure.add_axes((left, _BOTTOM_IN / page[1], _COLUMN_IN / page[0], high / page[1]))
    column.set_axis_off()
    return figure, ax, column


def draw_lit(ax: Axes, dem: Dem, lit: Lit, window: Window) -> None:
    """Draw the ground in the colour of its light, shaded so that its relief shows in shadow too."""
    piece = piece_under(window, dem.geometry)
    image = ax.imshow(
        lit_colours(relief_under(dem, piece), lit[piece.rows, piece.cols]),
        origin="lower",
        extent=piece.window.extent,
        interpolation="nearest",
    )
    image.set_gid("lit")


def relief_under(dem: Dem, piece: Piece) -> Array:
    """Return (rows, cols) brightness of a piece of ground, 0 to 1; unknown elevations count as level."""
    elevation = np.asarray(dem.elevation_m[piece.rows, piece.cols], np.float64)
    return np.nan_to_num(ground.hillshade(elevation, piece.resolution_m), nan=math.sin(math.radians(45)))


def lit_colours(relief: Array, lit: Lit) -> npt.NDArray[np.uint8]:
    """Return (rows, cols, 3) of lit ground; grey where the light is unknown."""
    known = np.isfinite(lit)
    colours = SUNLIT(np.where(known, lit, 0.0))[..., :3] * (_RELIEF_BASE + _RELIEF_SPAN * relief)[..., None]
    colours[~known] = to_rgba(style.NO_DATA)[:3]
    return np.asarray(np.rint(255 * np.minimum(colours, 1)), np.uint8)


def draw_sun(
    ax: Axes, window: Window, azimuth_deg: float, elevation_deg: float, *, busy_m: Array | None = None
) -> None:
    """Draw an arrow that points where light goes, from the side that the Sun stands on, and say how high it stands.

    Args:
        ax: The map.
        window: Its limits.
        azimuth_deg: Of the Sun, from the raster's north.
        elevation_deg: Of the Sun.
        busy_m: (n, 2) what the arrow is to keep away from.
    """
    half = 0.045 * min(window.width, window.height)
    east, north = _free_corner(window, half, busy_m)
    aim = half * math.sin(math.radians(azimuth_deg)), half * math.cos(math.radians(azimuth_deg))
    ax.annotate(
        "",
        xy=(east - aim[0], north - aim[1]),
        xytext=(east + aim[0], north + aim[1]),
        arrowprops={
            "arrowstyle": "-|>,head_width=0.3,head_length=0.6",
            "color": _SUN,
            "lw": 2.4,
            "shrinkA": 0,
            "shrinkB": 0,
            "path_effects": style.halo(5),
        },
        zorder=10,
        gid="sun arrow",
    )
    words = f"Sun {style.number(round(elevation_deg, 1))}\u00b0"
    ax.annotate(
        words + (" up" if elevation_deg >= 0 else ""),
        (east, north - 1.35 * half),
        ha="center",
        va="top",
        zorder=10,
        path_effects=style.halo(3),
        gid="sun",
    )


def _free_corner(window: Window, half: float, busy_m: Array | None) -> tuple[float, float]:
    """Return where the Sun's arrow goes: the first of some places by the frame that is well apart from what is busy.

    The arrow of north has the upper right, and the scale bar the lower left.
    """
    west, east = window.west + 2.6 * half, window.east - 2.6 * half
    north, south = window.north - 2.2 * half, window.south + 3.4 * half
    middle = (window.west + window.east) / 2, (window.south + window.north) / 2
    places = [(west, north), (east, south), (east, middle[1]), (west, middle[1]), (middle[0], south)]
    if busy_m is None or len(busy_m) == 0:
        return places[0]
    apart = [float(np.hypot(*(busy_m - np.array(place)).T).min()) for place in places]
    clear = [place for place, far in zip(places, apart, strict=True) if far > 4.0 * half]
    return clear[0] if clear else places[int(np.argmax(apart))]


def lit_words(lit: Lit) -> str:
    """Return in a sentence how much of a map is lit."""
    known = lit[np.isfinite(lit)]
    if known.size == 0:
        return "The light is unknown everywhere."
    half, part = 100 * (known >= 0.5).mean(), 100 * ((known > 0) & (known < 1)).mean()
    return f"{half:.1f} % of the ground sees at least half of the disc; {part:.1f} % is in penumbra."


def draw_bright_scale_bar(ax: Axes, window: Window) -> None:
    """Draw the scale bar so that it stands out from shadow too."""
    frame.draw_scale_bar(ax, window)
    for artist in ax.findobj():
        if artist.get_gid() == "scale bar":
            artist.set_path_effects([withStroke(linewidth=4, foreground=style.PAPER), Normal()])


def _unknown_entries(lit: Lit) -> list[Patch]:
    unknown = not np.isfinite(lit).all()
    return [Patch(facecolor=style.NO_DATA, edgecolor=style.FAINT_INK, lw=0.5, label="unknown")] * unknown


def draw_lit_scale(
    figure: Figure, column: Axes, *, words: str = "lit fraction of the solar disc (1)"
) -> None:
    """Draw the bar of the light's colours at the foot of the column beside a map."""
    place = column.get_position()
    width, height = (float(v) for v in figure.get_size_inches())
    ax = figure.add_axes((place.x0, place.y0 + 0.35 / height, 2.0 / width, 0.14 / height))
    bar = figure.colorbar(
        ScalarMappable(norm=Normalize(0, 1), cmap=SUNLIT), cax=ax, orientation="horizontal", ticks=[0, 0.5, 1]
    )
    bar.set_label(words, fontsize=style.SMALL_PT)
    ax.tick_params(labelsize=style.SMALL_PT, length=3)
