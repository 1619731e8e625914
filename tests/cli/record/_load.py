#!/usr/bin/env python3
"""A redis-server under load that is attached to again and again; also run by bench/attach_soak.

_load.py RECORDER FOLDER TIMES SECONDS: starts redis-server in FOLDER, lets four clients talk to it (each reply is compared with what was
written), records it TIMES times for SECONDS each, and prints one line per figure, `name value`:
  replies, wrong (answers that were not what they should be, or connections that were closed), recordings, failed (recordings), leftover
  (words in the data of its modules that lead into the recorder's library after it left), changed (modules whose data that is read-only
  after relocation was not as before), resident_kib_first, resident_kib_last (of the server), events and lost (of all recordings)
"""
import os, re, signal, socket, struct, subprocess, sys, threading, time


def maps(pid):
    for line in open(f"/proc/{pid}/maps"):
        place, rights, offset, device, inode, *name = line.split(None, 5)
        start, end = (int(x, 16) for x in place.split("-"))
        yield start, end, rights, name[0].strip() if name else ""


def leftover(pid):
    """Words of file-backed data that lead into the library, and the read-only data of each module."""
    all_maps = list(maps(pid))
    ours = [(s, e) for s, e, _, name in all_maps if "libmemscope-attach" in name]
    low, high = (min(s for s, _ in ours), max(e for _, e in ours)) if ours else (1, 0)
    words, fixed = 0, {}
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for start, end, rights, name in all_maps:
            if not name.startswith("/") or "x" in rights or "libmemscope" in name or "memfd" in name or not rights.endswith("p"):
                continue
            if rights.startswith("r"):
                memory.seek(start)
                data = memory.read(end - start)
                words += sum(low <= w < high for (w,) in struct.iter_unpack("Q", data[: len(data) // 8 * 8]))
                if rights == "r--p" and "ld-linux" not in name:
                    fixed[(name, start)] = hash(data)
    return words, fixed


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1))


class Client(threading.Thread):
    def __init__(self, path, number):
        super().__init__()
        self.path, self.number, self.stop, self.replies, self.wrong = path, number, False, 0, 0

    def run(self):
        try:
            s = socket.socket(socket.AF_UNIX)
            s.connect(self.path)
            f = s.makefile("rb")
            i = 0
            while not self.stop:
                batch = []
                for k in range(20):
                    i += 1
                    batch.append((f"key:{self.number}:{i % 5000}", f"{'v' * (i % 300)}{i}"))
                s.sendall("".join(f"SET {k} {v}\r\nGET {k}\r\nLPUSH l:{self.number} {v}\r\nLTRIM l:{self.number} 0 100\r\n" for k, v in batch).encode())
                for _, v in batch:
                    expected = [b"+OK", b"$%d" % len(v), v.encode(), None, b"+OK"]
                    for want in expected:
                        got = f.readline().rstrip(b"\r\n")
                        if want is None:
                            if not got.startswith(b":"):
                                self.wrong += 1
                        elif got != want:
                            self.wrong += 1
                    self.replies += 4
        except OSError:
            self.wrong += 1


def main():
    recorder, folder, times, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    path = os.path.join(folder, "redis.sock")
    server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder],
                              stdout=open(os.path.join(folder, "redis.log"), "w"), stderr=subprocess.STDOUT)
    clients, failed, left, changed, events, lost, first = [], 0, 0, 0, 0, 0, 0
    try:
        until = time.time() + 20
        while not os.path.exists(path):
            if time.time() > until or server.poll() is not None:
                sys.exit("redis-server did not start: " + open(os.path.join(folder, "redis.log")).read())
            time.sleep(0.02)
        clients = [Client(path, n) for n in range(4)]
        for c in clients:
            c.start()
        time.sleep(0.2)
        before = leftover(server.pid)
        for i in range(times):
            trace = os.path.join(folder, f"redis{i}.ms")
            done = subprocess.run([recorder, "-p", str(server.pid), "--duration", str(seconds), "-o", trace], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=120)
            if done.returncode != 0:
                failed += 1
                print(done.stdout, end="")
            found = re.search(r"(\d+) events", done.stdout)
            events += int(found.group(1)) if found else 0
            found = re.search(r"(\d+) lost", done.stdout)
            lost += int(found.group(1)) if found else 0
            now = leftover(server.pid)
            left += now[0]
            changed += any(before[1][k] != now[1].get(k) for k in before[1])
            if i == 2 or i == times - 1 < 2:
                first = resident_kib(server.pid)
            if i + 1 < times:
                os.unlink(trace)
        last = resident_kib(server.pid)
        for c in clients:
            c.stop = True
        for c in clients:
            c.join(20)
        alive = server.poll() is None
        for name, value in (("replies", sum(c.replies for c in clients)), ("wrong", sum(c.wrong for c in clients) + (not alive)),
                            ("recordings", times), ("failed", failed), ("leftover", left), ("changed", changed),
                            ("resident_kib_first", first), ("resident_kib_last", last), ("events", events),
                            ("lost", lost)):
            print(name, value)
    finally:
        for c in clients:
            c.stop = True
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


main()
