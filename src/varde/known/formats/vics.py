"""VICS JSON (Project VIC), versions 1.x and 2.0: hash sets and cases, streamed."""

from __future__ import annotations

from pathlib import Path

from varde.core.known import CarriedHash, Flag, KnownEntry
from varde.known.format import Examples, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.formats.caid_json import is_caid_non_rds
from varde.known.vics_envelope import looks_like_vics
from varde.known.vics_set import open_vics


class VicsFormat:
    """Project VIC JSON, versions 1.x and 2.0."""

    name = "vics"
    title = "Project VIC JSON 1.x and 2.0, hash set or case"

    def detect(self, path: Path) -> bool:
        """Returns whether it is a JSON object with a VICS context that is not a list of harmless files."""
        return looks_like_vics(path) and not is_caid_non_rds(path)

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`.

        Raises:
            FormatError: if it is no VICS, or names another region than the options do.
        """
        return open_vics(path, options)

    def examples(self) -> Examples:
        """Returns one small file of each kind that was seen, and defects of each kind."""
        return EXAMPLES


_CONTEXT_2 = '"@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#%s"'
_CONTEXT_1 = '"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#%s"'
_MD5 = "0A" * 16
_ENTRY = f'{{"MediaID": 7, "MD5": "{_MD5}", "Category": 1}}'
_READ = KnownEntry(line=2, md5=b"\x0a" * 16, code="1", source_id="7")
_FULL = f"""{{
 "MediaID": 7, "Category": "2", "MD5": "{_MD5}", "SHA1": "{"0b" * 20}", "MediaSize": "12",
 "VictimIdentified": "false", "IsDistributed": true, "IsPrecategorized": "true", "OffenderIdentified": "",
 "Series": {{"Name": "Lighthouse"}}, "Tags": ["sea", "sky"], "MimeType": "image/jpeg", "DateUpdated": "/Date(1500)/",
 "AlternativeHashes": [{{"HashName": "PhotoDNA", "HashValue": "{"Ab" * 96}"}},
  {{"HashName": "PDQ", "HashValue": "{"0c" * 32}"}}],
 "MediaFiles": [{{"FileName": "a.jpg", "Created": "2020-01-02T03:04:05.1234567-05:00"}}]
}}"""
_FULL_READ = KnownEntry(
    line=2,
    md5=b"\x0a" * 16,
    sha1=b"\x0b" * 20,
    pdq=((b"\x0c" * 32, 100, None),),
    carried=(CarriedHash("photodna", "Ab" * 96),),
    code="2",
    series="Lighthouse",
    flags=((Flag.VICTIM_IDENTIFIED, False), (Flag.DISTRIBUTED, True), (Flag.PRECATEGORIZED, True)),
    source_id="7",
    size_bytes=12,
    mime="image/jpeg",
    extra=(
        ("Tags", '["sea","sky"]'),
        ("DateUpdated", "/Date(1500)/"),
        ("MediaFiles", '[{"FileName":"a.jpg","Created":"2020-01-02T03:04:05.1234567-05:00"}]'),
    ),
)


def _hash_set(context: str, media: str) -> bytes:
    return f'{{{context % "Media"}, "value": [\n{media}\n]}}\n'.encode()


def _case(context: str, media: str) -> bytes:
    return f'{{{context % "Cases"}, "value": [{{"CaseNumber": "1", "Media": [\n{media}\n]}}]}}\n'.encode()


EXAMPLES = Examples(
    valid=(
        ValidExample("set20.json", _hash_set(_CONTEXT_2, _ENTRY), (_READ,), "vics-us@2.0"),
        ValidExample("full20.json", _hash_set(_CONTEXT_2, _FULL), (_FULL_READ,), "vics-us@2.0"),
        ValidExample("bom.json", b"\xef\xbb\xbf" + _hash_set(_CONTEXT_2, _ENTRY), (_READ,), "vics-us@2.0"),
        ValidExample("case20.json", _case(_CONTEXT_2, _ENTRY), (_READ,), "vics-us@2.0"),
        ValidExample("set13.json", _hash_set(_CONTEXT_1, _ENTRY), (_READ,), "vics-unstated@1.3"),
        ValidExample(
            "region.json", _case(_CONTEXT_1, _ENTRY), (_READ,), "vics-uk@1.3", options=ReadOptions(region="UK")
        ),
    ),
    invalid=(
        InvalidExample("digest.json", _hash_set(_CONTEXT_2, f'{_ENTRY},\n{{"MediaID": 8,\n"MD5": "0A0"}}'), 4, "MD5"),
        InvalidExample("comma.json", _hash_set(_CONTEXT_2, f"{_ENTRY}\n{_ENTRY}"), 3, "','"),
        InvalidExample("cut.json", _hash_set(_CONTEXT_2, f"{_ENTRY},\n{_ENTRY}")[:-30], 3, "ends"),
        InvalidExample("category.json", _hash_set(_CONTEXT_2, '{"Category": true}'), 2, "Category"),
        InvalidExample("other.json", b'{"odata.metadata": "http://example.org/#Media", "value": []}', 1, "context"),
        InvalidExample("text.json", b"MD5\n", 1, "'{'"),
        InvalidExample(
            "other-region.json", _hash_set(_CONTEXT_2, _ENTRY), None, "region", options=ReadOptions(region="UK")
        ),
    ),
)
