// Operators who write, pick, edit, review and export over HTTP while the server is killed and started
// again on the same data folder: what was answered with 2xx is there afterwards, once.
//
// The long form takes ten minutes; VITRINE_SOAK_SECONDS, VITRINE_SOAK_KILLS and VITRINE_SOAK_SEED
// change it. Its counts are printed.
#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "base/file.h"
#include "e2e/server_process.h"

namespace vitrine::e2e {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Plan {
  int seconds = 600, kills = 3, users = 16;
  unsigned seed = 1;
};

int number_of(const char* name, int absent) {
  const char* text = std::getenv(name);
  return text == nullptr ? absent : std::atoi(text);
}

/// What operators were promised, and what they saw. Thread-safe.
class Ledger {
 public:
  void note(int status) {
    const std::lock_guard lock(mutex_);
    ++statuses_[status];
  }
  void accept_pick(const std::string& id, const std::string& review_id) {
    const std::lock_guard lock(mutex_);
    picks_.insert(id);
    reviews_.insert(review_id);
  }
  void approve(const std::string& review_id) {
    const std::lock_guard lock(mutex_);
    approved_.insert(review_id);
  }
  /// A job was accepted under a key. False: the key had another one.
  void accept_job(const std::string& key, const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = jobs_.emplace(key, id);
    doubled_keys_ += !is_new && found->second != id;
  }
  void end_job(const std::string& state) {
    const std::lock_guard lock(mutex_);
    ++ends_[state];
  }

  std::mutex mutex_;  // of all below
  std::map<int, int64_t> statuses_;
  std::map<std::string, std::string> jobs_;  // by key
  std::map<std::string, int64_t> ends_;      // that operators saw
  std::set<std::string> picks_, reviews_, approved_;
  int64_t doubled_keys_ = 0;
};

Json factors() {
  return {{"field", "description"}, {"style", "taobao"}, {"platform", "taobao"}, {"length", 60}, {"audience", ""},
          {"keywords", Json::array()}, {"pin", Json::array()}, {"order", Json::array()}, {"drop", Json::array()}};
}

/// One operator's page. He asks again when there is no answer, as the page does.
class Operator {
 public:
  Operator(int number, const std::atomic<int>& port, Ledger& ledger, Clock::time_point end)
      : number_(number), port_(port), ledger_(ledger), end_(end), client_(port), random_(static_cast<unsigned>(number)) {}

  void sign_in(const std::string& name) { client_.sign_in(name, name + "-password"); }

  void work(const std::vector<std::string>& products) {
    for (int round = 0; is_open(); ++round) {
      if (number_ == 0 && round % 3 == 2) {
        run_job({{"kind", "export"}, {"format", "source"}, {"overwrite", true}, {"dry_run", false}}, "export-" + std::to_string(round));
        continue;
      }
      write_and_pick(products[random_() % products.size()], round);
    }
  }

 private:
  bool is_open() const { return Clock::now() < end_; }

  /// The answer; status 0 only when the time is over. 503 and 429 are asked again after a while.
  Answer ask(const std::string& method, const std::string& address, const Json& body, const std::string& key = "") {
    std::map<std::string, std::string> headers;
    if (!key.empty()) headers["Idempotency-Key"] = key;
    while (true) {
      client_.use_port(port_);
      const Answer answer = method == "GET" ? client_.get(address) : client_.send(method, address, body, headers);
      ledger_.note(answer.status);
      const bool comes_back = answer.status == 0 || answer.status == 503 || answer.status == 429;
      if (!comes_back || !is_open()) return answer;
      std::this_thread::sleep_for(milliseconds(50));
    }
  }

  /// The job's result; null when it did not end as done before the time was over.
  Json run_job(const Json& request, const std::string& name) {
    const std::string key = "soak-" + std::to_string(number_) + "-" + name;
    const Answer added = ask("POST", "/api/v1/jobs", request, key);
    if (added.status != 202) return nullptr;
    const std::string id = added.json().at("id");
    ledger_.accept_job(key, id);
    while (is_open()) {
      const Answer answer = ask("GET", "/api/v1/jobs/" + id, Json());
      if (answer.status != 200) return nullptr;
      const Json job = answer.json();
      const std::string state = job.at("state");
      if (state == "queued" || state == "running") {
        std::this_thread::sleep_for(milliseconds(100));
        continue;
      }
      ledger_.end_job(state);
      return state == "done" ? job.at("result") : Json(nullptr);
    }
    return nullptr;
  }

  void write_and_pick(const std::string& product_id, int round) {
    const Answer plan = ask("POST", "/api/v1/plans", {{"product_id", product_id}, {"factors", factors()}});
    if (plan.status / 100 != 2) return;
    const Json result = run_job({{"kind", "write"}, {"plan_id", plan.json().at("id")}, {"num_return_sequences", 2}, {"seed", round}}, std::to_string(round));
    if (result.is_null() || result.at("candidate_ids").empty()) return;
    const Json ids = result.at("candidate_ids");
    Json edits = Json::array();
    if (round % 2 == 1) {
      const Answer candidate = ask("GET", "/api/v1/candidates/" + ids[0].get<std::string>(), Json());
      if (candidate.status == 200) edits.push_back({{"from", ids[0]}, {"to", candidate.json().at("text").get<std::string>() + "简单好搭。"}});
    }
    const std::string pick_id = "soak-" + std::to_string(number_) + "-" + std::to_string(round);
    const Answer pick = ask("PUT", "/api/v1/picks/" + pick_id, {{"shown_ids", ids}, {"chosen", Json::array({ids[0]})}, {"edits", edits}, {"ms", 1000}});
    if (pick.status / 100 != 2) return;
    const std::string review_id = pick.json().at("review_ids")[0];
    ledger_.accept_pick(pick_id, review_id);
    const Answer decided = ask("POST", "/api/v1/reviews/" + review_id + "/decisions", {{"decision", "approve"}});
    if (decided.status / 100 == 2) ledger_.approve(review_id);
  }

  const int number_;
  const std::atomic<int>& port_;
  Ledger& ledger_;
  const Clock::time_point end_;
  Client client_;
  std::minstd_rand random_;
};

/// The database that the server left.
class LeftDatabase {
 public:
  explicit LeftDatabase(const std::string& file) { EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database_, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK); }
  ~LeftDatabase() { sqlite3_close(database_); }
  LeftDatabase(const LeftDatabase&) = delete;

  int64_t count(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
  }
  /// Of `ids`, those of which there is not exactly one.
  int64_t missing(const std::set<std::string>& ids, const std::string& sql) const {
    int64_t number = 0;
    for (const std::string& id : ids) number += count(sql + "'" + id + "'") != 1;
    return number;
  }
  /// Rows that there may be but one of.
  int64_t doubled(const std::string& table, const std::string& columns, const std::string& where = "1") const {
    return count("SELECT count(*) FROM (SELECT 1 FROM " + table + " WHERE " + where + " GROUP BY " + columns + " HAVING count(*) > 1)");
  }

 private:
  sqlite3* database_ = nullptr;
};

class SoakTest : public testing::Test {
 protected:
  void start() {
    server_.reset();  // its folder is locked while it runs
    server_.emplace(folder_ / "data", std::vector<std::string>{"--jobs-per-hour", "1000000"});
    port_ = server_->port();
  }

  std::vector<std::string> set_up(const Plan& plan) {
    start();
    Client admin(port_);
    admin.sign_in("admin", ServerProcess::kPassword);
    admin.send("PATCH", "/api/v1/shop", Json{{"own_approval", true}, {"producer", "91310000XXXXXXXXXX"}});
    for (int i = 0; i < plan.users; ++i) {
      const std::string name = "operator-" + std::to_string(i);
      EXPECT_EQ(admin.send("POST", "/api/v1/users", Json{{"name", name}, {"password", name + "-password"}, {"role", "reviewer"}}).status, 201);
    }
    const Json preview = admin.upload("/api/v1/imports", "shop.csv", read_file(source_file("examples/shop.csv").string())).json();
    EXPECT_EQ(admin.run_job({{"kind", "import"}, {"import_id", preview["id"]}, {"licence", "own"}}).at("state"), "done");
    std::vector<std::string> products;
    const Json listed = admin.get("/api/v1/products?limit=100").json();
    for (const Json& product : listed.at("items")) products.push_back(product.at("product").at("id"));
    return products;
  }

  /// Kills the server at random moments and starts it again at once.
  void kill_and_start(const Plan& plan, Clock::time_point start_of_all) {
    std::minstd_rand random(plan.seed);
    std::set<int> moments;  // ms; not at the very beginning or end
    while (static_cast<int>(moments.size()) < plan.kills) {
      moments.insert(static_cast<int>(plan.seconds * (150 + random() % 600)));
    }
    for (const int moment : moments) {
      std::this_thread::sleep_until(start_of_all + milliseconds(moment));
      start();
    }
  }

  /// Jobs that a killed server held are taken over when their lease has run out.
  int64_t jobs_that_do_not_end() {
    Client admin(port_);
    admin.sign_in("admin", ServerProcess::kPassword);
    int64_t open = -1;
    for (int tries = 0; tries < 900 && open != 0; ++tries) {
      open = admin.get("/api/v1/jobs?state=queued").json()["items"].size() + admin.get("/api/v1/jobs?state=running").json()["items"].size();
      if (open != 0) std::this_thread::sleep_for(milliseconds(100));
    }
    return open;
  }

  void soak(const Plan& plan) {
    const auto products = set_up(plan);
    ASSERT_FALSE(products.empty());
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::seconds(plan.seconds);
    std::vector<std::unique_ptr<Operator>> operators;
    for (int i = 0; i < plan.users; ++i) {
      operators.push_back(std::make_unique<Operator>(i, port_, ledger_, end));
      operators.back()->sign_in("operator-" + std::to_string(i));
    }
    {
      std::vector<std::jthread> threads;
      for (const auto& one : operators) threads.emplace_back([&] { one->work(products); });
      kill_and_start(plan, begin);
    }
    const int64_t never_ended = jobs_that_do_not_end();
    EXPECT_EQ(server_->stop(), 0);
    judge(plan, never_ended);
  }

  void judge(const Plan& plan, int64_t never_ended) {
    const LeftDatabase left(folder_ / "data/vitrine.db");
    std::set<std::string> job_ids;
    for (const auto& [key, id] : ledger_.jobs_) job_ids.insert(id);
    const int64_t picks = left.missing(ledger_.picks_, "SELECT count(*) FROM picks WHERE id = ");
    const int64_t reviews = left.missing(ledger_.reviews_, "SELECT count(*) FROM reviews WHERE id = ");
    const int64_t approvals = left.missing(ledger_.approved_, "SELECT count(*) FROM reviews WHERE state IN ('approved', 'exported') AND id = ");
    const int64_t jobs = left.missing(job_ids, "SELECT count(*) FROM jobs WHERE id = ");
    const int64_t twice = ledger_.doubled_keys_ + left.doubled("jobs", "idempotency_key", "idempotency_key IS NOT NULL") +
                          left.doubled("exports", "job_id") + left.doubled("candidates", "job_id, place") +
                          left.doubled("audit", "subject", "action = 'review.export'");
    Json statuses;
    int64_t requests = 0;
    for (const auto& [status, number] : ledger_.statuses_) statuses[status == 0 ? "no answer" : std::to_string(status)] = number, requests += number;
    std::cout << dump_line({{"kind", "soak"}, {"seconds", plan.seconds}, {"users", plan.users}, {"kills", plan.kills}, {"requests", requests}, {"statuses", statuses},
                            {"reconnects", ledger_.statuses_[0]}, {"jobs", ledger_.jobs_.size()}, {"job_ends_seen", Json(ledger_.ends_)},
                            {"taken_over", left.count("SELECT count(*) FROM jobs WHERE losses > 0")}, {"picks_accepted", ledger_.picks_.size()},
                            {"picks_missing", picks}, {"approved", ledger_.approved_.size()}, {"approvals_missing", approvals},
                            {"exports", left.count("SELECT count(*) FROM exports")}, {"jobs_missing", jobs}, {"jobs_done_twice", twice}, {"jobs_never_ended", never_ended}})
              << std::endl;
    EXPECT_GT(ledger_.picks_.size(), static_cast<size_t>(plan.users));
    EXPECT_EQ(picks, 0);
    EXPECT_EQ(reviews, 0);
    EXPECT_EQ(approvals, 0);
    EXPECT_EQ(jobs, 0);
    EXPECT_EQ(twice, 0);
    EXPECT_EQ(never_ended, 0);
    EXPECT_EQ(ledger_.statuses_[500], 0);
  }

  TemporaryFolder folder_;
  std::optional<ServerProcess> server_;
  std::atomic<int> port_ = 0;
  Ledger ledger_;
};

TEST_F(SoakTest, NothingThatWasAnsweredIsLostOrDoneTwiceBesideAKill) { soak({.seconds = 40, .kills = 1}); }

TEST_F(SoakTest, TheSameForTenMinutesBesideThreeKills) {
  soak({.seconds = number_of("VITRINE_SOAK_SECONDS", 600), .kills = number_of("VITRINE_SOAK_KILLS", 3),
        .seed = static_cast<unsigned>(number_of("VITRINE_SOAK_SEED", 1))});
}

}  // namespace
}  // namespace vitrine::e2e
