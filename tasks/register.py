"""Register: write down what was decided; make a promoted candidate a version, and the champion."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smearflow.models.spec import Trained
from smearflow.monitoring.reference import add_reference
from smearflow.registry.card import description_of, write_card
from smearflow.registry.champion import Champion, fetch_bundle
from smearflow.registry.promoting import promote
from smearflow.registry.promotions import Decision, Entry, Kind, openings_of_test, plain, read_promotions
from smearflow.registry.registering import Facts
from smearflow.registry.succession import Seat, champion_now, number_of, record, seat_of
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.describe import Judged, card_facts
from tasks.evaluate import Evaluated
from tasks.examine import Examined
from tasks.gate import Gated
from tasks.made_of import MadeOf, digests_of
from tasks.stage import stage

DECISIONS: Mapping[str, Kind] = {"promote": "promoted", "keep": "kept", "none": "refused"}


@dataclass(frozen=True)
class Registered:
    """The champion after the run, if there is one, and what the promotion ledger says of the run.

    ``why_not``: why a candidate that the gate promoted isn't champion. ``entries``: lines of the ledger;
    ``test_openings``: decisions about this registered model for which a test set was opened; ``decisions``: all.
    """

    champion: Champion | None
    bundle: Path | None
    decision: Kind
    why_not: str | None
    entries: int
    test_openings: int
    decisions: tuple[Entry, ...] = ()

    @property
    def promoted(self) -> bool:
        """Whether this run made the champion."""
        return self.decision == "promoted"


def says(registered: Registered) -> str:
    champion = registered.champion
    opened = f"a test set was opened for {registered.test_openings:,} decisions"
    told = f"{registered.why_not or ''}\n\nThe promotion ledger has {registered.entries:,} entries; {opened}.\n"
    if champion is None:
        return f"# Nothing is registered\n\nThere is no champion. {told}"
    news = "is the new champion" if registered.promoted else "stays champion"
    return f"""# {champion.model}, version {champion.version}, {news}

| | |
|---|---|
| load it with | `mlflow.pyfunc.load_model("{champion.uri}")` |
| files | `{registered.bundle}` |
| threshold | {champion.threshold:.4f} |
| weights | `{champion.weights_digest[:12]}` |
| provisional | {champion.provisional} |

{told}"""


# Retried, because the registry may be on another machine. A run has one decision, however often this is tried.
@stage(says, cached=False, task_run_name="register", retries=2, retry_delay_seconds=10)
def register(
    folder: Path,
    gated: Gated,
    evaluated: Evaluated,
    examined: Examined,
    trained: Trained,
    made_of: MadeOf,
    settings: Settings,
    workspace: Workspace,
) -> Registered:
    """Write the gate's decision into the ledger; register the candidate, and give it the alias, if it is promoted."""
    seat = seat_of(settings.registry, workspace)
    champion_now(seat)  # an earlier try may have been cut short after the alias moved
    entry = decision_of(folder.name, seat)
    if entry is None:
        decision = _decision(folder.name, gated, evaluated, made_of, seat)
        judged = Judged(decision, gated.verdict.provisional, evaluated, examined, trained, made_of)
        entry = _promote(seat, judged, settings) if decision.decision == "promoted" else record(seat, decision)
    return _registered(seat, entry, gated)


def decision_of(run_id: str, seat: Seat) -> Entry | None:
    """What was decided about the run, where that is written down already."""
    return next((entry for entry in seat.decisions() if entry.decision.run == run_id), None)


def _decision(run_id: str, gated: Gated, evaluated: Evaluated, made_of: MadeOf, seat: Seat) -> Decision:
    """The gate's verdict as the ledger has it, with what it rests on."""
    verdict, previous = gated.verdict, number_of(gated.champion)
    scores = evaluated.by_name.get(str(verdict.candidate))
    weights = {"weights": scores.weights_digest} if scores else {}
    test = {name: (i.value, i.low, i.high) for name, i in scores.test.items()} if scores else {}
    return Decision(
        decision=DECISIONS[verdict.outcome],
        registry=seat.registry,
        name=seat.name,
        version=previous,
        previous=previous,
        why=verdict.why,
        run=run_id,
        model=verdict.candidate,
        checks=tuple(plain(check) for check in verdict.checks),
        test=test,
        digests={**digests_of(made_of.manifest, made_of.parts, made_of.settled, made_of.reviewed), **weights},
    )


def _promote(seat: Seat, judged: Judged, settings: Settings) -> Entry:
    """Register the model as it was examined, with its card and the cells that new ones will be compared with."""
    decision, scores, made_of = judged.decision, judged.evaluated.judged, judged.made_of
    card = card_facts(judged, settings, openings_of_test(seat.decisions()) + 1)
    facts = Facts(
        run_id=str(decision.run),
        weights_digest=judged.trained.weights_digest,
        provisional=judged.provisional,
        settings=settings.model_dump(mode="json"),
        test=scores.test,
        curves=json.loads((judged.trained.folder / "curves.json").read_text()),
        digests={name: digest for name, digest in decision.digests.items() if name != "weights"},
        description=description_of(card),
    )
    files = None if settings.registry.uri else seat.workspace.registry_files
    with tempfile.TemporaryDirectory() as aside:
        bundle = Path(aside) / "bundle"
        shutil.copytree(judged.examined.bundle, bundle)
        add_reference(bundle, made_of.manifest.path, judged.evaluated.predictions(scores.name))
        write_card(card, bundle)
        return promote(seat, bundle, facts, files, decision)


def _registered(seat: Seat, entry: Entry, gated: Gated) -> Registered:
    """How things stand once ``entry`` is written."""
    champion, decisions = champion_now(seat), seat.decisions()
    made = entry.decision.decision
    return Registered(
        champion=champion,
        bundle=fetch_bundle(seat.uri, champion, seat.workspace.champions) if champion else None,
        decision=made,
        why_not=entry.decision.why if made != DECISIONS[gated.verdict.outcome] else None,
        entries=len(read_promotions(seat.ledger)),
        test_openings=openings_of_test(decisions),
        decisions=decisions,
    )
