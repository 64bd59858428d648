"""The ground's party in a run: what comes down of a rover that waits in safe mode, and what goes up to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from rover.core.boundary import Mode
from rover.core.grid import Site
from rover.core.time import Epoch
from rover.io.stations import read_stations
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.fault_table import BY_NAME
from rover.sky.link import RelayAlmanac, build_relay_almanac
from rover.sky.relay import ASSUMED_PHASE
from sim.mission.safe_state import GroundState, Latched, Step, Taken, attend
from sim.run.closed_loop_mind import Mind
from sim.run.runlog import Severity
from sim.run.setting import Setting
from sim.run.world import WorldState

Note = Callable[[WorldState, str, Severity, str], None]
"""Told the state, the event's name, its weight and its words."""


class GroundParty:
    """The ground while a rover drives: it acts where a row of the fault table is latched, and nowhere else."""

    def __init__(self, setting: Setting, note: Note) -> None:
        """Begin with nothing latched."""
        self._setting = setting
        self._note = note
        self._state = GroundState()

    def attend(self, mind: Mind, state: WorldState, *, relay_out: bool) -> bool:
        """Take in the telemetry of a rover that is latched, and clear it if that is decided and can be sent up.

        Args:
            mind: What runs on board.
            state: Of the world at the end of a command.
            relay_out: Whether the relay has failed.

        Returns:
            Whether it has been cleared.
        """
        told = _latched(mind, state)
        if told is None:
            return False
        self._state, taken = attend(
            self._state,
            told,
            in_link=not relay_out and self._in_view(state),
            cycle_s=self._setting.scenario.operations.cycle_s,
        )
        if taken is None:
            return False
        self._note(state, taken.step.value, _weight(taken), taken.text)
        if taken.step is Step.CLEAR:
            mind.clear()
        return taken.step is Step.CLEAR

    def is_at_work(self, mind: ExecutiveState, time_s: float) -> bool:
        """Tell whether a rover that has stopped may still be cleared in the time allowed."""
        waits = mind.finished is not None and not mind.arrived and mind.watch.latched is not None
        return waits and self._state.gave_up is None and time_s <= self._setting.deadline_s

    def last_word(self, mind: ExecutiveState) -> str:
        """Return why a rover has done all that it will, the ground's part included."""
        assert mind.finished is not None
        if mind.arrived or mind.watch.latched is None:
            return mind.finished
        return (
            f"{mind.finished}; {self._state.gave_up or 'the ground has not cleared it in the time allowed'}"
        )

    def _in_view(self, state: WorldState) -> bool:
        """Tell whether a rover that is awake has the relay above its horizon, and a station has the relay."""
        if state.mode is Mode.DORMANT:
            return False
        setting = self._setting
        relay = setting.almanac.relay or _relay(
            setting.dem.geometry.site, setting.epoch, until_s=setting.deadline_s
        )
        there = relay.relay_at(min(state.time_s, float(relay.time_s[-1])))
        return there.seen and there.elevation_rad >= math.radians(setting.scenario.limits.link_margin_deg)


@lru_cache(maxsize=2)
def _relay(site: Site, epoch: Epoch, *, until_s: float) -> RelayAlmanac:
    """Return the relay over a run whose driving does not hang on it, made when it is first asked for."""
    stations = tuple(read_stations().stations.values())
    return build_relay_almanac(
        site, epoch, from_s=0.0, until_s=until_s, phase_at_epoch=ASSUMED_PHASE, stations=stations
    )


def _latched(mind: Mind, state: WorldState) -> Latched | None:
    """Return what telemetry tells of the row that is latched, None where none is."""
    name = mind.state.watch.latched
    if name is None or mind.state.finished is None:
        return None
    return Latched(
        time_s=state.time_s,
        row=name,
        count=mind.state.watch.row(name).count,
        shows_at_rest=BY_NAME[name].latched and not BY_NAME[name].moves_only,
        place_m=mind.believed[:2],
    )


def _weight(taken: Taken) -> Severity:
    return Severity.WARNING if taken.step is Step.GIVE_UP else Severity.ACTIVITY
