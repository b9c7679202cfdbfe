"""The engine's commands on this project's results, and no other command.

They start in a fifth of the time of `digits`, which brings what draws, reads
handwriting and renders as well.
"""

from digits.kept import LARDER
from larder import commands

group = commands.Group("digits")
commands.add(group, LARDER)

if __name__ == "__main__":
    group()
