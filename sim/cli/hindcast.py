"""`farside hindcast`: when Yutu-2 woke and slept, predicted, beside the times that are published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rover.core.logged_day import LoggedDay
    from sim.cli.hindcast_tables import Hindcast

COMMAND_STATIONS = ("jiamusi", "kashi")
"""The antennas that the mission's day-to-day work is reported from."""

_LAST_DAY = 1000
"""Some eighty years: the series for the Sun is good for longer, the calendar served is not."""


def hindcast(
    first: Annotated[
        int, typer.Option("--from", metavar="DAY", help="First lunar day; 1 is that of the landing.")
    ] = 2,
    last: Annotated[int, typer.Option("--to", metavar="DAY", help="Last lunar day.")] = 44,
    log: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            metavar="FILE.csv",
            help="Other published times to set beside, columns lunar_day, rover_wake_utc, rover_sleep_utc; the rule"
            " stays fitted to those of lunar days 2-16 that come with the package.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", metavar="FILE.png", help="Draw it."),
    ] = None,
) -> None:
    """Predict when Yutu-2 woke and went to sleep, and tell how far off published times the prediction is."""
    from rover.core.atomic import check_outputs
    from rover.core.errors import UsageError
    from rover.io.dormancy_log import read_dormancy_log, read_published_days
    from sim.cli.hindcast_tables import as_json_text, as_text
    from sim.cli.output import refuse_other_picture

    for name, day in (("--from", first), ("--to", last)):
        if not 1 <= day <= _LAST_DAY:
            remedy = f"give a lunar day from 1, that of the landing, to {_LAST_DAY}"
            raise UsageError("no lunar day", remedy=remedy, field=name, value=day)
    if last < first:
        raise UsageError("comes before --from", remedy="give a later lunar day", field="--to", value=last)
    refuse_other_picture("--plot", plot)
    check_outputs({"--plot": plot}, sources=[log])
    made = predict(first, last, read_published_days(), None if log is None else read_dormancy_log(log))
    if plot is not None:
        _draw(made, plot)
    typer.echo(as_json_text(made) if as_json else as_text(made))


def predict(
    first: int, last: int, published: Sequence[LoggedDay], given: Sequence[LoggedDay] | None = None
) -> Hindcast:
    """Return predictions for lunar days at the landing site; logs as for `hindcast_of`."""
    import math

    from rover.io.site_horizon import read_site_horizon
    from rover.io.stations import read_stations
    from rover.sky.dormancy import ArrayOutput
    from rover.sky.events import sampled_horizon
    from sim.cli.hindcast_tables import hindcast_of
    from sim.cli.landing_site import landing_site_deg

    latitude, longitude = map(math.radians, landing_site_deg())
    known = read_stations().stations
    return hindcast_of(
        ArrayOutput(horizon=sampled_horizon(*read_site_horizon())),
        range(first, last + 1),
        latitude_rad=latitude,
        longitude_rad=longitude,
        published=published,
        given=given,
        stations=tuple(known[name] for name in COMMAND_STATIONS),
    )


def _draw(made: Hindcast, path: Path) -> None:
    from sim.cli.hindcast_sheet import sheet_of
    from sim.view.hindcast import draw_hindcast
    from sim.view.save import save_figure

    save_figure(draw_hindcast(sheet_of(made)), path)
