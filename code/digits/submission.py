"""What is handed in: a zip file of the project, and the PDF beside it."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import yaml

from digits import pdf, store

FOLDER = "submission"
MARK = "DRAFT"

# All that belongs to the project, where git can't be asked.
PARTS = (
    ".ci", ".gitattributes", ".github", ".gitignore",
    ".pre-commit-config.yaml",
    "CITATION.cff", "CLUSTER.md", "CONTRIBUTING.md", "LICENSE",
    "Makefile", "README.md", "_extensions", "_freeze", "_quarto.yml",
    "benchmarks", "code",
    "data/README.md", "data/results", "group.yml", "pyproject.toml",
    "references.bib", "report.md", "report.qmd", "requirements-quarto.lock",
    "requirements.lock", "tests", "words.txt",
)
# Never handed in, whatever git says: the dataset, environments and caches.
LEFT_OUT = re.compile(
    r"(^|/)(mnist\.npz|\.venv|__pycache__|[^/]+\.egg-info|\.quarto|"
    r"\.[^/]*_cache|\.hypothesis|\.ipynb_checkpoints|"
    r"\.[^/]+\.(tmp|lock|checkpoint))(/|$)"
)


class SubmissionError(Exception):
    """What is handed in could not be built."""


def build(root: Path, draft: bool) -> list[Path]:
    """Write the zip file and the PDF for Canvas; return their paths.

    They are called after the group; those of a draft also say so, and so does
    each of its pages. Each is written whole or not at all. Raises
    `SubmissionError` if report.pdf can't be read.
    """
    try:
        pdf.read(root / "report.pdf")
    except pdf.PdfError as error:
        raise SubmissionError(f"{error}; digits render makes it") from error
    name = _name(_text(root / "group.yml")) + ("-draft" if draft else "")
    report = root / "report.pdf"
    contents = {
        f"{name}.pdf": pdf.stamp(report, MARK) if draft
        else report.read_bytes(),
        f"{name}.zip": archive(root, name),
    }
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    for file, content in contents.items():
        store.write_atomically(folder / file, content)
    return [folder / file for file in contents]


def _name(group: str) -> str:
    """Make a file's name of what group.yml calls the group."""
    try:
        entry = yaml.safe_load(group)["front-page"]["group"]
    except (yaml.YAMLError, LookupError, ValueError, TypeError,
            RecursionError):
        entry = None  # which the self-check names, and a draft may lack
    group = str(entry) if isinstance(entry, str | int | float) else ""
    # Without a placeholder in brackets, and once with the word group.
    group = re.sub(r"\[.*\]|group", " ", group.lower())
    words = re.findall(r"[a-z0-9]+", group)
    return "-".join(["assignment-7-group", *words])


def archive(root: Path, name: str) -> bytes:
    """Pack the project's files into a zip file, in a folder of that name.

    The same files give the same bytes, whenever and in whatever order they
    were written.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for file in project_files(root):
            # ZipInfo's own date is constant: no time of day in the bytes.
            info = zipfile.ZipInfo(f"{name}/{file}")
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, whose permissions these are
            mode = 0o755 if os.access(root / file, os.X_OK) else 0o644
            info.external_attr = mode << 16
            target.writestr(info, (root / file).read_bytes())
    return content.getvalue()


def project_files(root: Path) -> list[str]:
    """List the files that belong to the project, from its folder, sorted.

    These are the ones that git tracks; without git, those of the known parts.
    The dataset, environments and caches are left out in either case.
    """
    found = _git_files(root) if _has_git(root) else [
        file.relative_to(root).as_posix()
        for part in PARTS
        for file in [root / part, *(root / part).rglob("*")]
    ]
    return sorted(
        name for name in found
        if (root / name).is_file() and not LEFT_OUT.search(name)
    )


def unknown_to_git(root: Path) -> list[str]:
    """List files that git does not know, and the zip would be without."""
    if not _has_git(root):
        return []
    return [
        f"{name}: add it to git, or remove it"
        for name in _git_files(root, "--others", "--exclude-standard")
    ]


def _has_git(root: Path) -> bool:
    # A folder within another repository has no .git of its own.
    return (root / ".git").exists() and shutil.which("git") is not None


def _git_files(root: Path, *options: str) -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "-z", *options], cwd=root, capture_output=True
    )
    if done.returncode:
        raise SubmissionError(f"git failed: {done.stderr.decode().strip()}")
    return [name for name in done.stdout.decode().split("\0") if name]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
