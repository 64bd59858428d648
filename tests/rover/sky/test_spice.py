"""The user's kernels: what is wrong with them is said in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rover.core.errors import FarsideError, KernelError, TimeError
from rover.core.time import parse_utc
from rover.sky.spice import spice_ephemeris
from rover.sky.sun import earth_from_moon, sun_from_moon
from tests.builders.kernels import (
    IAU_MOON_PCK,
    de421,
    iau_meta_kernel,
    librations,
    mean_earth_meta_kernel,
    moon_frames,
    write_meta_kernel,
)

PLACE = (-0.7931, 3.0997)


def one_line(error: FarsideError, *parts: str) -> None:
    message = str(error)
    assert message.startswith(f"farside: error[{error.code}]: ")
    assert "\n" not in message
    for part in parts:
        assert part in message


def refusal(meta: Path | str) -> KernelError:
    import spiceypy

    with pytest.raises(KernelError) as refused, spice_ephemeris(meta):
        pass
    assert refused.value.exit_code == 3
    assert spiceypy.ktotal("ALL") == 0  # nothing stays behind
    return refused.value


def test_the_frame_is_said(tmp_path: Path) -> None:
    with spice_ephemeris(mean_earth_meta_kernel(tmp_path)) as kernels:
        assert kernels.frame == "MOON_ME"
        assert kernels.source.endswith("meta.tm, frame MOON_ME")
    with spice_ephemeris(iau_meta_kernel(tmp_path)) as kernels:
        assert kernels.frame == "IAU_MOON"
        assert kernels.source.endswith("iau.tm, frame IAU_MOON")


def test_frames_without_an_orientation_do_not_count(tmp_path: Path) -> None:
    """The frame kernel alone defines MOON_ME; without the binary PCK nothing is known in it."""
    constants = tmp_path / "moon.tpc"
    constants.write_text(IAU_MOON_PCK, encoding="ascii")
    with spice_ephemeris(write_meta_kernel(tmp_path, de421(), moon_frames(), constants)) as kernels:
        assert kernels.frame == "IAU_MOON"
    one_line(
        refusal(write_meta_kernel(tmp_path, de421(), moon_frames())), "no orientation of the Moon; list a"
    )


def test_kernels_are_unloaded_at_the_end(tmp_path: Path) -> None:
    import spiceypy

    with spice_ephemeris(mean_earth_meta_kernel(tmp_path)):
        assert spiceypy.ktotal("ALL") == 5
    assert spiceypy.ktotal("ALL") == 0


def test_a_missing_meta_kernel(tmp_path: Path) -> None:
    one_line(refusal(tmp_path / "no.tm"), "no.tm: no such file; give the path")
    one_line(refusal(tmp_path), "no such file")


def test_a_missing_kernel_in_the_list(tmp_path: Path) -> None:
    one_line(
        refusal(write_meta_kernel(tmp_path, tmp_path / "de999.bsp")), "NOSUCHFILE", "de999.bsp", "paths in it"
    )


@pytest.mark.parametrize(
    "content", [b"", b"KPL/MK\n\\begindata\nKERNELS_TO_LOAD = (\n", b"no kernel\n", b"\x00" * 99]
)
def test_what_is_no_kernel(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.tm").write_bytes(content)
    one_line(refusal(tmp_path / "bad.tm"), "bad.tm: ")


def test_a_truncated_ephemeris(tmp_path: Path) -> None:
    """Its directory may be whole while its numbers are gone: refused at the latest when it is asked."""
    (tmp_path / "cut.bsp").write_bytes(de421().read_bytes()[:100_000])
    meta = write_meta_kernel(tmp_path, tmp_path / "cut.bsp", librations(), moon_frames())
    with pytest.raises(FarsideError) as refused, spice_ephemeris(meta) as kernels:
        sun_from_moon(*PLACE, *parse_utc("2019-01-01T00:00Z").tt_at(0.0), ephemeris=kernels)
    one_line(refused.value, "meta.tm")


def test_kernels_of_another_body(tmp_path: Path) -> None:
    """An ephemeris of Mars alone, cut from DE421."""
    import spiceypy

    mars = tmp_path / "mars.bsp"
    source = spiceypy.spklef(str(de421()))
    target = spiceypy.spkopn(str(mars), "mars", 0)
    copied = 0
    spiceypy.dafbfs(source)
    while spiceypy.daffna():
        summary = spiceypy.dafgs(5)
        _, (body, *_) = spiceypy.dafus(summary, 2, 6)
        if body in (4, 499):
            spiceypy.spksub(source, summary, "mars", 0.0, 1e8, target)
            copied += 1
    spiceypy.spkcls(target)
    spiceypy.spkuef(source)
    assert copied > 0
    error = refusal(write_meta_kernel(tmp_path, mars, librations(), moon_frames()))
    one_line(error, "no Moon (301) in the kernels; bodies: 4", "list a planetary ephemeris")


def test_no_ephemeris_at_all(tmp_path: Path) -> None:
    one_line(
        refusal(write_meta_kernel(tmp_path, librations(), moon_frames())), "no Moon (301)", "bodies: none"
    )


@pytest.mark.parametrize("utc", ["2051-06-01T00:00:00Z", "2099-01-01T00:00:00Z"])
@pytest.mark.parametrize("from_moon", [sun_from_moon, earth_from_moon])
def test_times_that_are_not_covered(tmp_path: Path, utc: str, from_moon: object) -> None:
    inside = parse_utc("2019-01-01T00:00:00Z")
    span_s = inside.seconds_until(parse_utc(utc))
    with spice_ephemeris(mean_earth_meta_kernel(tmp_path)) as kernels:
        with pytest.raises(TimeError) as refused:
            from_moon(*PLACE, *inside.tt_at([0.0, span_s]), ephemeris=kernels)  # type: ignore[operator]
        one_line(
            refused.value,
            f"meta.tm: time = {utc}: not covered by the kernels",
            "from 1900-01-01T",
            "to 2050-12-31T",
        )
        assert refused.value.exit_code == 2


def test_light_that_set_out_before_the_kernels_begin(tmp_path: Path) -> None:
    """At the edge of the ephemeris the Sun's light is older than the first instant."""
    with spice_ephemeris(iau_meta_kernel(tmp_path)) as kernels:
        first, _ = kernels.covered
        for after_s, covered in ((60.0, False), (3600.0, True)):
            times = 2_451_545.0, (first + after_s) / 86_400.0
            if covered:
                sun_from_moon(*PLACE, *times, ephemeris=kernels)
            else:
                with pytest.raises(TimeError, match="not covered"):
                    sun_from_moon(*PLACE, *times, ephemeris=kernels)


def test_without_spiceypy_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    meta = mean_earth_meta_kernel(tmp_path)
    monkeypatch.setitem(sys.modules, "spiceypy", None)
    with pytest.raises(KernelError) as refused, spice_ephemeris(meta):
        pass
    one_line(refused.value, "spiceypy is not installed; pip install farside[spice]")
