#include "cli/command.h"
#include "cli/start.h"

/* prismfed_audit ...: prismfed audit alone, for whoever audits and wants nothing of a node in the process. */
int main(int argc, char **argv)
{
    return start(argc, argv, command_audit);
}
