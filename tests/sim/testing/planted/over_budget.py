"""Planners that take more time or memory than they may, or never answer."""

from __future__ import annotations

import mmap
import time
from typing import Any

import numpy as np

from rover.planning.problem import NoPlan, Plan, PlanningProblem
from tests.sim.testing.planted.sound import PlainAStar


class NeverAnswers(PlainAStar):
    """Where there is no way; and it catches whatever comes its way."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = super().plan(problem)
        while isinstance(answer, NoPlan):
            try:
                time.sleep(0.01)
            except BaseException:
                return answer
        return answer


class TakesItsTime(PlainAStar):
    def search(self, *asked: Any) -> Any:
        time.sleep(0.3)
        return super().search(*asked)


class TakesMemory(PlainAStar):
    def search(self, *asked: Any) -> Any:
        self.room = np.ones((32, 1 << 17))
        return super().search(*asked)


class TakesMemoryOfItsOwn(PlainAStar):
    """Takes memory past Python and numpy, as a library in C does, and gives it back; each time as much."""

    def search(self, *asked: Any) -> Any:
        with mmap.mmap(-1, 32 << 20) as room:
            for page in range(0, len(room), mmap.PAGESIZE):
                room[page] = 1
        return super().search(*asked)
