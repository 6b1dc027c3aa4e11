"""Behaviour of the hash chain in `varde.core.audit`, against values computed here from the written convention."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from varde.core.audit import GENESIS, Act, AuditEvent, compute_event_hash

FIRST = AuditEvent(1, "2026-10-01T12:30:00.000000Z", "A. Größe", "site_created", {"name": "Unit 4", "a": None, "n": 3})

# The convention, written out by hand: previous hash, then the event as JSON, keys sorted, no spaces, UTF-8.
FIRST_BYTES = (
    '{"act":"site_created","at":"2026-10-01T12:30:00.000000Z","number":1,"person":"A. Größe",'
    '"subject":{"a":null,"n":3,"name":"Unit 4"}}'
).encode()
FIRST_HEX = "1deb43afb8ef4ee9983656e497d6263dd967726e829e64a6048500941238cef6"


def test_first_event_has_the_published_hash() -> None:
    assert hashlib.sha256(bytes(32) + FIRST_BYTES).hexdigest() == FIRST_HEX
    assert compute_event_hash(GENESIS, FIRST).hex() == FIRST_HEX


def test_the_next_event_is_chained_to_it() -> None:
    second = replace(FIRST, number=2)
    expected = hashlib.sha256(bytes.fromhex(FIRST_HEX) + FIRST_BYTES.replace(b'"number":1', b'"number":2'))
    assert compute_event_hash(bytes.fromhex(FIRST_HEX), second) == expected.digest()


@pytest.mark.parametrize(
    "changed",
    [
        replace(FIRST, number=2),
        replace(FIRST, at="2026-10-01T12:30:00.000001Z"),
        replace(FIRST, person="B. Größe"),
        replace(FIRST, act="case_created"),
        replace(FIRST, subject={**FIRST.subject, "n": "3"}),
        replace(FIRST, subject={"name": "Unit 4", "n": 3}),
    ],
)
def test_every_field_counts(changed: AuditEvent) -> None:
    assert compute_event_hash(GENESIS, changed).hex() != FIRST_HEX
    assert compute_event_hash(b"\1" * 32, FIRST).hex() != FIRST_HEX


def test_the_order_of_facts_does_not_count() -> None:
    turned = replace(FIRST, subject=dict(reversed(FIRST.subject.items())))
    assert compute_event_hash(GENESIS, turned).hex() == FIRST_HEX


def test_acts_are_stable_lower_case_words() -> None:
    assert all(act.value == act.name.lower() for act in Act)
