"""What a planner's answer to a problem of the set is worth: cost over the least, time, memory and what it breaks."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from rover.core.errors import PlannerError, TimeLimitError
from rover.planning.ask import ask
from rover.planning.check import check_plan
from rover.planning.problem import Cause, Claim, NoPlan, Plan, Planner
from sim.bench.problems import Posed, Problem, pose
from sim.bench.timed import broken_limits
from sim.testing.patience import NotInTimeError, made_within
from sim.testing.peak import with_peak

MISSED = "no plan where there is a way"
LATE = "out of time"
GIVEN_UP = "out of time, and had to be interrupted"
BEATS = "a plan, which beats the known"
BEYOND = "a plan where none was known"
LOOSE = 1e-9
"""By which share a cost may be off the least by rounding."""

GRACE_S = 5.0
"""From the end of its time until a planner is interrupted: it may look at its clock now and then only."""
_USUAL_S = 3600.0
"""For an answer where no limit is given."""
_COMPILES_S = 300.0
"""For the first answer, in which a planner may compile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """An answer and what it is worth.

    Attributes:
        problem: What was asked.
        planner: Its name.
        success: A way that breaks nothing where there is one, the right cause where there is none. Of a timed problem,
            whose answer is the best that a search has found, a traverse that holds is right even where none was known.
        ratio: Cost over the least, of a way that breaks nothing; NaN where there is none, or no least to hold it to.
        over_proven: Cost over what nothing can come below, likewise: of a timed problem its bound, else the least.
        seconds: Of the answer.
        memory_mib: Grown by at the most meanwhile, NaN where that is not told.
        violations: What the independent checker finds, in words.
        told: What came, in words.
    """

    problem: Problem
    planner: str
    success: bool
    ratio: float
    over_proven: float
    seconds: float
    memory_mib: float
    violations: tuple[str, ...]
    told: str

    @property
    def wrong(self) -> bool:
        """Whether it was answered, and not as it should be; one that is out of time is no answer."""
        return not self.success and self.told not in (LATE, GIVEN_UP)


def known(planner: Planner, problem: Problem) -> tuple[float | None, Cause | None]:
    """Return what a planner's answer to a problem is held to: the least, or why there is no way."""
    return problem.known_of(by_heading=Claim.DIRECTIONAL in planner.claims)


def asks(planner: Planner, problem: Problem) -> bool:
    """Tell whether a planner is asked a problem.

    Those that claim TIMED are asked the timed ones, the others the static ones; none is asked one whose answer is not
    known for the way that it moves.
    """
    fits = (Claim.TIMED in planner.claims) == (problem.kind == "timed")
    return fits and known(planner, problem) != (None, None)


def patience_s(time_limit_s: float | None, *, first: bool = False) -> float:
    """Return how long an answer is waited for.

    Args:
        time_limit_s: That the planner is given, None for none.
        first: Whether it is the first of its kind, in which a planner may compile.
    """
    waiting_s = _USUAL_S if time_limit_s is None else time_limit_s + GRACE_S
    return max(waiting_s, _COMPILES_S) if first else waiting_s


def score(
    planner: Planner,
    problem: Problem,
    *,
    time_limit_s: float | None = None,
    waiting_s: float | None = None,
    last_words: str = "",
) -> Score:
    """Ask a planner a problem and judge its answer.

    Args:
        planner, problem: Who is asked what.
        time_limit_s: Longest time that it may search, None for as long as it likes.
        waiting_s: How long it is waited for, None for `patience_s(time_limit_s)`.
        last_words: Written to standard error where it stays in native code beyond that, and the process is ended.

    Raises:
        BenchmarkError: The problem is not the one whose answer is known.
    """
    waiting_s = patience_s(time_limit_s) if waiting_s is None else waiting_s
    posed = pose(problem, planner, time_limit_s=time_limit_s)
    (answer, seconds), memory_mib = with_peak(lambda: _timed(planner, posed, waiting_s, last_words))
    blank = Score(
        problem=problem,
        planner=planner.name,
        success=False,
        ratio=math.nan,
        over_proven=math.nan,
        seconds=seconds,
        memory_mib=memory_mib,
        violations=(),
        told="",
    )
    if isinstance(answer, str):
        return replace(blank, told=answer)
    if isinstance(answer, NoPlan):
        return _of_refusal(blank, answer, known(planner, problem)[1])
    return _of_plan(blank, answer, posed, planner)


def _timed(
    planner: Planner, posed: Posed, waiting_s: float, last_words: str
) -> tuple[Plan | NoPlan | str, float]:
    """Return an answer and how long it took, without what counting memory takes."""
    began = time.perf_counter()
    answer = _answer(planner, posed, waiting_s, last_words)
    return answer, time.perf_counter() - began


def _answer(planner: Planner, posed: Posed, waiting_s: float, last_words: str) -> Plan | NoPlan | str:
    try:
        return made_within(waiting_s, last_words, lambda: ask(planner, posed.asked))
    except NotInTimeError:
        return GIVEN_UP
    except TimeLimitError:
        return LATE
    except PlannerError as error:
        return error.problems[0].what
    except MemoryError:
        return "out of memory"


def _of_refusal(blank: Score, answer: NoPlan, why: Cause | None) -> Score:
    if why is None:
        return replace(blank, told=f"{MISSED}: {answer.cause}")
    return replace(blank, success=answer.cause is why, told=f"no plan: {answer.cause}")


def _of_plan(blank: Score, plan: Plan, posed: Posed, planner: Planner) -> Score:
    least, why = known(planner, blank.problem)
    if posed.setting is None:
        broken, cost_s = tuple(check_plan(plan, posed.asked, claims=planner.claims)), plan.cost_s
    else:
        broken, cost_s = broken_limits(plan, posed)
    timed = posed.setting is not None
    proven = blank.problem.proven_of(by_heading=Claim.DIRECTIONAL in planner.claims)
    if timed and proven is not None and cost_s < proven * (1.0 - LOOSE):
        broken = (
            *broken,
            f"arrives {cost_s:.6g} s after its departure, and nothing can before {proven:.6g} s",
        )
    if least is None and (broken or not timed):
        broken = (*broken, f"a plan where there is none ({why})")
    if broken:
        return replace(blank, violations=broken, told="a plan that does not hold")
    if proven:
        blank = replace(blank, over_proven=cost_s / proven)
    if least is None:  # that a search found none is no proof, and here is one that holds
        return replace(blank, success=True, told=BEYOND)
    ratio = cost_s / least
    # The least of a timed problem is the least that is known: to come before it is no fault.
    beats = timed and ratio < 1.0 - LOOSE
    found = replace(blank, success=True, ratio=ratio, told=BEATS if beats else "a plan")
    wrong = _broken_claims(plan, planner, ratio, beats=beats)
    return replace(found, success=not wrong, violations=wrong)


def _broken_claims(plan: Plan, planner: Planner, ratio: float, *, beats: bool) -> tuple[str, ...]:
    """Return what a plan that holds breaks of what its planner claims of the cost, in words."""
    if Claim.OPTIMAL in planner.claims and abs(ratio - 1.0) > LOOSE and not beats:
        return (f"claims the least, and costs {ratio:.12g} of it",)
    if Claim.BOUNDED in planner.claims:
        if plan.bound is None:
            return ("claims a bound, and its plan states none",)
        if not ratio <= plan.bound * (1.0 + LOOSE):
            return (f"claims {plan.bound:.12g} times the least at most, and costs {ratio:.12g} of it",)
    if ratio < 1.0 - LOOSE and Claim.ANY_ANGLE not in planner.claims and not beats:
        return (f"states {ratio:.12g} of the least that there is",)
    return ()
