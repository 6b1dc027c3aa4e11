"""The one error tree: every error has a stable code and an advice for the person who meets it."""

from __future__ import annotations

from typing import ClassVar


class VardeError(Exception):
    """Base of every error Varde raises on purpose.

    Attributes:
        code: stable, lower-case identifier that scripts may rely on.
        advice: what the person can do about it; empty where nothing can be done.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class WrongUse(VardeError):
    """The request itself is wrong: a bad argument, a name that is taken, an option that does not fit."""

    code = "wrong_use"


class NotFound(WrongUse):
    """Something that was asked for by name does not exist here."""

    code = "not_found"


class Refused(WrongUse):
    """The request is understood and refused for the user's protection; the advice says how to override, if at all."""

    code = "refused"


class ApprovalNeeded(Refused):
    """The site lets nobody do this alone: another person has to approve it, and was asked to."""

    code = "approval_needed"


class SettingsError(WrongUse):
    """The site's settings file cannot be used."""

    code = "settings"


class FormatError(VardeError):
    """A file that should be in a stated format is not.

    Attributes:
        line: one-based line of the defect, where it is known.
    """

    code = "format"

    def __init__(self, message: str, *, line: int | None = None, advice: str = "") -> None:
        super().__init__(f"line {line}: {message}" if line is not None else message, advice=advice)
        self.line = line


class Unreadable(VardeError):
    """One item's bytes or pixels cannot be read; becomes an issue, never stops an exhibit.

    Attributes:
        issue_code: the `IssueCode` value to record.
    """

    code = "unreadable"

    def __init__(self, issue_code: str, message: str) -> None:
        super().__init__(message)
        self.issue_code = issue_code


class SiteBusy(VardeError):
    """Another process holds what this one needs."""

    code = "busy"


class ExhibitUnreachable(VardeError):
    """An exhibit is not where it was: unplugged, unmounted, moved. Its items wait until it is back."""

    code = "exhibit_unreachable"


class ExhibitChanged(VardeError):
    """An item's bytes are not those that were examined: it is not shown. Says nothing against the site itself."""

    code = "exhibit_changed"


class IntegrityFailure(VardeError):
    """Stored or referenced material is not what it was: stops at once."""

    code = "integrity"


class ExchangeFailure(VardeError):
    """Another organisation's server is away, slow, cut off, refuses us or sends what cannot be read.

    Its message never holds what was sent or received: no credential, no hash.
    """

    code = "exchange"


class PluginError(VardeError):
    """A listed plugin could not be loaded; the run stops rather than go on without it."""

    code = "plugin"
