// The commands of the program: argv in, exit status out.
#pragma once

namespace buyme::app {

// 0: done; 1: failed, or a verdict that is not good; 2: not understood. Says why on standard error.
int run_command(int argc, char** argv);

}  // namespace buyme::app
