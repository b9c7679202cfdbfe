"""Which files are handed in, and which are left out, each with the reason."""

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# All that belongs to the project, where git can't be asked.
PARTS = (
    ".ci", ".devcontainer", ".gitattributes", ".github", ".gitignore",
    ".pre-commit-config.yaml", "CITATION.cff", "CONTRIBUTING.md",
    "LICENSE", "Makefile", "README.md", "_extensions", "_freeze",
    "_quarto.yml", "assignment.yml", "benchmarks", "code", "data/README.md",
    "data/results", "docs", "examples", "group.yml", "pyproject.toml",
    "references.bib", "report.md", "report.qmd", "requirements-quarto.lock",
    "requirements.lock", "tests", "words.txt",
)
# Never handed in, and nobody's loss: the dataset, environments and caches.
MADE = re.compile(
    r"(^|/)(mnist\.npz|\.venv|__pycache__|[^/]+\.egg-info|\.quarto|"
    r"\.[^/]*_cache|\.hypothesis|\.ipynb_checkpoints|"
    r"\.[^/]+\.(tmp|lock|checkpoint))(/|$)"
)
LITTER = re.compile(
    r"(^|/)(\.DS_Store|\._[^/]*|__MACOSX|\.AppleDouble|\.Spotlight-V100|"
    r"\.Trash[^/]*|Thumbs\.db|ehthumbs\.db|desktop\.ini|\.idea|\.vscode|"
    r"\.git|\.svn|node_modules|venv|env|[^/]*~|\.[^/]*\.sw[a-p]|\.nfs[^/]*|"
    r"[^/]*\.(bak|orig|rej))(/|$)", re.IGNORECASE,
)
SECRET_NAME = re.compile(
    r"(^|/)(\.env(\.[^/]*)?|\.envrc|\.netrc|\.npmrc|\.pypirc|\.ssh|\.aws|"
    r"\.gnupg|\.git-credentials|\.htpasswd|id_(rsa|dsa|ecdsa|ed25519)[^/]*|"
    r"kaggle\.json|(client_)?secrets?(\.[^/]*)?|credentials?(\.[^/]*)?|"
    r"[^/]*service[-_]account[^/]*\.json|"
    r"[^/]*\.(pem|key|p12|pfx|jks|kdbx|keystore))(/|$)", re.IGNORECASE,
)
# Keys and tokens whose form is known: those of SSH and TLS, AWS, GitHub,
# GitLab, Slack, Google, Hugging Face, OpenAI and Anthropic.
SECRET_TEXT = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|"
    rb"\bgh[pousr]_[0-9A-Za-z]{36}|\bgithub_pat_\w{50}|"
    rb"\bglpat-[\w-]{20}|\bxox[abprs]-[\w-]{20}|\bAIza[\w-]{35}|"
    rb"\bhf_[A-Za-z]{34}|\bsk-[\w-]{32}"
)
LARGEST_TEXT = 2**20  # bytes; whatever has more is no file of settings
LARGEST_ARRAYS = 2**16  # bytes that a result's arrays may have
# But these: the networks that are put into the HTML as it is rendered.
NETWORKS = "data/results/page/networks.npz"
BULKY = "weights and large arrays"


@dataclass(frozen=True)
class Contents:
    """The files of a hand-in, sorted, and why others are left out.

    Both are named from the project's folder, with forward slashes.
    """

    files: list[str]
    left_out: dict[str, str]

    def summary(self) -> list[str]:
        """Say in a line each what is left out; what is bulky, as a number."""
        counts = Counter(self.left_out.values())
        return [
            f"left out: {name} ({reason})"
            for name, reason in sorted(self.left_out.items())
            if reason != BULKY
        ] + [f"left out: {counts[BULKY]} files ({BULKY}; "
             "--with-weights adds them)"] * bool(counts[BULKY])


class GitError(Exception):
    """Git is there, and can't say what belongs to the project."""


def contents(root: Path, with_weights: bool = False) -> Contents:
    """Tell the files to hand in from those to leave out.

    They are the ones that git tracks; without git, those of the known parts.
    The dataset, environments and caches are not even mentioned.
    """
    found = git_files(root) if has_git(root) else [
        file.relative_to(root).as_posix()
        for part in PARTS
        for file in [root / part, *(root / part).rglob("*")]
    ]
    names = sorted(
        name for name in found
        if not MADE.search(name) and (root / name).is_file()
    )
    reasons = {name: _reason(root / name, name, with_weights)
               for name in names}
    return Contents(
        [name for name, reason in reasons.items() if not reason],
        {name: reason for name, reason in reasons.items() if reason},
    )


def _reason(file: Path, name: str, with_weights: bool) -> str:
    """Say why a file is left out; nothing if it is not."""
    if LITTER.search(name):
        return "litter"
    if SECRET_NAME.search(name):
        return "its name is that of a secret"
    size = file.stat().st_size
    if size <= LARGEST_TEXT and SECRET_TEXT.search(file.read_bytes()):
        return "it holds what looks like a key or a token"
    bulky = name.startswith("data/results/") and (
        name.endswith(".weights.h5")
        or (name.endswith(".npz") and size > LARGEST_ARRAYS
            and name != NETWORKS)
    )
    return BULKY if bulky and not with_weights else ""


def unknown_to_git(root: Path) -> list[str]:
    """List files that git does not know, and the zip would be without.

    Litter and secrets are not among them: nobody should add those to git.
    """
    if not has_git(root):
        return []
    return [
        f"{name}: add it to git, or remove it"
        for name in git_files(root, "--others", "--exclude-standard")
        if not LITTER.search(name) and not SECRET_NAME.search(name)
    ]


def has_git(root: Path) -> bool:
    """Tell whether git can be asked about a folder."""
    # A folder within another repository has no .git of its own.
    return (root / ".git").exists() and shutil.which("git") is not None


def git_files(root: Path, *options: str) -> list[str]:
    """List the files that git tracks, or others; raise `GitError`."""
    done = subprocess.run(
        ["git", "ls-files", "-z", *options], cwd=root, capture_output=True
    )
    if done.returncode:
        raise GitError(f"git failed: {done.stderr.decode().strip()}")
    return [name for name in done.stdout.decode().split("\0") if name]
