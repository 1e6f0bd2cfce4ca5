"""Suites of a team's own, besides ours: functions that the configuration names (``quality.suites``)."""

import importlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations import engine
from expectations.rule import Rule
from expectations.tables import known_columns
from smearflow.errors import SettingsError
from smearflow.settings import Data, Quality
from smearflow.workspace import file_digest

HOW = "docs/contract.md shows how a suite is written"


@dataclass(frozen=True)
class Extension:
    """A function that gives rules: ``name`` is ``module:function``, ``digest`` that of its module's source."""

    name: str
    digest: str


def find_extensions(data: Data, quality: Quality) -> tuple[Extension, ...]:
    """The functions of ``quality.suites``, each tried once: what they are is known before any work starts.

    Raises SettingsError where one isn't there, fails, or gives what is no rule that can be run.
    """
    found = tuple(Extension(name, _digest(name)) for name in quality.suites)
    rules_of_extensions(found, data, quality)
    return found


def rules_of_extensions(extensions: Sequence[Extension], data: Data, quality: Quality) -> tuple[Rule, ...]:
    """Their rules, in order. Raises SettingsError as ``find_extensions``."""
    return tuple(rule for extension in extensions for rule in _rules(extension.name, data, quality))


def _rules(name: str, data: Data, quality: Quality) -> tuple[Rule, ...]:
    try:
        given = tuple(_function(name)(data, quality))
    except SettingsError:
        raise
    except Exception as error:
        raise _wrong(name, f"it failed with {type(error).__name__}: {error}", f"Mend it: {HOW}.") from error
    for rule in given:
        _check(name, rule)
    return given


def _check(name: str, rule: Any) -> None:
    if not isinstance(rule, Rule):
        raise _wrong(name, f"it gives {rule!r}, which is no Rule", f"Let it return a tuple of rules: {HOW}.")
    known = known_columns(rule.table)
    for column in rule.columns:
        if column not in known:
            raise _wrong(name, f"{rule.sentence!r} names the column {column!r}", f"Known: {', '.join(known)}.")
    try:
        expectation = engine.build(0, rule)
    except Exception as error:
        told = " ".join(str(error).split())
        raise _wrong(name, f"{rule.sentence!r} can't be run as {rule.kind}: {told}", f"Mend the rule: {HOW}.") from None
    if rule.quarantines and not (rule.table == "images" and engine.looks_at_rows(expectation)):
        told = f"{rule.sentence!r} quarantines, but {rule.kind} over {rule.table} says of no image that it breaks it"
        raise _wrong(name, told, f"Ask image by image, or let it not quarantine: {HOW}.")


def _function(name: str) -> Any:
    module, _, function = name.partition(":")
    found = getattr(_module(name), function, None)
    if not callable(found):
        raise _wrong(name, f"{module} has no function {function}", "Mend the name, or write the function.")
    return found


def _module(name: str) -> Any:
    module = name.partition(":")[0]
    try:
        return importlib.import_module(module)
    except Exception as error:
        told = f"{module} can't be imported ({type(error).__name__}: {error})"
        raise _wrong(name, told, "Install it beside smearflow, or put its folder on PYTHONPATH.") from None


def _digest(name: str) -> str:
    source = inspect.getsourcefile(_module(name))
    return file_digest(Path(source)) if source else ""


def _wrong(name: str, what: str, fix: str) -> SettingsError:
    return SettingsError(f"quality.suites = {name!r}: {what}.", fix)
