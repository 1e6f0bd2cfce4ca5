"""A small ensemble: the mean of its members' logits, as one Keras model, in a process of its own.

`python -m smearflow.models.ensemble SPEC.json` leaves what a trainer leaves. Members see the same pixels, so all have
one input size. What each image gets is computed from the members' own predictions; the network must agree.
"""

import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.errors import TrainingError
from smearflow.models.bundles import weights_digest, write_bundle
from smearflow.models.child import done_as_told, import_keras, say, timed
from smearflow.models.explain import members_of
from smearflow.models.fitted import Array
from smearflow.models.pixels import decode_files
from smearflow.models.spec import EnsembleSpec, Seconds, Trained

CHECKED = 64  # images whose probabilities the assembled network must repeat
TOLERANCE = 1e-4  # of a probability
LEAST = 1e-6  # a probability nearer to 0 or 1 counts as this far: its logit would be infinite


def main(arguments: list[str]) -> int:
    """Combine as the spec says. Exit status 0, PERMANENT, or 1."""
    return done_as_told(arguments, EnsembleSpec, combine)


def combine(spec: EnsembleSpec) -> None:
    """Bundle, predictions, curves (none: nothing is fitted), and the result last."""
    importing = timed(lambda: import_keras(spec.threads, seed=0))[1]  # nothing is drawn
    start = time.perf_counter()
    network = assembled([loaded(member.folder) for member in spec.members], spec.input_size)
    predictions = averaged([pd.read_parquet(member.folder / "predictions.parquet") for member in spec.members])
    _check(network, predictions, spec)
    size, classes, positive = spec.input_size, spec.classes, spec.positive
    write_bundle(spec.out / "bundle", network, spec.name, input_size=size, classes=classes, positive=positive)
    predictions.to_parquet(spec.out / "predictions.parquet", index=False)
    (spec.out / "curves.json").write_text("[]", encoding="utf-8")
    seconds = Seconds(importing=importing, compiling=0, features=0, fit=time.perf_counter() - start)
    result = described(spec, network, seconds)
    (spec.out / "result.json").write_text(result.model_dump_json(indent=1, exclude={"folder"}), encoding="utf-8")
    say(f"saved {result.params:,} parameters, {result.size_mb:.1f} MiB, weights {result.weights_digest[:12]}")


def loaded(folder: Path) -> Any:
    """The network of a trained model: pixels to probability."""
    import keras

    return keras.models.load_model(folder / "bundle" / "model.keras", compile=False)


def assembled(members: list[Any], size: int) -> Any:
    """One Keras model from pixels (n, size, size, 3), 0-255, to the sigmoid of the mean of the members' logits."""
    import keras
    from keras import ops

    pixels = keras.Input((size, size, 3), name="pixels")
    logits = []
    for number, member in enumerate(members, start=1):
        member.name = f"member_{number}"
        probability = ops.clip(member(pixels), LEAST, 1 - LEAST)
        logits.append(ops.log(probability) - ops.log(1 - probability))
    mean = keras.layers.Average()(logits)
    return keras.Model(pixels, keras.layers.Activation("sigmoid", name="probability")(mean))


def in_logits(network: Any) -> Any:
    """``network`` itself, or, of an ensemble, one that says the same from its members' logits directly.

    As it is trained, a logit is found again from a probability; in integers that comes in steps of 1/256, and those
    near 0 and 1 have no logit left. It takes the members' sigmoids away: the network given is of no more use.
    """
    import keras
    from keras import ops

    members = members_of(network)
    if members == [network]:
        return network
    largest = math.log1p(-LEAST) - math.log(LEAST)
    pixels = keras.Input(network.input_shape[1:], name="pixels")
    logits = []
    for member in members:
        member.layers[-1].activation = keras.activations.linear
        logits.append(ops.clip(member(pixels), -largest, largest))
    mean = keras.layers.Average()(logits)
    return keras.Model(pixels, keras.layers.Activation("sigmoid", name="probability")(mean))


def averaged(predictions: list[pd.DataFrame]) -> pd.DataFrame:
    """The first table's rows that all have, with the sigmoid of the mean logit as ``probability``, float64."""
    by_path = [table.set_index("path")["probability"].rename(str(n)) for n, table in enumerate(predictions)]
    all_of_them = pd.concat(by_path, axis="columns", join="inner")
    probability = all_of_them.to_numpy().clip(LEAST, 1 - LEAST)
    mean = np.mean(np.log(probability) - np.log(1 - probability), axis=1)
    by_all = pd.Series(1 / (1 + np.exp(-mean)), index=all_of_them.index)
    rows = predictions[0][predictions[0]["path"].isin(by_all.index)].reset_index(drop=True)
    return rows.assign(probability=by_all.loc[rows["path"]].to_numpy())


def described(spec: EnsembleSpec, network: Any, seconds: Seconds) -> Trained:
    """What was combined, once its bundle is written. It has cost what its members have, and this."""
    members = spec.members
    return Trained(
        name=spec.name,
        folder=spec.out,
        params=network.count_params(),
        trainable=sum(member.trainable for member in members),
        input_size=spec.input_size,
        cut=None,
        weights=" and ".join(dict.fromkeys(member.weights for member in members)),
        control=any(member.control for member in members),
        epochs=max(member.epochs for member in members),
        seconds=seconds,
        size_mb=(spec.out / "bundle" / "model.keras").stat().st_size / 2**20,
        saved_mb=None,
        note=f"mean logit of {', '.join(member.name for member in members)}",
        weights_digest=weights_digest(network),
        train_seconds=sum(member.train_seconds for member in members),
    )


def _check(network: Any, predictions: pd.DataFrame, spec: EnsembleSpec) -> None:
    """Raise TrainingError (permanent) where the network says otherwise than its members do."""
    rows = predictions.head(CHECKED)
    decoded = decode_files([file_at(spec.root, path) for path in rows["path"]], spec.input_size)
    readable = np.array([error is None for error in decoded.errors], dtype=bool)
    if not readable.any():
        return
    said: Array = network.predict(decoded.pixels, batch_size=CHECKED, verbose=0)[:, 0]
    worst = float(np.max(np.abs(said - rows["probability"].to_numpy()[readable])))
    say(f"{spec.name}: the assembled model agrees with its members to {worst:.0e}")
    if not worst < TOLERANCE:
        raise TrainingError(
            f"{spec.name}: the assembled model differs from its members' mean by {worst:.2g} of a probability",
            "Leave it out of ensembles, and tell the authors.",
            permanent=True,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
