"""Validation alone: is this folder fit to train on? Nothing is trained."""

from pathlib import Path

from prefect import flow

from expectations.extensions import find_extensions
from flows.recording import recorded
from smearflow.settings import Settings
from smearflow.summary import Summary, read_summary
from tasks.deduplicate import deduplicate, thumbnails_of
from tasks.ingest import ingest
from tasks.read_labels import read_labels
from tasks.scan import memory_of, scan
from tasks.validate import validate
from tasks.workers import hired


@flow(name="validation", flow_run_name="validate {settings.data.title}", log_prints=True)
def validation(settings: Settings = Settings(), workspace: Path = Path("workspace"), fresh: bool = False) -> Summary:  # noqa: B008
    """Hold a folder of images against the data contract; of an unlabelled one, only files and images.

    Args:
        settings: Everything that the run can be told.
        workspace: Folder that everything is kept in.
        fresh: Compute all anew, whatever earlier runs left.
    """
    with recorded("validate", settings, workspace, fresh) as run, hired(run, settings) as crew:
        suites = find_extensions(settings.data, settings.quality)
        source = ingest(run, run.workspace, settings.data)
        reviewed = read_labels(run, run.workspace)
        scanned = scan(run, source, settings.data, settings.quality, memory_of(run), crew.measurers, reviewed)
        manifest = deduplicate(run, scanned, scanned.root, settings.duplicates, thumbnails_of(run)).manifest
        held = (manifest.path, manifest.root, settings.data, settings.quality, suites)
        validate(run, *held, labels_required=bool(manifest.classes))
    return read_summary(run.folder / "summary.json")
