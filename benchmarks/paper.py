"""Digits of MNIST on paper as people have it: made by a program, seeded.

Each kind of picture is a function of a digit (uint8, 28x28, light on dark) and
a NumPy generator, and gives uint8 of shape (h, w), or (h, w, 3) in colour.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from skimage import morphology

SIDE = 200
GREYS = (0.55, 0.7, 0.85)  # of printed lines, as shares of the paper's light
PITCHES = (0.16, 0.25, 0.4)  # of printed lines, as shares of the side


def stroke(
    digit: np.ndarray, height: int, angle: float = 0, thin: int = 0
) -> np.ndarray:
    """Enlarge a digit's box to a height, with the sharp edge of a pen.

    Gives float in [0, 1], cut to the ink; `angle` turns it, in degrees. With
    `thin`, its strokes are drawn anew along their middle, so many pixels wide.
    """
    picture = Image.fromarray(digit).resize(
        (round(height * 1.4),) * 2, Image.Resampling.BICUBIC
    ).rotate(angle, Image.Resampling.BICUBIC)
    ink = np.asarray(picture, float) / 255
    ink = ((ink - 0.5) * height / 28 + 0.5).clip(0, 1)
    if thin:
        middle = morphology.skeletonize(ink > 0.5)
        pen = np.ones((thin, thin))
        ink = morphology.dilation(np.pad(middle, thin), pen).astype(float)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def written(
    digit: np.ndarray, generator: np.random.Generator, *,
    sheet: np.ndarray | None = None, share: tuple[float, float] = (0.5, 0.65),
    angle: float = 0, contrast: float | None = None, place: float = 0.06,
    thin: int = 0,
) -> np.ndarray:
    """Write a digit on a sheet, float in [0, 1], near its middle.

    `share` bounds its height over the sheet's, `place` how far from the
    middle it may lie, `contrast` the ink's darkness over the paper's. A blank
    image leaves the sheet empty.
    """
    if sheet is None:
        sheet = np.full((SIDE, SIDE), generator.uniform(0.85, 1))
    if not digit.any():
        return sheet
    ink = stroke(digit, round(len(sheet) * generator.uniform(*share)), angle,
                 thin)
    top, left = (
        round((whole - part) / 2 + generator.uniform(-place, place) * whole)
        for whole, part in zip(sheet.shape, ink.shape, strict=True)
    )
    top, left = (
        int(np.clip(value, 2, whole - part - 2)) for value, whole, part in
        zip((top, left), sheet.shape, ink.shape, strict=True)
    )
    page = np.zeros(sheet.shape)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    darkness = contrast or generator.uniform(0.6, 0.9)
    paper = np.median(sheet)
    return sheet * (1 - page) + page * np.minimum(
        sheet, paper * (1 - darkness)
    )


def lines(
    generator: np.random.Generator, squared: bool, angle: float = 0
) -> np.ndarray:
    """Print lines on a sheet, in one of three greys and pitches."""
    rows, columns = np.mgrid[:SIDE, :SIDE] * 1.0
    pitch = SIDE * generator.choice(PITCHES)
    turn = np.deg2rad(angle)
    across = [columns * np.sin(turn) + rows * np.cos(turn)]
    if squared:
        across.append(columns * np.cos(turn) - rows * np.sin(turn))
    width = generator.choice([1.0, 2.0, 3.0])
    covered = np.zeros((SIDE, SIDE))
    for distance in across:
        off = (distance + generator.uniform(0, pitch)) % pitch
        off = np.minimum(off, pitch - off)
        covered = np.maximum(covered, (width / 2 + 0.5 - off).clip(0, 1))
    paper = generator.uniform(0.88, 1)
    return paper * (1 - covered * (1 - generator.choice(GREYS)))


def ruled(digit, generator):
    """Write on ruled paper."""
    return written(digit, generator, sheet=lines(generator, False))


def squared(digit, generator):
    """Write on squared paper."""
    return written(digit, generator, sheet=lines(generator, True))


def turned(digit, generator):
    """Turn a ruled or squared sheet, and what is written on it."""
    angle = generator.uniform(-10, 10)
    sheet = lines(generator, bool(generator.integers(2)), angle)
    return written(digit, generator, sheet=sheet, angle=angle)


def box(digit, generator):
    """Print a box around the digit, a form's."""
    sheet = np.full((SIDE, SIDE), generator.uniform(0.85, 1))
    width = generator.integers(1, 5)
    edges = [
        int(SIDE * generator.uniform(0.03, 0.15)) for _ in range(4)
    ]
    inside = np.zeros(sheet.shape, bool)
    inside[edges[0] : -edges[1], edges[2] : -edges[3]] = True
    inside[edges[0] + width : -edges[1] - width,
           edges[2] + width : -edges[3] - width] = False
    sheet[inside] *= generator.uniform(0.1, 0.7)
    return written(digit, generator, sheet=sheet, share=(0.45, 0.6))


def frame(digit, generator):
    """Leave a box's lines at the edge, on one to four sides."""
    sheet = np.full((SIDE, SIDE), generator.uniform(0.85, 1))
    grey = generator.uniform(0.05, 0.6)
    sides = generator.permutation(4)[: generator.integers(1, 5)]
    for side in sides:
        view = np.rot90(sheet, side)  # a view: what is drawn stays
        view[: generator.integers(1, 7)] *= grey
    return written(digit, generator, sheet=sheet)


def light(fall: float) -> Callable:
    """Let light fall across the sheet by a share, in any direction."""
    def lit(digit, generator):
        rows, columns = np.mgrid[-1:1:SIDE * 1j, -1:1:SIDE * 1j]
        turn = generator.uniform(0, 2 * np.pi)
        way = rows * np.sin(turn) + columns * np.cos(turn)
        way = (way - way.min()) / np.ptp(way)
        return written(digit, generator) * (1 - fall * way)
    return lit


def shadow(soft: float) -> Callable:
    """Let a shadow lie over a part, its edge so many pixels soft."""
    def shaded(digit, generator):
        rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
        turn = generator.uniform(0, 2 * np.pi)
        way = rows * np.sin(turn) + columns * np.cos(turn)
        way = (way - SIDE * generator.uniform(-0.3, 0.4)) / soft
        dark = (way + 0.5).clip(0, 1)
        return written(digit, generator) * (
            1 - generator.uniform(0.2, 0.5) * dark
        )
    return shaded


def table(digit, generator):
    """Show a strip of the dark table beside the sheet."""
    page = written(digit, generator, share=(0.45, 0.6))
    view = np.rot90(page, generator.integers(4))
    width = int(SIDE * generator.uniform(0.04, 0.15))
    slope = generator.uniform(-0.05, 0.05) * np.arange(SIDE)
    rows = np.arange(SIDE)[:, None] < width + slope
    view[rows] = generator.uniform(0.05, 0.5)
    return page


def noise(digit, generator):
    """Add a camera's noise in bad light: 4 to 10 % of white."""
    page = written(digit, generator)
    return page + generator.normal(0, generator.uniform(0.04, 0.1), page.shape)


def compressed(digit, generator):
    """Compress as JPEG of quality 30."""
    content = io.BytesIO()
    page = written(digit, generator)
    Image.fromarray(np.uint8(255 * page)).save(content, "JPEG", quality=30)
    return np.asarray(Image.open(content)) / 255


def pencil(digit, generator):
    """Write thinly, 12 % darker than the paper, with a little noise."""
    page = written(
        digit, generator, contrast=0.12, thin=int(generator.integers(2, 5))
    )
    return page + generator.normal(0, 0.01, page.shape)


def coloured(digit, generator):
    """Use coloured ink on coloured paper."""
    ink = written(digit, generator, sheet=np.ones((SIDE, SIDE)), contrast=1)
    paper = generator.uniform(0.7, 1, 3)
    colour = paper * generator.uniform(0.05, 0.6, 3)
    return ink[..., None] * paper + (1 - ink[..., None]) * colour


def small(digit, generator):
    """Write small and off the middle."""
    return written(digit, generator, share=(0.2, 0.3), place=0.3)


def margins(digit, generator):
    """Leave large margins: a digit a tenth as high as a large picture."""
    sheet = np.full((4 * SIDE, 3 * SIDE), generator.uniform(0.85, 1))
    return written(digit, generator, sheet=sheet, share=(0.08, 0.12), place=0.3)


def dark(digit, generator):
    """Write with chalk: light on dark."""
    return 1 - written(digit, generator) * generator.uniform(0.75, 1)


def flat(digit, generator):
    """Write on flat paper, as a scanner sees it."""
    return written(digit, generator)


def several(digits, generator):
    """Write two to four digits side by side."""
    height = generator.uniform(0.4, 0.6) * SIDE
    ink = [
        stroke(digit, round(height * generator.uniform(0.85, 1.15)))
        for digit in digits
    ]
    gap = round(height * generator.uniform(0.15, 0.5))
    margin = round(SIDE * 0.2)
    tallest = max(len(part) for part in ink)
    page = np.zeros((
        tallest + 2 * margin,
        sum(part.shape[1] + gap for part in ink) - gap + 2 * margin,
    ))
    left = margin
    for part in ink:
        top = margin + generator.integers(0, tallest - len(part) + 1)
        page[top : top + len(part), left : left + part.shape[1]] = part
        left += part.shape[1] + gap
    return generator.uniform(0.85, 1) * (
        1 - page * generator.uniform(0.6, 0.9)
    )


def number_in_light(digits, generator):
    """Write several digits where light falls by 40 %, on squared paper."""
    page = several(digits, generator)
    pitch = SIDE * generator.choice(PITCHES)
    rows, columns = np.indices(page.shape)
    grid = (rows % pitch < 2) | (columns % pitch < 2)
    page = np.minimum(page, np.where(grid, generator.choice(GREYS), 1))
    return page * np.linspace(1, 0.6, page.shape[1])


KINDS = {
    "flat paper": flat, "light on dark": dark, "ruled": ruled,
    "squared": squared, "ruled or squared, turned": turned,
    "in a box": box, "frame at the edge": frame,
    "light falls by 20 %": light(0.2), "light falls by 40 %": light(0.4),
    "light falls by 60 %": light(0.6), "hard shadow": shadow(1.5),
    "soft shadow": shadow(60), "edge of a table": table,
    "camera noise": noise, "JPEG at 30": compressed,
    "pencil of 12 %": pencil, "coloured": coloured,
    "small, off the middle": small, "large margins": margins,
}
SEVERAL = {
    "two to four digits": several,
    "several, squared, light by 40 %": number_in_light,
}


def number(kind: str, seed: int) -> int:
    """Say how many digits a picture shows: one, or two to four."""
    if kind in KINDS:
        return 1
    return int(np.random.default_rng(seed).integers(2, 5))


def compose(kind: str, digits: np.ndarray, seed: int) -> np.ndarray:
    """Make a picture of a kind: uint8, of shape (h, w) or (h, w, 3).

    Of `digits` (n, 28, 28), most kinds show the first.
    """
    generator = np.random.default_rng(seed)
    if kind in SEVERAL:
        page = SEVERAL[kind](digits[: number(kind, seed)], generator)
    else:
        page = KINDS[kind](digits[0], generator)
    return np.uint8(np.round(255 * page.clip(0, 1)))
