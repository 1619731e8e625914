"""The programs of the group "sample" of bench/run: what people run for long, and what does little but allocate."""
import os
import shutil
import subprocess
import time

CLIENT_S = 120


class Workload:
    """A command to measure: argv, what its stdin is, its environment, and the executable that is the app."""

    def __init__(self, name, argv, stdin=None, env=()):
        self.name, self.argv, self.stdin, self.env = name, argv, stdin, tuple(env)
        self.app = os.path.realpath(shutil.which(argv[0]))


class Server(Workload):
    """redis-server under the load of redis-benchmark's defaults (50 clients, one request at a time each): measured is the client's time."""

    def __init__(self, folder, requests):
        self.socket, self.tests = os.path.join(folder, "redis.sock"), ("set", "get", "lpush", "hset")
        super().__init__("redis", ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                                   "--daemonize", "no", "--dir", folder])
        self.client = ["redis-benchmark", "-s", self.socket, "-q", "-n", str(requests), "-r", "100000", "-d", "200", "-t", ",".join(self.tests)]
        self.requests = requests * len(self.tests)

    def before(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def drive(self, process):
        """Seconds that the client took. process: the command that has been started and holds the server; it ends."""
        try:
            until = time.monotonic() + CLIENT_S
            while not os.path.exists(self.socket):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("redis-server does not answer")
                time.sleep(0.01)
            start = time.monotonic()
            subprocess.run(self.client, stdout=subprocess.DEVNULL, check=True, timeout=CLIENT_S)
            seconds = time.monotonic() - start
        finally:
            subprocess.run(["redis-cli", "-s", self.socket, "shutdown", "nosave"], capture_output=True, check=False)
        return seconds


def sample_workloads(inputs, real, quick):
    """Short runs: the less time between two that are compared, the less drifts between them. What start and end of a recording are of it shows `true`.

    real: name -> Workload of the other groups. All but python3 and redis ask for memory most of the time.
    """
    workloads = [real["jq"]] if "jq" in real else []
    if "python3" in real:
        python = real["python3"]
        workloads.append(Workload("python3", python.argv, env=[e for e in python.env if not e.startswith("PYTHONMALLOC=")]))
    if shutil.which("redis-server") and shutil.which("redis-benchmark"):
        workloads.append(Server(inputs, 500 if quick else 15000))
    if "python3" in real:
        workloads.append(Workload("python3-malloc", real["python3"].argv, env=real["python3"].env))
    workloads += [real[name] for name in ("sqlite3", "perl", "cc1plus") if name in real]
    return workloads + [Workload("true", ["/bin/true"])]
