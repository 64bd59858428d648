"""The ground looks at a latched row by the telemetry that comes down, and clears it or gives it up, whatever comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.mission.safe_state import AGAIN_M, LOOKS, GroundState, Latched, Step, Taken, attend

CYCLE_S, STAY_S = 10_000.0, 600.0

TOLD = Latched(time_s=0.0, row="stereo blind", count=1, shows_at_rest=False, place_m=(3.0, 4.0))


def watched(
    ground: GroundState,
    told: Latched,
    *,
    grows: bool = False,
    until_s: float = 10 * CYCLE_S,
    blind_s: float = 0.0,
) -> tuple[GroundState, list[tuple[float, Taken]]]:
    """Attend until something ends it; out of link until `blind_s`."""
    taken: list[tuple[float, Taken]] = []
    time_s = told.time_s
    while time_s <= until_s:
        now = replace(told, time_s=time_s, count=told.count + (round(time_s / STAY_S) if grows else 0))
        ground, done = attend(ground, now, in_link=time_s >= blind_s, cycle_s=CYCLE_S)
        if done is not None:
            taken.append((time_s, done))
            if done.step in (Step.CLEAR, Step.GIVE_UP):
                break
        time_s += STAY_S
    return ground, taken


def steps(taken: list[tuple[float, Taken]]) -> list[Step]:
    return [done.step for _, done in taken]


@pytest.mark.parametrize("blind_s", [0.0, 50_000.0])
@pytest.mark.parametrize(
    "told",
    [TOLD, replace(TOLD, count=0), replace(TOLD, count=0, shows_at_rest=True)],
    ids=["on the move", "gone", "Sun"],
)
def test_it_clears_what_is_gone_or_only_shows_on_the_move_a_command_cycle_after_it_hears(
    told: Latched, blind_s: float
) -> None:
    ground, taken = watched(GroundState(), told, blind_s=blind_s)
    assert steps(taken) == [Step.DOWNLINK, Step.CLEAR]
    (heard_s, _), (cleared_s, _) = taken
    assert blind_s <= heard_s < blind_s + STAY_S
    assert heard_s + CYCLE_S <= cleared_s < heard_s + CYCLE_S + STAY_S
    assert ground.case is None and ground.cleared == ((told.row, told.place_m),) and ground.gave_up is None


@pytest.mark.parametrize(
    ("told", "grows"),
    [(TOLD, True), (replace(TOLD, shows_at_rest=True), False)],
    ids=["read again", "not read"],
)
def test_it_gives_up_what_still_shows_after_its_looks(told: Latched, grows: bool) -> None:
    ground, taken = watched(GroundState(), told, grows=grows)
    assert steps(taken) == [Step.DOWNLINK, *[Step.LOOK_AGAIN] * (LOOKS - 1), Step.GIVE_UP]
    assert taken[-1][0] >= LOOKS * CYCLE_S
    assert ground.gave_up is not None and "has not gone" in ground.gave_up
    assert attend(ground, told, in_link=True, cycle_s=CYCLE_S) == (ground, None)


@pytest.mark.parametrize(("away_m", "ends"), [(AGAIN_M - 0.1, Step.GIVE_UP), (AGAIN_M + 0.1, Step.CLEAR)])
def test_what_is_latched_again_near_by_is_given_up_at_once(away_m: float, ends: Step) -> None:
    ground, _ = watched(GroundState(), TOLD)
    again = replace(TOLD, place_m=(TOLD.place_m[0] + away_m, TOLD.place_m[1]))
    ground, taken = watched(ground, again)
    assert steps(taken)[-1] is ends
    _, taken = watched(GroundState(cleared=((TOLD.row, TOLD.place_m),)), replace(TOLD, row="blocked"))
    assert steps(taken)[-1] is Step.CLEAR, "another row has not been cleared before"


def test_out_of_link_nothing_is_heard_or_sent() -> None:
    ground, taken = watched(GroundState(), TOLD, blind_s=1e9)
    assert taken == [] and ground == GroundState()


def test_what_is_of_no_place_is_cleared_once_in_a_run_wherever() -> None:
    told = replace(TOLD, row="no progress")
    ground, taken = watched(GroundState(), told)
    assert steps(taken) == [Step.DOWNLINK, Step.CLEAR]
    far = replace(told, place_m=(300.0, 4.0), time_s=1e6)
    ground, done = attend(ground, far, in_link=True, cycle_s=CYCLE_S)
    assert done is not None and done.step is Step.GIVE_UP and "297.0 m" in str(ground.gave_up)
