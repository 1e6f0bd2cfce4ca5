"""What label scores find, and what a review in their order is worth, on cells whose wrong labels are published.

    SMEARFLOW_WEIGHTS_DIR=DIR .venv/bin/python -m benchmarks.labels [--data ZIP] [--config config/malaria.yaml]
        [--corrections CSV] [--kind full] [--workspace DIR] [--networks FOLDS] [--cleanlab PYTHON]
        [--csv FILE] [--picture docs/label_curve.svg]

First the order: the share of the corrections that lie in the worst 1 to 20 % of cells, and how many of those cells are
corrections (precision), for each judge and for all together; with --cleanlab, an interpreter that has it, beside
Cleanlab's scores of the same out-of-fold probabilities. Then the worth: five folds by patient; a reader, who answers
with the published corrections, looks at the worst 0 to 10 % of the training cells, or at as many by chance; models that
learn from what is left are measured on patients never seen, against the labels as given and as corrected. Heads on
the frozen backbones take seconds; with --networks, the compact network is trained as well, on so many of the folds.
Corrections are for measuring only: no model and no score sees them. --workspace keeps what was computed.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy import SHARED, cells_of, corrected, divided, in_folds, trained_on
from smearflow.configuration import load_settings
from smearflow.data.label_scores import JUDGE
from smearflow.data.manifest import as_manifest
from smearflow.data.splitting import parts_of
from smearflow.evaluation.metrics import auc
from smearflow.models.fitted import Array, Labelled
from smearflow.models.heads import plain_head
from smearflow.models.label_judges import features_of
from smearflow.models.plans import Plan, plan_models
from smearflow.models.spec import TrainSpec
from smearflow.report.charts import Axis, Series, lines
from smearflow.settings import Settings
from smearflow.workspace import Workspace, write_text
from tasks.score_labels import Kind, cells_to_judge, frozen_judges, score_labels

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)  # of all cells, the worst first
LOOKED_AT = (0.0, 0.01, 0.02, 0.05, 0.1)  # of the training cells, by the reader
FOLDS, EPOCHS = 5, 30
SEED = 0  # of the order by chance
STYLE = (
    "<style>.chart{font:12px sans-serif;background:#fff}.grid{stroke:#ddd}.axis{stroke:#555}.tick,.name{fill:#333}"
    ".end{text-anchor:end}.middle{text-anchor:middle}.line{fill:none;stroke-width:2}.dashed{stroke-dasharray:5 4}"
    ".s0{stroke:#2a6fbb}.s1{stroke:#c2571a}</style>"
)
CLEANLAB = """
import sys, numpy as np
from cleanlab.rank import get_label_quality_ensemble_scores, get_label_quality_scores
from cleanlab.count import num_label_issues
told = np.load(sys.argv[1])
labels, p = told["given"].astype(int), np.column_stack([1 - told["p"], told["p"]])
scores = {m: get_label_quality_scores(labels, p, method=m) for m in ("self_confidence", "normalized_margin")}
each = [np.column_stack([1 - judge, judge]) for judge in told["judges"].T]
scores["ensemble"] = get_label_quality_ensemble_scores(labels, each, verbose=False)
np.savez(sys.argv[2], issues=num_label_issues(labels, p), **scores)
"""


def found(against: Array, wrong: Array) -> str:
    """Shares of ``wrong``, bool (n,), in the first SHARES by ``against``, and the precision there."""
    first = wrong[np.argsort(-against, kind="stable")]
    tops = [first[: round(share * len(first))] for share in SHARES]
    return "  ".join(f"{top.sum() / wrong.sum():.3f} ({top.mean():.2f})" for top in tops)


def orders(scores: pd.DataFrame, positive: str) -> Iterator[tuple[str, Array]]:
    """How strongly each judge, and all together, speak against each label."""
    given = (scores["label"] == positive).to_numpy(bool)
    for judge in (str(name).removeprefix(JUDGE) for name in scores if str(name).startswith(JUDGE)):
        said = scores[JUDGE + judge].to_numpy(float)
        yield judge, np.where(given, 1 - said, said)
    yield "together", scores["wrong"].to_numpy(float)


def cleanlabs(python: Path, scores: pd.DataFrame, positive: str, folder: Path) -> Iterator[tuple[str, Array]]:
    """The same by Cleanlab, in the interpreter ``python``: from the combined probabilities, and its own ensemble's."""
    told, answer = folder / "told.npz", folder / "answer.npz"
    given, judges = (scores["label"] == positive).to_numpy(bool), scores.filter(like=JUDGE).to_numpy(float)
    np.savez(told, p=scores["probability"].to_numpy(float), given=given, judges=judges)
    subprocess.run([python, "-c", CLEANLAB, told, answer], check=True)
    with np.load(answer) as said:
        print(f"Cleanlab counts {int(said['issues']) / len(scores):.1%} of labels as wrong")
        for name in ("self_confidence", "normalized_margin", "ensemble"):
            yield f"Cleanlab, {name}", -said[name]


def reviewed(rows: pd.DataFrame, order: Array, teaching: Array, share: float, positive: str) -> Array:
    """Whether each label is positive after the first ``share`` of the ``teaching`` cells by ``order`` were answered."""
    labels = (rows["label"] == positive).to_numpy(bool)
    mine = order[teaching[order]][: round(share * teaching.sum())]
    labels[mine] = (rows["corrected"] == positive).to_numpy(bool)[mine]
    return labels


def heads(features: list[Array], rows: pd.DataFrame, order: Array, share: float, positive: str) -> Array:
    """Mean logits, (n,), of heads on each of ``features`` that learnt from the other folds, reviewed so far."""
    logits = np.zeros(len(rows))
    for fold in range(FOLDS):
        test = (rows["fold"] == fold).to_numpy(bool)
        labels = reviewed(rows, order, ~test, share, positive)
        for each in features:
            head = plain_head(Labelled(each[~test], labels[~test]), EPOCHS)
            logits[test] += head.logits(each[test]) / len(features)
    return logits


def networks(
    settings: Settings, rows: pd.DataFrame, order: Array, share: float, folds: int, root: Path, workspace: Workspace
) -> Array:
    """The compact network's logits in the first ``folds`` folds, NaN elsewhere; one process a fold."""
    plan = next(plan for plan in plan_models(settings) if plan.label == "compact")
    logits = np.full(len(rows), np.nan)
    for fold in range(folds):
        test = (rows["fold"] == fold).to_numpy(bool)
        labels = reviewed(rows, order, ~test, share, settings.data.positive)
        names = np.where(labels, settings.data.positive, settings.data.negative)
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "split.parquet"
            table = divided(rows.assign(label=names), rows["fold"], fold)
            table.to_parquet(path)
            splits = {plan.label: parts_of(table, path, root)}
            alone = settings.model_copy(update={"ensembles": ()})
            model = trained_on(alone, (plan,), splits, Path(scratch) / f"{fold}-{share}-{order[0]}", workspace)[
                "compact"
            ]
            said = pd.read_parquet(model.folder / "predictions.parquet").set_index("path")["probability"]
        chance = said.reindex(rows.loc[test, "path"]).clip(1e-7, 1 - 1e-7).to_numpy(float)
        logits[test] = np.log(chance / (1 - chance))
    return logits


def figures(logits: Array, rows: pd.DataFrame, positive: str) -> dict[str, float]:
    """Accuracy at 0.5 and AUC, 0-1, against both truths, of the cells that were measured."""
    known = ~np.isnan(logits)
    told = {}
    for name, column in (("given", "label"), ("corrected", "corrected")):
        truth = (rows[column] == positive).to_numpy(bool)[known]
        told[f"accuracy_{name}"] = float(np.mean((logits[known] >= 0) == truth))
        told[f"auc_{name}"] = float(auc(truth, logits[known], np.ones(len(truth))))
    return told


def features_by(plan: Plan, rows: pd.DataFrame, root: Path, settings: Settings, workspace: Workspace) -> Array:
    """What the frozen layers of ``plan`` say of every image, as the scores had it, float32 (n, d)."""
    spec = TrainSpec(
        parts=workspace.root,
        root=root,
        classes=settings.data.classes,
        positive=settings.data.positive,
        model=plan.model,
        weights_file=plan.weights_file,
        augment=settings.augment,
        train=settings.train,
        out=workspace.root,
        engines=workspace.engines,
        features=workspace.features,
        threads=os.cpu_count() or 1,
    )
    return np.asarray(features_of(spec, rows).gather(rows["sha256"].tolist()))


def picture(curve: pd.DataFrame) -> str:
    """Accuracy against corrected labels over the share that was looked at, as an SVG that stands alone."""
    percent = 100 * curve["accuracy_corrected"]
    low, high = float(np.floor(2 * percent.min()) / 2), float(np.ceil(2 * percent.max()) / 2)
    x, y = Axis("% of the training cells looked at", 0, 100 * max(LOOKED_AT)), Axis("accuracy, %", low, high, 1)
    series = []
    for number, (name, rows) in enumerate(curve.groupby("order", sort=False)):
        points = list(zip(100 * rows["share"], percent[rows.index], strict=True))
        series.append(Series(str(name), points, number, "dashed" if name == "by chance" else "plain"))
    words = "Accuracy on patients never seen, against corrected labels, after a review of the training cells"
    legend = "".join(
        f'<line class="line {each.classes}" x1="58" x2="82" y1="{18 + 16 * n}" y2="{18 + 16 * n}"/>'
        f'<text class="name" x="88" y="{22 + 16 * n}">{each.name}</text>'
        for n, each in enumerate(series)
    )
    drawn = str(lines(words, words, x, y, series, legend).svg)
    alone = '<svg xmlns="http://www.w3.org/2000/svg" width="630" '
    return drawn.replace("<svg ", alone, 1).replace("<title>", STYLE + "<title>", 1)


def worth(
    scores: pd.DataFrame, rows: pd.DataFrame, root: Path, settings: Settings, workspace: Workspace, folds: int
) -> pd.DataFrame:
    """A row a model, order and share looked at: figures on patients never seen."""
    positive = settings.data.positive
    place = pd.Series(range(len(rows)), index=rows["path"])
    by = {
        "worst first": place.reindex(scores["path"]).to_numpy(int),
        "by chance": np.random.default_rng(SEED).permutation(len(rows)),
    }
    plans = frozen_judges(plan_models(settings))
    features = [features_by(plan, rows, root, settings, workspace) for plan in plans]
    told = []
    for name, order in by.items():
        for share in LOOKED_AT:
            said = {"heads": heads(features, rows, order, share, positive)}
            if folds:
                said["compact"] = networks(settings, rows, order, share, folds, root, workspace)
            for model, logits in said.items():
                told.append({"model": model, "order": name, "share": share} | figures(logits, rows, positive))
                print("  ".join(f"{key} {value}" for key, value in told[-1].items()), flush=True)
    return pd.DataFrame(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED / "nlm_cells_128.zip")
    parser.add_argument("--config", type=Path, default=Path("config/malaria.yaml"))
    parser.add_argument("--corrections", type=Path, default=SHARED / "nlm_corrections.csv")
    parser.add_argument("--kind", choices=("fast", "full"), default="full")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--networks", type=int, default=0, metavar="FOLDS")
    parser.add_argument("--cleanlab", type=Path, metavar="PYTHON")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    settings = load_settings(given.config)
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.at(given.workspace or Path(scratch) / "workspace")
        root, rows = cells_of(given.data, settings, workspace)
        rows = rows.assign(corrected=corrected(rows, given.corrections), fold=in_folds(rows, FOLDS))
        scores = scored(rows, root, settings, given.kind, workspace, Path(scratch))
        truth = rows.set_index("path")["corrected"].reindex(scores["path"]).to_numpy(str)
        wrong = scores["label"].to_numpy(str) != truth
        print(
            f"share of {wrong.sum():,} corrections (and precision) in the worst "
            + ", ".join(f"{s:.0%}" for s in SHARES)
        )
        positive = settings.data.positive
        theirs = cleanlabs(given.cleanlab, scores, positive, Path(scratch)) if given.cleanlab else iter(())
        for name, against in (*orders(scores, positive), *theirs):
            print(f"{name:<28} {found(against, wrong)}", flush=True)
        curve = worth(scores, rows, root, settings, workspace, given.networks)
    if given.csv:
        curve.to_csv(given.csv, index=False)
    if given.picture:
        shown = curve[curve["model"] == curve["model"].iloc[-1]]
        write_text(given.picture, picture(shown))


def scored(
    rows: pd.DataFrame, root: Path, settings: Settings, kind: Kind, workspace: Workspace, scratch: Path
) -> pd.DataFrame:
    """The label scores of ``rows``, made as the stage makes them, or found in ``workspace``."""
    manifest = scratch / "manifest.parquet"
    as_manifest(rows).to_parquet(manifest)
    cells = cells_to_judge(manifest, root)
    folder = workspace.artifact("score_labels", f"benchmark-{kind}-{cells.digest}")
    if not folder.exists():
        start, spent = time.perf_counter(), os.times()
        how = (settings.data, settings.augment, settings.train, workspace)
        made = score_labels.function(folder, cells, plan_models(settings), kind, *how)
        now = os.times()
        cpu = now.children_user + now.children_system - spent.children_user - spent.children_system
        print(
            f"{kind}: {time.perf_counter() - start:.0f} s, {cpu:.0f} CPU-seconds; {made.estimated:.1%} estimated wrong"
        )
    return pd.read_parquet(folder / "label_scores.parquet")


if __name__ == "__main__":
    main()
