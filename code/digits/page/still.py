"""What is seen of the page that plays on paper, and without script."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from IPython.display import Markdown
from PIL import Image

SIDE = 60  # of a digit on the page, in CSS pixels
START = 0.4  # the noise level shown
KINDS = ("seasoned", "denoised")

PAGE = """```{=html}
<div class="live-still">
<table>
<caption>Seasoned at noise level %(level)g, and denoised; beside each, what
a network of 3A reads, and how sure it is.</caption>
<thead><tr><th scope="col">Original</th><th scope="col">Seasoned</th>
<th scope="col">read as</th><th scope="col">Denoised</th>
<th scope="col">read as</th></tr></thead>
<tbody>%(rows)s</tbody>
</table>
</div>
```"""


def still_picture(
    examples: dict[str, np.ndarray], levels: Sequence[float]
) -> Markdown:
    """Make a table of what `evaluation.show_denoising` gives, at one level.

    A row a digit: as it is, seasoned and denoised, and beside the last two
    what a classifier reads and how sure it is.
    """
    level = list(levels).index(START)
    rows = [
        _row(examples, level, number)
        for number in range(examples["seasoned"].shape[1])
    ]
    return Markdown(PAGE % {"level": START, "rows": "".join(rows)})


def _row(examples: dict[str, np.ndarray], level: int, number: int) -> str:
    label = examples["labels"][number]
    # Without noise, a seasoned image is the image itself.
    cells = [_digit(examples["seasoned"][0, number], f"{label}, original")]
    for kind in KINDS:
        read = examples[f"predictions_{kind}"][level, number]
        sure = examples[f"confidences_{kind}"][level, number]
        cells += [
            _digit(examples[kind][level, number], f"{label}, {kind}"),
            f"{read} ({sure:.2f})",
        ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _digit(image: np.ndarray, words: str) -> str:
    """Write an image, uint8 (28, 28), into the page, dark on light."""
    content = io.BytesIO()
    Image.fromarray(255 - image).save(content, format="PNG", optimize=True)
    encoded = base64.b64encode(content.getvalue()).decode()
    return (
        f'<img alt="{html.escape(words)}" width="{SIDE}" height="{SIDE}" '
        f'style="image-rendering: pixelated" '
        f'src="data:image/png;base64,{encoded}">'
    )
