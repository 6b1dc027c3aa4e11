"""A recall in words: one sentence for reports and terminals."""

from __future__ import annotations

from varde.core.known import KnownAct
from varde.store.recalls import Recall

_WORDS = {
    KnownAct.WITHDRAWN: "withdrawn",
    KnownAct.DISPUTED: "disputed",
    KnownAct.SUPERSEDED: "described anew by its source, otherwise or with another code,",
}
_NAMED = 5


def write_recall(recall: Recall) -> str:
    """Returns a notice as one sentence for a person, without the names of those who acted."""
    what = f"set {recall.set_name} {recall.set_version}"
    if recall.entries:
        more = f" and {len(recall.entries) - _NAMED:,} more" if len(recall.entries) > _NAMED else ""
        noun = "entry" if len(recall.entries) == 1 else "entries"
        what = f"{noun} {', '.join(recall.entries[:_NAMED])}{more} of {what}"
    graded = sum(any(deed.what.startswith("graded") for deed in item.deeds) for item in recall.items)
    exported = sum(any(deed.what.startswith("exported") for deed in item.deeds) for item in recall.items)
    done = [_count(graded, "item was graded", "items were graded"), _count(exported, "exported", "exported")]
    done.append(_count(len(recall.reports), "report was written", "reports were written"))
    return (
        f"case {recall.case}: {', '.join(filter(None, done)) or 'somebody acted'} while matching {what}, "
        f"{_WORDS[recall.act]} on {recall.at:%Y-%m-%d} by {recall.person} ({recall.reason}); "
        f"{len(recall.open_items):,} not decided again since"
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}" if number else ""
