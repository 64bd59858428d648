"""Threads that help one that leads: none is waited for that has not begun, and none works on when all is over."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from rover.core.kept_threads import Work, lend

Result = TypeVar("Result")


class Crew:
    """Threads that share in a work, from when they are called until it is over.

    One that begins says so before it looks whether all is over; when it is over, those that have said so are waited
    for. So whoever has not begun by then never does, be it that no thread could be had, that the system has not let
    it run, or that an interruption came between.

    Args:
        work: What each is to do.
        dismiss: Has those at work end soon; called more than once.
    """

    def __init__(self, work: Work, dismiss: Callable[[], None]) -> None:
        self._work, self._dismiss = work, dismiss
        self._begun: list[Event] = []
        self._over = False
        self.errors: list[BaseException] = []
        """What has stopped one of them, and with it all."""

    def call(self, count: int) -> None:
        """Call so many, or as many as can be had, without waiting until they begin."""
        for _ in range(count):
            try:
                lend(self._take_part)
            except RuntimeError:  # the system gives no more threads
                return

    def led(self, lead: Callable[[], Result]) -> Result:
        """Return what `lead` returns, at the end of which nobody may be at work.

        Where it raises, all who have begun are waited for first, interruptions or not.
        """
        try:
            try:
                result = lead()
                self._over = True
                self._dismiss()
                return result
            except BaseException:
                self.end()
                raise
        except BaseException:
            self.end()  # again, in case that an interruption came in before the first had begun
            raise

    def end(self) -> None:
        """Let nobody begin any more, and wait for those who have; an interruption is raised when that is done."""
        interruption: BaseException | None = None
        while True:
            try:
                self._over = True
                self._dismiss()
                for ended in self._begun:
                    ended.wait()
                break
            except Exception:
                raise
            except BaseException as error:
                interruption = error
        if interruption is not None:
            raise interruption

    def _take_part(self) -> None:
        ended = Event()
        self._begun.append(ended)
        try:
            if not self._over:
                self._work()
        except BaseException as error:  # raised again by the thread that leads
            self.errors.append(error)
            self._dismiss()
        finally:
            ended.set()
