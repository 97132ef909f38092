#!/bin/sh
# spy.sh ID-OF-CONFIGURATION ID-OF-INSTANCE SEED INSTANCE...: a target runner that looks around. The cost counts what it
# has found: 1 for a secret in its environment, 10 for the other site's instance, 100 for a file that it could leave in
# its folder, 1000 when it was given the variable that it may have; 10000 when it can read its own instance.
cost=0
[ -z "$TEST_SECRET" ] || cost=$((cost + 1))
for file in a/*.txt b/*.txt a.txt b.txt; do
    [ "$file" = "$4" ] || ! cat "$file" > /dev/null 2>&1 || cost=$((cost + 10))
done
(echo here > spied) 2> /dev/null && cost=$((cost + 100))
[ "$TEST_GIVEN" != yes ] || cost=$((cost + 1000))
! cat "$4" > /dev/null || cost=$((cost + 10000))
echo "$cost"
