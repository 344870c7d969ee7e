#include "apps/pictures_program.h"

#include <string_view>

#include "apps/libexec_program.h"
#include "apps/verbs.h"

namespace vitrine::apps {

bool needs_pictures(int argc, const char* const* argv) {
  if (argc < 2) return false;
  const std::string_view verb = argv[1];
  if (verb == "curate") return argc > 2 && std::string_view(argv[2]) == "images";
  return verb == "label" || verb == "verify" || verb == "recall";
}

int run_pictures_program(char** argv) {
  return run_libexec_program("vitrine-pictures", "libvips", argv);
}

void list_curate_images(CLI::App& app, int&) {
  app.get_subcommand("curate")->add_subcommand(
      "images", "training pictures with captions through the funnel (by vitrine-pictures)");
}
void list_label(CLI::App& app, int&) {
  app.add_subcommand("label",
                     "write AI labels into pictures and texts, their log, exports by agreement (by "
                     "vitrine-pictures)");
}
void list_verify(CLI::App& app, int&) {
  app.add_subcommand(
      "verify", "prove AI labels of pictures and texts, and claim ledgers (by vitrine-pictures)");
}
void list_recall(CLI::App& app, int&) {
  app.add_subcommand("recall", "the settings that pictures were made with (by vitrine-pictures)");
}

}  // namespace vitrine::apps
