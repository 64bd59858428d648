"""Pictures of light show the arrays they are given, in their units; the animation is whole, bounded and the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from rover.core.errors import OutputError, UsageError
from rover.core.grid import Dem
from sim.view import animation, style
from sim.view.animation import MOST_FRAMES, LightFrame, chosen_frames, save_shadows
from sim.view.light import SUNLIT, draw_lit_map, lit_colours, lit_words
from sim.view.light_calendar import HOURS, NEVER, LightSheet, draw_light_calendar
from tests.builders.scenes import dem_of, equilibrium_scene

SIDE = 60


@pytest.fixture(scope="module")
def dem() -> Dem:
    return dem_of(equilibrium_scene(SIDE, 1)[0], 2.0)


def halves(share: float = 0.0) -> np.ndarray:
    """The western half lit, the eastern lit by a share; one corner unknown."""
    lit = np.ones((SIDE, SIDE), np.float32)
    lit[:, SIDE // 2 :] = share
    lit[:5, :5] = np.nan
    return lit


@pytest.fixture
def sheet(dem: Dem) -> LightSheet:
    hours = np.arange(0.0, 700.0, 5.0)
    first = np.full((SIDE, SIDE), 36_000, np.float32)
    first[:, 30:] = 180_000
    first[10, 10] = np.nan
    longest = np.full((SIDE, SIDE), 720_000, np.float32)
    first[:5, :5] = longest[:5, :5] = np.nan
    return LightSheet(
        title="A day",
        lines=["a line"],
        dem=dem,
        start_utc="2019-01-02T00:00:00Z",
        time_s=3600 * hours + 1800,
        lit_share=np.clip(np.sin(hours / 111), 0, 1),
        sun_elevation_deg=40 * np.sin(hours / 111),
        first_light_s=first,
        last_light_s=first + 400_000,
        longest_shadow_s=longest,
    )


# ---- colours --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [SUNLIT, HOURS])
def test_lightness_alone_tells_values_apart(scale) -> None:
    colours = scale(np.linspace(0, 1, 50))[:, :3]
    lightness = colours @ np.array([0.2126, 0.7152, 0.0722])
    steps = np.diff(lightness)
    assert (steps > 0).all() or (steps < 0).all()


def test_shadow_is_darker_than_any_lit_ground_whatever_its_relief() -> None:
    relief = np.linspace(0, 1, 20)[None]
    shadow, light = (lit_colours(relief, np.full((1, 20), lit, np.float32)).sum(axis=-1) for lit in (0, 1))
    assert shadow.max() < 0.6 * light.min()


def test_unknown_light_is_grey_on_any_relief() -> None:
    colours = lit_colours(np.linspace(0, 1, 6)[None], np.full((1, 6), np.nan, np.float32))
    assert (colours == np.rint(255 * np.array(to_rgb(style.NO_DATA)))).all()


# ---- a map ----------------------------------------------------------------------------------------------------------


def test_the_map_shows_light_where_it_is(dem, named, legend_words) -> None:
    figure = draw_lit_map(dem, halves(), title="Light", lines=["now"], sun_deg=(270.0, 3.3))
    (image,) = named(figure, "lit")
    drawn = np.asarray(image.get_array()).sum(axis=-1)
    assert drawn[10:, : SIDE // 2].min() > drawn[10:, SIDE // 2 :].max()
    assert image.origin == "lower"
    assert legend_words(figure) == ["unknown"]
    (words,) = named(figure, "sun")
    assert words.get_text() == "Sun 3.3° up"
    (arrow,) = named(figure, "sun arrow")
    assert arrow.xy[0] > arrow.xyann[0]  # light from the west falls eastwards
    assert arrow.xy[1] == pytest.approx(arrow.xyann[1])
    assert any("lit fraction" in ax.get_xlabel() for ax in figure.axes)
    assert named(figure, "scale bar")


def test_a_map_that_is_all_known_has_no_legend_of_gaps(dem, legend_words) -> None:
    figure = draw_lit_map(dem, np.ones((SIDE, SIDE), np.float32), title="Light")
    assert legend_words(figure) == []


def test_words_tell_half_discs_and_penumbra() -> None:
    lit = np.array([[1, 0.5, 0.4, 0.0, np.nan]], np.float32)
    assert lit_words(lit) == "50.0 % of the ground sees at least half of the disc; 50.0 % is in penumbra."
    assert "unknown everywhere" in lit_words(np.full((2, 2), np.nan, np.float32))


# ---- a calendar -----------------------------------------------------------------------------------------------------


def test_the_calendar_holds_its_figures_in_hours_and_percent(sheet, named) -> None:
    figure = draw_light_calendar(sheet)
    (share,), (sun,) = named(figure, "lit share"), named(figure, "sun elevation")
    np.testing.assert_array_equal(share.get_ydata(), sheet.lit_share)
    np.testing.assert_array_equal(sun.get_ydata(), sheet.sun_elevation_deg)
    np.testing.assert_allclose(share.get_xdata() * 86_400, sheet.time_s)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [title for title in titles if title] == ["First light", "Last light", "Longest shadow"]
    bars = [ax.get_xlabel() for ax in figure.axes if "hours" in ax.get_xlabel()]
    assert bars == ["hours since 2019-01-02 00:30 UTC"] * 2 + ["hours"]
    assert len(named(figure, "scale bar")) == 6


def test_cells_without_light_and_unknown_ones_have_colours_of_their_own(sheet, named) -> None:
    figure = draw_light_calendar(sheet)
    (image,) = named(figure, "first light")
    drawn = np.asarray(image.get_array())
    np.testing.assert_allclose(drawn[2, 2], to_rgb(style.NO_DATA), atol=1e-6)
    never = drawn[10, 10] / np.linalg.norm(drawn[10, 10])
    assert never @ np.array(to_rgb(NEVER)) / np.linalg.norm(to_rgb(NEVER)) > 0.9999
    assert drawn[40, 10].sum() > drawn[40, 50].sum() + 0.5  # early light is drawn lighter
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert legends == ["never lit in this time", "unknown"]


# ---- an animation ---------------------------------------------------------------------------------------------------


def frames(count: int) -> list[LightFrame]:
    return [
        LightFrame(f"2019-01-03 {k:02d}:00 UTC   Sun {k}.0°", halves(k / max(count - 1, 1)))
        for k in range(count)
    ]


def test_the_animation_has_every_frame_and_gives_the_same_bytes(dem, tmp_path: Path) -> None:
    one, two = tmp_path / "one.gif", tmp_path / "two.gif"
    save_shadows(dem, iter(frames(5)), one, title="Shadows")
    save_shadows(dem, frames(5), two, title="Shadows")
    assert one.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.gif", "two.gif"]
    with Image.open(one) as film:
        assert film.n_frames == 5
        assert max(film.size) < 700
        seen = []
        for k in range(5):
            film.seek(k)
            seen.append(np.asarray(film.convert("RGB")).astype(int).sum(axis=-1))
        east = [picture[300:400, 400:500].mean() for picture in seen]
        assert (np.diff(east) > 30).all()  # it grows light
        words = [picture[40:70, :400] for picture in seen]
        assert all((a != b).any() for a, b in zip(words[:-1], words[1:], strict=True))
        assert film.info["loop"] == 0


def test_still_ground_takes_no_room(dem, tmp_path: Path) -> None:
    few, many = tmp_path / "few.gif", tmp_path / "many.gif"
    still = LightFrame("now", halves())
    other = LightFrame("then", halves())
    save_shadows(dem, [still, other] * 2, few, title="Still")
    save_shadows(dem, [still, other] * 20, many, title="Still")
    assert many.stat().st_size - few.stat().st_size < 36 * 5000


def test_the_palette_fits_a_gif() -> None:
    assert len(list(animation._colours())) <= 256


@pytest.mark.parametrize("count, shown", [(1, 1), (7, 7), (MOST_FRAMES, MOST_FRAMES), (1000, MOST_FRAMES)])
def test_at_most_so_many_frames_with_the_first_and_the_last(count: int, shown: int) -> None:
    chosen = chosen_frames(count)
    assert len(chosen) == shown
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert np.ptp(np.diff(chosen)) <= 1 if count > 1 else True


def test_what_cannot_be_an_animation_is_refused_and_leaves_nothing(dem, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(animation, "MOST_FRAMES", 3)
    for call, words in (
        (lambda: save_shadows(dem, frames(2), tmp_path / "a.mp4", title=""), r"ends in \.gif"),
        (lambda: save_shadows(dem, [], tmp_path / "a.gif", title=""), "frames: an animation of nothing"),
        (lambda: save_shadows(dem, frames(4), tmp_path / "a.gif", title=""), "frames: more than 3"),
    ):
        with pytest.raises(UsageError, match=words):
            call()
    with pytest.raises(OutputError, match="cannot be written"):
        save_shadows(dem, frames(1), tmp_path / "no" / "a.gif", title="")
    assert list(tmp_path.iterdir()) == []
