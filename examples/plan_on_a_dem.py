"""Plan a path over a DEM, stage by stage, and draw it.

The DEM is seeded here, so that the script runs anywhere; `read_dem("yours.tif")` takes its place for a GeoTIFF, npz or
ESRI ASCII grid in metres. Each stage is one call that returns one record: slope and roughness, hazard flags, a cost in
seconds per metre, and last a `Plan`, or a `NoPlan` that says why there is none and what would open a way. The figure
shows the ground, the cells that the rover must not enter, the path, and the slope along it.

    python examples/plan_on_a_dem.py [FIGURE.png]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from rover.hazard.costmap import build_costmap
from rover.hazard.detect import detect_hazards
from rover.io.vehicle import read_vehicle
from rover.planning.astar import AStarPlanner
from rover.planning.problem import NoPlan, PlanningProblem
from rover.terrain.derive import derive_terrain
from sim.run.scenario import load_scenario
from sim.run.scenario_ground import orbital_dem
from sim.view.maps import draw_plan
from sim.view.save import save_figure

START_M, GOAL_M = (-250.0, -60.0), (220.0, 130.0)


def main(figure: Path) -> None:
    dem = orbital_dem(load_scenario("short-hop", seed=11))  # or: read_dem("yours.tif")
    vehicle = read_vehicle("yutu-2").params

    terrain = derive_terrain(dem)
    hazards = detect_hazards(terrain, vehicle)
    costmap = build_costmap(hazards, terrain, vehicle)
    problem = PlanningProblem(
        costmap=costmap, hazards=hazards, terrain=terrain, vehicle=vehicle, start_m=START_M, goal_m=GOAL_M
    )
    plan = AStarPlanner().plan(problem)

    if isinstance(plan, NoPlan):
        sys.exit(str(plan))
    print(f"{plan.length_m:.0f} m, {plan.cost_s / 60:.0f} min of driving, {len(plan.cells)} waypoints")
    drawn = draw_plan(
        dem,
        hazards.flags,
        plan.waypoints_m,
        START_M,
        GOAL_M,
        title="A path over seeded ground",
        slope_limit_deg=math.degrees(vehicle.tilt_limit_rad),
    )
    save_figure(drawn, figure)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "plan_on_a_dem.png"))
