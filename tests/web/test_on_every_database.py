"""The interface on SQLite and on PostgreSQL: the same answers."""

from __future__ import annotations

from served_site import serve

from varde.store.site import Site


def test_banks_contents_and_lookups_work_on_every_database(site: Site, photo: bytes) -> None:
    for served in serve(site):
        client = served.client
        assert client.post("/c/banks", json={"name": "A"}).status_code == 201
        added = client.post("/c/bank/A/content", files={"photo": ("a", photo)}, data={"note": "größe\x00"}).json()
        match = {"A": [{"bank_content_id": added["id"], "distance": "0"}]}
        found = client.post("/m/lookup", files={"photo": ("a", photo)}).json()
        assert {name: found[name] for name in added["signals"]} == dict.fromkeys(added["signals"], match)
        assert client.get(f"/c/bank/A/content/{added['id']}").json()["note"] == "größe\\x00"
        assert client.delete(f"/c/bank/A/content/{added['id']}").json() == {"deleted": 1}
        assert client.get(f"/m/lookup?signal_type=pdq&signal={added['signals']['pdq']}").json() == {}
        assert client.get("/m/index/status?signal_type=pdq").json()["pdq"]["size"] == 1
        assert client.get("/status").status_code in (200, 503)
