#ifndef PRISMFED_CLI_INTERRUPT_H
#define PRISMFED_CLI_INTERRUPT_H

#include "base/bytes.h"

/* What is said when SIGINT or SIGTERM ends the process, which dies of the signal as it would without. */

/* text: a line, escaped; copied. From now on. */
void interrupt_says(struct bytes text);
/* Nothing is said any more. */
void interrupt_is_silent(void);

#endif
