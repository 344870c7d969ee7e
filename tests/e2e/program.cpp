#include "e2e/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace vitrine::e2e {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  void close_read() { close_end(read_end); }
  void close_write() { close_end(write_end); }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

/// The child's side: never returns.
[[noreturn]] void become_program(const std::vector<std::string>& args, const RunOptions& options, const Pipe& in,
                                 const Pipe& out, const Pipe& err) {
  ::dup2(in.read_end, 0);
  ::dup2(out.write_end, 1);
  ::dup2(err.write_end, 2);
  if (!options.stdout_file.empty()) ::dup2(::open(options.stdout_file.c_str(), O_WRONLY), 1);
  if (!options.working_folder.empty() && ::chdir(options.working_folder.c_str()) != 0) ::_exit(127);
  std::vector<char*> argv;
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

/// Reads what there is; closes the end at the end of the stream.
void drain(Pipe& pipe, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::read(pipe.read_end, buffer.data(), buffer.size());
  if (n > 0) text.append(buffer.data(), static_cast<size_t>(n));
  if (n == 0) pipe.close_read();
}

/// Writes what fits; closes the end when all is written or nobody reads.
void feed(Pipe& pipe, std::string_view& rest, bool stays_open) {
  const ssize_t n = rest.empty() ? 0 : ::write(pipe.write_end, rest.data(), std::min<size_t>(rest.size(), 4096));
  if (n > 0) rest.remove_prefix(static_cast<size_t>(n));
  if (n < 0 || (rest.empty() && !stays_open)) pipe.close_write();
}

/// Moves bytes until the program has closed both its outputs, or the time is over.
void converse(pid_t child, const RunOptions& options, Pipe& in, Pipe& out, Pipe& err, ProgramResult& result) {
  std::string_view rest = options.stdin_text;
  const auto start = Clock::now();
  bool interrupted = options.interrupt_after_ms == 0, signalled = options.signal_once_there.empty();
  while (out.read_end >= 0 || err.read_end >= 0) {
    std::array<pollfd, 3> waiting{{{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}, {rest.empty() && options.stdin_stays_open ? -1 : in.write_end, POLLOUT, 0}}};
    ::poll(waiting.data(), waiting.size(), signalled ? 20 : 1);
    if (waiting[0].revents != 0) drain(out, result.out);
    if (waiting[1].revents != 0) drain(err, result.err);
    if (waiting[2].revents != 0) feed(in, rest, options.stdin_stays_open);
    const auto passed = Clock::now() - start;
    const bool killed =
        options.kill_after_ms > 0 && passed > std::chrono::milliseconds(options.kill_after_ms);
    if (killed || passed > std::chrono::seconds(options.timeout_s)) ::kill(child, SIGKILL);
    if (!signalled && fs::exists(options.signal_once_there)) {
      ::kill(child, options.signal);
      signalled = true;
    }
    if (!interrupted && passed > std::chrono::milliseconds(options.interrupt_after_ms)) {
      ::kill(child, SIGINT);
      interrupted = true;
    }
  }
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& args, const RunOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  const char* other = std::getenv("VITRINE_PROGRAM");
  std::vector<std::string> command{other != nullptr ? other : std::string(VITRINE_BINARY_DIR) + "/bin/vitrine"};
  command.insert(command.end(), args.begin(), args.end());
  Pipe in, out, err;
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) become_program(command, options, in, out, err);
  in.close_read();
  out.close_write();
  err.close_write();
  ProgramResult result;
  converse(child, options, in, out, err, result);
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) fail("wait4");
  result.max_rss_kib = usage.ru_maxrss;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

bool has_verb(std::string_view verb) {
  std::vector<std::string> args;
  std::istringstream words{std::string(verb)};
  for (std::string word; words >> word;) args.push_back(word);
  args.push_back("--help");
  // The help of an unknown verb is that of the program: "Usage: vitrine [OPTIONS] …".
  for (const std::string& line : lines(run_program(args).out)) {
    if (line.starts_with("Usage: ")) return line.find(" " + std::string(verb) + " ") != std::string::npos;
  }
  return false;
}

testing::AssertionResult failed_with_one_line(const ProgramResult& result, int exit_code, std::string_view named) {
  const auto said = lines(result.err);
  const bool named_last = !said.empty() && said.back().starts_with("error: ") && said.back().find(named) != std::string::npos;
  if (result.exit_code == exit_code && result.out.empty() && named_last) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected exit " << exit_code << " and a last line \"error: … " << named << " …\"; got exit "
                                     << result.exit_code << "\nstdout: " << result.out.substr(0, 500) << "\nstderr: " << result.err;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "vitrine-e2e-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("mkdtemp");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

SmallDisk::SmallDisk(int size_kib) {
  const std::string size = "size=" + std::to_string(size_kib) + "k";
  mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, size.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
  if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
}

std::string head_of(const fs::path& file, int count, const TemporaryFolder& folder) {
  std::ifstream in(file);
  const std::string path = folder / file.filename().string();
  std::ofstream out(path);
  std::string line;
  for (int i = 0; i < count && std::getline(in, line); ++i) out << line << '\n';
  return path;
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> result;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

fs::path source_file(std::string_view relative) { return fs::path(VITRINE_SOURCE_DIR) / relative; }

}  // namespace vitrine::e2e
