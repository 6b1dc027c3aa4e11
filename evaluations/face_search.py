"""Verification, identification and open-set search on people: what mirroring and normalising add, and by size.

Usage: ``python evaluations/face_search.py OUTPUT NAME=ROWS ...``, where ROWS are files that `lfw_faces.py` wrote,
the first of them with all variants. Prints Markdown tables; the text around them is in face_search.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lfw_faces import VARIANTS

from varde.core.outcome import NotComparable
from varde.faces.evaluation import evaluate
from varde.faces.identification import Searches, identify, keep_best
from varde.faces.normalisation import measure_cohort, normalise_by
from varde.measures.estimate import Estimate, number_groups

Rows = dict[str, npt.NDArray[np.generic]]
COHORT = 200
DRAWS = 3
LEAST_QUALITY, LEAST_PX = 20, 20.0


def percent(one: Estimate | NotComparable) -> str:
    """Returns a share with its interval."""
    if isinstance(one, NotComparable):
        return "not measured"
    return f"{100 * one.value:.2f} [{100 * one.low:.1f}-{100 * one.high:.1f}]"


def list_main(name: str, rows: Rows, column: str) -> str:
    """Returns one row of the main table."""
    chosen = np.flatnonzero(rows["variant"] == 0)
    made = evaluate(rows[column][chosen], rows["person"][chosen])
    accepts = made.verification.accepts
    shares = [one if isinstance(one, NotComparable) else one.share for one in accepts.values()]
    found = [one if isinstance(one, NotComparable) else one.found for one in made.identification.open_set.values()]
    auc = made.verification.auc
    area = "-" if isinstance(auc, NotComparable) else f"{auc.value:.5f}"
    cells = [name, *(percent(one) for one in shares[:4]), area, percent(made.identification.ranks[1])]
    return "| " + " | ".join([*cells, *(percent(one) for one in found)]) + " |"


def list_sizes(rows: Rows, column: str) -> list[str]:
    """Returns a row per variant: searched with, against the pictures as they are."""
    clean = np.flatnonzero(rows["variant"] == 0)
    lines = []
    for position, variant in enumerate(VARIANTS):
        chosen = np.flatnonzero(rows["variant"] == position)
        if not len(chosen):
            continue
        scores = rows[column][chosen] @ rows[column][clean].T
        same = rows["person"][chosen][:, None] == rows["person"][clean][None]
        itself = rows["picture"][chosen][:, None] == rows["picture"][clean][None]
        others, mated = np.sort(scores[~same])[::-1], scores[same & ~itself]
        shares = [float((mated >= others[int(rate * len(others))]).mean()) for rate in (1e-2, 1e-3, 1e-4)]
        quality, width = rows["quality"][chosen], rows["width"][chosen]
        judged = (quality >= LEAST_QUALITY) & (width >= LEAST_PX)
        cells = [variant, f"{np.median(width):.0f}", f"{np.median(quality):.0f}", f"{100 * judged.mean():.1f}"]
        missing = int(rows["missing"][position]) if rows["missing"].ndim else 0
        lines.append("| " + " | ".join([*cells, str(missing), *(f"{100 * share:.1f}" for share in shares)]) + " |")
    return lines


def pick_mixture(rows: Rows, variants: list[int], seed: int) -> npt.NDArray[np.int64]:
    """Returns for every picture one of its variants, among those that can be compared."""
    rng = np.random.default_rng(seed)
    fit = (rows["quality"] >= LEAST_QUALITY) & (rows["width"] >= LEAST_PX) & np.isin(rows["variant"], variants)
    order = rng.permutation(np.flatnonzero(fit))
    _, first = np.unique(rows["picture"][order], return_index=True)
    return np.sort(order[first])


def measure_normalised(rows: Rows, column: str, variants: list[int]) -> list[list[str]]:
    """Returns the cells of plain and normalised scores; the cohort is people who are in no gallery."""
    single = np.flatnonzero(np.bincount(rows["person"][rows["variant"] == 0]) == 1)
    figures: dict[str, list[tuple[float, float, float]]] = {"plain": [], "normalised": []}
    for seed in range(DRAWS):
        chosen = pick_mixture(rows, variants, seed)
        cohort = np.isin(rows["person"][chosen], np.random.default_rng(seed).permutation(single)[:COHORT])
        vectors, people = rows[column][chosen], rows["person"][chosen]
        for name in figures:
            made = _identify(vectors[~cohort], people[~cohort], vectors[cohort] if name == "normalised" else None)
            figures[name].append(made)
    return [[name, *(f"{100 * value:.1f}" for value in np.mean(made, axis=0))] for name, made in figures.items()]


def _identify(vectors: npt.NDArray[np.float32], people: npt.NDArray[np.int64], cohort: object) -> tuple[float, ...]:
    whom = number_groups(people)
    gallery = np.unique(whom, return_index=True)[1]
    probes = np.setdiff1d(np.arange(len(whom)), gallery)
    scores = vectors[probes] @ vectors[gallery].T
    if isinstance(cohort, np.ndarray):
        sides = (measure_cohort(vectors[part], cohort) for part in (probes, gallery))
        scores = normalise_by(scores, *sides).astype(np.float32)
    searches = Searches(len(gallery), whom[probes], *keep_best(scores, whom[probes]))
    made = identify(searches, np.random.default_rng(1), 10)
    found = [made.ranks[1], *(one if isinstance(one, NotComparable) else one.found for one in made.open_set.values())]
    return tuple(float("nan") if isinstance(one, NotComparable) else one.value for one in found)


def main() -> None:
    """Writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("rows", nargs="+", help="NAME=FILE")
    arguments = parser.parse_args()
    packs = {name: dict(np.load(file)) for name, file in (one.split("=", 1) for one in arguments.rows)}
    lines = ["| Models | TAR 1e-2 | 1e-3 | 1e-4 | 1e-5 | AUC | rank-1 | DIR@FPIR .01 | @.1 |", "|" + " --- |" * 9]
    columns = {"direct": "aligned from the picture", "plain": "one embedding", "vector": "mirrored too"}
    for name, rows in packs.items():
        lines += [list_main(f"{name}, {words}", rows, column) for column, words in columns.items() if column in rows]
    for name, rows in packs.items():
        lines += ["", f"{name}:", "", "| Probe | px | quality | compared % | no face | TAR 1e-2 | 1e-3 | 1e-4 |"]
        lines += ["|" + " --- |" * 8, *list_sizes(rows, "vector")]
    first = next(iter(packs.values()))
    mixtures = {"as they are": [0], "sizes mixed": [0, 1, 2, 3], "light and JPEG mixed": [0, 4, 5]}
    lines += ["", "| Pictures | Scores | rank-1 | DIR@FPIR .01 | @.1 |", "|" + " --- |" * 5]
    for name, variants in mixtures.items():
        lines += [f"| {name} | " + " | ".join(row) + " |" for row in measure_normalised(first, "vector", variants)]
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
