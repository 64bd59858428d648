"""The panels of a timeline. Each draws one quantity of a run against days since the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from rover.core.time import SECONDS_PER_DAY
from sim.run.runlog import RunLog, Severity
from sim.view import style
from sim.view.phases import Span, column, duration, mode_spans

Array = npt.NDArray[np.float64]

SUN_LIMITS = (
    ("nap_enter_sun_elevation_deg", "nap above {:g}\u00b0, rising", style.ORANGE),
    ("nap_exit_sun_elevation_deg", "nap until {:g}\u00b0, falling", style.ORANGE),
    ("min_drive_sun_elevation_deg", "drive above {:g}\u00b0", style.BLUE),
    ("dormant_sun_elevation_deg", "dormant below {:g}\u00b0", style.NIGHT),
)
"""Key of the scenario's operations, words, colour."""

_LANE, _LEAST_LANES = 0.78, 5.0
"""Height of a mode's bar in its lane of 1, and the lanes for which there is room at least."""


_EVENT_LOOKS: dict[str, dict[str, Any]] = {
    "replan": {"marker": "o", "ms": 11, "mfc": "none", "mec": style.RING, "mew": 1.6},
    "warning": {"marker": "X", "ms": 8, "mfc": style.VERMILLION, "mec": style.PAPER, "mew": 0.8},
    "violation": {"marker": "P", "ms": 8, "mfc": style.BLACK, "mec": style.PAPER, "mew": 0.8},
}
_BESIDE: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8.5, "annotation_clip": False}
_LEGEND: dict[str, Any] = {
    "loc": "upper left",
    "fontsize": 8.5,
    "handlelength": 1.2,
    "borderaxespad": 0,
    "borderpad": 0.3,
    "labelspacing": 0.2,
}


def days(log: RunLog) -> Array:
    """Return (n,) days since the scenario's epoch, a row of telemetry each."""
    return column(log, "time_s") / SECONDS_PER_DAY


def _dot(log: RunLog) -> dict[str, Any]:
    """Return the marker that a line of one point needs to be seen."""
    return {"marker": "o", "ms": 5, "clip_on": False} if len(log.telemetry["time_s"]) == 1 else {}


def draw_sun(ax: Axes, log: RunLog) -> None:
    """Draw the Sun's elevation, the window in which the rover may drive, and its limits."""
    elevation = np.degrees(column(log, "sun_elevation_rad"))
    top = max(50.0, 1.15 * float(elevation.max(initial=0.0)))
    limits = _sun_limits(log)
    labels = []
    if "min_drive_sun_elevation_deg" in limits and "nap_enter_sun_elevation_deg" in limits:
        low, high = limits["min_drive_sun_elevation_deg"], limits["nap_enter_sun_elevation_deg"]
        ax.axhspan(low, high, fc=style.BLUE, alpha=0.09, lw=0, gid="driving window")
        labels.append(((2 * low + high) / 3, "driving window", style.BLUE))
    ax.plot(days(log), elevation, color="#B8860B", lw=2.0, gid="sun elevation", **_dot(log))
    ax.fill_between(days(log), np.maximum(elevation, 0), 0, color=style.YELLOW, alpha=0.28, lw=0)
    ax.axhline(0, color=style.INK, lw=0.8, gid="horizon")
    for key, words, colour in SUN_LIMITS:
        if key in limits:
            ax.axhline(limits[key], color=colour, lw=1.0, ls="--", gid=key)
            labels.append((limits[key], words.format(limits[key]), colour))
    ax.set(ylabel="Sun elevation (deg)", ylim=(-8, top), yticks=range(0, int(top) + 1, 10))
    label_right(ax, labels)


def _sun_limits(log: RunLog) -> dict[str, float]:
    operations = log.scenario["operations"]
    return {key: float(operations[key]) for key, _, _ in SUN_LIMITS if operations.get(key) is not None}


def draw_modes(ax: Axes, log: RunLog) -> None:
    """Draw what the rover did as bars, a lane for each mode with its total time, and a lane of events."""
    spans = mode_spans(log)
    if not spans:
        ax.text(0.5, 0.5, "Nothing was driven.", transform=ax.transAxes, ha="center", va="center")
    lanes = _lanes(spans)
    for level, name in enumerate(reversed(lanes)):
        own = [span for span in spans if span.name == name]
        ax.add_collection(_bars(own, level, name))
        total = duration(sum(span.length_s for span in own))
        ax.annotate(
            total, (1, level), xycoords=("axes fraction", "data"), xytext=(8, 0), va="center", **_BESIDE
        )
    ax.set_yticks(range(len(lanes)), [style.mode_words(name) for name in reversed(lanes)])
    events = _draw_events(ax, log, level=len(lanes) + 0.3)
    top = len(lanes) + (1.0 if events else -0.4)
    ax.set(ylabel="mode", ylim=(min(-0.6, top - _LEAST_LANES), top))
    ax.tick_params(axis="y", length=0)


def _lanes(spans: Sequence[Span]) -> list[str]:
    """Return the modes that happened, those with a colour of their own first."""
    happened = dict.fromkeys(span.name for span in spans)
    known = [name for name in style.MODE_COLOURS if name in happened]
    return known + [name for name in happened if name not in style.MODE_COLOURS]


def _bars(spans: Sequence[Span], level: int, name: str) -> PolyCollection:
    """Return bars with an outline, so that a drive of minutes still shows in a month."""
    low, high = level - _LANE / 2, level + _LANE / 2
    begin = np.array([span.begin_s for span in spans]) / SECONDS_PER_DAY
    end = np.array([span.end_s for span in spans]) / SECONDS_PER_DAY
    corners = [np.column_stack([x, np.full(len(spans), y)]) for x, y in _round((begin, end), (low, high))]
    colour = style.mode_colour(name)
    bars = PolyCollection(
        list(np.stack(corners, axis=1)), facecolors=colour, edgecolors=colour, linewidths=0.7
    )
    bars.set_label(style.mode_words(name))
    bars.set_gid(f"mode:{name}")
    return bars


def _round(x: tuple[Array, Array], y: tuple[float, float]) -> list[tuple[Array, float]]:
    return [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]


def _draw_events(ax: Axes, log: RunLog, *, level: float) -> bool:
    """Mark replans, warnings and broken rules in a lane of their own; tell whether there were any."""
    warnings = [e for e in log.events if e.severity >= Severity.WARNING and e.name != "replan"]
    times = {
        "replan": [e.time_s for e in log.events if e.name == "replan"],
        "warning": [e.time_s for e in warnings],
        "violation": [v.time_s for v in log.violations],
    }
    lines = []
    for name in (name for name in times if times[name]):
        count, look = len(times[name]), _EVENT_LOOKS[name]
        x = np.array(times[name]) / SECONDS_PER_DAY
        lines += ax.plot(x, [level] * count, ls="", zorder=5, gid=name, **look)
        lines[-1].set_label(f"{count} {name}{'s' if count > 1 else ''}")
    if lines:
        ax.set_yticks([*ax.get_yticks(), level], [*(t.get_text() for t in ax.get_yticklabels()), "events"])
        ax.legend(handles=lines, bbox_to_anchor=(1.0, 1.05), **_LEGEND)
    return bool(lines)


def draw_charge(ax: Axes, log: RunLog) -> None:
    """Draw the state of charge and the reserve."""
    soc = 100 * column(log, "soc")
    reserve = 100 * float(log.scenario["power"]["reserve_soc"])
    ax.plot(days(log), soc, color=style.GREEN, lw=1.6, gid="soc", **_dot(log))
    ax.fill_between(days(log), soc, 0, color=style.GREEN, alpha=0.15, lw=0)
    ax.axhline(reserve, color=style.VERMILLION, lw=1.2, ls="--", gid="reserve")
    ax.set(ylabel="charge (%)", ylim=(0, 105), yticks=(0, 50, 100))
    label_right(ax, [(reserve, f"reserve {reserve:g} %", style.VERMILLION)])


def draw_power(ax: Axes, log: RunLog) -> None:
    """Draw what the array gives and what the rover takes."""
    array, load = column(log, "array_w"), column(log, "load_w")
    ax.plot(days(log), array, color=style.ORANGE, lw=1.6, gid="array", **_dot(log), label="array output")
    ax.fill_between(days(log), array, 0, color=style.ORANGE, alpha=0.18, lw=0)
    ax.plot(
        days(log),
        load,
        color=style.BLUE,
        lw=0.9,
        drawstyle="steps-pre",
        gid="load",
        **_dot(log),
        label="load",
    )
    ax.set(
        ylabel="power (W)", ylim=(0, 1.12 * max(1.0, float(array.max(initial=0)), float(load.max(initial=0))))
    )
    ax.legend(bbox_to_anchor=(1.0, 1.0), **_LEGEND)


_TEMPERATURES = (
    ("ground_k", "ground", "#8C6D46"),
    ("array_k", "array", style.ORANGE),
    ("body_k", "body", style.VERMILLION),
)


def draw_temperatures(ax: Axes, log: RunLog) -> None:
    """Draw how warm ground, array and body are; a run from before they were recorded says so."""
    known = [(name, words, colour) for name, words, colour in _TEMPERATURES if name in log.telemetry]
    for name, words, colour in known:
        ax.plot(days(log), column(log, name), color=colour, lw=1.4, gid=name, label=words, **_dot(log))
    ax.set(ylabel="heat (K)", ylim=(50, 400), yticks=(100, 200, 300, 400))
    if known:
        ax.legend(bbox_to_anchor=(1.0, 1.05), **_LEGEND)
    else:
        ax.text(0.5, 0.5, "Not recorded.", transform=ax.transAxes, ha="center", va="center")


def draw_distance(ax: Axes, log: RunLog) -> None:
    """Draw the distance driven and the length of the plan."""
    distance, planned = column(log, "distance_m"), float(log.summary["planned_length_m"])
    ax.plot(days(log), distance, color=style.BLUE, lw=2.0, gid="distance", **_dot(log))
    ax.axhline(planned, color=style.INK, lw=1.1, ls="--", gid="planned")
    ax.set(ylabel="driven (m)", ylim=(0, 1.15 * max(1.0, planned, float(distance.max(initial=0)))))
    driven = float(distance[-1]) if len(distance) else 0.0
    label_right(
        ax,
        [
            (planned, f"planned {style.number(round(planned))} m", style.INK),
            (driven, f"driven {style.number(round(driven))} m", style.BLUE),
        ],
    )


def label_right(ax: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Write words beside a panel at the heights of values, moved apart where they would touch.

    Args:
        ax: The panel; its limits are final.
        labels: Value, words, colour.
    """
    low, high = ax.get_ylim()
    line_height = 11.5 / 72 * ax.figure.dpi / ax.bbox.height * (high - low)
    ordered = sorted(labels)
    for (_, words, colour), at in zip(ordered, _apart([v for v, _, _ in ordered], line_height), strict=True):
        place = (1, at)
        ax.annotate(
            words,
            place,
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            va="center",
            color=colour,
            **_BESIDE,
        )


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Return rising places at least `gap` apart; where values stand too close, the lower ones move down."""
    places: list[float] = []
    for value in reversed(values):
        places.append(min(value, places[-1] - gap) if places else value)
    return places[::-1]
