// The program with libvips and without libtorch: curate images, label, verify, recall. `vitrine` starts it.
#include "apps/command_line.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  using namespace vitrine::apps;
  return run_program(argc, argv, "vitrine",
                     {
                         register_curate_pictures,
                         register_label,
                         register_verify,
                         register_recall,
                     });
}
