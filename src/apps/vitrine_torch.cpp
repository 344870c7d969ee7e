// The program with libtorch: train, align, draw and their benchmarks. `vitrine` starts it.
#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  vitrine::apps::load_cuda_if_present();
  return vitrine::apps::run_program(argc, argv, "vitrine", {vitrine::apps::register_bench_train, vitrine::apps::register_score_torch});
}
