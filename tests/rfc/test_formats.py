#!/usr/bin/env python3
"""docs/rfc/formats.cddl describes every signed or hashed byte of the shipped artifacts, by the keys and types that
they really have: a map with a key more, a key less or a value of another type is not described. Prints TAP."""

import base64
import glob
import json
import os
import sys

from cddl import Cddl, Tagged, decode, prefix_length
from json_schema import first_breach

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
CONTENT = {'application/prismfed.entry+cbor': 'entry-payload', 'application/prismfed.vote+cbor': 'vote-payload',
           'application/prismfed.anchor+cbor': 'anchor-payload', 'application/prismfed.end+cbor': 'end-payload',
           'application/prismfed.possession+cbor': 'possession-payload',
           'application/prismfed.request+cbor': 'request-payload'}


def changed_texts(document):
    """Documents that differ from this one in one key or value."""
    for key in document:
        yield key + ' is left out', {k: v for k, v in document.items() if k != key}
        yield key + ' is a list', {**document, key: [[]]}
    yield 'there is another key', {**document, 'no such key': 0}
    yield 'the keys stand in another order', dict(reversed(list(document.items())))


def check_schema(checks, kind, paths):
    with open(os.path.join(ROOT, 'docs/rfc/%s.schema.json' % kind), encoding='ascii') as file:
        schema = json.load(file)
    breaches = []
    for path in paths:
        with open(path, encoding='ascii') as file:
            document = json.load(file)
        breach = first_breach(schema, schema, document)
        if breach is not None:
            breaches.append('%s %s' % (os.path.relpath(path, ROOT), breach))
        breaches += [os.path.relpath(path, ROOT) + ': passes although ' + what
                     for what, other in changed_texts(document) if first_breach(schema, schema, other) is None]
    checks.report(paths and not breaches, 'the schema of the %s files describes the shipped ones, and no other' % kind)
    for line in breaches[:5]:
        print('# ' + line)


def spoilt(value):
    """Values that differ in one place of the outermost map or array."""
    if isinstance(value, dict):
        yield {**value, 'no such key': 0}
        for key in value:
            if key not in OPTIONAL:
                yield {k: v for k, v in value.items() if k != key}
            if not isinstance(value[key], (dict, list)):
                yield {**value, key: Tagged(99, 0)}
    elif isinstance(value, Tagged):
        yield Tagged(value.tag + 1, value.value)
        yield value.value


OPTIONAL = ('governance',)  # keys of maps that are described without them, too


class Checks:
    def __init__(self, cddl):
        self.cddl, self.count, self.failed, self.seen = cddl, 0, 0, {}

    def report(self, ok, what):
        self.count += 1
        self.failed += not ok
        print('%s %d - %s' % ('ok' if ok else 'not ok', self.count, what))

    def item(self, rule, data, where):
        """All bytes of one rule are one check in the end; a value in which one thing is changed must not pass."""
        bad = self.seen.setdefault(rule, [])
        value = decode(data)
        if not self.cddl.matches(rule, value):
            bad.append(where + ' is not described')
        elif not isinstance(value, list) and rule not in ('genome-schema',):
            bad += [where + ' with a change is described, too' for other in spoilt(value)
                    if self.cddl.matches(rule, other)][:1]
        return value

    def message(self, data, where, rule='cose'):
        value = self.item(rule, data, where).value
        content, payload = decode(value[0])[3], value[2]
        if content in CONTENT:
            return self.item(CONTENT[content], payload, where)
        return payload

    def entry(self, data, where):
        payload = self.message(data, where, 'entry')
        if payload['kind'] + '-body' in self.cddl.rules:
            bad = self.seen.setdefault(payload['kind'] + '-body', [])
            if not self.cddl.matches(payload['kind'] + '-body', payload['body']):
                bad.append(where + ' is not described')

    def epoch(self, path):
        name = os.path.relpath(path, ROOT)
        with open(path, encoding='ascii') as file:
            epoch = json.load(file)
        self.message(base64.b64decode(epoch['signature']), name + ' /signature')
        if epoch['next_voters'] is not None:
            self.item('voter-set', base64.b64decode(epoch['next_voters']['set']), name + ' /next_voters')
        for i, block in enumerate(epoch['blocks']):
            where = '%s /blocks/%d' % (name, i)
            self.item('header', base64.b64decode(block['header']), where)
            for vote in block['certificate']:
                self.message(base64.b64decode(vote), where)
        for i, entry in enumerate(epoch['entries']):
            self.entry(base64.b64decode(entry['envelope']), '%s /entries/%d' % (name, i))

    def genesis(self, path):
        with open(path, encoding='ascii') as file:
            data = base64.b64decode(json.load(file)['genesis'])
        self.item('genesis', data, os.path.relpath(path, ROOT))

    def summary(self, path):
        with open(path, encoding='ascii') as file:
            summary = json.load(file)
        for end in summary['end']['signatures']:
            self.message(base64.b64decode(end), os.path.relpath(path, ROOT) + ' /end')
        data = base64.b64decode(summary['summary_signature'])
        payload = self.message(data, os.path.relpath(path, ROOT))
        if len(payload) != 32:
            self.seen['cose'].append(path + ': a summary is signed by its SHA-256')


    def vectors(self):
        """The encoded states that vectors.txt shows."""
        with open(os.path.join(ROOT, 'docs/rfc/vectors.txt'), encoding='ascii') as file:
            for number, line in enumerate(file, 1):
                if line.startswith('state '):
                    self.state(bytes.fromhex(line.split()[1]), 'vectors.txt:%d' % number)

    def state(self, data, where):
        """Pages of members, each with zeros behind it, and the map behind them."""
        members = 0
        while len(data) >= 4096 and data[0] >> 5 == 4:
            end = prefix_length(data)
            members += len(self.item('state-page', data[:end], where))
            if any(data[end:4096]):
                self.seen['state-page'].append(where + ': not zeros behind the page')
            data = data[4096:]
        if self.item('state', data, where)['members'] != members:
            self.seen['state'].append(where + ': another number of members than on the pages')


def main():
    with open(os.path.join(ROOT, 'docs/rfc/formats.cddl'), encoding='ascii') as file:
        checks = Checks(Cddl(file.read()))
    artifacts = os.path.join(ROOT, 'artifacts/mec/M5')
    for path in sorted(glob.glob(artifacts + '/ledger/**/*.json', recursive=True)):
        (checks.genesis if os.path.basename(path) == 'genesis.json' else checks.epoch)(path)
    for path in sorted(glob.glob(artifacts + '/simulations/*.json')):
        checks.summary(path)
    ledger = sorted(glob.glob(artifacts + '/ledger/**/*.json', recursive=True))
    check_schema(checks, 'genesis', [p for p in ledger if os.path.basename(p) == 'genesis.json'])
    check_schema(checks, 'epoch', [p for p in ledger if os.path.basename(p) != 'genesis.json'])
    check_schema(checks, 'summary', sorted(glob.glob(artifacts + '/simulations/*.json')))
    checks.vectors()
    for path in sorted(glob.glob(os.path.join(ROOT, 'fuzz/corpus/request/*'))):
        with open(path, 'rb') as file:
            checks.message(file.read(), os.path.relpath(path, ROOT))
    for rule, bad in sorted(checks.seen.items()):
        checks.report(not bad, 'the %s of the shipped artifacts: the document has its keys and types' % rule)
        for line in bad[:5]:
            print('# ' + line)
    for rule in ('genesis', 'state', 'state-page', 'header', 'entry-payload', 'vote-payload', 'anchor-payload', 'end-payload',
                 'request-payload', 'update-body', 'score-body', 'close-body', 'evidence-body', 'reconcile-body', 'recount-body'):
        checks.report(rule in checks.seen, 'the artifacts hold some ' + rule)
    print('1..%d' % checks.count)
    return checks.failed > 0


if __name__ == '__main__':
    sys.exit(main())
