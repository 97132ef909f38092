"""Findings by the codes of docs/audit.md, and the verdict that follows."""

ROOT = ("PF-ROOT-THRESHOLD", "PF-ROOT-VERSION", "PF-ROOT-EXPIRED", "PF-ROOT-FEDERATION", "PF-ROOT-ROLES")
CODES = (
    "PF-FILE-MISSING", "PF-FILE-EXTRA", "PF-FILE-FORM", "PF-GENESIS-DOCUMENT", "PF-GENESIS-VIEW", "PF-GENESIS-TRUST",
    "PF-EPOCH-ORDER", "PF-EPOCH-BYTES", "PF-BLOCK-CHAIN", "PF-CERT-VOTE", "PF-CERT-QUORUM", "PF-BLOCK-STATE",
    "PF-BLOCK-LINK", "PF-BLOCK-FORK", "PF-COHORT", "PF-EPOCH-VIEW", "PF-ANCHOR-SIGNATURE", "PF-ANCHOR-BINDING",
    "PF-CHECKPOINT", "PF-SUMMARY-SIGNATURE", "PF-SUMMARY-VIEW", "PF-SUMMARY-LEDGER", "PF-SUMMARY-FORM",
    "PF-GOVERNANCE-LOG", "PF-LOG-END", "PF-WITNESS", "PF-SUMMARY-OBSERVED", "PF-WORK-CLAIMS", *ROOT)


class Report:
    def __init__(self):
        self.findings, self.open, self.not_checked, self.passed = [], [], {}, set()

    def fail(self, code, place, text):
        assert code in CODES
        self.findings.append((code, place, text))

    def ok(self, code):
        self.passed.add(code)

    def question(self, code, text):
        """It stays open: the verdict cannot be "compliant"."""
        self.open.append((code, text))

    def skip(self, code, why):
        self.not_checked.setdefault(code, why)

    @property
    def verdict(self):
        return "not_compliant" if self.findings else "consistent" if self.open else "compliant"

    def json(self):
        failed = {code for code, _, _ in self.findings}
        return {
            "verdict": self.verdict,
            "codes": [c for c in CODES if c in failed],
            "open": [c for c in CODES if c in {code for code, _ in self.open}],
            "not_checked": {c: self.not_checked[c] for c in CODES if c in self.not_checked and c not in failed},
            "findings": [{"code": c, "place": p, "text": t} for c, p, t in self.findings],
        }
