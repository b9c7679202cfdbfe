"""The report as HTML and PDF, with what a machine has.

With Quarto and LaTeX, both files are Quarto's. With Quarto alone, the PDF is
made from `report.md` in a plain layout, by pandoc and typst from their Python
packages; without Quarto, which is first looked for on PATH and then installed
from its Python package, both files are made so.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from digits import paths
from handin import freeze, reading
from handin.front import fonts, frontpage, letters

GET_QUARTO = "For the full one, get https://quarto.org/docs/get-started"
GET_LATEX = "For the full one, get LaTeX: quarto install tinytex"
INSTALLATION = 600  # seconds that installing Quarto may take
# Where `quarto install tinytex` puts LaTeX, under the home folder.
TINYTEX = (".TinyTeX/bin/*", "Library/TinyTeX/bin/*",
           "AppData/Roaming/TinyTeX/bin/*")
PLAIN = paths.CODE / "plain"


class RenderError(Exception):
    """The report could not be built."""


def render(say: Callable[[str], None]) -> list[Path]:
    """Build report.html and report.pdf; return their paths.

    `say` is told, in a line each, what is used instead of what is missing.
    Raises `RenderError` where a file could not be built.
    """
    _check_texts()
    with _alone(say):
        return _render(say)


@contextlib.contextmanager
def _alone(say: Callable[[str], None]) -> Iterator[None]:
    """Wait for another render here: two would take each other's files."""
    (paths.ROOT / ".quarto").mkdir(exist_ok=True)
    lock = FileLock(paths.ROOT / ".quarto/digits.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("Another render of this report is at work; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _render(say: Callable[[str], None]) -> list[Path]:
    quarto = shutil.which("quarto") or _install_quarto(say)
    if quarto is None:
        _plain(("html", "pdf"), say, GET_QUARTO)
    elif not _has_latex():
        _quarto(quarto, "--to", "html")
        _quarto(quarto, "--to", "gfm")
        _plain(("pdf",), say, GET_LATEX)
    else:
        _quarto(quarto)
    files = [paths.ROOT / "report.html", paths.ROOT / "report.pdf"]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise RenderError(f"not built: {', '.join(missing)}")
    return files


def _check_texts() -> None:
    """Let what can't be read or printed be told in a line, before the work."""
    try:
        reading.check_all(paths.ROOT)
        group = reading.read_text(paths.ROOT / "group.yml")
        for text in frontpage.texts(group):
            letters.runs(text)
    except (reading.ReadingError, OSError) as error:
        raise RenderError(str(error)) from error
    except fonts.MissingFont as error:
        raise RenderError(f"group.yml: {error}") from error


def _quarto(quarto: str, *options: str) -> None:
    """Render the project, frozen as far as it is fresh."""
    command = [quarto, "render", *options]
    if subprocess.run(command, cwd=paths.ROOT, env=_environment()).returncode:
        raise RenderError(f"{' '.join(command)} failed; see above")


def _environment() -> dict[str, str]:
    """Let chunks and filters run in this environment, whatever PATH says."""
    return os.environ | {"QUARTO_PYTHON": sys.executable}


def _install_quarto(say: Callable[[str], None]) -> str | None:
    """Install the quarto-cli package; None where it can't be had.

    The package is a short installer that downloads Quarto's own release.
    """
    say("Quarto is not on PATH; trying to install the package quarto-cli.")
    lock = paths.ROOT / "requirements-quarto.lock"
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
             "--no-build-isolation", "--retries", "0", "--timeout", "15",
             "--require-hashes", "-r", str(lock)],
            capture_output=True,
            timeout=INSTALLATION,
        )
    found = shutil.which("quarto", path=Path(sys.executable).parent)
    works = found and not subprocess.run(
        [found, "--version"], capture_output=True
    ).returncode
    return found if works else None


def _has_latex() -> bool:
    return shutil.which("xelatex") is not None or any(
        list(Path.home().glob(f"{folder}/xelatex*")) for folder in TINYTEX
    )


def _plain(kinds: tuple[str, ...], say: Callable[[str], None], why: str):
    """Build files from report.md, in a plain layout."""
    age = "" if _is_current() else " Its text is OLDER than report.qmd."
    say(f"Plain layout of {' and '.join(kinds)}, from report.md.{age} {why}")
    try:
        import pypandoc
        import typst
    except ImportError as error:
        raise RenderError(
            f"the plain layout needs the packages pypandoc_binary and typst "
            f"({error}): pip install -e .[plain]"
        ) from error
    root = paths.ROOT
    pandoc = pypandoc.get_pandoc_path()
    read = [pandoc, "report.md", "--from", "gfm", "--mathml"]
    # The front page is that of group.yml now, not that of report.md.
    page = ["--standalone", "--toc", "--metadata", "lang=en",
            "--metadata-file", "group.yml",
            "--lua-filter", PLAIN / "plain.lua",
            "--lua-filter", paths.CODE / "quarto/front-page.lua"]
    try:
        with tempfile.TemporaryDirectory(dir=root, prefix=".plain-") as folder:
            between = Path(folder) / "report.html"
            text = Path(folder) / "report.typ"
            if "html" in kinds:
                _call(*read, *page, "--css", PLAIN / "page.css",
                      "--embed-resources", "--output", "report.html")
            if "pdf" in kinds:
                # By way of HTML: report.md has the targets of its references
                # as HTML, which pandoc would leave out of any other format.
                _call(*read, "--output", between)
                _call(pandoc, between, *page, "--variable", "papersize=a4",
                      "--output", text)
                typst.compile(text, output=root / "report.pdf", root=root,
                              font_paths=[fonts.DEJAVU])
    except (OSError, RuntimeError) as error:
        raise RenderError(f"the plain layout failed: {error}") from error


def _call(*command) -> None:
    done = subprocess.run(
        command, cwd=paths.ROOT, env=_environment(), capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        # What follows the first line is for those who develop pandoc.
        reason = done.stderr.strip().partition("\n")[0]
        raise RenderError(f"the plain layout failed: {reason}")


def _is_current() -> bool:
    """Tell whether report.md was made from the report.qmd that is here."""
    frozen = paths.FREEZE / "execute-results/md.json"
    return frozen.is_file() and (
        freeze.source_digest() in frozen.read_text(encoding="utf-8")
    )
