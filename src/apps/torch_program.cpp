#include "apps/torch_program.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "apps/libexec_program.h"
#include "apps/verbs.h"

namespace vitrine::apps {
namespace {

bool has_flag(const std::vector<std::string_view>& arguments, std::string_view flag) {
  return std::any_of(arguments.begin(), arguments.end(), [&](std::string_view argument) {
    return argument.starts_with(flag) && (argument.size() == flag.size() || argument[flag.size()] == '=');
  });
}

bool asks_for_torch_engine(const std::vector<std::string_view>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--engine=torch") return true;
    if (arguments[i] == "--engine" && i + 1 < arguments.size() && arguments[i + 1] == "torch") return true;
  }
  return false;
}

}  // namespace

bool needs_torch(int argc, const char* const* argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return false;
  if (arguments[0] == "train" || arguments[0] == "align" || arguments[0] == "draw" || arguments[0] == "draw-worker") return true;
  if (arguments.size() < 2) return false;
  if (arguments[0] == "bench") return arguments[1] == "train" || arguments[1] == "draw" || arguments[1] == "tune";
  if (arguments[0] == "evaluate" && arguments[1] == "images") return true;
  if (arguments[0] == "curate" && arguments[1] == "images") return has_flag(arguments, "--clip-model");
  if (arguments[0] != "score") return false;
  return arguments[1] == "clip" || (arguments[1] == "copy" && asks_for_torch_engine(arguments));
}

int run_torch_program(char** argv) {
  setenv("GOMP_SPINCOUNT", "20000", /*overwrite=*/0);  // waiting threads give up a shared core after about 0.2 ms
  return run_libexec_program("vitrine-torch", "libtorch", argv);
}

void list_align(CLI::App& app, int&) { app.add_subcommand("align", "rounds of sample, order, tune (by vitrine-torch)"); }
void list_draw(CLI::App& app, int&) { app.add_subcommand("draw", "products or a prompt in, labelled pictures out (by vitrine-torch)"); }
void list_train(CLI::App& app, int&) { app.add_subcommand("train", "train a model (by vitrine-torch)"); }
void list_evaluate_images(CLI::App& app, int&) {
  app.get_subcommand("evaluate")->add_subcommand("images", "pictures of models beside each other (by vitrine-torch)");
}
void list_score_clip(CLI::App& app, int&) {
  app.get_subcommand("score")->add_subcommand("clip", "how well texts fit their pictures (by vitrine-torch)");
}
void list_bench_torch(CLI::App& app, int&) {
  CLI::App& bench = *app.get_subcommand("bench");
  bench.add_subcommand("train", "a training step, optimizer included (by vitrine-torch)");
  bench.add_subcommand("draw", "text encoder, a guided UNet step, VAE decoding (by vitrine-torch)");
  bench.add_subcommand("tune", "a step of train text-encoder, optimizer included (by vitrine-torch)");
}

}  // namespace vitrine::apps
