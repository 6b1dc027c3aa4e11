"""Grade schemes: an agency's scale, as opaque codes. A code means nothing without its scheme and version."""

from __future__ import annotations

from dataclasses import dataclass

from varde.core.errors import WrongUse


@dataclass(frozen=True, slots=True)
class GradeScheme:
    """A scale of opaque codes. Direction and meaning belong to the agency and are not interpreted here.

    Attributes:
        name: such as ``vics-us``; regions are different schemes.
        version: such as ``2.0``.
        codes: the codes allowed, in the agency's own order.
    """

    name: str
    version: str
    codes: tuple[str, ...]

    @property
    def key(self) -> str:
        """``name@version``: what a person types to choose it."""
        return f"{self.name}@{self.version}"

    def grade(self, code: str) -> Grade:
        """Returns the grade of this scheme with that code.

        Raises:
            WrongUse: if the scheme has no such code.
        """
        if code not in self.codes:
            raise WrongUse(
                f"scheme {self.key} has no code {code!r}",
                advice=f"Its codes are: {', '.join(self.codes)}.",
            )
        return Grade(self.name, self.version, code)


@dataclass(frozen=True, slots=True)
class Grade:
    """A person's judgement on a scheme: never a bare number."""

    scheme: str
    version: str
    code: str

    def __str__(self) -> str:
        """Returns ``scheme@version:code``."""
        return f"{self.scheme}@{self.version}:{self.code}"
