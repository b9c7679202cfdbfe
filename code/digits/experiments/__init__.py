"""The experiments: which runs each question needs, and what they show.

Each module has the same parts: a docstring with the question, the claim and
the measured answer; `runs()`, the runs it needs; `result()`, what the report
shows of them, computing what is missing.
"""

NAMES = (
    "preprocessing",
    "architecture",
    "baseline",
    "weight_decay",
    "influences",
    "convolution",
    "comparison",
    "denoising",
    "generation",
    "page",
)
