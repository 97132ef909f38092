#!/usr/bin/env python3
"""check_pycose.py POLICY STATEMENT: pycose verifies the signature of an entry (by the key of one of the policy's cosigners,
who signed it) and of each receipt beside it. Exit status 0: they verify, 1: they do not."""

import base64
import hashlib
import sys

import cbor2
from pycose.algorithms import EdDSA
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import Sign1Message

from merkle import root_of


def key_of(public):
    return OKPKey(crv=Ed25519, x=public, optional_params={'ALG': EdDSA})


def main(policy, path):
    keys = {}
    with open(policy, encoding='ascii') as file:
        for words in (line.split() for line in file):
            if words[:1] == ['witness']:
                public = base64.b64decode(words[2].split('+', 2)[2])[1:]
                keys[hashlib.sha256(bytes.fromhex('302a300506032b6570032100') + public).digest()] = key_of(public)
    with open(path, 'rb') as file:
        data = file.read()
    statement = cbor2.loads(data)
    protected, unprotected, payload, signature = statement.value
    receipts = unprotected[394]
    entry = b'\xd2\x84' + cbor2.dumps(protected) + b'\xa0' + cbor2.dumps(payload) + cbor2.dumps(signature)
    message = Sign1Message.decode(entry)
    message.key = keys[cbor2.loads(protected)[4]]
    if not message.verify_signature():
        return 'the entry does not verify'
    leaf = hashlib.sha256(b'\0' + entry).digest()
    for receipt in receipts:
        message = Sign1Message.decode(receipt)
        claims = cbor2.loads(cbor2.loads(receipt).value[0])
        size, index, nodes = cbor2.loads(cbor2.loads(receipt).value[1][396][-1][0])
        message.key = keys[claims[4]]
        if claims[395] != 1 or not message.verify_signature(detached_payload=root_of(leaf, index, size, nodes)):
            return 'a receipt does not verify'
    return None


try:
    problem = main(*sys.argv[1:])
except Exception as e:  # whatever the library says of bytes that are no message
    problem = '%s: %s' % (type(e).__name__, e)
if problem is not None:
    print(problem, file=sys.stderr)
    sys.exit(1)
