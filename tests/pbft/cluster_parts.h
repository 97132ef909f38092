#ifndef PRISMFED_TESTS_PBFT_CLUSTER_PARTS_H
#define PRISMFED_TESTS_PBFT_CLUSTER_PARTS_H

#include "cluster.h"

/* What the files of the cluster share. */

struct pbft_app cluster_app(struct cluster_node *node);
/* Of an executed block; one with the closing request closes. */
struct pbft_result cluster_result(const struct cluster_node *node, uint64_t sequence);
bool cluster_executed_request(const struct cluster_node *node, struct bytes request);
void cluster_append_block(struct cluster_node *node, struct bytes batch);
void cluster_truncate_blocks(struct cluster_node *node, uint64_t height);
/* What a message says first, and by whom; false for those that are not signed. */
bool cluster_first_claim(const struct cluster *c, struct bytes message, struct claim *out);
/* What a liar sends instead, or NULL. */
struct blob *cluster_tamper(struct cluster *c, unsigned from, unsigned to, struct blob *message);

/* ---- cluster_checks.c; a breach is the cluster's failure */
/* Twice the same, or the first time: then it must be on disk. Never something else. */
void cluster_check_sent(struct cluster *c, const struct cluster_node *node, struct bytes message);
void cluster_check_prepared(struct cluster_node *node, struct bytes record);
void cluster_check_order(struct cluster *c, const struct cluster_node *node);
void cluster_check_agreement(struct cluster *c, const struct cluster_node *node, uint64_t sequence,
                             const struct digest *id);
void cluster_check_certificate(struct cluster *c, uint64_t sequence, const struct digest *id, struct bytes certificate);

/* ---- cluster_lives.c */
void cluster_stop(struct host *h);

/* ---- cluster.c */
extern const struct host_runs cluster_runs;                             /* of a struct cluster_node */
void cluster_look_behind(struct cluster *c, struct cluster_node *node); /* must it catch up? */

#endif
