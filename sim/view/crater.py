"""A synthetic crater beside the rings of the real one: a map, and elevation against distance from the centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.view import style
from sim.view.ground import hillshade

Array = npt.NDArray[np.float64]

_PAGE_IN = (9.6, 4.4)
_MAP_IN = (0.68, 0.58, 3.45, 3.45)
_BAR_IN = (4.23, 0.58, 0.13, 3.45)
_PROFILE_IN = (5.6, 0.58, 3.85, 3.45)
_TINT = "cividis"
_SPREAD_ALPHA = 0.35
_KM = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rings:
    """Elevation of ground by distance from a centre.

    Attributes:
        words: What it is, for the legend.
        inner_km, outer_km: (n,) edges of the rings.
        p10_m, median_m, p90_m: (n,) percentiles of the elevation within each.
    """

    words: str
    inner_km: Array
    outer_km: Array
    p10_m: Array
    median_m: Array
    p90_m: Array

    def __post_init__(self) -> None:
        count = len(self.inner_km)
        if any(len(held) != count for held in (self.outer_km, self.p10_m, self.median_m, self.p90_m)):
            raise ValueError("rings need the same number of edges and percentiles")

    @property
    def middle_km(self) -> Array:
        """Distance halfway between the edges."""
        return np.asarray(0.5 * (self.inner_km + self.outer_km))


def rings_of(elevation_m: Array, distance_km: Array, edges_km: Array, *, words: str) -> Rings:
    """Return the rings of ground.

    Args:
        elevation_m: Of any shape; the last axes are those of `distance_km`.
        distance_km: From the centre.
        edges_km: (n + 1,) growing; no ring may be empty.
        words: For the legend.
    """
    inside = [
        (distance_km >= low) & (distance_km < high)
        for low, high in zip(edges_km[:-1], edges_km[1:], strict=True)
    ]
    found = np.array([np.percentile(elevation_m[..., ring], (10, 50, 90)) for ring in inside])
    return Rings(
        words=words,
        inner_km=edges_km[:-1],
        outer_km=edges_km[1:],
        p10_m=found[:, 0],
        median_m=found[:, 1],
        p90_m=found[:, 2],
    )


def draw_crater(
    elevation_m: Array, resolution_m: float, *, title: str, made: Rings, measured: Rings
) -> Figure:
    """Return the picture of a crater beside its profile.

    Args:
        elevation_m: (rows, cols) of the map, about the crater's centre, northern rows last.
        resolution_m: Side of its cells.
        title: Of the map.
        made: Rings of the synthetic crater, drawn as a line in a band.
        measured: Rings of the real one, drawn as points with bars.
    """
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        ax = _axes(figure, _MAP_IN)
        scale = _draw_map(ax, elevation_m, resolution_m)
        ax.set_title(title, loc="left", fontsize=style.TEXT_PT + 1, fontweight="bold")
        _draw_bar(figure, _axes(figure, _BAR_IN), scale)
        _draw_rings(_axes(figure, _PROFILE_IN), made, measured)
        return figure


def _axes(figure: Figure, place_in: tuple[float, float, float, float]) -> Axes:
    left, bottom, width, height = place_in
    return figure.add_axes(
        (left / _PAGE_IN[0], bottom / _PAGE_IN[1], width / _PAGE_IN[0], height / _PAGE_IN[1])
    )


def _draw_map(ax: Axes, elevation_m: Array, resolution_m: float) -> ScalarMappable:
    rows, cols = elevation_m.shape
    east, north = 0.5 * cols * resolution_m / _KM, 0.5 * rows * resolution_m / _KM
    low, high = (float(v) for v in np.nanpercentile(elevation_m, (0.5, 99.5)))
    scale = ScalarMappable(norm=Normalize(low, max(high, low + 1.0), clip=True), cmap=_TINT)
    rgba = np.asarray(scale.to_rgba(elevation_m), np.float64)
    shade = hillshade(elevation_m, resolution_m)[..., None]
    rgba[..., :3] = np.clip(rgba[..., :3] * (0.25 + 1.1 * shade), 0, 1)
    image = ax.imshow(rgba, origin="lower", extent=(-east, east, -north, north), interpolation="bilinear")
    image.set_gid("crater")
    ax.set(xlabel="east of the centre (km)", ylabel="north of the centre (km)")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(style.number))
    return scale


def _draw_bar(figure: Figure, ax: Axes, scale: ScalarMappable) -> None:
    bar = figure.colorbar(scale, cax=ax)
    bar.set_label("elevation (km)")
    bar.locator = MaxNLocator(6)
    bar.formatter = FuncFormatter(lambda value, _: style.number(value / _KM))
    bar.update_ticks()


def _draw_rings(ax: Axes, made: Rings, measured: Rings) -> None:
    ax.fill_between(
        made.middle_km,
        made.p10_m / _KM,
        made.p90_m / _KM,
        color=style.SKY,
        alpha=_SPREAD_ALPHA,
        lw=0,
        gid="made spread",
    )
    ax.plot(
        made.middle_km,
        made.median_m / _KM,
        color=style.BLUE,
        lw=2,
        label=made.words,
        gid="made median",
    )
    drawn = ax.errorbar(
        measured.middle_km,
        measured.median_m / _KM,
        xerr=0.5 * (measured.outer_km - measured.inner_km),
        yerr=np.array([measured.median_m - measured.p10_m, measured.p90_m - measured.median_m]) / _KM,
        fmt="o",
        ms=5.5,
        color=style.VERMILLION,
        mec=style.PAPER,
        mew=0.8,
        elinewidth=1.3,
        capsize=2.5,
        label=measured.words,
        zorder=3,
    )
    drawn[0].set_gid("measured")
    low = min(made.p10_m.min(), measured.p10_m.min()) / _KM
    high = max(made.p90_m.max(), measured.p90_m.max()) / _KM
    ax.set(
        xlabel="distance from the centre (km)",
        ylabel="elevation (km)",
        xlim=(0, float(max(made.outer_km[-1], measured.outer_km[-1]))),
        ylim=(low - 0.08 * (high - low), high + 0.3 * (high - low)),
    )
    ax.grid(color=style.NO_DATA, lw=0.5)
    ax.set_axisbelow(True)
    ax.yaxis.set_major_formatter(FuncFormatter(style.number))
    ax.set_title("Rings: median, p10 to p90", loc="left", fontsize=style.TEXT_PT + 1, fontweight="bold")
    ax.legend(loc="upper left", handlelength=1.8, labelspacing=0.35)
