"""From results to what is handed in.

`render` builds report.html and report.pdf, with Quarto where it can be had;
`self_check` goes through the assignment's list; `build` makes the zip file and
the PDF. Whether the freeze is of what is here, `freeze` says.
"""

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
