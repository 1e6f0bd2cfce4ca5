"""The run section: stages, and settings that make the run again."""

from dataclasses import replace
from pathlib import Path

import yaml
from drawn_findings import finished

from smearflow.report.pseudonyms import names_of
from smearflow.report.run_section import run_section, settings_text
from smearflow.settings import Registry, Settings
from smearflow.summary import Paths, PrefectRun


def test_stages_are_measured_against_the_longest(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    section = run_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert (section.longest, section.total) == (75.0, 75.4)
    assert [s.state for s in section.stages] == ["cached", "completed"]


def test_the_settings_read_back_as_they_were() -> None:
    settings = Settings(models=("compact", "VGG19"))
    assert Settings.model_validate(yaml.safe_load(settings_text(settings))) == settings


def test_passwords_in_addresses_stay_out_and_paths_stay(tmp_path: Path) -> None:
    text = settings_text(Settings(registry=Registry(uri="https://anna:secret@mlflow.example/x")))
    assert "https://mlflow.example/x" in text
    findings = finished(tmp_path)
    prefect = PrefectRun(api_url="http://anna:secret@127.0.0.1/api", flow_run_id="f")
    summary = findings.summary.model_copy(update={"prefect": prefect, "paths": Paths(data_docs=Path("/w/i.html"))})
    section = run_section(replace(findings, summary=summary), names_of(None, findings.settings.data, hidden=True))
    assert section.flow_run == "f at http://127.0.0.1/api"
    assert section.paths == {"data docs": "/w/i.html"}
