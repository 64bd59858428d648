"""The panorama of a stop for commands: heights all round, as the mast's stereo pairs see them, with their variance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rover.core.boundary import Observation
from rover.core.grid import Dem
from rover.onboard.local_map import begin_local_map, fuse_look
from rover.onboard.perception import PerceptionParams, PerceptionState

PANORAMA_M = 10.0
"""So far round it heights are made of a panorama (assumption: the longest drive between stops of Yutu-2, 6 to 10 m)."""


def heights_round(state: PerceptionState, seen: Observation, params: PerceptionParams) -> Dem | None:
    """Return the heights of one look all round, on cells of their own and laid where the rover believes to be.

    Args:
        state: What is believed, at the place of the look.
        seen: What the pairs ranged; None comes of nothing.
        params: What is known on board.
    """
    if not seen.stereo:
        return None
    located, orbital = state.located, params.orbital
    local = fuse_look(
        begin_local_map(site=orbital.geometry.site, datum_m=orbital.datum_m, reach_m=PANORAMA_M),
        seen.stereo,
        place_m=located.estimate.place_m,
        rotation=located.estimate.rotation,
        motion=np.zeros((6, 6)),
        time_s=seen.time_s,
    )
    east, north, _ = located.place_m
    return local.dem(east, north, PANORAMA_M)


def sent_sectors(
    heights: Dem, here_m: tuple[float, float], ahead_rad: float, *, pairs: int, ring: int
) -> Dem:
    """Return the heights of as many pairs of a ring as are sent: those that look least aside of the way ahead.

    Args:
        heights: Of the whole ring.
        here_m: East and north of the rover.
        ahead_rad: Direction of the way, counter-clockwise from east.
        pairs: Sent.
        ring: Pairs all round.
    """
    if pairs >= ring:
        return heights
    g = heights.geometry
    north = g.north_m + np.arange(g.rows) * g.resolution_m - here_m[1]
    east = g.east_m + np.arange(g.cols) * g.resolution_m - here_m[0]
    aside = np.angle(np.exp(1j * (np.arctan2(north[:, None], east[None, :]) - ahead_rad)))
    unsent = np.abs(aside) > np.pi * pairs / ring
    height = heights.elevation_m.copy()
    height[unsent] = np.nan
    variance = None if heights.variance_m2 is None else np.where(unsent, np.nan, heights.variance_m2)
    return replace(heights, elevation_m=height, variance_m2=variance)
