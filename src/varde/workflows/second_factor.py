"""The second factor: one-time codes (TOTP, RFC 6238) from an app that a person has, each used once."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from typing import Final

import pyotp

STEP_S: Final = 30
_CODE = re.compile(r"\d{6}", re.ASCII)
_SECRET = re.compile(r"[A-Z2-7]{32}")
_DRIFT = 1


def make_secret() -> str:
    """Returns a new secret, 160 random bits in base 32, for a person to put into their app."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Returns whether a text is a secret as `make_secret` makes them."""
    return _SECRET.fullmatch(text) is not None


def make_address(secret: str, *, account: str, site: str) -> str:
    """Returns the ``otpauth:`` address that apps take a secret from."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=f"Varde {site}")


def find_step(secret: str, code: str, at: datetime) -> int | None:
    """Returns the step of time that a code belongs to; None where it is wrong or not of about now.

    Source: RFC 6238, section 5.2; one step before and after is taken, for clocks that differ.
    """
    given = "".join(code.split())
    if not _CODE.fullmatch(given):
        return None
    now = int(at.timestamp()) // STEP_S
    made = pyotp.TOTP(secret, interval=STEP_S)
    fits = [
        step for step in range(now - _DRIFT, now + _DRIFT + 1) if hmac.compare_digest(made.generate_otp(step), given)
    ]
    return max(fits, default=None)
