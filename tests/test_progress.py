"""Progress: plain lines where nobody sits at a terminal, bars where somebody does."""

import io
import sys

from smearflow import progress as module
from smearflow.progress import overheard, progress, silent


def test_short_work_says_nothing(capsys):
    with progress("scan", 10) as advance:
        advance(10)
    assert capsys.readouterr() == ("", "")


def test_long_work_says_how_far_it_is_in_plain_lines(capsys, monkeypatch):
    monkeypatch.setattr(module, "LINE_EVERY", 0.0)
    with progress("scan", 2000) as advance:
        advance(500)
        advance(500)
    assert capsys.readouterr().out == "scan: 500 of 2,000\nscan: 1,000 of 2,000\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_several_bars_share_it_and_leave_nothing_running(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("scan", 4) as scanned, progress("draw", 2) as drawn:
        scanned(4)
        drawn(1)
    assert "scan" in terminal.getvalue() and "draw" in terminal.getvalue()
    assert module.DISPLAY.users == 0


def test_work_of_unknown_length_says_how_far_it_is_alone(capsys, monkeypatch):
    monkeypatch.setattr(module, "LINE_EVERY", 0)
    with progress("download, MB", None) as advance:
        advance(3)
    assert capsys.readouterr().out == "download, MB: 3\n"


def test_the_lines_of_a_trainer_are_printed_after_its_name(capsys):
    with overheard("compact") as hear:
        hear("epoch 3/10 loss 0.3")
    assert capsys.readouterr().out == "compact: epoch 3/10 loss 0.3\n"


def test_on_a_terminal_they_move_a_bar(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with overheard("compact") as hear:
        hear("import 5.2 s")
        hear("features 1,024/9,356")
        assert module.DISPLAY.users == 1
    assert "compact, features" in terminal.getvalue() and "1024/9356" in terminal.getvalue()


def test_silent_progress_takes_counts():
    silent(3)
