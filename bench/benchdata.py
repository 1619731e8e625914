"""Reads the CSV files of bench/run: the machine's header lines and the rows, grouped for medians and spreads."""
import csv
import statistics

NUMBERS = ("wall_s", "cpu_s", "app_cpu_s", "app_rss_kib", "tree_rss_kib", "events", "trace_bytes", "graph_bytes", "lost", "rate_per_s")


class Results:
    """machine: header name -> text. rows: (group, workload, mode) -> list of rows in run order, numbers as float or None."""

    def __init__(self, path):
        self.machine, self.rows, self.order = {}, {}, {}
        with open(path, newline="") as f:
            lines = f.readlines()
        body = [line for line in lines if not line.startswith("#")]
        for line in lines:
            if line.startswith("# "):
                key, _, value = line[2:].partition(":")
                self.machine[key.strip()] = value.strip()
        if self.machine.get("format") != "memscope-bench 1":
            raise ValueError(f"{path}: not a result of bench/run (no 'format: memscope-bench 1' line)")
        for row in csv.DictReader(body):
            for name in NUMBERS:
                row[name] = float(row[name]) if row.get(name) else None
            row["status"] = int(row["status"])
            key = (row["group"], row["workload"], row["mode"])
            self.rows.setdefault(key, []).append(row)
            names = self.order.setdefault(row["group"], [])
            if row["workload"] not in names:
                names.append(row["workload"])

    def workloads(self, group):
        return self.order.get(group, [])

    def values(self, group, workload, mode, column):
        return [r[column] for r in self.rows.get((group, workload, mode), []) if r[column] is not None and r["status"] == 0]

    def median(self, group, workload, mode, column):
        """None when there is no such value."""
        values = self.values(group, workload, mode, column)
        return statistics.median(values) if values else None

    def spread(self, group, workload, mode, column):
        values = self.values(group, workload, mode, column)
        return (min(values), max(values)) if values else None

    def overhead_s(self, workload, mode):
        """Wall time that recording adds: median of the mode minus median of plain."""
        return self.added_s("record", workload, mode)

    def added_s(self, group, workload, mode):
        """The same within another group that measured plain itself."""
        wall, plain = (self.median(group, workload, m, "wall_s") for m in (mode, "plain"))
        return wall - plain if wall is not None and plain is not None else None

    def round_ratios(self, group, workload, mode, fixed_s=0):
        """Wall time of the mode, less fixed_s, / that of plain, round by round, ascending: what drifts hits both."""
        ours, plain = ({r["run"]: r["wall_s"] for r in self.rows.get((group, workload, m), []) if r["status"] == 0} for m in (mode, "plain"))
        return sorted((wall - fixed_s) / plain[run] for run, wall in ours.items() if plain.get(run))

    def long_run_ratios(self, workload, mode):
        """As round_ratios of the group sample, without what start and end add to /bin/true: what a run of hours would show."""
        fixed_s = self.added_s("sample", "true", mode)
        return self.round_ratios("sample", workload, mode, fixed_s) if fixed_s is not None else []

    def slowdown(self, workload, mode):
        wall, plain = (self.median("record", workload, m, "wall_s") for m in (mode, "plain"))
        return wall / plain if wall is not None and plain else None

    def bytes_per_event(self, workload, mode="memscope"):
        """Of the trace, symbols included, without the heap graph at exit, which grows with the heap and not with events."""
        size, events, graph = (self.median("record", workload, mode, c) for c in ("trace_bytes", "events", "graph_bytes"))
        return (size - (graph or 0)) / events if size is not None and events else None
