"""One figure per cell laid over the ground in colours: slope, roughness, cost, light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgba

from rover.core.grid import Dem
from sim.view import style
from sim.view.ground import hillshade
from sim.view.window import Window, piece_under

SHADED = 0.3
"""Share of a colour's brightness that the shading of the ground may take away."""
_SHADE_OF_LEVEL = np.sin(np.pi / 4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """What to lay over the ground.

    Attributes:
        values: (rows, cols) of the DEM's shape; NaN is unknown, infinite is closed.
        label: What it is, with its unit, for the colour bar.
        low, high: Ends of the colour bar; None takes the 1st and 99th percentile of what is finite.
        cmap: matplotlib's name of the colours.
    """

    values: npt.NDArray[np.floating]
    label: str
    low: float | None = 0.0
    high: float | None = None
    cmap: str = "cividis"


def draw_layer(ax: Axes, dem: Dem, layer: Layer, window: Window) -> ScalarMappable:
    """Draw a layer, darkened where the ground faces away from the north-west; return what a colour bar needs."""
    piece = piece_under(window, dem.geometry)
    values = np.asarray(layer.values[piece.rows, piece.cols], np.float64)
    scale = ScalarMappable(norm=_norm(values, layer), cmap=layer.cmap)
    elevation = np.asarray(dem.elevation_m[piece.rows, piece.cols], np.float64)
    shade = np.nan_to_num(hillshade(elevation, piece.resolution_m), nan=_SHADE_OF_LEVEL)
    rgba = np.asarray(scale.to_rgba(np.nan_to_num(values, posinf=0.0)), np.float64)
    rgba[..., :3] *= np.clip(1 - SHADED + SHADED * shade / _SHADE_OF_LEVEL, 0, 1)[..., None]
    rgba[np.isposinf(values)] = to_rgba(style.CLOSED)
    rgba[np.isnan(values)] = to_rgba(style.NO_DATA)
    ax.set_facecolor(style.NO_DATA)
    image = ax.imshow(
        rgba, origin="lower", extent=piece.window.extent, interpolation="nearest", interpolation_stage="rgba"
    )
    image.set_gid("layer")
    return scale


def _norm(values: npt.NDArray[np.float64], layer: Layer) -> Normalize:
    known = values[np.isfinite(values)]
    ends = np.percentile(known, [1, 99]) if known.size else np.array([0.0, 1.0])
    low = float(ends[0]) if layer.low is None else layer.low
    high = float(ends[1]) if layer.high is None else layer.high
    return Normalize(low, high if high > low else low + 1e-3, clip=True)
