#include "node/protocol.h"

const unsigned protocol_newest = 2;
