#include "app/commands.hpp"

int main(int argc, char** argv) {
  return buyme::app::run_command(argc, argv);
}
