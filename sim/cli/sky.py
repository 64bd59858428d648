"""`farside sky`: where Sun, Earth and relay stand over a place on the Moon, and the events of a lunar day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.cli.landing_site import landing_site_deg

if TYPE_CHECKING:
    from rover.core.errors import UsageError
    from rover.core.time import Epoch
    from rover.sky.ephemeris import Ephemeris
    from rover.sky.table import SkyPlace, SkyTable

DEFAULT_MAX_ROWS = 1_000_000
_CHUNK = 2_000
"""Rows made at once: the first ones are out before the last are begun."""

_LAUNCH_UTC, _ON_HALO_UTC = "2018-05-20T21:28Z", "2018-06-14T03:06Z"
"""Of Queqiao: Xinhua, 2018-05-21 (05:28 Beijing time) and 2018-06-14 (11:06)."""

_EXAMPLE = "such as 2019-01-03T02:26:00Z"


def sky(
    lat: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option(metavar="DEG", help="Latitude, north positive.", show_default="Chang'e 4's"),
    ] = None,
    lon: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="DEG", help="Longitude, east positive.", show_default="Chang'e 4's"),
    ] = None,
    at: Annotated[Optional[str], typer.Option(metavar="UTC", help="An instant.")] = None,  # noqa: UP045
    begin: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--from", metavar="UTC", help="Begin of a span, with --to."),
    ] = None,
    end: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="UTC", help="End of a span."),
    ] = None,
    step: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(metavar="H", help="Hours between rows of a span.", show_default="1"),
    ] = None,
    almanac: Annotated[
        bool, typer.Option("--almanac", help="The events of a lunar day, instead of places in the sky.")
    ] = False,
    day: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            metavar="N",
            help="Which lunar day, counted from that of Chang'e 4's landing; or that of --at.",
            show_default="1",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="FILE", help="Write there instead of to stdout."),
    ] = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", metavar="FILE.png", help="Draw a span or a lunar day as well."),
    ] = None,
    kernels: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="META.tm", help="SPICE kernels that Sun and Earth are taken from."),
    ] = None,
    relay_phase: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            metavar="TURNS",
            help="Of the relay on its halo orbit on 2019-01-03, 0 to 1 since its southernmost point: not published.",
            show_default="0",
        ),
    ] = None,
    max_rows: Annotated[int, typer.Option(metavar="N", min=1, help="Most rows to make.")] = DEFAULT_MAX_ROWS,
) -> None:
    """Tell where Sun, Earth and relay stand over a place on the Moon, or what happens in a lunar day.

    Azimuths are clockwise from true north; elevations are above a level horizon, of the Sun's centre. Light time is one
    way from the place through the relay to the Earth's centre.
    """
    _check_times(at, begin, end, step, day, almanac=almanac)
    is_instant = at is not None and not almanac
    _check_outputs(out, plot, is_instant=is_instant, as_json=as_json, as_csv=as_csv)
    with ExitStack() as stack:
        place, told_as = _place(lat, lon, relay_phase, _ephemeris(kernels, stack))
        form = "json" if as_json else "csv" if as_csv else "text"
        if almanac:
            _tell_day(place, told_as, at, day, form, out, plot)
        else:
            _tell_times(
                place,
                told_as,
                _times(at, begin, end, 1.0 if step is None else step, max_rows),
                form,
                out,
                plot,
            )


def _check_times(
    at: str | None,
    begin: str | None,
    end: str | None,
    step_h: float | None,
    day: int | None,
    *,
    almanac: bool,
) -> None:
    """Refuse times that are missing or do not go together."""
    spans = begin is not None or end is not None
    if at is not None and spans:
        raise _refusal("--at", "goes with neither --from nor --to", "give an instant or a span")
    if almanac and spans:
        raise _refusal("--almanac", "is of one lunar day, not of a span", "choose it by --day N or --at UTC")
    if almanac and at is not None and day is not None:
        raise _refusal("--day", "--at chooses the lunar day already", "give one of them")
    if not almanac and day is not None:
        raise _refusal("--day", "is of --almanac", "add --almanac")
    if not almanac and at is None and not spans:
        remedy = f"give --at UTC, {_EXAMPLE}, or --from UTC --to UTC, or --almanac"
        raise _refusal("--at", "no time is named", remedy)
    if step_h is not None and not spans:
        raise _refusal("--step", "is of a span", "leave it, or give --from and --to")
    if spans and (begin is None or end is None):
        raise _refusal("--from" if begin is None else "--to", "--from and --to go together", "give both")


def _check_outputs(
    out: Path | None, plot: Path | None, *, is_instant: bool, as_json: bool, as_csv: bool
) -> None:
    """Refuse outputs that do not go together, or that no picture can have."""
    from rover.core.atomic import check_outputs
    from sim.cli.output import refuse_other_format, refuse_other_picture

    if as_json and as_csv:
        raise _refusal("--csv", "does not go with --json", "give one of them")
    if plot is not None and is_instant:
        raise _refusal("--plot", "an instant makes no picture", "give --from and --to, or --almanac")
    check_outputs({"--out": out, "--plot": plot}, texts=["--out"])
    refuse_other_picture("--plot", plot)
    form, suffixes, remedy = _form_of_out(out, as_json=as_json, as_csv=as_csv)
    refuse_other_format("--out", out, form=form, suffixes=suffixes, remedy=remedy)


def _form_of_out(out: Path | None, *, as_json: bool, as_csv: bool) -> tuple[str, tuple[str, ...], str]:
    """Return what is written, the endings that go with it, and what to do about another one."""
    suffix = "" if out is None else out.suffix.lower()
    if as_json:
        return "JSON", (".json",), "end the name in .json"
    if as_csv:
        return "CSV", (".csv",), "end the name in .csv"
    asks = suffix.replace(".", "--")
    return "plain text", (), f"add {asks}" if suffix in (".json", ".csv") else "end the name in .txt"


def _refusal(field: str, what: str, remedy: str) -> UsageError:
    from rover.core.errors import UsageError

    return UsageError(what, field=field, remedy=remedy)


def _ephemeris(kernels: Path | None, stack: ExitStack) -> Ephemeris:
    from rover.core.errors import KernelError
    from rover.sky.sun import SERIES

    if kernels is None:
        return SERIES
    if kernels.is_dir():
        remedy = "name the meta-kernel in it, such as meta.tm"
        raise KernelError("is a folder", field="--kernels", value=str(kernels), remedy=remedy)
    from rover.sky.spice import spice_ephemeris

    return stack.enter_context(spice_ephemeris(kernels))


def _place(
    lat: str | None, lon: str | None, relay_phase: float | None, ephemeris: Ephemeris
) -> tuple[SkyPlace, list[str]]:
    """Return the place and what it is called."""
    import math

    from rover.core.errors import UsageError
    from rover.io.stations import read_stations
    from rover.sky.relay import ASSUMED_PHASE
    from rover.sky.table import SkyPlace

    latitude, longitude, told_as = _degrees(lat, lon)
    if relay_phase is not None and not 0.0 <= relay_phase <= 1.0:
        raise UsageError(
            "not within 0 to 1", remedy="give turns since the southernmost point, such as 0.25",
            field="--relay-phase", value=relay_phase,
        )  # fmt: skip
    place = SkyPlace(
        latitude_rad=math.radians(latitude),
        longitude_rad=math.radians(longitude),
        phase_at_epoch=ASSUMED_PHASE if relay_phase is None else relay_phase,
        stations=tuple(read_stations().stations.values()),
        ephemeris=ephemeris,
    )
    phase = "" if relay_phase is not None else " (assumed: none is published)"
    sources = f"{ephemeris.source}; relay at phase {place.phase_at_epoch:g}{phase}"
    return place, [told_as, sources]


def _degrees(lat: str | None, lon: str | None) -> tuple[float, float, str]:
    """Return latitude and longitude in degrees, and the place in words; without either, the anchor of Von Karman."""
    from rover.core.errors import UsageError

    if lat is None and lon is None:
        latitude, longitude = landing_site_deg()
        return latitude, longitude, f"{_words(latitude, longitude)} (Chang'e 4's landing site, the default)"
    if lat is None or lon is None:
        missing = "--lat" if lat is None else "--lon"
        raise UsageError("--lat and --lon go together", field=missing, remedy="give both or neither")
    latitude, longitude = _number(lat, "--lat"), _number(lon, "--lon")
    if not abs(latitude) <= 90.0:
        swapped = abs(latitude) <= 360.0 and abs(longitude) <= 90.0
        remedy = (
            f"they look swapped: --lat {lon} --lon {lat}" if swapped else "give -90 to 90, north positive"
        )
        raise UsageError("no latitude", remedy=remedy, field="--lat", value=lat)
    if not -180.0 <= longitude <= 360.0:
        remedy = "give -180 to 180 or 0 to 360, east positive"
        raise UsageError("no longitude", remedy=remedy, field="--lon", value=lon)
    return latitude, longitude, _words(latitude, longitude)


def _number(text: str, field: str) -> float:
    """Read degrees.

    Raises:
        UsageError: No number; where it ends in a point of the compass, with what it would be.
    """
    from rover.core.errors import UsageError

    sign = {"N": "", "E": "", "S": "-", "W": "-"}.get(text.strip()[-1:].upper())
    try:
        return float(text)
    except ValueError:
        pass
    remedy = "give degrees, such as -45.4446"
    if sign is not None:
        bare = text.strip()[:-1].strip().rstrip("\u00b0").lstrip("+-")
        remedy = f"south and west are negative: {field} {sign}{bare}"
    raise UsageError("no number of degrees", remedy=remedy, field=field, value=text) from None


def _words(latitude: float, longitude: float) -> str:
    east = (longitude + 180) % 360 - 180
    return f"{abs(latitude):g} {'NS'[latitude < 0]} {abs(east):.8g} {'EW'[east < 0]}"


def _times(
    at: str | None, begin: str | None, end: str | None, step_h: float, max_rows: int
) -> tuple[Epoch, int, float]:
    """Return the first instant, the number of rows and the seconds between them; an instant has no step."""
    import math

    from rover.core.errors import ResourceError, UsageError
    from rover.core.time import parse_utc

    if at is not None:
        return parse_utc(at, field="--at"), 1, 0.0
    assert begin is not None and end is not None
    epoch = parse_utc(begin, field="--from")
    span_s = epoch.seconds_until(parse_utc(end, field="--to"))
    if span_s < 0:
        raise UsageError("before --from", remedy="exchange them", field="--to", value=end)
    if not 0 < step_h < math.inf:
        remedy = "give hours, more than 0, such as 0.5"
        raise UsageError("no step", remedy=remedy, field="--step", value=step_h)
    if step_h * 3600 < 1:
        raise UsageError(
            "shorter than a second", remedy="give 1/3600 h = 0.000278 or more", field="--step", value=step_h
        )
    rows = math.floor(span_s / (3600 * step_h) + 1e-6) + 1
    if rows > max_rows:
        raise ResourceError(
            f"{rows:,} rows, more than {max_rows:,}",
            remedy=f"take a longer step, or set --max-rows to {rows}",
            field="--step",
            value=step_h,
        )
    return epoch, rows, 3600 * step_h


def _tell_times(
    place: SkyPlace,
    told_as: list[str],
    times: tuple[Epoch, int, float],
    form: str,
    out: Path | None,
    plot: Path | None,
) -> None:
    from itertools import chain

    from sim.cli.output import write_lines
    from sim.cli.sky_tables import table_lines

    epoch, rows, step_s = times
    tables = _tables(place, epoch, rows, step_s)
    first = next(tables)  # what is wrong with kernels or times shows here, before anything is written
    _note(epoch, (rows - 1) * step_s)
    made: list[SkyTable] = []
    kept = (_keep(table, made) if plot else table for table in chain([first], tables))
    names = [station.name for station in place.stations]
    lines = table_lines(kept, epoch, names, form=form, head=told_as, is_instant=step_s == 0)
    write_lines(lines, out)
    if plot is not None:
        from sim.cli.sky_sheet import draw_span

        draw_span(place, told_as, epoch, made, plot)


def _keep(table: SkyTable, made: list[SkyTable]) -> SkyTable:
    made.append(table)
    return table


def _tables(place: SkyPlace, epoch: Epoch, rows: int, step_s: float) -> Iterator[SkyTable]:
    import numpy as np

    from rover.sky.table import sky_table

    for begin in range(0, rows, _CHUNK):
        yield sky_table(place, epoch, np.arange(begin, min(begin + _CHUNK, rows)) * step_s)


def _tell_day(
    place: SkyPlace,
    told_as: list[str],
    at: str | None,
    day: int | None,
    form: str,
    out: Path | None,
    plot: Path | None,
) -> None:
    import math

    from rover.sky.lunar_day import EPOCH, tell_lunar_day
    from sim.cli.output import write_lines
    from sim.cli.sky_tables import ELEVATIONS_DEG, day_lines

    number = _day_number(place, at, day)

    told = tell_lunar_day(place, number, elevations_rad=[math.radians(e) for e in ELEVATIONS_DEG])
    lines = list(day_lines(place, told, form=form, head=told_as))
    _note(EPOCH, told.begin_s, told.end_s)
    write_lines(lines, out)
    if plot is not None:
        from sim.cli.sky_sheet import draw_day

        draw_day(place, told_as, told, plot)


def _day_number(place: SkyPlace, at: str | None, day: int | None) -> int:
    """Return the lunar day asked for, the first if none is.

    Raises:
        UsageError: Outside the years served.
    """
    from rover.core.errors import UsageError
    from rover.core.time import FIRST_YEAR, LAST_YEAR, SYNODIC_MONTH_S, parse_utc
    from rover.sky.labels import lunar_day
    from rover.sky.lunar_day import EPOCH

    if at is not None:
        epoch = parse_utc(at, field="--at")
        return int(
            lunar_day(place.longitude_rad, epoch.tt_jd1, epoch.tt_jd2, ephemeris=place.ephemeris).item()
        )
    number = 1 if day is None else day
    bounds = (f"{FIRST_YEAR}-03-01T00:00:00Z", f"{LAST_YEAR}-10-01T00:00:00Z")
    first, last = (round(EPOCH.seconds_until(parse_utc(utc)) / SYNODIC_MONTH_S) + 1 for utc in bounds)
    if not first <= number <= last:
        raise UsageError(
            f"outside {FIRST_YEAR}-{LAST_YEAR}", remedy=f"give {first} to {last}", field="--day", value=day
        )
    return number


def _note(epoch: Epoch, *times_s: float) -> None:
    """Say on stderr, once for each rule, where leap seconds are not what they are today."""
    from rover.core.time import Epoch, time_note

    ends = [Epoch(tt_jd1=epoch.tt_jd1, tt_jd2=float(epoch.tt_at(t)[1])) for t in (0.0, *times_s)]
    notes = {note.partition(":")[0]: note for end in reversed(ends) if (note := time_note(end))}
    for note in [*reversed(notes.values()), *_relay_note(ends)]:
        typer.echo(f"farside: note: {note}", err=True)


def _relay_note(times: list[Epoch]) -> list[str]:
    """Return in a sentence, where some time is before it, since when there is a relay; nothing otherwise."""
    from rover.core.time import parse_utc

    on_halo = parse_utc(_ON_HALO_UTC)
    if all(time.seconds_until(on_halo) <= 0 for time in times):
        return []
    return [
        f"Queqiao was launched on {_LAUNCH_UTC[:10]} and is on its halo orbit since {_ON_HALO_UTC[:10]}: what is told "
        "of the relay before that is where that orbit would have had it"
    ]
