#ifndef PRISMFED_TESTS_AGGREGATE_ATTACK_H
#define PRISMFED_TESTS_AGGREGATE_ATTACK_H

#include "aggregate/vector.h"

/* What liars who know every honest update send in place of an update: to measure the vector rules against.
 * Definitions: docs/aggregation.md. */

enum vector_attack { ATTACK_SIGN_FLIP, ATTACK_IPM, ATTACK_ALIE, ATTACK_MIMIC, ATTACK_COUNT };

const char *vector_attack_name(enum vector_attack attack); /* "sign_flip", "ipm", "alie", "mimic" */
enum err vector_attack_parse(struct bytes name, enum vector_attack *out) MUST_CHECK;

/* out[columns] becomes the liars' update against the honest rows of the set: -mean (sign_flip), -strength * mean (ipm,
 * inner product manipulation), mean + strength * standard deviation with n - 1 (alie, "a little is enough"; none with
 * one row), or the honest row with the lowest hash (mimic). Weights are not looked at. ERR_RANGE as vector_reduce. */
enum err vector_attack(const struct vector_set *honest, enum vector_attack attack, double strength, double *out,
                       struct diag *diag) MUST_CHECK;

#endif
