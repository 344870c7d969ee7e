#include "apps/torch_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "apps/command_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/resource.h"

namespace vitrine::apps {

bool needs_torch(int argc, char** argv) {
  if (argc < 2) return false;
  const std::string_view verb = argv[1];
  if (verb == "train") return true;
  if (verb == "bench" && argc > 2 && std::string_view(argv[2]) == "train") return true;
  for (int i = 2; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--engine=torch") return true;
    if (option == "--engine" && i + 1 < argc && std::string_view(argv[i + 1]) == "torch") return true;
  }
  return false;
}

int run_torch_program(char** argv) {
  const auto program = program_folder().parent_path() / "libexec/vitrine-torch";
  ::execv(program.c_str(), argv);
  log_line(LogLevel::error, concat("[", argv[1], "] ", program.string(), ": ", std::strerror(errno),
                                   "; this verb needs the build with libtorch (./run sets it up)"));
  return kFailed;
}

}  // namespace vitrine::apps
