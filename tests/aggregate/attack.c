#include "attack.h"

#include <string.h>

#include "base/dmath.h"

static const char *const attack_names[ATTACK_COUNT] = {"sign_flip", "ipm", "alie", "mimic"};

const char *vector_attack_name(enum vector_attack attack)
{
    ASSERT((unsigned)attack < ATTACK_COUNT);
    return attack_names[attack];
}

enum err vector_attack_parse(struct bytes name, enum vector_attack *out)
{
    for (unsigned i = 0; i < ATTACK_COUNT; i++)
        if (bytes_equal(name, bytes_of_text(attack_names[i]))) {
            *out = (enum vector_attack)i;
            return ERR_OK;
        }
    return ERR_UNKNOWN;
}

static double deviation(const struct vector_set *honest, size_t column, double mean)
{
    double sum = 0;
    if (honest->rows < 2)
        return 0;
    for (unsigned i = 0; i < honest->rows; i++) {
        double difference = honest->values[i][column] - mean;
        sum += difference * difference;
    }
    return dmath_sqrt(sum / (honest->rows - 1));
}

static const double *lowest(const struct vector_set *honest)
{
    unsigned at = 0;
    for (unsigned i = 1; i < honest->rows; i++)
        if (digest_compare(&honest->hashes[i], &honest->hashes[at]) < 0)
            at = i;
    return honest->values[at];
}

enum err vector_attack(const struct vector_set *honest, enum vector_attack attack, double strength, double *out,
                       struct diag *diag)
{
    const struct vector_options mean = {.rule = VECTOR_MEAN};
    enum err err = vector_reduce(honest, &mean, out, NULL, diag);
    if (err != ERR_OK)
        return err;
    if (attack == ATTACK_MIMIC)
        memcpy(out, lowest(honest), honest->columns * sizeof out[0]);
    for (size_t c = 0; c < honest->columns; c++) {
        if (attack == ATTACK_SIGN_FLIP)
            out[c] = -out[c];
        else if (attack == ATTACK_IPM)
            out[c] *= -strength;
        else if (attack == ATTACK_ALIE)
            out[c] += strength * deviation(honest, c, out[c]);
    }
    return ERR_OK;
}
