#!/usr/bin/env python3
# Gradient descent with momentum. An instance is a list of curvatures; the cost is the steps until all is flat.
import json, sys


def steps(rate, momentum, curvatures, limit):
    place, speed = [1.0] * len(curvatures), [0.0] * len(curvatures)
    for step in range(limit):
        if max(abs(x) for x in place) < 1e-6:
            return step
        speed = [momentum * v - rate * c * x for v, c, x in zip(speed, curvatures, place)]
        place = [x + v for x, v in zip(place, speed)]
    return limit + 1  # above the limit: a TIMEOUT


for line in sys.stdin:
    ask = json.loads(line)
    answer = {"type": "hello", "version": 1}
    if ask["type"] == "evaluate":
        curvatures = [float(word) for word in open(ask["instance"])]
        cost = steps(ask["genome"]["rate"], ask["genome"].get("momentum", 0), curvatures, ask["limits"]["cost"])
        answer = {"type": "result", "id": ask["id"], "status": "SUCCESS", "cost": cost, "unit": "steps"}
    print(json.dumps(answer), flush=True)
