"""Tables of faults that cannot be meant: one line each, with file, field, value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rover.core.errors import FaultTableError
from rover.core.time import parse_utc
from sim.run.fault_table import Draw, check_fault_table, read_fault_table

START = parse_utc("2019-01-03T14:22:00Z")
WHEEL = {"name": '"s"', "subsystem": '"wheels"', "kind": '"stall"', "at_s": "1.0", "persists": "true"}
DUST = WHEEL | {
    "subsystem": '"array"',
    "kind": '"dust_step"',
    "magnitude": '{ law = "constant", value = 0.1, source = "s" }',
}
RATE = '{ value = 1.0, source = "s" }'
ENDS = '{ law = "constant", value = 1.0, unit = "h", source = "s" }'


def written(tmp_path: Path, *rows: dict[str, str | None]) -> str:
    text = 'format = 1\nname = "t"\n'
    for row in rows:
        text += "[[faults]]\n" + "".join(
            f"{key} = {value}\n" for key, value in row.items() if value is not None
        )
    path = tmp_path / "t.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (
            WHEEL | {"subsystem": '"warp"'},
            "faults.0.subsystem = warp: no such subsystem; give one of wheels, soil, stereo, ",
        ),
        (
            WHEEL | {"kind": '"dust_step"'},
            "faults.0.kind = dust_step: not of the subsystem wheels; give stall or dead",
        ),
        (
            WHEEL | {"at_s": "-5.0"},
            "faults.0.at_s = -5.0: before the start; give seconds after it, 0 or more",
        ),
        (
            WHEEL | {"at_s": None, "at_m": "-1.0"},
            "faults.0.at_m = -1.0: before the start; give metres after it, 0 or more",
        ),
        (
            WHEEL | {"at_s": None, "at_utc": "2019-01-01T00:00:00Z"},
            "faults.0.at_utc = 2019-01-01T00:00:00Z: before the start at 2019-01-03T14:22:00Z; give a later time",
        ),
        (WHEEL | {"at_s": None, "at_utc": '"tomorrow"'}, "faults.0.at_utc = tomorrow: "),
        (
            WHEEL | {"at_s": None, "per_km": '{ value = -2.0, source = "s" }'},
            "faults.0.per_km.value = -2.0: out of range; give a value greater than or equal to 0",
        ),
        (WHEEL | {"at_s": None, "per_km": "{ value = 2.0 }"}, "faults.0.per_km.source: missing; add it"),
        (WHEEL | {"per_km": RATE}, "faults.0.at_s = 1.0: contradicts per_km; leave one of them out"),
        (
            WHEEL | {"at_s": None, "per_km": RATE, "per_hour": RATE},
            "faults.0.per_hour: contradicts per_km; leave one of them out",
        ),
        (
            WHEEL | {"at_s": None},
            "faults.0.name = s: never comes; give per_km, per_hour, at_s, at_m or at_utc",
        ),
        (WHEEL | {"lasts": ENDS}, "faults.0.persists = True: contradicts lasts; leave one of them out"),
        (
            WHEEL | {"persists": None},
            "faults.0.persists: it neither ends nor stays; give lasts, or persists = true",
        ),
        (
            WHEEL | {"persists": None, "lasts": ENDS.replace("1.0", "-1.0")},
            "faults.0.lasts: lasts less than nothing; give 0 or more",
        ),
        (WHEEL | {"wheel": "6"}, "faults.0.wheel = 6: out of range; give a value less than or equal to 5"),
        (WHEEL | {"magnitude": DUST["magnitude"]}, "faults.0.magnitude: a stall has none; leave it out"),
        (WHEEL | {"radius_m": RATE}, "faults.0.radius_m: a stall has none; leave it out"),
        (WHEEL | {"whel": "1"}, "faults.0.whel: unknown key; did you mean wheel?"),
        (DUST | {"magnitude": None}, "faults.0.magnitude: missing; give it, in share of the light"),
        (
            DUST | {"magnitude": '{ law = "uniform", low = 0.5, high = 1.5, source = "s" }'},
            "faults.0.magnitude = 1.5: out of range; give 0 to 1, share of the light",
        ),
        (
            DUST | {"magnitude": '{ law = "uniform", low = 0.5, high = 0.1, source = "s" }'},
            "faults.0.magnitude: low is above high; exchange them",
        ),
        (
            DUST | {"magnitude": '{ law = "uniform", mean = 0.5, source = "s" }'},
            "faults.0.magnitude: low is missing; a uniform law has low and high",
        ),
        (DUST | {"wheel": "1"}, "faults.0.wheel = 1: the subsystem array has none; leave it out"),
        (
            WHEEL
            | {
                "subsystem": '"relay"',
                "kind": '"outage"',
                "persists": None,
                "lasts": ENDS.replace('"h"', '"m"'),
            },
            'faults.0.lasts.unit = m: it lasts a time; say unit = "h"',
        ),
        (
            WHEEL | {"subsystem": '"computer"', "kind": '"reset"'},
            "faults.0.persists = True: a computer that stays off ends the run; give lasts, in hours",
        ),
    ],
)
def test_a_row_that_cannot_be_meant(tmp_path: Path, row: dict[str, str | None], line: str) -> None:
    file = written(tmp_path, row)
    with pytest.raises(FaultTableError) as refused:
        read_fault_table(file, start=START)
    assert str(refused.value).startswith(f"farside: error[FAULTS]: {file}: {line}")


def test_rows_of_one_name_and_every_problem_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, WHEEL, WHEEL | {"wheel": "9"}, WHEEL)
    with pytest.raises(FaultTableError) as refused:
        check_fault_table(file)
    assert [problem.field for problem in refused.value.problems] == ["faults.1.wheel", "faults.2.name"]
    assert "twice in this table; give each row a name of its own" in str(refused.value.problems[1])


def test_one_wheel_is_not_held_and_without_power_at_once(tmp_path: Path) -> None:
    held = WHEEL | {"wheel": "2"}
    dead = held | {"name": '"d"', "kind": '"dead"'}
    with pytest.raises(FaultTableError, match=r"faults\.1\.kind = dead: contradicts 's': a wheel is held or"):
        read_fault_table(written(tmp_path, held, dead), start=START)
    assert len(read_fault_table(written(tmp_path, held, dead | {"wheel": "3"}), start=START).rows) == 2
    assert len(read_fault_table(written(tmp_path, held, dead | {"at_s": "2.0"}), start=START).rows) == 2


def test_without_a_run_no_time_is_too_early(tmp_path: Path) -> None:
    check_fault_table(written(tmp_path, WHEEL | {"at_s": None, "at_utc": "1980-01-01T00:00:00Z"}))


def test_draws_by_their_law() -> None:
    exponential = Draw(law="exponential", mean=2.0, source="s")
    assert exponential.at(0.5) == pytest.approx(2.0 * 0.693147, rel=1e-5)
    assert Draw(law="uniform", low=-1.0, high=3.0, source="s").at(0.25) == 0.0
    assert Draw(law="constant", value=7.0, source="s").at(0.9) == 7.0
