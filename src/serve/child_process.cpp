#include "serve/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace vitrine::serve {
namespace {

constexpr int kFirstOther = 3;  // file descriptors behind input, output and error

/// Two ends that no other program gets.
struct Pair {
  int ours = -1, childs = -1;
};

Pair made(int failed, const int (&ends)[2]) {
  if (failed != 0) throw IoError(concat("[ChildProcess] ", std::strerror(errno)));
  return {ends[0], ends[1]};
}

Pair make_sockets() {
  int ends[2];
  return made(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ends);
}

Pair make_pipe() {
  int ends[2];
  return made(::pipe2(ends, O_CLOEXEC), ends);
}

/// What a child does between fork and exec: async-signal-safe calls alone. `started` is closed by
/// the start of the program; else it gets the error.
[[noreturn]] void become(char* const* arguments, int socket, int started, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  ::setpgid(0, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(socket, STDIN_FILENO);
  ::dup2(socket, STDOUT_FILENO);
  ::close_range(kFirstOther, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execvp(arguments[0], arguments);
  const int code = errno;
  const ssize_t written = ::write(started, &code, sizeof code);
  (void)written;
  ::_exit(1);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {
  VITRINE_REQUIRE(!command.empty(), "[ChildProcess] no program");
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const Pair sockets = make_sockets(), started = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  const int code = errno;
  if (pid_ == 0) become(arguments.data(), sockets.childs, started.childs, parent);
  ::close(sockets.childs);
  ::close(started.childs);
  socket_ = sockets.ours;
  if (pid_ < 0) {
    ::close(socket_);
    ::close(started.ours);
    throw IoError(concat("[ChildProcess] ", command.front(), ": ", std::strerror(code)));
  }
  wait_for_start(started.ours, command.front());
}

/// Until then the end of this thread would go unseen.
void ChildProcess::wait_for_start(int started, const std::string& program) {
  int code = 0;
  ssize_t size = 0;
  do size = ::read(started, &code, sizeof code);
  while (size < 0 && errno == EINTR);
  ::close(started);
  if (size <= 0) return;
  wait();
  ::close(socket_);
  throw NotFound(concat("[ChildProcess] ", program, ": ", std::strerror(code)));
}

ChildProcess::~ChildProcess() {
  kill();
  wait();
  ::close(socket_);
}

bool ChildProcess::write_line(std::string_view line) {
  const std::string bytes = std::string(line) + "\n";
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::send(socket_, bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    written += static_cast<size_t>(count);
  }
  return true;
}

bool ChildProcess::take_line(std::string& line) {
  const size_t end = buffer_.find('\n');
  if (end == std::string::npos) return false;
  line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return true;
}

ChildProcess::Read ChildProcess::read_line(std::string& line, std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (!take_line(line)) {
    if (buffer_.size() > max_line_bytes_) return Read::too_long;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd ready{socket_, POLLIN, 0};
    const int count = ::poll(&ready, 1, left > 0 ? static_cast<int>(left) : 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Read::timeout;
    std::array<char, 1 << 14> chunk;
    const ssize_t size = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Read::end;
    buffer_.append(chunk.data(), static_cast<size_t>(size));
  }
  return line.size() > max_line_bytes_ ? Read::too_long : Read::line;
}

void ChildProcess::terminate() {
  if (!is_over_) ::kill(pid_, SIGTERM);
}

void ChildProcess::kill() {
  if (!is_over_) ::kill(pid_, SIGKILL);
}

ChildEnd ChildProcess::wait() {
  if (is_over_) return end_;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  is_over_ = true;
  end_ = WIFSIGNALED(status) ? ChildEnd{.signal = WTERMSIG(status)} : ChildEnd{.exit_code = WEXITSTATUS(status)};
  return end_;
}

}  // namespace vitrine::serve
