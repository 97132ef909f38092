#!/usr/bin/env python3
"""check_cryptography.py proof POLICY PROOF | statement POLICY STATEMENT: verifies with the standard library and the
package cryptography alone; every cosigner of the policy must have signed. Exit status 0: it verifies, 1: it does not."""

import base64
import hashlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from merkle import Wrong, require, root_of, sha256


def take(data):
    """One item of deterministic CBOR, as far as our messages need it, and what follows it."""
    major, n = data[0] >> 5, data[0] & 31
    rest = data[1:]
    if major == 7:
        return {22: None, 20: False, 21: True}[n], rest
    if n >= 24:
        width = 1 << (n - 24)
        n, rest = int.from_bytes(rest[:width], 'big'), rest[width:]
    if major in (0, 1):
        return (n if major == 0 else -1 - n), rest
    if major in (2, 3):
        require(len(rest) >= n, 'too short')
        return (rest[:n] if major == 2 else rest[:n].decode()), rest[n:]
    if major == 6:
        return take(rest)
    items = []
    for _ in range(n if major == 4 else 2 * n):
        item, rest = take(rest)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), rest


def put(data):
    """A byte string."""
    head = bytes([0x40 + len(data)]) if len(data) < 24 else b'\x58' + bytes([len(data)]) if len(data) < 256 else \
        b'\x59' + len(data).to_bytes(2, 'big') if len(data) < 65536 else b'\x5a' + len(data).to_bytes(4, 'big')
    return head + data


def verify(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Wrong('a signature') from None


def verify_cose(key, protected, payload, signature):
    verify(key, signature, b'\x84\x6aSignature1' + put(protected) + b'\x40' + put(payload))


def read_policy(path):
    """{name: key} of the logs, and of the cosigners."""
    logs, cosigners = {}, {}
    with open(path, encoding='ascii') as file:
        for words in (line.split() for line in file):
            if words[:1] == ['log'] or words[:1] == ['witness']:
                name, _, key = words[-1].split('+', 2)
                (logs if words[0] == 'log' else cosigners).setdefault(name, []).append(base64.b64decode(key)[1:])
    return logs, cosigners


def line_id(name, kind, key):
    return hashlib.sha256(name.encode() + b'\n' + bytes([kind]) + key).digest()[:4]


def check_note(policy, note):
    logs, cosigners = read_policy(policy)
    text, lines = note.rsplit('\n\n', 1)
    text += '\n'
    origin, size, root = text.split('\n')[:3]
    signatures = {}
    for line in lines.splitlines():
        _, name, value = line.split(' ')
        value = base64.b64decode(value)
        signatures[name, value[:4]] = value[4:]
    signed = [key for key in logs.get(origin, []) if (origin, line_id(origin, 1, key)) in signatures]
    require(signed, 'no log signed it')
    for key in signed:
        verify(key, signatures[origin, line_id(origin, 1, key)], text.encode())
    for name, (key,) in cosigners.items():
        value = signatures.get((name, line_id(name, 4, key)))
        require(value is not None, 'no cosignature of ' + name)
        time = int.from_bytes(value[:8], 'big')
        verify(key, value[8:], b'cosignature/v1\ntime %d\n' % time + text.encode())
    return int(size), base64.b64decode(root)


def check_entry(entry, key):
    (protected, _, payload, signature), rest = take(entry)
    require(rest == b'', 'trailing bytes')
    spki = bytes.fromhex('302a300506032b6570032100') + key
    require(take(protected)[0][4] == sha256(spki), 'another key')
    verify_cose(key, protected, payload, signature)


def check_proof(policy, path):
    with open(path, encoding='utf-8') as file:
        head, note = file.read().split('\n\n', 1)
    first, extra, index, *nodes = head.split('\n')
    require(first == 'c2sp.org/tlog-proof@v1', 'first line')
    extra = take(base64.b64decode(extra.split(' ')[1]))[0]
    size, root = check_note(policy, note)
    found = root_of(sha256(b'\0' + extra['entry']), int(index.split(' ')[1]), size,
                    [base64.b64decode(node) for node in nodes])
    require(found == root, 'another root')
    check_entry(extra['entry'], extra['key'])


def check_statement(policy, path):
    with open(path, 'rb') as file:
        data = file.read()
    (protected, unprotected, payload, signature), rest = take(data)
    require(rest == b'', 'trailing bytes')
    require(set(unprotected) == {394}, 'unprotected header')
    leaf = sha256(b'\0' + b'\xd2\x84' + put(protected) + b'\xa0' + put(payload) + put(signature))
    keys = {sha256(bytes.fromhex('302a300506032b6570032100') + key): key
            for (key,) in read_policy(policy)[1].values()}
    for receipt in unprotected[394]:
        head, proofs, nothing, signed = take(receipt)[0]
        claims = take(head)[0]
        require(nothing is None and claims[1] == -8 and claims[395] == 1, 'header of a receipt')
        size, index, path = take(proofs[396][-1][0])[0]
        verify_cose(keys.pop(claims[4]), head, root_of(leaf, index, size, path), signed)
    require(not keys, 'a receipt is missing')


def main():
    try:
        {'proof': check_proof, 'statement': check_statement}[sys.argv[1]](*sys.argv[2:])
    except (Wrong, KeyError, ValueError, IndexError, TypeError) as e:
        print('%s: %s' % (type(e).__name__, e), file=sys.stderr)
        return 1
    return 0


sys.exit(main())
