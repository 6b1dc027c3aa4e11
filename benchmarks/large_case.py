"""Makes a site with a large generated case and prints what that took: `benchmarks/large_case.py DIR --items N`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from varde.store.site import create_site
from varde.testing.large_case import make_large_case
from varde.workflows.actor import now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="folder of the site; made if it is not there")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--name", default="large")
    parser.add_argument("--decided", type=float, default=0.05, help="share of the items that are decided")
    parser.add_argument("--copies-of-one", type=int, default=0, help="items with the very same bytes")
    parser.add_argument("--no-search", action="store_true", help="leave the index of the search out: much faster")
    options = parser.parse_args()
    site, _ = create_site(options.site, name="Benchmark", person="A. Examiner", at=now())
    began = last = time.monotonic()

    def tell(what: str) -> None:
        nonlocal last
        print(f"{time.monotonic() - last:7.1f} s; then {what}", flush=True)
        last = time.monotonic()

    make_large_case(
        site,
        items=options.items,
        name=options.name,
        decided=options.decided,
        copies_of_one=options.copies_of_one,
        is_searchable=not options.no_search,
        progress=tell,
    )
    tell("nothing")
    size = site.database_path.stat().st_size / 1e6 if site.database_path.exists() else 0
    print(f"{options.items:,} items in {time.monotonic() - began:.1f} s; database {size:,.0f} MB")
    site.close()


if __name__ == "__main__":
    main()
