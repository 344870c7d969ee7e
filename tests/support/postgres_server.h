// support/postgres_server.h - a PostgreSQL server of one test program, on a free port of the
// loopback, in a temporary folder; it goes with the program.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::test {

class PostgresServer {
 public:
  /// The one server of this program, started when it is first asked for; nothing when PostgreSQL is
  /// not installed.
  static const PostgresServer* get() {
    static const std::optional<std::filesystem::path> programs = find_programs();
    if (!programs) return nullptr;
    static const PostgresServer server(*programs);
    return &server;
  }
  static const char* absence() {
    return "PostgreSQL's server is not installed (Debian: postgresql); its tests are left out";
  }

  std::string url(const std::string& database) const {
    return concat("postgresql://vitrine@127.0.0.1:", port_, "/", database);
  }

  explicit PostgresServer(const std::filesystem::path& programs) : port_(free_port()) {
    const std::string data = (folder_.path() / "data").string();
    if (const passwd* owner = server_owner())
      if (::chown(folder_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0)
        throw IoError("[PostgresServer] chown failed");
    const pid_t initdb = start({(programs / "initdb").string(), "-D", data, "-U", "vitrine", "-A",
                                "trust", "-E", "UTF8", "--no-locale", "--no-sync"});
    int status = 0;
    ::waitpid(initdb, &status, 0);
    if (status != 0) throw IoError(concat("[PostgresServer] initdb failed: ", status));
    process_ = start({(programs / "postgres").string(), "-D", data, "-p", std::to_string(port_),
                      "-h", "127.0.0.1", "-k", "", "-F", "-c", "max_connections=64", "-c",
                      "full_page_writes=off", "-c", "log_min_messages=fatal"});
  }
  ~PostgresServer() {
    ::kill(process_, SIGQUIT);  // at once: nothing is worth keeping
    ::waitpid(process_, nullptr, 0);
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

 private:
  /// The folder with the newest initdb of Debian's packages.
  static std::optional<std::filesystem::path> find_programs() {
    std::vector<std::filesystem::path> found;
    std::error_code none;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
      if (std::filesystem::exists(version.path() / "bin" / "initdb"))
        found.push_back(version.path() / "bin");
    }
    if (found.empty() || (::geteuid() == 0 && server_owner() == nullptr)) return std::nullopt;
    return *std::max_element(found.begin(), found.end());
  }

  /// PostgreSQL refuses to run as root; then the package's own user runs it.
  static const passwd* server_owner() {
    return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  }

  static int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
  }

  static pid_t start(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const passwd* owner = server_owner();
    const uid_t user = owner ? owner->pw_uid : 0;
    const gid_t group = owner ? owner->pw_gid : 0;
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (owner != nullptr && (::setgid(group) != 0 || ::setuid(user) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int stream : {0, 1, 2}) ::dup2(null, stream);
    if (::chdir("/tmp") != 0) ::_exit(126);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  TemporaryDirectory folder_;
  int port_;
  pid_t process_ = -1;
};

}  // namespace vitrine::test
