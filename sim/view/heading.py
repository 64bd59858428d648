"""What stands over a picture: what it is of, when it was and how it ended."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sim.run.runlog import Outcome, RunLog
from sim.view import style
from sim.view.phases import date_span, duration

LEFT_IN, HEIGHT_IN, MOST_LINES = 0.55, 1.2, 3
"""Where a heading begins, the room it takes from the top, and the lines that fit under a title."""


def draw_heading(figure: Figure, title: str, lines: Sequence[str], *, colour: str) -> None:
    """Write a title and plain lines under it at the figure's top left.

    Args:
        figure: Where.
        title: The title.
        lines: What stands under it; long ones are broken to the figure's width, and what would be a fourth
            line is left out.
        colour: Of the chip before the title, which says at a glance how it went.
    """
    width_in, height_in = (float(v) for v in figure.get_size_inches())
    left, top = LEFT_IN / width_in, 1 - 0.38 / height_in
    figure.add_artist(
        Rectangle(
            (left, top - 0.11 / height_in), 0.1 / width_in, 0.22 / height_in, fc=colour, lw=0, gid="outcome"
        )
    )
    text_left = left + 0.2 / width_in
    figure.text(text_left, top, title, fontsize=style.TITLE_PT, fontweight="bold", va="center", gid="title")
    room = int((width_in - LEFT_IN - 0.6) * 72 / (0.56 * style.TEXT_PT))
    broken = [part for line in lines for part in textwrap.wrap(line, room)]
    if len(broken) > MOST_LINES:
        broken = [*broken[: MOST_LINES - 1], broken[MOST_LINES - 1][: room - 2] + " \u2026"]
    for i, line in enumerate(broken, start=1):
        y = top - (0.06 + 0.22 * i) / height_in
        figure.text(text_left, y, line, va="center", gid=f"line {i}")


def draw_run_heading(figure: Figure, log: RunLog) -> None:
    """Write where, how it ended, when, how far, and why."""
    summary = log.summary
    took = f"{duration(float(summary['elapsed_s']))}, {float(summary['lunar_days']):.2f} lunar days"
    drove = f"drove {float(summary['distance_m']):.0f} m, planned {float(summary['planned_length_m']):.0f} m"
    colour = style.GREEN if log.outcome is Outcome.ARRIVED else style.VERMILLION
    reason = log.reason[:1].upper() + log.reason[1:]
    place = f", {summary['site']}" if summary["site"] else ""
    title = f"{summary['scenario']}{place}: {log.outcome.replace('_', ' ')}"
    draw_heading(figure, title, [f"{date_span(log)} ({took}); {drove}", reason], colour=colour)
