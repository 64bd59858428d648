"""The timeline of a run: the Sun, what the rover did, charge, power, heat and distance, on one axis of time."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rover.core.time import SECONDS_PER_DAY
from sim.run.runlog import RunLog
from sim.view import panels, style
from sim.view.heading import HEIGHT_IN, draw_run_heading
from sim.view.phases import date_at, duration, lunar_days, mode_spans, nights
from sim.view.timeaxis import (
    TimeScale,
    draw_time_axis,
    label_dates,
    label_days,
    sleeps_in_days,
    time_scale,
)

_WIDTH_IN, _LEFT_IN, _RIGHT_IN = 13.0, 1.45, 1.75
_TOP_IN, _BOTTOM_IN, _GAP_IN = HEIGHT_IN + 0.6, 0.75, 0.16
_PANELS = (
    (panels.draw_sun, 1.75),
    (panels.draw_modes, 2.0),
    (panels.draw_charge, 1.05),
    (panels.draw_power, 1.05),
    (panels.draw_temperatures, 1.15),
    (panels.draw_distance, 1.3),
)
_NIGHT_SHADE = "#D5D8E6"


def draw_timeline(log: RunLog) -> Figure:
    """Return the timeline of a run; long dormancies are drawn narrow, and say so."""
    with style.house_style():
        scale = _scale(log)
        height = _TOP_IN + _BOTTOM_IN + sum(h for _, h in _PANELS) + _GAP_IN * (len(_PANELS) - 1)
        figure = style.blank_figure(_WIDTH_IN, height)
        stack = _stacked_axes(figure, height)
        for ax, (draw, _) in zip(stack, _PANELS, strict=True):
            draw_time_axis(ax, scale)
            draw(ax, log)
            _finish(ax, log, scale, lowest=ax is stack[-1])
        top = label_days(stack[0], scale)
        top.spines[["right", "bottom", "left"]].set_visible(False)
        _name_days_and_nights(stack[0], log, scale)
        figure.align_ylabels(stack)
        draw_run_heading(figure, log)
        return figure


def _finish(ax: Axes, log: RunLog, scale: TimeScale, *, lowest: bool) -> None:
    """Draw what all panels have: nights, breaks of the axis, and dates, written under the lowest alone."""
    ax.set_xlim(float(scale.days[0]), float(scale.days[-1]))
    _shade_nights(ax, log)
    _mark_breaks(ax, scale)
    label_dates(ax, scale, date_at(log, 0.0))
    if not lowest:
        ax.set_xlabel("")
    ax.tick_params(labelbottom=lowest)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", color="#E4E5E9", lw=0.7)
    ax.set_axisbelow(True)


def _scale(log: RunLog) -> TimeScale:
    days = panels.days(log)
    begin = float(days[0]) if len(days) else 0.0
    end = float(days[-1]) if len(days) else 0.0
    return time_scale(begin, max(end, begin + 1 / 24), sleeps_in_days(mode_spans(log)))


def _stacked_axes(figure: Figure, height_in: float) -> list[Axes]:
    stack: list[Axes] = []
    top = height_in - _TOP_IN
    for _, panel_in in _PANELS:
        width = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / _WIDTH_IN
        box = (_LEFT_IN / _WIDTH_IN, (top - panel_in) / height_in, width, panel_in / height_in)
        stack.append(figure.add_axes(box))
        top -= panel_in + _GAP_IN
    return stack


def _shade_nights(ax: Axes, log: RunLog) -> None:
    for night in nights(log):
        begin, end = night.begin_s / SECONDS_PER_DAY, night.end_s / SECONDS_PER_DAY
        ax.axvspan(begin, end, fc=_NIGHT_SHADE, lw=0, zorder=0, gid="night")


def _mark_breaks(ax: Axes, scale: TimeScale) -> None:
    """Put a slanted stroke on the axis where it begins and ends to be narrow."""
    edges = [edge for stretch in scale.narrowed for edge in stretch]
    if edges:
        ax.plot(
            edges,
            [0.0] * len(edges),
            transform=ax.get_xaxis_transform(),
            marker=((-0.5, -1), (0.5, 1)),
            ms=9,
            mec=style.INK,
            mew=1.4,
            ls="",
            clip_on=False,
            gid="axis break",
        )


def _name_days_and_nights(ax: Axes, log: RunLog, scale: TimeScale) -> None:
    """Name lunar days along the panel's top, and say in each night how long it is and how it is drawn."""
    for span in lunar_days(log):
        _write_between(ax, scale, span.begin_s, span.end_s, span.name, at=0.97)
    for night in nights(log):
        middle = (night.begin_s + night.end_s) / 2 / SECONDS_PER_DAY
        words = f"night\n{duration(night.length_s)}"
        shrink = [scale.shrink(stretch) for stretch in scale.narrowed if stretch[0] < middle < stretch[1]]
        if shrink:
            words += f"\n\ndrawn {shrink[0]:.0f}\u00d7\nnarrower"
        _write_between(ax, scale, night.begin_s, night.end_s, words, at=0.9)


def _write_between(
    ax: Axes, scale: TimeScale, begin_s: float, end_s: float, words: str, *, at: float
) -> None:
    """Write words in the middle of a stretch, unless they would not fit in it."""
    begin, end = (float(scale.place(time_s / SECONDS_PER_DAY)) for time_s in (begin_s, end_s))
    width = ax.bbox.width * 72 / ax.figure.dpi * (end - begin)
    if width > 0.58 * style.SMALL_PT * max(map(len, words.split("\n"))):
        place, halo = (
            ((begin + end) / 2, at),
            style.halo(3, _NIGHT_SHADE if "night" in words else "#FFFFFFB0"),
        )
        ax.text(
            *place,
            words,
            transform=ax.transAxes,
            ha="center",
            va="top",
            fontsize=style.SMALL_PT,
            path_effects=halo,
        )
