"""What a plan file claims of its limits and bins, held against its own scenario: an edited file gets no more room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rover.core.errors import PlanFileError
from rover.hazard.costmap import footprint_reach_cells
from rover.io.plan_file import PlanFile
from rover.planning.check_cycle import least_cycle_s
from rover.planning.check_day import EDGE_S, day_of
from sim.run.setting import Setting

_REL = 1e-9
_HOUR_S = 3600.0
_REMEDY = "plan again rather than edit the file"

ASKED_BESIDE = frozenset({"delay_margin_s"})
"""Limits of a plan that its scenario says nothing of."""


def require_no_looser(plan: PlanFile, setting: Setting, path: Path) -> None:
    """Refuse a plan whose file claims more room than its scenario and vehicle give, or bins that are not its own.

    Raises:
        PlanFileError: It does.
    """
    most, least = most_of(setting), least_of(setting)
    for name in type(plan.limits).model_fields:
        if name in ASKED_BESIDE:
            continue
        highest = name in most
        bound, stated = (most if highest else least)[name], getattr(plan.limits, name)
        unbounded = math.inf if highest else -math.inf
        value = unbounded if stated is None else float(stated)
        looser = value > bound if highest else value < bound
        if looser and not math.isclose(value, bound, rel_tol=_REL):
            raise PlanFileError(
                f"looser than its scenario's {bound:g}",
                remedy=_REMEDY,
                file=path,
                field=f"limits.{name}",
                value="null" if stated is None else stated,
            )
    _require_relay(plan, setting, path)
    _require_bins(plan, setting, path)


def most_of(setting: Setting) -> dict[str, float]:
    """Return the greatest values that limits of a plan may have, inf where there is no such limit."""
    vehicle, limits = setting.vehicle, setting.scenario.limits
    shadow_h = limits.longest_shadow_h
    return {
        "slope_deg": vehicle.slope_limit_deg,
        "roll_deg": vehicle.roll_limit_deg,
        "longest_shadow_s": math.inf if shadow_h is None else shadow_h * _HOUR_S,
        "haven_tilt_deg": limits.haven_tilt_deg,
        "deadline_s": setting.deadline_s,
        "stop_every_m": setting.scenario.operations.stop_every_m,
    }


def least_of(setting: Setting) -> dict[str, float]:
    """Return the least values that limits of a plan may have, -inf where there is no such limit."""
    scenario, geometry = setting.scenario, setting.dem.geometry
    limits = scenario.limits
    return {
        "reach_m": footprint_reach_cells(geometry, setting.vehicle) * geometry.resolution_m,
        "reserve_soc": scenario.power.reserve_soc,
        "least_lit": limits.least_lit,
        "dusk_margin_s": limits.dusk_margin_h * _HOUR_S,
        "link_margin_deg": limits.link_margin_deg if limits.link else -math.inf,
        "command_cycle_s": least_cycle_s(scenario.operations.model_dump()),
    }


def _require_relay(plan: PlanFile, setting: Setting, path: Path) -> None:
    if plan.limits.link_margin_deg is not None and setting.almanac.relay is None:
        raise PlanFileError(
            "a margin of the link, and the scenario has no relay",
            remedy="plan again with a scenario that has one",
            file=path,
            field="limits.link_margin_deg",
            value=plan.limits.link_margin_deg,
        )


def _require_bins(plan: PlanFile, setting: Setting, path: Path) -> None:
    """Refuse bins longer than the scenario's, and edges that are not those of its zones, passes and time in hand."""
    longest_s = setting.scenario.limits.light_step_h * _HOUR_S
    if plan.bin_s > longest_s * (1.0 + _REL):
        raise PlanFileError(
            f"longer than its scenario's {longest_s:g}",
            remedy=_REMEDY,
            file=path,
            field="bin_s",
            value=plan.bin_s,
        )
    wanted = _edges_s(plan, setting)
    for field_s, others, what in (
        (plan.edges_s, wanted, "no edge of its scenario's zones, passes or time in hand"),
        (wanted, plan.edges_s, "missing: its scenario's zones, passes or time in hand have an edge then"),
    ):
        strange = _apart(field_s, others, (plan.depart_s, plan.limits.deadline_s))
        if strange is not None:
            raise PlanFileError(what, remedy=_REMEDY, file=path, field="edges_s", value=strange)


def _edges_s(plan: PlanFile, setting: Setting) -> list[float]:
    """Return the times that must be edges of a plan's bins besides the Sun's."""
    relay = setting.almanac.relay
    edges = [edge for held in setting.zone_times for edge in held if math.isfinite(edge)]
    edges += [] if relay is None else relay.seen_s.ravel().tolist()
    in_hand_s = plan.limits.delay_margin_s
    first, last = max(plan.depart_s, float(setting.almanac.time_s[0])), plan.limits.deadline_s
    if in_hand_s is None or not first < last:
        return edges
    day = day_of(
        setting.almanac,
        setting.control.forecaster.window.params,
        from_s=first,
        until_s=last,
        bin_s=plan.bin_s,
    )
    dusks = np.unique(day.dusk_after(day.edge_s[:-1]))
    return [*edges, *(dusks[np.isfinite(dusks)] - in_hand_s).tolist()]


def _apart(times: Sequence[float], others: Sequence[float], within: tuple[float, float]) -> float | None:
    """Return the first of some times, clear of both ends of a span, that none of the others is, or None."""
    for time_s in times:
        inside = within[0] + EDGE_S < time_s < within[1] - EDGE_S
        if inside and not any(abs(time_s - other) <= EDGE_S for other in others):
            return time_s
    return None
