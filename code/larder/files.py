"""Files written whole or not at all."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole, or leave what was there.

    The temporary file is in the same folder, so that the renaming is atomic,
    and on the disk before it takes its name. It has one fixed name, so that
    what a killed process left is overwritten; the caller holds a lock.
    """
    write_together({path: content})


def write_together(contents: dict[Path, bytes]) -> None:
    """Write all files, in order, or leave what was there.

    The room on the disk is taken before the first of them takes its name.
    """
    temporaries = {
        path.with_name(f".{path.name}.tmp"): path for path in contents
    }
    try:
        for temporary, path in temporaries.items():
            with temporary.open("wb") as file:
                file.write(contents[path])
                file.flush()
                os.fsync(file.fileno())
        for temporary, path in temporaries.items():
            os.replace(temporary, path)
    except BaseException:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        raise
