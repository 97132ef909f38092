#ifndef PRISMFED_CLI_REPORT_JSON_H
#define PRISMFED_CLI_REPORT_JSON_H

#include "cli/report_text.h"

/* The report of a rehearsal as one line of JSON, printed as it is told: begin, epochs, end; or finished alone. */

void report_json_begin(const struct federated_simulation_report *r);
void report_json_epoch(const struct federated_epoch_report *e, bool first);
void report_json_end(const struct federated_simulation_report *r, const struct report_ending *e);
void report_json_finished(const struct federated_simulation_report *r);

#endif
