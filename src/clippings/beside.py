"""A step of a run in a process beside this one, while this one goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

from clippings import lean
from clippings.workers import Crew, Loss, share_memory

Item = TypeVar("Item")
Result = TypeVar("Result")

_SECONDS = 24 * 3600.0
"""How long a step may take before it is done here."""


class Begin(Protocol):
    """Begins a step; what it returns waits for the result."""

    def __call__(self, work: Callable[[Item], Result], item: Item) -> Callable[[], Result]:
        """Begin a step.

        Args:
            work: What to do; a function of a module.
            item: What to do it with.
        """


@contextmanager
def beside(*, is_worth_it: bool) -> Iterator[Begin]:
    """Let steps be done one after the other in another process, or here when they are asked for.

    What fails there is done once more here: it may have lacked memory, or been killed.

    Args:
        is_worth_it: Whether to start a process, which takes a third of a second.
    """
    if not is_worth_it:
        yield _put_off
        return
    with Crew(1, lean.import_pyarrow, share_memory(2)) as crew, ThreadPoolExecutor(1) as thread:

        def begin(work: Callable[[Item], Result], item: Item) -> Callable[[], Result]:
            found = thread.submit(crew.run, work, [(item, _SECONDS)])

            def finish() -> Result:
                try:
                    (result,) = found.result()
                except Exception:
                    return work(item)
                return work(item) if isinstance(result, Loss) else result

            return finish

        try:
            yield begin
        except BaseException:  # must not wait for what is under way
            crew.stop()
            raise


def _put_off(work: Callable[[Item], Result], item: Item) -> Callable[[], Result]:
    return partial(work, item)
