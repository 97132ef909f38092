#ifndef PRISMFED_AUDIT_OBSERVED_H
#define PRISMFED_AUDIT_OBSERVED_H

#include "audit/report.h"

/* What only the recorder saw: nobody can say whether it is true, but each field of a summary has a type, a range and a
 * place, and who reads it relies on them. Of one summary: passes, or a finding of RULE_SUMMARY_FORM. */
void observed_check(const json_t *summary, const char *file, struct audit_report *report);
/* The same of one epoch's row. */
bool observed_row_fits(const json_t *row);
/* Puts null in place of what was observed. */
void observed_row_clear(json_t *row);

#endif
