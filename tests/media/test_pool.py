import os
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import psutil
import pytest

import varde
from varde.core.errors import VardeError
from varde.media import pool as pool_module
from varde.media import sandbox
from varde.media.pool import Answer, Failure, FailureKind, Pool, Request
from varde.media.sandbox import SandboxLimits

LIMITS = SandboxLimits(memory_bytes=2 << 30)


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment for the workers: they run isolated, so only their own environment can name our targets."""
    folder = tmp_path_factory.mktemp("workers")
    venv.create(folder, symlinks=True, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    sources = (*(p for p in sys.path if p.endswith("-packages")), Path(varde.__path__[0]).parent, Path(__file__).parent)
    (packages / "targets.pth").write_text("".join(f"{source}\n" for source in sources))
    return folder / "bin" / "python"


@pytest.fixture
def target(interpreter: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A target that the workers can import."""
    monkeypatch.setattr(sys, "executable", str(interpreter))
    return "pool_targets:serve"


def serve(
    pool: Pool, payloads: list[bytes], *, limit_s: float = 30, files: tuple[int, ...] = (), patience_s: float = 60
) -> list[Answer]:
    for key, payload in enumerate(payloads):
        pool.submit(Request(key, payload, tuple(os.dup(f) for f in files), limit_s))
    answers: list[Answer] = []
    deadline = time.monotonic() + patience_s
    while len(answers) < len(payloads) and time.monotonic() < deadline:
        answers += pool.wait(1)
    return sorted(answers, key=lambda answer: answer.key)  # type: ignore[arg-type, return-value]


def test_every_request_is_answered_once(target: str) -> None:
    with Pool(target, 2, LIMITS) as pool:
        answers = serve(pool, [b"echo:%d" % n for n in range(500)])
    assert [answer.result for answer in answers] == [b"%d" % n for n in range(500)]


def test_a_crash_is_blamed_on_the_request_that_crashed_and_no_other(target: str) -> None:
    payloads = [b"crash:" if n in {3, 11, 12} else b"echo:%d" % n for n in range(40)]
    with Pool(target, 2, LIMITS) as pool:
        answers = serve(pool, payloads)
    assert len(answers) == 40
    failed = [answer.key for answer in answers if isinstance(answer.result, Failure)]
    assert failed == [3, 11, 12]
    assert answers[3].result == Failure(FailureKind.CRASHED, "The decoder was ended by SIGSEGV.")


def test_a_request_that_hangs_is_ended_and_named(target: str) -> None:
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"hang:", b"echo:after"], limit_s=1)
    assert answers[0].result == Failure(FailureKind.TIMED_OUT, "It took longer than 1 seconds.")
    assert answers[1].result == b"after"


def test_a_worker_cannot_switch_its_time_limit_off_by_greeting_again(target: str) -> None:
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"greet:", b"echo:after"], limit_s=2, patience_s=15)
    assert answers[0].result == Failure(FailureKind.CRASHED, "The decoder was ended by SIGKILL.")
    assert answers[1].result == b"after"


def test_a_worker_that_answers_and_falls_mute_is_replaced_without_blame(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "_ANNOUNCE_LIMIT_S", 1.0, raising=False)
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"mute:", b"echo:1", b"echo:2"], patience_s=15)
    assert [answer.result for answer in answers] == [b"last words", b"1", b"2"]


def test_a_request_that_no_process_takes_up_fails_after_three_of_them(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "_ANNOUNCE_LIMIT_S", 0.0, raising=False)
    monkeypatch.setattr(pool_module, "_MAX_ATTEMPTS", 3, raising=False)
    seen: set[int] = set()
    with Pool(target, 1, LIMITS) as pool:
        pool.submit(Request(0, b"echo:" + bytes(20 << 20), (), 9))
        deadline = time.monotonic() + 15
        while not (answers := pool.wait(0.5)) and time.monotonic() < deadline:
            seen.update(pool.pids)
    assert answers == [Answer(0, Failure(FailureKind.CRASHED, "3 decoders in a row ended before they took it up."))]
    assert len(seen) <= 4


def test_answers_to_requests_it_was_not_sent_yet_end_a_worker(target: str) -> None:
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"ahead:", b"echo:" + bytes(5 << 20)], patience_s=15)
    assert answers[0].result == b""
    assert answers[1].result == bytes(5 << 20)


@pytest.mark.parametrize("pause", [b"nap:0", b"nap:1"])
def test_large_requests_and_answers_pass_at_any_pace(target: str, pause: bytes) -> None:
    large = os.urandom(5 << 20)
    with Pool(target, 1, LIMITS) as pool:
        serve(pool, [b"echo:warm"])
        pids = pool.pids
        answers = serve(pool, [pause, *[b"echo:" + large] * 3], patience_s=15)
        assert pool.pids == pids
    assert [answer.result for answer in answers[1:]] == [large] * 3


def test_a_large_request_carries_its_files(target: str, tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(b"content")
    descriptor = os.open(path, os.O_RDONLY)
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"read:" + bytes(5 << 20)] * 3, files=(descriptor,), patience_s=15)
    os.close(descriptor)
    assert [answer.result for answer in answers] == [b"content"] * 3


def test_waiting_costs_no_processor_time(target: str) -> None:
    with Pool(target, 2, LIMITS) as pool:
        for _ in range(4):
            pool.wait(0.5)
        before, start = time.process_time(), time.monotonic()
        assert pool.wait(1) == []
        assert time.monotonic() - start > 0.9
        pool.submit(Request(0, b"nap:2", (), 9))
        pool.submit(Request(1, b"nap:2", (), 9))
        pool.submit(Request(2, b"echo:" + bytes(5 << 20), (), 9))
        answers: list[Answer] = []
        while len(answers) < 2:
            answers += pool.wait(5)
        assert time.process_time() - before < 0.3


def test_a_signal_without_a_name_is_told_by_its_number(target: str) -> None:
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"end:40"])
    assert answers[0].result == Failure(FailureKind.CRASHED, "The decoder was ended by signal 40.")


def test_closing_leaves_no_process_and_no_descriptor(target: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    pool = Pool(target, 2, LIMITS)
    pool.submit(Request(0, b"hang:", (os.open("/dev/null", os.O_RDONLY),), 9))
    for _ in range(3):
        pool.wait(0.3)
    pids = pool.pids
    pool.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)  # a zombie exists
    assert len(os.listdir("/proc/self/fd")) == before
    pool.close()


def test_a_request_that_eats_memory_fails_and_its_process_goes_on(target: str) -> None:
    with Pool(target, 1, LIMITS) as pool:
        serve(pool, [b"echo:warm"])
        pids = pool.pids
        answers = serve(pool, [b"eat:", b"echo:after"])
        assert pool.pids == pids
    assert isinstance(answers[0].result, Failure)
    assert answers[0].result.kind is FailureKind.OUT_OF_MEMORY
    assert answers[1].result == b"after"


def test_an_exception_in_the_handler_counts_as_a_crash(target: str) -> None:
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"raise:", b"echo:after"])
    assert isinstance(answers[0].result, Failure)
    assert answers[1].result == b"after"


def test_a_process_killed_from_outside_loses_nothing(target: str) -> None:
    with Pool(target, 2, LIMITS) as pool:
        serve(pool, [b"echo:warm"] * 4)
        for pid in pool.pids:
            psutil.Process(pid).kill()
        answers = serve(pool, [b"echo:%d" % n for n in range(20)])
    assert [answer.result for answer in answers] == [b"%d" % n for n in range(20)]


def test_files_arrive_open_and_are_closed_afterwards(target: str, tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(b"content")
    descriptor = os.open(path, os.O_RDONLY)
    before = len(os.listdir("/proc/self/fd"))
    with Pool(target, 1, LIMITS) as pool:
        answers = serve(pool, [b"read:"] * 3, files=(descriptor,))
    assert [answer.result for answer in answers] == [b"content"] * 3
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(descriptor)


def test_processes_that_cannot_start_stop_the_run_with_advice(target: str) -> None:
    with Pool(target.replace(":serve", ":serve_nothing"), 1, LIMITS) as pool, pytest.raises(VardeError, match="start"):
        serve(pool, [b"echo:"])


def test_processes_die_with_the_parent(target: str) -> None:
    code = (
        "import os,time\n"
        "from varde.media.pool import *\nfrom varde.media.sandbox import SandboxLimits\n"
        f"p = Pool({target!r}, 2, SandboxLimits(2 << 30))\n"
        "p.submit(Request(0, b'echo:', (), 9)); p.submit(Request(1, b'hang:', (), 99))\n"
        "p.wait(30); print(*p.pids, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    deadline = time.monotonic() + 10
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize("attempt", [b"read", b"write", b"connect", b"udp", b"exec", b"fork", b"kill"])
def test_the_sandbox_refuses(target: str, attempt: bytes) -> None:
    with Pool(target, 1, LIMITS) as pool:
        answer = serve(pool, [b"attempt:" + attempt])[0]
        needed = {b"read": "landlock", b"write": "rlimits"}.get(attempt, "seccomp")
        if needed not in pool.layers:
            pytest.skip(f"this system has no {needed}")
    assert isinstance(answer.result, bytes)
    assert answer.result.startswith(b"refused")


def test_no_other_process_can_be_signalled_through_a_descriptor(target: str) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander, Pool(target, 1, LIMITS) as pool:
        pool.submit(Request(0, b"signal:%d" % bystander.pid, (), 9))
        pool.wait(30)
        time.sleep(0.5)
        answers = serve(pool, [b"echo:after"])  # arrives while the first one is served
        if "seccomp" not in pool.layers:
            pytest.skip("this system has no seccomp")
        time.sleep(0.2)
        unharmed = bystander.poll() is None
        bystander.kill()
    assert unharmed
    assert answers[0].result == b"refused 1"


def test_a_process_without_the_right_to_write_cannot_write_to_a_file_it_was_handed(target: str, tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(b"")
    descriptor = os.open(path, os.O_RDWR)
    with Pool(target, 1, LIMITS) as pool:
        refused = serve(pool, [b"attempt:write_handed"], files=(descriptor,))
    with Pool(target, 1, SandboxLimits(2 << 30, write_bytes=1 << 20)) as pool:
        written = serve(pool, [b"attempt:write_handed"], files=(descriptor,))
    os.close(descriptor)
    assert refused[0].result == b"refused 27"
    assert written[0].result == b"done"
    assert path.stat().st_size == 4096


@pytest.mark.parametrize("attempt", [b"cut", b"map", b"map_read", b"punch", b"write_handed"])
def test_a_process_without_the_right_to_write_changes_no_file_it_was_handed(
    target: str, tmp_path: Path, attempt: bytes
) -> None:
    path = tmp_path / "spool"
    path.write_bytes(b"another member's bytes" * 1000)
    with path.open("rb+") as file, Pool(target, 1, LIMITS) as pool:
        answer = serve(pool, [b"attempt:" + attempt], files=(file.fileno(),))[0]
        if "seccomp" not in pool.layers:
            pytest.skip("this system has no seccomp")
    assert isinstance(answer.result, bytes)
    assert answer.result.startswith(b"refused")
    assert path.read_bytes() == b"another member's bytes" * 1000


def test_complaints_end_with_the_start_even_of_processes_that_may_write(target: str) -> None:
    with Pool(target, 1, SandboxLimits(2 << 30, write_bytes=1 << 30)) as pool:
        assert serve(pool, [b"attempt:complain"])[0].result == b"done"
        assert os.fstat(pool._complaints.fileno()).st_size == 0


def test_the_last_complaint_is_short_and_printable(target: str) -> None:
    with Pool(target.replace(":serve", ":serve_garbage"), 1, LIMITS) as pool, pytest.raises(VardeError) as raised:
        serve(pool, [b"echo:"])
    assert str(raised.value).isprintable()
    assert str(raised.value).endswith("\\x1b[2J\\x07 the end")
    assert len(str(raised.value)) < 20_000


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux only")
def test_every_allowed_call_exists_on_x86_64() -> None:
    seccomp = pytest.importorskip("pyseccomp")
    names = f"{sandbox._ALLOWED_CALLS} {sandbox._WRITER_CALLS} fcntl mmap openat clone clone3 tgkill prlimit64".split()
    assert [name for name in names if seccomp.resolve_syscall(seccomp.Arch.X86_64, name) < 0] == []
    assert len(names) == len(set(names))


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux only")
def test_a_mistyped_rule_stops_the_start_and_a_call_of_another_processor_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seccomp = pytest.importorskip("pyseccomp")
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    sandbox._allow(rules, seccomp.ALLOW, "s390_runtime_instr")
    with pytest.raises(VardeError, match="fstatt"):
        sandbox._allow(rules, seccomp.ALLOW, "fstatt")
    with pytest.raises(OSError):
        sandbox._allow(rules, seccomp.ALLOW, "dup", seccomp.Arg(9, seccomp.EQ, 0))


def test_room_says_how_much_can_be_submitted(target: str) -> None:
    with Pool(target, 2, LIMITS) as pool:
        assert pool.room == 2 * pool_module._DEPTH
        pool.submit(Request(0, b"echo:", (), 9))
        assert pool.room == 2 * pool_module._DEPTH - 1
