"""Serving decodes any image to the same upright RGB, and a bundle loads where this repository isn't (8 s: Keras)."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from smearflow.registry import serving
from smearflow.registry.serving import UnreadableError, decode, load, to_rgb

# What a user of a bundle runs: serving.py is a file beside the model, and nothing of ours can be imported.
ELSEWHERE = """
import sys, io, numpy, pandas
sys.path.insert(0, sys.argv[1])
import serving
from PIL import Image

def encoded(grey):
    data = io.BytesIO()
    Image.new("RGB", (50, 40), (grey, grey, grey)).save(data, "PNG")
    return data.getvalue()

frame = pandas.DataFrame({"image": [encoded(255), b"no image", encoded(0)]}, index=[7, 8, 9])
print(serving.load(sys.argv[1]).predict(frame).to_json(orient="index"))
assert not [name for name in sys.modules if name.startswith("smearflow")]
"""


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def test_what_is_transparent_is_black_as_the_crops_background_is() -> None:
    image = Image.new("RGBA", (4, 4), (200, 100, 50, 0))
    image.putpixel((0, 0), (200, 100, 50, 255))
    assert to_rgb(image).getpixel((0, 0)) == (200, 100, 50)
    assert to_rgb(image).getpixel((3, 3)) == (0, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "PA", "CMYK", "YCbCr", "I", "I;16", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new("L", (6, 4), 0).convert(mode) if mode not in ("PA", "I;16") else Image.new(mode, (6, 4))
    assert to_rgb(image).mode == "RGB"
    assert to_rgb(image).size == (6, 4)


def test_sixteen_bits_are_cut_to_eight_not_clipped_to_white() -> None:
    deep = Image.fromarray(np.full((4, 4), 128 << 8, np.uint16))
    assert to_rgb(deep).getpixel((0, 0)) == (128, 128, 128)


def test_an_image_lying_on_its_side_is_turned_up() -> None:
    image = Image.new("RGB", (2, 1))
    image.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees clockwise
    turned = decode(encoded(image.resize((20, 10), 0), "PNG", exif=exif), 20)
    assert turned[2, 10, 0] > 200
    assert turned[17, 10, 0] < 50


def test_pixels_are_square_and_exact_where_the_size_is_right() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels))
    assert np.array_equal(decode(data, 32), pixels)
    assert decode(data, 20).shape == (20, 20, 3)


@pytest.mark.parametrize("data", [b"", b"no image", encoded(Image.new("RGB", (64, 64)))[:60]], ids=str)
def test_what_is_no_image_is_refused_with_the_decoders_words(data: bytes) -> None:
    with pytest.raises(UnreadableError, match="Error"):
        decode(data, 32)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that says how bright an image is."""
    import keras

    folder = tmp_path_factory.mktemp("bundle")
    pixels = keras.Input((32, 32, 3))
    keras.Model(
        pixels,
        keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)(
            keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 765)(pixels))
        ),
    ).save(folder / "model.keras")
    facts = {"name": "bright", "input_size": 32, "classes": ["dark", "bright"], "positive": "bright", "threshold": 0.4}
    (folder / "model.json").write_text(json.dumps(facts))
    (folder / "serving.py").write_bytes(Path(serving.__file__).read_bytes())
    return folder


def copied(bundle: Path, folder: Path, **facts: object) -> Path:
    """A copy of ``bundle`` below ``folder`` whose model.json says ``facts`` too."""
    copy = shutil.copytree(bundle, folder / "copy")
    known = json.loads((copy / "model.json").read_text())
    (copy / "model.json").write_text(json.dumps(known | facts))
    return copy


def test_each_image_gets_label_probability_and_decision(bundle: Path) -> None:
    images = [encoded(Image.new("RGB", (40, 30), (grey, grey, grey))) for grey in (0, 100, 110, 255)]
    said = load(bundle).predict(images)
    assert list(said.columns) == ["label", "probability", "decision"]
    assert list(said["label"]) == ["dark", "dark", "bright", "bright"]  # the threshold is 0.4: grey 102
    assert list(said["decision"]) == list(said["label"])
    assert said["probability"].tolist() == pytest.approx([0, 100 / 255, 110 / 255, 1], abs=1e-4)


def test_more_images_than_a_batch_keep_their_order(bundle: Path) -> None:
    greys = [index % 256 for index in range(serving.BATCH + 3)]
    said = load(bundle).predict([encoded(Image.new("L", (32, 32), grey)) for grey in greys])
    assert said["probability"].tolist() == pytest.approx([grey / 255 for grey in greys], abs=1e-4)


def test_no_image_at_all_gives_no_row(bundle: Path) -> None:
    assert load(bundle).predict(pd.DataFrame({"image": []})).empty


def test_a_bundle_serves_alone_and_an_unreadable_image_has_nulls(bundle: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(bundle)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = json.loads(ran.stdout)
    assert said["7"] == {"label": "bright", "probability": pytest.approx(1, abs=1e-4), "decision": "bright"}
    assert said["8"] == {"label": None, "probability": None, "decision": None}
    assert said["9"]["label"] == "dark"


def test_a_probability_within_the_band_is_unsure_and_keeps_its_label(bundle: Path, tmp_path: Path) -> None:
    served = copied(bundle, tmp_path, unsure=[0.3, 0.45])
    said = load(served).predict([encoded(Image.new("L", (32, 32), grey)) for grey in (70, 80, 110, 120)])
    assert list(said["label"]) == ["dark", "dark", "bright", "bright"]
    assert list(said["decision"]) == ["dark", "unsure", "unsure", "bright"]


def test_a_stranger_is_out_of_distribution_however_sure_or_unsure(bundle: Path, tmp_path: Path) -> None:
    """What counts as strange here: a mean brightness, the network's only feature, far from 0.4."""
    served = copied(bundle, tmp_path, unsure=[0.9, 1.0], novelty={"threshold": 3.0})
    centre, axes = np.zeros(3 + 20), np.zeros((3 + 20, 1))
    centre[:3], axes[:3, 0] = 0.4 / 3, 10.0
    np.savez(served / "novelty.npz", centre=centre, axes=axes)
    classifier = load(served)
    images = [encoded(Image.new("L", (32, 32), grey)) for grey in (38, 100, 250)]
    said = classifier.predict([*images, b"no image"])
    assert list(said["decision"][:3]) == ["dark", "dark", "out_of_distribution"]
    assert said["label"][2] == "bright" and pd.isna(said["decision"][3])
    pixels = np.stack([decode(image, 32) for image in images])
    probability, described = classifier.described(pixels)
    assert probability == pytest.approx(classifier.probabilities(pixels), abs=1e-6)
    assert described.shape == (3, 23)
    assert described[:, :3].sum(axis=1) == pytest.approx(np.array([38, 100, 250]) / 255, abs=1e-4)


def test_what_the_heads_read_is_found_in_an_ensemble_of_nested_models() -> None:
    from smearflow.models.ensemble import assembled
    from tests.drawn_networks import spotter
    from tests.trained_cells import SIDE, cell

    members = [spotter(), spotter(nested=True)]
    pixels = np.stack([np.asarray(cell(seed, seed % 2 == 0), np.float32) for seed in range(4)])
    network = assembled(members, SIDE)
    said, read = serving.with_features(network).predict_on_batch(pixels)
    assert said == pytest.approx(network.predict(pixels, verbose=0), abs=1e-6)
    assert read.shape == (4, 2)  # a feature of each member
    assert read[:, 0] == pytest.approx(read[:, 1])
    assert (read[[0, 2]] > 0.5).all() and (read[[1, 3]] < 0.5).all()


def test_a_network_with_code_of_its_own_inside_is_refused(bundle: Path, tmp_path: Path) -> None:
    import keras

    served = copied(bundle, tmp_path)
    pixels = keras.Input((32, 32, 3))
    keras.Model(pixels, keras.layers.Lambda(lambda x: x[:, 0, 0, :1])(pixels)).save(served / "model.keras")
    with pytest.raises(ValueError, match="safe_mode"):
        load(served).predict([encoded(Image.new("L", (32, 32)))])
