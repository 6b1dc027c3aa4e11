"""The least revealing view of a picture: grey, and blurred so far that nobody can be recognised."""

from __future__ import annotations

import io

from PIL import Image, ImageFilter

from varde.core.media import Thumbnail

_RADIUS_SHARE = 1 / 24
_QUALITY = 60


def blur_thumbnail(thumbnail: Thumbnail) -> Thumbnail:
    """Returns a thumbnail of the same size whose very pixels are grey and blurred.

    The radius is a 24th of the longer side: large shapes can be told apart, faces and text cannot.

    Raises:
        OSError: if its data is no JPEG that can be decoded.
    """
    with Image.open(io.BytesIO(thumbnail.data), formats=["JPEG"]) as picture:
        grey = picture.convert("L").filter(ImageFilter.GaussianBlur(max(picture.size) * _RADIUS_SHARE))
    out = io.BytesIO()
    grey.save(out, "JPEG", quality=_QUALITY)
    return Thumbnail(out.getvalue(), thumbnail.width_px, thumbnail.height_px)
