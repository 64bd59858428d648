"""Drive boulder fields by the local planner alone: its driver, what it senses, and the true ground under its wheels.

    python benchmarks/bench_fields_alone.py [--cfa 10 15 20] [--slope 0 10] [--seeds 5] [--first-seed 1] [--out FOLDER]
        [--commands 250]

Fields, ends and seeds are those of `bench_hazard_fields.py`. There is no Sun, battery, soil or executive: the rover
goes where it is told, 4 mm astray per metre driven (one standard deviation, each way), and backs out as the executive
has it do. Every 0.1 m it is settled exactly on the true ground, 8 mm sunk in, and held to its limits of tilt, step and
belly. A drive takes a quarter of the processor time of a whole run. `alone.csv` has a row per drive; drives that it
holds already are not driven again. The way planned is the straight one, as the orbital map is a plane.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from bench_hazard_fields import read_rows, wilson, write_csv
from hazard_fields import ends_on, scenario_of, write_field
from true_stance import SUNK_M

from rover.core.boundary import Command, Observation
from rover.core.chassis import ChassisParams
from rover.core.grid import Dem, GridGeometry
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import CostMap
from rover.hazard.detect import HazardMap
from rover.onboard import arc_driver
from rover.onboard.arc_driver import LocalState
from rover.onboard.mapping import BeliefState
from sim.moon.ground import Patch
from sim.physics.suspension import Rig, rig_of, settle
from sim.run.scenario_ground import orbital_dem, world_ground

ASTRAY_PER_M, FELT_M = 0.004, 0.1
ARRIVED_M, LOOK_M, BACK_M, HALF_M = 0.5, 1.0, 1.0, 60
ROW = (
    *(
        "cfa_percent",
        "slope_deg",
        "seed",
        "outcome",
        "success",
        "reason",
        "straight_m",
        "driven_m",
        "inefficiency",
    ),
    *(
        "left_m",
        "cycles",
        "backwards",
        "backed_out",
        "checks_mean",
        "overthink",
        "violations",
        "step_m",
        "choice_s",
    ),
)

Floats = npt.NDArray[np.float64]


class Field:
    """A field: its true ground, and the rover on it."""

    def __init__(self, folder: Path, cfa: float, slope: float, seed: int) -> None:
        dem, site = write_field(folder, cfa_percent=cfa, slope_deg=slope, seed=seed)
        self.start, self.goal = ends_on(dem, site, seed=seed)
        scenario = scenario_of(dem, site, seed=seed, start_m=self.start, goal_m=self.goal)
        orbital = orbital_dem(scenario)
        ground, whole = world_ground(scenario, orbital), scenario.read_vehicle()
        self.vehicle: VehicleParams = whole.params
        self.rig: Rig = rig_of(whole.params, whole.part("chassis", ChassisParams))
        self.patch: Patch = ground.patch(0.0, 0.0, HALF_M - 20.0)
        self.site, self._datum_m = orbital.geometry.site, ground.datum_m
        self._rng = np.random.default_rng(seed)
        self.driven_m, self.step_m, self.broken = 0.0, 0.0, set[str]()

    def belief(self) -> BeliefState:
        """Return the maps on board: a plain."""
        side = 2 * HALF_M
        geometry = GridGeometry(
            rows=side, cols=side, resolution_m=1.0, east_m=0.5 - HALF_M, north_m=0.5 - HALF_M, site=self.site
        )
        cost = np.full((side, side), 1.0 / self.vehicle.speed_m_s)
        return BeliefState(
            hazards=HazardMap(geometry=geometry, flags=np.zeros((side, side), np.uint8)),
            costmap=CostMap(geometry=geometry, cost_s_per_m=cost),
            steep=np.zeros((side, side), np.bool_),
        )

    def near(self, east_m: float, north_m: float, reach_m: float) -> Patch:
        """Return the true ground about a place, whole cells of it."""
        whole, side = self.patch, self.patch.resolution_m
        row, col = round((north_m - whole.north_m) / side), round((east_m - whole.east_m) / side)
        cells = math.ceil(reach_m / side) + 2
        south, west = max(0, row - cells), max(0, col - cells)
        return Patch(
            east_m=whole.east_m + west * side,
            north_m=whole.north_m + south * side,
            resolution_m=side,
            elevation_m=np.ascontiguousarray(
                whole.elevation_m[south : row + cells + 1, west : col + cells + 1]
            ),
        )

    def look(self, pose: Floats, time_s: float) -> Observation:
        """Return what is sensed from a pose: all heights within range, with noise."""
        east, north, yaw = pose.tolist()
        patch, reach = self.near(east, north, self.vehicle.sensing_range_m), self.vehicle.sensing_range_m
        height = patch.elevation_m + self._rng.normal(
            0.0, self.vehicle.height_noise_m, patch.elevation_m.shape
        )
        rows, cols = height.shape
        up = patch.north_m + np.arange(rows) * patch.resolution_m - north
        along = patch.east_m + np.arange(cols) * patch.resolution_m - east
        height[np.hypot(up[:, None], along[None, :]) > reach] = np.nan
        geometry = GridGeometry(
            rows=rows,
            cols=cols,
            resolution_m=patch.resolution_m,
            east_m=patch.east_m,
            north_m=patch.north_m,
            site=self.site,
        )
        heights = Dem(
            geometry=geometry, elevation_m=height.astype(np.float32), datum_m=self._datum_m, source="a look"
        )
        return Observation(
            time_s=time_s, east_m=east, north_m=north, yaw_rad=yaw, pitch_rad=0.0, roll_rad=0.0, soc=0.9,
            array_w=50.0, stalled=False, heights=heights,
        )  # fmt: skip

    def drive(self, pose: Floats, command: Command) -> Floats:
        """Return the pose after a motion; note what it broke on the way."""
        length, bend = command.drive_m, command.curvature_per_m
        astray = self._rng.normal(0.0, ASTRAY_PER_M * abs(length), 2)
        begun, yaw = pose[:2], float(pose[2]) + command.turn_rad
        count = max(1, math.ceil(abs(length) / FELT_M))
        for share in np.arange(1, count + 1) / count:
            turn = bend * length * share
            chord = length * share * np.sinc(turn / (2 * math.pi))
            ahead = np.array([math.cos(yaw + turn / 2), math.sin(yaw + turn / 2)])
            pose = np.array([*(begun + chord * ahead + astray * share), yaw + turn])
            self._feel(pose, backwards=length < 0)
        self.driven_m += abs(length)
        return pose

    def _feel(self, pose: Floats, *, backwards: bool) -> None:
        east, north, yaw = pose.tolist()
        stance = settle(
            self, self.rig, east_m=east, north_m=north, yaw_rad=yaw, backwards=backwards, sinkage_m=SUNK_M
        )
        own = self.vehicle
        self.step_m = max(self.step_m, stance.step_m)
        kept = {
            "pitch": abs(stance.pitch_rad) <= own.slope_limit_rad,
            "roll": abs(stance.roll_rad) <= own.roll_limit_rad,
            "contact": stance.step_m <= own.step_limit_m,
            "belly": stance.belly_gap_m >= 0.0,
        }
        self.broken |= {rule for rule, held in kept.items() if not held}


def motions(field: Field, commands: int) -> Iterator[tuple[LocalState, float, bool, str]]:
    """Drive; yield after each motion what is remembered, how long it took to choose, whether it backs out, and why."""
    pose = np.array([*field.start, math.atan2(*(np.subtract(field.goal, field.start)[::-1]))])
    local, belief = LocalState(), field.belief()
    for number in range(commands):
        if math.dist(pose[:2], field.goal) < ARRIVED_M:
            yield local, math.nan, False, "arrived"
            return
        seen, begun, backs = field.look(pose, 100.0 * number), time.process_time(), False
        local, left = arc_driver.sense(local, seen, field.vehicle), None
        for _ in range(2):
            way = np.array([pose[:2], field.goal])
            local, left = arc_driver.next_motion(
                local, seen, belief, field.vehicle, way, keeps_to_path=False, most_m=LOOK_M
            )
            backed = None if left is not None else arc_driver.back_out(local, BACK_M)
            if backed is None:
                break
            belief, local, backs = arc_driver.with_lethal(belief, local.cost), backed, True
        if left is None:
            yield local, math.nan, backs, "no way back"
            return
        took_s = time.process_time() - begun
        pose = field.drive(pose, left)
        yield local, took_s, backs, f"{math.dist(pose[:2], field.goal):.1f} m are left"


def drive(folder: Path, cfa: float, slope: float, seed: int, commands: int) -> dict[str, Any]:
    """Drive one field; return its figures."""
    field = Field(folder, cfa, slope, seed)
    checks, took, backed, backwards, reason = list[int](), list[float](), 0, 0, ""
    for local, took_s, backs, why in motions(field, commands):
        reason = why
        backed += backs
        if math.isfinite(took_s) and local.choice is not None and not local.retrace:
            checks.append(local.choice.considered.checks)
            took.append(took_s)
            backwards += bool(local.driven) and local.driven[-1].motion.first_m < 0
    straight, arrived = math.dist(field.start, field.goal), reason == "arrived"
    success = arrived and not field.broken
    return {
        "cfa_percent": cfa,
        "slope_deg": slope,
        "seed": seed,
        "outcome": "arrived" if arrived else "stopped",
        "success": int(success),
        "reason": reason,
        "straight_m": round(straight, 2),
        "driven_m": round(field.driven_m, 2),
        "inefficiency": round(field.driven_m / straight, 3) if success else "",
        "left_m": reason.split()[0] if reason.endswith("left") else "",
        "cycles": len(checks),
        "backwards": backwards,
        "backed_out": backed,
        "checks_mean": round(float(np.mean(checks)), 2),
        "overthink": sum(count > 275 for count in checks),
        "violations": " ".join(sorted(field.broken)),
        "step_m": round(field.step_m, 3),
        "choice_s": round(float(np.mean(took)), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cfa", type=float, nargs="+", default=[10, 15, 20])
    parser.add_argument("--slope", type=float, nargs="+", default=[0, 10])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--commands", type=int, default=250)
    parser.add_argument("--out", type=Path, default=Path("hazard-fields"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    done = read_rows(options.out / "alone.csv")
    with tempfile.TemporaryDirectory() as held:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for slope in options.slope:
                for cfa in options.cfa:
                    if (cfa, slope, seed) in done:
                        continue
                    row = drive(Path(held), cfa, slope, seed, options.commands)
                    done[cfa, slope, seed] = row
                    print(*(row[name] for name in ROW), flush=True)
                    write_csv(options.out / "alone.csv", ROW, [done[key] for key in sorted(done)])
    for cfa, slope in sorted({key[:2] for key in done}):
        rows = [row for key, row in done.items() if key[:2] == (cfa, slope)]
        count, ways = (
            sum(row["success"] for row in rows),
            [row["inefficiency"] for row in rows if row["success"]],
        )
        low, high = wilson(count, len(rows))
        mean = f"{np.mean(ways):.2f}" if ways else "-"
        print(
            f"{cfa:g} %, {slope:g} deg: {count} of {len(rows)} ({low:.2f} to {high:.2f}), inefficiency {mean}"
        )


if __name__ == "__main__":
    main()
