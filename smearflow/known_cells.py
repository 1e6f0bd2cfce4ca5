"""The cells as runs last saw them: their manifests, as far as they are kept."""

import pandas as pd

from smearflow.data.manifest import read_manifest
from smearflow.summary import read_summary
from smearflow.workspace import Workspace


def cells_of(workspace: Workspace, run_id: str) -> pd.DataFrame | None:
    """The manifest of run ``run_id``; None where it left none, or it is gone."""
    try:
        manifest = read_summary(workspace.run(run_id) / "summary.json").paths.manifest
    except (OSError, ValueError):  # it never ended, or another version of smearflow wrote it
        return None
    return read_manifest(manifest) if manifest and manifest.exists() else None


def known_cells(workspace: Workspace) -> tuple[str, pd.DataFrame] | None:
    """The last run that has a manifest still, and that; None where there is no such run."""
    for file in sorted(workspace.runs.glob("*/summary.json"), reverse=True):
        cells = cells_of(workspace, file.parent.name)
        if cells is not None:
            return file.parent.name, cells
    return None
