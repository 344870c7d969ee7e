// The program with libtorch: train, align, draw and their benchmarks. `vitrine` starts it.
#include <malloc.h>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"

int main(int argc, char** argv) {
  using namespace vitrine::apps;
  // Large tensors come and go every step: keep their pages instead of asking the kernel anew.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  load_cuda_if_present();
  return run_program(argc, argv, "vitrine",
                     {
                         register_align,
                         register_curate_torch,
                         register_train,
                         register_evaluate_images,
                         register_draw,
                         register_draw_worker,
                         register_score_torch,
                         register_bench_train,
                         register_bench_pictures,
                     });
}
