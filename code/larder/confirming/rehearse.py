"""Rehearses runs with the code of any folder, in a process of its own.

    python -P rehearse.py list PACKAGE.experiments.EXPERIMENT
    python -P rehearse.py run REQUESTS.json

with PYTHONPATH naming the folder of the package, which may be older than this
file. So nothing of it is imported here but what every version has, and no
object crosses from one to the other: requests are JSON, answers arrays.

`list` prints the runs of an experiment, each with its task and config. `run`
answers each request of a list, as `rehearsing` writes them. A request names the
package, and the script that lets it find less data: its `in_small`, a context
manager, is called with what the rehearsal says of data. That script, too, is
run with the code of any version.
"""

import contextlib
import dataclasses
import importlib
import io
import json
import os
import runpy
import shutil
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np

PARTS = ("metrics", "table", "arrays", "weights")


def list_runs(module: str) -> dict[str, dict]:
    """Tell the task and the config of each run of an experiment, by its name.

    `module` is the dotted name of the experiment's module.
    """
    return {
        run.name: {"task": _dotted(run.task), "config": as_json(run.config)}
        for run in importlib.import_module(module).runs()
    }


def _dotted(task) -> str:
    return f"{task.__module__}.{task.__qualname__}"


def as_json(config) -> dict:
    """Write a config as JSON gives it back."""
    return json.loads(json.dumps(vars(config), default=dataclasses.asdict))


def answer(request: dict) -> None:
    """Rehearse a run, and write what came out, or what went wrong."""
    try:
        outcome = rehearsed(request)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        traceback.print_exc()
        outcome = {"error": text}
    write(Path(request["answer"]), outcome)


def rehearsed(request: dict) -> dict:
    """Rehearse a run; give what came out, in plain parts."""
    package = request["package"]
    experiment = f"{package}.experiments.{request['experiment']}"
    (run,) = (
        run for run in importlib.import_module(experiment).runs()
        if run.name == request["name"]
    )
    config = changed(run.config, request["changes"])
    needs = [read(Path(file)) for file in request["needs"]]
    for need in needs:
        if "error" in need:
            raise RuntimeError(f"what it needs failed: {need['error']}")
    results = [SimpleNamespace(**need) for need in needs]
    with _in_small(request["in_small"])(**request["data"]):
        if request["resume"]:
            return _resumed(run, config, results)
        return _played(run, config, results)


def _played(run, config, results, *context) -> dict:
    """Call a task; runs of older code give theirs results by position."""
    if hasattr(run, "call"):
        from larder.context import NOWHERE

        result = run.call(config, results, *(context or (NOWHERE,)))
    else:
        result = run.task(config, *results)
    return {part: getattr(result, part) for part in PARTS}


def changed(config, changes: dict):
    """Give a config with some fields, also of configs within it, changed."""
    return dataclasses.replace(config, **{
        name: changed(getattr(config, name), value)
        if isinstance(value, dict) else _tuples(value)
        for name, value in changes.items()
    })


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _in_small(script: str | None):
    """Give what lets a task find less data, a context manager."""
    if script is None:
        return contextlib.nullcontext
    return runpy.run_path(script)["in_small"]


def _resumed(run, config, results) -> dict:
    """Call a task; and again from its first checkpoint, if it keeps any.

    Raises `RuntimeError` where that comes out differently.
    """
    from larder.confirming.comparing import difference
    from larder.context import Context

    with tempfile.TemporaryDirectory() as folder:
        file, first = Path(folder, "checkpoint"), Path(folder, "first")

        def keep_first(done: int, total: int) -> None:
            if file.exists() and not first.exists():
                shutil.copy(file, first)

        outcome = _played(run, config, results, Context(keep_first, file))
        if first.exists():
            shutil.copy(first, file)
            again = _played(run, config, results, Context(None, file))
            if differs := difference(outcome, again):
                raise RuntimeError(f"resumed, it is another: {differs}")
    return outcome


def write(file: Path, outcome: dict) -> None:
    """Write an outcome to a file that is whole or not there."""
    buffer = io.BytesIO()
    arrays = dict(outcome.get("arrays", {}))
    weights = outcome.get("weights")
    text = json.dumps({
        key: value for key, value in outcome.items()
        if key not in ("arrays", "weights")
    })
    np.savez(
        buffer, **{f"array {name}": array for name, array in arrays.items()},
        text=np.frombuffer(text.encode(), np.uint8),
        **({} if weights is None
           else {"weights": np.frombuffer(weights, np.uint8)}),
    )
    temporary = file.with_suffix(".tmp")
    temporary.write_bytes(buffer.getvalue())
    os.replace(temporary, file)


def read(file: Path) -> dict:
    """Read what `write` wrote."""
    with np.load(file, allow_pickle=False) as archive:
        stored = {name: archive[name] for name in archive.files}
    outcome = json.loads(stored.pop("text").tobytes())
    weights = stored.pop("weights", None)
    return outcome | {
        "arrays": {
            name.removeprefix("array "): array for name, array in stored.items()
        },
        "weights": None if weights is None else weights.tobytes(),
    }


def _end_with_parent() -> None:
    """End when the other end of standard input is gone, as if by a kill."""
    sys.stdin.buffer.read()
    os._exit(1)


def main(what: str, *words: str) -> None:
    """Do what the command line says."""
    if what == "list":
        print(json.dumps(list_runs(*words)))
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for request in json.loads(Path(words[0]).read_text()):
        answer(request)
    # Whatever else runs (threads of TensorFlow) has nothing left to say.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
