#ifndef PRISMFED_AUDIT_ORDER_H
#define PRISMFED_AUDIT_ORDER_H

#include "audit/report.h"

/* The keys of an artifact stand in one order (docs/rfc/M5-federation.md section 7), so that one document has one text.
 */

/* found and expected have equal values: passes, or a finding of RULE_FILE_FORM at the first object whose keys stand in
 * another order than in expected. */
void order_compare(const char *file, const json_t *found, const json_t *expected, struct audit_report *report);

#endif
