"""The command: python -m flowers train, status, confirm or results."""

from flowers.kept import LARDER
from larder import commands

main = commands.Group(help="Compute and check the results of this report.")
commands.add(main, LARDER)

if __name__ == "__main__":
    main(prog_name=LARDER.command)
