"""Files fetched from an address: streamed to disk, taken up again where a break left them, asked for again only if new.

Beside ``name`` stand ``name.part`` while it is under way, and a record of the validators (ETag, Last-Modified) that the
server gave, by which a rest is asked for (RFC 9110, 13.1.5 and 14.2) and a change noticed (13.1.2).
"""

import contextlib
import http.client
import io
import ipaddress
import json
import re
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from smearflow.errors import SourceError
from smearflow.progress import progress
from smearflow.workspace import alone, digest_of, file_digest, write_text

BLOCK = 1 << 18
TIMEOUT = 30.0  # seconds without a byte
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before each new try that brought nothing new
BUSY = (408, 425, 429, 500, 502, 503, 504)  # answers that may be others a moment later
MB = 1_000_000


@dataclass(frozen=True)
class Validators:
    """What the server said of the file: another answer means another file. ``bytes``: its whole length."""

    etag: str | None = None
    modified: str | None = None
    bytes: int | None = None

    @property
    def strong(self) -> str | None:
        """What If-Range may carry: a weak ETag may stand for other bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else None if self.etag else self.modified


class _Broken(Exception):
    """The transfer ended before the file did; a new try may go on."""


class _Stale(_Broken):
    """What was fetched is a part of another file; a new try begins anew."""


def is_address(source: str) -> bool:
    """Whether ``source`` is an address rather than a path."""
    return bool(re.match(r"^[A-Za-z][A-Za-z0-9+.-]+://", source))


def fetch(address: str, folder: Path, sha256: str | None = None) -> Path:
    """The file at ``address``, in ``folder``; fetched anew only where the server says that it has changed.

    The server isn't asked where the file is there and has the digest ``sha256``.

    Raises SourceError for an address that is neither https nor on this machine, a server that can't be reached or
    has no such file, and a full disk. What came stays in ``name.part``, for the next call.
    """
    _check_address(address)
    target = folder / _file_name(address)
    with alone(target.with_name(target.name + ".lock")):
        if not (target.exists() and (file_digest(target) == sha256 or _is_current(address, target))):
            _download(address, target)
    return target


def put_aside(target: Path) -> Path:
    """Rename a fetched file that isn't what it should be, so that the next call fetches anew: where it is now."""
    refused = target.with_name(target.name + ".refused")
    target.replace(refused)
    _record_file(target).unlink(missing_ok=True)
    return refused


def _check_address(address: str) -> None:
    parts = _parts(address)
    if not (parts.scheme == "https" and parts.hostname) and not _is_loopback(address):
        raise SourceError(
            f"{address} is not fetched: only https:// addresses are, and http:// ones of this machine.",
            "Give the https address, or download the zip yourself and name the file.",
        )


def _parts(address: str) -> urllib.parse.SplitResult:
    try:
        return urllib.parse.urlsplit(address)
    except ValueError as error:
        raise SourceError(f"{address} is no address: {error}.", "Give an https address, or a path.") from None


def _is_loopback(address: str) -> bool:
    parts = _parts(address)
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def _file_name(address: str) -> str:
    """Readable, and of this address alone."""
    last = urllib.parse.unquote(_parts(address).path).rpartition("/")[2]
    return f"{digest_of(address)[:12]}-{re.sub(r'[^A-Za-z0-9._-]', '_', last)[:80] or 'download'}"


def _is_current(address: str, target: Path) -> bool:
    """Whether the server still has the file that is at ``target``. Not asked, not answered: it is taken, and said."""
    known = _recorded(target)
    asked = {"If-None-Match": known.etag} if known.etag else {"If-Modified-Since": known.modified}
    try:
        with _ask(address, {name: value for name, value in asked.items() if value}, "HEAD") as answer:
            return _agree(_validators(answer), known)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.NOT_MODIFIED:
            return True
        why = f"{error.code} {error.reason}"
    except (OSError, http.client.HTTPException) as error:
        why = str(getattr(error, "reason", error))
    print(f"{address} can't be asked for a newer one ({why}): using {target.name}, fetched earlier.", flush=True)
    return True


def _download(address: str, target: Path) -> None:
    """Fetch, taking up what is in the part; a try that brings nothing new is followed by a pause, then by the end."""
    part = target.with_name(target.name + ".part")
    pauses, reached = iter(PAUSES), _size(part)
    while True:
        try:
            known = _fetch_rest(address, part)
            break
        except _Broken as broken:
            if isinstance(broken, _Stale):
                part.unlink(missing_ok=True)
            size = _size(part)
            pauses, reached = (iter(PAUSES), size) if size > reached else (pauses, reached)
            pause = next(pauses, None)
            if pause is None:
                raise _unreachable(address, str(broken)) from None
            print(f"{address}: {broken}; trying again in {pause:g} s, from byte {size:,}", flush=True)
            time.sleep(pause)
    part.replace(target)
    _record(target, known)
    _record_file(part).unlink(missing_ok=True)


def _fetch_rest(address: str, part: Path) -> Validators:
    """One request for what ``part`` lacks, all of it where the server has another file or ignores ranges."""
    have, known = _size(part), _recorded(part)
    if known.strong and have == known.bytes:  # a call that was ended between its last byte and the renaming
        return known
    headers = {"Range": f"bytes={have}-", "If-Range": known.strong} if have and known.strong else {}
    with _answered(address, headers) as answer:
        said = _validators(answer)
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        if resumed and (_starts_at(answer) != have or said.strong != known.strong):
            raise _Stale("it answered with another part than the one asked for")
        if not resumed:
            part.unlink(missing_ok=True)  # before the record: never old bytes under a new one
        _record(part, said)
        _write(answer, part, have if resumed else 0, said.bytes)
    return said


@contextlib.contextmanager
def _answered(address: str, headers: dict[str, str]) -> Iterator[Any]:
    """The server's answer. Raises SourceError for what trying again can't mend, else _Broken."""
    try:
        with _ask(address, headers, "GET") as answer:
            yield answer
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise _Stale("it has no such part") from None
        if error.code in BUSY:
            raise _Broken(f"it answered {error.code} {error.reason}") from None
        raise SourceError(
            f"{address} can't be had: it answered {error.code} {error.reason}.",
            "Check the address in a browser; a zip that was downloaded by hand can be named as the source.",
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise _unreachable(address, f"its certificate isn't trusted: {reason.verify_message}") from None
        raise _Broken(f"the connection failed: {reason}") from None


def _ask(address: str, headers: dict[str, str], method: str) -> Any:
    """Open ``address``, through the proxies of the environment unless it is on this machine."""
    proxies = [urllib.request.ProxyHandler({})] if _is_loopback(address) else []
    opener = urllib.request.build_opener(_Redirects, *proxies)
    told = {"User-Agent": "smearflow", "Accept-Encoding": "identity", **headers}
    return opener.open(urllib.request.Request(address, headers=told, method=method), timeout=TIMEOUT)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to where a source may lie."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _check_address(newurl)
        if _is_loopback(newurl) and not _is_loopback(req.full_url):
            raise SourceError(f"{req.full_url} redirects to {newurl}, on this machine.", "Check the address.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _write(answer: Any, part: Path, start: int, total: int | None) -> None:
    """Stream the body into ``part`` from byte ``start`` on. Raises _Broken where it ends before ``total``."""
    _check_space(part, (total or 0) - start)
    with (
        part.open("r+b" if start else "wb", buffering=0) as file,
        progress("download, MB", total and -(-total // MB)) as advance,
    ):
        file.truncate(start)
        file.seek(start)
        done = start
        advance(done // MB)
        while block := answer.read(BLOCK):
            _append(file, block, part)
            advance((done + len(block)) // MB - done // MB)
            done += len(block)
    if total is not None and done != total:
        raise _Broken(f"it broke off at byte {done:,} of {total:,}")


def _check_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise _no_space(part, f"{needed / 1e9:.3g} GB are to come, {free / 1e9:.3g} GB are left")


def _append(file: io.FileIO, block: bytes, part: Path) -> None:
    rest = memoryview(block)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise _no_space(part, str(error.strerror)) from None


def _no_space(part: Path, why: str) -> SourceError:
    return SourceError(
        f"{part} can't be written: {why}.", "Make room, or name a --workspace on another disk; what came is kept."
    )


def _unreachable(address: str, why: str) -> SourceError:
    return SourceError(
        f"{address} can't be fetched: {why}.",
        "Check the network (HTTPS_PROXY names a proxy) and run it again: it goes on where it was. "
        "A zip that was downloaded elsewhere can be named as the source.",
    )


def _validators(answer: Any) -> Validators:
    """Of the whole file, also where the answer is a part of it."""
    part = answer.headers.get("Content-Range")
    length = part.rpartition("/")[2] if part else answer.headers.get("Content-Length")
    known = int(length) if length and length.isdigit() else None
    return Validators(answer.headers.get("ETag"), answer.headers.get("Last-Modified"), known)


def _agree(now: Validators, then: Validators) -> bool:
    """Whether both tell the same of the file, as far as both tell anything."""
    pairs = [(a, b) for a, b in zip(astuple(now), astuple(then), strict=True) if a is not None and b is not None]
    return bool(pairs) and all(a == b for a, b in pairs)


def _starts_at(answer: Any) -> int | None:
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range") or "")
    return int(found[1]) if found else None


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _record_file(file: Path) -> Path:
    return file.with_name(file.name + ".json")


def _record(file: Path, said: Validators) -> None:
    write_text(_record_file(file), json.dumps(asdict(said)))


def _recorded(file: Path) -> Validators:
    """What was written down of ``file``; nothing where that can't be read."""
    try:
        return Validators(**json.loads(_record_file(file).read_text()))
    except (OSError, ValueError, TypeError):
        return Validators()
