"""Searches that `bench_search.py` times, ours and peers', each by its own rule of costs on the same cells.

A solver makes itself ready with a map, once, and then answers queries. Its rule prices any path, its own or another's.
To time another, write its class here and enter it in `SOLVERS`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Path = npt.NDArray[np.integer]
Cell = tuple[int, int]


def steps_of(path: Path) -> npt.NDArray[np.float64]:
    """Return (n - 1,) lengths of a path's moves."""
    return np.hypot(*np.diff(path, axis=0).T)


class Solver(ABC):
    """A search on a map: rule `mean` prices a move by its length times the mean of its two cells."""

    rule: ClassVar[str] = "length x mean of two cells"
    cuts_corners: ClassVar[bool] = True
    at_home: ClassVar[bool] = False
    """Whether it runs in the project's own interpreter whatever the peers' is."""
    most_cells: ClassVar[int | None] = None
    """Of a map that it can be asked of; None for any."""
    stated: float | None = None
    """What the last way costs as the solver says, by its own rule, if it says."""

    @abstractmethod
    def __init__(self, cost: Array) -> None:
        """Make ready with (rows, cols) costs from 1 up, float64, +inf where lethal."""

    @abstractmethod
    def path(self, start: Cell, goal: Cell) -> Path | None:
        """Return (n, 2) cells of a way, or None."""

    def field(self, start: Cell) -> Array:
        """Return (rows, cols) costs of the ways from a cell to every other."""
        raise NotImplementedError

    def price(self, cost: Array, path: Path) -> float:
        """Return what a path costs by this solver's rule."""
        price = cost[path[:, 0], path[:, 1]]
        return math.fsum(steps_of(path) * (price[1:] + price[:-1]) / 2)


class Farside(Solver):
    """`rover.planning.astar.search_grid` and `rover.planning.field.cost_field`."""

    cuts_corners = False
    at_home = True

    def __init__(self, cost: Array) -> None:
        from rover.planning.astar import search_grid
        from rover.planning.field import cost_field

        self._cost, self._search, self._field = cost, search_grid, cost_field
        self.expanded = 0

    def path(self, start: Cell, goal: Cell) -> Path | None:
        route = self._search(self._cost, start, goal, resolution_m=1.0)
        self.expanded, self.stated = route.expanded, getattr(route, "cost_s", None)
        return getattr(route, "cells", None)

    def field(self, start: Cell) -> Array:
        return self._field(self._cost, start, resolution_m=1.0)


class Prepared(Solver):
    """`rover.planning.prepared.PreparedMap`, whose preparing is the column `prepare`."""

    cuts_corners = False
    at_home = True

    def __init__(self, cost: Array) -> None:
        from rover.planning.prepared import PreparedMap

        self._map = PreparedMap(cost, resolution_m=1.0)
        self.expanded = 0

    def path(self, start: Cell, goal: Cell) -> Path | None:
        route = self._map.search(start, goal)
        self.expanded, self.stated = route.expanded, getattr(route, "cost_s", None)
        return getattr(route, "cells", None)


class Scipy(Solver):
    """`scipy.sparse.csgraph.dijkstra` over a graph made beforehand."""

    cuts_corners = False
    at_home = True
    most_cells = 1 << 21

    def __init__(self, cost: Array) -> None:
        from scipy.sparse.csgraph import dijkstra

        from sim.testing.graphs import grid_graph

        graph = grid_graph(cost, 1.0)
        self._graph, self._shape, self._dijkstra = (graph + graph.T).tocsr(), cost.shape, dijkstra

    def path(self, start: Cell, goal: Cell) -> Path | None:
        source, target = (int(np.ravel_multi_index(cell, self._shape)) for cell in (start, goal))
        _, before = self._dijkstra(self._graph, indices=np.array(source), return_predecessors=True)
        way = [target]
        while way[-1] != source:
            way.append(int(before[way[-1]]))
            if way[-1] < 0:
                return None
        return np.stack(np.unravel_index(way[::-1], self._shape), axis=1)

    def field(self, start: Cell) -> Array:
        source = int(np.ravel_multi_index(start, self._shape))
        return self._dijkstra(self._graph, indices=np.array(source)).reshape(self._shape)


class Semita(Solver):
    """`semita`, which has the same rule as ours."""

    cuts_corners = False

    def __init__(self, cost: Array) -> None:
        import semita

        self._cost, self._semita = cost, semita

    def path(self, start: Cell, goal: Cell) -> Path | None:
        path = self._semita.cheapest_path(self._cost, start, goal)
        return None if path is None else path.tiles

    def field(self, start: Cell) -> Array:
        return self._semita.cheapest_paths_from(self._cost, start).costs


class PyAstar(Solver):
    """`pyastar2d`: a move, diagonal or not, costs what its target cell does."""

    rule = "target cell"

    def __init__(self, cost: Array) -> None:
        import pyastar2d

        self._cost, self._search = cost.astype(np.float32), pyastar2d.astar_path

    def path(self, start: Cell, goal: Cell) -> Path | None:
        return self._search(self._cost, start, goal, allow_diagonal=True)

    def price(self, cost: Array, path: Path) -> float:
        return math.fsum(cost[path[1:, 0], path[1:, 1]])


class Dijkstra3d(Solver):
    """`dijkstra3d` with its A*: as `pyastar2d`."""

    rule = "target cell"
    how: ClassVar[dict[str, bool]] = {"compass": True}

    def __init__(self, cost: Array) -> None:
        import dijkstra3d

        self._cost, self._module = np.asfortranarray(cost, np.float32), dijkstra3d

    def path(self, start: Cell, goal: Cell) -> Path | None:
        path = self._module.dijkstra(self._cost, start, goal, connectivity=8, **self.how)
        return np.asarray(path, np.int64) if len(path) else None

    def field(self, start: Cell) -> Array:
        return self._module.distance_field(self._cost, start, connectivity=8)

    def price(self, cost: Array, path: Path) -> float:
        return math.fsum(cost[path[1:, 0], path[1:, 1]])


class Dijkstra3dBothEnds(Dijkstra3d):
    """`dijkstra3d` from both ends at once."""

    how: ClassVar[dict[str, bool]] = {"bidirectional": True}


class Tcod(Solver):
    """`tcod.path.Pathfinder`: whole numbers; a move costs its target cell times 5, or 7 for a diagonal."""

    rule = "target cell, in hundredths, x 5 or 7"
    hundredths = 100

    def __init__(self, cost: Array) -> None:
        import tcod.path

        self._path = tcod.path
        self._cost = np.where(np.isfinite(cost), np.rint(cost * self.hundredths), 0).astype(np.int32)
        greed = int(self._cost[self._cost > 0].min())
        self._graph = tcod.path.SimpleGraph(cost=self._cost, cardinal=5, diagonal=7, greed=greed)

    def path(self, start: Cell, goal: Cell) -> Path | None:
        finder = self._path.Pathfinder(self._graph)
        finder.add_root(start)
        path = finder.path_to(goal)
        return path if len(path) > 1 else None

    def price(self, cost: Array, path: Path) -> float:
        moves = np.where(steps_of(path) > 1.0, 7.0, 5.0)
        return math.fsum(moves * np.rint(cost[path[1:, 0], path[1:, 1]] * self.hundredths))


class Skimage(Solver):
    """`skimage.graph.route_through_array`, geometric; its field is `MCP_Geometric.find_costs`."""

    def __init__(self, cost: Array) -> None:
        from skimage import graph

        self._cost, self._graph = cost, graph

    def path(self, start: Cell, goal: Cell) -> Path | None:
        path, _ = self._graph.route_through_array(
            self._cost, start, goal, fully_connected=True, geometric=True
        )
        return np.array(path)

    def field(self, start: Cell) -> Array:
        return self._graph.MCP_Geometric(self._cost, fully_connected=True).find_costs([start])[0]


class XarraySpatial(Solver):
    """`xrspatial.a_star_search`, with friction where costs differ."""

    def __init__(self, cost: Array) -> None:
        import xarray
        import xrspatial

        rows, cols = (np.arange(float(n)) for n in cost.shape)
        open_ = np.where(np.isfinite(cost), cost, np.nan)
        raster = xarray.DataArray(open_, coords={"y": rows, "x": cols}, dims=("y", "x"))
        uniform = len(np.unique(cost[np.isfinite(cost)][:10_000])) == 1 and np.nanmin(open_) == np.nanmax(
            open_
        )
        self._raster, self._search = raster, xrspatial.a_star_search
        self._more = {} if uniform else {"friction": raster}

    def path(self, start: Cell, goal: Cell) -> Path | None:
        image = self._search(self._raster, start, goal, **self._more).values
        cells = np.argwhere(np.isfinite(image))
        return cells[np.argsort(image[cells[:, 0], cells[:, 1]], kind="stable")] if len(cells) else None


OURS = "farside"
SOLVERS: dict[str, type[Solver]] = {
    OURS: Farside,
    "prepared": Prepared,
    "scipy": Scipy,
    "semita": Semita,
    "pyastar2d": PyAstar,
    "dijkstra3d": Dijkstra3d,
    "dijkstra3d-2": Dijkstra3dBothEnds,
    "tcod": Tcod,
    "skimage": Skimage,
    "xrspatial": XarraySpatial,
}
FIELDS = (OURS, "scipy", "semita", "dijkstra3d", "skimage")
"""Those that make a field of costs."""
