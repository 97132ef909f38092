#!/bin/sh
# CONFIGURATION INSTANCE-ID SEED INSTANCE --x=N: a target runner as irace has them
x=${5#--x=}
echo $(((x - 17) * (x - 17) + $3 % 7 + $(wc -c < "$4")))
