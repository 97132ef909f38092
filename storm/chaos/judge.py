"""What must hold whatever happens: what a node has told of its log stays true for all nodes and all time, and once the
faults are over everybody goes on together."""
import time

CALM_SECONDS = 90
AUDIT_OPEN = 3  # its exit status when nothing is wrong, and a question is open


class Judge:
    def __init__(self, federation):
        self.federation = federation
        self.findings = []
        self.logs = {}  # height: (log root, state root, who said so first)
        self.heights = {}  # node: the highest it told

    def find(self, text):
        print(f"FOUND: {text}", flush=True)
        self.findings.append(text)

    def look(self):
        """Asks all nodes, and holds what they tell against what was told before."""
        status = self.federation.status()
        for name, told in status.items():
            height, roots = told["height"], (told["log_root"], told["state_root"])
            known = self.logs.setdefault(height, (*roots, name))
            if known[:2] != roots:
                self.find(f"{name} and {known[2]} differ at height {height}")
            if height < self.heights.get(name, 0):
                self.find(f"{name} was at height {self.heights[name]} and is at {height}")
            self.heights[name] = max(height, self.heights.get(name, 0))
        return status

    def watch_deaths(self, down):
        for name in self.federation.names:
            if name not in down and self.federation.has_died(name):
                self.find(f"{name} has ended by itself; its log is {self.federation.folder / name / 'log'}")
                self.federation.start(name)

    def await_calm(self):
        """Every node must come to a height that nobody had when the faults ended."""
        self.look()
        goal = max(self.heights.values(), default=0) + 2
        until = time.monotonic() + CALM_SECONDS
        while time.monotonic() < until:
            status = self.look()
            self.watch_deaths(())
            if len(status) == len(self.federation.names) and all(s["height"] >= goal for s in status.values()):
                return
            time.sleep(0.2)
        self.find(f"{CALM_SECONDS} s after the last fault not all nodes are at height {goal}: " +
                  ", ".join(f"{name} {told['height']}" for name, told in status.items()))

    def _holds(self, *words):
        status, text = self.federation.ask(*words)
        if status != 0:
            self.find(f"prismfed {' '.join(map(str, words))}: {text}")

    def audit(self, scenario, seed):
        """That the log may go on is no finding: it does, while it is written down."""
        self._holds("net", "record", "--dir", self.federation.folder)
        status, text = self.federation.ask("audit", "--scenario", scenario, "--seed", seed,
                                           self.federation.folder / "record")
        questions = [line for line in text.splitlines() if line.strip().startswith("OPEN:")]
        if status not in (0, AUDIT_OPEN) or any("PF-LOG-END" not in line for line in questions):
            self.find(f"prismfed audit: {text}")

    def open_stores(self):
        """Once the nodes are down: each store is executed again, and each trace replayed."""
        for name in self.federation.names:
            folder = self.federation.folder / name
            self._holds("store", "check", "--genesis", self.federation.folder / "genesis.cbor", folder / "store.sqlite")
            self._holds("replay", "--config", folder / "node.json", folder / "trace.cbor")
