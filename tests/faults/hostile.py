"""Stands for `process_batch` in worker processes, where dumps do the harm that they name.

Found there because its folder is put on `sys.path`, which worker processes take over.
"""

from functools import partial
from pathlib import Path
from typing import Any

from clippings import work
from clippings.errors import ModelError, StoreError

HARM = b"HARM "
_process, _process_batch = work.process, work.process_batch


def process_batch(batch: work.Batch) -> work.Done:
    """Work as always, but note each dump in the file `begun`, and run its Python behind "HARM "."""
    folder = batch.raw.parent
    with (folder / "begun").open("a") as log:
        log.writelines(f"{job.found.name!a}\n" for job in batch.jobs)
    work.process = partial(_process_harmfully, folder)
    return _process_batch(batch)


def _process_harmfully(folder: Path, content: bytes, *arguments: Any) -> Any:
    first = content.partition(b"\n")[0]
    if first.startswith(HARM):
        exec(first.removeprefix(HARM), {"folder": folder})
    return _process(content, *arguments)


def find_no_model(batch: work.Batch) -> work.Done:
    raise ModelError("gone")


def find_no_room(batch: work.Batch) -> work.Done:
    raise StoreError("gone")
