"""What the kernels of the traverse search read and write; here, that an edit makes them compile anew."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LABELS, OPENED, EXPANDED, GENERATED, GOAL_LABEL = range(5)
"""Counts: labels made; entries on the open list; labels expanded; offered; the label that was found."""

SECONDS, NEEDS = 0, 3
"""Columns of what lies ahead: seconds; the first of the windows' joules."""

LISTS = 8
"""Lists of labels that a cell has: bins take turns with them."""

COUNTS = 5
OUT = 7
REFUSALS = 7
"""Reasons of `stay_kernels`; of each how often, and of the one nearest to the goal: seconds to go, cell, time."""


class Ground(NamedTuple):
    """What a traverse is planned over; cells are numbered row by row.

    Attributes:
        goal, cols: The goal's number, -1 for none; columns of the map.
        legs_s, legs_j: (n, 8) float32 seconds and joules of each move, inf where it is not allowed.
        grades: (n, 2) float32 grade east and north.
        lit: (n, columns) uint8 light by cell and bin, of 255.
        closed: (n, columns) uint8, 1 where not to drive or command in a bin; or (1, 1) for nowhere.
        haven: (n,) uint8, 1 where a night may be spent.
        clear: (n,) float32 clearance, m.
        ahead: (n, 3 + windows) float64 least seconds to the goal, least of either criterion, and least joules beyond
            those of standing awake on the best ground, for arrivals within each window.
        windows: (windows,) when each window ends, s; each begins with the one before it.
        short: (n, windows) float32 by how many watts the array falls short of that on the best ground.
        bins: (k + 1, 12) float64 as `label_kernels` names the columns; the last row has the end.
        rules: (56,) float64 likewise.
    """

    goal: int
    cols: int
    legs_s: np.ndarray
    legs_j: np.ndarray
    grades: np.ndarray
    lit: np.ndarray
    closed: np.ndarray
    haven: np.ndarray
    clear: np.ndarray
    ahead: np.ndarray
    windows: np.ndarray
    short: np.ndarray
    bins: np.ndarray
    rules: np.ndarray


class Search(NamedTuple):
    """Labels, lists, the open list and counts of a search.

    Attributes:
        reals, whole: (m, REALS) float64 and (m, 6) int32 numbers of labels.
        heads: (n, 8) int32 first label of each of a cell's lists, -1 for none.
        keys, items: The open list.
        counts: (5,) int64.
        best: (1,) least second criterion of a goal found.
        refused: (7, 4) refusals.
        out: (7,) room to work.
        array_w, array_bin: (n, 8) output of the array at its best heading, W, in the bin that took that turn last.
        rungs_s_per_j: (windows, k) one over the rates of the ladder, as `ladder_kernels`; (0, 0) without one.
        climb_s: (n, windows k) float32 climbs.
        climb_until_s: (windows,) when each window ends, s; all begin with the departure.
    """

    reals: np.ndarray
    whole: np.ndarray
    heads: np.ndarray
    keys: np.ndarray
    items: np.ndarray
    counts: np.ndarray
    best: np.ndarray
    refused: np.ndarray
    out: np.ndarray
    array_w: np.ndarray
    array_bin: np.ndarray
    rungs_s_per_j: np.ndarray
    climb_s: np.ndarray
    climb_until_s: np.ndarray
