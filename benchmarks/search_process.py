"""A solver of `bench_search.py` in a process of its own, asked by lines of JSON."""

from __future__ import annotations

import json
import select
import subprocess
from pathlib import Path
from typing import Any

Query = dict[str, Any]
Answer = dict[str, Any]


class NoAnswerError(Exception):
    """A row that gives no figures: its package is not installed, it took too long, or it died."""


class Worker:
    """A solver in a process of its own, with a map."""

    def __init__(self, solver: str, file: Path, python: str, timeout_s: float) -> None:
        script = str(Path(__file__).with_name("search_worker.py"))
        self._timeout_s = timeout_s
        self._process = subprocess.Popen(
            [python, script, solver, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ready = self._answer()

    def ask(self, query: Query) -> Answer:
        assert self._process.stdin is not None
        try:
            print(json.dumps(query), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise NoAnswerError(f"ended with status {self._process.wait()}") from None
        return self._answer()

    def _answer(self) -> Answer:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], self._timeout_s)[0]:
            raise NoAnswerError(f"no answer within {self._timeout_s:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise NoAnswerError(f"ended with status {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
