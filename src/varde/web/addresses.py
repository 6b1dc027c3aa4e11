"""Where a request came from, as far as failures are counted by it."""

from __future__ import annotations

import ipaddress

from fastapi import Request

_OWN_BITS = 64


def find_network(request: Request) -> str:
    """Returns the address a request came from; of IPv6 the network, since whoever has one has all its addresses.

    What headers say of it is not believed: anybody can write them.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _OWN_BITS), strict=False))
