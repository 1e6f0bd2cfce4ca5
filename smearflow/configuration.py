"""From a YAML file and --set pairs to Settings, with errors that name the key, the value and the nearest key."""

import difflib
import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from smearflow.data.downloads import is_address
from smearflow.errors import SettingsError
from smearflow.settings import Settings

NO_PATHS = ("demo", "nlm")  # what data.source knows by name
WEIGHTS_BY_NAME = ("imagenet", "random")
SQLITE = "sqlite:///"


def load_settings(config: Path | None = None, overrides: Iterable[str] = ()) -> Settings:
    """Settings of ``config`` (a YAML file; None for the defaults) with ``overrides`` ("key.sub=VALUE") over them.

    Raises SettingsError for a file that can't be read, an unknown key or a value that isn't allowed.
    """
    values = _read(config) if config else {}
    for override in overrides:
        _set(values, override)
    return settings_from(values, str(config) if config else "")


def settings_from(values: Mapping[str, Any], origin: str) -> Settings:
    """``values`` as Settings. ``origin`` is the file in which they can be mended, if any. Raises SettingsError."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        details = _innermost(error.errors(include_url=False))
        lines = [_explain(detail) for detail in details]
        edit = f"edit {origin}, or " if origin else ""
        raise SettingsError("\n".join(lines), f"To mend it, {edit}pass --set {_example(details[0])}") from None


def with_absolute_paths(settings: Settings) -> Settings:
    """``settings`` for a process elsewhere: each path that is relative is meant from the folder we are in."""
    source = [_absolute(name, NO_PATHS) for name in settings.data.sources]
    check = settings.quality_check
    given: dict[str, Any] = settings.model_dump()
    given["data"]["source"] = source[0] if isinstance(settings.data.source, str) else source
    given["quality_check"] |= {"drop": _absolute(check.drop), "archive": _absolute(check.archive)}
    given["registry"]["uri"] = _absolute_uri(settings.registry.uri)
    for holder in (given, *given["models"]):
        holder["weights"] = _absolute(holder["weights"], WEIGHTS_BY_NAME)
    return Settings.model_validate(given)


def _absolute(path: str | None, names: Collection[str] = ()) -> str | None:
    """``path``, unless it is one of ``names`` or an address."""
    return path if path is None or path in names or is_address(path) else str(Path(path).expanduser().absolute())


def _absolute_uri(uri: str | None) -> str | None:
    """An address of a registry; SQLite's holds a path, after three slashes."""
    file = (uri or "").removeprefix(SQLITE)
    return f"{SQLITE}{Path(file).absolute()}" if uri and uri.startswith(SQLITE) and file else uri


def as_yaml(settings: Settings) -> str:
    """``settings`` as YAML that ``load_settings`` reads back."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _read(config: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"config {str(config)!r}: {error.strerror}", "Name a YAML file: --config PATH") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = " ".join(str(error).split())
        raise SettingsError(f"config {str(config)!r} is not YAML: {where}", "Mend the file there.") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SettingsError(
            f"config {str(config)!r} holds a {type(values).__name__}, not keys with values",
            "Start from one of config/*.yaml.",
        )
    return values


def _set(values: dict[str, Any], override: str) -> None:
    """Put one "key.sub=VALUE" into ``values``, in place."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise SettingsError(f"--set {override!r} is not KEY=VALUE", "As in --set split.seed=7")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    *parents, last = key.strip().split(".")
    for parent in parents:
        inner = values.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"--set {key}: {parent!r} is a {type(inner).__name__}, it has no keys", _known(()))
        values = inner
    values[last] = value


def _innermost(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """``details`` without those that only follow from an error further inside."""
    paths = [detail["loc"] for detail in details]
    return [d for d in details if not any(p[: len(d["loc"])] == d["loc"] and p != d["loc"] for p in paths)]


def _explain(detail: ErrorDetails) -> str:
    path = _known_part(detail["loc"])
    key = ".".join(str(part) for part in path)
    if detail["type"] == "extra_forbidden":
        known = _keys(path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        hint = f" Did you mean {'.'.join([*map(str, path[:-1]), near[0]])}?" if near else ""
        return f"unknown key {key}.{hint} Known here: {', '.join(known)}."
    message = detail["msg"].removeprefix("Value error, ")
    value = detail["input"]
    shown = "" if isinstance(value, dict) else f" = {value!r}"
    if detail["type"] == "string_pattern_mismatch":
        message += f". It is: {_meaning(path)}"
    return f"{key or 'settings'}{shown}: {message}"


def _known_part(path: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """``path`` without what pydantic adds after a setting that takes one of several types: the type that it tried."""
    section: Any = Settings
    for at, part in enumerate(path):
        if isinstance(part, str):
            if part not in section.model_fields:
                return path
            section = _section_of(section.model_fields[part].annotation)
            if section is None:
                rest = tuple(itertools.takewhile(lambda inner: isinstance(inner, int), path[at + 1 :]))
                return (*path[: at + 1], *rest)
    return path


def _meaning(path: tuple[int | str, ...]) -> str:
    """What the setting at ``path`` is described as."""
    *parents, last = [part for part in path if isinstance(part, str)]
    section: Any = Settings
    for part in parents:
        section = _section_of(section.model_fields[part].annotation)
    return str(section.model_fields[last].description)


def _known(path: tuple[int | str, ...]) -> str:
    return f"Known keys: {', '.join(_keys(path))}"


def _keys(path: tuple[int | str, ...]) -> list[str]:
    """Names of the keys that the section at ``path`` knows."""
    section: Any = Settings
    for part in path:
        if isinstance(part, str):
            section = _section_of(section.model_fields[part].annotation)
    return list(section.model_fields)


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The settings class in an annotation, which may be a tuple of it; None where there is none."""
    if isinstance(annotation, type) and not get_origin(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for inner in get_args(annotation) if (found := _section_of(inner))), None)


def _example(detail: ErrorDetails) -> str:
    """A --set that would do: the key that was wrong, or the one nearest to it, with its default."""
    path = _known_part(detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _keys(path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        path = (*path[:-1], near[0] if near else known[0])
    numbered = next((i for i, part in enumerate(path) if isinstance(part, int)), len(path))
    names = [str(part) for part in path[:numbered]] or ["split", "seed"]
    default: Any = Settings().model_dump(mode="json")
    for name in names:
        default = default[name]
    if isinstance(default, dict):
        told = next((word for word in re.findall(r"\w+", detail["msg"]) if word in default), None)
        if told is None:
            return f"{'.'.join(names)}.{next(iter(default))}=VALUE"
        names, default = [*names, told], default[told]
    if names == ["models"]:
        default = [entry["name"] for entry in default]
    value = inline(default)
    return f"{'.'.join(names)}={value}" if " " not in value else f"'{'.'.join(names)}={value}'"


def annotated_yaml(settings: Settings) -> str:
    """``settings`` as YAML with the meaning, unit and bounds of each key above it; ``load_settings`` reads it back."""
    return "\n".join(_annotated(settings, "")) + "\n"


def _annotated(section: BaseModel, indent: str) -> list[str]:
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        lines.append(f"{indent}# {field.description}")
        if isinstance(value, BaseModel):
            lines += [f"{indent}{name}:", *_annotated(value, indent + "  ")]
        else:
            plain = section.model_dump(mode="json", include={name}, exclude_none=name == "models")[name]
            lines.append(f"{indent}{name}: {inline(plain)}")
    return lines


def inline(value: Any) -> str:
    """``value`` as YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1_000_000)
    return text.split("\n")[0]
