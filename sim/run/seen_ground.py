"""Which ground the rover's senses have shown, from what they ranged and where it truly was, for the monitor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Observation
from rover.core.vehicle import VehicleParams
from sim.physics.suspension import wheel_places
from sim.run.world import WorldState
from sim.sensors.mount import BodyPose

Floats = npt.NDArray[np.float64]

CELL_M = 0.2
"""Side of the cells in which is kept what was seen: about a wheel's."""

_NEXT_TO = [(row, col) for row in (-1, 0, 1) for col in (-1, 0, 1)]

TILE = 64
"""Cells to a side of the rasters that they are kept in, wherever there is one that was seen."""

WORST_M = 0.25
"""What is ranged no better than that may lie anywhere."""


class SeenGround:
    """Cells that were ranged at some look, and those about the place where the rover was put down."""

    def __init__(self, vehicle: VehicleParams) -> None:
        self._wheels_m = wheel_places(vehicle)
        self._radius_m = vehicle.footprint_radius_m
        self._tiles: dict[tuple[int, int], npt.NDArray[np.bool_]] = {}

    def put_down(self, state: WorldState) -> None:
        """Take in where a run begins: nobody has looked under the rover, nor beside it, but there it stands."""
        count = int(self._radius_m / CELL_M) + 1
        steps = CELL_M * np.arange(-count, count + 1)
        round_it = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        within = round_it[np.hypot(*round_it.T) <= self._radius_m]
        self._add(within + np.array([state.east_m, state.north_m]))

    def looked(self, state: WorldState, seen: Observation) -> None:
        """Take in what a look from a true pose has ranged."""
        if seen.heights is not None:
            cells = np.argwhere(np.isfinite(seen.heights.elevation_m))
            self._add(seen.heights.geometry.centres_of(cells))
        stance = state.stance
        pose = BodyPose(
            east_m=state.east_m,
            north_m=state.north_m,
            up_m=stance.up_m,
            yaw_rad=state.yaw_rad,
            pitch_rad=stance.pitch_rad,
            roll_rad=stance.roll_rad,
        )
        for pair in seen.stereo:
            points = pair.points_m[pair.sigma_m < WORST_M].astype(np.float64)
            self._add((pose.place_m + points @ pose.axes)[:, :2])

    def unseen_wheels(self, state: WorldState) -> int:
        """Return how many wheels stand on ground that was neither seen nor stood on at the start.

        Next to a cell that was seen is seen: gaps as wide as a wheel are none. Where it has stood since is not added,
        or it would creep on from one such cell to the next.
        """
        cos, sin = np.cos(state.yaw_rad), np.sin(state.yaw_rad)
        places = self._wheels_m @ np.array([[cos, sin], [-sin, cos]]) + np.array(
            [state.east_m, state.north_m]
        )
        under = [(int(row), int(col)) for row, col in np.floor(places / CELL_M)]
        return sum(not any(self.has_seen(r + a, c + b) for a, b in _NEXT_TO) for r, c in under)

    def has_seen(self, row: int, col: int) -> bool:
        """Tell whether a cell was seen, or stood on at the start."""
        tile = self._tiles.get((row // TILE, col // TILE))
        return tile is not None and bool(tile[row % TILE, col % TILE])

    def _add(self, places_m: Floats) -> None:
        cells = np.floor(places_m / CELL_M).astype(np.int64)
        tiles = cells // TILE
        while len(cells):
            row, col = tiles[0].tolist()
            tile = self._tiles.setdefault((row, col), np.zeros((TILE, TILE), np.bool_))
            here = (tiles[:, 0] == row) & (tiles[:, 1] == col)
            tile[cells[here, 0] - row * TILE, cells[here, 1] - col * TILE] = True
            cells, tiles = cells[~here], tiles[~here]
