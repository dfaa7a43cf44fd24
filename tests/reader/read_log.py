#!/usr/bin/env python3
"""A second reader of recordings, written from docs/format.md alone.

usage: read_log.py RECORDING     prints what `sekisho show --format jsonl` prints
exit:  0 whole · 1 not a recording, altered, of an unknown version · 3 cut (read up to the cut)

Standard library only, but for zstd: Python 3.14's own, the `zstandard` module, or the `zstd` command.
"""
import base64
import errno
import hashlib
import ipaddress
import json
import shutil
import struct
import subprocess
import sys

MAGIC = b"\x89SEKISHO"
HEAD = struct.Struct("<BIII32s")
MAX_BLOCK = (128 << 10) + (2 << 20)
MAX_STORED = MAX_BLOCK + MAX_BLOCK // 128 + 1024
HEADER, EVENTS, TRAILER = 1, 2, 3


class Refused(Exception):
    """The file is not what a writer writes."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def decompress(stored):
    """What the frame holds, also if it does not end."""
    try:
        from compression import zstd

        return zstd.ZstdDecompressor().decompress(stored)
    except ImportError:
        pass
    try:
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress(stored)
    except ImportError:
        pass
    if not shutil.which("zstd"):
        sys.exit("read_log.py: no zstd: install the zstandard module or the zstd command")
    # It fails if the frame does not end, behind having written what there is of it.
    return subprocess.run(["zstd", "-dcq"], input=stored, capture_output=True, check=False).stdout


# CBOR, as far as the format uses it: unsigned and negative integers, byte and text strings, arrays, maps, booleans.


def cbor(data, at=0):
    """The item at `at`, and where it ends. Lengths must be in their shortest form."""
    need(at < len(data), "item cut")
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        need(info in (20, 21), "unexpected simple value")
        return info == 21, at
    number, at = argument(data, at, info)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        need(at + number <= len(data), "string cut")
        raw = data[at : at + number]
        return (raw if major == 2 else raw.decode("utf-8")), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = cbor(data, at)
            items.append(item)
        return items, at
    need(major == 5, "unexpected tag")
    pairs, last = {}, -1
    for _ in range(number):
        key, at = cbor(data, at)
        need(isinstance(key, int) and key > last, "keys must be integers and rise")
        last = key
        pairs[key], at = cbor(data, at)
    return pairs, at


def argument(data, at, info):
    if info < 24:
        return info, at
    need(info <= 27, "indefinite length")
    size = 1 << (info - 24)
    need(at + size <= len(data), "item cut")
    number = int.from_bytes(data[at : at + size], "big")
    smallest = 24 if size == 1 else 1 << (4 * size)
    need(number >= smallest, "number not in its shortest form")
    return number, at + size


# Facts to JSON.


def text_or_b64(out, name, raw):
    try:
        out[name] = raw.decode("utf-8")
    except UnicodeDecodeError:
        out[name + "_b64"] = base64.b64encode(raw).decode()


def texts_or_b64(out, name, raws):
    try:
        out[name] = [raw.decode("utf-8") for raw in raws]
    except UnicodeDecodeError:
        out[name + "_b64"] = [base64.b64encode(raw).decode() for raw in raws]


def errno_name(number):
    same = {11: "EAGAIN", 35: "EDEADLK", 95: "EOPNOTSUPP"}
    return same.get(number) or errno.errorcode.get(number) or str(number)


def outcome(value):
    index, fields = value
    if index in (0, 2):
        need(fields == [], "outcome with fields")
        return "ok" if index == 0 else "unknown"
    need(index in (1, 3), "unknown outcome")
    return {"errno" if index == 1 else "refused": errno_name(fields[0])}


def identity(out, value):
    out["dev"] = f"{value[0]}:{value[1]}"
    out["ino"] = value[2]
    if value[3]:
        out["mount"] = value[3]


def plain(name):
    return lambda out, value: out.__setitem__(name, value)


def raw(name):
    return lambda out, value: text_or_b64(out, name, value)


def raws(name):
    return lambda out, value: texts_or_b64(out, name, value)


def digest(name):
    return lambda out, value: out.__setitem__(name, value.hex())


def named(name, names):
    return lambda out, value: out.__setitem__(name, names[value])


def came(out, value):
    out["outcome"] = outcome(value)


def fields(table, value, required):
    out = {}
    for key, item in value.items():
        need(key in table, f"unknown key {key}")
        table[key](out, item)
    for key in required:
        need(key in value, f"missing key {key}")
    return out


def interpreters(out, value):
    table = {0: raw("path"), 1: digest("sha256")}
    out["interpreters"] = [fields(table, item, [0]) for item in value]


def address(out, value):
    ip = ipaddress.ip_address(value)
    out["address"] = str(getattr(ip, "ipv4_mapped", None) or ip)


SPAWN = ["fork", "vfork", "clone", "clone3"]
ACCESS = "read write create delete rename link symlink mkdir rmdir mknod truncate attributes mount list stat".split()
TYPES = "regular directory symlink fifo socket char-device block-device other".split()
NET = "connect bind listen accept send receive resolve pair".split()
GAPS = ("unreadable no-result limit lost-process interrupted foreign-write unreadable-image unseen storage "
        "timeout").split()
KINDS = ("spawn exec exit file content net descriptor restrict refused denied delegated tamper gap").split()

EXEC = {0: raw("path"), 1: raw("asked"), 2: interpreters, 3: raws("argv"), 4: plain("argv_truncated"),
        5: raw("cwd"), 6: digest("sha256"), 7: identity, 8: raws("env"), 9: came, 10: digest("argv_sha256"),
        11: plain("anonymous"), 12: plain("namespace"), 13: plain("env_bytes")}
FILE = {0: named("access", ACCESS), 1: raw("path"), 2: raw("asked"), 3: raw("to"), 4: identity,
        5: named("type", TYPES), 6: digest("sha256"), 7: plain("size"), 8: came, 9: plain("namespace"),
        10: plain("racy")}
CONTENT = {0: raw("path"), 1: identity, 2: digest("sha256"), 3: plain("size"), 4: named("when", ["read", "final"]),
           5: plain("why")}
NETACT = {0: named("op", NET), 1: plain("protocol"), 2: address, 3: plain("port"), 4: plain("host"), 5: raw("path"),
          6: plain("bytes_out"), 7: plain("bytes_in"), 8: plain("answers"), 9: came, 10: plain("peer"),
          11: plain("racy")}
RESTRICT = {0: named("what", ["seccomp", "landlock", "namespace", "chroot"]), 1: plain("flags"), 2: digest("digest"),
            3: came, 4: raw("path")}


def target(out, value):
    index, (inner,) = value
    table, kind, required = [(FILE, "file", [0, 1, 8]), (NETACT, "net", [0, 1, 9])][index]
    out["target"] = {"kind": kind, **fields(table, inner, required)}


def denied_errno(out, value):
    if value == 0:
        out["killed"] = True
    else:
        out["errno"] = errno_name(value)


def would(out, value):
    need(value[0] != 9, "denied within denied")
    out["would"] = kind(value)


DESCRIPTOR = {0: named("how", ["inherited", "received", "pidfd"]), 1: plain("fd"), 2: target}
REFUSED = {0: plain("call"), 1: plain("why"), 2: lambda out, value: out.__setitem__("errno", errno_name(value))}
DENIED = {0: plain("rule"), 1: plain("call"), 2: denied_errno, 3: would}
DELEGATED = {0: raw("to"), 1: raw("peer")}
TAMPER = {0: plain("what"), 1: plain("call"), 2: raw("target"), 3: came}
GAP = {0: named("why", GAPS), 1: plain("detail")}
STRUCTS = {1: (EXEC, [0, 2, 3, 4, 5, 8, 9]), 3: (FILE, [0, 1, 8]), 4: (CONTENT, [0, 4]), 5: (NETACT, [0, 1, 9]),
           6: (DESCRIPTOR, [0, 1, 2]), 7: (RESTRICT, [0, 1, 3]), 8: (REFUSED, [0, 1, 2]), 9: (DENIED, [0, 1, 2, 3]),
           10: (DELEGATED, [0]), 11: (TAMPER, [0, 1, 2, 3]), 12: (GAP, [0, 1])}


def kind(value):
    index, inner = value
    need(index < len(KINDS), "unknown kind of event")
    out = {"kind": KINDS[index]}
    if index == 0:
        parent, how, thread = inner
        return {**out, "parent": parent, "how": SPAWN[how], "thread": thread}
    (facts,) = inner
    if index == 2:
        need(sorted(facts) == [0, 1, 2], "unknown key")
        how, (number,) = facts[0]
        out[["status", "signal"][how]] = number
        return {**out, "core": facts[1], "killed_by_us": facts[2]}
    out.update(fields(*reorder(STRUCTS[index], facts)))
    if index == 1 and not {"asked", "asked_b64"} & set(out):
        raw("asked")(out, facts[0])
    return out


def reorder(struct_, facts):
    return struct_[0], facts, struct_[1]


def event(value, seq, at_us):
    need(set(value) <= {0, 1, 2, 3} and {0, 1, 3} <= set(value), "unknown or missing key")
    out = {"seq": seq, "process": value[0], "at_us": at_us}
    if value.get(2, 1) != 1:
        out["times"] = value[2]
    return {**out, **kind(value[3])}


def coverage(out, value):
    table = {0: plain("recorded"), 1: plain("refused"), 2: plain("not_asserted"),
             3: named("toctou", ["verified", "best-effort"]), 4: plain("max_known_call"), 5: plain("fallback")}
    out["coverage"] = fields(table, value, range(5))


HEADER_KEYS = {0: plain("version"), 1: plain("tool"), 2: plain("kernel"), 3: plain("arch"), 4: raws("command"),
               5: raw("cwd"), 6: raw("workspace"), 7: plain("uid"), 8: named("level", ["exec", "files", "deep"]),
               9: plain("engine"), 10: coverage, 11: raw("home"), 12: raw("tmp"), 13: plain("started_s"),
               14: plain("mode"), 15: plain("step"), 16: digest("profile_sha256"), 17: digest("nonce")}


def header(value):
    required = [key for key in HEADER_KEYS if key not in (11, 15, 16)]
    return {"kind": "header", **fields(HEADER_KEYS, value, required)}


def trailer(value, counts, root):
    need(sorted(value) == list(range(8)), "unknown or missing key")
    need(value[1] == counts, "counts contradict the events")
    need(value[4] == root, "root contradicts the events")
    need(value[3] == counts[12], "gaps contradict the events")
    need(not (value[0] and (value[2] or value[3])), "complete with something missing")
    return {"kind": "trailer", "complete": value[0], "counts": dict(zip(KINDS, value[1])), "lost": value[2],
            "gaps": value[3], "root": value[4].hex(), "status": value[5], "duration_us": value[6],
            "toctou": ["verified", "best-effort"][value[7]]}


# Blocks.


class Cut(Exception):
    """The file ends within a block, or where one should begin."""


def heads(data):
    """Kind, count, length of the items, stored bytes, and the chain before each block; its end."""
    chain = hashlib.sha256(b"sekisho recording 1\n").digest()
    at, kind_ = 12, None
    while kind_ != TRAILER:
        if at + HEAD.size > len(data):
            return
        kind_, count, size, stored_size, stated = HEAD.unpack_from(data, at)
        need(kind_ in (HEADER, EVENTS, TRAILER), "unknown kind of block")
        need(size <= MAX_BLOCK and stored_size <= MAX_STORED and 1 <= count <= size, "length out of bounds")
        stored = data[at + HEAD.size : at + HEAD.size + stored_size]
        if len(stored) < stored_size:
            return
        before = chain
        chain = hashlib.sha256(chain + data[at : at + 13] + stored).digest()
        need(chain == stated, "altered, moved or removed: chain")
        at += HEAD.size + stored_size
        yield kind_, count, size, stored, before, at


def blocks(data):
    """Kind, items, the chain before each block, and its end."""
    found = list(heads(data))
    body, begin = decompress(b"".join(stored for _, _, _, stored, _, _ in found)), 0
    need(len(body) == sum(size for _, _, size, _, _, _ in found), "does not decompress to the stated length")
    for kind_, count, size, _, before, at in found:
        items, end = [], begin
        for _ in range(count):
            item, end = cbor(body, end)
            items.append(item)
        begin += size
        need(end == begin, "bytes behind the last item")
        yield kind_, items, before, at
    if not found or found[-1][0] != TRAILER:
        raise Cut


def read(data, show):
    need(data[:8] == MAGIC, "not a recording")
    need(data[8:12] == struct.pack("<I", 1), "unknown version")
    counts, seq, at_us = [0] * len(KINDS), 0, 0
    for number, (kind_, items, before, end) in enumerate(blocks(data)):
        need((number == 0) == (kind_ == HEADER), "header missing or repeated")
        if kind_ == HEADER:
            need(len(items) == 1, "one header")
            show(header(items[0]))
        elif kind_ == EVENTS:
            for item in items:
                seq, at_us = seq + 1, (at_us + item[1]) % 2**64
                counts[item[3][0]] += 1
                show(event(item, seq, at_us))
        else:
            need(len(items) == 1 and end == len(data), "bytes behind the trailer")
            show(trailer(items[0], counts, before))
            return


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    try:
        read(data, lambda line: print(json.dumps(line, ensure_ascii=False)))
    except Cut:
        print("read_log.py: cut", file=sys.stderr)
        return 3
    except (Refused, UnicodeDecodeError, ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        print(f"read_log.py: refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
