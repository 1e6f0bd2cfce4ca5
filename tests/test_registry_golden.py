"""Before a version serves it is loaded by a process of its own, and says again what it said (15 s: processes)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from drawn_registry import bundle_of, registered, seat_in

from smearflow.provenance import processor_name
from smearflow.registry.champion import Champion
from smearflow.registry.golden import ANOTHER_CPU, GOLDEN, SAME_CPU, Repeated, repeated, tolerated
from smearflow.registry.succession import Seat

Make = Callable[[Callable[[Path], None]], Champion]


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Seat:
    return seat_in(tmp_path_factory.mktemp("golden"))


@pytest.fixture
def version(seat: Seat, tmp_path: Path) -> Make:
    """A registered version whose bundle was changed before."""

    def make(change: Callable[[Path], None]) -> Champion:
        bundle = bundle_of(tmp_path)
        change(bundle)
        return registered(seat, bundle)

    return make


def say_of_the_third(bundle: Path, probability: float) -> None:
    batch = pd.read_parquet(bundle / GOLDEN)
    batch.loc[2, "probability"] += probability
    batch.to_parquet(bundle / GOLDEN, index=False)


def test_a_version_that_says_the_same_again_passes(seat: Seat, version: Make) -> None:
    found = repeated(seat.uri, version(lambda bundle: None))
    assert found.passed
    assert (found.pictures, found.changed, found.tolerance) == (4, 0, SAME_CPU)
    assert found.words.startswith("It repeated its golden batch of 4 pictures in a process of its own")


def test_a_hair_is_too_much_here_and_tolerated_on_another_processor(seat: Seat, version: Make) -> None:
    made = version(lambda bundle: say_of_the_third(bundle, 1e-4))
    assert made.cpu == processor_name()
    here = repeated(seat.uri, made)
    assert not here.passed
    assert tolerated(replace(made, cpu="another")) == ANOTHER_CPU
    assert replace(here, tolerance=ANOTHER_CPU).passed
    assert here.words == (
        "It doesn't repeat its golden batch of 4 pictures: largest difference 1.0e-04, 1e-05 is allowed; "
        "0 changed decisions."
    )


def test_a_changed_decision_is_never_tolerated() -> None:
    assert not Repeated(pictures=4, difference=0.0, changed=1, tolerance=ANOTHER_CPU).passed


def test_code_that_needs_this_checkout_or_cannot_be_loaded_does_not_pass(seat: Seat, version: Make) -> None:
    def needs_us(bundle: Path) -> None:
        code = (bundle / "serving.py").read_text()
        (bundle / "serving.py").write_text("from smearflow.models.child import say\n" + code)

    found = repeated(seat.uri, version(needs_us))
    assert not found.passed
    assert "smearflow.models.child isn't part of the version" in found.words


def test_without_a_golden_batch_a_drawn_picture_is_scored(seat: Seat, version: Make) -> None:
    found = repeated(seat.uri, version(lambda bundle: (bundle / GOLDEN).unlink()))
    assert found.passed and found.pictures == 0
    assert found.words.startswith("It has no golden batch; it was loaded in a process of its own")
