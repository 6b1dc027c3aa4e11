"""Locks a decoder process down: limits, no network, no other programs, no files but the ones handed to it.

Layers, each used where the system has it: resource limits; Landlock (kernel 5.13 or newer), which leaves only the
program's own code readable; seccomp (libseccomp), which leaves only the system calls a decoder needs. Files to read
arrive as open descriptors, so that a decoder never has to open one.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from varde.core.errors import VardeError

_PR_SET_PDEATHSIG = 1
_CLONE_THREAD = 0x00010000
_UNKNOWN_CALL = -1  # libseccomp's answer; calls of other processors get numbers below

_ALLOWED_CALLS = (
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close fstat stat lstat "
    "newfstatat statx dup dup3 munmap mremap mprotect madvise brk membarrier fadvise64 "
    "getdents64 readlink readlinkat getcwd access faccessat faccessat2 futex set_robust_list get_robust_list rseq "
    "sched_yield sched_getaffinity poll ppoll select pselect6 recvmsg sendmsg recvfrom sendto clock_gettime "
    "clock_getres clock_nanosleep nanosleep gettimeofday times getrusage getrandom getpid gettid getppid getuid "
    "geteuid getgid getegid uname sysinfo rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall "
    "arch_prctl exit exit_group"
)

_WRITER_CALLS = "ftruncate fallocate"
# The others set owner, signal and lease of a descriptor, by which the kernel signals any process of the same user.
_ALLOWED_FCNTL = (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC)


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What a decoder process may use.

    Attributes:
        memory_bytes: address space.
        write_bytes: up to which offset it may write to files it was handed open for writing. 0: such a file's bytes
            and size stay as they are, by the resource limit for writing and by seccomp for cutting, punching and
            mapping, so without seccomp only writing is refused. With more than 0 anything may happen to the file below
            that offset, and it may be cut. Sockets, pipes and devices are not covered: hand none over, and files to
            read open for reading only.
        open_files: descriptors at a time.
    """

    memory_bytes: int
    write_bytes: int = 0
    open_files: int = 64


def die_with_parent(parent: int) -> None:
    """Asks the kernel to kill this process when the thread that started it ends; ends at once if that is gone.

    Args:
        parent: process number of the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def lock_down(limits: SandboxLimits) -> tuple[str, ...]:
    """Restricts this process for good and returns the names of the layers that are active.

    Everything that is needed later must be imported and warmed up before.
    """
    seccomp = _find_seccomp()
    layers = ["rlimits"]
    _limit_resources(limits)
    if sys.platform == "linux" and _apply_landlock():
        layers.append("landlock")
    if seccomp and _apply_seccomp(seccomp, may_write=limits.write_bytes > 0):
        layers.append("seccomp")
    return tuple(layers)


def _limit_resources(limits: SandboxLimits) -> None:
    # No RLIMIT_NPROC: it counts all processes and threads of the user, so that others' work would stop our threads,
    # and it does not bind root. Seccomp refuses new processes.
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.write_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in wanted.items():
        hard = resource.getrlimit(which)[1]
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (lowest, lowest))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _apply_landlock() -> bool:
    from landlock import FSAccess, LandlockError, Ruleset

    readable = FSAccess.READ_FILE | FSAccess.READ_DIR
    paths = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), str(Path(__file__).parents[1])}
    try:
        rules = Ruleset()
        for path in paths:
            if Path(path).is_dir():
                rules.allow(path, rules=readable)
        rules.apply()
    except (OSError, LandlockError):
        return False
    return True


def _find_seccomp() -> ModuleType | None:
    try:
        import pyseccomp
    except (ImportError, RuntimeError):  # another system than Linux, or libseccomp is not installed
        return None
    return cast(ModuleType, pyseccomp)


def _apply_seccomp(pyseccomp: ModuleType, *, may_write: bool) -> bool:
    rules = _make_rules(pyseccomp, may_write=may_write)
    try:
        rules.load()
    except OSError:  # a kernel without seccomp; the layers tell
        return False
    return True


def _make_rules(pyseccomp: ModuleType, *, may_write: bool) -> Any:
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in (*_ALLOWED_CALLS.split(), *(_WRITER_CALLS.split() if may_write else ())):
        _allow(rules, pyseccomp.ALLOW, name)
    for command in _ALLOWED_FCNTL:
        _allow(rules, pyseccomp.ALLOW, "fcntl", pyseccomp.Arg(1, pyseccomp.EQ, command))
    # Shared mappings write past every limit; those for reading only too, as mprotect makes them writable.
    _allow(rules, pyseccomp.ALLOW, "mmap", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, mmap.MAP_SHARED, 0))
    read_only = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, os.O_ACCMODE | os.O_CREAT | os.O_TRUNC, os.O_RDONLY)
    _allow(rules, pyseccomp.ALLOW, "openat", read_only)
    threads_only = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD)
    _allow(rules, pyseccomp.ALLOW, "clone", threads_only)
    _allow(rules, pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    _allow(rules, pyseccomp.ALLOW, "tgkill", pyseccomp.Arg(0, pyseccomp.EQ, os.getpid()))
    only_self = pyseccomp.Arg(0, pyseccomp.EQ, 0)
    _allow(rules, pyseccomp.ALLOW, "prlimit64", only_self, pyseccomp.Arg(2, pyseccomp.EQ, 0))
    return rules


def _allow(rules: Any, action: int, name: str, *arguments: object) -> None:
    """Adds a rule, unless this processor does not have the call.

    Raises:
        VardeError: if no processor has it: the name is mistyped, or libseccomp older than the name.
        OSError: if libseccomp refuses the rule.
    """
    import pyseccomp

    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    if number == _UNKNOWN_CALL:
        raise VardeError(f"libseccomp knows no system call {name}", advice="libseccomp 2.5 or newer is needed.")
    if number >= 0:
        rules.add_rule(action, number, *arguments)
