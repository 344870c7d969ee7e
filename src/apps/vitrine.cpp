// The program without libtorch: import, plan, curate, write, score, evaluate.
#include "apps/command_line.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  using namespace vitrine::apps;
  return run_program(argc, argv, "vitrine", {register_import, register_evaluate, register_score});
}
