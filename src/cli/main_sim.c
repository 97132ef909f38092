#include "cli/command.h"
#include "cli/start.h"

/* federated_sim ...: prismfed sim alone. */
int main(int argc, char **argv)
{
    return start(argc, argv, command_sim);
}
