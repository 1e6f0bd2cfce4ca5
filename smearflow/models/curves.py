"""Training curves: after each epoch, what the network does on the validation set."""

from typing import Any

import numpy as np

from smearflow.evaluation.metrics import auc
from smearflow.models.batches import in_order
from smearflow.models.fitted import Array, Labelled, Row


def validated(network: Any, validation: Labelled) -> Row:
    """What ``network``, with a logit (n, 1), does on the validation set: the figures of ``measured``."""
    return measured(validation, network.predict(in_order(validation.inputs), verbose=0)[:, 0])


def measured(validation: Labelled, logits: Array) -> Row:
    """val_loss (cross-entropy, nats), val_accuracy at 0.5 and val_auc (NaN where a class is missing)."""
    truth, wide = validation.positive, logits.astype(np.float64)
    return {
        "val_loss": float(np.mean(np.logaddexp(0, wide) - truth * wide)),
        "val_accuracy": float(np.mean((wide >= 0) == truth)),
        "val_auc": float(auc(truth, wide, np.ones(len(wide)))),
    }
