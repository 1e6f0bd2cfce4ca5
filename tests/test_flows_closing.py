"""The last lines of a run: a failed or kept one says what it knows, and no more."""

from pathlib import Path

from flows.closing import closing_lines, validation_lines
from smearflow.summary import Dataset, Figure, ModelResult, Paths, PrefectRun, Summary, Validation, Verdict
from smearflow.workspace import Workspace

DATA = Dataset(
    digest="d",
    images=90,
    classes={"Parasitized": 40, "Uninfected": 50},
    groups=9,
    quarantined=3,
    review=2,
    ignored=1,
    links=0,
)


def summary(**parts):
    verdict = Verdict(outcome="none", why="Not good enough.", next="More patients.")
    return Summary(run_id="r", command="run", status="completed", verdict=verdict, **parts)


def test_without_a_champion_there_is_no_line_of_a_model():
    lines = closing_lines(summary(), Workspace(Path("/work")))
    assert lines == [
        "verdict   none: Not good enough.",
        "next      More patients.",
        "stop      smearflow down --workspace /work",
    ]


def test_set_folders_are_named_where_they_were_laid_out():
    lines = closing_lines(summary(paths=Paths(folders=Path("/work/splits/seed1-a"))), Workspace(Path("/work")))
    assert "folders   /work/splits/seed1-a" in lines


def test_prefects_page_is_that_of_the_run():
    prefect = PrefectRun(api_url="http://127.0.0.1:4200/api", flow_run_id="abc")
    assert "Prefect   http://127.0.0.1:4200/runs/flow-run/abc" in closing_lines(
        summary(prefect=prefect), Workspace(Path("/w"))
    )


def test_validation_counts_images_and_names_warnings():
    checked = Validation(passed=True, critical_failed=(), warnings=("few patients: 9 (20 or more)",))
    lines = validation_lines(summary(dataset=DATA, validation=checked, paths=Paths(data_docs=Path("/docs"))))
    assert "images    90 of 9 groups (Parasitized 40, Uninfected 50)" in lines
    assert "left out  3 quarantined, 2 to review, 1 ignored" in lines
    nested = validation_lines(summary(dataset=DATA.model_copy(update={"ignored": 95, "nested": 94})))
    assert "left out  3 quarantined, 2 to review, 95 ignored (94 of them copies in a nested tree)" in nested
    assert "warning   few patients: 9 (20 or more)" in lines


def test_of_a_contract_that_is_broken_the_docs_are_named_too_and_the_error_is_not_told_twice():
    failed = summary(dataset=DATA, paths=Paths(data_docs=Path("/docs"))).model_copy(update={"status": "failed"})
    lines = validation_lines(failed)
    assert "data docs /docs" in lines and not any(line.startswith("verdict") for line in lines)


def test_models_of_the_lectures_recipe_stand_beside_the_lectures_figures():
    half = Figure(value=0.5, low=0.4, high=0.6)
    cnn = ModelResult(
        name="simple_cnn", recipe="lecture", status="ok", epochs=3, saved_mb=247.2, size_mb=82.4, accuracy_at_half=half
    )
    vgg = ModelResult(name="VGG16", recipe="lecture", status="failed", error="VGG16: no weights\nSet them.")
    lines = closing_lines(summary(models=(cnn, vgg)), Workspace(Path("/work")))
    assert lines[1].split() == ["simple_cnn", "0.500", "(0.955)", "247.2", "(247)", "82.4", "3", "(30)"]
    assert lines[2].partition(" ")[2].strip() == "not trained: no weights"


def test_the_command_that_stops_the_server_can_be_copied_where_the_path_has_a_space(tmp_path):
    lines = closing_lines(summary(), Workspace(tmp_path / "my lab"))
    assert lines[-1] == f"stop      smearflow down --workspace '{tmp_path / 'my lab'}'"
