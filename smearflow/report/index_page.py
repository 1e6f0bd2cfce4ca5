"""The front page of a workspace: which model serves, how the last check went, what the last runs came to.

Read anew at each look from what runs and checks left: summary.json and checks/latest.json. It names no file and no
patient; the reports behind it do that under their own rules.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from smearflow.report import wording
from smearflow.report.headlines import Headline, headline_of
from smearflow.summary import ChampionResult, ModelResult, Summary, read_summary
from smearflow.workspace import Workspace

SHOWN = 40  # runs on the page
LOOKED_AT = 400  # runs, back to which a champion's own is looked for
TONES = {"ok": "good", "warning": "poor", "alarm": "bad"}  # of a check's verdict


@dataclass(frozen=True)
class RunLine:
    """One run: when, what it came to, and what of it can be opened (addresses on this page, None where not there)."""

    summary: Summary
    when: datetime | None
    headline: Headline
    told: str
    report: str | None
    data_docs: str | None


@dataclass(frozen=True)
class Serving:
    """A champion, and its own figures from the run that made it, where that is still there."""

    champion: ChampionResult
    made: RunLine | None
    model: ModelResult | None


def render_index(workspace: Workspace) -> str:
    """The front page as HTML."""
    lines = list(_lines(workspace))
    return _template("index.html").render(
        title="smearflow",
        workspace=workspace.root.name,
        champions=_champions(lines),
        check=_check(workspace),
        lines=lines[:SHOWN],
        earlier=len(lines[SHOWN:]),
        now=datetime.now(UTC),
    )


def render_missing() -> str:
    """What is shown in place of a page that isn't there."""
    return _template("missing.html").render(title="Not here – smearflow")


def _template(name: str) -> Template:
    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals.update(counted=wording.counted, value=wording.value, spread=wording.spread)
    return jinja.get_template(name)


def _lines(workspace: Workspace) -> Iterator[RunLine]:
    """The runs, newest first. One that is under way, or whose summary is of another version, is left out."""
    folders = sorted((workspace.root / "runs").glob("*/summary.json"), key=lambda f: f.parent.name, reverse=True)
    for path in folders[:LOOKED_AT]:
        with contextlib.suppress(OSError, ValueError):
            yield _line(workspace, path.parent, read_summary(path))


def _line(workspace: Workspace, folder: Path, summary: Summary) -> RunLine:
    docs = summary.paths.data_docs
    return RunLine(
        summary=summary,
        when=_when(summary.run_id),
        headline=headline_of(summary),
        told=_told(summary),
        report=f"/runs/{folder.name}/report.html" if (folder / "report.html").exists() else None,
        data_docs=_address(workspace, docs) if docs else None,
    )


def _told(summary: Summary) -> str:
    """One sentence. Of a failure only the stage: its words may name files."""
    if summary.status == "completed":
        return summary.verdict.why.partition("\n")[0]
    stage = next((s.name for s in summary.stages if s.state == "failed"), None)
    return f"It ended in the stage {stage}." if stage else "It was ended before it was done."


def _champions(lines: list[RunLine]) -> list[Serving]:
    """The champion of each registered name, as the newest run that knows of it says."""
    found: dict[str, ChampionResult] = {}
    for line in lines:
        if line.summary.champion:
            found.setdefault(line.summary.champion.registry_name, line.summary.champion)
    return [_serving(champion, lines) for champion in found.values()]


def _serving(champion: ChampionResult, lines: list[RunLine]) -> Serving:
    key = (champion.registry_name, champion.version)
    made = next((line for line in lines if _promoted(line.summary) == key), None)
    models = made.summary.models if made else ()
    return Serving(champion, made, next((m for m in models if m.name == champion.model), None))


def _promoted(summary: Summary) -> tuple[str, int] | None:
    if summary.verdict.outcome != "promoted" or summary.champion is None:
        return None
    return summary.champion.registry_name, summary.champion.version


def _check(workspace: Workspace) -> dict[str, Any] | None:
    """The last quality check with its colour and the address of its page; None where there was none."""
    try:
        found: dict[str, Any] = json.loads((workspace.checks / "latest.json").read_text())
        verdict = str(found["verdict"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    history = workspace.checks / "index.html"
    return {
        "verdict": verdict,
        "tone": TONES.get(verdict, "calm"),
        "cells": found.get("cells"),
        "patients": found.get("patients"),
        "when": found.get("when"),
        "why": found.get("why"),
        "page": "/checks/index.html" if history.exists() else None,
    }


def _when(run_id: str) -> datetime | None:
    """When a run began: its name begins with that, 20261124-081500."""
    try:
        return datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _address(workspace: Workspace, file: Path) -> str | None:
    """Where the page shows ``file``; None where it is gone, or was left by another folder's run."""
    if not file.is_relative_to(workspace.root) or not file.exists():
        return None
    return f"/{file.relative_to(workspace.root).as_posix()}"
