"""Reading the file of a picture, within bounds of memory."""

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
NAMES = "PNG, JPEG, WebP, GIF, BMP or TIFF"
# What a folder's pictures end in; those of HEIC, to say how to convert them.
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff",
    ".heic", ".heif",
)
LARGEST_FILE = 64 * 2**20  # bytes
MOST_PIXELS = 50_000_000
# A larger picture is made smaller as soon as it is read: floats take memory.
PIXELS_ENOUGH = 4_000_000
STRIP = 64  # rows
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
# Grey is what a colour's brightness is, unless a single channel shows so many
# times as much contrast: red ink on green paper has none in grey.
CLEARER = 1.5


class PictureError(Exception):
    """A file is no picture of a digit that could be read."""


def read_grey(path: Path) -> np.ndarray:
    """Read a picture's brightness, float64 in [0, 1] of shape (h, w).

    What is drawn on transparency is dark on light, whatever its colour.
    Raises `PictureError` where the file is missing, of another format, too
    large or damaged.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise PictureError(
                f"{path} has {size} bytes, more than the {LARGEST_FILE} allowed"
            )
        _refuse_heic(path)
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise PictureError(
                    f"{path} has {picture.width} x {picture.height} pixels, "
                    f"more than the {MOST_PIXELS} allowed: make it smaller"
                )
            upright = ImageOps.exif_transpose(_reduced(picture))
    except (PictureError, FileNotFoundError, PermissionError) as error:
        raise PictureError(str(error)) from None
    except Exception as error:  # decoders raise nearly anything
        raise PictureError(
            f"{path} can't be read as {NAMES}: {error}"
        ) from error
    return brightness(upright)


def _refuse_heic(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(12)
    if start[4:8] == b"ftyp" and start[8:] in HEIC:
        raise PictureError(
            f"{path} is HEIC, which can't be read: convert it to JPEG, with "
            f"heif-convert (of libheif) or by exporting it, or let the phone "
            "take pictures as JPEG (iPhone: Settings, Camera, Formats, Most "
            "Compatible)"
        )


def brightness(picture: Image.Image) -> np.ndarray:
    """Make grey of RGBA, float64 in [0, 1] of shape (h, w).

    Where what is opaque has one brightness, it is a drawing on transparency,
    and its ink is its alpha. Otherwise what is transparent becomes as bright
    as most of the rest.
    """
    alpha = picture.getchannel("A")
    if alpha.getextrema()[0] < 255:
        opaque = np.asarray(alpha) > 127
        grey = np.asarray(picture.convert("L"))[opaque]
        if not opaque.any() or np.subtract(
            *np.percentile(grey, (95, 5))
        ) < 25:
            return 1 - np.asarray(alpha, dtype=np.float64) / 255
        paper = Image.new("RGBA", picture.size, (int(np.median(grey)),) * 3)
        paper.alpha_composite(picture)
        picture = paper
    return np.asarray(_clearest(picture), dtype=np.float64) / 255


def _clearest(picture: Image.Image) -> Image.Image:
    """Choose brightness, or the channel of colour that shows far more."""
    grey = picture.convert("L")
    small = picture.convert("RGB")
    small.thumbnail((256, 256))

    def contrast(channel):
        values = np.asarray(channel, dtype=np.float64)
        return np.abs(np.percentile(values, (0.5, 99.5))
                      - np.median(values)).max()

    found = [contrast(channel) for channel in small.split()]
    if max(found) > CLEARER * contrast(small.convert("L")) + 5:
        return picture.getchannel("RGB"[int(np.argmax(found))])
    return grey


def _reduced(picture: Image.Image) -> Image.Image:
    """Give a picture as RGBA, of a few million pixels at most.

    Strip by strip, so that only what the decoder needs is of the full size.
    """
    width, height = picture.size
    factor = math.ceil(math.sqrt(width * height / PIXELS_ENOUGH))
    if factor == 1:
        return picture.convert("RGBA")
    reduced = Image.new(
        "RGBA", (math.ceil(width / factor), math.ceil(height / factor))
    )
    for row in range(0, reduced.height, STRIP):
        top, bottom = row * factor, min((row + STRIP) * factor, height)
        strip = picture.crop((0, top, width, bottom)).convert("RGBA")
        reduced.paste(strip.reduce(factor), (0, row))
    reduced.info = picture.info  # which says what side is up
    return reduced
