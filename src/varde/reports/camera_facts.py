"""Plain facts of files and fingerprints as people read them: named, rounded, and only those that say something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from varde.reports.camera_words import TOLD_FACTS, name_fact

_LARGE: Final = 1_000


def tell_facts(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Returns all facts that say something, with their names for people."""
    return [(name_fact(name), _write(value)) for name, value in facts.items() if _has(value)]


def tell_stated(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Returns the facts of a file that people read, in their order; the document beside the page has all."""
    width, height = facts.get("width_px"), facts.get("height_px")
    size = [("Size", f"{width} x {height} pixels")] if width and height else []
    return size + tell_facts({name: facts[name] for name in TOLD_FACTS if name in facts})


def _has(value: object) -> bool:
    return value not in (None, "", [], {}, ())


def _write(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return "; ".join(_write(part) for part in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_write(part)}" for name, part in value.items() if _has(part))
    return str(value)
