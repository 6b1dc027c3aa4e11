"""Cost of fetching from an exchange, against the ThreatExchange library's own client, in one run.

A server process on the loopback address holds benign made-up entries of NCMEC's form. Three clients, each in a process
of its own, fetch all of them; CPU time is the client's alone, imports left out:

- library: ``get_entries_iter`` over the whole time, merged into a dictionary as its exchange does; nothing is stored
- fetch: Varde's client, ranges and checks included; nothing is stored
- site: the same into a new site on SQLite, with history, checkpoint and audit log

Usage: python benchmarks/exchange.py [--entries N] [--runs N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVER = """
import sys, time
from varde.testing.ncmec_server import NcmecItem, NcmecServer
server, count = NcmecServer(), int(sys.argv[1])
start = int(time.time()) - 86400 * 300
for number in range(count):
    prints = {"md5": f"{number:032x}", "sha1": f"{number:040x}", "pdq": f"{number * 7919:064x}"}
    server.put(NcmecItem(42 + number % 3, f"i{number}", start + number * 86400 * 299 // count, fingerprints=prints))
with server.run() as address:
    print(address, flush=True)
    time.sleep(3600)
"""

CLIENT = """
import json, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
kind, address, folder = sys.argv[1:]
from varde.known.exchange import Credential
from varde.known.exchanges.ncmec import NcmecApi
from varde.store.site import create_site
from varde.testing.ncmec_server import PASSWORD, USERNAME
from varde.workflows.actor import Actor
from varde.workflows.exchange_known_set import fetch_exchange
from varde.workflows.manage_exchanges import NewExchange, add_exchange
from threatexchange.exchanges.clients.ncmec import hash_api
actor = Actor("A. Examiner")
if kind == "site":
    site, _ = create_site(Path(folder) / "site", name="Unit", person="A", at=actor.clock())
    secret = Path(folder) / "credential"
    secret.touch(0o600)
    secret.write_text(f"username={USERNAME}\\npassword={PASSWORD}\\n")
    add_exchange(site, actor, NewExchange("x", "ncmec", {"address": address}, str(secret)))
before = time.process_time()
if kind == "library":
    client = hash_api.NCMECHashAPI(USERNAME, PASSWORD, hash_api.NCMECEnvironment.LawEnforcement)
    client._base_url = address
    held = {}
    for page in client.get_entries_iter(end_timestamp=int(time.time()) + 86400):
        held.update({f"{one.member_id}-{one.id}": one for one in page.updates})
    count = len(held)
elif kind == "fetch":
    exchange = NcmecApi().open({"address": address}, Credential({"username": USERNAME, "password": PASSWORD}))
    ranges = exchange.fetch({}, datetime.now(UTC), everything=False)
    count = sum(len(found.delta.upserts) for found in ranges)
else:
    count = fetch_exchange(site, actor, "x", lambda *_: None).added
cpu_s = time.process_time() - before
print(json.dumps({"count": count, "cpu_s": cpu_s, "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


def run_client(kind: str, address: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", CLIENT, kind, address, folder]
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout) | {"wall_s": time.monotonic() - begun}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(options.entries)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        found: dict[str, list[dict[str, float]]] = {"library": [], "fetch": [], "site": []}
        for _ in range(options.runs):
            for kind, rows in found.items():
                rows.append(run_client(kind, address))
                assert rows[-1]["count"] == options.entries, (kind, rows[-1])
    finally:
        server.kill()
        server.wait()
    base = statistics.median(row["cpu_s"] for row in found["library"])
    for kind, rows in found.items():
        cpu_s = statistics.median(row["cpu_s"] for row in rows)
        peak = statistics.median(row["peak_kb"] for row in rows) / 1024
        rate = options.entries / cpu_s
        print(f"{kind:8} {cpu_s:7.2f} s CPU  {rate:8,.0f} entries/s  {cpu_s / base:5.2f} x library  {peak:6.0f} MiB")


if __name__ == "__main__":
    main()
