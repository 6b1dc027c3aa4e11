"""Behaviour of `varde.reports.html`."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from report_case import MadeUpSource, make_decision, make_full_source, make_item, make_match

from varde.core.errors import IntegrityFailure
from varde.core.known import SetRole
from varde.core.locator import escape
from varde.core.media import Thumbnail
from varde.reports.content import ReportOptions, ReportSource, ThumbnailView
from varde.reports.html import write

BLOCK = {"dt", "dd", "div", "p", "li", "tr", "td", "th", "small", "h1", "h2", "h3", "h4"}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """A parsed report: elements in order with their attributes, text, and what is wrong with its form."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.style = ""
        self.defects: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.defects += [f"{tag} is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len({name for name, _ in attrs}) != len(attrs):
            self.defects.append(f"{tag} has an attribute twice")
        self.elements.append((tag, dict(attrs)))
        self.texts.append(" " if tag in BLOCK else "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.defects.append(f"{tag} is closed at {self.getpos()} but was not the last one opened")

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]


def read_page(source: ReportSource, folder: Path, options: ReportOptions | None = None) -> Page:
    (path,) = write(source, folder, options or ReportOptions()).paths
    return Page(path.read_text(encoding="utf-8"))


def make_jpeg(colour: str = "red") -> Thumbnail:
    buffer = io.BytesIO()
    picture = Image.new("RGB", (64, 48), colour)
    picture.paste("white", (0, 0, 32, 48))
    picture.save(buffer, "JPEG")
    return Thumbnail(buffer.getvalue(), 64, 48)


def blur(thumbnail: Thumbnail) -> Thumbnail:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(thumbnail.data)) as picture:
        picture.convert("L").filter(ImageFilter.GaussianBlur(5)).save(buffer, "JPEG")
    return Thumbnail(buffer.getvalue(), thumbnail.width_px, thumbnail.height_px)


BLURRED = ThumbnailView(blur, "Pictures are shown grey and blurred.")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return read_page(make_full_source(), tmp_path_factory.mktemp("html"), ReportOptions(max_other_items=3))


def test_every_element_is_closed_in_order(page: Page) -> None:
    assert page.defects == []


def test_identifiers_are_unique_and_every_reference_has_its_target(page: Page) -> None:
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    wanted = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    wanted += [str(attributes["href"]).removeprefix("#") for attributes in page.all("a")]
    assert set(wanted) <= set(identifiers)


def test_nothing_runs_and_nothing_is_fetched(page: Page) -> None:
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "base", "video", "audio", "input"}
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "style" not in attributes
        for name in ("src", "href", "srcset", "action", "data", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/")), (tag, attributes)
    assert "url(" not in page.style
    assert "@import" not in page.style


def test_the_policy_allows_this_style_sheet_and_nothing_else(page: Page) -> None:
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.style.encode("utf-8")).digest()).decode()
    assert "default-src 'none'; img-src data:;" in str(policy)
    assert f"style-src 'sha256-{digest}';" in str(policy)
    assert "unsafe" not in str(policy)


def test_the_policy_stands_before_everything_it_must_rule(page: Page) -> None:
    assert [tag for tag, _ in page.elements[:4]] == ["html", "head", "meta", "meta"]
    assert page.elements[3][1]["http-equiv"] == "Content-Security-Policy"


def test_hostile_names_are_text(page: Page) -> None:
    source = make_full_source()
    for item in source.notable():
        assert " ".join(item.locator.split()) in page.text
    assert "49" not in re.findall(r"\{\{.*?\}\}|(?<!\d)49(?!\d)\.jpg", page.text)
    assert not [char for char in page.text if not char.isprintable()]


def test_a_hostile_case_name_cannot_leave_its_places(tmp_path: Path) -> None:
    name = '"} </style><script>alert(1)</script> {{ 7*7 }} \u202e\\'
    page = read_page(MadeUpSource([], case_name=name), tmp_path)
    assert page.defects == []
    assert "script" not in {tag for tag, _ in page.elements}
    assert "alert(1)" not in page.style
    assert '"} </style><script>alert(1)</script> {{ 7*7 }} \\u202e\\' in page.text


def test_hostile_metadata_notes_and_sets_are_text(tmp_path: Path) -> None:
    bad = "<b onclick=x>\u202e\x00"
    decision = replace(make_decision(1, "1", note=bad), person=bad, source=bad)
    item = make_item(1, decisions=(decision,), matches=(make_match(set_name=bad, entry=bad, code=bad, scheme=bad),))
    assert item.facts
    item = replace(item, facts=replace(item.facts, metadata=((bad, bad),)))
    page = read_page(MadeUpSource([item]), tmp_path)
    assert page.defects == []
    assert "b" not in {tag for tag, _ in page.elements}
    assert page.text.count("<b onclick=x>\\u202e\\u0000") >= 8


def test_landmarks_language_and_headings_are_in_order(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "main", "footer", "nav", "h1", "title"):
        assert tags.count(landmark) == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_name_their_heads_and_pictures_their_item(tmp_path: Path) -> None:
    source = make_full_source()
    source.thumbnails = {item.item_id: make_jpeg() for item in source.listed}
    page = read_page(source, tmp_path, ReportOptions(thumbnails=BLURRED, max_other_items=3))
    assert page.defects == []
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))
    assert page.all("img")
    assert all(attributes["alt"] and attributes["width"] for attributes in page.all("img"))
    tables = [tag for tag, _ in page.elements if tag in ("table", "caption")]
    labelled = sum("aria-labelledby" in attributes for attributes in page.all("table"))
    assert tables.count("table") == labelled + tables.count("caption")


def test_it_says_what_it_is_and_is_not(page: Page) -> None:
    assert "Machine findings in this report are proposals." in page.text
    assert "Decisions are the acts of the persons named" in page.text
    assert "This report shows no pictures." in page.text


@pytest.mark.parametrize(
    "text",
    [
        "Warrant 2026/44, District Court",
        "vics-us, version 2.0",
        "Example District",
        "R-0003",
        "2026-03-05 05:06:07 UTC",
        "Varde 0.1.0",
        "pdq/1, distance <= 31, quality >= 50",
        "sha1/1, exact",
        "Example set, 2026-02",
        "entry-77",
        "186,419",
        "/exhibits/phone",
        "event 412",
        hashlib.sha256(b"audit").hexdigest(),
        hashlib.sha256(b"set").hexdigest(),
        "The archive or a member is encrypted; its content is unknown.",
        "A password is needed.",
        "Too little structure for a hash that can be relied on",
        "Text in pictures and documents is not read.",
        "Mostly misses copies that were mirrored",
        "“Holiday picture, see statement 4.”",
        "withdrawn by A. Examiner",
        "Matched items 2",
        "Without decision 10",
    ],
)
def test_it_states(page: Page, text: str) -> None:
    assert text in page.text


def test_no_word_of_guilt(page: Page) -> None:
    for word in ("guilt", "suspect", "offender", "illegal", "criminal", "identified as"):
        assert word not in page.text.lower()


def test_no_picture_unless_asked(page: Page) -> None:
    assert page.all("img") == []


def test_pictures_are_what_the_caller_rendered(tmp_path: Path) -> None:
    source = MadeUpSource([make_item(1, decisions=(make_decision(1, "1"),))], thumbnails={1: make_jpeg()})
    page = read_page(source, tmp_path, ReportOptions(thumbnails=BLURRED))
    (image,) = page.all("img")
    assert image["src"] == "data:image/jpeg;base64," + base64.b64encode(blur(make_jpeg()).data).decode()
    assert "Pictures are shown grey and blurred." in page.text


def test_a_thumbnail_that_is_no_picture_stops_the_report(tmp_path: Path) -> None:
    source = MadeUpSource([make_item(1, matches=(make_match(),))], thumbnails={1: Thumbnail(b"<svg>", 1, 1)})
    with pytest.raises(IntegrityFailure, match="item 1 is neither JPEG nor PNG"):
        write(source, tmp_path, ReportOptions(thumbnails=ThumbnailView(lambda thumbnail: thumbnail, "As they are.")))
    assert list(tmp_path.iterdir()) == []


def test_what_is_beyond_a_limit_is_counted_and_said(tmp_path: Path) -> None:
    written = write(make_full_source(), tmp_path, ReportOptions(max_shown_items=3, max_shown_issues=1))
    page = Page(written.paths[0].read_text(encoding="utf-8"))
    assert len(page.all("article")) == 3
    assert written.counts["more_items"] == 20
    assert "20 further decided or matched items are not shown here" in page.text
    assert "3 further issues are not listed here. issues.csv holds all 4." in page.text


def test_matches_of_one_item_are_limited_and_the_rest_is_counted(tmp_path: Path) -> None:
    item = make_item(1, matches=tuple(make_match(entry=f"e{number}") for number in range(7)))
    page = read_page(MadeUpSource([item]), tmp_path, ReportOptions(max_shown_matches=2))
    assert "5 further matches of this item are in matches.csv." in page.text


def test_items_known_only_from_known_sets_are_not_shown(tmp_path: Path) -> None:
    item = make_item(1, matches=(make_match(role=SetRole.KNOWN),))
    page = read_page(MadeUpSource([item]), tmp_path)
    assert page.all("article") == []
    assert "none is matched with a set that classifies" in page.text


def test_an_unfinished_exhibit_is_said(tmp_path: Path) -> None:
    class Unfinished(MadeUpSource):
        @property
        def head(self):
            head = super().head
            (shown,) = head.exhibits
            return replace(head, exhibits=(replace(shown, exhibit=replace(shown.exhibit, walked=False)),))

    assert "The listing of exhibit 1 was not finished" in read_page(Unfinished([]), tmp_path).text


def test_an_empty_case_is_a_valid_report(tmp_path: Path) -> None:
    page = read_page(MadeUpSource([]), tmp_path)
    assert page.defects == []
    assert "No issue was recorded." in page.text


def test_issues_that_contradict_the_summary_stop_the_report(tmp_path: Path) -> None:
    class Changed(MadeUpSource):
        def count(self):
            return replace(super().count(), issues=())

    source = Changed(make_full_source().listed)
    with pytest.raises(IntegrityFailure, match="counts 0 issues"):
        write(source, tmp_path, ReportOptions())


def test_dark_colours_never_reach_paper_and_contrast_is_enough(page: Page) -> None:
    schemes = re.findall(r":root \{(.*?)\}", page.style, flags=re.DOTALL)
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", scheme))
        for ink in ("ink", "quiet", "accent"):
            for ground in ("paper", "sheet", "mark"):
                assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground, colours)
    assert "@media print {\n  :root {\n    color-scheme: light;" in page.style


def test_locators_are_shown_as_they_are_stored() -> None:
    assert escape(b"a\x00") == "a\\x00"


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
