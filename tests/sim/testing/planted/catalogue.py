"""Every planted bug, with the check that is named for it and ground on which that finds it."""

from __future__ import annotations

from tests.sim.testing.planted import (
    in_answer,
    in_heading,
    in_promises,
    in_reading,
    in_search,
    in_time,
    over_budget,
    sound,
)

PLANTED = (
    # In the search.
    (in_search.RoundedDiagonal, "optimal", "mare"),
    (in_search.InflatedHeuristic, "optimal", "boulder field"),
    (in_search.HeuristicInMetres, "scaling", "maze"),
    (in_search.HeuristicInCells, "scaling", "maze"),
    (in_search.ManhattanForOctile, "optimal", "boulder field"),
    (in_search.PriceOfTheCellEntered, "optimal", "mare"),
    (in_search.DiagonalAsLongAsAStep, "optimal", "mare"),
    (in_search.ClosedWhenReached, "optimal", "boulder field"),
    (in_search.CutsCorners, "safe", "boulder field"),
    (in_search.NeverTouchesTheRim, "rim", "mare"),
    (in_search.GoesRoundTheRim, "rim", "mare"),
    (in_search.TakesMapsForSquare, "rim", "mare"),
    (in_search.OneMoveIsMissing, "mirror", "bottleneck"),
    (in_search.NorthIsLonger, "rotation", "mare"),
    (in_search.DrawsLots, "deterministic", "maze"),
    (in_search.Float32Costs, "optimal", "boulder field"),
    # In how the map is read.
    (in_reading.TransposedMap, "safe", "maze"),
    (in_reading.NorthIsTheFirstRow, "safe", "maze"),
    (in_reading.WholeSeconds, "optimal", "mare"),
    (in_reading.IgnoresLethal, "safe", "boulder field"),
    (in_reading.IgnoresUnknown, "nan_closed", "mare"),
    (in_reading.NanIsFree, "nan_closed", "mare"),
    (in_reading.IgnoresKeepOut, "more_obstacles", "mare"),
    (in_reading.KeepsTheFirstMap, "stale_state", "mare"),
    (in_reading.KeepsTheFirstAnswer, "stale_state", "mare"),
    (in_reading.FloorsPlaces, "honest", "maze"),
    # In the answer.
    (in_answer.NorthBeforeEast, "safe", "mare"),
    (in_answer.HalfACellOff, "honest", "mare"),
    (in_answer.EndsAtTheCellsCentre, "honest", "mare"),
    (in_answer.StopsBesideTheGoal, "honest", "mare"),
    (in_answer.WayBackwards, "honest", "mare"),
    (in_answer.EmptyPlanForNoWay, "unreachable", "maze"),
    (in_answer.OneCauseForAll, "unreachable", "maze"),
    (in_answer.SaysNothing, "unreachable", "maze"),
    (in_answer.NothingForNowhere, "start_is_goal", "maze"),
    (in_answer.ChargesForNowhere, "start_is_goal", "maze"),
    (in_answer.ClaimsInAList, "protocol", "maze"),
    # In what is promised.
    (in_promises.UnderstatesItsCost, "not_below_least", "mare"),
    (in_promises.StatesNoBound, "within_bound", "mare"),
    (in_promises.BreaksItsBound, "within_bound", "mare"),
    (in_promises.AlwaysInAHurry, "optimal", "mare"),
    (in_promises.StatesTimeForPrice, "honest", "mare"),
    (in_promises.ChangesItsMind, "deterministic", "mare"),
    (in_heading.IgnoresRoll, "heading_limits", "mare"),
    (in_heading.PitchForRoll, "heading_limits", "mare"),
    (in_heading.MirroredHeadings, "heading_limits", "mare"),
    (in_heading.DownhillForUphill, "optimal", "mare"),
    (in_heading.ForgetsTheLoad, "honest", "mare"),
    (in_heading.EightForSixteen, "optimal", "mare"),
    (in_heading.KnowsNoHeading, "optimal", "mare"),
    (in_time.IgnoresLight, "light", "boulder field"),
    (in_time.LooksPastTheHorizon, "light", "maze"),
    (in_time.CountsAzimuthTheOtherWay, "light", "maze"),
    (in_time.RefusesShadow, "light", "mare"),
    (in_time.IgnoresCharge, "charge", "mare"),
    (in_time.RefusesSmallBatteries, "charge", "mare"),
    (in_time.TenTimesTheBattery, "charge", "mare"),
    (in_time.LeavesAnHourLate, "timetable", "mare"),
    (in_time.SchedulesNothing, "timetable", "mare"),
)  # fmt: skip

OVER_BUDGET = {
    over_budget.TakesItsTime, over_budget.TakesMemory, over_budget.TakesMemoryOfItsOwn, over_budget.NeverAnswers,
}  # fmt: skip
"""Caught by tests of their own, with budgets."""

SOUND = {sound.PlainAStar, sound.Spoiled, sound.ByHeading, sound.InTime}
MODULES = (in_answer, in_heading, in_promises, in_reading, in_search, in_time, over_budget, sound)
