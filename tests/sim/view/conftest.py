"""The hand-made traverse, once, and ways to find what a figure holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from sim.run.runlog import RunLog
from tests.builders.runlogs import traverse_log

Find = Callable[[Figure, str], list[Artist]]


@pytest.fixture(scope="session")
def log() -> RunLog:
    return traverse_log()


@pytest.fixture(scope="session")
def named() -> Find:
    """Return the artists of a figure that carry a name (matplotlib's gid)."""

    def find(figure: Figure, gid: str) -> list[Artist]:
        return [artist for artist in figure.findobj() if artist.get_gid() == gid]

    return find


@pytest.fixture(scope="session")
def legend_words() -> Callable[[Figure], list[str]]:
    """Return what stands in all legends of a figure."""

    def words(figure: Figure) -> list[str]:
        legends = [artist for artist in figure.findobj(Legend) if isinstance(artist, Legend)]
        return [text.get_text() for legend in legends for text in legend.get_texts()]

    return words
