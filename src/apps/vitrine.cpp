// The program without libtorch: import, plan, curate, write, score, evaluate.
#include "apps/command_line.h"
#include "apps/torch_program.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  if (vitrine::apps::needs_torch(argc, argv)) return vitrine::apps::run_torch_program(argv);
  return vitrine::apps::run_program(argc, argv, "vitrine", {});
}
