"""What a result depends on: neither too little nor needlessly much."""

import ast
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import digits
import toy_tasks
from larder import ignored
from larder.fingerprint import normalised, reached

PACKAGE = Path(digits.__file__).parent
MODULES = sorted(
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
    for file in PACKAGE.rglob("*.py")
)
TRAIN = ("digits.tasks.notebook", "train_as_notebook")
DESCRIBE = ("digits.tasks.evaluation.inside", "describe_network")
PREPROCESS = ("digits.experiments.preprocessing", "describe_preprocessing")
TASKS = (TRAIN, DESCRIBE, PREPROCESS)
# Of the configs of the first two: a name that no task has.
NETWORK = "digits.networks.dense.DenseNetwork"


def file_of(root: Path, module: str) -> Path:
    return root.joinpath(*module.split(".")).with_suffix(".py")


def fingerprints(root: Path) -> dict[tuple, dict[str, str]]:
    return {
        task: reached(root, *task, () if task == PREPROCESS else [NETWORK])
        for task in TASKS
    }


@pytest.fixture(scope="module")
def now():
    return fingerprints(PACKAGE.parent)


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(
        PACKAGE, tmp_path / "digits",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


# Each definition of the package in turn.


def names_defined(statement: ast.stmt) -> set[str]:
    """Name what a simple top-level statement defines, told independently."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {t.id for t in statement.targets if isinstance(t, ast.Name)}
    if isinstance(statement, ast.AnnAssign):
        return {statement.target.id}
    return set()


def changed(statement: ast.stmt) -> ast.stmt:
    """Give a statement another meaning."""
    new = ast.parse(ast.unparse(statement)).body[0]
    if isinstance(new, ast.FunctionDef | ast.ClassDef):
        new.body.append(ast.parse("meaning = 'another'").body[0])
    elif new.value is None:
        new.value = ast.Constant("another")
    else:
        new.value = ast.Tuple([new.value, ast.Constant("another")], ast.Load())
    return ast.fix_missing_locations(new)


@pytest.mark.parametrize("module", MODULES)
def test_a_changed_definition_is_noticed_by_who_reaches_it_alone(
    copy, now, module
):
    """Those that no task reaches are changed at once, the others by turns."""
    file = file_of(copy, module)
    tree = ast.parse(file.read_text())

    def reaching(statement):
        return {task for task in TASKS for name in names_defined(statement)
                if f"{module}.{name}" in now[task]}

    def noticed_by(*statements):
        body = [changed(s) if s in statements else s for s in tree.body]
        file.write_text(ast.unparse(ast.Module(body, [])))
        found = fingerprints(copy)
        return {task for task in TASKS if found[task] != now[task]}

    named = [s for s in tree.body if names_defined(s)]
    assert noticed_by(*(s for s in named if not reaching(s))) == set()
    for statement in filter(reaching, named):
        assert noticed_by(statement) == reaching(statement), ast.dump(statement)


@pytest.mark.parametrize("module", MODULES)
def test_layout_comments_docstrings_and_order_change_nothing(
    copy, now, module
):
    file = file_of(copy, module)
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            if ast.get_docstring(node) is not None:
                body.pop(0)
            body.insert(0, ast.parse("'''Another docstring.'''").body[0])
    pieces = [ast.unparse(node) for node in tree.body]
    # All definitions backwards; an __future__ import would have to be first.
    text = "\n\n\n# A comment.\n\n".join(reversed(pieces))
    file.write_text(f"# Another comment.\n\n\n{text}  # the last\n")
    assert fingerprints(copy) == now


def test_indentation_quotes_and_parentheses_change_nothing():
    one = "def f(a, b):\n    return (a + b) * 'x'\n"
    two = 'def f(\n  a,\n  b,\n):\n  return ((a+b)\n    * "x")  # so\n'
    assert normalised(ast.parse(one)) == normalised(ast.parse(two))


@pytest.mark.parametrize(
    ("one", "two"),
    [("1", "1.0"), ("1", "True"), ("'1'", "1"), ("'a'", "b'a'"),
     ("None", "'None'"), ("0.0", "-0.0"), ("a + b", "a - b"),
     ("a + b", "b + a"), ("f(a, b)", "f(b, a)"), ("f(a=b)", "f(b=a)"),
     ("f(*a)", "f(a)"), ("f(**a)", "f(*a)"), ("[a]", "(a,)"),
     ("[a for a in b]", "{a for a in b}"), ("a.b", "a.c"), ("a[b]", "a[c]"),
     ("a and b", "a or b"), ("a is b", "a == b"), ("not a", "a"),
     ("a if b else c", "c if b else a"), ("f'{a}'", "'{a}'"),
     ("f'{a!r}'", "f'{a}'"), ("f'{a:.1f}'", "f'{a:.2f}'"),
     ("lambda a, /: a", "lambda a: a"), ("lambda a: a", "lambda *a: a"),
     ("lambda *, a=1: a", "lambda a=1: a"),
     ("lambda *, a, b=1: a", "lambda *, a=1, b: a"),
     ("...", "None"), ("a", "'a'"), ("a[1:]", "a[:1]"), ("a[::1]", "a[:1]"),
     ("{a: b}", "{**b}"), ("(yield a)", "(yield from a)")],
)
def test_another_meaning_is_another_text(one, two):
    texts = {
        normalised(ast.parse(f"def f(a, b, c):\n return {value}"))
        for value in (one, two)
    }
    assert len(texts) == 2


@given(st.integers() | st.floats() | st.text() | st.binary())
def test_every_constant_counts(value):
    tree = ast.parse("x = 'old value'")
    before = normalised(tree)
    tree.body[0].value.value = value
    assert normalised(tree) != before


# Expectations written by hand.


def edited(root: Path, module: str, old: str, new: str):
    file = file_of(root, module)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return fingerprints(root)


@pytest.mark.parametrize(
    ("module", "old", "new", "noticed_by"),
    [
        ("digits.networks.dense", 'activation="relu"', 'activation="tanh"',
         {TRAIN, DESCRIBE}),
        ("digits.networks.convolutional", "momentum=0.9", "momentum=0.8",
         set()),
        ("digits.tasks.training", 'shuffle=schedule.order == "keras"',
         "shuffle=True", {TRAIN}),
        ("digits.tasks.schedule", "learning_rate: float = 0.1",
         "learning_rate: float = 0.2", {TRAIN, DESCRIBE}),
        ("digits.data", "scaled /= 255", "scaled /= 256",
         {TRAIN, PREPROCESS}),
        ("digits.data", "SPLIT_SEED = 405", "SPLIT_SEED = 406", {TRAIN}),
        ("digits.data", "def fetch()", "def fetch(more=1)", set()),
        ("digits.kept", "CHANCE = 0.15", "CHANCE = 0.2", set()),
        ("digits.experiments.baseline", "range(5)", "range(6)", set()),
        ("digits.statistics", "ddof=1", "ddof=0", set()),
    ],
)
def test_an_edit_is_noticed_by_the_tasks_it_matters_to(
    copy, now, module, old, new, noticed_by
):
    found = edited(copy, module, old, new)
    assert {task for task in TASKS if found[task] != now[task]} == noticed_by


@pytest.mark.parametrize("module", [
    m for m in MODULES
    if m.split(".")[1] in ("figures", "cli", "kept", "machine", "statistics",
                           "paths", "noise")
])
def test_drawing_and_machinery_are_no_part_of_a_result(copy, now, module):
    assert not any(
        name.startswith(f"{module}.") for task in now for name in now[task]
    )
    file_of(copy, module).write_text("another = 'module'\n")
    assert fingerprints(copy) == now


def test_an_unknown_name_is_an_error():
    with pytest.raises(LookupError, match=r"no definition of nothing"):
        reached(PACKAGE.parent, "digits.tasks.training", "nothing")
    with pytest.raises(LookupError, match=r"no definition of nobody"):
        reached(PACKAGE.parent, *TRAIN, ["digits.networks.dense.nobody"])
    with pytest.raises(LookupError, match=r"no_module"):
        reached(PACKAGE.parent, "digits.no_module", "task")


def test_ignored_needs_a_reason_and_changes_no_function():
    def function():
        return 1

    assert ignored("for this")(function) is function
    with pytest.raises(ValueError, match="reason"):
        ignored("")


def test_an_ignored_method_is_no_part_of_its_class(tmp_path):
    text = "class C:\n    size: int = 1\ndef task(c: C): return c.size\n"
    method = ("    @ignored('because')\n    def small(self):\n"
              "        return C()\n")
    with_method = "from digits.fingerprint import ignored\n" + text.replace(
        "def task", method + "def task"
    )
    plain, ours = (
        reached(package(tmp_path / name, {"m.py": content}), "pkg.m", "task")
        for name, content in (("one", text), ("other", with_method))
    )
    assert plain == ours


# What is really called, as an oracle that knows nothing of syntax.

CALLED = """
import json, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:2]
import toy_tasks
from digits import data
from digits.tasks import notebook
from digits.tasks.evaluation import inside
from digits.experiments import preprocessing

package = str(Path(notebook.__file__).parents[1])
called = set()

def watch(frame, event, argument):
    code = frame.f_code
    if event != "call" or not code.co_filename.startswith(package):
        return
    module = frame.f_globals["__name__"]
    called.add(f"{module}.{code.co_qualname.split('.')[0]}")

data.read_arrays = lambda: toy_tasks.fake_arrays(5300, 20)
for task, config in (
    (notebook.train_as_notebook, toy_tasks.dense(
        hidden_units=(4,), epochs=1, decay="cosine", keep_weights=True,
        early_stopping_patience=1, dropout=0.1, standardize=True)),
    (inside.describe_network, toy_tasks.dense()),
    (preprocessing.describe_preprocessing,
     preprocessing.PreprocessingConfig()),
):
    called.clear()
    sys.setprofile(watch)
    task(config)
    sys.setprofile(None)
    print("called", json.dumps(sorted(called)))
"""


def test_whatever_is_called_is_reached(now):
    done = subprocess.run(
        [sys.executable, "-c", CALLED, str(Path(toy_tasks.__file__).parent)],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
    )
    lines = [line.removeprefix("called ") for line in done.stdout.splitlines()
             if line.startswith("called ")]
    for task, line, least in zip(TASKS, lines, (12, 3, 3), strict=True):
        called = {c for c in json.loads(line) if not c.endswith(".<module>")}
        assert ".".join(task) in called
        assert called <= set(now[task])
        assert len(called) >= least


# Ways to reach a name, each in a package of its own.


def package(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / "pkg" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    for folder in {file.parent for file in (root / "pkg").rglob("*.py")} | {
        root / "pkg"
    }:
        (folder / "__init__.py").touch()
    return root


A = "def f(x):\n    return x\ndef g(x):\n    return -x\n"
B = "def f(x):\n    return 2 * x\n"

# Name -> (files beside a.py and b.py, what must be reached, what must not).
WAYS = {
    "import of a name": (
        {"m.py": "from pkg.a import f\ndef task(c): return f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "import under another name": (
        {"m.py": "from pkg.a import f as h\ndef task(c): return h(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "import of a module": (
        {"m.py": "import pkg.a\ndef task(c): return pkg.a.f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "import of a module under another name": (
        {"m.py": "import pkg.a as h\ndef task(c): return h.f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "from a package": (
        {"m.py": "from pkg import a\ndef task(c): return a.f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "relative, a module": (
        {"m.py": "from . import a\ndef task(c): return a.f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "relative, a name": (
        {"m.py": "from .a import f\ndef task(c): return f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "relative, from above": (
        {"m.py": "from .sub.deep import task",
         "sub/deep.py": "from ..a import f\ndef task(c): return f(c)"},
        {"a.f", "sub.deep.task"}, {"a.g", "b.f"},
    ),
    "relative, within a package's own file": (
        {"m.py": "from pkg.sub import task",
         "sub/__init__.py": "from .low import h\ndef task(c): return h(c)",
         "sub/low.py": "def h(x): return x"},
        {"sub.low.h"}, {"a.f"},
    ),
    "star": (
        {"m.py": "from pkg.a import *\ndef task(c): return f(c)"},
        {"a.f"}, {"b.f"},
    ),
    "star of a star": (
        {"m.py": "from pkg.n import *\ndef task(c): return f(c)",
         "n.py": "from pkg.a import *"},
        {"a.f"}, {"b.f"},
    ),
    "star of an external module": (
        {"m.py": "from math import *\nfrom pkg.a import f\n"
                 "def task(c): return f(sqrt(c))"},
        {"a.f"}, {"a.g"},
    ),
    "star within a function's module": (
        {"m.py": "def task(c):\n    import pkg.n\n    return pkg.n.f(c)",
         "n.py": "from .a import *"},
        {"a.f"}, {"b.f"},
    ),
    "import within a function": (
        {"m.py": "def task(c):\n    from pkg.a import f\n    return f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "import of a module within a function": (
        {"m.py": "def task(c):\n    from pkg import a as h\n"
                 "    return h.f(c)"},
        {"a.f"}, {"a.g", "b.f"},
    ),
    "one name or another": (
        {"m.py": "try:\n    from pkg.a import f\nexcept ImportError:\n"
                 "    from pkg.b import f\ndef task(c): return f(c)"},
        {"a.f", "b.f"}, {"a.g"},
    ),
    "one module or another": (
        {"m.py": "try:\n    from pkg import a as h\nexcept ImportError:\n"
                 "    from pkg import b as h\ndef task(c): return h.f(c)"},
        {"a.f", "b.f"}, {"a.g"},
    ),
    "one module or another, within a function": (
        {"m.py": "def task(c):\n    if c:\n        import pkg.a as h\n"
                 "    else:\n        import pkg.b as h\n    return h.f(c)"},
        {"a.f", "b.f"}, {"a.g"},
    ),
    "import or own definition": (
        {"m.py": "try:\n    from pkg.a import f\nexcept ImportError:\n"
                 "    def f(x): return k\nk = 3\ndef task(c): return f(c)"},
        {"a.f", "m.k"}, {"a.g"},
    ),
    "import over an own definition, seen from outside": (
        {"m.py": "from pkg.n import f\ndef task(c): return f(c)",
         "n.py": "f = None\nfrom pkg.a import f"},
        {"a.f"}, {"a.g"},
    ),
    "alias": (
        {"m.py": "from pkg.a import f\nh = f\ndef task(c): return h(c)"},
        {"m.h", "a.f"}, {"a.g"},
    ),
    "alias of a module": (
        {"m.py": "from pkg import a\nh = a\ndef task(c): return h.f(c)"},
        {"m.h", "a.f"}, {"b.f"},
    ),
    "table of functions": (
        {"m.py": "from pkg import a, b\nTABLE = {'f': a.f, 'g': b.f}\n"
                 "def task(c): return TABLE[c](c)"},
        {"m.TABLE", "a.f", "b.f"}, {"a.g"},
    ),
    "two names at once": (
        {"m.py": "k, (l, *m) = 1, (2, 3)\ndef task(c): return m"},
        {"m.m"}, {"m.task2"},
    ),
    "module as a value": (
        {"m.py": "from pkg import a\ndef task(c): return vary(a)\n"
                 "def vary(m): return m.f(1)"},
        {"a.f", "a.g", "m.vary"}, {"b.f"},
    ),
    "getattr of a module": (
        {"m.py": "import pkg.a\n"
                 "def task(c): return getattr(pkg.a, c.name)(c)"},
        {"a.f", "a.g"}, {"b.f"},
    ),
    "getattr of a package that re-exports": (
        {"m.py": "from pkg import sub\n"
                 "def task(c): return getattr(sub, c.name)(c)",
         "sub/__init__.py": "from pkg.a import f"},
        {"a.f"}, {"b.f"},
    ),
    "getattr of a package for its module": (
        {"m.py": "from pkg import sub\n"
                 "def task(c): return getattr(sub, 'low').h(c)",
         "sub/low.py": "def h(x): return x"},
        {"sub.low.h"}, {"b.f"},
    ),
    "a module's __dict__": (
        {"m.py": "from pkg import a\n"
                 "def task(c): return a.__dict__[c.name](c)"},
        {"a.f", "a.g"}, {"b.f"},
    ),
    "a name that the module makes itself": (
        {"m.py": "from pkg import n\ndef task(c): return n.made(c)",
         "n.py": "from pkg.a import f\n"
                 "def __getattr__(name): return f"},
        {"a.f", "n.__getattr__"}, {"b.f"},
    ),
    "a module in another's namespace": (
        {"m.py": "from pkg import n\ndef task(c): return n.a.f(c)",
         "n.py": "from pkg import a"},
        {"a.f"}, {"b.f"},
    ),
    "a module imported from another's namespace": (
        {"m.py": "from pkg.n import a\ndef task(c): return a.f(c)",
         "n.py": "from pkg import a"},
        {"a.f"}, {"b.f"},
    ),
    "globals": (
        {"m.py": "def task(c): return globals()[c.name](c)\n"
                 "def hidden(c): return c"},
        {"m.hidden"}, {"a.f"},
    ),
    "globals with imported names": (
        {"m.py": "from pkg.a import f\nfrom pkg import b\n"
                 "def task(c): return globals()[c.name](c)"},
        {"a.f", "b.f"}, {"a.g"},
    ),
    "eval": (
        {"m.py": "def task(c): return eval(c.text)\ndef hidden(c): return c"},
        {"m.hidden"}, {"a.f"},
    ),
    "importlib": (
        {"m.py": "import importlib\ndef task(c):\n"
                 "    return importlib.import_module(c.name).f(c)"},
        {"a.f", "a.g", "b.f"}, set(),
    ),
    "import_module by name": (
        {"m.py": "from importlib import import_module\n"
                 "def task(c): return import_module(c.name).f(c)"},
        {"a.f", "a.g", "b.f"}, set(),
    ),
    "import_module by another name": (
        {"m.py": "from importlib import import_module as load\n"
                 "def task(c): return load(c.name).f(c)"},
        {"a.f", "a.g", "b.f"}, set(),
    ),
    "import_module by another name, within": (
        {"m.py": "def task(c):\n"
                 "    from importlib import import_module as load\n"
                 "    return load(c.name).f(c)"},
        {"a.f", "a.g", "b.f"}, set(),
    ),
    "__import__": (
        {"m.py": "def task(c): return __import__(c.name).a.f(c)"},
        {"a.f", "b.f"}, set(),
    ),
    "sys.modules": (
        {"m.py": "import sys\n"
                 "def task(c): return sys.modules['pkg.a'].f(c)"},
        {"a.f"}, set(),
    ),
    "a look at which modules are there": (
        {"m.py": "import sys\ndef task(c): return 'pkg.a' in sys.modules"},
        {"m.sys"}, {"a.f"},
    ),
    "decorator": (
        {"m.py": "from pkg.a import f\n@f\ndef task(c): return c"},
        {"a.f"}, {"a.g"},
    ),
    "default argument": (
        {"m.py": "from pkg.a import f\ndef task(c, h=f): return h(c)"},
        {"a.f"}, {"a.g"},
    ),
    "annotation": (
        {"m.py": "from pkg.a import f\ndef task(c: f): return c"},
        {"a.f"}, {"a.g"},
    ),
    "base class and metaclass": (
        {"m.py": "from pkg.n import Base, Meta\n"
                 "class C(Base, metaclass=Meta): pass\n"
                 "def task(c): return C()",
         "n.py": "class Base: pass\nclass Meta(type): pass\nother = 1"},
        {"n.Base", "n.Meta", "m.C"}, {"n.other"},
    ),
    "method": (
        {"m.py": "from pkg import a\nclass C:\n    size = k\n"
                 "    def run(self): return a.f(self)\nk = 3\n"
                 "def task(c): return C().run()"},
        {"a.f", "m.C", "m.k"}, {"a.g"},
    ),
    "nested function and comprehension": (
        {"m.py": "from pkg import a, b\ndef task(c):\n    def inner():\n"
                 "        return [a.f(x) for x in c]\n"
                 "    return inner() + (lambda: b.f(c))()"},
        {"a.f", "b.f"}, {"a.g"},
    ),
    "string with code in it": (
        {"m.py": "from pkg.a import f\ndef task(c): return f'{f(c)}'"},
        {"a.f"}, {"a.g"},
    ),
    "re-export": (
        {"m.py": "from pkg.sub import h\ndef task(c): return h(c)",
         "sub/__init__.py": "from pkg.a import f as h"},
        {"a.f"}, {"a.g"},
    ),
    "re-export by an attribute": (
        {"m.py": "import pkg.sub\ndef task(c): return pkg.sub.h(c)",
         "sub/__init__.py": "from ..a import f as h"},
        {"a.f"}, {"a.g"},
    ),
    "recursion": (
        {"m.py": "def task(c): return h(c)\ndef h(c): return task(c)"},
        {"m.task", "m.h"}, {"a.f"},
    ),
    "a cycle of modules": (
        {"m.py": "from pkg import n\ndef task(c): return n.h(c)\nk = 1",
         "n.py": "from pkg import m\ndef h(c): return m.k"},
        {"n.h", "m.k"}, {"a.f"},
    ),
    "a cycle of stars": (
        {"m.py": "from pkg.n import *\ndef task(c): return len(h(c))\nk = 1",
         "n.py": "from pkg.m import *\ndef h(c): return print(k)"},
        {"n.h", "m.k"}, {"a.f"},
    ),
    "a cycle of names": (
        {"m.py": "from pkg.n import h\ndef task(c): return h(c)",
         "n.py": "from pkg.m import h"},
        {"m.task"}, {"a.f"},
    ),
    "a statement with an effect": (
        {"m.py": "TABLE = {}\nTABLE.update(a=1)\ndef task(c): return TABLE"},
        {"m.<statements>"}, {"a.f"},
    ),
    "an effect by assignment to an attribute": (
        {"m.py": "from pkg import a\nclass C: pass\nC.run = a.f\n"
                 "def task(c): return C().run()"},
        {"m.<statements>", "a.f"}, {"a.g"},
    ),
    "an effect within a loop": (
        {"m.py": "from pkg import a\nTABLE = {}\nfor name in 'xy':\n"
                 "    TABLE[name] = a.f\ndef task(c): return TABLE[c](c)"},
        {"a.f"}, {"a.g"},
    ),
    "an effect within a try": (
        {"m.py": "from pkg import a\nTABLE = {}\ntry:\n    import fast\n"
                 "    TABLE['f'] = a.f\nexcept ImportError:\n    pass\n"
                 "def task(c): return TABLE[c](c)"},
        {"a.f"}, {"a.g"},
    ),
    "an effect of a decorator": (
        {"m.py": "TABLE = {}\ndef register(f):\n    TABLE[f.__name__] = f\n"
                 "    return f\n@register\ndef hidden(c): return c\n"
                 "def task(c): return TABLE[c](c)"},
        {"m.<statements>"}, {"a.f"},
    ),
    "an effect of a module that is only imported": (
        {"m.py": "import pkg.n\nfrom pkg import a\n"
                 "def task(c): return a.f(c)",
         "n.py": "from pkg import a, b\na.f = b.f\nunused = 1"},
        {"n.<statements>", "b.f"}, {"a.g", "n.unused"},
    ),
    "an effect of the package's own file": (
        {"m.py": "def task(c): return c",
         "__init__.py": "import os\nos.environ['A'] = 'b'"},
        {"__init__.<statements>"}, {"a.f"},
    ),
    "a module that is not the main one": (
        {"m.py": "def k(): return 1\nTABLE = []\n"
                 "if __name__ != '__main__':\n    TABLE.append(k)\n"
                 "def task(c): return TABLE[0]()"},
        {"m.k"}, {"a.f"},
    ),
    "what else a main module does": (
        {"m.py": "if __name__ == '__main__':\n    from pkg.a import f\n"
                 "else:\n    from pkg.b import f\ndef task(c): return f(c)"},
        {"b.f"}, {"a.g"},
    ),
    "the main part of a module": (
        {"m.py": "from pkg.a import f\ndef task(c): return c\n"
                 "if __name__ == '__main__':\n    print(f(task(1)))\n"},
        {"m.task"}, {"a.f", "m.<statements>"},
    ),
    "a field with the name of a module": (
        {"m.py": "from pkg import a\nclass C:\n    a: int = 0\n"
                 "def task(c): return C().a, a.g(c)"},
        {"m.C", "a.g"}, {"a.f"},
    ),
    "ignored": (
        {"m.py": "from larder import ignored\n"
                 "from pkg.a import f, g\n@ignored('because')\n"
                 "def h(c): return f(c)\ndef task(c): return g(h(c))"},
        {"a.g"}, {"m.h", "a.f"},
    ),
    "ignored, by way of its module": (
        {"m.py": "from pkg import a\nfrom larder import fingerprint\n"
                 "@fingerprint.ignored('because')\n"
                 "def h(c): return a.f(c)\ndef task(c): return a.g(h(c))"},
        {"a.g"}, {"m.h", "a.f"},
    ),
    "an ignored method": (
        {"m.py": "from digits.fingerprint import ignored\n"
                 "from pkg.a import f, g\nclass C:\n    def k(self):\n"
                 "        return g\n    @ignored('because')\n"
                 "    def h(self):\n        return f(self)\n"
                 "def task(c): return C().k()"},
        {"m.C", "a.g"}, {"a.f"},
    ),
    "a decorator that is only called so": (
        {"m.py": "from pkg.n import ignored\nfrom pkg.a import f\n"
                 "@ignored('because')\ndef h(c): return f(c)\n"
                 "def task(c): return h(c)",
         "n.py": "def ignored(reason): return lambda f: f"},
        {"m.h", "a.f"}, {"a.g"},
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_reach_a_name(tmp_path, way):
    files, wanted, unwanted = WAYS[way]
    root = package(tmp_path, {"a.py": A, "b.py": B} | files)
    found = {
        name.removeprefix("pkg.").replace("pkg.<", "<").replace(
            "__init__.<", "<"
        )
        for name in reached(root, "pkg.m", "task")
    }
    wanted = {name.replace("__init__.<", "<") for name in wanted}
    assert wanted <= found
    assert not unwanted & found


# An edit that changes the meaning, with the old and the new file.
EDITS = {
    "another function of the same name": (
        {"m.py": "from pkg import a, b\nfrom pkg.{} import f\n"
                 "def task(c): return f(c), a.f(c), b.f(c)"},
        "a", "b",
    ),
    "two names exchanged": (
        {"m.py": "from pkg.a import {}\ndef task(c): return f(c) - g(c)"},
        "f, g", "f as g, g as f",
    ),
    "two modules exchanged": (
        {"m.py": "from pkg import {}\ndef task(c): return a.f(c) - b.f(c)"},
        "a, b", "a as b, b as a",
    ),
    "a function known by its decorator": (
        {"m.py": "TABLE = {{}}\ndef register(f):\n"
                 "    TABLE[f.__name__] = f\n    return f\n"
                 "@register\ndef hidden(c): return {}\n"
                 "def task(c): return TABLE[c](c)"},
        "1", "2",
    ),
    "a function known by another's decorator": (
        {"n.py": "T = []\ndef register(f): return T.append(f)",
         "m.py": "from pkg import n\n@n.register\ndef _(c): return {}\n"
                 "def task(c): return n.T[c](c)"},
        "1", "2",
    ),
    "an effect in another order": (
        {"m.py": "T = []\n{}\ndef task(c): return T"},
        "T.append(1)\nT.append(2)", "T.append(2)\nT.append(1)",
    ),
    "a definition twice, in another order": (
        {"m.py": "{}\ndef task(c): return k"},
        "k = 1\nk = 2", "k = 2\nk = 1",
    ),
    "a name used between its two definitions, or after both": (
        {"m.py": "k = 1\n{}\ndef task(c): return used"},
        "used = [k]\nk = 2", "k = 2\nused = [k]",
    ),
    "a name imported twice, in another order": (
        {"m.py": "{}\ndef task(c): return f(c)"},
        "from pkg.a import f\nfrom pkg.b import f",
        "from pkg.b import f\nfrom pkg.a import f",
    ),
    "a name imported and defined, in another order": (
        {"m.py": "{}\ndef task(c): return f(c)"},
        "from pkg.a import f\ndef f(c): return c",
        "def f(c): return c\nfrom pkg.a import f",
    ),
    "what a module serves by its __getattr__": (
        {"n.py": "def __getattr__(name): return {}",
         "m.py": "from pkg.n import served\ndef task(c): return served"},
        "1", "2",
    ),
    "what is served to an import within a function": (
        {"n.py": "def __getattr__(name): return {}",
         "m.py": "def task(c):\n    from pkg.n import served\n"
                 "    return served"},
        "1", "2",
    ),
    "a subclass that its base is told of": (
        {"n.py": "TABLE = []\nclass Base:\n"
                 "    def __init_subclass__(cls): TABLE.append(cls)\n",
         "m.py": "from pkg import n\nclass Middle(n.Base): pass\n"
                 "class _(Middle):\n    k = {}\n"
                 "def task(c): return n.TABLE[-1].k"},
        "1", "2",
    ),
    "a class that its metaclass is told of": (
        {"m.py": "TABLE = []\nclass Meta(type):\n"
                 "    def __init__(cls, *_): TABLE.append(cls)\n"
                 "class _(metaclass=Meta):\n    k = {}\n"
                 "def task(c): return TABLE[0].k"},
        "1", "2",
    ),
    "the docstring of a module as data": (
        {"m.py": "'{}'\ndef task(c): return __doc__"}, "one", "two",
    ),
    "the docstring of another module as data": (
        {"n.py": "'{}'",
         "m.py": "import pkg.n\ndef task(c): return pkg.n.__doc__"},
        "one", "two",
    ),
    "the docstring of another function as data": (
        {"n.py": "def h(c):\n    '{}'",
         "m.py": "from pkg import n\ndef task(c): return n.h.__doc__"},
        "one", "two",
    ),
    "the docstring of its own class as data": (
        {"m.py": "class C:\n    '{}'\n    def f(self):"
                 " return self.__doc__\ndef task(c): return C().f()"},
        "one", "two",
    ),
    "another external library": (
        {"m.py": "{}\ndef task(c): return f(c)"},
        "from math import sin as f", "from math import cos as f",
    ),
    "a star imported from elsewhere": (
        {"m.py": "from pkg.{} import *\ndef task(c): return f(c)"},
        "a", "b",
    ),
    "a star of an external library": (
        {"m.py": "from {} import *\ndef task(c): return sqrt(c)"},
        "math", "cmath",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_meaning_changes_the_fingerprint(tmp_path, edit):
    files, *variants = EDITS[edit]
    found = []
    for variant in variants:
        texts = {name: text.format(variant) for name, text in files.items()}
        root = package(tmp_path, {"a.py": A, "b.py": B} | texts)
        found.append(reached(root, "pkg.m", "task"))
    assert found[0] != found[1]


def test_an_effect_counts_for_all_of_its_module_and_no_other(tmp_path):
    files = {"a.py": A, "b.py": B + "print(1)\n",
             "m.py": "from pkg import a\ndef task(c): return a.f(c)"}
    root = package(tmp_path, files)
    before = reached(root, "pkg.m", "task")
    (root / "pkg" / "b.py").write_text(B + "print(2)\n")
    assert reached(root, "pkg.m", "task") == before
    (root / "pkg" / "a.py").write_text(A + "print(1)\n")
    assert reached(root, "pkg.m", "task") != before
