"""From results to what is handed in: rendering, self-check, zip file, PDF."""

from handin.contents import GitError
from handin.reading import ReadingError
from handin.rendering import RenderError, render
from handin.selfcheck import Check, self_check
from handin.submission import SubmissionError, build

__all__ = [
    "Check",
    "GitError",
    "ReadingError",
    "RenderError",
    "SubmissionError",
    "build",
    "render",
    "self_check",
]
