"""What commands answer to scripts: values for one JSON object, by keys that stay.

docs/command-line.md says what each key means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from clippings.records import PROBLEMS
from clippings.scores import confuse, find_faults, judge

if TYPE_CHECKING:
    from clippings.choose import Choice
    from clippings.gold import GoldDocument
    from clippings.learning import Proposal
    from clippings.pipeline import Run
    from clippings.read import Dump
    from clippings.scores import Found

Answer = dict[str, Any]


def describe_run(run: Run) -> Answer:
    """Describe what a run did and what stands."""
    return {
        "processed": str(run.processed),
        "snapshot": run.snapshot,
        "is_changed": run.is_changed,
        "exit_code": run.exit_code,
        "dumps": dict(run.dumps),
        "rows": dict(run.rows),
        "problems": [asdict(problem) for problem in run.problems],
        "slow_reason": run.slow_reason,
        "doubt": run.doubt,
    }


def describe_split(
    path: str, dump: Dump, choice: Choice, proposals: Sequence[Proposal] | None
) -> Answer:
    """Describe how a dump splits.

    Args:
        path: As the table `dumps` has it.
        dump: The dump.
        choice: How it was split.
        proposals: Lines that may be boilerplate; None where nobody asked for them.
    """
    found = choice.found
    sizes: Counter[str] = Counter()
    for span in found.spans:
        sizes[span.kind] += dump.byte_offset(span.end) - dump.byte_offset(span.start)
    return {
        "path": path,
        "byte_count": len(dump.content),
        "encoding": dump.encoding,
        "layout": choice.layout,
        "layout_score": choice.score,
        "layout_runner_up": choice.runner_up,
        "claimed_count": found.claimed,
        "article_count": len(found.articles),
        "articles": [
            {
                "position": position,
                "title": article.title,
                "published_date": article.date and article.date.date.date().isoformat(),
                "date_precision": article.date and article.date.precision,
                "published_text": article.published_text,
                "byline": article.byline,
                "dateline": article.dateline,
                "outlet": article.outlet,
                "topics": list(article.topics),
                "word_count": len(article.body.split()),
                "start_byte": dump.byte_offset(article.start),
                "end_byte": dump.byte_offset(article.end),
            }
            for position, article in enumerate(found.articles, 1)
        ],
        "kind_bytes": dict(sizes.most_common()),
        "problems": [
            {
                "severity": PROBLEMS[doubt.code].severity,
                "code": doubt.code,
                "start_byte": dump.byte_offset(doubt.start),
                "detail": doubt.detail,
                "action": PROBLEMS[doubt.code].action,
            }
            for doubt in found.doubts
        ],
        "learned": choice.learned
        and {
            "confidence": choice.learned.confidence,
            "evidence": list(choice.learned.evidence),
        },
        "boilerplate": None if proposals is None else [asdict(each) for each in proposals],
    }


def describe_scores(
    documents: Sequence[GoldDocument], found: Sequence[Found], worst_count: int
) -> Answer:
    """Describe how well mentions were found; shares are from 0 to 1."""
    return {
        "document_count": len(documents),
        "scores": [
            {
                "label": score.label,
                "gold_count": score.exact.gold,
                "found_count": score.exact.found,
                "right_count": score.exact.right,
                "precision": score.exact.precision,
                "recall": score.exact.recall,
                "f1": score.exact.f1,
                "f1_low": score.low,
                "f1_high": score.high,
                "partial_f1": score.partial.f1,
            }
            for score in judge(documents, found)
        ],
        "confusions": [
            {"marked": marked, "found": taken, "count": count}
            for (marked, taken), count in sorted(confuse(documents, found).items())
        ],
        "worst": [fault._asdict() for fault in find_faults(documents, found)[:worst_count]],
    }
