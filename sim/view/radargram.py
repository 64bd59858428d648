"""Radargrams along a driven way: echoes over two-way time, borders of layers, depths, and what a channel can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import hilbert

from sim.view import style

Floats = npt.NDArray[np.float64]

_PAGE_IN = (11.6, 10.4)
_WINDOW = 121
"""Samples that a trace's gain is taken over."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GramPanel:
    """One channel.

    Attributes:
        title: What it is and can tell.
        time_ns: (samples,).
        along_m: (traces,).
        echo: (samples, traces) against the echo of the surface.
        border_ns: (traces, borders) two-way times, the surface first.
        layers: Names of the layers, from the top down.
        ticks: Depth in metres and its two-way time in ns, for the scale on the right.
        resolution_ns: Two-way time between borders that can be told apart.
        until_ns: Drawn down to there.
        as_strength: Whether the strength of echoes is drawn, in dB, instead of the waves, which would be too fine.
    """

    title: str
    time_ns: Floats
    along_m: Floats
    echo: Floats
    border_ns: Floats
    layers: Sequence[str]
    ticks: Sequence[tuple[float, float]]
    resolution_ns: float
    until_ns: float
    as_strength: bool = False


def draw_radargram(
    panels: Sequence[GramPanel], breaks_m: Sequence[float], *, title: str, words: str
) -> Figure:
    """Return a figure with a panel for each channel.

    Args:
        panels: The channels.
        breaks_m: Distances at which one drive ends and the next begins.
        title, words: Above.
    """
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        figure.text(0.02, 0.97, title, fontsize=style.TITLE_PT, fontweight="bold", va="center")
        figure.text(0.02, 0.937, words, fontsize=style.TEXT_PT, va="center", color=style.FAINT_INK)
        high = 0.895 / max(len(panels), 1)
        for n, panel in enumerate(panels):
            ax = figure.add_axes((0.07, 0.065 + high * (len(panels) - 1 - n), 0.86, high - 0.085))
            _panel(ax, panel, breaks_m)
        return figure


def _gained(echo: Floats) -> Floats:
    """Return echoes with the mean trace taken off and evened out over time, by what is usual some time around."""
    left = echo - echo.mean(axis=1, keepdims=True)
    usual = np.median(np.abs(left), axis=1)
    pad = _WINDOW // 2
    smooth = np.convolve(np.pad(usual, pad, mode="reflect"), np.full(_WINDOW, 1.0 / _WINDOW), mode="valid")
    return np.asarray(left / np.maximum(smooth, 1e-300)[:, None])


def _panel(ax: Axes, panel: GramPanel, breaks_m: Sequence[float]) -> None:
    even = np.searchsorted(
        panel.along_m, np.linspace(panel.along_m[0], panel.along_m[-1], panel.along_m.size)
    )
    last = int(np.searchsorted(panel.time_ns, panel.until_ns))
    shown = _gained(panel.echo)[:last, even]
    look: dict[str, Any] = {"cmap": "gray", "vmin": -6.0, "vmax": 6.0}
    if panel.as_strength:
        shown = 20.0 * np.log10(np.maximum(np.abs(hilbert(shown, axis=0)), 1e-3))
        look = {"cmap": "gray_r", "vmin": 3.0, "vmax": 24.0}
    first, end = float(panel.along_m[0]), float(panel.along_m[-1])
    ax.imshow(
        shown, **look, aspect="auto", interpolation="antialiased",
        extent=(first, end, float(panel.time_ns[last - 1]), 0.0),
    )  # fmt: skip
    for n in range(panel.border_ns.shape[1]):
        line = panel.border_ns[:, n]
        if line.min() < panel.until_ns:
            ax.plot(panel.along_m, line, color=style.ORANGE, lw=0.9, ls=(0, (6, 8)))
    _names(ax, panel)
    for at in breaks_m:
        ax.axvline(at, color=style.SKY, lw=1.0, ls="--")
    ax.set_ylim(panel.until_ns, 0.0)
    ax.set_xlim(first, end)
    ax.set_ylabel("two-way time, ns")
    ax.set_xlabel("driven, m", labelpad=1)
    ax.set_title(panel.title, fontsize=style.TEXT_PT, loc="left")
    x = first + 0.985 * (end - first)
    y = 0.93 * panel.until_ns
    ax.plot([x, x], [y, y - panel.resolution_ns], color=style.VERMILLION, lw=3.0, solid_capstyle="butt")
    ax.text(
        x - 0.006 * (end - first), y - panel.resolution_ns / 2, "resolution", ha="right", va="center",
        fontsize=style.SMALL_PT, color=style.VERMILLION, path_effects=style.halo(),
    )  # fmt: skip
    depth = ax.twinx()
    depth.set_ylim(panel.until_ns, 0.0)
    kept = [(metres, ns) for metres, ns in panel.ticks if ns < panel.until_ns]
    depth.set_yticks([ns for _, ns in kept], [f"{metres:g}" for metres, _ in kept])
    depth.set_ylabel("depth, m")
    depth.spines["right"].set_visible(True)
    for one in (ax, depth):
        one.tick_params(labelsize=style.SMALL_PT)


def _names(ax: Axes, panel: GramPanel) -> None:
    """Write each layer's name within it, where it is thick enough for words."""
    tops = np.append(panel.border_ns.mean(axis=0), np.inf)
    x = float(panel.along_m[0]) + 0.008 * float(np.ptp(panel.along_m))
    for name, top, bottom in zip(panel.layers, tops[:-1].tolist(), tops[1:].tolist(), strict=False):
        bottom = min(bottom, panel.until_ns)
        if bottom - top > 0.055 * panel.until_ns:
            ax.text(
                x, top + 0.035 * panel.until_ns, name, fontsize=style.SMALL_PT, va="center", color=style.INK,
                path_effects=style.halo(3.0),
            )  # fmt: skip
