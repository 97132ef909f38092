#ifndef PRISMFED_CLI_STORE_LOOK_H
#define PRISMFED_CLI_STORE_LOOK_H

#include "codec/json.h"
#include "node/store_check.h"

/* For verbs that work on stores. */

/* Is the store sound? What is not is said on standard error. Returns the exit status; the report is the caller's in any
 * case (zero-initialised). */
int store_look(const char *verb, const char *path, struct store_report *out);
/* One line on standard output; steals value. */
void store_say_json(json_t *value);

#endif
