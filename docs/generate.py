"""The tables in docs/ that the code knows: `make docs` writes them, a test holds that they are fresh."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from smearflow.configuration import inline
from smearflow.data.manifest import COLUMNS, CONVERSIONS, REASONS
from smearflow.models.backbones import BACKBONES, Backbone
from smearflow.settings import Settings

DOCS = Path(__file__).parent
NOTE = "Written by `make docs` from the code; edit it there."


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


def settings() -> str:
    rows = [(f"`{key}`", f"`{default}`", meaning) for key, default, meaning in _keys(Settings(), "")]
    return _page("Settings", _table(("key", "default", "meaning"), rows), "From `smearflow/settings/`.")


def manifest() -> str:
    columns = _table(("column", "dtype", "meaning"), [(f"`{c.name}`", c.dtype, c.meaning) for c in COLUMNS])
    reasons = ", ".join(f"`{reason}`" for reason in REASONS)
    done = ", ".join(f"`{how}` ({meaning})" for how, meaning in CONVERSIONS.items())
    told = (
        f"From `smearflow/data/manifest.py`.\n\nReasons, of which a row has the first that holds: {reasons}.\n\n"
        f"Conversions, which lose nothing that matters here: {done}."
    )
    return _page("The manifest", columns, told)


def backbones() -> str:
    published = ("name", "MB", "top-1", "top-5", "parameters", "depth", "CPU ms", "GPU ms")
    here = ("without top", "preprocessing", "least px", "px here", "cut")
    rows = [
        (
            *(b.name, b.size_mb, b.top1, b.top5, _thousands(b.params), b.depth, b.cpu_ms, b.gpu_ms),
            *(_thousands(b.frozen_params), b.preprocessing, b.least_size, b.input_size, _cut(b)),
        )
        for b in BACKBONES
    ]
    told = (
        "From `smearflow/models/backbones.py`. Up to GPU ms: as published, with the top. Then how each is used here: "
        "parameters without the top, preprocessing of pixels (`tf`: -1 to 1; `caffe`: BGR less the mean; `torch`: by "
        "mean and deviation; `none`: in the network), least and default side of the input, and the layers whose pooled "
        "output is the feature."
    )
    return _page("Backbones", _table((*published, *here), rows), told)


def _thousands(number: int | None) -> str | None:
    return f"{number:,}" if number else None


def _cut(backbone: Backbone) -> str:
    return ", ".join(backbone.cut or ()) or ("last layer" if backbone.frozen else "trained whole")


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "manifest.md": manifest,
    "backbones.md": backbones,
}


def _keys(section: BaseModel, prefix: str) -> Iterator[tuple[str, object, str]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _keys(value, f"{prefix}{name}.")
        else:
            plain = section.model_dump(mode="json", exclude_none=True).get(name)
            yield f"{prefix}{name}", inline(plain), str(field.description)


def _page(title: str, table: str, told: str) -> str:
    return f"# {title}\n\n{NOTE} {told}\n\n{table}"


def _table(heading: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [tuple(heading), *rows]
    cells = [["" if c is None else str(c).replace("|", "\\|") for c in line] for line in lines]
    cells.insert(1, ["---"] * len(cells[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


if __name__ == "__main__":
    main()
