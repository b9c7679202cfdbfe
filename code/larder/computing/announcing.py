"""Saying what is to be computed, and why, before it begins or is refused."""

from collections import defaultdict
from collections.abc import Collection

from larder.computing.errors import TrainingRefused
from larder.computing.schedule import Due
from larder.larder import Larder
from larder.telling import kernel, terminal

NEVER, ALWAYS = "never", "always"


def announce(larder: Larder, due: Collection[Due]) -> None:
    """Tell the user what is about to be computed, or refuse to.

    Raises `TrainingRefused` where the larder's variable is "never", and in
    `quarto preview`, which would stand still for it, unless it is "always".
    """
    wish = kernel.variable(larder.variable)
    if wish == NEVER:
        raise TrainingRefused(
            f"{larder.variable}=never, but {_refused(larder, due)}"
        )
    if wish != ALWAYS and kernel.previewed():
        raise TrainingRefused(
            "quarto preview computes nothing, unless "
            f"{larder.variable}={ALWAYS} allows it, but {_refused(larder, due)}"
        )
    terminal.say(summary(due))


def summary(due: Collection[Due]) -> str:
    """Say how many runs are to be computed, why, and what they cost last time.

    Runs for the same kinds of reason (config, code, data, needs) share a line,
    with the first of these reasons.
    """
    runs = "1 run is" if len(due) == 1 else f"{len(due)} runs are"
    lines = [f"{runs} to be computed; {_cost(due)}."]
    alike = defaultdict(list)
    for item in due:
        kinds = {reason.split()[0] for reason in item.reasons}
        alike[item.state, frozenset(kinds)].append(item)
    for (state, _), some in alike.items():
        first = some[0]
        why = "; ".join(first.reasons[:2]) or "asked for all the same"
        more = " …" if len(some) > 1 or len(first.reasons) > 2 else ""
        lines.append(f"{len(some):6} {state}: {first.run} ({why}){more}")
    return "\n".join(lines)


def _cost(due: Collection[Due]) -> str:
    known = [item.seconds for item in due if item.seconds is not None]
    if not known:
        return "how long it takes is not known"
    total = sum(known)
    time = f"{total / 60:.0f} min" if total > 90 else f"{total:.0f} s"
    said = f"last time, on one core each, it took {time}"
    unknown = len(due) - len(known)
    return said + (f" (of {unknown}, not known)" if unknown else "")


def _refused(larder: Larder, due: Collection[Due]) -> str:
    """List the runs, and say what computes them."""
    lines = ["not all results are fresh:"]
    for item in due:
        cost = f"; took {item.seconds:.0f} s" if item.seconds else ""
        lines.append(
            f"  {item.run}: {item.state} ({'; '.join(item.reasons)}{cost})"
        )
    experiments = sorted({item.run.experiment for item in due})
    lines.append(
        f"Compute them with: {larder.command} train {' '.join(experiments)}"
    )
    return "\n".join(lines)
