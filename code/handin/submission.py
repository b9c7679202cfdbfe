"""What is handed in: a zip file of the project, and the PDF beside it."""

import io
import re
import zipfile
from pathlib import Path

from anyascii import anyascii

from handin import pdf
from handin.contents import Contents, contents
from handin.reading import ReadingError, parse_yaml, read_text
from larder import files

FOLDER = "submission"
MARK = "DRAFT"
NOTE = "HAND-IN.txt"
LARGEST_ZIP = 10_000_000  # bytes, without weights
# Of a name without its ending: it is a folder's as well, and Windows has room
# for 260 characters of a path.
LONGEST_NAME = 60

ABOUT = """\
{name}

report.pdf      the report, as it is handed in beside this file
report.md       its text, for a look without any program
code/           the code; README.md says what is where
data/results/   what was computed

"""
LESS = """\
Left out: {count} files of {megabytes:.0f} MB in data/results, which are
weights and large arrays. To have them, ask the authors for what
`digits submit --with-weights` packs, or compute them: `digits train`, which
takes a processor many hours.

What `make report` does without them: all of it. It builds report.html and
report.pdf from what was executed before, in _freeze/, and executes nothing.
Without make: python -m digits render
Only a change of code or text that executes the report anew asks for the
results that are not here, and `digits check` names them as stale.
"""
WHOLE = """\
Nothing is left out of the results: `make report` builds report.html and
report.pdf, and `digits check` says that all is fresh.
"""


class SubmissionError(Exception):
    """What is handed in could not be built."""


def build(
    root: Path, draft: bool, with_weights: bool = False
) -> tuple[list[Path], Contents]:
    """Write the zip file and the PDF for Canvas.

    Returns their paths and what is in the zip file. They are called after the
    group; those of a draft also say so, and so does each page. Each file is
    written whole or not at all. Raises `SubmissionError` if report.pdf can't
    be read or the zip file is too large, and `GitError` if git fails.
    """
    report = root / "report.pdf"
    try:
        pdf.read(report)
    except pdf.PdfError as error:
        raise SubmissionError(f"{error}; digits render makes it") from error
    found = contents(root, with_weights)
    name = file_name(group_of(read_text(root / "group.yml")), draft)
    pages = pdf.stamp(report, MARK) if draft else report.read_bytes()
    packed = archive(root, name, found, pages)
    if len(packed) > LARGEST_ZIP and not with_weights:
        raise SubmissionError(_too_large(root, len(packed), found.files))
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    written = {f"{name}.pdf": pages, f"{name}.zip": packed}
    for file, content in written.items():
        files.write_atomically(folder / file, content)
    return [folder / file for file in written], found


def _too_large(root: Path, size: int, files: list[str]) -> str:
    largest = sorted(
        files, key=lambda name: (root / name).stat().st_size, reverse=True
    )
    return (
        f"the zip file would have {size / 1e6:.1f} MB, and "
        f"{LARGEST_ZIP / 1e6:.0f} are allowed; the largest files: "
        + ", ".join(largest[:3])
    )


def group_of(text: str) -> str:
    """Read what group.yml calls the group; nothing where it says nothing."""
    try:
        entry = parse_yaml(text, "group.yml")["front-page"]["group"]
    except (ReadingError, LookupError, TypeError):
        return ""  # which the self-check names, and a draft may lack
    return str(entry) if isinstance(entry, str | int | float) else ""


def file_name(group: str, draft: bool = False) -> str:
    """Make a file's name of a group's: readable ASCII, and not too long."""
    # Without a placeholder in brackets, and once with the word group.
    plain = anyascii(re.sub(r"\[.*\]", " ", group)).lower()
    words = re.findall(r"[a-z0-9]+", re.sub(r"\bgroup\b", " ", plain))
    end = "-draft" * draft
    name = "-".join(["assignment-7-group", *words])
    return name[:LONGEST_NAME - len(end)].rstrip("-") + end


def archive(root: Path, name: str, found: Contents, pages: bytes) -> bytes:
    """Pack files into a zip file, in a folder of that name.

    `pages` are those of report.pdf. The same contents give the same bytes,
    whenever and wherever.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for file, content in (
            (NOTE, note(root, name, found).encode()), ("report.pdf", pages),
            *((file, None) for file in found.files),
        ):
            # ZipInfo's own date is constant: no time of day in the bytes.
            info = zipfile.ZipInfo(f"{name}/{file}")
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, whose permissions these are
            if content is None:
                content = (root / file).read_bytes()
            # Known by its beginning, since Windows takes all for programs.
            is_program = content.startswith(b"#!")
            info.external_attr = (0o755 if is_program else 0o644) << 16
            target.writestr(info, content)
    return packed.getvalue()


def note(root: Path, name: str, found: Contents) -> str:
    """Say what is in a zip file, and what can be done without the rest."""
    sizes = [
        (root / file).stat().st_size for file in found.left_out
        if file.startswith("data/results/")
    ]
    return ABOUT.format(name=name) + (LESS.format(
        count=len(sizes), megabytes=sum(sizes) / 1e6
    ) if sizes else WHOLE)
