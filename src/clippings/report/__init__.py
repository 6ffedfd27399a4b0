"""The report: the tables as one file that a person opens in a browser, without a network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from clippings import store
from clippings.errors import StoreError

__all__ = ["write_report"]


def write_report(processed: Path, output: Path) -> int:
    """Write the report of the current snapshot.

    The same snapshot gives the same bytes. The raw files are read again for the words behind the
    names; where one is gone or has changed, the page says so.

    Args:
        processed: The folder of tables.
        output: The file to write; one that is there is replaced once the new one is whole.

    Returns:
        Its size, in bytes.

    Raises:
        StoreError: There are no tables yet, or the file cannot be written.
    """
    from clippings.report.page import write_page

    try:
        is_folder, is_in_folder = output.is_dir(), output.parent.is_dir()
    except OSError as error:
        raise _unwritable(output, error) from None
    if is_folder:
        raise StoreError(f"{output}: expected a file to write, found a folder. Name a file in it.")
    if not is_in_folder:
        raise StoreError(
            f"{output}: expected the folder {output.parent} to write into, found none. Make it, or "
            "name another with -o."
        )
    with store.pin(processed) as snapshot:
        try:
            with NamedTemporaryFile(
                dir=output.parent, prefix=f".{output.name}.", suffix=".tmp", delete=False
            ) as file:
                try:
                    for piece in write_page(_gather(snapshot)):
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                    _allow_reading(file.fileno())
                    size = file.tell()
                    Path(file.name).replace(output)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise _unwritable(output, error) from None
    return size


def _unwritable(output: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{output}: expected to write it, found {error.strerror or error}. Make room or mend its "
        "permissions, or name another file with -o."
    )


def _gather(snapshot: store.Snapshot) -> Iterator[tuple[str, Any]]:
    """Gather the blocks of the page: the overview, the names, then the articles by hundreds."""
    from clippings.report.gather import gather, read_corpus
    from clippings.report.texts import PER_BLOCK, write_blocks

    corpus = read_corpus(snapshot)
    overview, names = gather(snapshot, corpus)
    yield "overview", overview | {"per_block": PER_BLOCK}
    yield "names", names
    for number, block in enumerate(write_blocks(snapshot, corpus)):
        yield f"articles-{number}", block


def _allow_reading(descriptor: int) -> None:
    """Give a temporary file, which is its owner's alone, the mode of any new file."""
    umask = os.umask(0)
    os.umask(umask)
    os.fchmod(descriptor, 0o666 & ~umask)
