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
      for (auto& one : slow) one.send(" ");
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
  }
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
