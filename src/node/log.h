#ifndef PRISMFED_NODE_LOG_H
#define PRISMFED_NODE_LOG_H

#include <stdbool.h>

#include "base/err.h"

/* What a node tells its operator: one line to standard error for each thing that happened, in logfmt
 * (time=... level=... event=... KEY=VALUE ...) or JSON. There is one log in a process; its level may change while it
 * runs. */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

const char *log_level_name(enum log_level level); /* "error", "warning", "info", "debug" */
/* False: there is no level of this name. */
bool log_level_of(const char *name, enum log_level *out);
/* What is less urgent than this is not written. LOG_INFO at first. */
void log_level_set(enum log_level level);
enum log_level log_level_now(void);

/* At first LOG_LOGFMT. LOG_JSON: an object for each line with the same members, {"time": ..., "level": ..., "event":
 * ..., KEY: VALUE, ...}; what consists of digits is a number, all else a text. */
enum log_format { LOG_LOGFMT, LOG_JSON };
void log_format_set(enum log_format format);

/* event: one word; the format gives the other pairs. Text from outside belongs in quotes; what is special in it is
 * escaped. */
void log_line(enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
