"""What the HTML report's live part shows on paper and without script.

The scripts are in code/page, and the networks that they carry are packed by
`digits.tasks.evaluation.packing`.
"""

from digits.page.still import still_picture

__all__ = ["still_picture"]
