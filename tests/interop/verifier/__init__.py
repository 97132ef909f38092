"""A verifier of prismfed's artifacts that shares no code with prismfed: written from docs/rfc alone.

The modules, from the bytes upward: refused, cbor, ed25519, merkle, cose; text (the form of artifacts); genome, genesis,
draw, rank; state, bodies, entries, phases, membership, execute (what a log does); epoch_file, summary, folder, report
(what files say), audit (one label from beginning to end).
"""
