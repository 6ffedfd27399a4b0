"""An article as a person reads it: its names marked in a notebook, plain text elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLOURS = {"PERSON": "#ffd58a", "ORG": "#b9d7ff", "PLACE": "#c5ecc0"}
# What would steer a terminal or turn the text behind it round: \x1b, U+202E.
_STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MARK = (
    '<mark title="{name}" style="background: {bg}; color: #1a1a1a; padding: 0.15em 0.3em; '
    'border-radius: 0.3em; unicode-bidi: isolate">{text}'
    '<small style="font-weight: bold; margin-left: 0.4em">{label}</small></mark>'
)


@dataclass(frozen=True, eq=False)
class ShownArticle:
    """An article, shown with its names marked where it is the last line of a notebook's cell.

    Attributes:
        article_id: Its id.
        title: Headline; None where there is none.
        published_date: As in `articles`; None where unknown.
        published_text: The date as printed; None where none is.
        outlet: Where it was published; None where unknown.
        topics: Its topics, in their order.
        body: Its text; paragraphs are joined by a blank line.
        mentions: Its rows of `mentions`, with the `name` of each entity.
    """

    article_id: str
    title: str | None
    published_date: pd.Timestamp | None
    published_text: str | None
    outlet: str | None
    topics: list[str]
    body: str
    mentions: pd.DataFrame

    def __repr__(self) -> str:
        parts = (self.title, self._source(), self.body, ", ".join(self.topics))
        return _STEERS.sub(
            lambda sign: sign[0].encode("unicode_escape").decode(),
            "\n\n".join(part for part in parts if part),
        )

    def _repr_html_(self) -> str:
        title = self._mark("title", self.title or "(no title)")
        topics = escape(", ".join(self.topics))
        return (
            f'<div class="tex2jax_ignore"><h3>{title}</h3>'
            f"<p>{escape(self._source())}</p>{self._mark('body', self.body)}<p>{topics}</p></div>"
        )

    def _source(self) -> str:
        day = self.published_date.strftime("%Y-%m-%d") if self.published_date is not None else None
        return " · ".join(part for part in (self.published_text or day, self.outlet) if part)

    def _mark(self, name: str, text: str) -> str:
        """Mark the names of a field."""
        from spacy import displacy

        found = self.mentions[self.mentions["field"] == name].fillna({"name": ""})
        ents = [
            {
                "start": mention["start"],
                "end": mention["end"],
                "label": mention["label"],
                "params": {"name": escape(mention["name"])},
            }
            for mention in found.to_dict("records")
        ]
        options = {"colors": COLOURS, "template": _MARK}
        shown = {"text": text, "ents": ents}
        return displacy.render(shown, style="ent", manual=True, jupyter=False, options=options)
