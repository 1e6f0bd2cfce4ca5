"""The run itself: where the time went, what it was made with, and how to make it again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from smearflow.report.findings import Findings
from smearflow.report.pseudonyms import Names
from smearflow.settings import Settings
from smearflow.summary import PrefectRun, StageResult

CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")  # in an address: not for a report


@dataclass(frozen=True)
class RunSection:
    """Stages with the longest one's seconds, versions, digests, settings as YAML, and paths."""

    stages: tuple[StageResult, ...]
    longest: float
    total: float
    versions: Mapping[str, str]
    digests: Mapping[str, str]
    settings: str
    paths: Mapping[str, str]
    flow_run: str | None


def run_section(findings: Findings, names: Names) -> RunSection:
    """Of any run, however far it came."""
    summary = findings.summary
    paths = summary.paths.model_dump(mode="json", exclude_none=True)
    return RunSection(
        stages=summary.stages,
        longest=max((s.seconds for s in summary.stages), default=0) or 1,
        total=sum(s.seconds for s in summary.stages),
        versions=findings.versions,
        digests=findings.digests,
        settings=settings_text(findings.settings),
        paths={name.replace("_", " "): path for name, path in paths.items()},
        flow_run=_flow_run(summary.prefect),
    )


def _flow_run(prefect: PrefectRun | None) -> str | None:
    return f"{prefect.flow_run_id} at {CREDENTIALS.sub('', prefect.api_url)}" if prefect else None


def settings_text(settings: Settings) -> str:
    """The settings as YAML that `--config` takes, without passwords in addresses."""
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)
    return CREDENTIALS.sub("", text)
