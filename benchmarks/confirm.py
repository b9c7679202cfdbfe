"""How good is the evidence of `digits confirm`? Mutants of the code say.

    python benchmarks/confirm.py [--mutants 320] [--jobs 2]

Makes mutants of the code that the report's tasks reach, and asks for each
task that reaches one whether its rehearsals notice. Of a task's rehearsals
those are computed that execute the mutated statement: of those that execute the
same lines of that module the quickest, then others, until `TRIES` don't notice.
Prints a table and, for each survivor, how it was judged by hand in
survivors.csv: without effect on any result ("equivalent"), or a "miss". What
`--out` has already is not tried again.
"""

import argparse
import csv
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

from mutants import Mutant, mutants

TRIES = 6
PATIENCE = 180  # seconds; what takes longer does not end
JUDGED = Path(__file__).with_name("survivors.csv")


# What the main process does.


def rehearsals_of_all(code: Path, folder: Path) -> list[dict]:
    """Rehearse all runs with the code as it is; give a request for each."""
    from digits.kept import LARDER
    from larder.confirming import rehearse
    from larder.confirming.rehearsals import Rehearsals
    from larder.confirming.rehearsing import perform

    larder = dataclasses.replace(LARDER, code=code)
    rehearsals = Rehearsals(larder, {})
    parts = {}
    for run in LARDER.runs():
        parts.setdefault(rehearsals.likeness(run), (run, code))
    parts = {
        rehearsals.part(run, code, resume=True): run
        for run, code in parts.values()
    }
    files = {}
    for number, (part, outcome) in enumerate(
        perform(larder, parts, folder, 2).items()
    ):
        files[part] = folder / f"outcome-{number}.npz"
        rehearse.write(files[part], outcome)
    return [
        {
            "run": run, "task": run.task_name,
            "experiment": part.experiment, "name": part.name,
            "config": rehearse.as_json(run.config),
            "package": larder.package, "in_small": str(larder.rehearsal),
            "changes": json.loads(part.changes),
            "data": json.loads(part.data), "resume": True,
            "needs": [str(files[need]) for need in part.needs],
            "expected": str(files[part]),
        }
        for part, run in parts.items()
    ]


class Server:
    """A process that has TensorFlow in memory, and a child for each job."""

    def __init__(self):
        """Start it."""
        from digits import machine

        self.process = subprocess.Popen(
            [sys.executable, __file__, "serve"], text=True,
            env=os.environ | machine.ENVIRONMENT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, **job) -> dict:
        """Do a job in a child; give its answer, or that it did not end."""
        print(json.dumps(job), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def jobs_of(mutant: Mutant, requests: list[dict], reach: dict) -> list[dict]:
    """Give the rehearsals to try, those that execute the line."""
    definition = f"{mutant.module}.{mutant.definition}"
    lines = {f"{mutant.module}:{line}" for line in mutant.lines}
    due = [
        request for request in requests
        if definition in reach[request["task"]] and lines & request["lines"]
    ]
    due.sort(key=lambda request: request["seconds"])
    seen: dict[tuple, int] = Counter()
    for request in due:
        same = request["task"], frozenset(
            line for line in request["lines"]
            if line.startswith(f"{mutant.module}:")
        )
        request["turn"] = seen[same]
        seen[same] += 1
    return sorted(due, key=lambda request: request["turn"])


def plain(request: dict) -> dict:
    """Leave out of a request what the server needs not."""
    return {key: value for key, value in request.items()
            if key not in ("run", "lines", "turn")}


def main() -> None:
    """Make the mutants, try them, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=320)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("mutants.json"))
    options = parser.parse_args()

    from digits import paths
    from larder import freshness
    from larder.scratch import ScratchFolder

    with ScratchFolder() as folder:
        code = folder / "original/code"
        shutil.copytree(paths.CODE, code)
        requests = rehearsals_of_all(code, folder)
        reach: dict[str, set[str]] = defaultdict(set)
        for request in requests:
            reach[request["task"]] |= set(freshness.code_of(request["run"]))
        servers = SimpleQueue()
        for _ in range(options.jobs):
            servers.put(Server())
        cover(requests, code, servers, options.jobs)
        chosen = islice(
            mutants(code, set.union(*reach.values()), options.seed),
            options.mutants,
        )
        found = try_all(list(chosen), requests, reach, code, servers, options)
    options.out.write_text(json.dumps(found, indent=1))
    tell(found)


def cover(requests, code, servers, jobs) -> None:
    """Find out which lines each rehearsal executes, and how long it takes."""
    def look(request):
        server = servers.get()
        try:
            answer = server.ask(code=str(code), requests=[plain(request)],
                                trace=True)
            request["lines"] = set(answer["lines"])
            request["seconds"] = answer["seconds"]
            assert answer["found"] == [None], (request, answer)
        finally:
            servers.put(server)

    with ThreadPoolExecutor(jobs) as threads:
        list(threads.map(look, requests))


def try_all(chosen, requests, reach, code, servers, options) -> list[dict]:
    """Try each mutant, `options.jobs` at once."""
    lock, started = threading.Lock(), time.monotonic()
    done = json.loads(options.out.read_text()) if options.out.is_file() else []
    known = {row["name"] for row in done}

    def attempt(mutant: Mutant) -> None:
        server = servers.get()
        try:
            row = try_one(mutant, jobs_of(mutant, requests, reach), reach,
                          code, server)
        finally:
            servers.put(server)
        with lock:
            done.append(row)
            silent = sum(state != "noticed" for state in row["tasks"].values())
            print(f"{len(done)}/{len(chosen)} {time.monotonic() - started:.0f} "
                  f"s: {mutant.kind}: {mutant.name}: {silent} of "
                  f"{len(row['tasks'])} tasks silent", flush=True)
            options.out.write_text(json.dumps(done, indent=1))

    with ThreadPoolExecutor(options.jobs) as threads:
        list(threads.map(
            attempt, [one for one in chosen if one.name not in known]
        ))
    return done


def try_one(mutant, due, reach, code, server) -> dict:
    """Ask of each task that reaches a mutant whether it is noticed."""
    copy = code.parent.with_name(f"mutant-{id(mutant)}") / "code"
    shutil.copytree(code, copy)
    file = copy.joinpath(*mutant.module.split(".")).with_suffix(".py")
    file.write_text(mutant.text)
    definition = f"{mutant.module}.{mutant.definition}"
    tasks = {
        task: "not executed" for task, reached in reach.items()
        if definition in reached
    }
    by_task = defaultdict(list)
    for request in due:
        by_task[request["task"]].append(request)
    notices = {}
    for task, some in by_task.items():
        tasks[task] = "not noticed"
        for number, request in enumerate(some):
            if number >= TRIES and request["turn"]:
                break
            answer = server.ask(
                code=str(copy), requests=[plain(request)], trace=False
            )
            if answer["found"][0]:
                tasks[task] = "noticed"
                notices[task] = answer["found"][0]
                break
    shutil.rmtree(copy.parent)
    return {
        "kind": mutant.kind, "name": mutant.name,
        "tasks": tasks, "notices": notices,
    }


def tell(found: list[dict]) -> None:
    """Print the table of kinds, and the survivors with how they are judged."""
    judged = {}
    if JUDGED.is_file():
        with JUDGED.open(newline="") as file:
            judged = {row["mutant"]: row for row in csv.DictReader(file)}
    counts: dict[str, Counter] = defaultdict(Counter)
    survivors = []
    for row in found:
        silent = [task for task, state in row["tasks"].items()
                  if state != "noticed"]
        verdict = "noticed"
        if silent:
            known = judged.get(row["name"], {})
            verdict = known.get("judged", "not judged")
            survivors.append((row, silent, verdict, known.get("why", "")))
        counts[row["kind"]][verdict] += 1
    verdicts = ("noticed", "equivalent", "miss", "not judged")
    print(f"| Kind | Mutants | {' | '.join(verdicts)} |")
    print("|:---|---:" + "|---:" * len(verdicts) + "|")
    total = sum(counts.values(), Counter())
    for kind, each in [*sorted(counts.items()), ("all", total)]:
        row = " | ".join(str(each[verdict]) for verdict in verdicts)
        print(f"| {kind} | {each.total()} | {row} |")
    print()
    for row, silent, verdict, why in survivors:
        names = ", ".join(task.rpartition(".")[2] for task in silent)
        print(f"- {verdict}: `{row['name']}` (silent: {names}) {why}")


# What a server does.


def serve() -> None:
    """Fork a child for each job on standard input; print its answer."""
    import tensorflow  # noqa: F401 - so that children have them

    for line in sys.stdin:
        job = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            answer_in_child(job, writing)
        os.close(writing)
        print(json.dumps(hear(child, reading)), flush=True)


def hear(child: int, reading: int) -> dict:
    """Wait for a child's answer, and for its end."""
    timer = threading.Timer(PATIENCE, os.kill, (child, 9))
    timer.start()
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    timer.cancel()
    return json.loads(text) if text else {"found": ["it does not end well"]}


def answer_in_child(job: dict, writing: int) -> None:
    """Do a job with the code of its folder, and end."""
    os.dup2(2, 1)  # answers alone go to standard output
    sys.path.insert(0, job["code"])
    sys.dont_write_bytecode = True
    lines: set[str] = set()
    started = time.monotonic()
    if job["trace"]:
        sys.settrace(tracer(job["code"], lines))
        threading.settrace(tracer(job["code"], lines))
    try:
        found = [compare(request) for request in job["requests"]]
    except BaseException as error:
        found = [f"{type(error).__name__}: {error}"]
    sys.settrace(None)
    answer = {"found": found, "lines": sorted(lines),
              "seconds": time.monotonic() - started}
    with os.fdopen(writing, "w") as pipe:
        json.dump(answer, pipe)
    os._exit(0)


def compare(request: dict) -> str | None:
    """Rehearse, and say in what it differs from what is expected."""
    from larder.confirming import comparing, rehearse

    run = rehearse.list_runs(
        f"{request['package']}.experiments.{request['experiment']}"
    )[request["name"]]
    if run["config"] != request["config"]:
        return "its config is another"
    return comparing.difference(
        rehearse.read(Path(request["expected"])), rehearse.rehearsed(request)
    )


def tracer(code: str, lines: set[str]):
    """Make a trace function that notes executed lines of a folder."""
    def local(frame, event, argument):
        if event == "line":
            lines.add(f"{module}:{frame.f_lineno}"
                      if (module := frame.f_globals.get("__name__")) else "")
        return local

    def enter(frame, event, argument):
        return local if frame.f_code.co_filename.startswith(code) else None

    return enter


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
