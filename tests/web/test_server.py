"""Behaviour of `varde serve`: a real process on a real socket, told to stop, killed, and started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from served_site import OPERATOR

from varde.core.access import Right
from varde.core.errors import Refused, WrongUse
from varde.store.site import Site
from varde.web.server import ServeOptions, serve
from varde.workflows.manage_tokens import add_token

STARTED_S = 60


@dataclass
class Running:
    """A server's process."""

    process: subprocess.Popen[str]
    address: str
    log: Path
    said: dict[str, str]

    def stop(self) -> int:
        """Asks it to stop and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextlib.contextmanager
def running(site: Path, log: Path, *words: str) -> Iterator[Running]:
    """Gives a server of a site, on a free port, once it is ready."""
    command = [sys.executable, "-m", "varde.cli.main", "serve", "--site", str(site), "--port", "0", "--json", *words]
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while "}" not in said:
            line = process.stdout.readline()
            assert line, log.read_text()
            said += line
        told = json.loads(said)
        wait_until_ready(told["address"])
        yield Running(process, told["address"], log, told)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def wait_until_ready(address: str) -> None:
    end = time.monotonic() + STARTED_S
    while time.monotonic() < end:
        if httpx.get(f"{address}/readyz", verify=False, timeout=10).status_code == 200:
            return
        time.sleep(0.2)
    raise AssertionError("it did not get ready")


@pytest.fixture
def header(sqlite_site: Site) -> dict[str, str]:
    """The header of a token with every right."""
    return {"Authorization": f"Bearer {add_token(sqlite_site, OPERATOR, name='all', rights=list(Right)).secret}"}


@pytest.mark.slow
def test_it_answers_stops_in_order_and_goes_on_after_a_kill(
    sqlite_site: Site, header: dict[str, str], tmp_path: Path, photo: bytes
) -> None:
    folder = sqlite_site.folder
    with running(folder, tmp_path / "log1") as server, httpx.Client(base_url=server.address, headers=header) as client:
        client.post("/c/banks", json={"name": "A"})
        made = client.post("/c/bank/A/content", files={"photo": ("a", photo)}, timeout=60).json()
        query = f"/m/lookup?signal_type=pdq&signal={made['signals']['pdq']}"
        answer = client.get(query).json()
        assert answer == {"A": [{"bank_content_id": 1, "distance": "0"}]}
        decoders = psutil.Process(server.process.pid).children(recursive=True)
        assert decoders
        server.process.kill()  # -9: nobody tidies up
        server.process.wait(10)
        _, alive = psutil.wait_procs(decoders, timeout=10)
        assert not alive, "decoders outlive the server"
    with running(folder, tmp_path / "log2") as server, httpx.Client(base_url=server.address, headers=header) as client:
        assert client.get(query).json() == answer
        assert client.post("/m/lookup?types=pdq", files={"photo": ("a", photo)}, timeout=60).json() == {"pdq": answer}
        assert server.stop() == 0
    log = (tmp_path / "log2").read_text()
    assert "Serving" in log
    assert log.rstrip().endswith("Stopped.")
    assert "Traceback" not in log
    assert list(sqlite_site.spool.iterdir()) == []


def test_a_site_without_accounts_gets_an_administrator_whose_password_is_told_once(
    sqlite_site: Site, tmp_path: Path
) -> None:
    folder = sqlite_site.folder
    with running(folder, tmp_path / "log1") as server:
        told = server.said
        assert told["account"] == "admin"
        assert f"Log in as admin with the password {told['password']}" in (tmp_path / "log1").read_text()
        entered = {"name": "admin", "password": told["password"]}
        said = httpx.post(f"{server.address}/login", data=entered, headers={"Accept": "text/html"}, timeout=60)
        assert said.status_code == 303
        page = httpx.get(f"{server.address}/", cookies=said.cookies, headers={"Accept": "text/html"})
        assert page.headers["location"] == "/password"
        assert server.stop() == 0
    with running(folder, tmp_path / "log2") as server:
        assert set(server.said) == {"address"}
        assert "password" not in (tmp_path / "log2").read_text()
        assert server.stop() == 0


def test_what_is_being_answered_is_answered_before_it_stops(
    sqlite_site: Site, header: dict[str, str], tmp_path: Path, photo: bytes
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + photo + b"\r\n--x--\r\n"

    def slowly() -> Iterator[bytes]:
        yield body[:100]
        arrived.set()
        time.sleep(1.5)
        yield body[100:]

    arrived = threading.Event()
    with running(sqlite_site.folder, tmp_path / "log") as server:
        timer = threading.Thread(target=lambda: arrived.wait(20) and server.process.send_signal(signal.SIGTERM))
        timer.start()
        sent = header | {"Content-Type": "multipart/form-data; boundary=x"}
        said = httpx.post(f"{server.address}/h/hash?types=pdq", content=slowly(), headers=sent, timeout=60)
        assert (said.status_code, len(said.json()["pdq"])) == (200, 64)
        timer.join()
        assert server.process.wait(30) == 0


def test_broken_connections_and_bytes_that_are_no_http_harm_nobody(
    sqlite_site: Site, header: dict[str, str], tmp_path: Path
) -> None:
    with running(sqlite_site.folder, tmp_path / "log") as server:
        host, port = server.address.removeprefix("http://").split(":")
        for junk in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200),
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000,
            b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST /h/hash HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\ncut",
            b"POST /h/hash HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /h/hash HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"\r\n" * 1000,
        ):
            connection = socket.create_connection((host, int(port)), timeout=10)
            with connection, contextlib.suppress(OSError):
                connection.sendall(junk)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        waiting = [socket.create_connection((host, int(port))) for _ in range(50)]
        assert httpx.get(f"{server.address}/status", headers=header).text == "I-AM-ALIVE"
        for connection in waiting:
            connection.close()
        assert server.stop() == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_tls_is_spoken_and_nothing_older_than_1_2(sqlite_site: Site, header: dict[str, str], tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    words = ("--certificate", str(certificate), "--key", str(key))
    with running(sqlite_site.folder, tmp_path / "log", *words) as server:
        assert server.address.startswith("https://")
        trusted = ssl.create_default_context(cafile=str(certificate))
        said = httpx.get(f"{server.address}/status", headers=header, verify=trusted)
        assert (said.text, "max-age" in said.headers["strict-transport-security"]) == ("I-AM-ALIVE", True)
        host, port = server.address.removeprefix("https://").split(":")
        with trusted.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as connection:
            assert connection.version() in ("TLSv1.2", "TLSv1.3")
        assert server.stop() == 0


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Returns a certificate for this machine's own address, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = (folder / "site.pem", folder / "site.key")
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return paths


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        (ServeOptions("0.0.0.0"), Refused, "without TLS they could read tokens"),
        (ServeOptions("::"), Refused, "without TLS they could read tokens"),
        (ServeOptions("10.0.0.1"), Refused, "without TLS they could read tokens"),
        (ServeOptions("localhost"), WrongUse, "no address of a machine"),
        (ServeOptions(certificate=Path("a")), WrongUse, "needed together"),
        (ServeOptions(key=Path("a")), WrongUse, "needed together"),
        (ServeOptions(certificate=Path("absent"), key=Path("absent")), WrongUse, "cannot be used"),
        (ServeOptions("203.0.113.1", allow_plain=True), WrongUse, "203.0.113.1:5100 cannot be used"),
    ],
)
def test_what_cannot_be_served_safely_is_refused(
    sqlite_site: Site, options: ServeOptions, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        serve(sqlite_site, options, lambda address: None)


def test_a_port_in_use_is_said(sqlite_site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(WrongUse, match="cannot be used"):
        serve(sqlite_site, ServeOptions(port=taken.getsockname()[1]), lambda address: None)
