"""Fetching from a real server: whole, in pieces, anew, not at all."""

import os
from pathlib import Path

import pytest
from served_files import Served, serving

from smearflow.data import downloads
from smearflow.data.downloads import fetch, is_address, put_aside
from smearflow.errors import SourceError
from smearflow.workspace import file_digest

DATA = os.urandom(1_500_000)


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "PAUSES", (0.0, 0.0))


def left(folder: Path) -> list[str]:
    """How the files in ``folder`` end."""
    return sorted(file.name.partition("cells.zip")[2] for file in folder.iterdir())


def test_a_file_is_fetched_once_and_asked_for_again_without_its_body(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        file = fetch(served.address, tmp_path)
        assert file.read_bytes() == DATA and file.name.endswith("-cells.zip")
        assert fetch(served.address, tmp_path) == file
    assert served.asked == [("GET", None), ("HEAD", None)]
    assert left(tmp_path) == ["", ".json", ".lock"]


def test_after_a_break_the_rest_alone_is_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Served(DATA, breaks=[600_000, 300_000])) as served:
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    assert served.asked == [("GET", None), ("GET", "bytes=600000-"), ("GET", "bytes=900000-")]
    assert "broke off at byte 600,000 of 1,500,000; trying again" in capsys.readouterr().out


def test_the_next_call_goes_on_where_the_last_one_gave_up(tmp_path: Path) -> None:
    with serving(Served(DATA, breaks=[600_000, 0, 0])) as served:
        with pytest.raises(SourceError, match="broke off at byte 600,000") as caught:
            fetch(served.address, tmp_path)
        assert "run it again" in caught.value.fix
        assert left(tmp_path) == [".lock", ".part", ".part.json"]
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    assert served.asked[-1] == ("GET", "bytes=600000-")


def test_a_date_stands_in_for_an_etag(tmp_path: Path) -> None:
    with serving(Served(DATA, etag=None, modified="Mon, 05 Mar 2018 10:00:00 GMT", breaks=[600_000])) as served:
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    assert served.asked[-1] == ("GET", "bytes=600000-")


@pytest.mark.parametrize("served", [Served(DATA, ranges=False), Served(DATA, etag='W/"weak"'), Served(DATA, etag=None)])
def test_where_a_part_cannot_be_had_all_is_fetched_anew(tmp_path: Path, served: Served) -> None:
    served.breaks = [600_000]
    with serving(served):
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    assert len(served.asked) == 2


def test_a_file_that_changed_in_between_is_fetched_anew(tmp_path: Path) -> None:
    with serving(Served(DATA, breaks=[600_000, 0, 0])) as served:
        with pytest.raises(SourceError):
            fetch(served.address, tmp_path)
        served.data, served.etag = DATA[::-1], '"two"'
        assert fetch(served.address, tmp_path).read_bytes() == DATA[::-1]


def test_a_server_that_breaks_off_at_the_same_byte_each_time_is_given_up(tmp_path: Path) -> None:
    with serving(Served(DATA, ranges=False, breaks=[600_000] * 9)) as served, pytest.raises(SourceError):
        fetch(served.address, tmp_path)
    assert len(served.asked) == 3


def test_a_rest_of_a_file_of_untold_length_is_fetched(tmp_path: Path) -> None:
    with serving(Served(DATA, breaks=[600_000], says_total=False)) as served:
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    assert served.asked[-1] == ("GET", "bytes=600000-")


def test_a_length_that_nobody_tells_is_no_hindrance(tmp_path: Path) -> None:
    with serving(Served(DATA, says_length=False)) as served:
        assert fetch(served.address, tmp_path).read_bytes() == DATA


def test_a_newer_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        fetch(served.address, tmp_path)
        served.data, served.etag = b"new", '"two"'
        assert fetch(served.address, tmp_path).read_bytes() == b"new"
    assert left(tmp_path) == ["", ".json", ".lock"]


def test_without_the_server_the_fetched_file_is_used_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Served(DATA)) as served:
        fetch(served.address, tmp_path)
        served.statuses = [503]
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    assert fetch(served.address, tmp_path).read_bytes() == DATA
    said = capsys.readouterr().out
    assert said.count("can't be asked for a newer one") == 2 and "refused" in said


def test_a_file_of_the_expected_digest_is_not_asked_for_again(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        file = fetch(served.address, tmp_path)
        served.etag = '"two"'
        fetch(served.address, tmp_path, file_digest(file))
    assert served.asked == [("GET", None)]


def test_a_file_that_was_put_aside_is_fetched_anew(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        refused = put_aside(fetch(served.address, tmp_path))
        assert refused.read_bytes() == DATA
        assert fetch(served.address, tmp_path).exists()
    assert served.asked == [("GET", None)] * 2


def test_a_whole_part_is_taken_as_it_is(tmp_path: Path) -> None:
    """A call was killed between the last byte and the renaming."""
    with serving(Served(DATA)) as served:
        file = fetch(served.address, tmp_path)
        for end in ("", ".json"):
            file.with_name(file.name + end).rename(file.with_name(file.name + ".part" + end))
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    assert len(served.asked) == 1


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(tmp_path: Path) -> None:
    with serving(Served(DATA, statuses=[503, 429])) as served:
        assert fetch(served.address, tmp_path).read_bytes() == DATA
    with serving(Served(DATA, statuses=[404] * 5)) as served, pytest.raises(SourceError, match="404") as caught:
        fetch(served.address, tmp_path)
    assert len(served.asked) == 1
    assert served.address in caught.value.what and caught.value.fix


def test_nobody_at_the_address_is_told_with_the_way_out(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        pass
    with pytest.raises(SourceError, match="refused") as caught:
        fetch(served.address, tmp_path)
    assert "HTTPS_PROXY" in caught.value.fix


@pytest.mark.parametrize(
    "address",
    ["http://example.org/cells.zip", "ftp://example.org/cells.zip", "file:///etc/passwd", "https://", "http://[x"],
)
def test_other_addresses_are_refused_unasked(tmp_path: Path, address: str) -> None:
    assert is_address(address)
    with pytest.raises(SourceError, match="address"):
        fetch(address, tmp_path)


def test_a_redirect_leads_only_where_a_source_may_lie(tmp_path: Path) -> None:
    with serving(Served(DATA)) as there, serving(Served(b"", redirect=there.address)) as here:
        assert fetch(here.address, tmp_path).read_bytes() == DATA
    with (
        serving(Served(b"", redirect="http://192.0.2.1/cells.zip")) as here,
        pytest.raises(SourceError, match=r"192\.0"),
    ):
        fetch(here.address, tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    with serving(Served(DATA)) as served:
        file = fetch(served.address, tmp_path)
        file.unlink()
        with pytest.raises(SourceError, match="No space left"), Path("/dev/full").open("wb", buffering=0) as full:
            downloads._append(full, DATA, file)


def test_a_file_larger_than_the_disk_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="GB are to come"):
        downloads._check_space(tmp_path / "cells.zip.part", 10**18)


def test_a_windows_path_is_no_address() -> None:
    assert not is_address("C:\\cells.zip") and not is_address("cells/cells.zip")
