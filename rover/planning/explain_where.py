"""How far a search of a traverse came before it was refused, in words."""

from __future__ import annotations

import math

import numpy as np

from rover.planning import label_kernels as named
from rover.planning.traverse_record_kernels import SECONDS
from rover.planning.traverse_search import Labels
from rover.planning.traverse_setup import Outlook

NO_FIGURE = "how little of it opens a way was not found in the time allowed"


def nearest_refusal(ready: Outlook, labels: Labels, reasons: tuple[int, ...]) -> str:
    """Return where and when the refusal nearest to the goal was, in words."""
    rows = [labels.search.refused[reason] for reason in reasons]
    nearest = min(rows, key=lambda row: float(row[1]))
    if not math.isfinite(nearest[1]):
        return reached_at(ready, labels)
    cell = divmod(int(nearest[2]), labels.ground.cols)
    east_m, north_m = ready.around.geometry.centre_of(*cell)
    utc = ready.forecaster.window.almanac.epoch.utc_at(float(nearest[3]))
    return (
        f"nearest to the goal at E {east_m:.1f}, N {north_m:.1f} on {utc}, "
        f"{nearest[1] / 3600:.2g} h of driving short of it"
    )


def reached_at(ready: Outlook, labels: Labels) -> str:
    """Return how near to the goal any label came."""
    made = int(labels.search.counts[0])
    if made == 0:
        return "the rover cannot even stay at the start until driving is open"
    cells = labels.search.whole[:made, named.CELL]
    nearest = int(cells[np.argmin(labels.ground.ahead[cells, SECONDS])])
    east_m, north_m = ready.around.geometry.centre_of(*divmod(nearest, labels.ground.cols))
    return f"the nearest place reached is E {east_m:.1f}, N {north_m:.1f}"
