"""The kernel cache: never stale, never fatal, never anybody else's. Each case is a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

INNER = """\
from rover.core.jit import kernel

@kernel
def inner(x):
    return x + 1.0
"""
OUTER = """\
from rover.core.jit import kernel
from rover.core.inner_kernels import inner

@kernel
def outer(x):
    return 10.0 * inner(x)
"""
ASK = "from rover.core.outer_kernels import outer; print(outer(1.0))"


def make_package(folder: Path) -> Path:
    """A package with the real jit.py and two kernels, one calling the other across files."""
    core = folder / "tree" / "rover" / "core"
    core.mkdir(parents=True)
    for empty in (core / "__init__.py", core.parent / "__init__.py"):
        empty.touch()
    shutil.copy(ROOT / "rover" / "core" / "jit.py", core)
    (core / "inner_kernels.py").write_text(INNER)
    (core / "outer_kernels.py").write_text(OUTER)
    return folder / "tree"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make_package(tmp_path)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A package and its filled cache: neither is to be written to, a copy of the cache serves as well."""
    folder = tmp_path_factory.mktemp("warm")
    package = make_package(folder)
    assert run(package, folder / "cache") == ("20.0", "")
    return package, folder / "cache"


def run(package: Path, cache: Path | None, code: str = ASK, **more: str) -> tuple[str, str]:
    """Run a line of Python on a package; return what it wrote to stdout and stderr."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA", "PYTHON"))}
    environment |= {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", **more}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def warned(stderr: str) -> int:
    assert "Traceback" not in stderr, stderr
    return stderr.count("RuntimeWarning: kernel cache")


def folders(cache: Path) -> set[str]:
    return {path.name for path in cache.glob("kernels-*")}


def test_editing_a_callee_in_another_file_changes_the_folder_and_the_result(
    package: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    assert run(package, cache) == ("20.0", "")
    before = folders(cache)
    assert len(before) == 1
    callee = package / "rover" / "core" / "inner_kernels.py"
    callee.write_text(INNER.replace("1.0", "2.0"))
    assert run(package, cache) == ("30.0", "")
    assert len(folders(cache) - before) == 1


def test_how_kernels_are_compiled_is_in_the_folders_name(package: Path, tmp_path: Path) -> None:
    code = "from rover.core.jit import cache_folder; print(cache_folder().name)"
    before, _ = run(package, tmp_path / "cache", code)
    jit = package / "rover" / "core" / "jit.py"
    jit.write_text(jit.read_text(encoding="utf-8") + "\n# another way of compiling\n", encoding="utf-8")
    assert run(package, tmp_path / "cache", code)[0] != before


def test_a_warm_cache_is_used_and_known_as_warm(warm: tuple[Path, Path], tmp_path: Path) -> None:
    code = (
        f"from rover.core.jit import when_compiling; when_compiling(lambda: print('compiling')); {ASK};"
        "print(sum(outer.stats.cache_hits.values()), sum(outer.stats.cache_misses.values()))"
    )
    package, cache = warm
    assert run(package, cache, code)[0].split() == ["20.0", "1", "0"]
    assert run(package, tmp_path, code)[0].split() == ["compiling", "20.0", "0", "1"]


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("torn", [b"not a pickle at all", None], ids=["text", "half"])
def test_a_corrupt_cache_costs_one_warning_and_no_wrong_result(
    warm: tuple[Path, Path], tmp_path: Path, suffix: str, torn: bytes | None
) -> None:
    package, filled = warm
    cache = Path(shutil.copytree(filled, tmp_path / "cache"))
    hurt = list(cache.rglob(f"*{suffix}"))
    assert hurt
    for path in hurt:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if torn is None else torn)
    result, stderr = run(package, cache)
    assert result == "20.0"
    assert warned(stderr) == 1
    assert "is corrupt" in stderr
    for path in hurt:
        assert (
            not path.exists() or path.stat().st_size > 100
        )  # wiped, and written anew where it was asked for


def test_a_cache_that_cannot_be_written_costs_one_warning(warm: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result, stderr = run(warm[0], tmp_path / "file" / "cache")
    assert result == "20.0"
    assert warned(stderr) == 1
    assert "cannot be written" in stderr


def test_a_cache_that_vanishes_under_way_costs_one_warning_at_most(
    warm: tuple[Path, Path], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    code = (
        "import shutil, pathlib; from rover.core.outer_kernels import outer;"
        f"shutil.rmtree(r'{cache}'); pathlib.Path(r'{cache}').write_text('in the way'); print(outer(1.0))"
    )
    result, stderr = run(warm[0], cache, code)
    assert result == "20.0"
    assert warned(stderr) <= 1


def test_without_a_setting_the_cache_is_the_users(package: Path, tmp_path: Path) -> None:
    run(package, None, XDG_CACHE_HOME=str(tmp_path / "xdg"), HOME=str(tmp_path / "home"))
    written = list(tmp_path.rglob("*.nbi"))
    assert written
    assert not any("__pycache__" in path.parts for path in written)


@pytest.mark.parametrize("setting", [True, False])
def test_other_peoples_functions_keep_their_own_cache(package: Path, tmp_path: Path, setting: bool) -> None:
    theirs = package / "theirs.py"
    theirs.write_text("import numba\n\n@numba.njit(cache=True)\ndef twice(x):\n    return 2 * x\n")
    code = (
        "import numba; before = numba.config.CACHE_DIR;"
        "import rover.core.outer_kernels as ours; assert numba.config.CACHE_DIR == before;"
        "import theirs; print(ours.outer(1.0), theirs.twice(4)); print(theirs.twice._cache.cache_path)"
    )
    cache = tmp_path / "cache" if setting else None
    result, stderr = run(
        package, cache, code, XDG_CACHE_HOME=str(tmp_path / "xdg"), HOME=str(tmp_path / "home")
    )
    numbers, folder = result.split("\n")
    assert (numbers, stderr) == ("20.0 8", "")
    assert "kernels-" not in folder
    assert Path(folder).is_relative_to(cache if cache is not None else package)


def test_with_jit_off_the_same_code_runs_as_python(warm: tuple[Path, Path], tmp_path: Path) -> None:
    assert run(warm[0], tmp_path / "cache", NUMBA_DISABLE_JIT="1") == ("20.0", "")


def test_kernels_take_constants_from_kernels_only() -> None:
    """numba freezes globals into machine code: one that comes from another kind of file would go stale."""
    for path in [*ROOT.glob("rover/**/*kernels.py"), *ROOT.glob("sim/**/*kernels.py")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(("from rover", "from sim", "import rover", "import sim")):
                module = line.split()[1]
                assert module == "rover.core.jit" or module.endswith("kernels"), f"{path.name}: {line}"


WIDE = """\
from rover.core.jit import kernel

@kernel
def _plus(x, y):
    return x + y

@kernel
def summed(x, counts):
    return _plus(x, 1) + _plus(x, 2) + _plus(counts[0], x) + _plus(x, y=3)
"""


def test_what_kernels_call_is_compiled_once_for_all_whole_numbers(package: Path, tmp_path: Path) -> None:
    (package / "rover" / "core" / "wide_kernels.py").write_text(WIDE)
    code = (
        "import numpy as np; from rover.core.wide_kernels import _plus, summed\n"
        "print(summed(2**40, np.array([-5], np.int32)) - 4 * 2**40, len(_plus.signatures))"
    )
    assert run(package, tmp_path / "cache", code) == ("1 1", "")


WATCHED = """\
import gc, numba
from rover.core.outer_kernels import outer

class Watch(numba.core.event.Listener):
    def on_start(self, event):
        print(gc.isenabled())
    on_end = on_start

{before}
numba.core.event.register("numba:compile", Watch())
outer(1.0)
print("then", gc.isenabled())
try:
    outer("no number")
except numba.core.errors.NumbaError:
    print("then", gc.isenabled())
"""


@pytest.mark.parametrize(("before", "after"), [("gc.enable()", "then True"), ("gc.disable()", "then False")])
def test_no_garbage_is_collected_while_a_kernel_is_compiled(
    package: Path, tmp_path: Path, before: str, after: str
) -> None:
    told, _ = run(package, tmp_path / "cache", WATCHED.format(before=before))
    lines = told.split("\n")
    assert lines.count("False") == len(lines) - 2 >= 4
    assert lines.count(after) == 2
