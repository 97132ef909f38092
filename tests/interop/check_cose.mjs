// check_cose.mjs POLICY STATEMENT: @auth0/cose verifies the entry's signature by the key of the policy's cosigner that
// signed it, and each receipt beside it over the root that the receipt leads to. Exit status 0: they verify, 1: not.
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const modules = createRequire(process.env.NODE_MODULES + '/');
const { Sign1 } = await import(pathToFileURL(modules.resolve('@auth0/cose')).href);
const cbor = await import(pathToFileURL(modules.resolve('cbor-x')).href);

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const spki = (key) => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);

// RFC 9162 section 2.1.3.2.
function rootOf(leaf, index, size, path) {
  let fn = index, sn = size - 1, r = leaf;
  for (const node of path) {
    if (sn === 0) throw new Error('path');
    if (fn & 1 || fn === sn) {
      r = sha256([1], node, r);
      while (!(fn & 1) && fn) { fn >>= 1; sn >>= 1; }
    } else {
      r = sha256([1], r, node);
    }
    fn >>= 1; sn >>= 1;
  }
  if (sn !== 0) throw new Error('path');
  return r;
}

async function main(policy, path) {
  const keys = {};
  for (const line of readFileSync(policy, 'ascii').split('\n')) {
    const words = line.split(' ');
    if (words[0] !== 'witness') continue;
    const der = spki(Buffer.from(words[2].split('+').slice(2).join('+'), 'base64').subarray(1));
    keys[sha256(der).toString('hex')] = createPublicKey({ key: der, format: 'der', type: 'spki' });
  }
  const decoder = new cbor.Decoder({ mapsAsObjects: false, tagUint8Array: false });
  const parts = (bytes) => decoder.decode(bytes.subarray(1)); // behind the tag, which the library takes for itself
  const data = readFileSync(path);
  const [protectedHeader, unprotectedHeader, payload, signature] = parts(data);
  const head = decoder.decode(protectedHeader);
  const bytes = (b) => {
    const n = b.length;
    const h = n < 24 ? [0x40 + n] : n < 256 ? [0x58, n] : n < 65536 ? [0x59, n >> 8, n & 255]
      : [0x5a, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
    return Buffer.concat([Buffer.from(h), Buffer.from(b)]);
  };
  const entry = Buffer.concat([Buffer.from([0xd2, 0x84]), bytes(protectedHeader), Buffer.from([0xa0]), bytes(payload),
    bytes(signature)]);
  await Sign1.decode(entry).verify(keys[Buffer.from(head.get(4)).toString('hex')]);
  const leaf = sha256([0], entry);
  for (const receipt of unprotectedHeader.get(394)) {
    const [p, u] = parts(receipt);
    const [size, index, nodes] = decoder.decode(u.get(396).get(-1)[0]);
    const claims = decoder.decode(p);
    if (claims.get(395) !== 1) throw new Error('structure');
    const message = Sign1.decode(receipt);
    await message.verify(keys[Buffer.from(claims.get(4)).toString('hex')],
      { detachedPayload: rootOf(leaf, index, size, nodes) });
  }
}

try {
  await main(...process.argv.slice(2));
} catch (e) {
  console.error(String(e));
  process.exit(1);
}
