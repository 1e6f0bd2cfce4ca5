"""The report: one HTML file that needs nothing else. Each section is a module that gathers and a template that shows.

A section whose stage wasn't reached is left out, and the page says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from smearflow.report import wording
from smearflow.report.augment_section import augment_section
from smearflow.report.certainty_section import certainty_section
from smearflow.report.data_section import data_section
from smearflow.report.duplicates_section import duplicates_section
from smearflow.report.findings import Findings
from smearflow.report.gate_section import gate_section
from smearflow.report.history_section import history_section
from smearflow.report.labels_section import labels_section
from smearflow.report.lecture_section import is_lecture, lecture_section
from smearflow.report.mistakes_section import mistakes_section
from smearflow.report.models_section import models_section, share_of
from smearflow.report.pseudonyms import Names, names_of
from smearflow.report.quarantine_section import quarantine_section
from smearflow.report.run_section import run_section
from smearflow.report.slices_section import slices_section
from smearflow.report.split_section import split_section
from smearflow.report.verdict_section import verdict_section

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor and template (``NAME_section.html``), its title, and what gathers it."""

    name: str
    title: str
    gather: Callable[[Findings, Names], object | None]
    expected: Callable[[Findings], bool] = lambda findings: True  # whether a run of this kind has it


SECTIONS = (
    Section("lecture", "Beside the lecture", lecture_section, is_lecture),
    Section("data", "Data", data_section),
    Section("duplicates", "Duplicates", duplicates_section),
    Section("split", "Split", split_section),
    Section("augment", "Augmentation", augment_section),
    Section("models", "Models", models_section),
    Section("gate", "Gate", gate_section),
    Section("slices", "Slices", slices_section),
    Section("certainty", "Certainty", certainty_section),
    Section("mistakes", "Mistakes", mistakes_section),
    Section("labels", "Labels", labels_section, lambda findings: False),
    Section("quarantine", "Left out", quarantine_section),
    Section("history", "History", history_section, lambda findings: False),
    Section("run", "Run", run_section),
)


def render(findings: Findings) -> str:
    """The report as HTML: no script, nothing to load, light and dark, for screen and print."""
    data = findings.settings.data
    names = names_of(findings.manifest, data, hidden=findings.settings.report.pseudonyms)
    gathered = [(section, section.gather(findings, names)) for section in SECTIONS]
    return (
        environment(names)
        .get_template("report.html")
        .render(
            findings=findings,
            summary=findings.summary,
            data=data,
            verdict=verdict_section(findings, names),
            sections=[(section, found) for section, found in gathered if found is not None],
            missing=[
                section.title.lower() for section, found in gathered if found is None and section.expected(findings)
            ],
        )
    )


def environment(names: Names) -> Environment:
    """Jinja with the words that the templates use. What they show is escaped, and a misspelt name is an error."""
    jinja = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Callable[..., Any]] = {
        "count": wording.count,
        "percent": wording.percent,
        "metric": wording.metric,
        "seconds": wording.seconds,
        "pixels": wording.pixels,
        "private": names.text,
        "image": names.image,
    }
    jinja.filters.update(filters)
    jinja.globals.update(
        counted=wording.counted,
        value=wording.value,
        spread=wording.spread,
        interval=wording.interval,
        points=wording.points,
        points_spread=wording.points_spread,
        share_of=share_of,
    )
    return jinja
