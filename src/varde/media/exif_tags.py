"""The EXIF tags that are read, by directory. Names are the standard's; ISO is short for PhotographicSensitivity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Form(Enum):
    """How a tag's value becomes text."""

    TEXT = auto()
    COMMENT = auto()
    NUMBER = auto()
    PARTS = auto()


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag's standard name and the form of its value."""

    name: str
    form: Form


def _make(form: Form, **tags: int) -> dict[int, Tag]:
    return {number: Tag(name, form) for name, number in tags.items()}


EXIF_POINTER = 0x8769
GPS_POINTER = 0x8825

PICTURE_TAGS = {
    **_make(
        Form.TEXT,
        ImageDescription=0x010E,
        Make=0x010F,
        Model=0x0110,
        Software=0x0131,
        DateTime=0x0132,
        Artist=0x013B,
        HostComputer=0x013C,
        Copyright=0x8298,
        CameraSerialNumber=0xC62F,
    ),
    **_make(Form.NUMBER, Orientation=0x0112),
}
CAMERA_TAGS = {
    **_make(
        Form.TEXT,
        DateTimeOriginal=0x9003,
        DateTimeDigitized=0x9004,
        OffsetTime=0x9010,
        OffsetTimeOriginal=0x9011,
        OffsetTimeDigitized=0x9012,
        SubSecTime=0x9290,
        SubSecTimeOriginal=0x9291,
        SubSecTimeDigitized=0x9292,
        ImageUniqueID=0xA420,
        CameraOwnerName=0xA430,
        BodySerialNumber=0xA431,
        LensMake=0xA433,
        LensModel=0xA434,
        LensSerialNumber=0xA435,
    ),
    **_make(
        Form.NUMBER,
        ExposureTime=0x829A,
        FNumber=0x829D,
        ISO=0x8827,
        Flash=0x9209,
        FocalLength=0x920A,
        PixelXDimension=0xA002,
        PixelYDimension=0xA003,
        FocalLengthIn35mmFilm=0xA405,
    ),
    **_make(Form.COMMENT, UserComment=0x9286),
}
GPS_TAGS = {
    **_make(Form.TEXT, GPSLatitudeRef=1, GPSLongitudeRef=3, GPSMapDatum=18, GPSDateStamp=29),
    **_make(Form.NUMBER, GPSAltitudeRef=5, GPSAltitude=6, GPSImgDirection=17, GPSHPositioningError=31),
    **_make(Form.PARTS, GPSLatitude=2, GPSLongitude=4, GPSTimeStamp=7),
}
