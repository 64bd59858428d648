"""A drive replayed as a GIF: the map about the rover, what it considered and believed, what it saw, mode and charge."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch
from PIL import Image

from rover.core.errors import ResultsError, UsageError
from sim.run.runlog import RunLog
from sim.view import frame, ground, style
from sim.view.animation import MOST_FRAMES, write_gif
from sim.view.window import Window

HALF_M = 11.0
"""The map reaches so far about the rover."""

DEFAULT_FRAMES = 120

_PAGE_IN, _DPI = (8.6, 5.4), 100
_COLOURS = 200
_ROVER_M = (1.5, 1.0)

Places = npt.NDArray[np.float64]


def frame_rows(log: RunLog, most: int = DEFAULT_FRAMES) -> npt.NDArray[np.int64]:
    """Return the rows of the telemetry that a replay shows: evenly those at which the rover had moved, and the ends.

    Raises:
        UsageError: More frames than an animation has.
    """
    if not 2 <= most <= MOST_FRAMES:
        remedy = f"give 2 to {MOST_FRAMES}"
        raise UsageError("not as many frames as a replay has", remedy=remedy, field="frames", value=most)
    told = log.telemetry
    changes = np.ones(len(told["time_s"]), np.bool_)
    changes[1:] = (np.diff(told["distance_m"]) > 0) | (np.diff(told["mode"]) != 0)
    rows = np.flatnonzero(changes)
    chosen = np.unique(np.rint(np.linspace(0, len(rows) - 1, min(len(rows), most))).astype(np.int64))
    return np.unique(np.append(rows[chosen], len(changes) - 1))


def save_replay(log: RunLog, path: Path, *, frames: int = DEFAULT_FRAMES) -> None:
    """Write a replay of a run.

    Args:
        log: With what it kept for a replay.
        path: A name that ends in `.gif`.
        frames: At most.

    Raises:
        ResultsError: Nothing was driven, or nothing was kept.
        UsageError: Another ending, or too many frames.
        OutputError: The file cannot be written.
    """
    if path.suffix.lower() != ".gif":
        raise UsageError("replays are GIF", remedy="give the file a name that ends in .gif", file=path)
    if log.replay is None or len(log.telemetry["time_s"]) == 0:
        remedy = "run the scenario again, with a plan to drive"
        raise ResultsError("nothing is kept of a drive to replay", remedy=remedy, field="replay.npz")
    with style.house_style():
        pictures = list(replay_pictures(log, frame_rows(log, frames)))
        palette = _palette(pictures)
        write_gif(
            [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures], path, frame_ms=160
        )


def replay_pictures(log: RunLog, rows: npt.NDArray[np.int64]) -> Iterator[Image.Image]:
    """Yield the picture of each of some rows of the telemetry."""
    stage = _Stage(log)
    for row in rows.tolist():
        yield stage.picture(row)


def mode_spans(
    hours: npt.NDArray[np.float64], modes: npt.NDArray[np.str_]
) -> Iterator[tuple[float, float, str]]:
    """Yield from when until when it was in each mode: a row of the telemetry is of the end of a command."""
    begins = np.flatnonzero(np.append(True, modes[1:] != modes[:-1]))
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(modes)], strict=True):
        yield float(hours[max(0, begin - 1)]), float(hours[end - 1]), str(modes[begin])


def _palette(pictures: list[Image.Image]) -> Image.Image:
    """Return an image with the colours of some pictures across the replay, so that still parts stay still."""
    some = [pictures[k] for k in np.unique(np.linspace(0, len(pictures) - 1, 5).astype(int))]
    width, height = some[0].size
    sheet = Image.new("RGB", (width, height * len(some)))
    for k, picture in enumerate(some):
        sheet.paste(picture, (0, k * height))
    found = sheet.quantize(colors=_COLOURS, method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*found[: 3 * _COLOURS], *(value for colour in _signals() for value in colour)])
    return palette


def _signals() -> Iterator[tuple[int, ...]]:
    """Yield the colours that lines and modes are told by, full and paler: few pixels have them, and they must stay."""
    paper = np.array(to_rgb(style.PAPER))
    for colour in dict.fromkeys(
        (*style.MODE_COLOURS.values(), style.YELLOW, style.BLUE, style.VERMILLION, style.INK)
    ):
        for share in (1.0, 0.7, 0.4):
            mixed = share * np.array(to_rgb(colour)) + (1 - share) * paper
            yield tuple(np.rint(255 * mixed).astype(int).tolist())


class _Stage:
    """The page: map at the left, picture, mode and charge at the right."""

    def __init__(self, log: RunLog) -> None:
        assert log.replay is not None
        self._log, self._replay, self._told = log, log.replay, log.telemetry
        self._track = np.column_stack([self._told["east_m"], self._told["north_m"]])
        self._belief = np.column_stack([self._told["believed_east_m"], self._told["believed_north_m"]])
        self._boulders = log.scenario.get("terrain", {}).get("boulders", ())

    def picture(self, row: int) -> Image.Image:
        """Return the picture at a row."""
        figure = Figure(figsize=_PAGE_IN, dpi=_DPI, facecolor=style.PAPER)
        canvas = FigureCanvasAgg(figure)
        self._draw_map(figure.add_axes((0.075, 0.2, 0.5, 0.66)), row)
        self._draw_eye(figure.add_axes((0.645, 0.47, 0.33, 0.39)), row)
        self._draw_charge(figure.add_axes((0.665, 0.2, 0.31, 0.17)), row)
        self._draw_words(figure, row)
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())

    def _draw_map(self, ax: Axes, row: int) -> None:
        east, north = self._track[row].tolist()
        west, south = round(east) - HALF_M, round(north) - HALF_M
        window = Window(west=west, south=south, east=west + 2 * HALF_M, north=south + 2 * HALF_M)
        ground.draw_relief(ax, self._log.dem, window.grown(2 * self._log.dem.geometry.resolution_m))
        ground.draw_zones(ax, self._log.zones, window)
        self._draw_boulders(ax)
        self._draw_known(ax, row)
        self._draw_ways(ax, row)
        self._draw_arcs(ax, row)
        self._draw_rover(ax, row)
        frame.draw_coordinates(ax, window)
        ax.set_xlim(window.west, window.east)
        ax.set_ylim(window.south, window.north)

    def _draw_boulders(self, ax: Axes) -> None:
        """Draw the boulders that the scenario has put into the world: no map on board shows them."""
        for boulder in self._boulders:
            place, radius = (boulder["east_m"], boulder["north_m"]), boulder["diameter_m"] / 2
            ax.add_patch(Circle(place, radius, fc=style.FAINT_INK, ec=style.INK, lw=0.8, zorder=2.5))

    def _draw_known(self, ax: Axes, row: int) -> None:
        """Draw the ground that the rover has come to know as impassable."""
        places = self._replay.closed_m[self._replay.closed_row <= row]
        ax.plot(*places.T, "x", color=style.VERMILLION, ms=5, mew=1.3, zorder=3)

    def _draw_ways(self, ax: Axes, row: int) -> None:
        latest = self._replay.way_row[self._replay.way_row <= row]
        way = self._replay.way_m[self._replay.way_row == latest.max(initial=-1)]
        here = self._belief[row]
        ahead = np.vstack([here, way]) if len(way) else here[None]
        ax.plot(*ahead.T, color=style.PURPLE, lw=1.6, ls=(0, (4, 2)), path_effects=style.halo(), zorder=4)
        ax.plot(*self._track[: row + 1].T, color=style.INK, lw=2.0, path_effects=style.halo(), zorder=5)
        ax.plot(*self._belief[: row + 1].T, color=style.ORANGE, lw=1.3, ls=(0, (2, 1.5)), zorder=6)
        ax.plot(*self._log.goal_m, marker="*", ms=15, mfc=style.YELLOW, mec=style.INK, zorder=8, clip_on=True)

    def _draw_arcs(self, ax: Axes, row: int) -> None:
        """Draw the arcs that were considered last, the refused and the passed, and the chosen one."""
        replay, here = self._replay, self._belief[row]
        mine = replay.arc_row == row
        for passed, colour, width in ((False, style.VERMILLION, 0.8), (True, style.SKY, 1.4)):
            ends = replay.arc_m[mine & (replay.arc_passed == passed)]
            lines = [np.array([here, end]) for end in ends.tolist()]
            ax.add_collection(LineCollection(lines, colors=colour, linewidths=width, alpha=0.8, zorder=6))
            ax.plot(*ends.T, "o" if passed else "s", color=colour, ms=3.5, zorder=6)
        chosen = replay.chosen_m[replay.chosen_row == row]
        ax.plot(
            *chosen.T, color=style.BLUE, lw=3.0, path_effects=style.halo(), zorder=7, solid_capstyle="round"
        )

    def _draw_rover(self, ax: Axes, row: int) -> None:
        """Draw the rover where it is, and where it believes to be, with three standard deviations."""
        east, north = self._track[row].tolist()
        yaw = float(self._told["yaw_rad"][row])
        length, width = _ROVER_M
        corners = np.array([[1, 1], [1.35, 0], [1, -1], [-1, -1], [-1, 1]]) * [length / 2, width / 2]
        turn = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
        ax.fill(*(corners @ turn + [east, north]).T, fc=style.PAPER, ec=style.INK, lw=1.6, zorder=9)
        sigma = 3.0 * float(self._told["believed_sigma_m"][row])
        if sigma > 0:
            angle = np.linspace(0, 2 * math.pi, 60)
            ring = self._belief[row] + sigma * np.column_stack([np.cos(angle), np.sin(angle)])
            ax.plot(*ring.T, color=style.ORANGE, lw=1.4, zorder=10)
        ax.plot(*self._belief[row], "+", color=style.ORANGE, ms=9, mew=2.0, zorder=10)

    def _draw_eye(self, ax: Axes, row: int) -> None:
        """Draw what the left eye saw last."""
        ax.set_xticks([])
        ax.set_yticks([])
        before = np.flatnonzero(self._replay.picture_row <= row)
        if len(before) == 0:
            ax.set_facecolor(style.NO_DATA)
            words = "no pictures:\nperfect senses" if not len(self._replay.picture_row) else "no picture yet"
            ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color=style.INK)
        else:
            shown = self._replay.pictures[before[-1]]
            ax.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="bilinear")
        ax.set_title("left eye of the forward pair", fontsize=style.SMALL_PT, color=style.FAINT_INK, pad=3)

    def _draw_charge(self, ax: Axes, row: int) -> None:
        """Draw the charge so far over the modes that it was in."""
        hours = self._told["time_s"] / 3600.0
        for from_h, until_h, mode in mode_spans(hours, np.array(self._log.modes)[self._told["mode"]]):
            ax.axvspan(from_h, until_h, color=style.mode_colour(mode), alpha=0.35, lw=0)
        ax.plot(hours, 100 * self._told["soc"], color=style.FAINT_INK, lw=0.8)
        ax.plot(hours[: row + 1], 100 * self._told["soc"][: row + 1], color=style.INK, lw=2.0)
        ax.axvline(hours[row], color=style.INK, lw=1.0)
        ax.set_xlim(hours[0], max(hours[-1], hours[0] + 1e-3))
        ax.set_ylim(0, 100)
        ax.set_xlabel("hours since the start", fontsize=style.SMALL_PT, labelpad=1)
        ax.set_ylabel("charge, %", fontsize=style.SMALL_PT, labelpad=1)
        ax.tick_params(labelsize=style.SMALL_PT)

    def _draw_words(self, figure: Figure, row: int) -> None:
        told, log = self._told, self._log
        mode = str(np.array(log.modes)[told["mode"][row]])
        figure.text(0.025, 0.955, str(log.summary["scenario"]), fontsize=12, fontweight="bold", va="center")
        off = float(np.linalg.norm(self._track[row] - self._belief[row]))
        sure = float(told["believed_sigma_m"][row])
        place = (
            f"{off:.2f} m off where it believes to be, sigma {sure:.2f} m" if sure > 0 else "told its place"
        )
        figure.text(
            0.025, 0.905,
            f"{told['time_s'][row] / 3600:.2f} h, {told['distance_m'][row]:.1f} m driven, {place}",
            fontsize=9.5, va="center", color=style.FAINT_INK,
        )  # fmt: skip
        figure.text(
            0.975, 0.955, style.mode_words(mode), fontsize=12, fontweight="bold", va="center", ha="right",
            color=style.INK, bbox={"fc": style.mode_colour(mode), "alpha": 0.4, "lw": 0, "pad": 3},
        )  # fmt: skip
        recent = [e for e in log.events if told["time_s"][max(0, row - 2)] <= e.time_s <= told["time_s"][row]]
        if recent:
            words = recent[-1].text
            shown = words if len(words) <= 110 else words[:108] + " \u2026"
            figure.text(0.025, 0.125, shown, fontsize=9, va="center", color=style.INK)
        figure.legend(
            handles=_legend(boulders=bool(self._boulders)), loc="lower center", ncols=5, fontsize=8,
            bbox_to_anchor=(0.5, 0.0), columnspacing=1.4, handlelength=2.2,
        )  # fmt: skip


def _legend(*, boulders: bool) -> list[Line2D | Patch]:
    def line(colour: str, words: str, **look: object) -> Line2D:
        return Line2D([], [], color=colour, label=words, **{"lw": 2.0, **look})  # type: ignore[arg-type]

    rock = {"marker": "o", "ms": 8, "mec": style.INK, "lw": 0}
    return [
        line(style.INK, "driven"),
        line(style.ORANGE, "believed, 3 sigma", lw=1.4, ls=(0, (2, 1.5))),
        line(style.PURPLE, "way ahead", lw=1.6, ls=(0, (4, 2))),
        line(style.BLUE, "arc chosen", lw=3.0),
        line(style.SKY, "arc that passed", marker="o", ms=4, lw=1.4),
        line(style.VERMILLION, "arc refused", marker="s", ms=4, lw=0.8),
        line(style.VERMILLION, "found impassable", marker="x", ms=5, lw=0),
        line(style.YELLOW, "goal", marker="*", ms=11, mec=style.INK, lw=0),
        *([line(style.FAINT_INK, "boulder, in no map", **rock)] if boulders else []),
    ]
