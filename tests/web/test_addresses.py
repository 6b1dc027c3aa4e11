"""Behaviour of `varde.web.addresses`."""

import pytest
from fastapi import Request

from varde.web.addresses import find_network


def ask_from(host: str | None, **headers: str) -> Request:
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": sent, "client": None if host is None else (host, 4711)})


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("somewhere", "somewhere"),
        (None, ""),
    ],
)
def test_a_network_counts_as_one(host: str | None, network: str) -> None:
    assert find_network(ask_from(host)) == network


def test_headers_are_not_believed() -> None:
    request = ask_from("192.0.2.7", **{"x-forwarded-for": "192.0.2.8", "forwarded": "for=192.0.2.9"})
    assert find_network(request) == "192.0.2.7"
