#ifndef PRISMFED_CLI_KEY_NEW_H
#define PRISMFED_CLI_KEY_NEW_H

#include "crypto/key.h"

/* Makes a key from the system's random bytes, and its file (key_file_write), under the passphrase in that file unless
 * it is NULL. *out is the caller's: key_wipe(). Returns
 * the exit status; what is wrong was said in the name of the verb. */
int key_new(const char *verb, const char *path, const char *passphrase_file, struct secret_key *out);

#endif
