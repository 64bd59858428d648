"""Start and goal of a problem: their cells, and the way between cells joined to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.errors import PlaceError
from rover.core.grid import GridGeometry
from rover.planning.problem import PlanningProblem


def cell_of(name: str, point_m: tuple[float, float], geometry: GridGeometry) -> tuple[int, int]:
    """Return the cell that a point lies in.

    Args:
        name: Of the field that holds the point, for the message.
        point_m: East and north.
        geometry: Of the map.

    Raises:
        PlaceError: Outside the map.
    """
    cell = geometry.cell_at(*point_m)
    if cell is None:
        west, south, east, north = geometry.bounds_m
        raise PlaceError(
            "outside the terrain",
            remedy=f"it spans east {west:g} to {east:g} m, north {south:g} to {north:g} m",
            field=name,
            value=list(point_m),
        )
    return cell


def from_end_to_end(
    problem: PlanningProblem, cells: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return a way's cells and its waypoints, the exact start and goal in the place of their cells' centres.

    Args:
        problem: The question.
        cells: (n, 2) rows and columns; one cell becomes two unless start and goal are one place.

    Returns:
        (n, 2) int64 rows and columns, and (n, 2) float64 east and north.
    """
    if len(cells) == 1 and problem.start_m != problem.goal_m:
        cells = np.repeat(cells, 2, axis=0)
    waypoints = problem.costmap.geometry.centres_of(cells)
    waypoints[0], waypoints[-1] = problem.start_m, problem.goal_m
    return cells, waypoints


def through_centres(
    problem: PlanningProblem, cells: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Add the exact start and goal to the way between centres, unless they are there already."""
    if problem.start_m == problem.goal_m:
        return cells, np.array([problem.start_m])
    if len(cells) == 1:
        return np.repeat(cells, 2, axis=0), np.array([problem.start_m, problem.goal_m])
    waypoints = problem.costmap.geometry.centres_of(cells)
    if tuple(waypoints[0]) != problem.start_m:
        cells, waypoints = np.vstack([cells[:1], cells]), np.vstack([problem.start_m, waypoints])
    if tuple(waypoints[-1]) != problem.goal_m:
        cells, waypoints = np.vstack([cells, cells[-1:]]), np.vstack([waypoints, problem.goal_m])
    return cells, waypoints
