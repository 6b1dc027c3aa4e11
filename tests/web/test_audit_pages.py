"""Behaviour of the audit pages: what was done is told in plain words, verified, and signed."""

from __future__ import annotations

import json

import pytest
from paged_site import HERE, THERE, PagedSite
from sqlalchemy import text

from varde.core.audit import Act
from varde.core.issue import IssueCode
from varde.store import keys
from varde.web.act_words import ACT_WORDS, say_act
from varde.web.issue_advice import ISSUE_ADVICE


def test_every_act_and_issue_has_words() -> None:
    assert set(ACT_WORDS) == set(Act) and set(ISSUE_ADVICE) == set(IssueCode)
    assert say_act("made_by_a_newer_version") == "made by a newer version"


def test_events_are_told_in_plain_words(paged: PagedSite) -> None:
    page = paged.get("/audit", "otto").text
    assert "opened a case" in page and "A. Operator" in page and HERE in page
    assert "/items/" not in page and "<img" not in page


def test_only_who_audits_reads_them(paged: PagedSite) -> None:
    for name in ("erin", "sara", "kim", "nora"):
        assert paged.get("/audit", name).status_code == 403
        assert paged.post("/audit/verify", name).status_code == 403
        assert paged.post("/audit/checkpoints", name).status_code == 403


def test_events_are_filtered_by_person_act_case_and_day(paged: PagedSite) -> None:
    def shown(**query: object) -> str:
        answer = paged.get("/audit", "otto", **query)
        assert answer.status_code == 200
        return answer.text.partition("<tbody>")[2]

    assert "opened a case" in shown(act="case_created") and "added an exhibit" not in shown(act="case_created")
    assert THERE not in shown(case=HERE) and HERE in shown(case=HERE)
    assert shown(person="nobody") == shown(until="2001-01-01") == shown(since="9999-12-31") == ""
    assert "opened a case" in shown(person="A. Operator", since="2001-01-01", until="9999-12-31", act="")


@pytest.mark.parametrize("words", ["%", "_", '"', "\\", "\0", "' OR 1=1", "x" * 200, "\u202e"])
def test_no_filter_breaks_the_page(paged: PagedSite, words: str) -> None:
    for name in ("person", "case"):
        answer = paged.get("/audit", "otto", **{name: words})
        assert answer.status_code == 200 and "<tbody>" not in answer.text


@pytest.mark.parametrize("query", [{"act": "nonsense"}, {"since": "soon"}, {"before": 0}, {"before": 10**30}])
def test_a_filter_that_cannot_be_is_refused(paged: PagedSite, query: dict[str, object]) -> None:
    assert paged.get("/audit", "otto", **query).status_code == 400


def test_pages_of_events_follow_one_another(paged: PagedSite) -> None:
    for _ in range(110):
        paged.post("/search", "sara", q="jpg", field="name", purpose="p", authorisation="a")
    page = paged.get("/audit", "otto", act="cases_searched").text
    assert page.count("searched over several cases</td>") == 100
    older = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert paged.get(older, "otto").text.count("searched over several cases</td>") == 10


def test_the_log_is_verified_in_the_background(paged: PagedSite) -> None:
    assert paged.post("/audit/verify", "otto").status_code == 303
    assert "The log is intact" in paged.wait("/audit", "otto")


def test_a_checkpoint_is_signed_and_given_out(paged: PagedSite) -> None:
    assert paged.post("/audit/checkpoints", "otto").status_code == 303
    page = paged.wait("/audit", "otto")
    path = page.partition('href="/audit/checkpoints/')[2].partition('"')[0]
    answer = paged.get(f"/audit/checkpoints/{path}", "otto")
    assert answer.headers["cache-control"] == "no-store" and "attachment" in answer.headers["content-disposition"]
    assert keys.read_checkpoint(answer.text, paged.site.public_key()).head.number > 5
    assert json.loads(answer.text)
    assert paged.get(f"/audit/checkpoints/{path}", "erin").status_code == 403
    for name in ("..%2Fvarde.toml", "x.json", "checkpoint-1-0123456789abcdef.json"):
        assert paged.get(f"/audit/checkpoints/{name}", "otto").status_code == 404


def test_a_broken_log_is_told_and_not_signed(paged: PagedSite) -> None:
    with paged.site.database.write() as connection:
        connection.execute(text("DROP TRIGGER IF EXISTS audit_events_no_update"))
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text("UPDATE audit_events SET person = 'somebody else' WHERE number = 3"))
    paged.post("/audit/verify", "otto")
    page = paged.wait("/audit", "otto")
    assert "does not fit the chain" in page and "failed" in page
    assert paged.client.get("/readyz").status_code == 503
    before = page.count('href="/audit/checkpoints/')
    paged.post("/audit/checkpoints", "otto")
    assert paged.wait("/audit", "otto").count('href="/audit/checkpoints/') == before
