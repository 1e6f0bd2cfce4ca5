"""The command line: ``smearflow VERB``. Parses, then hands over; what a verb needs is imported when it runs."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from smearflow.errors import SmearflowError

MODULES = {  # of verbs that aren't in flows/commands.py
    **dict.fromkeys(("models", "rollback", "backup", "restore"), "models_commands"),
    "review": "review_commands",
    "labels": "labels_commands",
}
DATA = "folder of class folders, a zip, an https address of a zip, nlm or demo (data.source)"

EPILOG = """exit status: 0 finished (promoted or kept); 1 critical failure of the data, or no candidate reaches the
floors, or a quality check alarms; 2 bad usage, configuration or a missing part"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. A SmearflowError is told in its own words, without a traceback."""
    _checkout_first()
    chosen = parser().parse_args(arguments)
    module = importlib.import_module(f"flows.{MODULES.get(chosen.verb, 'commands')}")
    try:
        status: int = getattr(module, chosen.verb)(chosen)
    except SmearflowError as error:
        print(f"smearflow: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("smearflow: interrupted; the next run takes up what was finished.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        return 0
    except OSError as error:  # what the disk says where nobody has better words
        if error.filename is None:
            raise
        print(
            f"smearflow: {error.filename}: {error.strerror}.\nLook at the path, its rights and its room.",
            file=sys.stderr,
        )
        return 2
    return status


def parser() -> argparse.ArgumentParser:
    """The parser of every verb."""
    top = argparse.ArgumentParser(
        prog="smearflow", description="From labelled cell images to a registered, explained classifier.", epilog=EPILOG
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    common = _common()

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", parents=[common])

    run = verb("run", "train, evaluate, register and report")
    run.add_argument("--data", metavar="PATH", help=DATA)
    run.add_argument("--fresh", action="store_true", help="compute all anew, whatever earlier runs left")
    validate = verb("validate", "hold images against the data contract; train nothing")
    validate.add_argument("path", nargs="?", metavar="PATH", help=DATA)
    validate.add_argument("--data", metavar="PATH", help="the same as PATH")
    validate.add_argument("--fresh", action="store_true", help="scan anew, whatever earlier runs left")
    validate.add_argument("--json", action="store_true", help="print the summary as JSON")
    check = verb("check", "hold new cells against what the champion was measured on; move nothing")
    check.add_argument(
        "path", type=Path, metavar="PATH", help="folder of new cells, in class folders or without labels"
    )
    check.add_argument("--json", action="store_true", help="print the result as JSON")
    predict = verb("predict", "score images with the champion, as CSV, one line a file")
    predict.add_argument("paths", nargs="+", metavar="PATH", help="image, or folder read recursively")
    predict.add_argument("--json", action="store_true", help="one JSON object a line instead of CSV")
    demo = verb("demo", "draw synthetic blood-smear cells")
    demo.add_argument("dir", type=Path, metavar="DIR", help="folder to write; must not hold anything yet")
    demo.add_argument("--images", type=int, metavar="N", help="cells to draw (data.demo.images)")
    demo.add_argument("--faults", action="store_true", help="plant each fault of the vocabulary among them")
    _about_labels(verb)
    export = verb("export", "the champion as files for phones and small computers, measured on its test set")
    export.add_argument(
        "--format",
        default="all",
        metavar="NAME",
        help="litert-float32, litert-float16, litert-int8, openvino-float32, openvino-float16; litert, openvino or all",
    )
    which = export.add_mutually_exclusive_group()
    which.add_argument("--version", type=int, metavar="N", help="this version in place of the champion")
    which.add_argument("--model", metavar="LABEL", help="this model of the last run, registered or not")
    export.add_argument("--out", type=Path, metavar="DIR", help="folder for the files (exports/ in the workspace)")
    reproduce = verb("reproduce", "run an earlier run again, beside everything, and compare weights and figures")
    reproduce.add_argument("run_id", metavar="RUN_ID", help="its folder's name below runs/ in the workspace")
    prune = verb("prune", "remove what keep.runs doesn't keep: old runs, and what only they are made of")
    prune.add_argument("--dry-run", action="store_true", help="only say what would be removed, and how much it is")
    models = verb(
        "models", "say who was champion when and why; `verify` proves it, `compare A B` compares two versions"
    )
    models.add_argument(
        "ask", nargs="?", choices=("verify", "compare"), metavar="verify|compare", help="default: history"
    )
    models.add_argument("versions", nargs="*", type=int, metavar="VERSION", help="two versions to compare")
    models.add_argument("--json", action="store_true", help="as JSON")
    rollback = verb("rollback", "put an earlier champion back, once it has repeated its golden batch")
    rollback.add_argument("version", nargs="?", type=int, metavar="VERSION", help="default: the champion before")
    rollback.add_argument("--force", action="store_true", help="also where it doesn't repeat it; that is recorded")
    rollback.add_argument("--reason", metavar="TEXT", help="why, for the ledger")
    backup = verb("backup", "write registry, ledgers and labels into one archive, while runs go on")
    backup.add_argument("file", type=Path, metavar="FILE", help="a .tar, .tar.gz or .tgz; replaced where it is there")
    restore = verb("restore", "put a backup into the workspace")
    restore.add_argument("file", type=Path, metavar="FILE", help="what `smearflow backup` wrote")
    restore.add_argument("--force", action="store_true", help="move what the workspace has of it aside first")
    verb("config", "print every setting with its value, meaning and bounds, as YAML")
    up = verb("up", "start or mend what the schedule needs: Prefect server, worker, deployments, page of reports")
    up.add_argument("--stay", action="store_true", help="go on mending until Ctrl-C or SIGTERM, then take all down")
    verb("down", "end what was started for the workspace")
    status = verb("status", "say what runs where")
    status.add_argument("--json", action="store_true", help="as JSON")
    return top


def _about_labels(verb: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The verbs about what people decide about labels."""
    review = verb("review", "look at cells whose label is likely wrong, one key a cell, on a local page")
    review.add_argument("--data", metavar="PATH", help=DATA)
    review.add_argument("--cells", type=Path, metavar="DIR", help="cells without labels in place of the data's")
    review.add_argument("--reader", metavar="NAME", help="who decides (default: the user)")
    review.add_argument("--port", type=int, metavar="N", help="of the page (default: a free one)")
    files = review.add_mutually_exclusive_group()
    files.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the whole queue, worst first: file, sha256, given, score"
    )
    files.add_argument(
        "--import",
        type=Path,
        dest="import_file",
        metavar="FILE",
        help="take decisions from a CSV: file or sha256, label (a class, exclude, unsure), reader, reason",
    )
    labels = verb("labels", "say what people decided about labels; verify, export or revert it")
    labels.add_argument(
        "ask",
        nargs="?",
        choices=("verify", "export", "revert"),
        metavar="verify|export|revert",
        help="prove that no line was changed; write a CSV or a tree of links; take decisions back. Default: list",
    )
    labels.add_argument("path", nargs="?", type=Path, metavar="PATH", help="of export: FILE.csv or a new folder")
    labels.add_argument("--reader", metavar="NAME", help="of revert: whose decisions")
    labels.add_argument("--since", metavar="TIME", help="of revert: those from this day or time on (2026-11-29)")
    labels.add_argument("--json", action="store_true", help="as JSON")


def _common() -> argparse.ArgumentParser:
    """The options that every verb takes."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--workspace", type=Path, default=Path("workspace"), metavar="DIR", help="where everything is kept (workspace)"
    )
    common.add_argument("--config", type=Path, metavar="FILE", help="YAML file of settings (config/*.yaml)")
    common.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY.SUB=VALUE",
        help="one setting; VALUE is YAML; may be repeated",
    )
    return common


def _checkout_first() -> None:
    """Put this checkout before site-packages: an editable install comes after, and ``tasks`` is a common name."""
    checkout = str(Path(__file__).resolve().parent.parent)
    if checkout in sys.path:
        sys.path.remove(checkout)
    sys.path.insert(0, checkout)


if __name__ == "__main__":
    sys.exit(main())
