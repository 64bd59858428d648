"""Write docs/onboard_faults.md from the fault table on board: `python docs/make_fault_table.py`."""

from __future__ import annotations

from pathlib import Path

from rover.core.boundary import Mode
from rover.onboard.fault_table import TABLE, Action, FaultRow
from rover.onboard.modes import MAY_FOLLOW

PAGE = Path(__file__).with_name("onboard_faults.md")

_HEAD = """# The fault table on board

Written by `docs/make_fault_table.py` from `rover.onboard.fault_table`, which the executive runs by; a test holds
this page against it.

Every response to something amiss is a row. A row responds when its trigger has shown in so many readings in a row:
of the drives after each 0.1 m (*driving*), else of the senses after each command. What lasts longer than its
longest is gone on with, or latched: the rover then waits for the ground in safe mode, sleeping and cooling by
itself. No row needs the link, and none is told by anybody that something went wrong. Each row is put to a test by
its name (`tests/rover/onboard/test_fault_table.py`): when it responds, how, when that ends, what follows, and that
without protection nothing does.

| fault | trigger | readings | action | until | longest | then |
|---|---|---|---|---|---|---|
"""

_ACTIONS = {
    Action.STAND: "end the motion, drop the rest of the commands and stand half an hour, units off and on",
    Action.BACK_OUT: "close the ground that was met, back out over the own track, take another way",
    Action.SHED: "break off what takes charge and ask the rules what may be done",
    Action.SLEEP: "fold and sleep until the array wakes it",
    Action.COOL: "nap, cameras and motors off",
    Action.BEGIN_ANEW: "plan on the maps as uplinked; teleoperated, ask for commands",
    Action.WAIT: "go on asking, as much longer as the relay was away",
    Action.NOTE: "keep in mind and go on",
    Action.SAFE: "stop for good in safe mode and wait for the ground",
}


def page() -> str:
    """Return the page as it should be."""
    rows = "\n".join(_row(row) for row in TABLE)
    actions = "\n".join(f"| {action} | {_ACTIONS[action]} |" for action in Action)
    modes = "\n".join(
        f"| {mode} | {', '.join(sorted(after.value for after in MAY_FOLLOW[mode]))} |" for mode in Mode
    )
    return (
        f"{_HEAD}{rows}\n\n| action | what is done |\n|---|---|\n{actions}\n\n"
        f"## Modes\n\n| from | to |\n|---|---|\n{modes}\n"
    )


def _row(row: FaultRow) -> str:
    readings = f"{row.persistence}{', driving' if row.while_driving else ''}"
    longest = "for good" if row.latched else _span(row.longest_s)
    then = "the ground" if row.latched else row.after.value
    return f"| {row.name} | {row.trigger} | {readings} | {row.action} | {row.exit} | {longest} | {then} |"


def _span(time_s: float) -> str:
    hours = time_s / 3600.0
    return f"{hours:g} h" if hours < 48 else f"{hours / 24:g} days"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
