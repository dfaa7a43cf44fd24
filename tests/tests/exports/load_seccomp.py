"""Loads an OCI seccomp profile (standard input) with libseccomp, as a container runtime does, and says what some calls return then.

One line of JSON: the names that libseccomp does not know, and for each call 0 or the errno."""
import ctypes
import errno
import json
import os
import socket
import sys

import seccomp

ACTIONS = {"SCMP_ACT_ALLOW": lambda rule: seccomp.ALLOW, "SCMP_ACT_ERRNO": lambda rule: seccomp.ERRNO(rule["errnoRet"])}
OPS = {"SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ}


def load(profile):
    """Refuses, by a KeyError, whatever it does not know: an action, an operator, a key of an argument."""
    arches = [arch["architecture"] for arch in profile["archMap"]]
    assert arches == ["SCMP_ARCH_X86_64"], arches
    made = seccomp.SyscallFilter(ACTIONS[profile["defaultAction"]](profile))
    unknown = []
    for rule in profile["syscalls"]:
        args = []
        for arg in rule.get("args", []):
            more = [arg["valueTwo"]] if arg["op"] == "SCMP_CMP_MASKED_EQ" else []
            args.append(seccomp.Arg(arg["index"], OPS[arg["op"]], arg["value"], *more))
        for name in rule["names"]:
            # A runtime leaves out what its library does not know, too.
            if seccomp.resolve_syscall(seccomp.Arch.X86_64, name) < 0:
                unknown.append(name)
            else:
                made.add_rule(ACTIONS[rule["action"]](rule), name, *args)
    made.load()
    return unknown


def attempt(act):
    try:
        act()
        return 0
    except OSError as error:
        return error.errno


def raw(number, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(arg) for arg in args])
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def call(number, *args):
    return lambda: raw(number, *args)


def cloned():
    """A child with mounts of its own (CLONE_NEWNS | SIGCHLD), which ends at once."""
    pid = raw(56, 0x00020000 | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def child():
    pid = os.fork()
    if pid == 0:
        os.execv("/bin/true", ["true"])
    status = os.waitpid(pid, 0)[1]
    if status:
        raise OSError(errno.ECHILD, "")


def listen():
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("")
        bound.listen()


tries = {
    "child": child,
    "inet": lambda: socket.socket(socket.AF_INET).close(),
    "inet6": lambda: socket.socket(socket.AF_INET6).close(),
    "keyctl": call(250, 0, -3, 0),  # KEYCTL_GET_KEYRING_ID of the session
    "listen": listen,
    "open": lambda: open("/dev/null", "rb").close(),
    "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "ptrace": call(101, 0, 0, 0, 0),  # PTRACE_TRACEME
    "unix": lambda: socket.socket(socket.AF_UNIX).close(),
    "unshare": call(272, 0),  # of nothing, which everybody may
    "clone-newns": cloned,
}
unknown = load(json.load(sys.stdin))
print(json.dumps({"unknown": unknown, **{name: attempt(act) for name, act in tries.items()}}))
