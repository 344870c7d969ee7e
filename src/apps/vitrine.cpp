// The program without libtorch: import, plan, curate, write, score, evaluate.
#include "apps/command_line.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  return vitrine::apps::run_program(
      argc, argv, "vitrine",
      {vitrine::apps::register_import, vitrine::apps::register_curate, vitrine::apps::register_evaluate});
}
