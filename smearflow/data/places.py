"""From what ``data.source`` names to a folder on this disk: fetched, unpacked or drawn once, then found again."""

from pathlib import Path

from smearflow.data.archives import FILES, check_whole, faults_in, unpack
from smearflow.data.downloads import fetch, is_address, put_aside
from smearflow.data.synthetic import draw_cells
from smearflow.errors import SourceError
from smearflow.progress import progress
from smearflow.provenance import code_digest
from smearflow.settings import Data
from smearflow.workspace import Workspace, alone, building, digest_of, file_digest, is_whole

NLM = "https://data.lhncbc.nlm.nih.gov/public/Malaria/cell_images.zip"

Folder = tuple[Path, dict[str, str]]  # the folder, and what is known to be wrong with files in it, by their path


def place_of(source: str, workspace: Workspace, data: Data) -> Folder:
    """The folder of ``source``, one of data.sources. Raises SourceError where it can't be had."""
    if is_address(source) or source == "nlm":
        return _from_address(NLM if source == "nlm" else source, workspace, data)
    path = demo_cells(workspace, data) if source == "demo" else Path(source).expanduser().absolute()
    if path.is_file():
        return _unpacked(path, checked_digest(path, data.sha256), workspace, data)
    if data.sha256:
        raise SourceError(f"data.sha256 is that of a zip, and {path} is none.", "Leave data.sha256 out, or name a zip.")
    return path, {}


def demo_cells(workspace: Workspace, data: Data) -> Path:
    """The folder of synthetic cells that ``data.demo`` describes, drawn once."""
    key = digest_of(data.demo.model_dump(), data.classes, data.positive, code_digest("smearflow.data.synthetic"))
    target = workspace.artifact("demo", key)
    if not is_whole(target):
        with building(target) as aside, progress("drawing", data.demo.images) as advance:
            draw_cells(aside, data.demo, data.classes, data.positive, advance)
    return target


def checked_digest(archive: Path, expected: str | None) -> str:
    """The SHA-256 of ``archive``. Raises SourceError where another one is ``expected``."""
    try:
        found = file_digest(archive)
    except OSError as error:
        raise SourceError(f"{archive} can't be read: {error.strerror}.", "Make it readable (chmod u+r).") from None
    if expected and found != expected.lower():
        raise SourceError(
            f"{archive} has the SHA-256 {found}, but data.sha256 is {expected.lower()}.",
            "It is another file, or damaged: get it anew, or correct data.sha256. Nothing was unpacked.",
        )
    return found


def _from_address(address: str, workspace: Workspace, data: Data) -> Folder:
    """Fetched, checked, unpacked. A file that isn't the one expected is put aside: the next run fetches anew."""
    archive = fetch(address, workspace.sources, data.sha256 and data.sha256.lower())
    try:
        digest = checked_digest(archive, data.sha256)
        check_whole(archive)
    except SourceError as error:
        raise SourceError(error.what, f"{error.fix} From {address}; kept as {put_aside(archive)}.") from None
    return _unpacked(archive, digest, workspace, data)


def _unpacked(archive: Path, digest: str, workspace: Workspace, data: Data) -> Folder:
    target = workspace.artifact("unpacked", digest[:32])
    with alone(workspace.sources / f"{target.name}.lock"):  # a second run would take away what the first one reads
        if not is_whole(target):
            unpack(archive, target, data.archive)
    return target / FILES, faults_in(target)
