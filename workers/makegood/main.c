/* makegood: what happens after the sale. */
#include "workers/makegood/command.h"

int main(int argc, char **argv)
{
    return command_main(argc, argv);
}
