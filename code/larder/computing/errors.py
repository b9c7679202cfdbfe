"""What can go wrong with a computation as a whole."""


class TrainingRefused(Exception):
    """Runs are missing or stale, and the larder's variable forbids it."""


class ComputingStopped(Exception):
    """The executor was lost; runs that had ended are stored."""


class RunsFailed(Exception):
    """Some runs ended in an error; those that ended well are stored."""
