#include "e2e/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace vitrine::e2e {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kStartTime = std::chrono::seconds(60);

std::string program() {
  const char* other = std::getenv("VITRINE_PROGRAM");
  return other != nullptr ? other : std::string(VITRINE_BINARY_DIR) + "/bin/vitrine";
}

/// The port in "http://127.0.0.1:PORT"; 0 = it is not there yet.
int port_in(const std::string& out) {
  const size_t at = out.find("http://127.0.0.1:");
  if (at == out.npos || out.find('\n', at) == out.npos) return 0;
  return std::atoi(out.c_str() + at + std::strlen("http://127.0.0.1:"));
}

int connected(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return -1;
  }
  return socket;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string without_chunks(std::string_view chunked) {
  std::string body;
  for (size_t at = 0; at < chunked.size();) {
    const size_t size = std::strtoul(std::string(chunked.substr(at, 16)).c_str(), nullptr, 16);
    const size_t begin = chunked.find("\r\n", at);
    if (size == 0 || begin == chunked.npos) break;
    body += chunked.substr(begin + 2, size);
    at = begin + 2 + size + 2;
  }
  return body;
}

Answer parsed(const std::string& text) {
  Answer answer;
  const size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos) return answer;
  answer.status = std::atoi(text.c_str() + std::strlen("HTTP/1.1 "));
  size_t at = text.find("\r\n") + 2;
  while (at < head_end) {
    const size_t end = text.find("\r\n", at), colon = text.find(": ", at);
    answer.headers[lower(text.substr(at, colon - at))] = text.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  answer.body = text.substr(head_end + 4);
  if (answer.headers["transfer-encoding"] == "chunked") answer.body = without_chunks(answer.body);
  return answer;
}

/// Whether a whole answer is there.
bool is_whole(const std::string& text) {
  const size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos) return false;
  const std::string head = lower(text.substr(0, head_end));
  const size_t length = head.find("content-length: ");
  if (length != head.npos) return text.size() >= head_end + 4 + std::strtoul(head.c_str() + length + 16, nullptr, 10);
  const auto body = std::string_view(text).substr(head_end + 4);
  return head.find("transfer-encoding: chunked") == head.npos || body == "0\r\n\r\n" || body.ends_with("\r\n0\r\n\r\n");
}

}  // namespace

ServerProcess::ServerProcess(const std::string& data, std::vector<std::string> more) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  std::vector<std::string> args{program(), "serve", "--port", "0", "--data", data, "--threads", "1"};
  args.insert(args.end(), more.begin(), more.end());
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setenv("VITRINE_ADMIN_PASSWORD", kPassword, 1);
    ::dup2(ends[1], 1);
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  out_end_ = ends[0];
  const auto deadline = Clock::now() + kStartTime;
  while (port_ == 0 && Clock::now() < deadline) {
    char bytes[4096];
    const ssize_t n = ::read(out_end_, bytes, sizeof bytes);
    if (n <= 0) break;
    out_.append(bytes, static_cast<size_t>(n));
    port_ = port_in(out_);
  }
  if (port_ == 0) throw std::runtime_error("the server did not start: " + out_);
}

ServerProcess::~ServerProcess() {
  kill_at_once();
  ::close(out_end_);
}

void ServerProcess::kill_at_once() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int ServerProcess::stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Json Answer::json() const { return parse_json(body, "answer"); }

std::string Answer::outcome() const {
  if (status < 400) return std::to_string(status);
  const Json problem = body.starts_with('{') ? json() : Json::object();
  return std::to_string(status) + " " + problem.value("code", "without a problem document");
}

Answer Client::raw(std::string_view bytes, std::chrono::milliseconds wait) {
  const int socket = connected(port_);
  if (socket < 0) return {};
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  std::string text;
  const auto deadline = Clock::now() + wait;
  while (!is_whole(text) && Clock::now() < deadline) {
    pollfd one{socket, POLLIN, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (::poll(&one, 1, static_cast<int>(left.count())) <= 0) break;
    char buffer[65536];
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  ::close(socket);
  return parsed(text);
}

Answer Client::send(const std::string& method, const std::string& address, const std::string& body,
                    std::map<std::string, std::string> headers) {
  headers.emplace("Host", "127.0.0.1");
  headers.emplace("Connection", "close");
  if (!cookie_.empty()) headers.emplace("Cookie", cookie_);
  if (!csrf_.empty()) headers.emplace("X-CSRF-Token", csrf_);
  if (!body.empty()) headers.emplace("Content-Type", "application/json");
  if (method != "GET") headers.emplace("Content-Length", std::to_string(body.size()));
  std::string text = method + " " + address + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  return raw(text + "\r\n" + body);
}

Answer Client::send(const std::string& method, const std::string& address, const Json& body,
                    std::map<std::string, std::string> headers) {
  return send(method, address, dump_line(body), std::move(headers));
}

Answer Client::upload(const std::string& address, const std::string& file_name, const std::string& bytes) {
  const std::string form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + file_name +
                           "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + bytes + "\r\n--b--\r\n";
  return send("POST", address, form, {{"Content-Type", "multipart/form-data; boundary=b"}});
}

void Client::sign_in(const std::string& name, const std::string& password) {
  cookie_.clear();
  csrf_.clear();
  const Answer answer = send("POST", "/api/v1/session", Json{{"name", name}, {"password", password}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string cookie = answer.headers.at("set-cookie");
  cookie_ = cookie.substr(0, cookie.find(';'));
  csrf_ = answer.json().at("csrf_token").get<std::string>();
}

Json Client::run_job(const Json& request) {
  const std::string key = "test-key-" + std::to_string(++keys_);
  const Answer added = send("POST", "/api/v1/jobs", request, {{"Idempotency-Key", key}});
  if (added.status != 202) return Json{{"state", added.outcome()}};
  const std::string address = "/api/v1/jobs/" + added.json().at("id").get<std::string>();
  for (int tries = 0; tries < 1200; ++tries) {
    const Json job = get(address).json();
    const std::string state = job.at("state");
    if (state != "queued" && state != "running") return job;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return Json{{"state", "still running"}};
}

}  // namespace vitrine::e2e
