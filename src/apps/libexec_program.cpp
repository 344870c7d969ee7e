#include "apps/libexec_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/log.h"

namespace vitrine::apps {

int run_libexec_program(const char* name, const char* needs, char** argv) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  const auto program = self.parent_path().parent_path() / "libexec" / name;
  if (std::filesystem::exists(program)) {
    execv(program.c_str(), argv);
    log_line(LogLevel::error,
             concat("[vitrine] cannot run ", program.string(), ": ", std::strerror(errno)));
  } else {
    log_line(LogLevel::error,
             concat("[vitrine] ", argv[1], " needs ", needs, ", and ", program.string(),
                    " is not there: build with ", needs, " (HACKING.md says how)"));
  }
  return 1;
}

}  // namespace vitrine::apps
