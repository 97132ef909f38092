#ifndef PRISMFED_NODE_ATTEST_TPM_H
#define PRISMFED_NODE_ATTEST_TPM_H

#include "node/attest_quote.h"

/* The TPM of this machine, through tpm2-tss. The attestation key is made anew at each start from the endorsement seed
 * of the TPM, and is the same each time. A quote takes about a millisecond in a simulator and some tenths of a second
 * in hardware, in which the caller waits. */

struct attest_tpm;

/* tcti: which TPM, as tpm2-tss names it ("device:/dev/tpmrm0", "swtpm:path=/run/tpm"). pcrs: the registers to be
 * quoted, as in struct attest_expected. ERR_UNKNOWN: the program was built without tpm2-tss; ERR_IO: the TPM does not
 * answer, or refuses. */
enum err attest_tpm_open(const char *tcti, uint32_t pcrs, struct attest_tpm **out, struct diag *diag) MUST_CHECK;
void attest_tpm_close(struct attest_tpm *tpm); /* NULL is fine */

/* What it is now, to be enrolled elsewhere. ERR_IO. */
enum err attest_tpm_describe(struct attest_tpm *tpm, enum attest_quote_kind *kind, struct attest_expected *out,
                             struct diag *diag) MUST_CHECK;
/* Appends a quote about these data, as attest_quote_encode() does. ERR_IO. */
enum err attest_tpm_quote(struct attest_tpm *tpm, const struct digest *qualifying, struct buf *out,
                          struct diag *diag) MUST_CHECK;

#endif
