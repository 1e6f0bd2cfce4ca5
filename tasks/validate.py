"""Validate: hold the manifest against the data contract. A broken critical expectation ends the run here."""

from dataclasses import dataclass, replace
from pathlib import Path

from expectations.breaches import LEFT_OUT
from expectations.contract import BREACHES, DOCS, Contract, check, error_of
from expectations.extensions import Extension
from smearflow.data.manifest import Manifest, manifest_of, read_manifest, write_manifest
from smearflow.errors import DataError
from smearflow.service.page import shown_at
from smearflow.settings import Data, Quality
from smearflow.workspace import building
from tasks.stage import stage


@dataclass(frozen=True)
class Checked:
    """What the contract says, and the manifest marked with it: what each row breaks, and what is left out for it."""

    contract: Contract
    manifest: Manifest


class ContractBroken(DataError):
    """A critical expectation failed. ``checked`` says which, and what else was found."""

    def __init__(self, checked: Checked) -> None:
        error = error_of(checked.contract)
        super().__init__(error.what, error.fix)
        self.checked = checked


def says(checked: Checked) -> str:
    contract = checked.contract
    rows = "".join(
        f"| {'pass' if c.passed else c.severity.upper()} | {c.expectation} | {c.bound} | {c.observed} "
        f"| {', '.join(c.settings) or 'fixed'} | {c.why} |\n"
        for c in contract.checks
    )
    address = shown_at(contract.docs) if contract.docs else None
    docs = f"[Data Docs]({address}), on disk" if address else "Data Docs"
    held = sum(c.passed for c in contract.checks)
    return f"""# {held} of {len(contract.checks)} expectations hold

| | expectation | bound | observed | set by | why |
|---|---|---|---|---|---|
{rows}
{_left_out(checked.manifest)}{docs}: `{contract.docs}`
"""


def _left_out(manifest: Manifest) -> str:
    """How many images the contract itself takes out; nothing where it takes none."""
    count = manifest.reasons.get(LEFT_OUT, 0)
    return f"Left out for breaking a rule: {count:,} (reason `{LEFT_OUT}`).\n\n" if count else ""


# Not retried: the same rows break the same expectations.
@stage(says, code=("expectations.docs_entry", "expectations.determines"), task_run_name="validate the manifest")
def validate(
    folder: Path,
    manifest: Path,
    root: Path,
    data: Data,
    quality: Quality,
    extensions: tuple[Extension, ...] = (),
    labels_required: bool = True,
) -> Checked:
    """Read the manifest, run the suites of ``expectations/`` and a team's own; write Data Docs and breaches.

    The manifest that later stages read is written here, with what each row breaks, and its quarantine.
    Raises ContractBroken.
    """
    given = read_manifest(manifest)
    with building(folder) as aside:
        found, rows = check(given, data, quality, aside, labels_required=labels_required, extensions=extensions)
        write_manifest(rows, aside)
    checked = Checked(
        contract=replace(found, docs=folder / DOCS / "index.html", breaches=folder / BREACHES),
        manifest=manifest_of(rows, folder, root, measured=0),
    )
    if not checked.contract.passed:
        validate.publish(checked)
        raise ContractBroken(checked)
    return checked
