#!/bin/sh
# Costs in the unit that a program counts in, some of them below zero, from the program to every report.
set -eu
. "$(dirname "$0")/tap.sh"

cat > accuracy.sh << 'END2'
#!/bin/sh
# CONFIGURATION INSTANCE-ID SEED INSTANCE --a=A: minus what it gets right.
a=${5#--a=}
printf '%s\n' "-0.9$((9 - (a - 7) * (a - 7)))"
END2
chmod +x accuracy.sh
# scenario EXTRA: one site.
scenario() {
    cat > x.json << END2
{"name": "x", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "space": {"genes": [{"name": "a", "type": "discrete", "low": 4, "high": 9, "default": 5}]},
 "policy": {"evaluations": 30, "iteration_limit": 1},
 "nodes": [{"id": "one", "region": "r", "role": "core", "stake": 1, "workload": {"program": {
   "runner": "irace", "command": ["./accuracy.sh"], "instances": ["accuracy.sh"]$1}}}]}
END2
}
scenario ', "decimals": 4'
ok "a cost below zero" run 1 "$prismfed" eval x.json
ok "is refused, and what helps is said" grep -q 'the cost -0.95 is below zero, .*"cost_min" in the scenario' out
scenario ', "decimals": 4, "cost_min": -0.945'
ok "so is one below the least" run 1 "$prismfed" eval x.json
ok "which is named" grep -q 'the cost -0.95 is below -0.945, the least' out
scenario ', "decimals": 4, "cost_min": -1, "unit": "of all"'
ok "with a least cost it is one" run 0 "$prismfed" eval x.json
ok "printed as the program counts" grep -q 'SUCCESS  cost -0.95 of all$' out
ok "as JSON" run 0 "$prismfed" eval --json x.json
ok "too" grep -q '"cost":-0.95,"unit":"of all"' out
ok "it is made small" run 0 "$federated_sim" --scenario x.json --epochs 2 --output-dir o
ok "to the least there is" grep -q '^  a  *7  (default 5)$' out
ok "what is gained counts from the least cost" grep -q '^gained: .* costs [0-9.]* % less .*, counted from the least' out
ok "and told in its unit" grep -q '^  one  *-0.99 of all  (the first genome -0.95)$' out
ok "as JSON" run 0 "$federated_sim" --scenario x.json --epochs 2 --output-dir o --json
ok "with numbers" grep -q '"costs":\[{"node_id":"one","unit":"of all","first":-0.95,"last":-0.99}\]' out
ok "its summary" run 0 "$prismfed" show o/simulations/epoch_summary_x.json
ok "has them" grep -q '^one  *-0.95  *-0.99  *of all' out
ok "the site's own pick" run 0 "$prismfed" pick --scenario x.json --node one o
ok "too" sh -c 'grep -q "costs in of all$" out && grep -q "^\* .* incumbent.* -0.99 " out'
ok "and the auditor takes it" run 0 "$prismfed" audit --scenario x.json o
scenario ', "decimals": 1, "cost_min": -0.95'
ok "a least cost with more decimals than count" refused_with '/cost_min: -0.95 has more decimals than the 1' \
    "$prismfed" eval x.json
scenario ', "objective": "quality"'
ok "an objective of another runner" refused_with '/objective: only wrappers of AClib' "$prismfed" eval x.json
scenario ', "unit": "\u001b[2J"'
ok "a unit that is no plain text" refused_with '/unit: ' "$prismfed" eval x.json
finish
