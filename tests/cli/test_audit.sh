#!/bin/sh
# test_audit.sh PRISMFED FEDERATED_SIM: the report in each of its forms, and what the auditor touches.
set -eu
. "$(dirname "$0")/tap.sh" "$1" "$2"

scenario=$root/artifacts/mec/M5/scenarios/baseline.json
mkdir -p good
"$federated_sim" --scenario "$scenario" --epochs 2 --output-dir good > /dev/null
cp -r good bad
sed -i '0,/"leaf_index": 1,/s//"leaf_index": 7,/' bad/ledger/epoch_001.json

audit() { # FORMAT FOLDER: into report
    "$prismfed" audit --scenario "$scenario" --format "$1" "$2" > report 2> err || [ $? != 2 ]
}

# Each form tells what was found, what passed, what was not checked, and what there was none of.
for folder in good bad; do
    audit json "$folder"
    cp report "$folder.json"
    audit sarif "$folder"
    cp report "$folder.sarif"
    ok "SARIF of $folder says what the JSON says" python3 - "$folder" << 'END'
import json, sys
name = sys.argv[1]
report, sarif = json.load(open(name + ".json")), json.load(open(name + ".sarif"))
run = sarif["runs"][0]
assert sarif["version"] == "2.1.0"
rules = [r["id"] for r in run["tool"]["driver"]["rules"]]
sections = [s for s in report["sections"] if not s["is_folder"]]
assert rules == [r["code"] for r in sections[0]["rules"]]
kinds = {"passed": {"pass"}, "failed": {"fail"}, "not_checked": {"open", "review"},
         "nothing_to_check": {"notApplicable"}}
for r in sections[0]["rules"]:
    found = {x["kind"] for x in run["results"] if x["ruleId"] == r["code"]}
    assert found and found <= kinds[r["state"]], (r, found)
    assert ("open" in found) == r["open"]
fails = [x for x in run["results"] if x["kind"] == "fail"]
assert len(fails) == len(report["findings"]) and run["properties"]["verdict"] == report["verdict"]
for x, f in zip(fails, report["findings"]):
    assert x["message"]["text"] == f["text"] and x["level"] == "error"
    assert x["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f["file"]
    assert len(x["partialFingerprints"]["prismfedFinding/v1"]) == 64
for x in run["results"]:
    assert rules[x["ruleIndex"]] == x["ruleId"]
END
    audit junit "$folder"
    cp report "$folder.xml"
    ok "JUnit of $folder says what the JSON says" python3 - "$folder" << 'END'
import json, sys
import xml.etree.ElementTree as tree
name = sys.argv[1]
report, root = json.load(open(name + ".json")), tree.parse(name + ".xml").getroot()
suite = root.find("testsuite")
sections = [s for s in report["sections"] if not s["is_folder"]]
want = {"passed": None, "failed": "failure", "not_checked": "skipped", "nothing_to_check": "skipped"}
counts = {"failure": 0, "error": 0, "skipped": 0}
for case, rule in zip(suite.findall("testcase"), sections[0]["rules"]):
    assert case.get("name") == rule["code"] and case.get("classname") == sections[0]["label"]
    element = "error" if rule["open"] and rule["state"] == "not_checked" else want[rule["state"]]
    assert [e.tag for e in case][:1] == ([element] if element else [])
    if element:
        counts[element] += 1
assert [int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped")] == [
    len(sections[0]["rules"]), counts["failure"], counts["error"], counts["skipped"]]
END
    audit github "$folder"
    cp report "$folder.github"
    ok "annotations of $folder say what the JSON says" python3 - "$folder" << 'END'
import json, sys
name = sys.argv[1]
report = json.load(open(name + ".json"))
lines = open(name + ".github").read().splitlines()
assert all(l.startswith(("::error ", "::warning ", "::notice ")) for l in lines)
errors = [l for l in lines if l.startswith("::error file=")]
assert len(errors) == len(report["findings"])
for l, f in zip(errors, report["findings"]):
    assert l.startswith("::error file=%s,title=%s::" % (f["file"], f["code"]))
assert lines[-1].endswith("title=verdict::" + report["verdict"])
END
done
ok "what is wrong with bad is named" grep -q '::error file=bad/ledger/epoch_001.json,title=PF-EPOCH-VIEW::' bad.github
ok "an unknown form is refused" refused_with '--format' "$prismfed" audit --format yaml good

# ---- a verdict for others

openssl genpkey -algorithm ed25519 -out auditor.pem 2> /dev/null
chmod 600 auditor.pem
openssl pkey -in auditor.pem -pubout -out auditor.pub
for folder in good bad; do
    "$prismfed" audit --scenario "$scenario" --sign auditor.pem --verdict "$folder.dsse" "$folder" > out 2>&1 || true
    ok "the verdict on $folder says what passed" python3 - "$folder" << 'END'
import base64, hashlib, json, subprocess, sys
name = sys.argv[1]
report, envelope = json.load(open(name + ".json")), json.load(open(name + ".dsse"))
payload = base64.b64decode(envelope["payload"])
kind = envelope["payloadType"]
open("pae", "wb").write(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload))
open("sig", "wb").write(base64.b64decode(envelope["signatures"][0]["sig"]))
subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "auditor.pub", "-rawin", "-in", "pae", "-sigfile",
                "sig"], check=True, stdout=subprocess.DEVNULL)
statement = json.loads(payload)
assert statement["predicateType"] == "https://in-toto.io/attestation/svr/v0.2"
predicate = statement["predicate"]
lines = "".join("%s %s %d %s\n" % (a["label"], a["federation_id"], a["log_size"], a["log_root"])
                for a in predicate["audited"])
assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
rules = [r for s in report["sections"] if not s["is_folder"] for r in s["rules"]]
passed = [r["code"] for r in rules if r["state"] == "passed"]
word = [] if report["verdict"] == "not_compliant" else ["prismfed:" + report["verdict"]]
assert [p for p in predicate["properties"] if not p.startswith("PF-FILE")] == word + [
    c for c in passed if not c.startswith("PF-FILE")]
assert "timeCreated" not in predicate
END
done
ok "a verdict is not written over another" run 2 "$prismfed" audit --sign auditor.pem --verdict good.dsse good
ok "a verdict needs a key" refused_with 'go together' "$prismfed" audit --verdict x.dsse good

if command -v xmllint > /dev/null; then
    ok "xmllint reads the XML" xmllint --noout good.xml bad.xml
else
    skip "xmllint reads the XML" "needs xmllint"
fi
if command -v sarif > /dev/null || command -v Sarif.Multitool > /dev/null; then
    tool=$(command -v sarif || command -v Sarif.Multitool)
    ok "sarif-multitool finds no error" run 0 "$tool" validate good.sarif bad.sarif
else
    skip "sarif-multitool finds no error" "needs @microsoft/sarif-multitool"
fi

# ---- no network, and nothing but the folder

if unshare -rn true 2> /dev/null; then
    ok "an audit without a network" run 0 unshare -rn "$prismfed" audit --scenario "$scenario" good
else
    skip "an audit without a network" "needs unshare and the right to make name spaces"
fi

# What was opened that is neither the folder, nor the scenario, nor the system's own (of which sanitizers read more).
opened() {
    sed -n 's/^[^"]*"\([^"]*\)".* = [0-9]*$/\1/p' calls | grep -v -e '^good' -e '^epoch_' -e '^genesis.json$' \
        -e '^ledger$' -e '^simulations$' -e "^$scenario\$" -e '^/lib' -e '^/usr/lib' -e '^/etc/ld.so' -e '^/proc/self' \
        -e '^/proc$' -e '^/proc/stat$' -e '^/dev/.random' -e '^/sys/devices/system/cpu' -e '^/usr/share/p11-kit' \
        -e '^/etc/gnutls' -e '^/etc/crypto-policies' || true
}

if strace -f -o calls true 2> /dev/null; then
    strace -f -o calls -e trace=socket,connect,sendto "$prismfed" audit --scenario "$scenario" good > /dev/null 2>&1 ||
        true
    ok "an audit makes no socket" sh -c '! grep -E "socket|connect|sendto" calls'
    strace -f -o calls -e trace=open,openat,openat2,creat "$prismfed" audit --scenario "$scenario" good \
        > /dev/null 2>&1 || true
    opened > out
    ok "an audit opens the folder, what vouches for it, and libraries" [ ! -s out ]
else
    skip "an audit makes no socket and opens no other file" "needs strace"
fi
finish
