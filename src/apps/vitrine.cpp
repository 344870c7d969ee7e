// The program without libtorch and libvips: import, points, curate, write, score, evaluate. Verbs that need libtorch are
// handed to libexec/vitrine-torch, those about the files of pictures to libexec/vitrine-pictures, with the same arguments.
#include "apps/command_line.h"
#include "apps/pictures_program.h"
#include "apps/torch_program.h"
#include "apps/verb_names.h"
#include "apps/verbs.h"
#include "base/log.h"

int main(int argc, char** argv) {
  using namespace vitrine::apps;
  if (const auto wrong = wrong_verb(argc, argv)) {
    vitrine::log_line(vitrine::LogLevel::error, *wrong + " (see vitrine --help)");
    return kUsage;
  }
  if (needs_torch(argc, argv)) return run_torch_program(argv);
  if (needs_pictures(argc, argv)) return run_pictures_program(argv);
  return run_program(argc, argv, "vitrine",
                     {
                         register_import,
                         register_export,
                         register_points,
                         register_curate,
                         list_curate_images,
                         list_train,
                         list_align,
                         register_write,
                         list_draw,
                         register_score,
                         register_evaluate,
                         register_check,
                         list_label,
                         list_verify,
                         list_recall,
                         register_serve,
                         register_backup,
                         register_convert,
                         register_bench_write,
                         register_bench_serve,
                         list_bench_torch,
                         list_evaluate_images,
                         list_score_clip,
                     });
}
