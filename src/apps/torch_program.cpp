#include "apps/torch_program.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "apps/verbs.h"
#include "base/log.h"

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

std::filesystem::path torch_program() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path() / "libexec" / "vitrine-torch";
}

}  // namespace

bool needs_torch(int argc, const char* const* argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return false;
  if (arguments[0] == "train" || arguments[0] == "align" || arguments[0] == "draw") return true;
  if (arguments.size() < 2) return false;
  if (arguments[0] == "bench" && arguments[1] == "train") return true;
  if (arguments[0] == "evaluate" && arguments[1] == "images") return true;
  if (arguments[0] == "curate" && arguments[1] == "images") return has_flag(arguments, "--clip-model");
  if (arguments[0] != "score") return false;
  return arguments[1] == "clip" || (arguments[1] == "copy" && asks_for_torch_engine(arguments));
}

int run_torch_program(char** argv) {
  const auto program = torch_program();
  if (std::filesystem::exists(program)) {
    setenv("GOMP_SPINCOUNT", "20000", /*overwrite=*/0);  // waiting threads give up a shared core after about 0.2 ms
    execv(program.c_str(), argv);
    log_line(LogLevel::error, concat("[vitrine] cannot run ", program.string(), ": ", std::strerror(errno)));
  } else {
    log_line(LogLevel::error, concat("[vitrine] ", argv[1], " needs libtorch, and ", program.string(),
                                     " is not there: build with libtorch (HACKING.md says how)"));
  }
  return 1;
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
void list_bench_train(CLI::App& app, int&) {
  app.get_subcommand("bench")->add_subcommand("train", "a training step, optimizer included (by vitrine-torch)");
}

}  // namespace vitrine::apps
