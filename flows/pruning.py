"""Pruning: what is removed by `smearflow prune`, and after each run where keep.runs is set."""

from smearflow.registry.lineage import runs_that_serve
from smearflow.registry.rollback import runs_to_go_back_to
from smearflow.registry.succession import seat_of
from smearflow.retention import Removal, remove, superfluous
from smearflow.room import mib
from smearflow.settings import Settings
from smearflow.workspace import Workspace


def pruned(workspace: Workspace, settings: Settings, dry_run: bool = False) -> list[str]:
    """Remove what keep.runs doesn't keep; a line a thing, and the space. With ``dry_run`` they are only told.

    Raises UsageError while another run is under way, MissingPart where the registry can't say what serves.
    """
    if settings.keep.runs is None:
        return ["keep.runs isn't set: every run is kept. Keep the last ten: --set keep.runs=10"]
    seat = seat_of(settings.registry, workspace)
    serving = runs_that_serve(seat.uri, seat.name) | runs_to_go_back_to(seat)
    removals = superfluous(workspace, settings.keep.runs, serving)
    if not dry_run:
        remove(removals)
    return lines_of(removals, workspace, dry_run)


def lines_of(removals: list[Removal], workspace: Workspace, dry_run: bool) -> list[str]:
    """What goes, or would, and how much space that is."""
    word = "would remove" if dry_run else "removed"
    each = [f"{word} {removal.path.relative_to(workspace.root)} ({mib(removal.size)})" for removal in removals]
    return [*each, f"{word} {len(removals):,} things, {mib(sum(removal.size for removal in removals))}"]
