"""The rules of operation, asked by the ground's timetable and by the executive on board alike.

At any time, with any charge and any next hop, they say what to do now and until when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rover.core.boundary import Mode
from rover.core.vehicle import VehicleParams
from rover.limits.power import Energy, forecast_energy, motor_w, night_soc
from rover.limits.thermal import Phase, SunWindow

_CHARGE_STEP_S = 600.0

MARGIN_SOC = 0.03
"""Nothing is begun that would not leave this much above the charge to keep: forecasts are off by about so much."""

_FULL_SOC = 0.98

NIGHT_MARGIN = 1.25
"""On a slope that faces away from evening and dawn the rover sleeps earlier and wakes later than on level ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsParams:
    """How the rover is operated.

    Attributes:
        stop_every_m: Longest drive on one set of commands, or between looks at the battery.
        command_cycle_s: What each such stop costs; 0 when autonomous.
        reserve_soc: Charge never planned below.
        resume_soc: Charge at which driving goes on after a halt to charge.
    """

    stop_every_m: float
    command_cycle_s: float
    reserve_soc: float
    resume_soc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """The next drive: up to where the ground is asked again.

    Attributes:
        length_m: Over the ground.
        speed_m_s: Expected.
    """

    length_m: float
    speed_m_s: float

    @property
    def drive_s(self) -> float:
        return self.length_m / self.speed_m_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now.

    Attributes:
        mode: DRIVE to go, anything else to stay.
        until_s: When to ask again.
    """

    mode: Mode
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecaster:
    """The Sun's phases, the vehicle and the rules of operation."""

    window: SunWindow
    vehicle: VehicleParams
    operations: OperationsParams

    def decide(
        self, time_s: float, soc: float, hop: Hop, *, array_gain: float = 1.0, provided: bool = False
    ) -> Decision:
        """Say what to do now: drive the hop, or what else and until when.

        Args:
            time_s, soc: Now.
            hop: The next drive.
            array_gain: Output of the array as a share of a level one's in open light, as measured.
            provided: A plan has seen to the charge of what is ahead, and to when commands are asked for after it.
        """
        phase = self.window.phase_at(time_s)
        change_s = self.window.next_change(time_s)
        if phase is not Phase.DRIVE:
            return Decision(mode=_MODE_IN[phase], until_s=change_s)
        end_s = time_s + hop.drive_s
        if not (provided and hop.length_m > 0):
            end_s += self.operations.command_cycle_s
        if end_s > change_s:
            return Decision(mode=Mode.CHARGE, until_s=change_s)
        if provided or self._suffices(time_s, soc, hop, array_gain):
            return Decision(mode=Mode.DRIVE, until_s=end_s)
        return Decision(mode=Mode.CHARGE, until_s=self._charged_at(time_s, soc, hop, array_gain))

    def waiting_mode(self, time_s: float) -> Mode:
        """Return what a rover does that waits: it naps and sleeps as the Sun has it."""
        return _MODE_IN.get(self.window.phase_at(time_s), Mode.CHARGE)

    def _suffices(self, time_s: float, soc: float, hop: Hop, array_gain: float) -> bool:
        """Tell whether a hop and its command cycle leave the charge to keep, and a little more."""
        end_s = time_s + hop.drive_s + self.operations.command_cycle_s
        after = self.hop_energy(time_s, soc, hop, array_gain=array_gain)
        return after.least_soc >= min(self.floor_soc(end_s) + MARGIN_SOC, _FULL_SOC)

    def _charged_at(self, time_s: float, soc: float, hop: Hop, array_gain: float) -> float:
        """Return when there is `resume_soc` and enough for the hop, or the phase's end if that is sooner."""
        now, change_s = time_s, self.window.next_change(time_s)
        while True:
            until = min(now + _CHARGE_STEP_S, change_s)
            soc = self.stay_energy(now, until, soc, Mode.CHARGE, array_gain=array_gain).soc
            charged = soc >= min(self.operations.resume_soc, _FULL_SOC)
            if until >= change_s or (charged and self._suffices(until, soc, hop, array_gain)):
                return until
            now = until

    def floor_soc(self, time_s: float) -> float:
        """Return the charge to keep: the reserve, and after noon what the coming night takes as well."""
        if self.window.almanac.sun_at(time_s).rising:
            return self.operations.reserve_soc
        return self.operations.reserve_soc + self.night_soc

    @property
    def night_soc(self) -> float:
        """Charge to keep for the longest night ahead."""
        return NIGHT_MARGIN * night_soc(self.vehicle, self.window.longest_night_s)

    def hop_energy(self, time_s: float, soc: float, hop: Hop, *, array_gain: float = 1.0) -> Energy:
        """Forecast the battery over a drive and its command cycle."""
        driven = self.drive_energy(time_s, soc, hop, array_gain=array_gain)
        if self.operations.command_cycle_s == 0:
            return driven
        start_s = time_s + hop.drive_s
        end_s = start_s + self.operations.command_cycle_s
        rest = self.stay_energy(start_s, end_s, driven.soc, Mode.COMMAND, array_gain=array_gain)
        return replace(rest, least_soc=min(driven.least_soc, rest.least_soc))

    def drive_energy(self, time_s: float, soc: float, hop: Hop, *, array_gain: float = 1.0) -> Energy:
        """Forecast the battery over a drive on level ground."""
        return forecast_energy(
            self.window.almanac,
            self.vehicle,
            soc=soc,
            start_s=time_s,
            end_s=time_s + hop.drive_s,
            mode=Mode.DRIVE,
            extra_w=motor_w(self.vehicle),
            array_gain=array_gain,
        )

    def stay_energy(
        self, start_s: float, end_s: float, soc: float, mode: Mode, *, array_gain: float = 1.0
    ) -> Energy:
        """Forecast the battery over a stay in one mode."""
        return forecast_energy(
            self.window.almanac,
            self.vehicle,
            soc=soc,
            start_s=start_s,
            end_s=end_s,
            mode=mode,
            array_gain=array_gain,
        )


_MODE_IN = {Phase.NAP: Mode.NAP, Phase.NIGHT: Mode.DORMANT, Phase.LOW: Mode.CHARGE}
