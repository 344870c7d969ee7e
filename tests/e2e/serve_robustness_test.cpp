// The real server when the world is against it: slow and silent clients, a locked database, a full
// disk, no model, clients that go.
#include <arpa/inet.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/file.h"
#include "e2e/server_process.h"
#include "support/postgres_server.h"

namespace vitrine::e2e {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kTable =
    "商品ID,标题,类目,材质,颜色,裙长,风格,文案\n"
    "a1,真丝连衣裙,女装>连衣裙,真丝,墨绿色,连衣裙,简约,\n";

/// A connection that stays open and is written to by hand.
class RawConnection {
 public:
  explicit RawConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  RawConnection(RawConnection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  RawConnection(const RawConnection&) = delete;
  ~RawConnection() {
    if (socket_ >= 0) ::close(socket_);
  }
  bool send(std::string_view bytes) { return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()); }
  std::string read_some() {
    char bytes[4096];
    const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
    return size > 0 ? std::string(bytes, static_cast<size_t>(size)) : "";
  }
  /// Whether the server has closed it.
  bool is_over() {
    char byte;
    return ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
  }

 private:
  int socket_;
};

/// Another program that holds the database for itself.
class LockHolder {
 public:
  explicit LockHolder(const std::string& file) {
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database_, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database_, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~LockHolder() {
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(database_);
  }
  LockHolder(const LockHolder&) = delete;

 private:
  sqlite3* database_ = nullptr;
};

class ServeRobustnessTest : public testing::Test {
 protected:
  void start(std::vector<std::string> args = {}, const std::string& data = "") {
    server_.emplace(data.empty() ? folder_ / "data" : data, std::move(args));
    client_.emplace(server_->port());
    client_->sign_in("admin", ServerProcess::kPassword);
  }
  void import_table() {
    const Json preview = client_->upload("/api/v1/imports", "shop.csv", kTable).json();
    ASSERT_EQ(client_->run_job({{"kind", "import"}, {"import_id", preview["id"]}, {"licence", "own"}}).at("state"), "done");
  }
  Json plan(int length = 60) {
    const Json factors{{"field", "description"}, {"style", "taobao"}, {"platform", "taobao"}, {"length", length}, {"audience", ""},
                       {"keywords", Json::array()}, {"pin", Json::array()}, {"order", Json::array()}, {"drop", Json::array()}};
    return client_->send("POST", "/api/v1/plans", Json{{"product_id", "a1"}, {"factors", factors}}).json();
  }
  Json write() { return client_->run_job({{"kind", "write"}, {"plan_id", plan().at("id")}, {"num_return_sequences", 2}, {"seed", 1}}); }
  Answer pick(const std::string& id, const Json& ids) {
    return client_->send("PUT", "/api/v1/picks/" + id, Json{{"shown_ids", ids}, {"chosen", Json::array({ids[0]})}, {"edits", Json::array()}, {"ms", 1}});
  }
  double metric(const std::string& name) {
    const std::string text = client_->get("/metrics").body;
    const size_t at = text.find("\n" + name + " ");
    return at == text.npos ? -1 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
  }
  std::string access_log() { return read_file(folder_ / "data/access.jsonl"); }
  std::string token() { return client_->send("POST", "/api/v1/tokens", Json{{"name", "ERP"}}).json().at("secret"); }
  /// Waits for what comes soon.
  template <typename Condition>
  static bool happens(Condition condition) {
    for (int tries = 0; tries < 600; ++tries) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(50));
    }
    return false;
  }
  /// Milliseconds until a stranger is served.
  double ms_to_health() {
    const auto begin = Clock::now();
    EXPECT_EQ(Client(server_->port()).get("/healthz").status, 200);
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  }

  TemporaryFolder folder_;
  std::optional<ServerProcess> server_;
  std::optional<Client> client_;
};

TEST_F(ServeRobustnessTest, AHeadThatComesByteByByteEndsInTime) {
  start({"--head-timeout-s", "2"});
  RawConnection slow(server_->port());
  const auto begin = Clock::now();
  const std::string head = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Padding: ";
  ASSERT_TRUE(slow.send(head));
  while (Clock::now() - begin < seconds(10) && slow.send("a") && !slow.is_over()) {
    std::this_thread::sleep_for(milliseconds(100));
    if (Clock::now() - begin > seconds(3)) break;
  }
  const std::string answer = slow.read_some();
  EXPECT_LT(Clock::now() - begin, seconds(5));
  EXPECT_NE(answer.find("408"), std::string::npos) << answer;
  EXPECT_NE(answer.find("slow_request"), std::string::npos) << answer;
}

TEST_F(ServeRobustnessTest, HeadsThatAreRefusedAreLoggedAndCounted) {
  start({"--head-timeout-s", "1"});
  const std::string get = "GET /healthz HTTP/1.1\r\n", post = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const std::pair<std::string, std::string> refused[] = {
      {get + "\r\n", "400 bad_request"},
      {get + "Host: x\r\nHost: y\r\n\r\n", "400 bad_request"},
      {post + "Content-Length: -1\r\n\r\n", "400 bad_request"},
      {post + "Content-Length: 2x\r\n\r\n{}", "400 bad_request"},
      {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400 bad_request"},
      {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 bad_request"},
      {"BOGUS\r\n\r\n", "400 bad_request"},
      {post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400 bad_request"},
      {get + "Host: a\r\n b\r\n\r\n", "400 bad_request"},
      {get + "\tHost: x\r\n\r\n", "400 bad_request"},
      {get + "Host: x\r\nno colon\r\n\r\n", "400 bad_request"},
      {get + "Host: x\nX-Other: y\r\n\r\n", "400 bad_request"},
      {"GET /healthz HTTP/1.1\nHost: x\n\n", "400 bad_request"},
      {get + "Host: x\r\nX-Other: a" + std::string(1, '\0') + "b\r\n\r\n", "400 bad_request"},
      {"GET /?q=%ff HTTP/1.1\r\nHost: x\r\n\r\n", "400 bad_address"},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "414 address_too_long"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "400 bad_request"},
      {get + "Host: x\r\nX-Pad", "408 slow_request"},
  };
  for (const auto& [bytes, expected] : refused) {
    const Answer answer = client_->raw(bytes);
    EXPECT_EQ(answer.outcome(), expected) << bytes.substr(0, 200);
    const auto id = answer.headers.find("x-request-id");
    ASSERT_NE(id, answer.headers.end()) << bytes.substr(0, 200);
    const std::string log = access_log();
    const size_t at = log.find("\"request_id\":\"" + id->second);
    ASSERT_NE(at, log.npos) << bytes.substr(0, 200);
    EXPECT_NE(log.find("\"address\":\"127.0.0.1\"", at), log.npos);
  }
  EXPECT_EQ(metric("vitrine_http_requests_total{operation=\"none\",status=\"408\"}"), 1);
  EXPECT_EQ(metric("vitrine_http_requests_total{operation=\"none\",status=\"414\"}"), 1);
  EXPECT_EQ(metric("vitrine_http_requests_total{operation=\"none\",status=\"400\"}"), 16);
}

TEST_F(ServeRobustnessTest, NothingBehindADoubtfulRequestIsTakenForAnother) {
  start();
  RawConnection connection(server_->port());
  ASSERT_TRUE(connection.send("POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                              "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
  std::string all;
  for (std::string some = connection.read_some(); !some.empty(); some = connection.read_some()) all += some;
  EXPECT_NE(all.find("400"), all.npos) << all;
  EXPECT_EQ(all.find("HTTP/1.1"), all.rfind("HTTP/1.1")) << all;
}

TEST_F(ServeRobustnessTest, StreamsSayGoodByeWhenTheServerStops) {
  start({"--grace-s", "0"});
  import_table();
  const std::string secret = token();
  const Json job = client_->send("POST", "/api/v1/jobs", Json{{"kind", "write"}, {"plan_id", plan(400)["id"]}, {"num_return_sequences", 32}, {"seed", 3}},
                                 {{"Idempotency-Key", "stopped-1"}}).json();
  RawConnection stream(server_->port());
  stream.send("GET /api/v1/jobs/" + job.at("id").get<std::string>() + "/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\n\r\n");
  std::string all = stream.read_some();
  EXPECT_NE(all.find("200"), all.npos) << all;
  EXPECT_EQ(server_->stop(), 0);
  for (std::string some = stream.read_some(); !some.empty(); some = stream.read_some()) all += some;
  EXPECT_NE(all.find("event: shutting_down\n"), all.npos) << all.substr(all.size() - std::min<size_t>(all.size(), 500));
  EXPECT_TRUE(all.ends_with("\r\n0\r\n\r\n")) << all.substr(all.size() - std::min<size_t>(all.size(), 100));
}

TEST_F(ServeRobustnessTest, AClientThatGoesEndsItsCompletion) {
  start();
  const std::string secret = token();
  const auto ask = [&](bool stream) {
    const std::string body = dump_line(Json{{"prompt", "类型#裙*材质#真丝*颜色#墨绿色*风格#简约*裙长#连衣裙"}, {"n", 32}, {"seed", 1}, {"stream", stream}});
    RawConnection connection(server_->port());
    connection.send("POST /v1/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_TRUE(happens([&] { return metric("vitrine_copy_tasks{model=\"copy-mini\",state=\"running\"}") > 0; }));
  };
  ask(/*stream=*/false);
  EXPECT_TRUE(happens([&] { return access_log().find("client_gone") != std::string::npos; }));
  EXPECT_TRUE(happens([&] { return metric("vitrine_copy_tasks{model=\"copy-mini\",state=\"running\"}") == 0; }));
  ask(/*stream=*/true);
  EXPECT_TRUE(happens([&] { return metric("vitrine_open_streams") == 0 && metric("vitrine_copy_tasks{model=\"copy-mini\",state=\"running\"}") == 0; }));
}

TEST_F(ServeRobustnessTest, ManySlowAndSilentClientsStopNobody) {
  start({"--head-timeout-s", "60"});
  std::vector<RawConnection> slow;
  for (int i = 0; i < 64; ++i) {
    slow.emplace_back(server_->port());
    ASSERT_TRUE(slow.back().send("GET /healthz HTTP/1.1\r\nHost: x\r\n"));
  }
  EXPECT_LT(ms_to_health(), 2000);
  for (int i = 0; i < 256; ++i) {  // more than there are threads
    slow.emplace_back(server_->port());
    slow.back().send("POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    if (i % 16 == 0) {
      for (auto& one : slow) one.send("x");
      EXPECT_LT(ms_to_health(), 2000) << i;
    }
  }
  EXPECT_LT(ms_to_health(), 2000);
  EXPECT_LE(metric("vitrine_waiting_connections"), 64);
  EXPECT_GE(metric("vitrine_dropped_connections_total"), 200);
}

TEST_F(ServeRobustnessTest, ALockedDatabaseIsAProblemForTheRequestAlone) {
  start();
  import_table();
  const Json ids = write()["result"]["candidate_ids"];
  ASSERT_GE(ids.size(), 1u);
  {
    const LockHolder holder(folder_ / "data/vitrine.db");
    const Answer refused = pick("pick-locked", ids);
    EXPECT_EQ(refused.outcome(), "503 busy") << refused.body;
    EXPECT_EQ(refused.headers.at("content-type"), "application/problem+json");
    EXPECT_GE(std::stoi(refused.headers.at("retry-after")), 1);
    EXPECT_EQ(client_->get("/api/v1/products").status, 200);  // what only reads goes on
    const auto asked_at = Clock::now();
    const Answer health = client_->get("/healthz");
    EXPECT_LT(Clock::now() - asked_at, seconds(3)) << "it waits as long as requests do";
    EXPECT_EQ(health.status, 503);
    EXPECT_EQ(health.json()["status"], "down");
    EXPECT_EQ(health.json()["checks"]["database"], "locked by another program");
  }
  EXPECT_EQ(client_->get("/healthz").json()["checks"]["database"], "ok");
  EXPECT_EQ(pick("pick-locked", ids).status, 200);
  EXPECT_EQ(write().at("state"), "done");
}

TEST_F(ServeRobustnessTest, AFullDiskIsAProblemForTheRequestAlone) {
  const SmallDisk disk(24 << 10);
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here";
  start({}, (disk.path() / "data").string());
  import_table();
  const Json ids = write()["result"]["candidate_ids"];
  ASSERT_GE(ids.size(), 1u);
  const std::string filler = (disk.path() / "filler").string();
  {
    std::ofstream file(filler, std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  Answer refused;
  for (int i = 0; i < 200 && refused.status != 503; ++i) refused = pick("pick-full-" + std::to_string(i), ids);
  EXPECT_EQ(refused.outcome(), "503 storage_failed") << refused.body;
  EXPECT_EQ(client_->get("/healthz").status, 503);
  std::filesystem::remove(filler);
  EXPECT_EQ(pick("pick-after", ids).status, 200);
  EXPECT_EQ(client_->get("/healthz").json()["checks"]["database"], "ok");
}

/// Files that may not grow: what needs no right to mount.
TEST_F(ServeRobustnessTest, ALimitOfFileSizesIsAProblemAndNotTheEnd) {
  start();
  import_table();
  const Json ids = write()["result"]["candidate_ids"];
  ASSERT_GE(ids.size(), 1u);
  rlimit former{};
  const rlimit tight{.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
  if (::prlimit(server_->pid(), RLIMIT_FSIZE, nullptr, &former) != 0) GTEST_SKIP() << "limits of other processes cannot be set here";
  ASSERT_EQ(::prlimit(server_->pid(), RLIMIT_FSIZE, &tight, nullptr), 0);
  EXPECT_EQ(pick("pick-limited", ids).outcome(), "503 storage_failed");
  EXPECT_EQ(client_->upload("/api/v1/imports", "shop.csv", std::string(1 << 20, 'x')).outcome(), "503 storage_failed");
  ASSERT_EQ(::prlimit(server_->pid(), RLIMIT_FSIZE, &former, nullptr), 0);
  EXPECT_EQ(pick("pick-limited", ids).status, 200);
}

TEST_F(ServeRobustnessTest, WithoutAModelAllButTheWritingWorks) {
  start({"--model", folder_ / "no-model"});
  import_table();
  EXPECT_EQ(client_->get("/api/v1/products").json()["total"], 1);
  const Json health = client_->get("/healthz").json();
  EXPECT_EQ(health["status"], "degraded") << health;
  EXPECT_EQ(health["checks"]["copy_model"], "the model no-model is missing");
  const Json factors{{"field", "description"}, {"style", "taobao"}, {"platform", "taobao"}, {"length", 60}, {"audience", ""},
                     {"keywords", Json::array()}, {"pin", Json::array()}, {"order", Json::array()}, {"drop", Json::array()}};
  const Answer refused = client_->send("POST", "/api/v1/plans", Json{{"product_id", "a1"}, {"factors", factors}});
  EXPECT_EQ(refused.outcome(), "503 model_missing") << refused.body;
  EXPECT_TRUE(refused.headers.contains("retry-after"));
}

TEST_F(ServeRobustnessTest, OddBodiesAreRefusedWithTheirPlace) {
  start();
  const auto check = [&](const std::string& body) { return client_->send("POST", "/api/v1/checks", body).outcome(); };
  EXPECT_EQ(check(std::string(100000, '[')), "400 bad_json");
  EXPECT_EQ(check("{\"text\":\"a\\ud800b\"}"), "400 bad_json");
  EXPECT_EQ(check("{\"text\":\"\xe8\xa3\"}"), "400 bad_json");
  EXPECT_EQ(check("{\"text\":\"x\",\"text\":\"y\"}").substr(0, 3), "400");
  EXPECT_EQ(check("\xef\xbb\xbf{}").substr(0, 3), "400");
  EXPECT_EQ(check("{\"text\":\"" + std::string(10 << 20, 'x') + "\"}"), "413 too_large");
  EXPECT_EQ(client_->upload("/api/v1/imports", "x.csv", std::string(10 << 20, '\xff')).outcome().substr(0, 3), "422");
  EXPECT_EQ(client_->get("/healthz").status, 200);
}

TEST_F(ServeRobustnessTest, StreamsOfClientsThatGoAreClosedAndTheirJobEnds) {
  start();
  import_table();
  const Json job = client_->send("POST", "/api/v1/jobs", Json{{"kind", "write"}, {"plan_id", plan(400)["id"]}, {"num_return_sequences", 32}, {"seed", 3}},
                                 {{"Idempotency-Key", "dropped-1"}}).json();
  const std::string address = "/api/v1/jobs/" + job.at("id").get<std::string>();
  const std::string token = client_->send("POST", "/api/v1/tokens", Json{{"name", "ERP"}}).json().at("secret");
  {
    std::vector<RawConnection> streams;
    for (int i = 0; i < 40; ++i) {
      streams.emplace_back(server_->port());
      streams.back().send("GET " + address + "/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n");
      streams.back().read_some();
    }
    EXPECT_GE(metric("vitrine_open_streams"), 1);
  }
  for (int tries = 0; tries < 50 && metric("vitrine_open_streams") > 0; ++tries) std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(metric("vitrine_open_streams"), 0);
  Json state;
  for (int tries = 0; tries < 600 && state != "done"; ++tries) {
    state = client_->get(address).json()["state"];
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_EQ(state, "done");
  EXPECT_LT(ms_to_health(), 2000);
}

TEST_F(ServeRobustnessTest, PostgresqlHoldsTheWholeWay) {
  if (test::PostgresServer::get() == nullptr) GTEST_SKIP() << test::PostgresServer::absence();
  const std::vector<std::string> store{"--store", test::PostgresServer::get()->url("postgres")};
  for (int tries = 0;; ++tries) {
    try {
      start(store);
      break;
    } catch (const std::runtime_error&) {  // the database takes a moment to start
      ASSERT_LT(tries, 50);
      std::this_thread::sleep_for(milliseconds(200));
    }
  }
  import_table();
  const Json job = write();
  ASSERT_EQ(job.at("state"), "done") << job;
  const Json ids = job["result"]["candidate_ids"];
  ASSERT_EQ(pick("pick-1", ids).status, 200);
  server_->kill_at_once();
  start(store);
  const Answer lines = client_->send("GET", "/api/v1/picks", std::string(), {{"Accept", "application/jsonl"}});
  EXPECT_NE(lines.body.find("\"pick-1\""), std::string::npos) << lines.body;
  EXPECT_EQ(client_->get("/api/v1/reviews").json()["counts"]["pending"], 1);
}

}  // namespace
}  // namespace vitrine::e2e
