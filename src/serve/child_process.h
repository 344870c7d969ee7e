// serve/child_process.h - a program of our own that is spoken to in lines.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::serve {

/// How a child ended.
struct ChildEnd {
  int exit_code = 0;  // when it ended by itself
  int signal = 0;     // by which it was killed; 0 = it ended by itself
};

/// Standard input and output of the child are ours, its standard error stays this process's. It has a
/// process group of its own (Ctrl-C does not reach it) and no other open file of ours. It is killed
/// when the thread that made it ends, however that happens. For one thread.
class ChildProcess {
 public:
  /// command: program (searched in PATH without a slash) and arguments. Returns once it runs.
  /// Throws NotFound when it cannot be run, IoError when there can be no further process;
  /// InvalidInput without a program.
  explicit ChildProcess(const std::vector<std::string>& command, size_t max_line_bytes);
  /// Kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// Writes a line and its end. False when the child reads no more.
  bool write_line(std::string_view line);

  enum class Read { line, timeout, end, too_long };
  /// The next line of its output, without its end. `end`: the output is closed.
  Read read_line(std::string& line, std::chrono::milliseconds wait);

  /// Tells it to end: SIGTERM.
  void terminate();
  void kill();
  /// Waits for its end. Later calls give the same.
  ChildEnd wait();

 private:
  void wait_for_start(int started, const std::string& program);
  bool take_line(std::string& line);

  pid_t pid_ = -1;
  int socket_ = -1;
  size_t max_line_bytes_;
  std::string buffer_;  // read, but not yet a line
  bool is_over_ = false;
  ChildEnd end_;
};

}  // namespace vitrine::serve
