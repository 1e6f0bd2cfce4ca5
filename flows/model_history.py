"""What `smearflow models` prints: the history as two tables, the proof of it, the comparison of two versions."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.tables import aligned
from smearflow.registry.history import shown
from smearflow.registry.verifying import Proof

KEY = ("sensitivity", "specificity", "auc")  # figures that a table has room for
LONGEST = 100  # characters of a reason in a table; --json has all of it
DONE = {"rolled_back": "rolled back"}


def history_lines(name: str, told: Mapping[str, Any]) -> list[str]:
    """Who of the versions was champion when, then every decision with its figures and the beginning of its reason.

    ``told``: what smearflow/registry/history.py makes of it.
    """
    if not told["versions"] and not told["decisions"]:
        return [f"Nothing was decided about {name} yet."]
    versions = [("version", "model", "registered", "champion"), *(_version(past) for past in told["versions"])]
    heading = ("when", "decision", "champion", "judged", *KEY, "by", "why")
    decisions = [heading, *(_decision(entry) for entry in told["decisions"])]
    return [f"{name}, times in UTC", "", *aligned(versions), "", *aligned(decisions)]


def proof_lines(proof: Proof) -> list[str]:
    """The proof, or what is wrong, a line each."""
    if not proof.entries:
        return ["nothing   There is no decision on record that could be proved."]
    whole = f"{proof.entries:,} entries of the ledger, each continuing the one before"
    files = f"{proof.files:,} files of {proof.versions:,} version{'s' * (proof.versions != 1)}"
    lines = [f"wrong     {wrong}" for wrong in proof.wrong] or [f"proved    {files}, each as it was registered"]
    lines.append(f"chain     {whole}")
    if proof.elsewhere:
        lines.append(f"left out  {proof.elsewhere:,} entries about other names or registries: their files weren't read")
    return lines


def comparison_lines(told: Mapping[str, Any]) -> list[str]:
    """Figure by figure, the first version minus the second."""
    one, other = told["versions"]
    lines = [f"version {one} minus version {other}, on {told['images']:,} test images of {told['groups']:,} patients"]
    lines += [f"{name:<18}{_signed(figure)}" for name, figure in told["difference"].items()]
    lines.append(
        f"right alone       version {one} on {told['only_candidate']:,}, version {other} on {told['only_other']:,}"
    )
    lines.append(f"by chance         {told['chance']:.3g} (McNemar's test, as if images were independent)")
    lines.append(f"test set          of run {told['run']}")
    return lines


def _version(past: Mapping[str, Any]) -> tuple[str, ...]:
    spans = [f"{shown(held['since']) or 'the beginning'} to {shown(held['until']) or 'now'}" for held in past["held"]]
    return str(past["version"]), past["model"], shown(past["made"]), ", ".join(spans) or "never"


def _decision(entry: Mapping[str, Any]) -> tuple[str, ...]:
    marks = [word for word, is_so in (("forced", entry["forced"]), ("recovered", entry["recovered"])) if is_so]
    done = DONE.get(entry["decision"], entry["decision"])
    figures = (_share(entry["test"].get(name)) for name in KEY)
    why = entry["why"] if len(entry["why"]) <= LONGEST else entry["why"][: LONGEST - 3] + "..."
    holder = "-" if entry["version"] is None else str(entry["version"])
    told = f"{done} ({', '.join(marks)})" if marks else done
    return shown(entry["when"]), told, holder, entry["model"] or "-", *figures, entry["who"] or "-", why


def _share(figure: Sequence[float | None] | None) -> str:
    value = figure[0] if figure else None
    return "-" if value is None else f"{value:.3f}"


def _signed(figure: Mapping[str, float | None]) -> str:
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None or low is None or high is None:
        return "not measured"
    return f"{value:+.4f} ({low:+.4f} to {high:+.4f})"
