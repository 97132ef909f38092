#ifndef PRISMFED_CLI_TLOG_WITNESS_H
#define PRISMFED_CLI_TLOG_WITNESS_H

#include "tlog/folder.h"
#include "tlog/trust_policy.h"

/* Asks each witness of the policy that has a URL to cosign the last checkpoint of the folder, and keeps what it gives
 * in the checkpoint's file. Says what happened. Returns the exit status: 0 all cosigned, 1 one refused, 2 the rest. */
int tlog_witness(const struct log_folder *f, const struct trust_policy *policy);

#endif
