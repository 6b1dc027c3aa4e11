"""The site's settings: one TOML file, checked on reading, frozen afterwards."""

from __future__ import annotations

import itertools
import math
import tomllib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from varde.core.approval import APPROVABLE
from varde.core.audit import Act
from varde.core.errors import SettingsError
from varde.core.limits import MOST_FRAMES, ArchiveLimits, DecodeLimits
from varde.media.sampling import SamplingMode

FILE_NAME = "varde.toml"
_LARGE_FILE_BYTES = 64 << 20
_LEAST_BYTES_PER_S = 10_000_000


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(_Section):
    """Where the site's database is."""

    url: str = Field("", description="SQLAlchemy address; empty means the SQLite file varde.db in the site's folder.")


class ProcessingSettings(_Section):
    """How exhibits are processed."""

    workers: int = Field(0, ge=0, le=1024, description="Decoder processes; 0 means one per CPU core.")
    time_limit_s: float = Field(60.0, gt=0, description="Longest time one file may take to be examined.")
    video_time_limit_s: float = Field(600.0, gt=0, description="Longest time for a file larger than 64 MiB.")
    expand_time_limit_s: float = Field(1800.0, gt=0, description="Longest time for one window of an archive.")
    memory_limit_mib: int = Field(4096, ge=512, description="Address space one decoder process may use.")
    spool_window_mib: int = Field(1024, ge=1, description="Unpacked data of one archive kept on disk at a time.")

    def limit_s(self, size_bytes: int) -> float:
        """Returns how long one file may take to be examined: longer for large ones, however slow their disk."""
        limit_s = self.video_time_limit_s if size_bytes > _LARGE_FILE_BYTES else self.time_limit_s
        return limit_s + size_bytes / _LEAST_BYTES_PER_S


class DecodeSettings(_Section):
    """What a decoder may spend on one file."""

    max_pixels: int = Field(250_000_000, gt=0, description="Pictures with more pixels are recorded as too large.")
    max_frames: int = Field(2_000, gt=0, le=MOST_FRAMES, description="Frames hashed of one video.")
    video_sampling: SamplingMode = Field(
        SamplingMode.SECONDS, description="Which frames of an item's video: 1/s, key (key frames only) or all."
    )
    thumbnail_px: int = Field(256, ge=32, le=1024, description="Longest side of a thumbnail.")

    def limits(self) -> DecodeLimits:
        """Returns the record the decoders take."""
        return DecodeLimits(self.max_pixels, self.max_frames, self.thumbnail_px)


class ArchiveSettings(_Section):
    """How far archives are followed."""

    max_depth: int = Field(5, ge=0, description="Archives inside archives that are opened.")
    max_members: int = Field(1_000_000, gt=0, description="Members of one archive that are looked at.")
    max_member_mib: int = Field(8 * 1024, gt=0, description="Unpacked size of one member.")
    max_total_mib: int = Field(256 * 1024, gt=0, description="Unpacked size of one archive altogether.")
    max_ratio: int = Field(500, gt=1, description="Unpacked to packed size above which a member is a bomb.")

    def limits(self) -> ArchiveLimits:
        """Returns the record the archive readers take."""
        return ArchiveLimits(
            self.max_depth, self.max_members, self.max_member_mib << 20, self.max_total_mib << 20, self.max_ratio
        )


class LocalFeaturesUse(StrEnum):
    """When local features of items are computed: they take about as long as decoding."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class MatchingSettings(_Section):
    """The operating point of perceptual matching."""

    pdq_max_distance: int = Field(31, ge=0, le=31, description="Largest PDQ distance that is a match.")
    pdq_min_quality: int = Field(50, ge=0, le=100, description="Least PDQ quality on both sides.")
    local_features: LocalFeaturesUse = Field(
        LocalFeaturesUse.AUTO, description="Whether items get local features; `auto`: where a known set has some."
    )
    flood_limit: int = Field(1_000, ge=1, description="Contents one entry may match before more are only counted.")


class FacesUse(StrEnum):
    """When items are looked at for faces: it costs more than everything else."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class FacesSettings(_Section):
    """Whether faces are looked for."""

    examine: FacesUse = Field(
        FacesUse.AUTO,
        description="Whether `varde process` looks for faces; `auto`: once models are in use (`varde models use`); "
        "`always`: with the builtin ones where none are.",
    )
    keep_probes_days: int = Field(
        90,
        ge=0,
        le=36_500,
        description="Days after a face search was closed, or made and never closed, until `varde victim expire` "
        "deletes its probes.",
    )


class SketchUse(StrEnum):
    """When pictures are sketched while processing, so that those of one sensor can be found."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class CameraSettings(_Section):
    """What sensor noise is used for."""

    sketch: SketchUse = Field(
        SketchUse.AUTO,
        description="Whether `varde process` sketches the noise of every picture; `auto`: once a camera is enrolled, "
        "or where `--sources` or `varde camera cluster` asks for it.",
    )

    lead_log10_lr: float = Field(
        2.0, ge=0, le=10, description="Least log10 likelihood ratio of a file of a case that makes a lead to a camera."
    )
    verbal_scale: tuple[tuple[float, str], ...] = Field(
        (), description="Likelihood ratios from which words are used, with the words; empty: ENFSI's scale of 2015."
    )

    @field_validator("verbal_scale")
    @classmethod
    def _check_rising(cls, bands: tuple[tuple[float, str], ...]) -> tuple[tuple[float, str], ...]:
        least = [1.0, *(band for band, _ in bands)]
        if not all(low < high < math.inf for low, high in itertools.pairwise(least)):
            raise ValueError("each band begins at a likelihood ratio above 1 and above that of the band before it")
        if not all(words.strip() for _, words in bands):
            raise ValueError("a band has no words")
        return bands


class WebSettings(_Section):
    """What the HTTP interface takes on."""

    max_body_mib: int = Field(256, ge=1, le=65_536, description="Largest request body, and largest file fetched.")
    body_time_limit_s: float = Field(60.0, gt=0, description="Longest time a request may take to arrive.")
    searches: int = Field(0, ge=0, le=8, description="Searches at once; 0 means one per CPU core, 8 at most.")
    waiting: int = Field(200, ge=0, le=100_000, description="Requests that may wait for a search; more get 503.")
    uploads: int = Field(8, ge=1, le=1024, description="Files received or examined at once; more get 503.")
    fetch_hosts: tuple[str, ...] = Field((), description="Hosts a `url` may name; empty: nothing is fetched.")
    fetch_private_hosts: tuple[str, ...] = Field((), description="Those of them that may have private addresses.")
    fetch_time_limit_s: float = Field(30.0, gt=0, description="Longest time to fetch one file.")
    session_idle_min: int = Field(60, ge=1, le=1_440, description="Minutes without a request that end a session.")
    session_hours: int = Field(12, ge=1, le=168, description="Longest time a session lasts.")


class SecondFactor(StrEnum):
    """Whether people show a one-time code when they log in."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class AccessSettings(_Section):
    """What people have to do before they may do something."""

    second_factor: SecondFactor = Field(
        SecondFactor.OPTIONAL, description="Whether everybody needs a one-time code to log in, or whoever wants one."
    )
    four_eyes: tuple[Act, ...] = Field((), description="Acts that another person has to approve first.")

    @field_validator("four_eyes")
    @classmethod
    def _check_approvable(cls, acts: tuple[Act, ...]) -> tuple[Act, ...]:
        wrong = [act.value for act in acts if act not in APPROVABLE]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} cannot be approved; it can be any of {', '.join(APPROVABLE)}")
        return acts


class ReviewSettings(_Section):
    """How work is given out to people."""

    lease_min: int = Field(60, ge=1, le=1_440, description="Minutes without a sign of a person until items go back.")


class PluginSettings(_Section):
    """Third-party plugins: listed here, not merely installed."""

    evidence: tuple[str, ...] = Field((), description="Names of third-party archive readers to load.")
    known_formats: tuple[str, ...] = Field((), description="Names of third-party known-set formats to load.")
    known_writers: tuple[str, ...] = Field((), description="Names of third-party known-set writers to load.")
    reports: tuple[str, ...] = Field((), description="Names of third-party report writers to load.")


class Settings(_Section):
    """Everything a site can be told."""

    database: DatabaseSettings = DatabaseSettings()
    processing: ProcessingSettings = ProcessingSettings()
    decode: DecodeSettings = DecodeSettings()
    archive: ArchiveSettings = ArchiveSettings()
    matching: MatchingSettings = MatchingSettings()
    faces: FacesSettings = FacesSettings()
    camera: CameraSettings = CameraSettings()
    web: WebSettings = WebSettings()
    access: AccessSettings = AccessSettings()
    review: ReviewSettings = ReviewSettings()
    plugins: PluginSettings = PluginSettings()


def read_settings(path: Path) -> Settings:
    """Returns the settings in a TOML file; a missing file means all defaults.

    Raises:
        SettingsError: naming the key that is wrong.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"{path}: {problems}", advice="docs/reference/settings.md lists every setting.") from error
