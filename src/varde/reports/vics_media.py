"""The parts of a VICS 2.0 file as plain dictionaries: the case, a content, a place, its comments."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable

from varde.core.digest import Digests
from varde.core.errors import IntegrityFailure
from varde.core.outcome import NotComparable
from varde.core.scheme import GradeScheme
from varde.core.signal import PerceptualHash
from varde.reports.content import ReportItem
from varde.reports.head import ReportHead
from varde.reports.text import show, write_time
from varde.reports.vics_path import split_path, write_path

Fields = dict[str, object]

_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{region}/$metadata#Cases"
_REGIONS = {"vics-us": "US", "vics-uk": "UK", "vics-default": "Default"}
_WHOLE = re.compile(r"[1-9][0-9]{0,8}")
_MIN_QUALITY = 50

DECIDED_DIFFERENTLY = (
    "The same content is decided differently, or not yet, at other places of this case: "
    "see the other entries with this MD5."
)
CONTINUED = "This content lies at very many places: more of them are in the next entry with this MD5."
MORE_NOTES = "There are further notes: see decisions.csv."


def describe_case(head: ReportHead) -> tuple[str, Fields]:
    """Returns the OData context with the scheme's region, and the case's own fields without its media."""
    region = _REGIONS.get(head.scheme.name, "CUSTOM")
    case_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"varde\0{head.site}\0{head.case.name}"))
    facts = {
        "SchemeName": head.scheme.name,
        "SchemeVersion": head.scheme.version,
        "Authorisation": head.case.authorisation.reference,
        "ReportID": head.report_id,
        "ReportWrittenAt": write_time(head.written_at),
        "AuditEventNumber": str(head.audit.number),
        "AuditEventHash": head.audit.hash_hex,
    }
    return _CONTEXT.format(region=region), {
        "CaseID": case_id,
        "CaseNumber": head.case.name,
        "ContactOrganization": head.site,
        "ContactName": head.written_by,
        "SourceApplicationName": "Varde",
        "SourceApplicationVersion": head.varde_version,
        "CaseMetadata": [
            {"CaseID": case_id, "PropertyName": name, "PropertyValue": _clean(value)} for name, value in facts.items()
        ],
    }


def compute_category(item: ReportItem, scheme: GradeScheme) -> int | None:
    """Returns the grade in force as a VICS Category, None where there is none or the code is no whole number above 0.

    A grade on another scheme than the case's never becomes a Category: the number would be read on the wrong scale.
    """
    grade = item.decision.grade if item.decision else None
    if grade is None or (grade.scheme, grade.version) != (scheme.name, scheme.version):
        return None
    return int(grade.code) if _WHOLE.fullmatch(grade.code) else None


def describe_content(item: ReportItem, scheme: GradeScheme) -> Fields:
    """Returns the fields of a Media that all its places share, after ``MediaID`` and ``Category``."""
    digests = get_digests(item)
    fields: Fields = {
        "MD5": digests.md5.hex().upper(),
        "SHA1": digests.sha1.hex().upper(),
        "MediaSize": digests.size_bytes,
    }
    if item.media:
        fields["MimeType"] = item.media.mime
    fields["RelativeFilePath"] = f"{item.exhibit}\\{write_path(item.locator)}"
    if item.decision:
        fields["DateUpdated"] = write_time(item.decision.at)
        if compute_category(item, scheme) is None:
            fields["Tags"] = str(item.decision.grade)
    fields["AlternativeHashes"] = _alternative_hashes(item)
    if item.facts and item.facts.metadata:
        md5 = fields["MD5"]
        fields["Exifs"] = [
            {"MD5": md5, "PropertyName": _clean(name), "PropertyValue": _clean(value)}
            for name, value in item.facts.metadata
        ]
    return fields


def describe_place(item: ReportItem) -> Fields:
    """Returns one entry of MediaFiles: where the content lies."""
    folder, name = split_path(write_path(item.locator))
    fields: Fields = {
        "MD5": get_digests(item).md5.hex().upper(),
        "FileName": name,
        "FilePath": folder,
        "SourceID": str(item.exhibit),
    }
    if item.modified_at:
        fields["Written"] = write_time(item.modified_at)
    container, is_member, _ = item.locator.rpartition("!/")
    if is_member:
        fields["ParentFilePath"], fields["ParentFileName"] = split_path(write_path(container))
    return fields


def describe_comments(notes: Iterable[str], remark: str) -> str:
    """Returns the persons' notes, one a line, and after them our remark on the entry where there is one."""
    return "\n".join([*(_clean(note) for note in notes), *([remark] if remark else [])])


def dump(value: object) -> str:
    """Returns the value as JSON on one line in ASCII, so that no reader can go wrong on the encoding."""
    return json.dumps(value)


def get_digests(item: ReportItem) -> Digests:
    """Returns the digests that name an item's content.

    Raises:
        IntegrityFailure: if it has none.
    """
    if item.digests is None:
        raise IntegrityFailure(f"item {item.item_id} has no digests, so it cannot be named in a VICS file")
    return item.digests


def _alternative_hashes(item: ReportItem) -> list[Fields]:
    hashes: list[Fields] = [{"HashName": "SHA256", "HashValue": get_digests(item).sha256.hex().upper()}]
    hashes += [{"HashName": "PDQ", "HashValue": found.value.hex()} for found in _picture_hashes(item)]
    return hashes


def _picture_hashes(item: ReportItem) -> list[PerceptualHash]:
    """Returns the hashes of a picture that may be compared: the format can carry neither quality nor time."""
    if item.signal is None or isinstance(item.signal.outcome, NotComparable):
        return []
    return [found for found in item.signal.outcome if found.offset_s is None and found.quality >= _MIN_QUALITY]


def _clean(text: str) -> str:
    return show(text, keep="\n\t")
