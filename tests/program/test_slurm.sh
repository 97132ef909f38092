#!/bin/sh
# test_slurm.sh PRISMFED FEDERATED_SIM: the queue of a real Slurm, whose daemons all run on this machine, on ports and
# in folders of their own: an array job does what a site asks for, with the results that it has here.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
PRISMFED=$(realpath "$1")
federated_sim=$(realpath "$2")
export PRISMFED
for tool in mungekey munged slurmctld slurmd sbatch squeue; do
    PATH=$PATH:/usr/sbin command -v "$tool" > /dev/null || { echo "1..0 # SKIP needs slurm-wlm and munge"; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
PATH=$PATH:/usr/sbin
. "$root/tests/tap.sh"
scratch=$(mktemp -d)
chmod 755 "$scratch" # munged wants its socket to be reached by others
cd "$scratch"
mkdir spool state log work
# The daemons are in the background, and these are their numbers.
pids=
stop() {
    for pid in $pids; do
        kill "$pid" 2> /dev/null || true
    done
    for pid in $pids; do
        wait "$pid" 2> /dev/null || true
    done
    rm -rf "$scratch"
}
trap stop EXIT

host=$(uname -n)
host=${host%%.*}
port=$((20000 + $$ % 20000))
mungekey --create --keyfile="$scratch/munge.key"
cat > slurm.conf << END
ClusterName=prismfed
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$scratch/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
SlurmctldLogFile=$scratch/log/slurmctld
SlurmdLogFile=$scratch/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
echo "SlurmdParameters=config_overrides" >> slurm.conf # this machine may have fewer
echo "CgroupPlugin=cgroup/v1" > cgroup.conf
export SLURM_CONF=$scratch/slurm.conf

munged --foreground --force --key-file="$scratch/munge.key" --socket="$scratch/munge.socket" \
    --pid-file="$scratch/munge.pid" --log-file="$scratch/log/munged" --seed-file="$scratch/munge.seed" \
    > log/munged.out 2>&1 &
pids="$pids $!"
slurmctld -D -c > log/slurmctld.out 2>&1 &
pids="$pids $!"
slurmd -D -N "$host" > log/slurmd.out 2>&1 &
pids="$pids $!"
tries=0
until sinfo --noheader --format=%t 2> /dev/null | grep -q idle || [ "$tries" = 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
sinfo > out 2>&1 && grep -q idle out && status=0 || status=1
report "$status" "Slurm runs" out log/slurmctld.out log/slurmctld log/slurmd.out log/slurmd log/munged.out log/munged
[ "$status" = 0 ] || finish

cp "$root/tests/program/queued_runner.sh" runner.sh
echo a > a.txt
echo bbb > b.txt
python3 "$root/tests/program/queued.py" queued > plain.json
python3 "$root/tests/program/queued.py" queued -- "$root/share/queue/slurm-array" --time=5 > slurm.json

"$PRISMFED" eval --node one plain.json > plain.out 2>&1
"$PRISMFED" eval --node one slurm.json > slurm.out 2> err && status=0 || status=1
grep -v confined: plain.out > plain.said
diff plain.said slurm.out > differences 2>&1 || status=1
report "$status" "a run in an array job has the result that it has here" differences err log/slurmctld log/slurmd

# The bayes optimiser asks for a few runs at a time; a row of scores is one array job.
for name in plain slurm; do
    "$federated_sim" --scenario "$name.json" --epochs 1 --output-dir "$name" --label run --run-log "$name.runs" \
        > out 2> err || true
done
[ -s slurm.runs ] && cmp slurm.runs plain.runs > differences 2>&1 &&
    diff -r -I '"scenario_sha256"' -I '"summary_signature"' slurm plain >> differences 2>&1 && status=0 || status=1
report "$status" "a whole epoch comes to the same, run by run" differences err log/slurmctld log/slurmd
scontrol show config > out 2>&1 || true
[ -z "$(squeue --noheader)" ] && [ -z "$(ls batches)" ] && status=0 || status=1
report "$status" "and nothing is left in the queue or in the folder" out
finish
