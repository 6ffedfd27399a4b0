"""What a run needs, looked at one by one: is it there, and if not, what is to be done.

Every check is a plain function from the folders and the model of a run to what was found. Heavy
imports stand inside them, so that a broken package is found and not stumbled over.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from clippings.errors import ClippingsError, LockedError, ModelError
from clippings.models import ENGINES, SHIPPED, find_model

if TYPE_CHECKING:
    from packaging.requirements import Requirement

OK, WARNING, FAULT = "ok", "warning", "fault"

_PACKAGE = "clippings"
_SHOWN = (_PACKAGE, "spacy", "pandas", "pyarrow", "prefect")
_EXTRAS = {
    "dask": "a cluster",
    "excel": "clippings export --to xlsx",
    "notebook": "the notebooks",
    "office": "PDF, Word and rich text",
}
_REMOTE = {"9p", "afpfs", "ceph", "cifs", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs", "webdav"}
_SPACE_PER_RAW_BYTE = 3
"""What tables take, twice while a commit replaces them: docs/growing.md has the sums."""
_LEAST_MEMORY = 2 * 2**30
"""A process with the shipped model, Arrow and a large dump."""

_TRIAL = """
The Harbour at Haifa Opens Again

Aug. 19 2019

The harbour at Haifa opened again on Monday, and Golda Meir was remembered in a speech there.

Read more at Haaretz

More about: Haifa, Harbours


A Road to Jerusalem, Mended at Last

March 3 2020

Engineers of the Knesset said that the road to Jerusalem would bear the traffic of a century.

Read more at Haaretz

More about: Jerusalem, Roads
"""
_TRIAL_TITLES = ["The Harbour at Haifa Opens Again", "A Road to Jerusalem, Mended at Last"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run is started with; `clippings ingest` has the same options."""

    raw: Path
    processed: Path
    model: str | None = None
    engine: str = ENGINES[0]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        name: What was looked at.
        status: `OK`, `WARNING` (a run works, but see what to do) or `FAULT` (it does not).
        found: What was found.
        action: What to do; None where nothing is.
    """

    name: str
    status: str
    found: str
    action: str | None = None


def examine(setting: Setting) -> Iterator[Check]:
    """Look at everything that a run needs; nothing is changed.

    Args:
        setting: The folders and the model.

    Yields:
        One check after the other; an error in one is a fault and does not stop the others.
    """
    for check in CHECKS:
        try:
            yield check(setting)
        except Exception as error:  # a broken package may raise anything
            name = check.__name__.removeprefix("check_")
            found = f"expected to look at it, found {type(error).__name__}: {error}"
            yield Check(name, FAULT, found, "Install clippings again in a fresh environment.")


def check_python(_: Setting) -> Check:
    """Is this Python one that clippings is made for."""
    found = f"{platform.python_version()} in {sys.prefix}"
    if (3, 11) <= sys.version_info < (3, 14):
        return Check("python", OK, found)
    return Check("python", FAULT, found, "Use Python 3.11, 3.12 or 3.13.")


def check_packages(_: Setting) -> Check:
    """Are the packages there, in versions that fit together."""
    required = _required()
    if required is None:
        found = f"expected {_PACKAGE} as an installed package, found its files alone"
        return Check("packages", WARNING, found, "pip install --editable . in its folder.")
    faults = []
    for each in required:
        version = _version(each.name)
        if version is None or not each.specifier.contains(version, prereleases=True):
            faults.append(f"expected {each}, found {version or 'none'}")
    if faults:
        action = f"pip install --upgrade {_PACKAGE} in a fresh environment."
        return Check("packages", FAULT, "; ".join(faults), action)
    return Check("packages", OK, ", ".join(f"{name} {_version(name)}" for name in _SHOWN))


def check_extras(_: Setting) -> Check:
    """Which packages are there that not everybody needs."""
    all_required = _required()
    if all_required is None:
        return Check("extras", OK, "not known, for clippings is not installed")
    present, absent = [], []
    for extra, use in _EXTRAS.items():
        own = [each for each in _required(extra) or () if each not in all_required]
        if own and all(_version(each.name) for each in own):
            present.append(extra)
        else:
            absent.append(f"{extra} ({use})")
    found = f"{', '.join(present) or 'none'} installed"
    if not absent:
        return Check("extras", OK, found)
    action = f"Only where you want one: pip install '{_PACKAGE}[NAME]'."
    return Check("extras", OK, f"{found}; not installed: {', '.join(absent)}", action)


def _required(extra: str = "") -> list[Requirement] | None:
    """List what the package requires, and with an extra; None where it is not installed."""
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires(_PACKAGE) or ()
    except metadata.PackageNotFoundError:
        return None
    found = map(Requirement, lines)
    return [each for each in found if not each.marker or each.marker.evaluate({"extra": extra})]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def check_model(setting: Setting) -> Check:
    """Does the model load, and which engine tags with it."""
    from clippings.tag import load_tagger

    try:
        model = find_model(setting.model)
        tagger = load_tagger(model, setting.engine)
    except ModelError as error:
        return Check("model", FAULT, str(error))
    meta = tagger.nlp.meta
    about = f"{model.name}: {meta['lang']}_{meta['name']} {meta['version']}"
    if not tagger.nlp.pipe_names:
        return Check("model", WARNING, f"{about} tags nothing", "Leave --model out to have names.")
    if tagger.reason is None:
        return Check("model", OK, f"{about}, tagged by the fast engine")
    return Check("model", OK, f"{about}, tagged by spaCy itself: {tagger.reason}")


def check_raw(setting: Setting) -> Check:
    """Is there something to read."""
    remedy = "Put files of articles there, or let `clippings sample` put some there to try."
    try:
        os.scandir(setting.raw).close()
    except OSError as error:
        found = f"{setting.raw}: expected a folder with raw dumps, found {error.strerror}"
        return Check("raw", FAULT, found, f"Make it or name another with --raw. {remedy}")
    files = list(_files(setting.raw))
    closed = [file for file in files if not os.access(file, os.R_OK)]
    size = f"{len(files):,} files, {sum(map(_size, files)) / 1e6:,.2f} MB"
    if closed:
        found = f"{setting.raw}: {size}; {len(closed):,} cannot be read, such as {closed[0].name}"
        return Check("raw", WARNING, found, "Mend their permissions, or links that lead nowhere.")
    if not files:
        return Check("raw", WARNING, f"{setting.raw}: no file", remedy)
    return Check("raw", OK, f"{setting.raw}: {size}")


def check_processed(setting: Setting) -> Check:
    """Can the tables be written, with the links that they need, and on which file system."""
    from clippings.pipeline import is_within

    folder = _existing(setting.processed)
    kind = _file_system(folder)
    where = f"{setting.processed}: {'a folder' if folder == setting.processed else 'to be made'}"
    where += f" on {kind}" if kind else ""
    if is_within(setting.processed, setting.raw):  # which is never written, not even to try
        found = f"{where}; it lies in the raw folder, whose files are read as dumps"
        return Check("processed", FAULT, found, "Name another with --processed.")
    links = True
    try:
        with tempfile.TemporaryDirectory(prefix=".clippings-doctor-", dir=folder) as name:
            file = Path(name) / "file"
            file.write_bytes(b"clippings")
            (Path(name) / "link").symlink_to("file")
            try:
                (Path(name) / "hard").hardlink_to(file)
            except OSError:
                links = False
    except OSError as error:
        action = "Make room, mend its permissions or name another with --processed."
        return Check("processed", FAULT, f"{where}; cannot be written: {error.strerror}", action)
    if kind in _REMOTE:
        action = "Keep it on a local disk, and copy it for readers (docs/reliability.md)."
        return Check("processed", WARNING, f"{where}, which is no local disk", action)
    if not links:
        return Check("processed", OK, f"{where}, without hard links: snapshots are copied")
    return Check("processed", OK, where)


def check_tables(setting: Setting) -> Check:
    """What was published last."""
    from clippings import store

    try:
        snapshot = store.current(setting.processed)
    except ClippingsError as error:
        return Check("tables", FAULT, str(error))
    if snapshot is None:
        return Check("tables", OK, "none yet", "clippings ingest makes them.")
    count = snapshot.row_count("articles")
    return Check("tables", OK, f"{count:,} articles in snapshot {snapshot.path.name}")


def check_lock(setting: Setting) -> Check:
    """Is another run at work."""
    from clippings import store

    if not (setting.processed / ".store" / "lock").exists():
        return Check("lock", OK, "free")
    try:
        with store.lock(setting.processed):
            return Check("lock", OK, "free")
    except LockedError:
        action = "Wait until it has ended; until then ingest ends with exit code 75."
        return Check("lock", WARNING, "another run is at work on these tables", action)
    except ClippingsError as error:
        return Check("lock", FAULT, str(error))


def check_disk(setting: Setting) -> Check:
    """Is there room for the tables of the raw folder."""
    free = shutil.disk_usage(_existing(setting.processed)).free
    raw = sum(map(_size, _files(setting.raw)))
    found = f"{free / 1e9:,.1f} GB free, the raw folder has {raw / 1e6:,.2f} MB"
    action = f"Make room: a first run may take {_SPACE_PER_RAW_BYTE} times the raw folder."
    if free < raw:
        return Check("disk", FAULT, found, action)
    if free < _SPACE_PER_RAW_BYTE * raw:
        return Check("disk", WARNING, found, action)
    return Check("disk", OK, found)


def check_machine(_: Setting) -> Check:
    """How many cores and how much memory there are."""
    from clippings.workers import memory_bytes

    memory = memory_bytes()
    found = f"{os.cpu_count() or 1} cores, {memory / 2**30:.1f} GiB of memory"
    if memory < _LEAST_MEMORY:
        return Check("machine", WARNING, found, "Use --workers 1, and dumps of a few MB.")
    return Check("machine", OK, found)


def check_layouts(setting: Setting) -> Check:
    """Can the user's own layouts be used."""
    from clippings.layouts.layout import FOLDER, load_layouts

    try:
        count = len(load_layouts(None, setting.raw))
    except ClippingsError as error:
        return Check("layouts", FAULT, str(error))
    own = setting.raw.parent / FOLDER
    return Check("layouts", OK, f"{count}, {len(list(own.glob('*.toml')))} of them in {own}")


def check_corrections(setting: Setting) -> Check:
    """Can the corrections be used."""
    from clippings.corrections import FILE, read_corrections

    path = setting.raw.parent / FILE
    try:
        corrections = read_corrections(path)
    except ClippingsError as error:
        return Check("corrections", FAULT, str(error))
    if corrections.sha256 is None:
        return Check("corrections", OK, f"no {path}, so nothing is corrected")
    found = f"{path}: {len(corrections.rows):,} rows"
    if corrections.faults:
        line, fault = corrections.faults[0]
        found += f", and {len(corrections.faults):,} that cannot be used; line {line}: {fault}"
        return Check("corrections", WARNING, found, "Mend them; docs/names.md has the rules.")
    return Check("corrections", OK, found)


def check_trial(setting: Setting) -> Check:
    """Are a few lines split and tagged as they should be."""
    from clippings.choose import split_best
    from clippings.layouts.layout import load_layout
    from clippings.read import decode
    from clippings.tag import load_tagger, tag

    found = split_best(decode(_TRIAL.encode()).text, [load_layout("digest")]).found
    titles = [article.title for article in found.articles]
    if titles != _TRIAL_TITLES:
        action = f"Install {_PACKAGE} again: its files are not as they were."
        return Check("trial", FAULT, f"expected {_TRIAL_TITLES}, found {titles}", action)
    try:
        tagger = load_tagger(find_model(setting.model), setting.engine)
    except ModelError:
        return Check("trial", WARNING, "2 articles split, not tagged", "Mend the model first.")
    mentions = [each for one in tag((each.body for each in found.articles), tagger) for each in one]
    names = ", ".join(f"{mention.surface} ({mention.label})" for mention in mentions)
    result = f"2 articles split, {len(mentions)} names tagged: {names}"
    if mentions or not tagger.nlp.pipe_names:
        return Check("trial", OK, result)
    is_shipped = setting.model in (None, SHIPPED)
    action = f"Install {_PACKAGE} again." if is_shipped else "See whether this model finds names."
    return Check("trial", FAULT if is_shipped else WARNING, result, action)


def _files(folder: Path) -> Iterator[Path]:
    """List the files of a folder and its sub-folders, hidden ones apart."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # gone meanwhile, or a link that leads nowhere
        return 0


def _existing(folder: Path) -> Path:
    """Give a folder, or the nearest one above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _file_system(folder: Path) -> str | None:
    """Tell the kind of file system that a folder lies on; None where the kernel does not say."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # not Linux
        return None
    real = Path(os.path.realpath(folder))
    kinds = {}
    for line in mounts.splitlines():  # device /mount\040point type options 0 0
        point, kind = line.split()[1:3]
        kinds[Path(point.replace("\\040", " "))] = kind  # the last one mounted there is seen
    return next((kinds[each] for each in (real, *real.parents) if each in kinds), None)


CHECKS: tuple[Callable[[Setting], Check], ...] = (
    check_python,
    check_packages,
    check_extras,
    check_model,
    check_raw,
    check_processed,
    check_tables,
    check_lock,
    check_disk,
    check_machine,
    check_layouts,
    check_corrections,
    check_trial,
)
