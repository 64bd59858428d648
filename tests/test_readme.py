"""Every command and every piece of code in the README works, in an empty folder with an empty home."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rover.core.jit import cache_folder
from sim.cli.main import app
from sim.run.results import read_results

pytestmark = pytest.mark.readme

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(kind, text) for kind, text in BLOCK.findall(README) if kind != "text"]

MOST_LINES = 210
RUN_REALLY = ("farside", "pytest")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty folder but for the examples, as in a checkout."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of a new user: nothing at home but the compiled kernels that are there already."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "XDG_", "MPL", "COV_")) and name != "PYTHONPATH"
    }
    if folder := cache_folder():
        kept["NUMBA_CACHE_DIR"] = str(folder.parent)
    own = str(Path(sys.executable).parent)
    return {**kept, "HOME": str(home), "PATH": own + os.pathsep + kept.get("PATH", "")}


def run(command: list[str] | str, folder: Path, home: Path) -> str:
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env=surroundings(home),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def commands(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def program(line: str) -> str:
    return shlex.split(line, comments=True)[0]


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "sh"])
def test_commands(text: str, scratch: Path, home: Path, request: pytest.FixtureRequest) -> None:
    if "$FARSIDE_REFERENCE" in text:
        request.getfixturevalue("reference")
    for line in commands(text):
        if program(line) in RUN_REALLY:
            run(line, scratch, home)
        else:
            check_existence(line)


def check_existence(line: str) -> None:
    """What `make`, `pip` and `git` are told to use is there."""
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert len(words) == 2 and re.search(rf"^{re.escape(words[1])}:", makefile, re.MULTILINE), line
    elif words[:2] == ["pip", "install"]:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert words[-1] in (".", project["name"]), line
    else:
        assert words[0] == "git", f"{line}: nothing checks this command"


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "python"])
def test_code(text: str, scratch: Path, home: Path) -> None:
    file = scratch / "test_snippet.py"
    file.write_text(text, encoding="utf-8")
    if "def test_" in text:
        assert " passed" in run([sys.executable, "-m", "pytest", "-q", file.name], scratch, home)
    else:
        assert run([sys.executable, file.name], scratch, home).strip()


def test_all_blocks_are_tested() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh", "python"}
    assert 2 * (len(BLOCKS) + 1) == len(re.findall(r"^ *(```|~~~)", README, re.MULTILINE))


def test_every_command_of_the_program_is_shown() -> None:
    lines = [line for kind, text in BLOCKS if kind == "sh" for line in commands(text)]
    shown = {shlex.split(line, comments=True)[1] for line in lines if program(line) == "farside"}
    assert shown == {command.callback.__name__ for command in app.registered_commands if command.callback}


def test_first_screen_is_short() -> None:
    assert README.startswith("# farside\n")
    assert (
        README.index("make demo")
        < README.index("docs/figures/map.png")
        < README.index("docs/figures/timeline.png")
    )
    assert README.count("\n") <= MOST_LINES


@pytest.mark.parametrize("name", ["map.png", "timeline.png"])
def test_picture_is_small(name: str) -> None:
    content = (ROOT / "docs" / "figures" / name).read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) < 400_000


def table_in_readme() -> str:
    (table,) = [text for kind, text in BLOCK.findall(README) if kind == "text"]
    return table


def names_of_figures(table: str) -> list[str]:
    return re.findall(r"^  (\w+(?: \w+)*)  ", table, re.MULTILINE)


def test_files_that_a_run_leaves_are_listed(tmp_path: Path, home: Path) -> None:
    printed = run("farside run short-hop --out hop --quiet", tmp_path, home)
    left = {path.name for path in (tmp_path / "hop").iterdir()}
    rows = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    listed = set(re.findall(r"`(\w+\.\w+)`", rows))
    assert listed == left
    assert names_of_figures(printed) == names_of_figures(table_in_readme())
    assert read_results(tmp_path / "hop").outcome == "arrived"


@pytest.mark.slow
def test_table_is_that_of_a_run(tmp_path: Path, home: Path) -> None:
    """`make figures` puts it right."""
    printed = run("farside run first-drive --no-plots --quiet --out demo", tmp_path, home)
    lines = [
        line.rstrip() for line in printed.splitlines() if line.strip() and not line.startswith("Results")
    ]
    assert "\n".join(lines) + "\n" == table_in_readme()
