"""Which files of a folder are artifacts (docs/rfc/M5-federation.md section 7), and whose label each has."""

import os
import re
import stat
from dataclasses import dataclass, field

from .genesis import name_valid

LABEL_MAX, FILE_MAX = 64, 256 << 20
_EPOCH = re.compile(r"epoch_(\d{3}|[1-9]\d{3,19})\.(json|checkpoint)", re.A)
_GOVERNANCE = re.compile(r"META-GOVERNANCE-LOG(?:_(.+))?\.md", re.S)
_SUMMARY = re.compile(r"epoch_summary_(.+)\.json", re.S)


@dataclass
class Label:
    name: str
    genesis: str = None
    summary: str = None
    governance: str = None
    epochs: dict = field(default_factory=dict)
    checkpoints: dict = field(default_factory=dict)


class Folder:
    """`labels`, the default one first. What is no artifact is a finding."""

    def __init__(self, path, report):
        self.path, self.report, self.found = path, report, {}
        self.is_ours = False
        for name in sorted(os.listdir(path)):
            if name in ("ledger", "simulations"):
                self.is_ours = True
                self._each(name, self._ledger if name == "ledger" else self._simulation)
        self.labels = [self.found[k] for k in sorted(self.found, key=lambda k: (k != "default", k))]

    def _label(self, name):
        return self.found.setdefault(name, Label(name))

    def _extra(self, below):
        self.report.fail("PF-FILE-EXTRA", below, "nothing speaks of it, or it is no file of its own")

    def _kind(self, below):
        mode = os.lstat(os.path.join(self.path, below)).st_mode
        return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"

    def _each(self, below, see):
        if self._kind(below) != "folder":
            self._extra(below)
            return
        for name in sorted(os.listdir(os.path.join(self.path, below))):
            see(name, below + "/" + name)

    def _ledger(self, name, below):
        if self._kind(below) != "folder" or name == "default":
            self._ledger_file("default", name, below)
        elif not name_valid(name, LABEL_MAX):
            self._extra(below)
        else:
            before = name in self.found
            self._each(below, lambda inner, path: self._ledger_file(name, inner, path))
            if not before and name not in self.found:
                self._extra(below)

    def _ledger_file(self, label, name, below):
        epoch = _EPOCH.fullmatch(name)
        epoch = epoch if epoch and int(epoch[1]) < 2 ** 64 else None
        if self._kind(below) != "file" or not (name == "genesis.json" or epoch):
            self._extra(below)
        elif epoch:
            of = self._label(label)
            (of.epochs if epoch[2] == "json" else of.checkpoints)[int(epoch[1])] = below
        else:
            self._label(label).genesis = below

    def _simulation(self, name, below):
        log = _GOVERNANCE.fullmatch(name)
        if log and self._kind(below) == "file" and log[1] != "default" and name_valid(log[1] or "default", LABEL_MAX):
            self._label(log[1] or "default").governance = below
            return
        match = _SUMMARY.fullmatch(name)
        label = "default" if name == "epoch_summary.json" else match[1] if match else None
        plain = name == "epoch_summary.json" or (label != "default" and label is not None)
        if self._kind(below) != "file" or not plain or not name_valid(label, LABEL_MAX):
            self._extra(below)
        else:
            self._label(label).summary = below

    def read(self, below):
        """None: too large, which is a finding."""
        path = os.path.join(self.path, below)
        if os.path.getsize(path) > FILE_MAX:
            self.report.fail("PF-FILE-FORM", below, "too large")
            return None
        with open(path, "rb") as file:
            return file.read()
