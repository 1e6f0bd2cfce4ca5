"""In which precision a network is trained: by what the hardware has, and what is saved is float32 all the same."""

from pathlib import Path

import numpy as np
import pytest
from trained_cells import spec_of

from smearflow.models.precision import computing_in, policy, policy_of_cpu, policy_of_gpu
from smearflow.models.whole import built, in_float32


@pytest.mark.parametrize(
    ("capability", "name"), [((6, 1), "float32"), ((7, 5), "mixed_float16"), ((9, 0), "mixed_bfloat16")]
)
def test_a_gpu_computes_in_what_its_cores_are_made_for(capability: tuple[int, int], name: str) -> None:
    assert policy_of_gpu(capability) == name


def test_a_processor_computes_in_bfloat16_where_it_has_tiles_for_it(tmp_path: Path) -> None:
    with_tiles, without = tmp_path / "with", tmp_path / "without"
    with_tiles.write_text("flags : fpu avx512_bf16 amx_bf16 amx_tile\n")
    without.write_text("flags : fpu avx2 avx512_bf16\n")
    assert policy_of_cpu(with_tiles) == "mixed_bfloat16"
    assert policy_of_cpu(without) == policy_of_cpu(tmp_path / "no Linux") == policy(wanted=False) == "float32"


def test_the_policy_holds_for_the_body_alone() -> None:
    import keras

    with computing_in("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_what_was_fitted_in_bfloat16_is_saved_as_float32_with_the_same_weights(tmp_path: Path) -> None:
    spec = spec_of(tmp_path / "split.parquet", tmp_path / "out", name="compact")
    mixed = built(spec, "mixed_bfloat16")
    mixed.compile("adam", "binary_crossentropy")
    draw = np.random.default_rng(0)
    pixels, labels = draw.integers(0, 256, (32, 32, 32, 3)).astype(np.float32), draw.integers(0, 2, (32, 1))
    mixed.fit(pixels, labels, verbose=0)
    plain = in_float32(mixed, spec)
    assert {variable.dtype for variable in plain.weights} == {"float32"}
    assert all(layer.compute_dtype == "float32" for layer in plain.layers)
    assert np.allclose(plain.predict(pixels, verbose=0), mixed.predict(pixels, verbose=0), atol=0.05)
