"""The answer of `farside plan SCENARIO` as one JSON object."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from rover.limits.base import Margin
from rover.planning.delay_traverse import DelayedPlan
from rover.planning.problem import NoPlan
from rover.planning.tour import Tour
from sim.cli.timed_answer import StageFigures, TimedAnswer, TimedPlan, share_of
from sim.cli.timed_reach import reach_fields


def print_timed_json(answer: TimedAnswer) -> None:
    """Print all there is to say; what is not finite is null."""
    print(json.dumps(plain(timed_fields(answer)), indent=2, allow_nan=False))


def timed_fields(answer: TimedAnswer) -> dict[str, Any]:
    """Return the answer's fields, SI but for degrees."""
    setting, problem = answer.setting, answer.ready.problem
    told: dict[str, Any] = {
        "format": 1,
        "outcome": "no_plan" if isinstance(answer.result, NoPlan) else "planned",
        "scenario": setting.scenario.name,
        "criteria": [str(kind) for kind in answer.criteria],
        "start_m": problem.start_m,
        "goal_m": problem.goal_m,
        "depart_utc": setting.epoch.utc_at(problem.depart_s),
    }
    if answer.maps is not None:
        told["reach"] = reach_fields(setting, answer.maps)
    if isinstance(answer.result, NoPlan):
        return told | asdict(answer.result)
    told |= plan_fields(answer, answer.result)
    if answer.risked is not None:
        risked = answer.risked
        told["risk"] = {
            "bound": risked.bound,
            "chance": risked.risk.chance,
            "at_most": risked.risk.at_most,
            "unmargined_chance": risked.unmargined_risk.chance,
            "extra_length": risked.extra,
        }
    if answer.delayed is not None:
        told["delay"] = _delay_fields(answer.delayed)
    if answer.tour is not None:
        told["tour"] = _tour_fields(answer, answer.tour)
    told["margins"] = [asdict(margin) for margin in answer.result.timetable.margins]
    told["waypoints_m"] = answer.result.plan.waypoints_m
    told["front"] = [plan_fields(answer, member) for member in answer.front]
    told["front_missing"] = None
    if answer.missing is not None:
        told["front_missing"] = {
            str(kind): value for kind, value in zip(answer.criteria, answer.missing, strict=True)
        }
    told["late"] = None if answer.late is None else answer.late.problems[0].what
    told["crs_wkt"] = problem.terrain.geometry.site.crs_wkt
    return told


def _delay_fields(delayed: DelayedPlan) -> dict[str, Any]:
    return {
        "bound": delayed.bound,
        "caught": delayed.risk.caught,
        "held": delayed.risk.held,
        "as_planned": delayed.risk.as_planned,
        "in_hand_s": delayed.margin_s,
        "expected_s": delayed.expected_s,
    }


def _tour_fields(answer: TimedAnswer, tour: Tour) -> dict[str, Any]:
    utc_at = answer.setting.epoch.utc_at
    return {
        "value": tour.value,
        "bound": tour.bound,
        "exact": tour.exact,
        "searched": tour.searched,
        "left_out": [w.name for w in answer.waypoints if w.name not in tour.order],
        "visits": [
            {
                "name": visit.waypoint.name,
                "value": visit.waypoint.value,
                "place_m": visit.waypoint.place_m,
                "arrive_utc": utc_at(visit.arrive_s),
                "begin_utc": utc_at(visit.begin_s),
                "end_utc": utc_at(visit.end_s),
                "soc": visit.soc,
                "soc_after": visit.soc_after,
            }
            for visit in tour.visits
        ],
    }


def plan_fields(answer: TimedAnswer, told: TimedPlan) -> dict[str, Any]:
    """Return the fields of one traverse."""
    return {
        "planner": told.plan.planner,
        "bound": None if told.bound is None else {str(answer.criteria[0]): told.bound},
        "gap": None if told.gap is None else {str(answer.criteria[0]): told.gap},
        "values": {str(kind): value for kind, value in zip(answer.criteria, told.values, strict=True)},
        "expanded": told.plan.expanded,
        "total": None if told.whole is None else stage_fields(answer, told.whole),
        "stages": [stage_fields(answer, stage) for stage in told.stages],
    }


def stage_fields(answer: TimedAnswer, stage: StageFigures) -> dict[str, Any]:
    """Return the fields of one stage."""
    utc_at = answer.setting.epoch.utc_at
    return {
        "mode": "all" if stage.mode is None else stage.mode.value,
        "start_utc": utc_at(stage.start_s),
        "end_utc": utc_at(stage.end_s),
        "start_s": stage.start_s,
        "end_s": stage.end_s,
        "length_m": stage.length_m,
        "harvest_wh": stage.harvest_j / 3600.0,
        "load_wh": stage.load_j / 3600.0,
        "soc": stage.soc,
        "least_soc": stage.least_soc,
        "steepest_deg": math.degrees(stage.steepest_rad),
        "roll_deg": math.degrees(stage.roll_rad),
        "lit": stage.lit,
        "link_deg": math.degrees(stage.relay_rad),
        "tightest": None if stage.tightest is None else _margin_fields(stage.tightest),
    }


def _margin_fields(margin: Margin) -> dict[str, Any]:
    return {"limit": margin.limit, "slack": margin.slack, "share": share_of(margin)}


def plain(value: Any) -> Any:
    """Return the same in JSON's own types; what is not finite is null."""
    if isinstance(value, Mapping):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
