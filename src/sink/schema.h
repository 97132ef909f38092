#ifndef PRISMFED_SINK_SCHEMA_H
#define PRISMFED_SINK_SCHEMA_H

/* The tables of a sink. docs/sinks.md says what the columns mean; a test compares. BLOB stands for the database's own
 * type of bytes. */

enum { SINK_FORMAT = 1 };

static const char *const sink_schema[] = {
    "CREATE TABLE IF NOT EXISTS prismfed_sink (format BIGINT NOT NULL PRIMARY KEY)",

    "CREATE TABLE IF NOT EXISTS ledger ("
    "label TEXT NOT NULL PRIMARY KEY, federation_id TEXT NOT NULL, last_epoch BIGINT NOT NULL)",

    "CREATE TABLE IF NOT EXISTS document ("
    "label TEXT NOT NULL REFERENCES ledger, kind TEXT NOT NULL, epoch BIGINT NOT NULL, bytes BLOB NOT NULL, "
    "PRIMARY KEY (label, kind, epoch))",

    "CREATE TABLE IF NOT EXISTS anchor ("
    "label TEXT NOT NULL REFERENCES ledger, epoch BIGINT NOT NULL, anchored BIGINT NOT NULL, merkle_root TEXT, "
    "height BIGINT NOT NULL, block_id TEXT NOT NULL, log_size BIGINT NOT NULL, log_root TEXT NOT NULL, "
    "state_root TEXT NOT NULL, signature BLOB NOT NULL, changed BIGINT, incumbent TEXT, genes TEXT, "
    "PRIMARY KEY (label, epoch))",

    "CREATE TABLE IF NOT EXISTS block ("
    "label TEXT NOT NULL REFERENCES ledger, height BIGINT NOT NULL, epoch BIGINT NOT NULL, block_id TEXT NOT NULL, "
    "header BLOB NOT NULL, certificate BLOB NOT NULL, PRIMARY KEY (label, height))",

    "CREATE TABLE IF NOT EXISTS signer ("
    "label TEXT NOT NULL REFERENCES ledger, height BIGINT NOT NULL, member TEXT NOT NULL, "
    "PRIMARY KEY (label, height, member))",

    "CREATE TABLE IF NOT EXISTS entry ("
    "label TEXT NOT NULL REFERENCES ledger, leaf BIGINT NOT NULL, epoch BIGINT NOT NULL, height BIGINT NOT NULL, "
    "member TEXT, kind TEXT, verdict TEXT, leaf_hash TEXT NOT NULL, bytes BLOB NOT NULL, decoded TEXT, "
    "PRIMARY KEY (label, leaf))",

    "CREATE TABLE IF NOT EXISTS cost ("
    "label TEXT NOT NULL REFERENCES ledger, leaf BIGINT NOT NULL, place BIGINT NOT NULL, cost BIGINT NOT NULL, "
    "PRIMARY KEY (label, leaf, place))",
};

#endif
