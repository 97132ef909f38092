#!/bin/sh
# runner.sh WAY HOW ARGUMENT...: a target runner in the way of irace, smac or aclib. The cost is 100 times x and what
# the seed adds; HOW says what goes wrong, if anything.
way=$1
how=$2
shift 2
case $way in
irace) seed=$3 instance=$4 ;;
esac
previous=
for word in "$@"; do
    case $previous in
    --seed) seed=$word ;;
    --instance) instance=$word ;;
    -x) x=$word ;;
    esac
    case $word in
    --seed=*) seed=${word#*=} ;;
    --instance=*) instance=${word#*=} ;;
    --x=*) x=${word#*=} ;;
    esac
    previous=$word
done
[ -r "$instance" ] || { echo "cannot read $instance" >&2; exit 9; }
cost=$((x * 100 + seed % 7))
say() {
    case $way in
    irace) echo "$1" ;;
    smac) echo "cost=$1; runtime=0.1; status=${2:-SUCCESS}; additional_info=none" ;;
    aclib)
        echo "some other line"
        result='"runtime": 0.1, "misc": ""'
        echo "Result of this Algorithm Run: {\"status\": \"${2:-SUCCESS}\", \"cost\": $1, $result}"
        ;;
    esac
}
case $how in
well) say $cost ;;
words) echo "$*" >&2; exit 3 ;;
hang) sleep "$TEST_MARK" ;;
bomb)
    bomb() { [ $1 -gt 7 ] || { bomb $(($1 + 1)) & bomb $(($1 + 1)) & }; sleep "$TEST_MARK"; }
    bomb 0
    ;;
orphans)
    setsid sleep "$TEST_MARK" &
    say $cost
    ;;
memory) v=12345678; while :; do v=$v$v; done ;;
flood) yes "$TEST_MARK" ;;
dies) kill -SEGV $$ ;;
fails) echo "I cannot" >&2; exit 3 ;;
nothing) ;;
nan) say NaN ;;
infinite) say Infinity ;;
negative) say -1 ;;
fraction) say 1.25 ;;
talks) echo "the cost is $cost" ;;
huge) say 1000000 ;;
says_timeout) say 0 TIMEOUT ;;
says_crashed) say 0 CRASHED ;;
says_abort) say 0 ABORT ;;
says_other) say 0 WONDERFUL ;;
once) # crashes when the next line of the test's pipe says so
    read -r word < "$TEST_SCRATCH/pipe"
    [ "$word" != crash ] || kill -KILL $$
    say $cost
    ;;
count) # another answer each time
    read -r number < "$TEST_SCRATCH/pipe"
    say "$number"
    ;;
esac
