"""Weights are found before any work starts, or three ways out are named. No network is needed, or waited for."""

from pathlib import Path

import pytest

from smearflow.errors import MissingPart
from smearflow.models.backbones import BACKBONES, resolve
from smearflow.models.weights import find_weights, keras_cache
from smearflow.settings import Lecture, Model, Train

CACHED = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Keras' cache, and without a way to the network."""
    monkeypatch.delenv("SMEARFLOW_WEIGHTS_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for proxy in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")


def mobilenet(weights: str | None = None, **more: str) -> Model:
    return resolve(Model(name="MobileNetV2", weights=weights, **more), None, Train(), Lecture())


def put(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"weights")
    return folder / name


def test_random_weights_are_no_file() -> None:
    assert find_weights(mobilenet("random")) is None
    assert find_weights(resolve(Model(name="compact"), "imagenet", Train(), Lecture())) is None


@pytest.mark.parametrize("name", [CACHED, "mobilenet_v2_1.00_no_top.weights.h5", "MobileNetV2.weights.h5"])
def test_the_named_folder_comes_first(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(keras_cache(), CACHED)
    file = put(tmp_path / "ours", name)
    monkeypatch.setenv("SMEARFLOW_WEIGHTS_DIR", str(tmp_path / "ours"))
    assert find_weights(mobilenet()) == file


def test_keras_own_cache_comes_second() -> None:
    file = put(keras_cache(), CACHED)
    assert find_weights(mobilenet()) == file


def test_weights_that_can_not_be_had_name_the_places_and_three_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMEARFLOW_WEIGHTS_DIR", str(tmp_path / "ours"))
    with pytest.raises(MissingPart) as caught:
        find_weights(mobilenet())
    for said in ("MobileNetV2", str(tmp_path / "ours"), str(keras_cache()), "does not answer"):
        assert said in caught.value.what
    for way in ("SMEARFLOW_WEIGHTS_DIR", "weights: PATH", "weights: random"):
        assert way in caught.value.fix
    assert not list(keras_cache().iterdir())  # nothing half-fetched is left


def test_a_control_may_stand_in_for_weights_that_can_not_be_had() -> None:
    assert find_weights(mobilenet(fallback="random")) is None


def test_a_path_must_be_a_file(tmp_path: Path) -> None:
    file = put(tmp_path, "mine.weights.h5")
    assert find_weights(mobilenet(str(file))) == file
    with pytest.raises(MissingPart, match=r"there is no weights file .*other\.h5"):
        find_weights(mobilenet(str(tmp_path / "other.h5")))


def test_files_of_two_backbones_never_have_one_name() -> None:
    owners: dict[str, set[str]] = {}
    for row in BACKBONES:
        for name in row.weight_files:
            owners.setdefault(name.lower(), set()).add(row.name)
    assert all(len(rows) == 1 for rows in owners.values())


def test_the_shared_weights_are_found(shared, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    folder = shared("weights")
    monkeypatch.setenv("SMEARFLOW_WEIGHTS_DIR", str(folder))
    assert find_weights(mobilenet()) == folder / "mobilenet_v2_1.00_no_top.weights.h5"
