// The program that links libtorch: training. `vitrine` starts it.
#include <malloc.h>

#include "apps/command_line.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  // Large tensors come and go every step: keep their pages instead of asking the kernel anew.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  using namespace vitrine::apps;
  return run_program(argc, argv, "vitrine",
                     {
                         register_train,
                     });
}
