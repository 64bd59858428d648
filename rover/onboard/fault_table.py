"""The fault table on board: what shows a fault, how long it must show, what is done, until when, and what then.

Every response of the executive to something amiss is a row here, and nothing else is. The watch (`fault_watch`) counts
and times by it, the executive (`protection`) does what its action says, docs/onboard_faults.md is written from it, and
each of its rows is put to the test of that name. No row asks anything of the ground: what is latched waits for it in
safe mode, in which the rover looks after charge and temperature by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rover.onboard import detection
from rover.onboard.detection import Detector
from rover.onboard.progress import ALLOWED_M, ALLOWED_TIMES, SHRINKS_M

HOUR_S, DAY_S = 3600.0, 86400.0

RECOVERY_S = 1800.0
"""Motors, cameras and inertial unit are switched off and on again, which with the looks before and after takes this."""


class Action(StrEnum):
    """What is done."""

    STAND = "stand"
    """End the motion, drop the rest of the commands and stand for half an hour, units off and on."""
    BACK_OUT = "back out"
    """Close the ground that was met on the maps, back out over the own track and take another way."""
    SHED = "shed"
    """Break off what takes charge, and ask the rules what may be done with what is left."""
    SLEEP = "sleep"
    """Fold and sleep until the array gives more."""
    COOL = "cool"
    """Nap, with cameras and motors off."""
    BEGIN_ANEW = "begin anew"
    """Plan on the maps as uplinked; teleoperated, ask for commands."""
    WAIT = "wait"
    """Go on asking, as much longer as the relay was away."""
    NOTE = "note"
    """Keep in mind and go on: what follows from it is measured anyway."""
    SAFE = "safe"
    """Stop for good in safe mode and wait for the ground."""


class After(StrEnum):
    """What follows when a response has lasted its longest."""

    GO_ON = "go on with it"
    SAFE = "safe, latched"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """One row.

    Attributes:
        name: Of the fault.
        trigger: What shows it, in words.
        detect: The same as a function of what is sensed.
        while_driving: It is read from the drives after each small step; else at each observation.
        persistence: Readings in a row that must show it.
        action: What is done.
        exit: When that ends, in words.
        longest_s: From its first response on, the fault may last so long.
        after: What follows then.
        test: Name of the stimulus that puts it to the test.
        moves_only: Nothing shows the trigger, or that it is gone, while the rover stands.
    """

    name: str
    trigger: str
    detect: Detector
    while_driving: bool = False
    persistence: int
    action: Action
    exit: str
    longest_s: float
    after: After
    test: str
    moves_only: bool = False

    @property
    def latched(self) -> bool:
        """Whether its response itself waits for the ground."""
        return self.action is Action.SAFE


TABLE: tuple[FaultRow, ...] = (
    FaultRow(
        name="clock wrong",
        trigger="the clock has gone back, or is past the end of the almanac",
        detect=detection.clock_wrong,
        persistence=1,
        action=Action.SAFE,
        exit="the ground clears it",
        longest_s=0.0,
        after=After.SAFE,
        test="clock",
    ),
    FaultRow(
        name="computer reset",
        trigger="the computer counts more beginnings than it remembers",
        detect=detection.computer_began_anew,
        persistence=1,
        action=Action.BEGIN_ANEW,
        exit="the count is stored",
        longest_s=HOUR_S,
        after=After.SAFE,
        test="reset",
    ),
    FaultRow(
        name="wheels lost",
        trigger="more than two wheels at a time are held or without power",
        detect=detection.wheels_lost,
        while_driving=True,
        persistence=2,
        action=Action.STAND,
        exit="two wheels at most are out when it drives on",
        longest_s=6 * HOUR_S,
        after=After.SAFE,
        test="three wheels",
    ),
    FaultRow(
        name="wheel held",
        trigger="a wheel turns less than a fifth of what it is told",
        detect=detection.wheel_held,
        while_driving=True,
        persistence=2,
        action=Action.STAND,
        exit="all wheels turn when it drives on",
        longest_s=1.5 * HOUR_S,
        after=After.GO_ON,
        test="held wheel",
    ),
    FaultRow(
        name="wheel dead",
        trigger="a motor takes less than 0.15 W though its wheel is told to turn",
        detect=detection.wheel_dead,
        while_driving=True,
        persistence=2,
        action=Action.STAND,
        exit="all motors take power when it drives on",
        longest_s=0.5 * HOUR_S,
        after=After.GO_ON,
        test="dead wheel",
    ),
    FaultRow(
        name="stereo blind",
        trigger="all stereo pairs give less than half of the depth that their last eight looks gave by their median, "
        "or one gives none",
        detect=detection.stereo_blind,
        persistence=1,
        action=Action.STAND,
        exit="a look from where it stands gives depth again",
        longest_s=12 * HOUR_S,
        after=After.SAFE,
        test="no depth",
    ),
    FaultRow(
        name="gyroscope drift",
        trigger="on the move, Sun or vertical are more than 1.2 deg off where the gyroscopes' turns of ten minutes put "
        "them",
        detect=detection.gyro_drifts,
        persistence=2,
        action=Action.STAND,
        exit="at rest its rates are set anew, and turns agree with Sun and vertical",
        longest_s=4 * HOUR_S,
        after=After.GO_ON,
        test="drift",
    ),
    FaultRow(
        name="Sun elsewhere",
        trigger="the Sun is more than 2 deg off the almanac's elevation, or 5 deg off its azimuth; or the array gives "
        "what it wakes by while the almanac has the Sun below the horizon",
        detect=detection.sun_elsewhere,
        persistence=3,
        action=Action.SAFE,
        exit="the ground clears it",
        longest_s=0.0,
        after=After.SAFE,
        test="stale almanac",
    ),
    FaultRow(
        name="place lost",
        trigger="the standard deviation of the place is more than 5 m",
        detect=detection.place_lost,
        persistence=2,
        action=Action.SAFE,
        exit="the ground clears it",
        longest_s=0.0,
        after=After.SAFE,
        test="no place",
    ),
    FaultRow(
        name="place unsure",
        trigger="four sigma of the place are more than the gap to a zone or, while senses contradict the place again "
        "and again, to ground that the map has as lethal",
        detect=detection.place_unsure,
        persistence=1,
        action=Action.BACK_OUT,
        exit="a motion ends where the gap is more than that",
        longest_s=6 * HOUR_S,
        after=After.SAFE,
        test="near a zone",
    ),
    FaultRow(
        name="no progress",
        trigger=f"since it last came {SHRINKS_M:g} m nearer to the goal it has driven {ALLOWED_M:g} m and "
        f"{ALLOWED_TIMES:g} times the way that was left then",
        detect=detection.no_progress,
        persistence=1,
        action=Action.SAFE,
        exit="the ground clears it, once",
        longest_s=0.0,
        after=After.SAFE,
        test="to and fro",
        moves_only=True,
    ),
    FaultRow(
        name="blocked",
        trigger="a motion was cut short by what wheels or belly could not pass, and no wheel has just been found out",
        detect=detection.blocked,
        persistence=1,
        action=Action.BACK_OUT,
        exit="a motion is carried out",
        longest_s=6 * HOUR_S,
        after=After.SAFE,
        test="obstacle",
    ),
    FaultRow(
        name="wheels slip",
        trigger="the rover has come less than 0.3 of what its wheels rolled, over 0.3 m or more",
        detect=detection.slips,
        persistence=1,
        action=Action.BACK_OUT,
        exit="a motion comes as far as it rolls, by three tenths at least",
        longest_s=6 * HOUR_S,
        after=After.SAFE,
        test="soft ground",
    ),
    FaultRow(
        name="tilt",
        trigger="pitch or roll are beyond the vehicle's limits, and it is not on its way out of such ground",
        detect=detection.tilted,
        persistence=1,
        action=Action.BACK_OUT,
        exit="pitch and roll are within the limits",
        longest_s=6 * HOUR_S,
        after=After.SAFE,
        test="steep ground",
    ),
    FaultRow(
        name="charge runs short",
        trigger="a command cycle takes charge that is to be kept, or a drive has come down to the reserve",
        detect=detection.runs_short,
        persistence=1,
        action=Action.SHED,
        exit="the rules find charge for it",
        longest_s=DAY_S,
        after=After.SAFE,
        test="low charge",
    ),
    FaultRow(
        name="awake in vain",
        trigger="staying awake takes more than the array gives, towards evening or with nothing left to lose",
        detect=detection.awake_in_vain,
        persistence=1,
        action=Action.SLEEP,
        exit="in the morning the array gives what it wakes by",
        longest_s=30 * DAY_S,
        after=After.SAFE,
        test="dim light",
    ),
    FaultRow(
        name="too warm",
        trigger="the body is within 1 K of what it may work at",
        detect=detection.too_warm,
        persistence=1,
        action=Action.COOL,
        exit="the body is cooler than that",
        longest_s=12 * DAY_S,
        after=After.SAFE,
        test="heat",
    ),
    FaultRow(
        name="relay away",
        trigger="the relay cannot be reached while commands are asked for",
        detect=detection.link_away,
        persistence=1,
        action=Action.WAIT,
        exit="the relay is reached",
        longest_s=3 * DAY_S,
        after=After.SAFE,
        test="no relay",
    ),
    FaultRow(
        name="array open",
        trigger="the array's latch is open though the rover sleeps",
        detect=detection.array_open,
        persistence=2,
        action=Action.NOTE,
        exit="the latch is shut: the hinge is told to fold again at each look",
        longest_s=12 * DAY_S,
        after=After.SAFE,
        test="stuck hinge",
    ),
    FaultRow(
        name="array weak",
        trigger="the Sun is seen and the array gives less than 0.6 of what it should as it faces it",
        detect=detection.array_weak,
        persistence=3,
        action=Action.NOTE,
        exit="it gives more; the rules are asked with what it gives",
        longest_s=DAY_S,
        after=After.GO_ON,
        test="dust",
    ),
    FaultRow(
        name="charge gone",
        trigger="0.03 of the charge is gone beyond what twice the load of driving takes",
        detect=detection.charge_gone,
        persistence=1,
        action=Action.SHED,
        exit="the next look finds no more gone",
        longest_s=0.25 * HOUR_S,
        after=After.GO_ON,
        test="lost cells",
    ),
)
"""In the order in which they are heeded: the first that stops the rover decides."""

BY_NAME = {row.name: row for row in TABLE}
