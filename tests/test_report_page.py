"""The page: whole, alone, and without a patient's name. It is read here as a browser would, without one."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from drawn_findings import PATIENTS, failed, finished

from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.verdict import GateCheck, State
from smearflow.report.findings import Findings
from smearflow.report.page import SECTIONS, render
from smearflow.settings import Report, Settings
from smearflow.summary import Summary, Verdict

PATIENT = re.compile(r"C\d+(P\d+|ThinF|AP)")
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """What a browser would see: text, addresses, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(v) for name, v in attrs if name in ("src", "href")]
        self.anchors |= {str(v) for name, v in attrs if name == "id"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += " ".join(data.replace("\xa0", " ").split()) + " "


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return finished(tmp_path_factory.mktemp("cells"))


@pytest.fixture(scope="module")
def html(findings: Findings) -> str:
    return render(findings)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_it_needs_nothing_but_itself(page: Page) -> None:
    assert all(a.startswith(("data:image/", "#")) for a in page.addresses)
    assert {a[1:] for a in page.addresses if a.startswith("#")} <= page.anchors
    assert "script" not in page.tags
    assert page.open == []


def test_it_is_the_same_each_time(findings: Findings, html: str) -> None:
    assert render(findings) == html


def test_the_verdict_comes_first(page: Page) -> None:
    order = [page.text.index(words) for words in ("New champion", "What next", "Sensitivity of", "images used")]
    assert order == sorted(order)


def test_sensitivity_stands_with_its_interval_and_on_how_many(findings: Findings, page: Page) -> None:
    scores = findings.judged
    assert scores is not None
    cells = scores.confusion
    found = f"It found {cells['tp']} of {cells['tp'] + cells['fn']} Parasitized cells, on {scores.images} unseen images"
    assert f"{found} of 2 patients" in page.text
    assert f"95 % interval {100 * scores.test['sensitivity'].low:.1f} to" in page.text


def test_every_section_but_the_sheet_and_the_lecture_is_there(page: Page) -> None:
    assert {s.name for s in SECTIONS} - page.anchors == {"augment", "lecture", "slices", "labels", "history"}
    assert "Not on this page: augmentation, slices." in page.text


def test_it_says_that_no_patient_is_in_two_sets(page: Page) -> None:
    assert "No patient is in two sets." in page.text


def test_a_model_that_failed_stands_there_with_its_reason(page: Page) -> None:
    assert "VGG19" in page.text
    assert "No weights: set SMEARFLOW_WEIGHTS_DIR, or ..." in page.text


@pytest.mark.parametrize(("state", "word"), [("pass", "passed"), ("open", "not enough evidence"), ("fail", "failed")])
def test_each_rule_of_the_gate_has_its_line_and_says_whether_it_holds(
    findings: Findings, state: State, word: str
) -> None:
    check = GateCheck("sensitivity", 0.85, 0.8, 0.4, 0.9, state, "sensitivity is as it is")
    assert re.search(rf"{word}\s+Sensitivity is as it is\.", Page(render(replace(findings, gate=(check,)))).text)


def test_no_patient_and_no_file_name_is_in_it_pictures_included(findings: Findings, html: str) -> None:
    manifest = findings.manifest
    assert manifest is not None
    pictures = b"".join(base64.b64decode(p) for p in re.findall(r"base64,([\w+/=]+)", html))
    assert pictures.count(b"\xff\xd8\xff") > 40
    words = re.sub(r"base64,[\w+/=]+", "", html)
    for text in (words, pictures.decode("latin-1")):
        assert not PATIENT.search(text)
        assert not any(path.rpartition("/")[2].partition(".")[0] in text for path in manifest["path"])
    assert not any(re.search(rf"\b{p.partition('P')[0]}\b", words) for p in PATIENTS)


def test_names_are_shown_where_pseudonyms_are_off(findings: Findings) -> None:
    settings = findings.settings.model_copy(update={"report": Report(pseudonyms=False)})
    shown = render(replace(findings, settings=settings))
    assert "C39P4ThinF_IMG_20150918_171751_cell_10.png" in shown
    assert "pseudonyms (" not in shown


def test_what_a_file_or_an_error_says_is_escaped(findings: Findings) -> None:
    verdict = Verdict(outcome="none", why="<script>alert(1)</script>", next="& so on")
    summary = findings.summary.model_copy(update={"verdict": verdict})
    shown = render(replace(findings, summary=summary))
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_a_failed_run_leads_with_what_failed_and_the_way_out(tmp_path) -> None:
    page = Page(render(failed(tmp_path)))
    order = ["The run failed", "stage validate", "A critical expectation of the data failed.", "Copy the images again."]
    found = [page.text.index(words) for words in order]
    assert found == sorted(found)
    assert page.text.index("First: Parasitized") < page.text.index("images used")
    missing = "duplicates, split, augmentation, models, gate, slices, certainty, mistakes"
    assert f"Not on this page: {missing}. The run ended before" in page.text
    assert not PATIENT.search(page.text)


def test_a_run_that_ended_before_the_scan_has_a_page_too() -> None:
    verdict = Verdict(
        outcome="failed",
        why="3 of 9 images tell no patient by their name: x/C1P2ThinF_9.png",
        next="Set data.group_pattern.",
    )
    summary = Summary(run_id="r", command="run", status="failed", verdict=verdict)
    page = Page(render(Findings(summary, Settings())))
    assert "tell no patient by their name: an image file" in page.text
    assert page.open == []


def test_a_finished_validate_says_that_the_data_passed(tmp_path) -> None:
    stopped = failed(tmp_path)
    verdict = Verdict(outcome="none", why="All expectations hold.", next="Run.")
    summary = stopped.summary.model_copy(update={"command": "validate", "status": "completed", "verdict": verdict})
    page = Page(render(Findings(summary, stopped.settings, stopped.manifest, stopped.root)))
    assert "Data check passed" in page.text
    assert "looks at the data and trains nothing" in page.text


def test_what_statistics_reach_alone_stands_below_the_models(tmp_path: Path) -> None:
    page = render(finished(tmp_path))
    assert "statistics alone" in page and "to beat" in page and "shortcut?" not in page


def test_models_that_statistics_come_close_to_are_named_in_verdict_and_models(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    assert findings.shortcut is not None
    scores = findings.shortcut.scores
    known = replace(scores, test={**scores.test, "auc": Interval(0.93, 0.88, 0.97)})
    close = replace(findings.shortcut, scores=known, leads={"compact": Interval(0.02, -0.01, 0.05)})
    page = render(replace(findings, shortcut=close))
    assert page.count("shortcut?") == 2
    assert "compact does hardly better than statistics alone" in page and "sharpness by itself" in page


def test_what_is_to_be_known_of_a_training_stands_with_the_models(findings: Findings) -> None:
    note = "stopped: the loss of epoch 4 was nan, nan on validation; these are the weights of epoch 3"
    first, *others = findings.summary.models
    models = (first.model_copy(update={"note": note}), *others)
    told = replace(findings, summary=findings.summary.model_copy(update={"models": models}))
    assert note in Page(render(told)).text
    assert note not in Page(render(findings)).text
