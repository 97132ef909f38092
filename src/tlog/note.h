#ifndef PRISMFED_TLOG_NOTE_H
#define PRISMFED_TLOG_NOTE_H

#include "crypto/key.h"

/* Signed notes (C2SP signed-note v1.0.0): a text, a blank line, and lines of signatures
 *
 *     EM-DASH SPACE NAME SPACE BASE64(key id, 4 bytes, big-endian | signature) NEWLINE
 *
 * A key is known by its name and its id; lines of keys that nobody knows are passed over. */

enum { NOTE_SIZE_MAX = 1 << 20, NOTE_LINES_MAX = 1024, NOTE_NAME_MAX = 255 };

/* What a key signs, and how: its byte in a verifier key. */
enum note_key_type {
    NOTE_KEY_LOG = 1,      /* Ed25519 over the text */
    NOTE_KEY_COSIGNER = 4, /* a timestamped cosignature (C2SP tlog-cosignature, "cosignature/v1") */
    NOTE_KEY_RECEIPT = 255 /* of our own, NOTE_RECEIPT_TYPE: tlog/receipt.h; in no verifier key */
};

#define NOTE_RECEIPT_TYPE "prismfed/receipt"

/* A verifier key. */
struct note_key {
    struct bytes name; /* borrowed */
    enum note_key_type type;
    uint32_t id;
    struct public_key public;
};

struct note_line {
    struct bytes name, base64;
    uint32_t id;
};

/* Views into the bytes that were parsed. */
struct note {
    struct bytes text;  /* with its last newline, without the blank line */
    struct bytes lines; /* all of them, as they stand */
    unsigned count;
    struct note_line *line; /* owned: note_fini() */
};

/* Non-empty UTF-8 of at most NOTE_NAME_MAX bytes, without white space of Unicode, control characters and '+'. */
bool note_name_valid(struct bytes name);
/* The key of this name and type; the name is borrowed and must be valid (asserted). */
struct note_key note_key_of(struct bytes name, enum note_key_type type, const struct public_key *public);
/* Appends NAME+ID+KEY. */
void note_key_print(const struct note_key *key, struct buf *out);
/* Views into in. ERR_SYNTAX: no verifier key; ERR_UNKNOWN: of another type; ERR_MISMATCH: the id is not of the key and
 * the name; ERR_KEY: key_check(). */
enum err note_key_parse(struct bytes in, struct note_key *out) MUST_CHECK;

/* Strict: valid UTF-8, no control characters but newlines, at least one line of a signature. ERR_SYNTAX, ERR_LIMIT.
 * note_fini() on success. */
enum err note_parse(struct bytes in, struct note *out) MUST_CHECK;
void note_fini(struct note *n);

/* A number as the texts of C2SP have it: decimal digits and nothing else, no leading zero. ERR_SYNTAX, ERR_RANGE. */
enum err note_number(struct bytes digits, uint64_t *out) MUST_CHECK;

/* Appends the line of a signature. */
void note_line_put(const struct note_key *key, struct bytes signature, struct buf *out);
/* The one line of this key; its signature, without the id, is appended to *signature. ERR_MISSING: there is none;
 * ERR_DUPLICATE: it signed twice. Verifies nothing. */
enum err note_signature(const struct note *n, const struct note_key *key, struct buf *signature) MUST_CHECK;

#endif
