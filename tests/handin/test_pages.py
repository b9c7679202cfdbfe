"""The pages of both PDFs: text flows around figures, and no page ends early."""

import subprocess

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from handin import pdf
from project import needs_poppler

MOST_EMPTY = 0.13  # of a page's text
BOTTOM = 30 / 297  # of a page, with its number


def empty_share(picture):
    """Say how much of a page's text block is empty at its end."""
    dark = np.asarray(Image.open(picture).convert("L")) < 200
    height = len(dark)
    first, last = int(0.08 * height), int((1 - BOTTOM) * height)
    rows = np.flatnonzero(dark[first:last].any(axis=1))
    return 1 - (rows[-1] + 1) / (last - first) if len(rows) else 1.0


def body(file):
    """List the pages of the body but the last, which may end anywhere."""
    pages = {title: page for title, page, _ in pdf.headings(PdfReader(file))}
    end = next(page for title, page in pages.items()
               if title.startswith("Appendix A"))
    return range(pages["The answers in short"], end - 1)


def check_pages(file, folder):
    subprocess.run(["pdftoppm", "-r", "40", "-png", file, folder / "page"],
                   check=True)
    pictures = sorted(folder.glob("page-*.png"))
    pages = body(file)
    assert len(pages) > 12
    empty = {page: empty_share(pictures[page - 1]) for page in pages}
    assert not {
        page: round(share, 2) for page, share in empty.items()
        if share > MOST_EMPTY
    }


@needs_poppler
def test_no_page_of_the_plain_pdf_ends_early(plain_project, tmp_path):
    check_pages(plain_project / "report.pdf", tmp_path)


@needs_poppler
def test_no_page_of_the_pdf_ends_early(rendered_pdf, tmp_path):
    check_pages(rendered_pdf, tmp_path)


def test_what_is_empty_is_noticed(tmp_path):
    page = Image.new("L", (210, 297), 255)
    page.paste(0, (20, 40, 190, 200))
    page.paste(0, (100, 280, 110, 285))  # the number below the text
    page.save(tmp_path / "page.png")
    assert empty_share(tmp_path / "page.png") == pytest.approx(0.27, abs=0.02)
