"""The rooms: imports go one way, heavy ones are late, and the rooms are this checkout's own."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "smearflow": {"smearflow"},
    "expectations": {"expectations", "smearflow"},
    "tasks": {"tasks", "expectations", "smearflow", "prefect"},
    "flows": {"flows", "tasks", "expectations", "smearflow", "prefect"},
}
WATCHED = set().union(*MAY_IMPORT.values())
FILES = [file for room in MAY_IMPORT for file in sorted((CHECKOUT / room).rglob("*.py"))]
HEAVY = ("tensorflow", "keras", "mlflow", "great_expectations", "matplotlib", "prefect")


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(CHECKOUT)))
def test_imports_go_one_way(file):
    room = file.relative_to(CHECKOUT).parts[0]
    named: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named.add((node.module or "").split(".")[0])
    assert named & WATCHED <= MAY_IMPORT[room]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_the_rooms_are_this_checkouts(room):
    module = importlib.import_module(room)
    assert Path(str(module.__file__)).parent == CHECKOUT / room


def test_heavy_libraries_are_imported_where_they_are_used():
    entries = ("pyfunc_entry.py", "docs_entry.py", "determines.py")  # run within MLflow and Great Expectations only
    late = [f for f in FILES if f.name not in ("__init__.py", *entries)]
    modules = [".".join(f.relative_to(CHECKOUT).with_suffix("").parts) for f in late]
    ours = [name for name in modules if name.startswith(("smearflow", "expectations"))]
    code = f"import importlib, sys\nfor m in {ours!r}: importlib.import_module(m)\n"
    code += f"print([h for h in {HEAVY!r} if h in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
