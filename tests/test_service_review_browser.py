"""The page of a review as a person uses it: a real browser, its keyboard, its reload, a phone, two tabs."""

import threading
from pathlib import Path

import pytest
from browser import Browser, browser
from drawn_review import decided, session_in

from smearflow.data.decisions import read_decisions
from smearflow.data.review_queue import to_label
from smearflow.service.review_page import ReviewServer
from smearflow.service.review_session import Session

QUIET = "pending === 0 && document.querySelector('#stage img')"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("browser") / "profile") as page:
        yield page


@pytest.fixture
def review(tmp_path):
    with ReviewServer(session_in(tmp_path), "Anna") as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def opened(chromium: Browser, url: str) -> Browser:
    chromium.errors.clear()
    chromium.asked.clear()
    chromium.size(1360, 900)
    chromium.open(url)
    chromium.until(QUIET)
    return chromium


def press(page: Browser, keys: str) -> None:
    """Press keys one after the other, each once the one before it has its answer."""
    for key in keys:
        page.key(key)
        page.until(QUIET)


def shown(page: Browser) -> str:
    """The sha256 of the cell that is seen."""
    return str(page.evaluate("at('stage').firstChild.src")).rpartition("/")[2]


def words(ledger: Path) -> list[str]:
    return [entry.decision.decided for entry in read_decisions(ledger)]


def test_twenty_cells_by_keyboard_with_a_reload_and_an_undo(chromium, review):
    page, ledger = opened(chromium, review.url), review.session.ledger
    labels = []
    for key in "kkrkxkukrk":
        labels.append(page.text("#given b"))
        press(page, key)
    other = {"Parasitized": "Uninfected", "Uninfected": "Parasitized"}
    wanted = [
        {"k": label, "r": other[label], "x": "exclude", "u": "unsure"}[key]
        for key, label in zip("kkrkxkukrk", labels, strict=True)
    ]
    assert words(ledger) == wanted
    cell = shown(page)
    page.reload()
    page.until(QUIET)
    assert shown(page) == cell and "10 of 40" in page.text("#pace")
    press(page, "k")
    press(page, "z")
    assert shown(page) == cell and words(ledger)[-1] == "withdrawn"
    press(page, "1212121212")
    assert len(words(ledger)) == 22 and "20 of 40" in page.text("#pace")
    assert "Of 20 cells looked at again" in page.text("#standing")
    assert not page.errors and all(url.startswith((review.url, "data:")) for url in page.asked)


def test_the_next_cell_is_there_at_once(chromium, review):
    """A key shows the next cell, loaded already, before its decision has had its answer."""
    page = opened(chromium, review.url)
    page.until("[...pictures.values()].every((each) => each.complete)")
    script = """(() => { const before = at('stage').firstChild; ACTIONS.first(); const image = at('stage').firstChild;
        return [pending, before !== image, image.complete && image.naturalWidth > 0]; })()"""
    assert page.evaluate(script) == [1, True, True]
    page.until(QUIET)


def test_keys_that_come_faster_than_answers_decide_only_what_was_seen(chromium, review):
    page = opened(chromium, review.url)
    page.evaluate("for (let n = 0; n < 20; n++) ACTIONS.first()")
    page.until(QUIET)
    entries = read_decisions(review.session.ledger)
    assert 1 <= len(entries) <= 6 and len({entry.decision.sha256 for entry in entries}) == len(entries)


def test_a_cell_decided_in_another_tab_isnt_decided_twice(chromium, review):
    page = opened(chromium, review.url)
    first, second = page.evaluate("cells.slice(0, 2).map((each) => each.sha256)")
    decided(review.session.ledger, [first, second], "unsure", "Anna")
    press(page, "k")
    assert words(review.session.ledger) == ["unsure", "unsure"]
    assert shown(page) not in (first, second)


def test_the_model_is_asked_by_holding_a_key_and_that_is_noted(chromium, review):
    page = opened(chromium, review.url)
    assert page.text("#says") == ""
    page.key("m", hold=True)
    page.until("at('says').textContent.endsWith(' % Parasitized')")
    page.call("Input.dispatchKeyEvent", type="keyUp", key="m")
    assert page.text("#says") == ""
    press(page, "k")
    assert read_decisions(review.session.ledger)[0].decision.reason == "saw the model"


def test_picture_light_and_neighbours(chromium, review):
    page = opened(chromium, review.url)
    for key in "++cbn":
        page.key(key)
    style = page.evaluate("[at('stage').firstChild.style.transform, at('stage').firstChild.style.filter]")
    assert "scale(1.96)" in style[0] and style[1] == "contrast(1.5) brightness(1.3)"
    assert page.evaluate("getComputedStyle(at('near')).display") == "none"
    page.key("n")
    assert page.evaluate("at('near').querySelectorAll('img').length") == 8


def test_it_works_with_the_tab_key_and_enter_alone(chromium, review):
    page = opened(chromium, review.url)
    for _ in range(40):
        page.key("Tab")
        if page.evaluate("document.activeElement.dataset.do") == "exclude":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.key("Enter")
    page.until("state.last")
    assert words(review.session.ledger) == ["exclude"]
    page.key("?")
    assert page.evaluate("at('keys').open")
    page.key("x")  # behind the dialog: nothing
    page.key("Escape")
    assert not page.evaluate("at('keys').open") and len(words(review.session.ledger)) == 1


def test_another_reader_takes_over(chromium, review):
    page = opened(chromium, review.url)
    page.evaluate("at('who').click(), at('name').value = '=1', at('reader').querySelector('form').requestSubmit()")
    page.until("at('wrong').textContent.includes('name of a reader')")
    page.evaluate("at('name').value = 'Bela', at('reader').querySelector('form').requestSubmit()")
    page.until("!at('reader').open && at('who').textContent === 'Bela'")
    press(page, "k")
    page.reload()
    page.until(QUIET)
    assert page.text("#who") == "Bela"
    assert read_decisions(review.session.ledger)[0].decision.reader == "Bela"
    page.evaluate("sessionStorage.clear()")


def test_cells_without_labels_are_given_one(chromium, tmp_path):
    session = session_in(tmp_path)
    cells = session.cells.assign(given=None, wrong=float("nan"))
    unlabelled = Session(cells, session.root, to_label(cells), session.ledger, session.classes, "Parasitized")
    with ReviewServer(unlabelled, "Anna") as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        page = opened(chromium, server.url)
        assert page.text("#given") == "It has no label yet"
        press(page, "12u")
        server.shutdown()
    entries = [entry.decision for entry in read_decisions(session.ledger)]
    assert [(each.decided, each.given, each.queue) for each in entries] == [
        ("Parasitized", None, "unlabelled"),
        ("Uninfected", None, "unlabelled"),
        ("unsure", None, "unlabelled"),
    ]


def test_on_a_phone_by_thumb(chromium, review):
    page = opened(chromium, review.url)
    page.size(390, 844, phone=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    places = "[...document.querySelectorAll('#deciding button')].map((button) => button.getBoundingClientRect())"
    for height, bottom in page.evaluate(f"{places}.map((place) => [place.height, place.bottom])"):
        assert height >= 48 and bottom <= 844
    page.evaluate("document.querySelector('[data-do=unsure]').click()")
    page.until("state.last")
    assert words(review.session.ledger) == ["unsure"]


def test_when_the_review_has_ended_nothing_seems_kept(chromium, tmp_path):
    with ReviewServer(session_in(tmp_path), "Anna") as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        page = opened(chromium, server.url)
        server.shutdown()
    cell = shown(page)
    page.key("k")
    page.until("!at('problem').hidden")
    assert page.text("#problem").startswith("Not kept: ")
    assert words(server.session.ledger) == [] and shown(page) == cell


def test_finishing_says_what_was_done(chromium, review):
    page = opened(chromium, review.url)
    press(page, "kk")
    page.evaluate("at('finish').click()")
    page.until("!at('done').hidden")
    assert "2 decisions since it was opened" in page.text("#done")
