"""Hashes of an exchange's record: compared where their kind is known here, carried as they came where it is not."""

from __future__ import annotations

from dataclasses import dataclass, field

from varde.core.errors import WrongUse
from varde.core.known import CarriedHash
from varde.known.signals import MAX_CARRIED_CHARS, Hashes, add_hash
from varde.known.text import clean_text

_PHOTODNA = "photodna"


@dataclass(slots=True)
class Fingerprints:
    """The hashes of one record while it is being read.

    Attributes:
        hashes: what was read.
        unreadable: how many had not the form of their kind; they are carried all the same.
    """

    hashes: Hashes = field(default_factory=Hashes)
    unreadable: int = 0

    def add(self, kind: str, value: str) -> None:
        """Takes one hash by the name its exchange gives it."""
        name = _PHOTODNA if kind.casefold() == "pdna" else kind
        try:
            add_hash(self.hashes, name, value)
            if name == _PHOTODNA and not Hashes.is_plausible(self.hashes.carried[-1]):
                self.hashes.carried[-1] = CarriedHash("pdna", self.hashes.carried[-1].value)
        except WrongUse:
            self.unreadable += 1
            self.hashes.carried.append(CarriedHash(clean_text(kind.casefold()), clean_text(value[:MAX_CARRIED_CHARS])))
