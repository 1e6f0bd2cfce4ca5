"""The gate: may the best model of this run become champion? Validation chooses it, the test set only judges it."""

import math

from smearflow.evaluation import verdict_words as words
from smearflow.evaluation.comparison import Comparison
from smearflow.evaluation.rules import more_patients, rivalry, rules_of_its_own
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.verdict import Evidence, GateCheck, Incumbent, Verdict
from smearflow.settings import Data, Gate


def choose(candidates: tuple[Scores, ...]) -> Scores:
    """The model with the best validation AUC; of equals, the first. Raises ValueError where there is none."""
    return max(candidates, key=lambda s: -1.0 if math.isnan(s.validation_auc) else s.validation_auc)


def decide(best: Scores | None, evidence: Evidence, champion: Incumbent | None, gate: Gate, data: Data) -> Verdict:
    """The verdict over ``best``: first the rules that hold for any model, then the champion.

    Without a champion a model that holds to the rules is promoted provisionally; a challenger must prove that it isn't
    worse, and where there are too few patients for that, the champion stays.
    """
    if best is None:
        return Verdict("none", None, False, words.NOT_TRAINED, words.TRAIN_AGAIN, ())
    own = rules_of_its_own(best, evidence, gate)
    review = evidence.review if evidence.review and evidence.review.reviewed else None
    reach = words.reach(best, data) + (f" {words.by_reviewed(review)}" if review else "")
    failed = [check for check in own if check.state == "fail"]
    if failed:
        why = f"{reach} {words.missed(failed)}"
        return Verdict("none", best.name, False, why, words.after_miss(champion), own)
    passed = f"{reach} {words.floors(gate)}"
    if champion is None:
        return Verdict("promote", best.name, True, passed, words.FIRST_CHAMPION, own)
    if champion.comparison is None:
        return Verdict("keep", best.name, False, f"{words.same(champion)} {reach}", words.NOTHING_NEW, own)
    return _against(champion, champion.comparison, best.name, passed, own, gate, reviewed=review is not None)


def _against(
    champion: Incumbent,
    comparison: Comparison,
    name: str,
    passed: str,
    own: tuple[GateCheck, ...],
    gate: Gate,
    reviewed: bool,
) -> Verdict:
    """The verdict over a candidate that holds to the rules of its own: it must not be inferior to ``champion``."""
    rivals = rivalry(comparison, gate.tolerance)
    states = {check.state for check in rivals}
    why = f"{passed} {words.compared(champion, comparison, rivals, gate.tolerance, reviewed)}"
    if states == {"pass"}:
        return Verdict("promote", name, False, why, words.succession(champion), own + rivals)
    if "fail" in states:
        return Verdict("keep", name, False, why, words.after_defeat(champion), own + rivals)
    more = more_patients(comparison, gate.tolerance)
    next_step = words.after_doubt(champion, more, comparison.groups)
    return Verdict("keep", name, False, why, next_step, own + rivals, undecided=True, more_patients=more)
