"""Behaviour of a case's page, its issues and its reports."""

from __future__ import annotations

import hashlib
import re
import time
from html import escape

import pytest
from paged_site import HERE, THERE, PagedSite

from varde.core.known import KnownAct
from varde.store import accounts, assignments, case_access, queues
from varde.store.find_known import EntryWords
from varde.store.report_log import list_reports
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.grade_items import grade_items
from varde.workflows.keep_report import find_place
from varde.workflows.make_queue import SecondWork, make_queue
from varde.workflows.withdraw_known import Target, change_known


def test_a_case_says_what_is_in_it(paged: PagedSite) -> None:
    page = paged.wait(paged.here)
    for words in (
        "of 5 items decided",
        "example-set 1",
        "order 3",
        "damaged",
        "What was not examined",
        "Kamera 5",
        "erin",
    ):
        assert words in page, words
    assert "unallocated space" in page and "2020" in page and "pdq/" in page
    assert " style=" not in page


def test_a_case_without_access_is_not_there(paged: PagedSite) -> None:
    there = f"/cases/{paged.case_ids[THERE]}"
    for path in (
        there,
        f"{there}/issues",
        f"{there}/reports",
        "/cases/99",
        "/cases/0",
        f"{there}/reports/2026-1/report.html",
    ):
        answer = paged.get(path)
        assert answer.status_code == 404 and THERE not in answer.text, path
    assert paged.post(f"{there}/reports", kinds=["csv"]).status_code == 404
    assert paged.get(paged.here, "kim").status_code == paged.get(paged.here, "otto").status_code == 403


def test_issues_are_listed_and_filtered(paged: PagedSite) -> None:
    page = paged.get(f"{paged.here}/issues").text
    assert "broken.jpg" in page and "decoding" in page
    assert "broken.jpg" in paged.get(f"{paged.here}/issues", code="damaged").text
    assert "broken.jpg" not in paged.get(f"{paged.here}/issues", code="symlink").text
    assert "broken.jpg" in paged.get(f"{paged.here}/issues", code="").text
    assert paged.get(f"{paged.here}/issues", code="nonsense").status_code == 400
    assert paged.get(f"{paged.here}/issues", after=10**30).status_code == 400


def test_a_decision_is_in_the_progress_at_once(paged: PagedSite) -> None:
    hit = re.search(r"/items/(\d+)", paged.get("/search", q="notes", case=paged.case_ids[HERE]).text)
    assert hit
    grade_items(paged.site, Actor("ivan"), item_ids=[int(hit[1])], code="0", note="")
    assert "<strong>1</strong> of 5 items decided" in paged.get(paged.here).text


def test_a_recall_is_told_first(paged: PagedSite) -> None:
    hit = re.search(r"/items/(\d+)", paged.get("/search", q="shared", case=paged.case_ids[HERE]).text)
    assert hit
    grade_items(paged.site, Actor("ivan"), item_ids=[int(hit[1])], code="1", note="")
    target = Target("example-set", "1", EntryWords(lines=(1,)))
    change_known(paged.site, Actor("kim"), KnownAct.WITHDRAWN, target, "wrong file")
    for _ in range(50):
        page = paged.wait(paged.here)
        if "Recall:" in page:
            break
        time.sleep(0.2)
    assert page.index("Recall:") < page.index("Progress") and "wrong file" in page
    change_known(paged.site, Actor("kim"), KnownAct.REINSTATED, target, "checked: it was right")


def test_who_leads_opens_a_case_and_has_access_to_it(paged: PagedSite) -> None:
    fields = {"name": "a <new> case", "authorisation": "order 8", "scheme": "vics-us@2.0"}
    answer = paged.post("/cases", **fields)
    assert answer.status_code == 303
    page = paged.wait(answer.headers["location"])
    assert escape(fields["name"]) in page and "varde exhibit add" in page and "<new>" not in page
    assert paged.get(answer.headers["location"], "sara").status_code == 404
    again = paged.post("/cases", **fields)
    assert again.status_code == 400 and "already" in again.text and "order 8" in again.text


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": "-x"}, {"name": "a\nb"}, {"authorisation": " "}, {"scheme": "none@1"}]
)
def test_a_case_that_cannot_be_is_not_opened(paged: PagedSite, change: dict[str, str]) -> None:
    fields = {"name": "fresh", "authorisation": "order 8", "scheme": "vics-us@2.0", **change}
    assert paged.post("/cases", **fields).status_code == 400
    with paged.site.database.read() as connection:
        account = accounts.get_account(connection, "ivan")
        assert "fresh" not in {case.name for case in case_access.list_open_cases(connection, account.account_id)}


def test_who_does_not_lead_opens_no_case_and_writes_no_report(paged: PagedSite) -> None:
    assert paged.get("/cases/new", "erin").status_code == 403
    fields = {"name": "fresh", "authorisation": "order 8", "scheme": "vics-us@2.0"}
    assert paged.post("/cases", "erin", **fields).status_code == 403
    assert paged.post(f"{paged.here}/reports", "erin", kinds=["csv"]).status_code == 403
    assert paged.get(f"{paged.here}/reports", "erin").status_code == 403


def write(paged: PagedSite, **fields: object) -> str:
    """Writes a report and returns its name."""
    assert paged.post(f"{paged.here}/reports", **fields).status_code == 303
    paged.wait(f"{paged.here}/reports")
    with paged.site.database.read() as connection:
        return list_reports(connection, HERE, limit=1)[0].report_id


def test_a_report_is_written_in_the_background_and_given_out_as_it_was_written(paged: PagedSite) -> None:
    made = write(paged, kinds=["csv", "vics", "html"], pictures="true")
    page = paged.get(f"{paged.here}/reports").text
    assert made in page and "blurred" in page
    with paged.site.database.read() as connection:
        report = list_reports(connection, HERE, limit=1)[0]
    assert not report.revealed and {file.kind for file in report.files} == {"csv", "html", "vics"}
    for file in report.files:
        answer = paged.get(f"{paged.here}/reports/{made}/{file.name}")
        assert hashlib.sha256(answer.content).hexdigest() == file.sha256
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"].startswith("attachment")


def test_pictures_as_they_are_are_asked_for_twice(paged: PagedSite) -> None:
    fields = {"kinds": ["html"], "pictures": "true", "reveal": "true"}
    before = len(list_all(paged.site))
    asked = paged.post(f"{paged.here}/reports", **fields)
    assert asked.status_code == 200 and "Show pictures as they are?" in asked.text
    assert len(list_all(paged.site)) == before
    write(paged, **fields, sure="true")
    assert list_all(paged.site)[0].revealed


def list_all(site: Site) -> list[object]:
    with site.database.read() as connection:
        return list(list_reports(connection, HERE, limit=50))


def test_a_report_of_one_case_is_not_given_out_by_another(paged: PagedSite) -> None:
    made = write(paged, kinds=["csv"])
    there = f"/cases/{paged.case_ids[THERE]}"
    assert paged.get(f"{there}/reports/{made}/items.csv", "sara").status_code == 404
    for path in (
        f"{made}/report.html",
        "2026-1/items.csv",
        f"{made}/..%2F..%2Fvarde.toml",
        "%25/items.csv",
    ):
        assert paged.get(f"{paged.here}/reports/{path}").status_code == 404, path


def test_a_changed_report_is_not_given_out(paged: PagedSite) -> None:
    made = write(paged, kinds=["csv"])
    with paged.site.database.read() as connection:
        case = next(c for c in case_access.list_open_cases(connection, 2) if c.name == HERE)
    file = next((find_place(paged.site, case) / made).iterdir())
    file.write_bytes(file.read_bytes() + b"more")
    assert paged.get(f"{paged.here}/reports/{made}/{file.name}").status_code == 409
    assert paged.get("/readyz").status_code == 200


def test_what_a_killed_server_was_writing_is_removed_by_the_next_report(paged: PagedSite) -> None:
    place = paged.site.folder / "reports" / str(paged.case_ids[HERE])
    (place / ".writing-0123").mkdir(parents=True, exist_ok=True)
    (place / ".writing-0123" / "report.html").write_text("half")
    write(paged, kinds=["csv"])
    assert [path.name for path in place.iterdir() if path.name.startswith(".")] == []


def test_a_report_of_nothing_is_refused(paged: PagedSite) -> None:
    assert paged.post(f"{paged.here}/reports").status_code == 400
    assert paged.post(f"{paged.here}/reports", kinds=["nonsense"]).status_code == 400


def test_who_holds_a_second_opinion_reads_no_report_and_no_sums_by_code_of_the_case(paged: PagedSite) -> None:
    made = write(paged, kinds=["csv"])
    sara, at = Actor("sara"), Actor("sara").clock()
    item_id = int(re.findall(r"/items/(\d+)", paged.get("/search", q="notes", case=paged.case_ids[HERE]).text)[0])
    with paged.site.database.read() as connection:
        account_id = accounts.get_account(connection, "ivan").account_id
        case = next(c for c in case_access.list_open_cases(connection, account_id) if c.name == HERE)
    queue = make_queue(paged.site, sara, case=case, name="again", work=SecondWork(percent=100))
    with paged.site.database.write() as connection:
        assignments.give(connection, queues.get_queue(connection, queue.queue_id), account_id, [item_id], at)
    shown = '<span class="code">{}</span>'
    assert "Not told by code" in paged.get(paged.here).text
    assert shown.format("0") not in paged.get(paged.here).text
    assert shown.format("0") in paged.get(paged.here, "sara").text
    assert "Not told by code" not in paged.get(paged.here, "sara").text
    path = f"{paged.here}/reports/{made}/items.csv"
    for answer in (paged.get(path), paged.post(f"{paged.here}/reports", kinds=["csv"])):
        assert answer.status_code == 403 and "second opinion" in answer.text
    assert paged.get(path, "sara").status_code == 200
    with paged.site.database.write() as connection:
        assignments.hand_back(connection, account_id, at)
    assert paged.get(path).status_code == 200


def test_a_report_that_waits_is_not_written_for_who_lost_access(paged: PagedSite) -> None:
    reports = len(list_all(paged.site))
    with paged.site.database.read() as connection:
        account_id = accounts.get_account(connection, "ivan").account_id
    with paged.client.app.state.services.jobs._turn:  # type: ignore[attr-defined]
        assert paged.post(f"{paged.here}/reports", kinds=["csv"]).status_code == 303
        with paged.site.database.write() as connection:
            case_access.take_access(connection, paged.case_ids[HERE], account_id)
    jobs = paged.client.app.state.services.jobs.list  # type: ignore[attr-defined]
    for _ in range(100):
        if all(job.is_over for job in jobs(account_id, "report", paged.case_ids[HERE])):
            break
        time.sleep(0.05)
    newest = jobs(account_id, "report", paged.case_ids[HERE])[0]
    assert newest.state == "failed" and "no longer, open" in newest.message
    assert len(list_all(paged.site)) == reports
    with paged.site.database.write() as connection:
        at = Actor("sara").clock()
        case_access.give_access(connection, paged.case_ids[HERE], account_id, person="sara", at=at)


def test_an_empty_case_says_what_to_do_and_nothing_of_what_it_does_not_hold(paged: PagedSite) -> None:
    form = paged.get("/cases/new", "ivan").text
    assert '<option value="vics-us@2.0" selected>' in form, "the command line's own default"
    opened = paged.post("/cases", "ivan", name="empty", authorisation="order 9", scheme="vics-us@2.0")
    page = paged.wait(str(opened.headers["location"]), "ivan")
    assert 'varde exhibit add "empty"' in page
    assert "Every place that was found was examined" not in page and "0 of 0" not in page


def test_sizes_are_written_in_one_way(paged: PagedSite) -> None:
    page = paged.wait(paged.here)
    assert re.search(r"\d [kM]?B<", page) and "Bytes<" not in page.replace(">Bytes<", "")
