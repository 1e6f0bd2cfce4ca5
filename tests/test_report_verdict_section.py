"""The verdict's headline and figure."""

from pathlib import Path

from drawn_findings import failed, finished

from smearflow.report.pseudonyms import names_of
from smearflow.report.verdict_section import verdict_section


def test_a_finished_run_shows_the_candidates_sensitivity(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    verdict = verdict_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert verdict.hero is not None
    assert verdict.hero.name == findings.candidate
    assert verdict.untrained == ("VGG19",)


def test_a_broken_contract_is_named_without_the_files_names(tmp_path: Path) -> None:
    findings = failed(tmp_path)
    verdict = verdict_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert verdict.why == "A critical expectation of the data failed."
    assert [c.expectation for c in verdict.broken] == ["files can be used"]
    assert verdict.stage == "validate"
    assert verdict.hero is None
