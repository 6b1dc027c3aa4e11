"""The sentences reports speak to people in: plain words for closed sets, and what a report is and is not."""

from __future__ import annotations

from varde.core.issue import IssueCode, Step
from varde.core.item import Origin
from varde.core.known import SetRole
from varde.core.media import MediaKind
from varde.core.outcome import Reason

STATEMENTS = (
    "Machine findings in this report are proposals. They say that two files or two pictures are equal or alike within "
    "a stated operating point; they say nothing about any person.",
    "Decisions are the acts of the persons named beside them. The software grades nothing.",
    "A known set holds what its owner says it holds. Its codes are its owner's, not decisions of this case.",
    "No match means that nothing comparable was found in the sets listed here at the operating points stated here. "
    "It does not mean that nothing is there.",
    "What was not examined is listed with its reasons. It may contain anything.",
    "All times are in UTC. Times that come from files can have been set by anybody.",
)

ISSUE_SENTENCES: dict[IssueCode, str] = {
    IssueCode.UNREADABLE: "The bytes could not be read from where they lie.",
    IssueCode.SYMLINK: "A symbolic link; links are not followed, so that nothing outside the exhibit is read.",
    IssueCode.SPECIAL_FILE: "Not a regular file (a device, pipe or socket); it has no content to read.",
    IssueCode.CHANGED_WHILE_READING: "The file changed while it was being read; what was read may mix two states.",
    IssueCode.VANISHED: "The file was listed and was gone when it was to be read.",
    IssueCode.DAMAGED: "The content is damaged and could not be decoded.",
    IssueCode.TRUNCATED: "The content ends too early; only what is there could be examined.",
    IssueCode.EMPTY: "The file holds no bytes.",
    IssueCode.TOO_LARGE: "Larger than the limit that protects the examination; not decoded.",
    IssueCode.UNSUPPORTED: "A kind of content this version cannot decode; digests were still compared.",
    IssueCode.DECODER_CRASHED: "The decoder crashed on this content; no other file was affected.",
    IssueCode.DECODER_TIMED_OUT: "The decoder did not finish within its time limit and was stopped.",
    IssueCode.DECODER_OUT_OF_MEMORY: "The decoder needed more memory than allowed and was stopped.",
    IssueCode.ARCHIVE_DAMAGED: "The archive is damaged; members after the damage could not be listed or unpacked.",
    IssueCode.ARCHIVE_ENCRYPTED: "The archive or a member is encrypted; its content is unknown.",
    IssueCode.ARCHIVE_UNSUPPORTED: "The archive uses a method this version cannot unpack.",
    IssueCode.ARCHIVE_BOMB: "Unpacking would give far more data than the archive's size suggests; it was stopped.",
    IssueCode.ARCHIVE_TOO_DEEP: "An archive nested deeper than the limit; its members were not examined.",
    IssueCode.ARCHIVE_TOO_MANY: "The archive has more members than the limit; the rest were not examined.",
    IssueCode.SUSPICIOUS_NAME: "The stored name could point outside its container; it was kept as text only.",
    IssueCode.METADATA_DAMAGED: "The capture metadata could not be read; the content itself was examined.",
    IssueCode.INTERNAL: "An error in Varde itself; please report it. The item was not fully examined.",
}

STEP_NAMES: dict[Step, str] = {
    Step.WALK: "listing",
    Step.READ: "reading",
    Step.EXPAND: "unpacking",
    Step.DECODE: "decoding",
    Step.METADATA: "metadata",
    Step.FACES: "looking for faces",
    Step.SOURCES: "sketching the sensor's noise",
}

REASON_SENTENCES: dict[Reason, str] = {
    Reason.NOT_DECODED: "It could not be decoded.",
    Reason.QUALITY_TOO_LOW: "Too little structure for a hash that can be relied on (flat or blurred pictures).",
    Reason.TOO_SMALL: "Too few pixels for a hash that can be relied on.",
    Reason.NO_FRAMES: "No frame of the video could be decoded.",
    Reason.NOT_A_PICTURE: "Neither picture nor video; only its digests were compared.",
    Reason.TOO_FEW_RATINGS: "Too few items were graded by two people for a figure.",
    Reason.ONE_CATEGORY: "Everybody used one code only: agreement beyond chance cannot be computed.",
    Reason.TOO_FEW_PAIRS: "Too few pictures of too few people were measured for this figure.",
    Reason.NOT_CALIBRATED: "What a score means was not measured for faces like these.",
    Reason.AGE_NOT_COVERED: "What a score means was not measured on people of this age; other ages say nothing of it.",
    Reason.NO_FACE: "No face was found in it.",
    Reason.TOO_LARGE: "Larger than the limit that protects the examination.",
    Reason.NOT_EXAMINED: "Nobody looked at it yet.",
    Reason.TOO_DARK: "Too dark for its sensor noise to be compared.",
    Reason.OVEREXPOSED: "Too much of it is overexposed for its sensor noise to be compared.",
    Reason.BLANK: "It has no sensor noise: blank, drawn, or smoothed throughout.",
    Reason.MIXED_SIZES: "The files differ in size, so they cannot make one fingerprint.",
    Reason.TOO_FEW_REFERENCES: "Too few usable pictures of the camera for a fingerprint that can be relied on.",
    Reason.OTHER_SENSOR_SIZE: "Its size does not fit the fingerprint's at any scale that is searched.",
    Reason.NOT_A_PHOTOGRAPH: "By its structure a screenshot, a drawing or a picture put together from several.",
    Reason.ALREADY_USED: "It shows the same exposure as another file, which counts once.",
    Reason.DOES_NOT_AGREE: "Its sensor noise does not agree with that of the other files.",
    Reason.IS_A_REFERENCE: "The fingerprint was made from this very file, so comparing them says nothing.",
    Reason.STABILISED: "The video was stabilised, and its frames could not be aligned well enough.",
    Reason.NO_FINGERPRINT: "The camera has no fingerprint of this kind.",
}

KIND_NAMES: dict[MediaKind, str] = {
    MediaKind.PICTURE: "pictures",
    MediaKind.VIDEO: "videos",
    MediaKind.ARCHIVE: "archives",
    MediaKind.OTHER: "other files",
    MediaKind.EMPTY: "empty files",
}

ORIGIN_NAMES: dict[Origin, str] = {
    Origin.FILE: "file",
    Origin.ARCHIVE_MEMBER: "archive member",
}

ROLE_SENTENCES: dict[SetRole, str] = {
    SetRole.ALERT: "classified by its owner; a match is looked at first",
    SetRole.KNOWN: "seen before; a match says nothing about good or bad",
    SetRole.OWN: "this site's own reference pictures",
    SetRole.NEGATIVE: "harmless material that resembles other entries; it suppresses their perceptual matches",
}

METHOD_LIMITS: dict[str, tuple[str, ...]] = {
    "digest": (
        "Equal only for exactly equal bytes: a copy that was saved again, resized or re-tagged is not found.",
        "MD5 and SHA-1 can be made to collide on purpose; where a known set gives only those, look at the content.",
    ),
    "pdq": (
        "Finds most re-compressed, resized, blurred or recoloured copies of the same picture.",
        "Mostly misses copies that were mirrored, rotated by 2 degrees or more, cropped by 5 percent or more of the "
        "area, put in a border or collage, or covered in part by text or a logo.",
        "Pictures with little structure have no reliable hash and are counted as not comparable.",
        "Different pictures can be alike within the operating point; a person compares each match.",
        "Videos are compared by some of their frames: a short passage between two of them is not seen.",
    ),
}
"""What each method is known to miss, by method name, for `ReportMethod.limits`. The measurements are in docs/."""


def method_limits(name: str) -> tuple[str, ...]:
    """Returns the known limits of a method by its name (``pdq``, ``md5`` ...); empty where none are recorded."""
    return METHOD_LIMITS.get("digest" if name in ("md5", "sha1", "sha256") else name, ())
