"""Which spaCy pipeline a run uses, found and fingerprinted without importing spaCy.

A run with nothing to do must know whether its model changed, and must not pay for loading it.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from clippings.errors import ModelError

SHIPPED = "shipped"
SHIPPED_FOLDER = Path(__file__).parent / "model"
_BLANK = "blank:"
_REMEDY = (
    "Give the path of a folder with config.cfg and meta.json, the name of a pipeline that "
    'pip installed from its wheel (such as en_core_web_sm), or "blank:en".'
)

ENGINES = ("auto", "spacy")
"""Of tagging: the fast one where it knows the pipeline, or spaCy itself in any case."""


@dataclass(frozen=True)
class Model:
    """A spaCy pipeline that can be loaded.

    Attributes:
        name: "shipped", "blank:en", the name of a package or the path as it was given.
        path: Folder of the pipeline or of its package; None for a blank one.
        fingerprint: Hash of every file and of the spaCy version: same fingerprint, same mentions.
    """

    name: str
    path: Path | None
    fingerprint: str


def find_model(model: str | Path | None = None) -> Model:
    """Find a pipeline by path or name.

    Args:
        model: None or "shipped" for the pipeline in this package, "blank:xx" for an empty one of
            the language xx, else a folder, else the name of an installed package.

    Raises:
        ModelError: There is no such pipeline.

    >>> find_model("blank:en").path is None
    True
    """
    if model is None or model == SHIPPED:
        return _model_in(SHIPPED_FOLDER, SHIPPED)
    name = str(model)
    if name.startswith(_BLANK):
        return _blank_model(name)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _model_in(folder.resolve(), name)
    return _installed_model(name)


def fingerprint_folder(folder: Path) -> str:
    """Hash every file of a folder, its relative path and the installed spaCy version."""
    digest = hashlib.sha256(_spacy_version().encode())
    files = (path for path in folder.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        relative = path.relative_to(folder).as_posix()
        if "__pycache__" in relative:  # written when the package is first imported
            continue
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"\n{relative}\n{content}".encode())
    return digest.hexdigest()


def _blank_model(name: str) -> Model:
    language = name.removeprefix(_BLANK)
    spec = find_spec("spacy")  # does not import it
    folders = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    if not (
        language.isidentifier() and any((folder / "lang" / language).is_dir() for folder in folders)
    ):
        raise ModelError(
            f'model "{name}": expected a language that spaCy knows, such as "blank:en", '
            f'found "{language}". {_REMEDY}'
        )
    fingerprint = hashlib.sha256(f"{_spacy_version()}\n{name}".encode()).hexdigest()
    return Model(name, None, fingerprint)


def _installed_model(name: str) -> Model:
    spec = find_spec(name) if name.isidentifier() else None
    for place in (spec and spec.submodule_search_locations) or ():
        folder = Path(place)
        if (folder / "meta.json").is_file():
            return Model(name, folder, fingerprint_folder(folder))
    found = "a package that holds no pipeline" if spec else "neither a folder nor a package"
    raise ModelError(f'model "{name}": expected a spaCy pipeline, found {found}. {_REMEDY}')


def _model_in(folder: Path, name: str) -> Model:
    missing = [file for file in ("config.cfg", "meta.json") if not (folder / file).is_file()]
    if missing:
        raise ModelError(
            f'model "{name}": expected a folder with config.cfg and meta.json, '
            f"found {folder} without {' and '.join(missing)}. {_REMEDY}"
        )
    try:
        json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(
            f'model "{name}": expected JSON in {folder / "meta.json"}, found {error}. '
            "Copy the pipeline again."
        ) from error
    return Model(name, folder, fingerprint_folder(folder))


def _spacy_version() -> str:
    from importlib import metadata  # a fifth of the time of `clippings --help`

    return f"spacy {metadata.version('spacy')}"
