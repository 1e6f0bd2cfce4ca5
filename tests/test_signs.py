"""Signs of life: one who stops giving them is noticed, one who goes on is let be."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smearflow import signs
from smearflow.signs import Listener, signing
from tests.test_processes import CHECKOUT, eventually

SIGNER = """
import sys, time
from pathlib import Path
from smearflow.signs import signing
with signing(Path(sys.argv[1])):
    time.sleep(60)
"""
LISTENER = """
import sys, time
from pathlib import Path
from smearflow.signs import ends_without
with ends_without(Path(sys.argv[1]), patience_s=float(sys.argv[2])):
    print("listening", flush=True)
    time.sleep(60)
"""


def test_while_somebody_signs_there_is_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "PERIOD", 0.05)
    listener = Listener(tmp_path / "sign", patience_s=0.5)
    with signing(tmp_path / "sign"):
        for _ in range(10):
            time.sleep(0.1)
            assert not listener.silent()
    assert listener.silent()  # the file is gone: it ended, and said so


def test_a_sign_that_no_longer_changes_is_silence(tmp_path: Path) -> None:
    (tmp_path / "sign").write_text("7\n")  # its machine lost power
    listener = Listener(tmp_path / "sign", patience_s=0.2)
    assert not listener.silent()
    assert eventually(listener.silent)


def test_the_end_of_a_process_of_this_machine_is_noticed_at_once(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "sign", patience_s=60)
    with subprocess.Popen([sys.executable, "-c", SIGNER, str(tmp_path / "sign")], cwd=CHECKOUT) as signer:
        assert eventually((tmp_path / "sign").exists)
        assert not listener.silent()
        signer.kill()
    assert listener.silent()


def test_one_who_has_not_begun_is_waited_for(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "sign", patience_s=60)
    assert not listener.silent()


def test_a_process_ends_as_if_by_sigterm_without_the_signs_of_another(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    sign.write_text("7\n")
    told = [sys.executable, "-c", LISTENER, str(sign), "30"]
    with subprocess.Popen(told, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        time.sleep(2.5)  # it has heard it
        assert process.poll() is None
        sign.unlink()
        assert process.wait(timeout=20) == -signal.SIGTERM
