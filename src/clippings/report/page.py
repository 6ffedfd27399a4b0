"""The page: its parts, put together into one file that asks nothing of the network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.metadata import version
from importlib.resources import files
from typing import Any

_SCRIPTS = (
    *("vendor/d3.min.js", "vendor/topojson-client.min.js"),
    *("js/dom.js", "js/data.js", "js/route.js", "js/article.js", "js/lists.js", "js/charts.js"),
    *("js/network.js", "js/map.js", "js/overview.js", "js/names.js", "js/views.js"),
    *("js/checks.js", "js/search.js", "js/main.js"),
)
_LICENCES = {
    "d3 7.9.2": "vendor/d3.LICENCE",
    "topojson-client 3.1.0": "vendor/topojson-client.LICENCE",
    "world-atlas 2.0.2": "vendor/world-atlas.LICENCE",
}
_OUTLINES = "vendor/countries-50m.json"
_PART = re.compile(r"\[\[(\w+)\]\]")  # [[style]]


def write_page(blocks: Iterator[tuple[str, Any]]) -> Iterator[bytes]:
    """Write the page.

    Args:
        blocks: Name and content of each block of data, fit for JSON.

    Yields:
        The bytes of the file, piece by piece. Data is packed by gzip and written in base64, so
        that nothing in it can be taken for markup.
    """
    scripts = [_read(name) for name in _SCRIPTS]
    style = _read("page.css")
    hashes = " ".join(map(_hash, scripts))
    parts = {
        "policy": f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "style": style,
        "version": escape(version("clippings")),
        "licences": "".join(
            f"<h2>{escape(name)}</h2><pre>{escape(_read(file))}</pre>"
            for name, file in _LICENCES.items()
        ),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    before, after = _read("page.html").split("[[blocks]]\n")
    yield _fill(before, parts).encode()
    yield _write_block("outlines", _read(_OUTLINES).encode())
    for name, content in blocks:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        yield _write_block(name, text.encode("utf-8", "replace"))
    yield _fill(after, parts).encode()


def _read(name: str) -> str:
    return files("clippings.report").joinpath(name).read_text("utf-8")


def _fill(page: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda part: parts[part[1]], page)


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _write_block(name: str, content: bytes) -> bytes:
    packed = base64.b64encode(gzip.compress(content, 6, mtime=0))
    return b'<script type="application/octet-stream" id="data-%s">%s</script>\n' % (
        name.encode(),
        packed,
    )
