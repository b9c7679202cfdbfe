"""Rehearsals, computed: each in a process that has the code of its place.

A place is a folder with the package in it: the code that is here, or that of
an older commit. The processes are like workers, with one thread; see
`rehearse`, which is all that they share with this version of the code.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from larder.confirming import rehearse
from larder.larder import Larder
from larder.telling import terminal

# Rehearsals that one process computes: TensorFlow takes seconds to import,
# and keeps memory.
BATCH = 8
POLL = 0.2  # seconds


@dataclass(frozen=True)
class Part:
    """One run's rehearsal with the code of one place.

    `changes` are fields of its config, by name, and `data` the arguments of
    the larder's `in_small`, both as JSON text. With `resume` it
    is computed a second time, from its first checkpoint.
    """

    place: Path
    experiment: str
    name: str
    changes: str
    data: str
    needs: tuple["Part", ...] = ()
    resume: bool = False

    def __str__(self) -> str:
        return f"{self.experiment}/{self.name} in {self.place.parent.name:.12}"

    @property
    def depth(self) -> int:
        """Tell how many others have to be rehearsed before this, in a row."""
        return max((need.depth + 1 for need in self.needs), default=0)


def listed(larder: Larder, place: Path, experiment: str) -> dict[str, dict]:
    """Give the tasks and configs that an experiment has in a place, by run.

    Raises `RuntimeError` with the last line that Python says where the code
    of that place can't be run.
    """
    done = subprocess.run(
        [sys.executable, "-P", rehearse.__file__, "list",
         f"{larder.package}.experiments.{experiment}"],
        env=_environment(larder, place), capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return json.loads(done.stdout)


def _environment(larder: Larder, place: Path) -> dict[str, str]:
    return larder.environment.around() | {
        "PYTHONPATH": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
    } | {
        variable: str(file.resolve())
        for variable, file in larder.files().items() if file
    }


def perform(
    larder: Larder, parts: Iterable[Part], folder: Path, jobs: int
) -> dict[Part, dict]:
    """Compute rehearsals and those that they need, `jobs` at once.

    Gives what `rehearse.answer` says of each: its result, or an "error".
    Answers and logs lie in `folder`.
    """
    waiting, files = list(parts), {}
    while waiting:
        part = waiting.pop()
        if part not in files:
            files[part] = folder / f"{len(files)}.npz"
            waiting += part.needs
    stop = threading.Event()
    with (
        terminal.Bars(len(files)) as bars,
        ThreadPoolExecutor(jobs) as threads,
    ):
        def play(batch: list[Part]) -> None:
            _Performance(larder, batch, files, folder, bars, stop).run()

        try:
            for depth in range(1 + max((p.depth for p in files), default=0)):
                list(threads.map(play, _batches(files, depth)))
        except BaseException:
            stop.set()
            raise
    return {part: rehearse.read(file) for part, file in files.items()}


def _batches(parts: Iterable[Part], depth: int) -> list[list[Part]]:
    """Share the parts of a depth out to processes, each of one place."""
    due = [part for part in parts if part.depth == depth]
    due.sort(key=lambda part: (part.place, str(part)))
    return [
        group[start : start + BATCH]
        for _, same in groupby(due, key=lambda part: part.place)
        for group in [list(same)]
        for start in range(0, len(group), BATCH)
    ]


class _Performance:
    """A process that computes a batch, and what it has answered so far."""

    def __init__(self, larder, batch, files, folder, bars, stop):
        self.larder, self.batch, self.files = larder, batch, files
        self.bars, self.stop = bars, stop
        name = files[batch[0]].stem
        self.folder = folder / f"{name}.process"
        self.folder.mkdir()
        self.log = self.folder / "log"

    def run(self) -> None:
        """Start the process, and see it through to its end."""
        requests = self.folder / "requests.json"
        requests.write_text(json.dumps([*map(self._request, self.batch)]))
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", rehearse.__file__, "run",
                 str(requests)],
                env=_environment(self.larder, self.batch[0].place)
                | {"TMPDIR": str(self.folder)},
                stdin=subprocess.PIPE, stdout=log, stderr=log,
            )
        try:
            self._watch(process)
        finally:
            process.kill()
            process.communicate()

    def _request(self, part: Part) -> dict:
        return {
            "package": self.larder.package,
            "in_small": self.larder.rehearsal and str(self.larder.rehearsal),
            "experiment": part.experiment,
            "name": part.name,
            "changes": json.loads(part.changes),
            "data": json.loads(part.data),
            "resume": part.resume,
            "needs": [str(self.files[need]) for need in part.needs],
            "answer": str(self.files[part]),
        }

    def _watch(self, process: subprocess.Popen) -> None:
        for part in self.batch:
            started = time.monotonic()
            self.bars.begin(str(part), None)
            while not self.files[part].exists():
                if self.stop.wait(POLL):
                    return
                if process.poll() is not None:
                    self._give_up(part, process.returncode)
            self.bars.end(str(part), time.monotonic() - started)

    def _give_up(self, part: Part, code: int) -> None:
        """Answer for a process that ended before it did."""
        if not self.files[part].exists():
            lines = self.log.read_text(errors="replace").splitlines()
            last = lines[-1] if lines else "it said nothing"
            rehearse.write(self.files[part], {
                "error": f"its process ended with exit code {code}: {last}"
            })
