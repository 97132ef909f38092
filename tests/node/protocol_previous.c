/* In place of src/node/protocol_newest.c: the program that was there before the newest version of the protocol. */
#include "node/protocol.h"

const unsigned protocol_newest = 1;
