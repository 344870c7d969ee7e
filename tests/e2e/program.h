// e2e/program.h - runs the real program in a temporary folder and keeps what it said.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::e2e {

/// How a run ended. `exit_code` is 128 + n when signal n ended the program.
struct ProgramResult {
  int exit_code = -1;
  std::string out;
  std::string err;
  long max_rss_kib = 0;  // most memory that was in use
};

struct RunOptions {
  std::string stdin_text = {};
  bool stdin_stays_open = false;  // as a terminal's: no end of file comes
  std::filesystem::path working_folder = {};  // empty = the current one
  std::filesystem::path stdout_file = {};     // for example /dev/full; empty = kept in ProgramResult::out
  int interrupt_after_ms = 0;  // then SIGINT, once, as Ctrl-C; 0 = never
  std::filesystem::path signal_once_there = {};  // sends `signal` as soon as this file is there
  int signal = 9;
  int kill_after_ms = 0;  // then SIGKILL; 0 = never
  int timeout_s = 60;  // then the program is killed and the run counts as exit code 128 + 9
};

/// Runs the program of this build tree ($VITRINE_PROGRAM: another one) with `args` and waits for its end.
/// Throws std::runtime_error when the program cannot be started.
ProgramResult run_program(const std::vector<std::string>& args, const RunOptions& options = {});

/// Whether this build has the verb: those of vitrine-torch ("train copy") are absent without libtorch.
bool has_verb(std::string_view verb);

/// Skips the rest of a test whose verb this build lacks.
#define VITRINE_NEEDS_VERB(verb) \
  if (!::vitrine::e2e::has_verb(verb)) GTEST_SKIP() << "this build has no verb " << (verb)

/// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A mounted file system of `size_kib` that is soon full, as root; `mounted()` is false where one may not mount.
class SmallDisk {
 public:
  explicit SmallDisk(int size_kib);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

/// A run failed as promised: exit code, nothing on stdout, and one line on stderr that names `named`.
/// `result.err` may hold progress before it; the last line counts.
testing::AssertionResult failed_with_one_line(const ProgramResult& result, int exit_code, std::string_view named);

/// The first `count` lines of a file, as a file in `folder`; returns its path.
std::string head_of(const std::filesystem::path& file, int count, const TemporaryFolder& folder);

/// The lines of a text, without line ends.
std::vector<std::string> lines(std::string_view text);

/// Every regular file below a folder, relative, sorted.
std::vector<std::string> files_below(const std::filesystem::path& folder);

/// A file of the source tree.
std::filesystem::path source_file(std::string_view relative);

}  // namespace vitrine::e2e
