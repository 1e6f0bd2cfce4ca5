"""An ensemble: the mean logit of its members as one Keras model, which must say what they say."""

import numpy as np
import pandas as pd
import pytest

from smearflow.models.ensemble import assembled, averaged, in_logits


def table(**probability: float) -> pd.DataFrame:
    return pd.DataFrame({"path": list(probability), "label": "x", "probability": list(probability.values())})


def test_the_mean_is_of_logits_over_the_rows_that_all_have() -> None:
    mean = averaged([table(a=0.9, b=0.5, c=0.2), table(c=0.8, a=0.9)])
    assert mean["path"].tolist() == ["a", "c"]
    assert mean["probability"].to_numpy() == pytest.approx([0.9, 0.5])


def test_a_member_that_is_wholly_sure_is_not_infinitely_so() -> None:
    mean = averaged([table(a=1.0), table(a=0.0)])
    assert mean["probability"].to_numpy() == pytest.approx([0.5])


def test_the_assembled_network_is_the_mean_of_its_members() -> None:
    from smearflow.models.networks import compact, with_probability

    members = [with_probability(compact(32)) for _ in range(2)]
    for number, member in enumerate(members):
        head = [np.full((128, 1), 0.01 * (number + 1)), np.array([-0.2])]
        member.set_weights([*member.get_weights()[:-2], *head])
    pixels = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype(np.float32)
    each = [member.predict(pixels, verbose=0)[:, 0].astype(np.float64) for member in members]
    wanted = 1 / (1 + np.exp(-np.mean([np.log(p / (1 - p)) for p in each], axis=0)))
    network = assembled(members, 32)
    got = network.predict(pixels, verbose=0)[:, 0]
    assert np.abs(each[0] - each[1]).max() > 1e-3
    assert got == pytest.approx(wanted, abs=1e-5)
    bare = in_logits(network)
    assert bare.predict(pixels, verbose=0)[:, 0] == pytest.approx(wanted, abs=1e-5)
    assert not any("log" in layer.name for layer in bare.layers)
    assert in_logits(members[0]) is members[0]
