#include "audit/rules.h"

#include "base/err.h"

#define RFC "docs/rfc/M5-federation.md "

static const struct audit_rule_info rules[AUDIT_RULE_COUNT] = {
    [RULE_FILE_MISSING] = {"PF-FILE-MISSING", "every file that another one speaks of is there", RFC "section 7",
                           "simulations/*, ledger/*", AUDIT_SEVERITY_ERROR},
    [RULE_FILE_EXTRA] = {"PF-FILE-EXTRA", "there is no file that nothing speaks of", RFC "section 7",
                         "simulations/*, ledger/*", AUDIT_SEVERITY_ERROR},
    [RULE_FILE_FORM] = {"PF-FILE-FORM", "a file is JSON in the one form that artifacts have",
                        "RFC 8259; " RFC "section 7", "simulations/*, ledger/*", AUDIT_SEVERITY_ERROR},
    [RULE_GENESIS_DOCUMENT] = {"PF-GENESIS-DOCUMENT", "the genesis document decodes and its rules hold",
                               "RFC 8949 section 4.2.1; " RFC "section 3", "ledger/*genesis.json",
                               AUDIT_SEVERITY_ERROR},
    [RULE_GENESIS_VIEW] = {"PF-GENESIS-VIEW", "what genesis.json shows is what its document says", RFC "section 7",
                           "ledger/*genesis.json", AUDIT_SEVERITY_ERROR},
    [RULE_GENESIS_TRUST] = {"PF-GENESIS-TRUST", "the genesis is the one that the auditor was told to trust",
                            RFC "section 9", "ledger/*genesis.json", AUDIT_SEVERITY_ERROR},
    [RULE_ROOT_THRESHOLD] = {"PF-ROOT-THRESHOLD", "as many different keys as it says signed the trust root",
                             RFC "section 11", "the trust root", AUDIT_SEVERITY_ERROR},
    [RULE_ROOT_VERSION] = {"PF-ROOT-VERSION", "versions of the trust root follow each other, and none goes back",
                           RFC "section 11", "the trust root", AUDIT_SEVERITY_ERROR},
    [RULE_ROOT_EXPIRED] = {"PF-ROOT-EXPIRED", "the trust root holds at the time of the audit", RFC "section 11",
                           "the trust root", AUDIT_SEVERITY_ERROR},
    [RULE_ROOT_FEDERATION] = {"PF-ROOT-FEDERATION", "the trust root is of this federation", RFC "section 11",
                              "the trust root", AUDIT_SEVERITY_ERROR},
    [RULE_ROOT_ROLES] = {"PF-ROOT-ROLES", "those who govern and validate at the end are whom the trust root names",
                         RFC "section 11", "the trust root", AUDIT_SEVERITY_ERROR},
    [RULE_EPOCH_ORDER] = {"PF-EPOCH-ORDER", "epochs follow each other without a gap, each in its own file",
                          RFC "section 5", "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_EPOCH_BYTES] = {"PF-EPOCH-BYTES", "headers, entries and votes decode, and each block has its own entries",
                          "RFC 8949 section 4.2.1; RFC 9162 section 2.1", "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_BLOCK_CHAIN] = {"PF-BLOCK-CHAIN", "a block stands on the one before it, in this federation", RFC "section 5",
                          "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_CERT_VOTE] = {"PF-CERT-VOTE", "every vote is a member's, for this block, once, and validly signed",
                        "RFC 9052 section 4.2; RFC 8032 section 5.1.7; " RFC "section 4", "ledger/*epoch_*.json",
                        AUDIT_SEVERITY_ERROR},
    [RULE_CERT_QUORUM] = {"PF-CERT-QUORUM", "a quorum of validators voted for the block",
                          "Castro and Liskov 1999 section 4.2; " RFC "section 4", "ledger/*epoch_*.json",
                          AUDIT_SEVERITY_ERROR},
    [RULE_BLOCK_STATE] = {"PF-BLOCK-STATE", "execution of the entries gives the roots that were voted on",
                          RFC "section 5", "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_BLOCK_LINK] = {"PF-BLOCK-LINK", "certificates and links alone, from genesis, lead to the same voters",
                         "Castro and Liskov 2002 section 2.4; " RFC "section 6", "ledger/*epoch_*.json",
                         AUDIT_SEVERITY_ERROR},
    [RULE_BLOCK_FORK] = {"PF-BLOCK-FORK", "no other history of the same federation here has another block at a height",
                         RFC "section 6", "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_COHORT] = {"PF-COHORT", "who counts in an epoch was drawn for it by the log, where the policy has cohorts",
                     RFC "section 5", "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_EPOCH_VIEW] = {"PF-EPOCH-VIEW",
                         "leaves, proofs, verdicts, decision: all that a file shows follows from its bytes",
                         "RFC 9162 sections 2.1.3, 2.1.4; " RFC "section 7", "ledger/*epoch_*.json",
                         AUDIT_SEVERITY_ERROR},
    [RULE_ANCHOR_SIGNATURE] = {"PF-ANCHOR-SIGNATURE",
                               "who was in good standing in the epoch signed its anchor, with the key of then",
                               "RFC 9052 section 4.2; " RFC "section 5", "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_ANCHOR_BINDING] = {"PF-ANCHOR-BINDING", "the anchor names this epoch's roots and no other's", RFC "section 5",
                             "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_CHECKPOINT] = {"PF-CHECKPOINT",
                         "validators cosigned the log's root at the end of the epoch, and no other one",
                         "C2SP tlog-checkpoint and tlog-cosignature; " RFC "section 5", "ledger/*epoch_*.checkpoint",
                         AUDIT_SEVERITY_ERROR},
    [RULE_SUMMARY_SIGNATURE] = {"PF-SUMMARY-SIGNATURE",
                                "who is in good standing when the log ends signed the summary, with the key of then",
                                "RFC 9052 section 4.2; " RFC "section 7", "simulations/epoch_summary*.json",
                                AUDIT_SEVERITY_ERROR},
    [RULE_SUMMARY_VIEW] = {"PF-SUMMARY-VIEW", "what the summary says of the log follows from the log", RFC "section 7",
                           "simulations/epoch_summary*.json", AUDIT_SEVERITY_ERROR},
    [RULE_SUMMARY_LEDGER] = {"PF-SUMMARY-LEDGER", "summary and ledger files carry the same roots and signatures",
                             RFC "section 7", "simulations/epoch_summary*.json", AUDIT_SEVERITY_ERROR},
    [RULE_SUMMARY_FORM] = {"PF-SUMMARY-FORM", "what only the recorder saw has the type, range and place of its field",
                           RFC "section 7", "simulations/epoch_summary*.json", AUDIT_SEVERITY_ERROR},
    [RULE_GOVERNANCE_LOG] = {"PF-GOVERNANCE-LOG",
                             "META-GOVERNANCE-LOG.md says what the log says, where somebody governs", RFC "section 10",
                             "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
    [RULE_LOG_END] = {"PF-LOG-END", "a quorum of the validators vouches that the log ends where the files end",
                      RFC "section 5", "simulations/epoch_summary*.json", AUDIT_SEVERITY_ERROR},
    [RULE_WITNESS] = {"PF-WITNESS", "those whom the policy asks for cosigned where the log ends",
                      "C2SP tlog-policy; " RFC "section 9", "ledger/*epoch_*.checkpoint", AUDIT_SEVERITY_ERROR},
    [RULE_SUMMARY_OBSERVED] = {"PF-SUMMARY-OBSERVED",
                               "what only the recorder saw (times, messages, faults, costs) is true", RFC "section 9",
                               "simulations/epoch_summary*.json", AUDIT_SEVERITY_NOTE},
    [RULE_WORK_CLAIMS] = {"PF-WORK-CLAIMS", "the private work behind a claimed cost was done", RFC "section 9",
                          "ledger/*epoch_*.json", AUDIT_SEVERITY_ERROR},
};

const struct audit_rule_info *audit_rule_info(enum audit_rule rule)
{
    ASSERT((unsigned)rule < AUDIT_RULE_COUNT);
    return &rules[rule];
}

const char *audit_severity_name(enum audit_severity severity)
{
    return severity == AUDIT_SEVERITY_ERROR ? "error" : "note";
}
