"""The code as it was: found in git, and laid aside to be run.

Nothing of the repository is changed: the code of a commit is unpacked into a
temporary folder, not checked out.
"""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from larder import fingerprint
from larder.larder import Larder


class HistoryError(Exception):
    """There is no history, or git can't read it."""


class History:
    """The commits of a repository that changed its code, newest first.

    `aside` is a folder where their code is laid; who made it removes it.
    """

    def __init__(self, larder: Larder, aside: Path):
        """Look for the commits; `HistoryError` where there are none."""
        self.root, self.aside = larder.root, aside
        self._code = larder.code.relative_to(larder.root).as_posix()
        self.commits = self._git("rev-list", "HEAD", "--", self._code).split()
        self._digests: dict[tuple, str | None] = {}

    @property
    def limit(self) -> str:
        """Say that history is cut off, where it is."""
        shallow = self._git("rev-parse", "--is-shallow-repository") == "true"
        return "; more of it: git fetch --unshallow" if shallow else ""

    def stored_by(self, file: Path) -> list[str]:
        """Give the commit that stored a file as it is, if there is one."""
        return self._git("rev-list", "-1", "HEAD", "--", str(file)).split()

    def code(self, commit: str) -> Path:
        """Lay the code of a commit aside, once; give its folder."""
        folder = self.aside / commit
        if not folder.is_dir():
            packed = self._run("archive", "--format=tar", commit, self._code)
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(folder, filter="data")
        return folder / self._code

    def digest(
        self, commit: str, task: str, classes: Iterable[str] = ()
    ) -> str | None:
        """Digest what a task and its config's classes reach in a commit.

        None if one of them is not there.
        """
        key = commit, task, tuple(classes)
        if key not in self._digests:
            module, _, name = task.rpartition(".")
            try:
                self._digests[key] = code_digest(
                    fingerprint.reached(
                        self.code(commit), module, name, classes
                    )
                )
            except (HistoryError, LookupError, OSError, SyntaxError):
                self._digests[key] = None
        return self._digests[key]

    def _git(self, *words: str) -> str:
        return self._run(*words).decode().strip()

    def _run(self, *words: str) -> bytes:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *words],
                capture_output=True, stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise HistoryError("git is not installed") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise HistoryError(f"git {words[0]} failed: {said}")
        return done.stdout


def code_digest(code: dict[str, str]) -> str:
    """Digest a fingerprint, in 16 hexadecimal digits."""
    text = json.dumps(code, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
