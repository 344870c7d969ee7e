// The feedback loop of the real server: picks -> round -> candidate model -> gate -> refused or promoted ->
// rolled back, without a restart and without a mock.
#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "e2e/server_process.h"

namespace vitrine::e2e {
namespace {

const std::string kTable =
    "商品ID,标题,类目,材质,颜色,裙长,风格,文案\n"
    "a1,真丝连衣裙,女装>连衣裙,真丝,墨绿色,连衣裙,简约,\n"
    "a2,雪纺半身裙,女装>半身裙,雪纺,黑色,半身裙,通勤,\n"
    "a3,棉麻连衣裙,女装>连衣裙,棉麻,白色,连衣裙,文艺,\n";

Json factors() {
  return {{"field", "description"}, {"style", "taobao"}, {"platform", "taobao"}, {"length", 60}, {"audience", ""},
          {"keywords", Json::array()}, {"pin", Json::array()}, {"order", Json::array()}, {"drop", Json::array()}};
}

class LearningE2e : public testing::Test {
 protected:
  void SetUp() override {
    // A round of seconds that changes next to nothing, so that its gate has one outcome.
    write_file_atomic(folder_ / "ranker.json", R"({"epochs": 1, "batch_tokens": 1024, "n_layer": 1, "dtype": "float32"})");
    write_file_atomic(folder_ / "round.json",
                      dump_line(Json{{"max_products", 10}, {"num_return_sequences", 4}, {"planned_texts", 2}, {"ranker_pairs", 60}, {"ranker_config", folder_ / "ranker.json"},
                                     {"watch_products", 4}, {"watch_candidates", 2}, {"epochs", 1}, {"batch_tokens", 1024}, {"learning_rate", 1e-7}, {"ignore_alarms", true}}));
    write_file_atomic(folder_ / "gate.json", R"({"products": 40, "num_return_sequences": 2})");
  }
  void start(const std::string& model, std::vector<std::string> more = {}) {
    std::vector<std::string> args{"--model", model, "--round-config", folder_ / "round.json", "--gate-config", folder_ / "gate.json"};
    args.insert(args.end(), more.begin(), more.end());
    server_.reset();
    server_.emplace(folder_ / "data", args);
    client_.emplace(server_->port());
    client_->sign_in("admin", ServerProcess::kPassword);
  }
  void import_table() {
    const Json preview = client_->upload("/api/v1/imports", "shop.csv", kTable).json();
    ASSERT_EQ(run_long_job({{"kind", "import"}, {"import_id", preview["id"]}, {"licence", "own"}}).at("state"), "done");
  }
  Json write_request(const std::string& product_id, int n, int64_t seed = 1) {
    const Json plan = client_->send("POST", "/api/v1/plans", Json{{"product_id", product_id}, {"factors", factors()}}).json();
    return {{"kind", "write"}, {"plan_id", plan.at("id")}, {"num_return_sequences", n}, {"seed", seed}};
  }
  /// Somebody chooses the last text that was shown.
  void pick(const std::string& product_id) {
    const Json ids = run_long_job(write_request(product_id, 4)).at("result").at("candidate_ids");
    ASSERT_GE(ids.size(), 2u);
    const Answer answer = client_->send("PUT", "/api/v1/picks/pick-of-" + product_id,
                                        Json{{"shown_ids", ids}, {"chosen", Json::array({ids[ids.size() - 1]})}, {"edits", Json::array()}, {"ms", 4000}});
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  Json ended(const std::string& job_id) {
    for (int tries = 0; tries < 3000; ++tries) {
      const Json job = client_->get("/api/v1/jobs/" + job_id).json();
      if (job.at("state") != "queued" && job.at("state") != "running") return job;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return Json{{"state", "still running"}};
  }
  Json run_long_job(const Json& request) {
    const Answer added = client_->send("POST", "/api/v1/jobs", request, {{"Idempotency-Key", concat("learning-", ++keys_)}});
    return added.status == 202 ? ended(added.json().at("id")) : Json{{"state", added.outcome()}};
  }
  Json model_where(const std::string& field, const Json& value) {
    const Json models = client_->get("/api/v1/models").json();
    for (const Json& model : models["items"]) {
      if (model.value(field, Json()) == value) return model;
    }
    return Json::object();
  }
  Json serving() { return model_where("state", "serving"); }
  Answer promotion(const std::string& method, const Json& model) {
    return client_->send(method, "/api/v1/models/" + model.at("id").get<std::string>() + "/promotion");
  }
  int64_t count_audit(const std::string& action) {
    const Json trail = client_->get("/api/v1/audit?limit=200").json();
    return std::count_if(trail["items"].begin(), trail["items"].end(), [&](const Json& entry) { return entry["action"] == action; });
  }

  TemporaryFolder folder_;
  std::optional<ServerProcess> server_;
  std::optional<Client> client_;
  int keys_ = 0;
};

TEST_F(LearningE2e, PicksBecomeAModelThatTheGateRefuses) {
  VITRINE_NEEDS_VERB("align copy");
  start("copy-mini-sft");
  EXPECT_EQ(run_long_job({{"kind", "round"}, {"objective", "raft"}, {"rounds", 1}}).at("problem").at("code"), "impossible") << "there are no picks yet";
  import_table();
  for (const char* id : {"a1", "a2", "a3"}) pick(id);
  const Json served = serving();
  const Json round = run_long_job({{"kind", "round"}, {"objective", "raft"}, {"rounds", 1}});
  ASSERT_EQ(round.at("state"), "done") << round;
  EXPECT_EQ(round["done"], round["total"]);
  const Json record = client_->get("/api/v1/rounds").json()["items"][0];
  EXPECT_EQ(record["picks"], 3) << record;
  EXPECT_GT(record["pairs"], 0) << record;
  EXPECT_TRUE(record.contains("ended_at")) << record;
  const Json candidate = model_where("id", record["model_id"]);
  EXPECT_EQ(candidate["state"], "candidate");
  EXPECT_EQ(candidate["round"], record["number"]);
  const Answer early = promotion("PUT", candidate);
  EXPECT_EQ(early.outcome(), "409 gate_not_passed");

  const Json gate = ended(round["result"]["gate_job_id"]);
  ASSERT_EQ(gate.at("state"), "done") << gate;
  EXPECT_EQ(gate["result"]["passed"], false) << "it is the same model but for rounding: " << gate;
  const Json judged = model_where("id", record["model_id"])["gate"];
  ASSERT_EQ(judged["rows"].size(), 5u) << judged;
  EXPECT_EQ(judged["against"], served["id"]);
  const Answer refused = promotion("PUT", candidate);
  EXPECT_EQ(refused.outcome(), "409 gate_not_passed");
  EXPECT_EQ(refused.json()["errors"][0]["field"], "win_rate") << refused.body;
  EXPECT_NE(refused.json()["errors"][0]["detail"].get<std::string>().find("expected a lower bound over 0.5"), std::string::npos) << refused.body;
  EXPECT_EQ(serving()["id"], served["id"]);
}

TEST_F(LearningE2e, AModelThatPassesServesAtOnceAndIsRolledBack) {
  start("copy-mini-sft");
  import_table();
  const Json former = serving();
  EXPECT_EQ(run_long_job({{"kind", "gate"}, {"model_id", former["id"]}}).at("problem").at("code"), "impossible") << "it serves already";
  start("copy-mini");  // a model that comes with the program is a candidate where another one serves
  const Json candidate = model_where("name", "copy-mini");
  ASSERT_EQ(candidate["state"], "candidate") << candidate;
  const Json gate = run_long_job({{"kind", "gate"}, {"model_id", candidate["id"]}});
  ASSERT_EQ(gate.at("state"), "done") << gate;
  ASSERT_EQ(gate["result"]["passed"], true) << model_where("id", candidate["id"])["gate"];

  const Json running = client_->send("POST", "/api/v1/jobs", write_request("a1", 16, 7), {{"Idempotency-Key", "while-promoted"}}).json();
  EXPECT_EQ(promotion("PUT", candidate).status, 200);
  EXPECT_EQ(serving()["id"], candidate["id"]);
  EXPECT_EQ(ended(running["id"]).at("state"), "done") << "a job that runs is not lost";
  const auto written_by = [&](int64_t seed) {
    const Json ids = run_long_job(write_request("a2", 1, seed)).at("result").at("candidate_ids");
    return client_->get("/api/v1/candidates/" + ids[0].get<std::string>()).json()["params"]["model"];
  };
  EXPECT_EQ(written_by(1), candidate["name"]);

  const Answer back = promotion("DELETE", candidate);
  ASSERT_EQ(back.status, 200) << back.body;
  EXPECT_EQ(back.json()["id"], former["id"]);
  EXPECT_EQ(written_by(2), former["name"]);
  EXPECT_EQ(promotion("DELETE", former).outcome(), "409 no_former_model");
  EXPECT_EQ(count_audit("model.gate"), 1);
  EXPECT_EQ(count_audit("model.promote"), 1);
  EXPECT_EQ(count_audit("model.rollback"), 1);
}

TEST_F(LearningE2e, AGateIsStoppedAndGoesOn) {
  start("copy-mini-sft");
  start("copy-mini");
  const Json candidate = model_where("name", "copy-mini");
  const Json job = client_->send("POST", "/api/v1/jobs", Json{{"kind", "gate"}, {"model_id", candidate["id"]}}, {{"Idempotency-Key", "gate-stopped"}}).json();
  const std::string address = "/api/v1/jobs/" + job["id"].get<std::string>();
  for (int tries = 0; tries < 600 && client_->get(address).json()["done"].get<int>() < 1; ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(client_->send("PATCH", address, Json{{"state", "cancelled"}}).json()["state"], "cancelled");
  EXPECT_FALSE(model_where("id", candidate["id"]).contains("gate"));
  const Answer resumed = client_->send("PATCH", address, Json{{"state", "queued"}});
  EXPECT_EQ(resumed.status, 200) << resumed.body;
  const Json end = ended(job["id"]);
  ASSERT_EQ(end.at("state"), "done") << end;
  EXPECT_EQ(end["done"], end["total"]);
  EXPECT_TRUE(model_where("id", candidate["id"]).contains("gate"));
}

}  // namespace
}  // namespace vitrine::e2e
