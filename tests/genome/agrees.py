#!/usr/bin/env python3
"""agrees.py FILE DRAWS: does ConfigSpace say of every draw what prismfed says of it? FILE is in its pcs-new form."""

import sys
import warnings

warnings.simplefilter('ignore')
from ConfigSpace import Configuration  # noqa: E402
from ConfigSpace.read_and_write import pcs_new  # noqa: E402

SPACE = pcs_new.read(open(sys.argv[1], encoding='ascii'))
NAMES = []
WRONG = []


def typed(name, value):
    hyperparameter = SPACE[name]
    return type(hyperparameter.default_value)(value)


def draw(values, active, is_forbidden):
    chosen = {name: typed(name, value) for name, value, counts in zip(NAMES, values, active) if counts}
    try:
        Configuration(SPACE, values=chosen).check_valid_configuration()
        verdict = 0
    except Exception as error:  # each kind of fault has a class of its own
        verdict = 1 if 'orbidden' in type(error).__name__ else str(error)
    if verdict != is_forbidden:
        WRONG.append('%s: %s, not %s' % (chosen, verdict, is_forbidden))


for line in open(sys.argv[2], encoding='ascii'):
    eval(line, {'genes': NAMES.extend, 'draw': draw, 'list': lambda *items: items, 'c': lambda *items: items})
if sorted(NAMES) != sorted(SPACE):
    WRONG.append('other names')
print(''.join('# %s\n' % line for line in WRONG[:10]), end='')
sys.exit(bool(WRONG))
