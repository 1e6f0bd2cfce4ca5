"""What the tests share: cells that they draw, one Prefect server and one small trained run a session."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Finds real data or weights below SMEARFLOW_SHARED, or ../shared; skips the test where they are absent."""

    def find(name: str) -> Path:
        root = Path(os.environ.get("SMEARFLOW_SHARED", CHECKOUT.parent / "shared"))
        if not (root / name).exists():
            pytest.skip(f"no {name}: set SMEARFLOW_SHARED to the folder that holds it")
        return root / name

    return find
