"""Describe: what a model's card is written from, gathered from the stages before."""

from dataclasses import dataclass
from importlib.metadata import version

from smearflow.evaluation.slices import worst
from smearflow.models.spec import Trained
from smearflow.registry.card import CardFacts
from smearflow.registry.promotions import Decision
from smearflow.registry.registering import NEEDED
from smearflow.settings import Settings
from tasks.evaluate import Evaluated
from tasks.examine import Examined
from tasks.made_of import MadeOf


@dataclass(frozen=True)
class Judged:
    """The candidate with all that is known of it, and what was decided."""

    decision: Decision
    provisional: bool
    evaluated: Evaluated
    examined: Examined
    trained: Trained
    made_of: MadeOf


def card_facts(judged: Judged, settings: Settings, openings: int) -> CardFacts:
    """What the model's card tells."""
    evaluated, examined = judged.evaluated, judged.examined
    return CardFacts(
        run_id=str(judged.decision.run),
        settings=settings,
        manifest=judged.made_of.manifest,
        parts=judged.made_of.parts,
        trained=judged.trained,
        scores=evaluated.judged,
        why=judged.decision.why,
        provisional=judged.provisional,
        digests=judged.decision.digests,
        versions={name: version(name) for name in NEEDED},
        doubted=judged.made_of.doubted,
        readers=len(judged.made_of.reviewed.readers) if judged.made_of.reviewed else 0,
        openings=openings,
        worst=worst(evaluated.slices),
        abstention=evaluated.abstention,
        novel=examined.novelty,
        latency_ms=examined.latency_ms,
    )
