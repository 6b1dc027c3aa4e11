"""What the pages of cases, search, known sets and audit do is the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from paged_site import HERE, SECRET_NAME, THERE, list_hits, serve_paged

from varde.store.site import Site


def test_pages_answer_alike(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for paged in serve_paged(site, folder):
        here = paged.case_ids[HERE]
        for q, name in (
            ("BØRN", "camera.jpg"),
            ("kamera 5", "camera.jpg"),
            ("2020-05-17", "camera.jpg"),
            ("shared", "shared.jpg"),
        ):
            assert list_hits(paged.get("/search", q=q, case=here).text) == [name], q
        for q in ("%", "_", "'", "\0", "\\"):
            assert paged.get("/search", q=q, case=here).status_code == 200
        assert "same bytes" in paged.upload("/search/picture", paged.photo, case=str(here)).text
        answer = paged.post("/search", q="jpg", field="name", purpose="p", authorisation="a")
        page = paged.get(answer.headers["location"]).text
        assert "shared.jpg" in list_hits(page) and SECRET_NAME not in page and THERE not in page
        page = paged.wait(paged.here)
        assert "example-set 1" in page and "Kamera 5" in page and "of 5 items decided" in page
        assert "broken.jpg" in paged.get(f"{paged.here}/issues", code="damaged").text
        assert paged.post(f"{paged.here}/reports", kinds=["csv"]).status_code == 303
        assert "Download items.csv" in paged.wait(f"{paged.here}/reports")
        assert "row 1" in paged.get("/known/1", "kim").text
        assert paged.post("/known/1/state", "kim", act="withdrawn", reason="r", entry=1).status_code == 303
        assert "withdrew known material" in paged.get("/audit", "otto", act="known_withdrawn").text
        assert HERE in paged.get("/audit", "otto", case=HERE).text
        assert paged.get("/audit", "otto", case="\0", person="%").status_code == 200
        paged.post("/audit/verify", "otto")
        assert "The log is intact" in paged.wait("/audit", "otto")
