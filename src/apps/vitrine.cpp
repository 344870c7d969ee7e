// The program without libtorch: import, plan, curate, write, score, evaluate. Verbs that need libtorch
// are handed to libexec/vitrine-torch with the same arguments.
#include "apps/command_line.h"
#include "apps/torch_program.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  using namespace vitrine::apps;
  if (needs_torch(argc, argv)) return run_torch_program(argv);
  return run_program(argc, argv, "vitrine",
                     {
                         register_import,
                         register_write,
                         register_evaluate,
                     });
  return vitrine::apps::run_program(argc, argv, "vitrine",
                                    {vitrine::apps::register_import, vitrine::apps::register_points,
                                     vitrine::apps::register_evaluate});
  return vitrine::apps::run_program(
      argc, argv, "vitrine",
      {vitrine::apps::register_import, vitrine::apps::register_curate, vitrine::apps::register_evaluate});
}
