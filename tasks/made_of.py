"""What a run's models were made of, and the digests that stand for it in ledger, registry, report and provenance."""

from dataclasses import dataclass

from smearflow.data.manifest import Manifest, labels_digest, read_manifest
from smearflow.data.overlay import Reviewed
from smearflow.data.splitting import Parts
from smearflow.origins import CODE
from smearflow.provenance import code_digest, lock_digest
from tasks.settle import Settled


@dataclass(frozen=True)
class MadeOf:
    """What the run's models were made from.

    ``doubted``: training images left out because their labels are in doubt; ``reviewed``: what people decided about
    labels.
    """

    manifest: Manifest
    parts: Parts
    settled: Settled | None
    doubted: int
    reviewed: Reviewed | None = None


def digests_of(
    manifest: Manifest, parts: Parts, settled: Settled | None, reviewed: Reviewed | None = None
) -> dict[str, str]:
    """What a model was made from: data, labels, split, code and libraries; where there are some, the ledgers of
    patients and of decisions about labels.
    """
    code = code_digest(*CODE)
    ledger = {"ledger": settled.head} if settled else {}
    decisions = {"decisions": reviewed.head} if reviewed and reviewed.decisions else {}
    labels = labels_digest(read_manifest(manifest.path))
    data = {"data": manifest.digest, "labels": labels, "split": parts.digest}
    return {**data, **ledger, **decisions, "code": code, "lock": lock_digest()}
