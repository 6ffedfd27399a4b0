"""The sample dumps: those of the project's own `raw/`, which a wheel carries with it."""

import os
from pathlib import Path

from clippings.errors import SampleError

SAMPLES = (
    "border-and-deterrence.txt",
    "history/jerusalem-under-the-mandate.txt",
    "odds-and-ends.txt",
    "peoples-of-the-mountain.txt",
    "spring-reading-list.txt",
    "thought-and-letters.txt",
)
"""By name, for in a clone the folder holds the dumps of whoever works there too."""

_HERE = Path(__file__).parent


def write_samples(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write the sample dumps into a folder; no file that is there is touched.

    Args:
        folder: Made where it is missing.

    Returns:
        The files that were written, and those that were there.

    Raises:
        SampleError: A file cannot be written.
    """
    source = _HERE / "data" / "samples"
    if not source.is_dir():  # a clone
        source = _HERE.parents[1] / "raw"
    written, kept = [], []
    for name in SAMPLES:
        content = (source / name).read_bytes()
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            if not os.path.lexists(path):  # a file stands where the folder should be
                raise _unwritable(path.parent, "a file of that name") from None
            kept.append(path)
        except OSError as error:
            raise _unwritable(path, str(error.strerror)) from None
        else:
            written.append(path)
    return written, kept


def _unwritable(path: Path, found: str) -> SampleError:
    return SampleError(
        f"{path}: expected a place to write a sample dump, found {found}. Name another folder: "
        "clippings sample FOLDER."
    )
