"""From raw dumps of articles to tidy tables of articles, mentions and entities.

    import clippings

    clippings.ingest("raw", "processed")
    articles = clippings.load("articles")

Names are loaded when they are first used, so that `clippings --help` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clippings.analysis import concordance, cooccurrence, timeline
    from clippings.entities import resolve
    from clippings.gazetteer import locate
    from clippings.notebook import article, load, load_model, tables, where
    from clippings.pipeline import ingest

__all__ = [
    "article",
    "concordance",
    "cooccurrence",
    "ingest",
    "load",
    "load_model",
    "locate",
    "resolve",
    "tables",
    "timeline",
    "where",
]

_HOMES = {
    "article": "clippings.notebook",
    "concordance": "clippings.analysis",
    "cooccurrence": "clippings.analysis",
    "ingest": "clippings.pipeline",
    "load": "clippings.notebook",
    "load_model": "clippings.notebook",
    "locate": "clippings.gazetteer",
    "resolve": "clippings.entities",
    "tables": "clippings.notebook",
    "timeline": "clippings.analysis",
    "where": "clippings.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'clippings' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
