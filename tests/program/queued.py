"""queued.py NAME [KEY=JSON...] [-- WORD...]: a scenario of five sites with a program of a few lines, whose queue,
where words are given, is the command that they are, with these keys."""
import json
import sys

words = sys.argv[1:]
command = words[words.index("--") + 1:] if "--" in words else []
keys = words[1:words.index("--")] if command else []
program = {"runner": "irace", "command": ["./runner.sh"], "instances": ["a.txt", "b.txt"], "retries": 0}
if command:
    program["queue"] = {"command": command, "folder": "batches"}
    program["queue"].update((key.split("=")[0], json.loads(key.split("=")[1])) for key in keys)
nodes = [{"id": name, "region": "r", "role": "edge" if name == "visitor" else "core", "stake": 10,
          "workload": {"program": program}} for name in ("one", "two", "three", "four", "visitor")]
print(json.dumps({
    "name": words[0], "quorum": 3, "max_ledger_drift": 16, "epoch_start": 1, "nodes": nodes,
    "guard_rails": {"collect_deadline_ms": 60000, "score_deadline_ms": 60000},
    "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 60, "default": 50}]},
    "policy": {"evaluations": 6, "iteration_limit": 10000}}))
