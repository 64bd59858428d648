"""The sequence that brings the rover to the ground: steps that take their time and wait for what they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from rover.core.vehicle import NotNegative, Positive
from sim.mission.figures import Name, Row

Floats = npt.NDArray[np.float64]
Need = Literal["link", "site"]


class StepRow(Row):
    """A step. It takes its hours, or the time to drive its metres; it begins when what it needs is there."""

    name: Name
    reason: Name = Field(description="what it is for")
    hours: NotNegative | None = None
    metres: Positive | None = Field(default=None, description="driven, instead of hours")
    m_s: Positive | None = Field(default=None, description="speed of that")
    needs: Annotated[tuple[Need, ...], Field(strict=False)] = Field(
        default=(), description="link: commands get through; site: a ramp will do"
    )
    command_bit: NotNegative = Field(default=0.0, description="sent up for it")
    pictures: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="of the terrain camera, sent down"
    )

    @model_validator(mode="after")
    def _lasts(self) -> StepRow:
        if (self.hours is None) == (self.metres is None) or (self.metres is None) != (self.m_s is None):
            raise ValueError(f"step {self.name} needs either hours or metres and m_s; give one of them")
        return self

    @property
    def lasts_s(self) -> float:
        """How long it takes."""
        if self.hours is not None:
            return 3600.0 * self.hours
        assert self.metres is not None and self.m_s is not None
        return self.metres / self.m_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step as it went.

    Attributes:
        row: What it is.
        start_s, end_s: Since the mission's epoch.
        waited_s: Before it, for what it needs.
    """

    row: StepRow
    start_s: float
    end_s: float
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsDone:
    """The sequence as far as it went.

    Attributes:
        steps: Those done, in order.
        stopped: Why it went no further, empty where it ended.
        stopped_s: When that was known.
    """

    steps: tuple[Step, ...]
    stopped: str
    stopped_s: float


def run_steps(rows: Sequence[StepRow], *, from_s: float, contacts_s: Floats, site: str) -> StepsDone:
    """Return when each step happens.

    Args:
        rows: The steps.
        from_s: When the first may begin: touchdown.
        contacts_s: (k, 2) begin and end of each stretch in which commands get through, in order.
        site: Why no ramp will do, empty where one will.
    """
    done: list[Step] = []
    now = from_s
    for row in rows:
        if "site" in row.needs and site:
            return StepsDone(steps=tuple(done), stopped=f"{row.name}: {site}", stopped_s=now)
        begin = now
        if "link" in row.needs:
            opens = next_contact(contacts_s, now)
            if opens is None:
                words = f"{row.name}: the link never opens{' again' if len(contacts_s) else ''}"
                return StepsDone(steps=tuple(done), stopped=words, stopped_s=now)
            begin = opens
        done.append(Step(row=row, start_s=begin, end_s=begin + row.lasts_s, waited_s=begin - now))
        now = begin + row.lasts_s
    return StepsDone(steps=tuple(done), stopped="", stopped_s=now)


def next_contact(contacts_s: Floats, now_s: float) -> float | None:
    """Return the next time at which commands get through, now if they do."""
    for begin, end in contacts_s.tolist():
        if end > now_s:
            return max(float(begin), now_s)
    return None
