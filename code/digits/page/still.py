"""A control for the HTML report: digits at a noise level that a reader sets.

Everything is in the page: one picture with all images side by side, of which
each cell of a table shows a part, and a few lines of script that move it.
"""

import base64
import io
import json
from collections.abc import Sequence

import numpy as np
from IPython.display import Markdown
from PIL import Image

SIDE = 60  # of a digit on the page, in CSS pixels
START = 0.4

PAGE = """```{=html}
<div class="noise-slider">
<style>
.noise-slider input { width: 100%%; }
.noise-slider .digit {
  display: inline-block; width: %(side)dpx; height: %(side)dpx;
  background-image: url(data:image/png;base64,%(picture)s);
  background-size: %(width)dpx %(height)dpx; image-rendering: pixelated;
}
</style>
<label for="noise-level">Noise level:
<output id="noise-value" for="noise-level"></output></label>
<input type="range" id="noise-level" min="0" max="%(last)d" value="%(start)d">
<table>
<thead><tr><th scope="col">Original</th><th scope="col">Seasoned</th>
<th scope="col">read as</th><th scope="col">Denoised</th>
<th scope="col">read as</th></tr></thead>
<tbody>%(rows)s</tbody>
</table>
<script>
(() => {
  const levels = %(levels)s, read = %(read)s;
  const slider = document.getElementById("noise-level");
  const show = () => {
    const level = Number(slider.value);
    slider.setAttribute("aria-valuetext", levels[level]);
    document.getElementById("noise-value").value = levels[level];
    document.querySelectorAll(".noise-slider .digit").forEach((digit) => {
      const { row, still } = digit.dataset;
      const column = still ? 0 : level;
      digit.style.backgroundPosition =
        `${-%(side)d * column}px ${-%(side)d * row}px`;
    });
    document.querySelectorAll(".noise-slider [data-read]").forEach((cell) => {
      cell.textContent = read[level][cell.dataset.read];
    });
  };
  slider.addEventListener("input", show);
  show();
})();
</script>
</div>
```"""


def still_picture(
    examples: dict[str, np.ndarray], levels: Sequence[float]
) -> Markdown:
    """Make the control of what `evaluation.show_denoising` gives.

    A row a digit: as it is, seasoned and denoised, and beside the last two
    what a classifier reads and how sure it is.
    """
    seasoned, denoised = examples["seasoned"], examples["denoised"]
    count = seasoned.shape[1]
    # A row for each digit and kind, a column for each level.
    images = np.stack([seasoned, denoised], axis=2).transpose(1, 2, 3, 0, 4)
    grid = 255 - images.reshape(2 * count * 28, len(levels) * 28)
    content = io.BytesIO()
    Image.fromarray(grid).save(content, format="PNG", optimize=True)
    read = [
        [
            f"{examples[f'predictions_{kind}'][level, number]} "
            f"({examples[f'confidences_{kind}'][level, number]:.2f})"
            for number in range(count)
            for kind in ("seasoned", "denoised")
        ]
        for level in range(len(levels))
    ]
    rows = "".join(
        _row(number, examples["labels"][number]) for number in range(count)
    )
    return Markdown(PAGE % {
        "side": SIDE,
        "picture": base64.b64encode(content.getvalue()).decode(),
        "width": SIDE * len(levels),
        "height": SIDE * 2 * count,
        "last": len(levels) - 1,
        "start": list(levels).index(START),
        "rows": rows,
        "levels": json.dumps([f"{level:g}" for level in levels]),
        "read": json.dumps(read),
    })


def _row(number: int, label: int) -> str:
    def digit(row: int, kind: str, still: str = "") -> str:
        return (
            f'<td><span class="digit" role="img" aria-label="{label}, {kind}" '
            f'data-row="{row}"{still}></span></td>'
        )

    first, second = 2 * number, 2 * number + 1
    return (
        f"<tr>{digit(first, 'original', ' data-still=1')}"
        f"{digit(first, 'seasoned')}<td data-read={first}></td>"
        f"{digit(second, 'denoised')}<td data-read={second}></td></tr>"
    )
