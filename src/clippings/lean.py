"""What a process of our own leaves out of the libraries that it loads, so that it starts sooner.

For the command line and its workers alone. In a notebook the libraries are the user's too: nothing
there may be other than they made it, so `clippings.ingest` calls none of this. What is left out is
loaded as ever by whoever asks for it later.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy starts a thread per core when it is imported. They are never used: every process tags in
one thread."""

_GARBAGE_OBJECTS = 1_000_000
"""How many more objects are made than freed before Python looks for garbage: some 100 MB, which
hardly a run reaches. By itself it looks after 700 or 2,000, hundreds of times while spaCy is
imported, and finds none."""

_NOT_USED = {
    "spacy.cli": [],
    "spacy.cli.info": ["info"],
    "srsly._yaml_api": "read_yaml write_yaml yaml_dumps yaml_loads is_yaml_serializable".split(),
}
"""Modules that spaCy imports and no run needs; the functions that it takes of them."""


def spare_resources() -> None:
    """Start no threads that are not used, and look for garbage less often; before any import."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(_GARBAGE_OBJECTS)
    # Nor at the end, where all memory is given back anyway: a tenth of a second.
    atexit.register(gc.freeze)


def import_pyarrow() -> None:
    """Import pyarrow and keep it from importing pandas, and from reading its own documentation.

    At its first array of Python values it does the one, to know a Series when it is given one. A
    failed import it takes as an answer until it is asked for a DataFrame. The other is half of what
    its functions take to import: what `help` says of their options.
    """
    docscrape = ModuleType("pyarrow.vendored.docscrape")
    vars(docscrape)["NumpyDocString"] = lambda _: {"Parameters": []}
    import pyarrow as pa

    with _standing_in({docscrape.__name__: docscrape}):
        import pyarrow.compute
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    """A finder that finds no pandas, and leaves the rest to the others."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


def import_spacy() -> None:
    """Import spaCy without its command line, and without what reads YAML.

    They are two fifths of the time: a client for HTTP, templates, a parser of options.
    """
    if "spacy" in sys.modules:
        return
    modules = {
        name: _stand_in(name, functions)
        for name, functions in _NOT_USED.items()
        if name not in sys.modules
    }
    # A spaCy that takes more of them is imported as a whole by whoever needs it.
    with suppress(ImportError), _standing_in(modules):
        import spacy  # noqa: F401


def _stand_in(name: str, functions: Iterable[str]) -> ModuleType:
    """Make a module whose functions import the real one when they are called."""

    def call(function: str, *arguments: Any, **options: Any) -> Any:
        return getattr(import_module(name), function)(*arguments, **options)

    module = ModuleType(name)
    vars(module).update({function: partial(call, function) for function in functions})
    return module


@contextmanager
def _standing_in(modules: dict[str, ModuleType]) -> Iterator[None]:
    """Have imports find other modules in the place of some."""
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
