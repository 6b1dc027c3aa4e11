"""Known sets and their entries: contents that an authority classified earlier."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from varde.core.signal import LocalFeatures


class SetRole(StrEnum):
    """What it means to be in a known set."""

    ALERT = "alert"
    """Material an authority classified: a match is a finding to look at first."""

    KNOWN = "known"
    """Seen before, such as files of published software: says nothing about good or bad."""

    OWN = "own"
    """The site's own reference pictures, hashed here."""

    NEGATIVE = "negative"
    """Harmless material that resembles entries of other sets: its matches suppress theirs, with a trace."""


class EntryState(StrEnum):
    """Whether a known entry, or a whole set, counts now."""

    ACTIVE = "active"
    DISPUTED = "disputed"
    """Its match is still a finding, and says that the entry is disputed."""

    WITHDRAWN = "withdrawn"
    """Its match is no finding any more; who acted on it is told."""


class KnownAct(StrEnum):
    """What can happen to a known entry or set after it came; kept for ever, with time, person and reason."""

    WITHDRAWN = "withdrawn"
    DISPUTED = "disputed"
    REINSTATED = "reinstated"
    SUPERSEDED = "superseded"
    """A newer description of the same source entry took its place."""


class Flag(StrEnum):
    """Facts an authority attached to an entry. Absent means unknown, never false."""

    VICTIM_IDENTIFIED = "victim_identified"
    OFFENDER_IDENTIFIED = "offender_identified"
    DISTRIBUTED = "distributed"
    SUSPECTED = "suspected"
    SELF_GENERATED = "self_generated"
    PRECATEGORIZED = "precategorized"
    BASELINE = "baseline"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class CarriedHash:
    """A hash that is stored and handed on but never computed here (PhotoDNA, TMK ...).

    Attributes:
        kind: lower-case name such as ``photodna``.
        value: as it came, as text.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """One classified content, as its authority described it.

    Attributes:
        line: one-based line, row or ordinal in the source file, for error messages and provenance.
        md5, sha1, sha256: raw digests, None where the source has none.
        pdq: raw 32-byte PDQ hashes with their quality and offset in seconds (quality 100 where the source gives none).
        carried: hashes carried but not computed.
        code: opaque code on the set's scheme; None where uncategorised.
        series: name of the series, "" where none.
        flags: facts stated true or false by the source; a flag not named is unknown.
        source_id: the source's own identifier (MediaID, image id ...), "" where none.
        size_bytes, mime: as stated by the source.
        extra: further fields kept as text, for loss-free export.
        local_features: of a picture or of frames of a video hashed at this site; () where only hashes are known.
        sampling: how a video's frames were chosen, "" where unknown or a picture.
    """

    line: int
    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    pdq: tuple[tuple[bytes, int, float | None], ...] = ()
    carried: tuple[CarriedHash, ...] = ()
    code: str | None = None
    series: str = ""
    flags: tuple[tuple[Flag, bool], ...] = ()
    source_id: str = ""
    size_bytes: int | None = None
    mime: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    local_features: tuple[LocalFeatures, ...] = ()
    sampling: str = ""

    @property
    def is_comparable(self) -> bool:
        """Whether anything in it can be compared here."""
        return bool(self.md5 or self.sha1 or self.sha256 or self.pdq)


@dataclass(frozen=True, slots=True)
class SetDelta:
    """Changes of a known set since an earlier state of its source.

    Attributes:
        upserts: new or newly described entries; an active entry of the set with the same ``source_id`` is superseded.
        removals: ``source_id`` of entries the source took back.
        disputes: ``source_id`` of entries about which the source's members disagree.
        checkpoint: where the source's next changes begin, as the exchange wrote it; {} where there is none.
    """

    upserts: tuple[KnownEntry, ...] = ()
    removals: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()
    checkpoint: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetHeader:
    """What a source file says of the known set as a whole.

    Attributes:
        scheme: grade scheme name such as ``vics-us``; "" where the format has no codes.
        scheme_version: its version.
        suggested_role: the role the format or its content speaks for, None where it says nothing.
        warning: what a person should know before trusting the list, "" where nothing.
        declared_total: number of entries the file claims, None where it claims none; it may lie.
    """

    scheme: str = ""
    scheme_version: str = ""
    suggested_role: SetRole | None = None
    warning: str = ""
    declared_total: int | None = None
    extra: tuple[tuple[str, str], ...] = field(default=())
