"""Stands for `process_batch` in worker processes, where dumps do the harm that they name.

Found there because its folder is put on `sys.path`, which worker processes take over.
"""

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

from clippings import families, store, work
from clippings.errors import ModelError, StoreError

HARM = b"HARM "
RUN = "CLIPPINGS_TEST_RUN"
"""Names the process of the run."""
_process, _process_batch = work.process, work.process_batch
_put_families = families.put_families


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


def die_beside(signing: families.Signing) -> store.Publication:
    """Put families as always, but in a process beside that of the run die behind the last part."""
    put = _put_families(signing)
    if os.environ[RUN] != str(os.getpid()):
        os.kill(os.getpid(), 9)
    return put


def sleep_beside(signing: families.Signing) -> store.Publication:
    """Put families, tell of it in the file `begun`, and sleep."""
    put = _put_families(signing)
    (Path(os.environ[RUN]) / "begun").write_text("families")
    time.sleep(3600)
    return put
