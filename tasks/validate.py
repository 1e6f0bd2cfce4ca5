"""Validate: hold the manifest against the data contract. A broken critical expectation ends the run here."""

from dataclasses import replace
from pathlib import Path

from expectations.contract import BREACHES, DOCS, Contract, ContractBroken, check
from expectations.extensions import Extension
from smearflow.data.manifest import read_manifest
from smearflow.service.page import shown_at
from smearflow.settings import Data, Quality
from smearflow.workspace import building
from tasks.stage import stage


def says(contract: Contract) -> str:
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
{docs}: `{contract.docs}`
"""


# Not retried: the same rows break the same expectations.
@stage(says, code=("expectations.docs_entry",), task_run_name="validate the manifest")
def validate(
    folder: Path,
    manifest: Path,
    data: Data,
    quality: Quality,
    extensions: tuple[Extension, ...] = (),
    labels_required: bool = True,
) -> Contract:
    """Read the manifest, run the suites of ``expectations/`` and a team's own, write Data Docs and breaches.

    Raises ContractBroken.
    """
    rows = read_manifest(manifest)
    with building(folder) as aside:
        found = check(rows, data, quality, aside, labels_required=labels_required, extensions=extensions)
    contract = replace(found, docs=folder / DOCS / "index.html", breaches=folder / BREACHES)
    if not contract.passed:
        validate.publish(contract)
        raise ContractBroken(contract)
    return contract
