"""A vehicle from its side, and what it can do: slip and energy by slope, sinkage by slip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from rover.core.chassis import ChassisParams
from rover.core.vehicle import VehicleParams
from sim.view import style

Array = npt.NDArray[np.float64]

_PAGE_IN = (9.6, 7.2)
_LOOKS = ((style.VERMILLION, "-"), (style.BLUE, "--"), (style.GREEN, "-."))
"""Of the soils, in their order: told apart by colour and by dashes."""

_OBSERVED_SLIP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoilCurve:
    """What is drawn of one soil.

    Attributes:
        name: For the legend.
        slope_deg: (n,) negative downhill.
        slip, motors_j_per_m: (n,) NaN where the rover does not get up.
        steepest_deg: Slope climbed.
        most_deg: Steepest that was tried.
        wheel_slip, wheel_sinkage_m: (k,) of one wheel on level ground.
    """

    name: str
    slope_deg: Array
    slip: Array
    motors_j_per_m: Array
    steepest_deg: float
    most_deg: float
    wheel_slip: Array
    wheel_sinkage_m: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VehicleSheet:
    """What is drawn of a vehicle.

    Attributes:
        name, site: For the head.
        vehicle, chassis: Its figures.
        curves: By soil, the softest first.
        wheel_load_n: On one wheel on level ground.
    """

    name: str
    site: str
    vehicle: VehicleParams
    chassis: ChassisParams
    curves: tuple[SoilCurve, ...]
    wheel_load_n: float


def draw_vehicle(sheet: VehicleSheet) -> Figure:
    """Return the picture."""
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        (side, sinkage), (slip, energy) = figure.subplots(2, 2)
        figure.subplots_adjust(left=0.075, right=0.985, top=0.885, bottom=0.075, hspace=0.3, wspace=0.2)
        figure.text(0.012, 0.96, sheet.name, fontsize=style.TITLE_PT, fontweight="bold")
        words = f"on the soils of {sheet.site}; forces by terramechanics of rigid lugged wheels"
        figure.text(0.012, 0.93, words, fontsize=style.SMALL_PT, color=style.FAINT_INK)
        _draw_side(side, sheet)
        _draw_sinkage(sinkage, sheet)
        _draw_slip(slip, sheet)
        _draw_energy(energy, sheet)
        return figure


def _draw_side(ax: Axes, sheet: VehicleSheet) -> None:
    """The left side to scale, facing right, the bogie behind."""
    v, chassis = sheet.vehicle, sheet.chassis
    front = v.wheelbase_m / 2
    axles = (front, front - v.middle_axle_back_m, -front)
    pivot = front - v.rocker_pivot_back_m, v.rocker_pivot_up_m
    bogie = front - v.bogie_pivot_back_m, v.bogie_pivot_up_m
    r = v.wheel_radius_m
    ax.axhline(0.0, color=style.FAINT_INK, lw=0.8)
    height = max(0.3 * v.length_m, 2 * (chassis.mass_centre_up_m - v.belly_clearance_m))
    ax.add_patch(
        Rectangle(
            (-v.length_m / 2, v.belly_clearance_m),
            v.length_m,
            height,
            fc="#EDEEF0",
            ec=style.FAINT_INK,
            lw=0.8,
        )
    )
    for x in axles:
        ax.add_patch(Circle((x, r), r + chassis.lug_height_m, fc="none", ec=style.INK, lw=0.8, ls=":"))
        ax.add_patch(Circle((x, r), r, fc="#D5D7DB", ec=style.INK, lw=1.0))
    ax.plot([axles[0], *(p[0] for p in (pivot, bogie))], [r, pivot[1], bogie[1]], color=style.BLUE, lw=2.2)
    ax.plot([axles[1], bogie[0], axles[2]], [r, bogie[1], r], color=style.ORANGE, lw=2.2)
    for at in (pivot, bogie):
        ax.plot(*at, "o", ms=5, mfc=style.PAPER, mec=style.INK)
    mass = chassis.mass_centre_forward_m, chassis.mass_centre_up_m
    notes = (
        ("rocker", pivot, 0.3, style.BLUE),
        ("bogie", bogie, -0.32, style.ORANGE),
        ("centre of mass", mass, 0.02, style.INK),
    )
    ax.plot(*mass, "P", ms=8, mfc=style.BLACK, mec=style.PAPER)
    top = v.belly_clearance_m + height
    for word, at, beside, colour in notes:
        ax.annotate(
            word,
            at,
            xytext=(beside * v.length_m, top * 1.12),
            ha="center",
            fontsize=style.SMALL_PT,
            color=style.INK,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.8, "shrinkB": 4},
        )
    ax.set_aspect("equal")
    ax.set_xlim(-0.62 * v.length_m, 0.62 * v.length_m)
    ax.set_ylim(-0.06 * v.length_m, top * 1.3)
    ax.set_xlabel("forward of the body's centre (m)")
    ax.set_ylabel("above level ground (m)")
    ax.set_title(
        f"{v.mass_kg:g} kg, wheels of {2 * r:g} x {v.wheel_width_m:g} m, track {v.track_m:g} m",
        fontsize=style.TEXT_PT,
        loc="left",
    )


def _draw_sinkage(ax: Axes, sheet: VehicleSheet) -> None:
    for curve, (colour, dashes) in zip(sheet.curves, _LOOKS, strict=True):
        ax.plot(
            curve.wheel_slip, 1000 * curve.wheel_sinkage_m, color=colour, ls=dashes, lw=1.8, label=curve.name
        )
    ax.set_xlim(0, 1)
    ax.set_ylim(0, None)
    ax.set_xlabel("slip ratio of a wheel")
    ax.set_ylabel("sinkage (mm)")
    ax.set_title(f"a wheel under {sheet.wheel_load_n:.1f} N", fontsize=style.TEXT_PT, loc="left")
    ax.legend(title="soil", loc="upper left")


def _draw_slip(ax: Axes, sheet: VehicleSheet) -> None:
    ax.axhspan(-_OBSERVED_SLIP, _OBSERVED_SLIP, color=style.NO_DATA, alpha=0.4, lw=0)
    ax.axhline(0.0, color=style.FAINT_INK, lw=0.6)
    for curve, (colour, dashes) in zip(sheet.curves, _LOOKS, strict=True):
        most = "over " if curve.steepest_deg >= curve.most_deg else ""
        told = f"{curve.name}: climbs {most}{curve.steepest_deg:.0f}\N{DEGREE SIGN}"
        ax.plot(curve.slope_deg, curve.slip, color=colour, ls=dashes, lw=1.8, label=told)
    _mark_limit(ax, sheet)
    ax.set_ylim(-0.25, 1.0)
    ax.set_xlabel("slope, uphill positive (deg)")
    ax.set_ylabel("slip ratio, mean of the wheels")
    ax.set_title("slip (grey: within \N{PLUS-MINUS SIGN}0.1)", fontsize=style.TEXT_PT, loc="left")
    ax.legend(loc="upper left")
    _name_limit(ax, sheet.vehicle.slope_limit_deg - 0.5, "right")


def _draw_energy(ax: Axes, sheet: VehicleSheet) -> None:
    for curve, (colour, dashes) in zip(sheet.curves, _LOOKS, strict=True):
        ax.plot(curve.slope_deg, curve.motors_j_per_m, color=colour, ls=dashes, lw=1.8, label=curve.name)
    _mark_limit(ax, sheet)
    ax.set_ylim(0, None)
    ax.set_xlabel("slope, uphill positive (deg)")
    ax.set_ylabel("energy per metre (J/m)")
    beside = sheet.vehicle.drive_w / sheet.vehicle.speed_m_s
    _name_limit(ax, -sheet.vehicle.slope_limit_deg + 0.5, "left")
    told = f"motors; {sheet.vehicle.drive_w:g} W of avionics add {beside:,.0f} J/m on level ground"
    ax.set_title(told, fontsize=style.TEXT_PT, loc="left")


def _mark_limit(ax: Axes, sheet: VehicleSheet) -> None:
    limit = sheet.vehicle.slope_limit_deg
    for x in (-limit, limit):
        ax.axvline(x, color=style.FAINT_INK, lw=0.9, ls=(0, (1, 2)))
    ax.set_xlim(float(sheet.curves[0].slope_deg[0]), float(sheet.curves[0].slope_deg[-1]))


def _name_limit(ax: Axes, x: float, side: str) -> None:
    ax.text(
        x,
        0.97,
        "vehicle's limit",
        transform=ax.get_xaxis_transform(),
        rotation=90,
        ha=side,
        va="top",
        clip_on=True,
        fontsize=style.SMALL_PT,
        color=style.FAINT_INK,
    )
