"""The picture of a failure: the question's ground and what was answered, as a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from rover.core.errors import FarsideError
from rover.planning.problem import Plan
from sim.testing.case import Broken
from sim.testing.replay import Chosen

PICTURES = Path(tempfile.gettempdir()) / f"farside-failures-{os.getuid()}"
"""Where pictures go unless another folder is named."""


def draw_broken(broken: Broken, triple: Chosen, planner: str, replay: str, folder: Path | str) -> Path | None:
    """Draw a failure and return the file, or None where it cannot be written: what failed is to be told all the same.

    Args:
        broken: What is wrong.
        triple: The check, seed and kind.
        planner: Its name.
        replay: The command that shows the failure again.
        folder: For the file, whose name tells planner, check, seed and kind; made if it is not there.
    """
    from sim.view.failure import draw_failure
    from sim.view.save import save_figure

    problem = broken.problem
    stem = "-".join([planner, triple.check, str(triple.seed), triple.kind])
    path = Path(folder) / ("".join(c if c.isalnum() or c in "-_" else "_" for c in stem) + ".png")
    figure = draw_failure(
        problem.costmap.cost_s_per_m,
        problem.costmap.geometry,
        problem.start_m,
        problem.goal_m,
        broken.answer.waypoints_m if isinstance(broken.answer, Plan) else np.empty((0, 2)),
        title=f"{planner} fails {triple.check}: seed {triple.seed}, {triple.kind}",
        lines=(broken.what,),
        foot=replay,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_figure(figure, path)
    except (OSError, FarsideError):
        return None
    return path
