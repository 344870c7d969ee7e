// The real server over HTTP: the whole way, the contract, bad input, kill -9.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "data/archive.h"
#include "e2e/server_process.h"

namespace vitrine::e2e {
namespace {

const std::string kTable =
    "商品ID,标题,类目,材质,颜色,裙长,风格,文案\n"
    "a1,真丝连衣裙,女装>连衣裙,真丝,墨绿色,连衣裙,简约,\n"
    "a2,雪纺半身裙,女装>半身裙,雪纺,黑色,半身裙,通勤,\n";

Json factors() {
  return {{"field", "description"}, {"style", "taobao"}, {"platform", "taobao"}, {"length", 60}, {"audience", ""},
          {"keywords", Json::array()}, {"pin", Json::array()}, {"order", Json::array()}, {"drop", Json::array()}};
}

class ServeTest : public testing::Test {
 protected:
  void start(std::vector<std::string> args = {}) {
    server_.emplace(folder_ / "data", std::move(args));
    client_.emplace(server_->port());
    client_->sign_in("admin", ServerProcess::kPassword);
  }
  void import_table(const std::string& table = kTable) {
    const Json preview = client_->upload("/api/v1/imports", "shop.csv", table).json();
    ASSERT_GT(preview.at("kept"), 0) << preview;
    ASSERT_EQ(client_->run_job({{"kind", "import"}, {"import_id", preview["id"]}, {"licence", "own"}}).at("state"), "done");
  }
  Json write(const std::string& product_id, int n = 2) {
    const Json plan = client_->send("POST", "/api/v1/plans", Json{{"product_id", product_id}, {"factors", factors()}}).json();
    return client_->run_job({{"kind", "write"}, {"plan_id", plan.at("id")}, {"num_return_sequences", n}, {"seed", 1}});
  }
  Json pick(const std::string& id, const Json& ids) {
    return client_->send("PUT", "/api/v1/picks/" + id,
                         Json{{"shown_ids", ids}, {"chosen", Json::array({ids[0]})}, {"edits", Json::array()}, {"ms", 1000}}).json();
  }

  TemporaryFolder folder_;
  std::optional<ServerProcess> server_;
  std::optional<Client> client_;
};

TEST_F(ServeTest, TheWholeWayFromATableToALabelledFile) {
  start();
  import_table();
  const Json job = write("a1");
  ASSERT_EQ(job.at("state"), "done") << job;
  const Json ids = job["result"]["candidate_ids"];
  ASSERT_GE(ids.size(), 1u);
  EXPECT_EQ(client_->get("/api/v1/candidates/" + ids[0].get<std::string>() + "/explanation").status, 200);
  const Json picked = pick("11111111-1111-4111-8111-111111111111", ids);
  EXPECT_EQ(client_->send("PATCH", "/api/v1/shop", Json{{"own_approval", true}}).status, 200);
  EXPECT_EQ(client_->run_job({{"kind", "export"}, {"format", "source"}, {"overwrite", false}, {"dry_run", false}}).at("state"), "422 LBL_NO_PRODUCER");
  EXPECT_EQ(client_->send("PATCH", "/api/v1/shop", Json{{"producer", "91310000XXXXXXXXXX"}}).status, 200);
  const std::string review = picked["review_ids"][0];
  EXPECT_EQ(client_->send("POST", "/api/v1/reviews/" + review + "/decisions", Json{{"decision", "approve"}}).json()["state"], "approved");
  const Json exported = client_->run_job({{"kind", "export"}, {"format", "source"}, {"overwrite", false}, {"dry_run", false}});
  ASSERT_EQ(exported.at("state"), "done") << exported;
  EXPECT_EQ(exported["done"], exported["total"]) << exported;
  const Json record = client_->get("/api/v1/exports").json()["items"][0];
  EXPECT_EQ(record["verified"], "pass") << record;
  EXPECT_EQ(record["counts"]["written"], 1) << record;
  const Answer file = client_->get("/api/v1/exports/" + record["id"].get<std::string>() + "/file");
  const data::Archive archive(file.body, "export.zip");
  EXPECT_NE(archive.read("shop.csv").find("由AI生成"), std::string::npos) << archive.read("shop.csv");
  for (const auto& entry : archive.entries()) {
    EXPECT_EQ(archive.read(entry.name).find(folder_.path().string()), std::string::npos) << entry.name << " names a place of ours";
  }
  EXPECT_EQ(client_->get("/api/v1/products/a1").json()["state"], "exported");
}

TEST_F(ServeTest, TextsOfTheEmbeddedModelAreOrderedByTheEmbeddedRankingModel) {
  start();
  import_table("商品ID,标题,类目,材质,颜色,风格\nb1,红裙,裙,棉,红色,简约\n");
  const Json job = write("b1");
  ASSERT_EQ(job.at("state"), "done") << job;
  const std::string id = job["result"]["candidate_ids"][0];
  const Json candidate = client_->get("/api/v1/candidates/" + id).json();
  EXPECT_EQ(candidate["origin"], "model") << candidate;
  EXPECT_TRUE(candidate["scores"].contains("ranker")) << candidate;
}

TEST_F(ServeTest, AStreamTellsTokensCandidatesAndTheEnd) {
  start();
  import_table();
  const Json plan = client_->send("POST", "/api/v1/plans", Json{{"product_id", "a1"}, {"factors", factors()}}).json();
  const Json job = client_->send("POST", "/api/v1/jobs", Json{{"kind", "write"}, {"plan_id", plan["id"]}, {"num_return_sequences", 2}, {"seed", 3}},
                                 {{"Idempotency-Key", "stream-01"}}).json();
  const Answer stream = client_->get("/api/v1/jobs/" + job["id"].get<std::string>() + "/events");
  EXPECT_EQ(stream.headers.at("content-type"), "text/event-stream");
  EXPECT_NE(stream.body.find("event: candidate\n"), std::string::npos) << stream.body;
  const size_t last = stream.body.rfind("event: ");
  EXPECT_EQ(stream.body.substr(last, 10), "event: job");
  EXPECT_NE(stream.body.find("\"state\":\"done\"", last), std::string::npos) << stream.body.substr(last);
}

TEST_F(ServeTest, ACancelledWritingKeepsWhatIsFinished) {
  start();
  const Json preview = client_->upload("/api/v1/imports", "shop.csv", "商品ID,标题,类型,材质,风格,裙长,裙领型\na1,蕾丝连衣裙,裙,蕾丝,简约,连衣裙,v领\n").json();
  ASSERT_EQ(client_->run_job({{"kind", "import"}, {"import_id", preview["id"]}, {"licence", "own"}}).at("state"), "done");
  const Json plan = client_->send("POST", "/api/v1/plans", Json{{"product_id", "a1"}, {"factors", factors()}}).json();
  const Json job = client_->send("POST", "/api/v1/jobs", Json{{"kind", "write"}, {"plan_id", plan["id"]}, {"num_return_sequences", 32}, {"seed", 3}},
                                 {{"Idempotency-Key", "cancel-01"}}).json();
  const std::string address = "/api/v1/jobs/" + job["id"].get<std::string>();
  Json running = job;
  while (running["done"] < 1 && running["state"] != "done" && running["state"] != "failed") running = client_->get(address).json();
  EXPECT_EQ(client_->send("PATCH", address, Json{{"state", "cancelled"}}).json()["state"], "cancelled") << running;
  const Json cancelled = client_->get(address).json();
  EXPECT_GE(cancelled["done"], 1);
  const Json kept = client_->get("/api/v1/candidates?job_id=" + job["id"].get<std::string>() + "&limit=200").json()["items"];
  EXPECT_EQ(kept.size(), cancelled["done"]);
  EXPECT_EQ(pick("11111111-1111-4111-8111-111111111112", Json::array({kept.at(0)["id"]}))["review_ids"].size(), 1u);
  EXPECT_EQ(client_->send("PATCH", address, Json{{"state", "queued"}}).status, 200);
  Json resumed = cancelled;
  for (int tries = 0; tries < 900 && resumed["state"] != "done"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    resumed = client_->get(address).json();
    EXPECT_GE(resumed["done"], cancelled["done"]) << resumed;
  }
  const Json all = client_->get("/api/v1/candidates?job_id=" + job["id"].get<std::string>() + "&limit=200").json()["items"];
  EXPECT_EQ(all.size(), resumed["result"]["candidate_ids"].size()) << resumed;
}

TEST_F(ServeTest, ABatchGoesOnAfterAKillWithEachRowOnce) {
  start();
  import_table();
  const Json dry = client_->run_job({{"kind", "batch"}, {"fields", {"title"}}, {"factors", factors()}, {"num_return_sequences", 1}, {"seed", 0},
                                     {"only_empty", true}, {"dry_run", true}, {"deliver", "review"}});
  EXPECT_EQ(dry["result"]["estimate"]["texts_to_write"], 2) << dry;
  const Json batch{{"kind", "batch"}, {"fields", {"description", "title"}}, {"factors", factors()}, {"num_return_sequences", 1}, {"seed", 0},
                   {"only_empty", true}, {"dry_run", false}, {"deliver", "review"}};
  const Json job = client_->send("POST", "/api/v1/jobs", batch, {{"Idempotency-Key", "batch-001"}}).json();
  server_->kill_at_once();
  const auto killed_at = std::chrono::steady_clock::now();
  start();
  Json state;
  for (int tries = 0; tries < 900 && state != "done"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    state = client_->get("/api/v1/jobs/" + job["id"].get<std::string>()).json()["state"];
  }
  EXPECT_EQ(state, "done");
  EXPECT_LT(std::chrono::steady_clock::now() - killed_at, std::chrono::seconds(25)) << "it waited for the lease of a server that is gone";
  EXPECT_EQ(client_->get("/api/v1/reviews").json()["counts"]["pending"], 4);
  const Json statistics = client_->get("/api/v1/statistics").json();
  EXPECT_EQ(statistics["requests"], 0) << "nobody has picked anything: " << statistics;
  EXPECT_EQ(client_->send("GET", "/api/v1/picks", std::string(), {{"Accept", "application/jsonl"}}).body, "");
}

TEST_F(ServeTest, ABatchNamesTheTextsThatItCouldNotWrite) {
  start();
  import_table("商品ID,标题,类目,材质\nb1,好裙,国家级连衣裙,棉\nb2,裙,连衣裙,棉\n");
  const Json job = client_->run_job({{"kind", "batch"}, {"fields", {"description"}}, {"factors", factors()}, {"num_return_sequences", 1}, {"seed", 0}, {"only_empty", true}, {"dry_run", false}, {"deliver", "review"}});
  ASSERT_EQ(job.at("state"), "done") << job;
  EXPECT_EQ(job["result"]["rejected"], 1) << job;
  const Json missing = job["result"]["without_text"];
  ASSERT_EQ(missing.size(), 1u) << job;
  EXPECT_EQ(missing[0]["product_id"], "b1");
  EXPECT_EQ(missing[0]["title"], "好裙");
  EXPECT_EQ(missing[0]["field"], "description");
  EXPECT_NE(missing[0]["reason"].get<std::string>().find("国家级"), std::string::npos) << missing;
}

TEST_F(ServeTest, ABatchIsDeliveredInTheFileThatTheProductsCameFrom) {
  start();
  import_table();
  const Json batch{{"kind", "batch"}, {"fields", {"description"}}, {"factors", factors()}, {"num_return_sequences", 1}, {"seed", 0},
                   {"only_empty", true}, {"dry_run", false}, {"deliver", "file"}};
  EXPECT_EQ(client_->run_job(batch).at("state"), "422 LBL_NO_PRODUCER");
  ASSERT_EQ(client_->send("PATCH", "/api/v1/shop", Json{{"producer", "91310000XXXXXXXXXX"}}).status, 200);
  Json dry = batch;
  dry["dry_run"] = true;
  EXPECT_EQ(client_->run_job(dry)["result"]["estimate"]["texts_to_write"], 2);
  const Json job = client_->send("POST", "/api/v1/jobs", batch, {{"Idempotency-Key", "to-file-1"}}).json();
  server_->kill_at_once();
  start();
  const std::string address = "/api/v1/jobs/" + job["id"].get<std::string>();
  Json end = Json::object();
  for (int tries = 0; tries < 900 && end.value("state", "") != "done"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    end = client_->get(address).json();
  }
  ASSERT_EQ(end["state"], "done") << end;
  const std::string id = end["result"]["export_id"];
  const Json record = client_->get("/api/v1/exports").json()["items"][0];
  EXPECT_EQ(record["id"], id);
  EXPECT_EQ(record["verified"], "pass") << record;
  EXPECT_EQ(record["counts"]["written"], 2) << record;
  const Answer file = client_->get("/api/v1/exports/" + id + "/file");
  const data::Archive archive(file.body, "export.zip");
  const std::string table = archive.read("shop.csv");
  size_t labels = 0;
  for (size_t at = table.find("由AI生成"); at != table.npos; at = table.find("由AI生成", at + 1)) ++labels;
  EXPECT_EQ(labels, 2u) << table;
  EXPECT_TRUE(table.starts_with(kTable.substr(0, kTable.find('\n')))) << table;
  EXPECT_NE(archive.read("shop.csv.manifest.jsonl").find("\"written\""), std::string::npos);
  EXPECT_EQ(client_->get("/api/v1/reviews").json()["counts"]["pending"], 0) << "nobody has to look at what has left";
}

TEST_F(ServeTest, NoAcceptedPickIsLostByKills) {
  start();
  import_table();
  const Json ids = write("a1")["result"]["candidate_ids"];
  ASSERT_GE(ids.size(), 1u);
  std::vector<std::string> accepted;
  for (int round = 0; round < 3; ++round) {
    std::jthread killer([&, pause = 150 + 70 * round] {
      std::this_thread::sleep_for(std::chrono::milliseconds(pause));
      server_->kill_at_once();
    });
    for (int i = 0; i < 1000; ++i) {
      const std::string id = "pick-" + std::to_string(round) + "-" + std::to_string(i);
      const Answer answer = client_->send("PUT", "/api/v1/picks/" + id,
                                          Json{{"shown_ids", ids}, {"chosen", "none"}, {"edits", Json::array()}, {"ms", 1}});
      if (answer.status == 0) break;
      if (answer.status == 200) accepted.push_back(id);
    }
    killer.join();
    start();
  }
  ASSERT_GT(accepted.size(), 3u);
  const Answer lines = client_->send("GET", "/api/v1/picks", std::string(), {{"Accept", "application/jsonl"}});
  for (const std::string& id : accepted) EXPECT_NE(lines.body.find("\"" + id + "\""), std::string::npos) << id;
}

TEST_F(ServeTest, BadInputIsAnsweredWithProblemsAndTheServerStaysUp) {
  start({"--body-timeout-s", "1"});
  const auto check = [&](const std::string& body, std::map<std::string, std::string> headers = {}) {
    return client_->send("POST", "/api/v1/checks", body, std::move(headers)).outcome();
  };
  EXPECT_EQ(check("{"), "400 bad_json");
  EXPECT_EQ(check("{\"text\":\"\xff\"}"), "400 bad_json");
  EXPECT_EQ(check("{\"text\":1}"), "400 bad_request");
  EXPECT_EQ(check("{\"text\":\"\",\"x\":1}"), "400 unknown_field");
  EXPECT_EQ(check(std::string(10 << 20, ' ')), "413 too_large");
  EXPECT_EQ(check("a=b", {{"Content-Type", "application/x-www-form-urlencoded"}}), "415 wrong_type");
  EXPECT_EQ(client_->get("/api/v1/products?q=%ff").outcome(), "400 bad_address");
  EXPECT_EQ(client_->get("/" + std::string(9000, 'a')).outcome(), "414 address_too_long");
  EXPECT_EQ(client_->raw("BOGUS\r\n\r\n").status, 400);
  EXPECT_EQ(client_->upload("/api/v1/imports", "bomb.xlsx", "PK\x03\x04 no zip").outcome(), "422 unreadable_file");
  EXPECT_EQ(client_->get("/healthz").json()["checks"]["database"], "ok");
}

TEST_F(ServeTest, ChunkedBodiesAreCountedAndSlowOnesEnd) {
  start({"--body-timeout-s", "1"});
  std::string chunked = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 40; ++i) chunked += "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
  EXPECT_EQ(client_->raw(chunked + "0\r\n\r\n").outcome(), "413 too_large");
  const std::string part = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
  EXPECT_EQ(client_->raw(part).outcome(), "408 slow_request");
  EXPECT_EQ(client_->get("/healthz").json()["checks"]["database"], "ok");
}

TEST_F(ServeTest, OpenAiClientsGetLabelledTexts) {
  start();
  const Json token = client_->send("POST", "/api/v1/tokens", Json{{"name", "ERP"}}).json();
  Client program(server_->port());
  const std::map<std::string, std::string> bearer{{"Authorization", "Bearer " + token["secret"].get<std::string>()}};
  const Answer answer = program.send("POST", "/v1/completions", Json{{"prompt", "类型#裙*材质#真丝*颜色#墨绿色"}, {"n", 1}, {"seed", 0}}, bearer);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.json()["choices"][0]["text"].get<std::string>().find("由AI生成"), std::string::npos) << answer.body;
  const Json usage = answer.json()["usage"];
  EXPECT_EQ(usage["total_tokens"], usage["prompt_tokens"].get<int>() + usage["completion_tokens"].get<int>());
  EXPECT_EQ(program.send("POST", "/v1/completions", Json{{"model", "copy-mini"}, {"prompt", "类型#裙*材质#真丝"}}, bearer).status, 200);
  EXPECT_EQ(program.send("POST", "/v1/completions", Json{{"model", "gpt-4"}, {"prompt", "类型#裙"}}, bearer).outcome(), "404 unknown");
  const Answer picture = program.send("POST", "/v1/images/generations", Json{{"prompt", "dress"}, {"size", "128x128"}}, bearer);
  EXPECT_EQ(picture.status, has_verb("draw") ? 200 : 503) << picture.body.substr(0, 300);
}

/// What a stream of completions says: of each choice the whole text and why it ended.
struct StreamedChoices {
  std::map<int, std::string> texts, ends;
  int pieces = 0;
  Json usage;
};
StreamedChoices read_stream(const std::string& body) {
  StreamedChoices read;
  for (const std::string& line : lines(body)) {
    if (!line.starts_with("data: {")) continue;
    const Json chunk = parse_json(std::string_view(line).substr(6), "chunk");
    EXPECT_FALSE(chunk.contains("error")) << line;
    const Json& choice = chunk.at("choices").at(0);
    const std::string text = choice.at("text");
    const int index = choice.at("index").get<int>();
    read.texts[index] += text;
    read.pieces += text.empty() ? 0 : 1;
    if (choice.at("finish_reason").is_string()) read.ends[index] = choice.at("finish_reason").get<std::string>();
    if (chunk.contains("usage")) read.usage = chunk["usage"];
  }
  return read;
}

TEST_F(ServeTest, ACompletionIsStreamedSentenceBySentenceBehindItsLabel) {
  start();
  const std::string secret = client_->send("POST", "/api/v1/tokens", Json{{"name", "ERP"}}).json()["secret"];
  Client program(server_->port());
  const std::map<std::string, std::string> bearer{{"Authorization", "Bearer " + secret}};
  const std::string label = "（本文由AI生成）";
  int stopped = 0, pieces = 0;
  for (int seed = 0; seed < 8; ++seed) {
    Json request{{"prompt", "类型#裙*材质#真丝*颜色#墨绿色*风格#简约*裙长#连衣裙"}, {"n", 1}, {"seed", seed}};
    const Answer whole = program.send("POST", "/v1/completions", request, bearer);
    ASSERT_EQ(whole.status, 200) << whole.body;
    request["stream"] = true;
    const Answer stream = program.send("POST", "/v1/completions", request, bearer);
    EXPECT_EQ(stream.headers.at("content-type"), "text/event-stream");
    EXPECT_TRUE(stream.body.ends_with("data: [DONE]\n\n")) << stream.body;
    const StreamedChoices read = read_stream(stream.body);
    EXPECT_TRUE(read.texts.at(0).starts_with(label)) << stream.body;
    EXPECT_GT(read.usage.at("completion_tokens"), 0);
    pieces += read.pieces;
    if (read.ends.at(0) != "stop") continue;
    ++stopped;
    EXPECT_EQ(read.texts.at(0).substr(label.size()) + label, whole.json()["choices"][0]["text"].get<std::string>());
  }
  EXPECT_GE(stopped, 6) << "too many texts were begun anew behind what had left";
  EXPECT_GT(pieces, 8) << "texts came as a whole";
}

/// Where no text of the model is short enough templates take its place, and none is cut.
TEST_F(ServeTest, NoCompletionIsLongerThanItsLimit) {
  start();
  const std::string secret = client_->send("POST", "/api/v1/tokens", Json{{"name", "ERP"}}).json()["secret"];
  Client program(server_->port());
  const std::map<std::string, std::string> bearer{{"Authorization", "Bearer " + secret}};
  int answered = 0;
  for (int limit = 16; limit <= 112; limit += 12) {
    Json request{{"prompt", "类型#裙*材质#真丝*颜色#墨绿色"}, {"n", 1}, {"max_tokens", limit}, {"seed", 0}};
    const Answer answer = program.send("POST", "/v1/completions", request, bearer);
    if (answer.status != 200) {
      EXPECT_EQ(answer.outcome(), "422 no_candidate");
      continue;
    }
    ++answered;
    EXPECT_LE(answer.json()["usage"]["completion_tokens"], limit) << answer.body;
    EXPECT_NE(answer.json()["choices"][0]["text"].get<std::string>().find("真丝"), std::string::npos) << answer.body;
    request["stream"] = true;
    const StreamedChoices read = read_stream(program.send("POST", "/v1/completions", request, bearer).body);
    EXPECT_LE(read.usage.at("completion_tokens"), limit);
  }
  EXPECT_GT(answered, 0);
}

TEST_F(ServeTest, TwoShopsDoNotSeeEachOther) {
  start();
  const ProgramResult added = run_program({"serve", "--data", folder_ / "data", "--add-shop", "二店"});
  ASSERT_EQ(added.exit_code, 0) << added.err;
  const size_t at = added.out.find("password: ");
  ASSERT_NE(at, std::string::npos) << added.out;
  ASSERT_NE(added.out.find("admin-s2"), std::string::npos) << added.out;
  Client second(server_->port());
  second.sign_in("admin-s2", added.out.substr(at + 10, added.out.find('\n', at) - at - 10));
  EXPECT_EQ(second.get("/api/v1/session").json()["shop"]["name"], "二店");
  EXPECT_TRUE(failed_with_one_line(run_program({"serve", "--data", folder_ / "data", "--add-shop", "二店"}), 1, "already"));

  import_table();
  const Json job = write("a1");
  ASSERT_EQ(job.at("state"), "done") << job;
  const Json ids = job["result"]["candidate_ids"];
  const std::string review = pick("pick-1", ids)["review_ids"][0];
  ASSERT_EQ(client_->send("PATCH", "/api/v1/shop", Json{{"producer", "91310000XXXXXXXXXX"}, {"own_approval", true}}).status, 200);
  ASSERT_EQ(client_->send("POST", "/api/v1/reviews/" + review + "/decisions", Json{{"decision", "approve"}}).status, 200);
  const Json exported = client_->run_job({{"kind", "export"}, {"format", "source"}, {"overwrite", false}, {"dry_run", false}});
  ASSERT_EQ(exported.at("state"), "done") << exported;
  const std::string plan = client_->send("POST", "/api/v1/plans", Json{{"product_id", "a1"}, {"factors", factors()}}).json()["id"];

  for (const char* list : {"/api/v1/products", "/api/v1/jobs", "/api/v1/candidates", "/api/v1/picks", "/api/v1/reviews", "/api/v1/exports", "/api/v1/boards", "/api/v1/presets"}) {
    EXPECT_TRUE(second.get(list).json()["items"].empty()) << list;
    EXPECT_EQ(second.get(list).body.find("a1"), std::string::npos) << list;
  }
  const std::string candidate = ids[0], job_id = job["id"], file = exported["result"]["export_id"];
  for (const char* address : {"/api/v1/products/a1", "/api/v1/products/a2"}) EXPECT_EQ(second.get(address).outcome(), "404 unknown") << address;
  for (const std::string& address : {"/api/v1/jobs/" + job_id, "/api/v1/jobs/" + job_id + "/events", "/api/v1/candidates/" + candidate, "/api/v1/candidates/" + candidate + "/explanation",
                                     "/api/v1/plans/" + plan, "/api/v1/exports/" + file + "/file"}) {
    EXPECT_EQ(second.get(address).outcome(), "404 unknown") << address;
    EXPECT_EQ(client_->get(address).status, 200) << address;
  }
  EXPECT_EQ(second.send("POST", "/api/v1/reviews/" + review + "/decisions", Json{{"decision", "reject"}, {"reason", "x"}}).outcome(), "404 unknown");
  EXPECT_EQ(second.send("PATCH", "/api/v1/jobs/" + job_id, Json{{"state", "cancelled"}}).outcome(), "404 unknown");
  EXPECT_EQ(second.send("PUT", "/api/v1/picks/pick-2", Json{{"shown_ids", ids}, {"chosen", "none"}, {"edits", Json::array()}, {"ms", 1}}).outcome(), "404 unknown");
  EXPECT_EQ(second.run_job({{"kind", "export"}, {"format", "source"}, {"overwrite", false}, {"dry_run", false}}).at("state"), "422 LBL_NO_PRODUCER") << "each shop has its own settings";

  // The same file in the second shop: products of its own under the same ids, written by the model at once.
  const Json preview = second.upload("/api/v1/imports", "shop.csv", kTable).json();
  ASSERT_EQ(second.run_job({{"kind", "import"}, {"import_id", preview["id"]}, {"licence", "own"}}).at("state"), "done");
  EXPECT_EQ(second.get("/api/v1/products/a1").json()["state"], "empty");
  EXPECT_EQ(client_->get("/api/v1/products/a1").json()["state"], "exported");
  EXPECT_EQ(client_->get("/api/v1/imports/" + preview["id"].get<std::string>()).outcome(), "404 unknown");
  const Json second_plan = second.send("POST", "/api/v1/plans", Json{{"product_id", "a1"}, {"factors", factors()}}).json();
  EXPECT_EQ(second.run_job({{"kind", "write"}, {"plan_id", second_plan.at("id")}, {"num_return_sequences", 2}, {"seed", 1}}).at("state"), "done");
  EXPECT_EQ(client_->get("/healthz").json()["checks"]["copy_model"], "ok");
}

TEST_F(ServeTest, ATrustedProxySaysWhoTheClientIs) {
  start({"--trust-proxy", "127.0.0.1"});
  Client stranger(server_->port());
  const auto sign_in = [&](const std::string& forwarded_for, const std::string& password) {
    return stranger.send("POST", "/api/v1/session", Json{{"name", "admin"}, {"password", password}}, {{"X-Forwarded-For", forwarded_for}}).outcome();
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in("198.51.100.7", "wrong"), "401 wrong_password");
  EXPECT_EQ(sign_in("198.51.100.7", ServerProcess::kPassword), "429 too_many_attempts");
  EXPECT_EQ(sign_in("198.51.100.8, 198.51.100.7", ServerProcess::kPassword), "429 too_many_attempts") << "what a client says of itself is not believed";
  EXPECT_EQ(sign_in("198.51.100.9", ServerProcess::kPassword), "200");
  EXPECT_NE(read_file(folder_ / "data/access.jsonl").find("\"address\":\"198.51.100.9\""), std::string::npos);
  EXPECT_EQ(stranger.get("/metrics").status, 200);
  EXPECT_EQ(stranger.send("GET", "/metrics", std::string(), {{"X-Forwarded-For", "127.0.0.1"}}).outcome(), "401 not_signed_in");
  start();  // and nobody is trusted
  stranger.use_port(server_->port());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in("198.51.100." + std::to_string(i), "wrong"), "401 wrong_password");
  EXPECT_EQ(sign_in("198.51.100.9", ServerProcess::kPassword), "429 too_many_attempts");
}

/// Width and height as a PNG's header says them.
std::pair<uint32_t, uint32_t> size_of_png(const std::string& bytes) {
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return value;
  };
  return {number(16), number(20)};
}

TEST_F(ServeTest, APictureHasSmallerLabelledCopiesAndIsRecalledByWhatItCarries) {
  VITRINE_NEEDS_VERB("draw");
  start({"--picture-model", source_file("tests/data/sd_tiny/model").string()});
  import_table();
  ASSERT_EQ(client_->send("PATCH", "/api/v1/shop", Json{{"producer", "91310000XXXXXXXXXX"}}).status, 200);
  const Json job = client_->run_job({{"kind", "draw"}, {"product_id", "a1"}, {"num_images_per_prompt", 1}, {"width", 328}, {"height", 328},
                                     {"num_inference_steps", 2}, {"seed", 3}});
  ASSERT_EQ(job.at("state"), "done") << job;
  const std::string address = "/api/v1/candidates/" + job["result"]["candidate_ids"][0].get<std::string>() + "/picture";
  const std::string large = client_->get(address).body, small = client_->get(address + "?side=300").body;
  EXPECT_EQ(size_of_png(large), (std::pair<uint32_t, uint32_t>(328, 328)));
  EXPECT_EQ(size_of_png(small), (std::pair<uint32_t, uint32_t>(320, 320)));
  EXPECT_EQ(client_->get(address + "?side=500").body, large) << "a copy is never made larger";
  write_file_atomic(folder_ / "small.png", small);
  const ProgramResult verified = run_program({"verify", folder_ / "small.png", "--log", folder_ / "data/labels.jsonl"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;

  const auto recalled = [&](const std::string& bytes) { return client_->upload("/api/v1/recalls", "picture.png", bytes); };
  for (const std::string& bytes : {large, small, large + "what another program left behind it"}) {
    const Answer answer = recalled(bytes);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json()["request"]["seed"], 3);
    EXPECT_EQ(answer.json()["product_id"], "a1");
  }
  EXPECT_EQ(recalled("no picture").outcome(), "422 no_settings");
  EXPECT_EQ(recalled(read_file(source_file("tests/data/sd_tiny/model/model_index.json"))).outcome(), "422 no_settings");
}

TEST_F(ServeTest, SaysWhatAFirstTimeOperatorNeedsAndStopsOnAsking) {
  start();
  EXPECT_NE(server_->out().find("admin-password"), std::string::npos) << server_->out();
  EXPECT_EQ(server_->stop(), 0);
  server_.emplace(folder_ / "data");
  EXPECT_EQ(server_->out().find("admin-password"), std::string::npos) << "said again: " << server_->out();
  EXPECT_TRUE(failed_with_one_line(run_program({"serve", "--port", "0", "--data", folder_ / "data"}), 1, "another server"));
  EXPECT_TRUE(failed_with_one_line(run_program({"serve", "--port", std::to_string(server_->port()), "--data", folder_ / "other"}), 1, "is it taken"));
  const ServerProcess other(folder_ / "other");
  EXPECT_NE(other.out().find("admin-password"), std::string::npos) << "the account was made before the address was taken: " << other.out();
}

TEST_F(ServeTest, BenchServePrintsEveryPart) {
  const ProgramResult result = run_program({"bench", "serve", "--n", "2", "--length", "60", "--starts", "1", "--requests", "2", "--users", "2", "--seconds", "2", "--threads", "1"},
                                           {.timeout_s = 120});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::map<std::string, Json> parts;
  for (const std::string& line : lines(result.out)) {
    const Json json = parse_json(line, "line");
    EXPECT_EQ(json["kind"], "serve");
    parts[json["part"]] = json;
  }
  EXPECT_GT(parts["start"]["healthz_ms"]["p50"], 0);
  EXPECT_GT(parts["idle"]["rss_mib"], 10);
  EXPECT_EQ(parts["one user"]["all_ms"]["n"], 2) << result.out;
  EXPECT_GE(parts["one user"]["all_ms"]["p50"], parts["one user"]["first_token_ms"]["p50"]);
  EXPECT_GT(parts["saturated"]["drawn_tokens_per_s"], parts["saturated"]["written_tokens_per_s"]) << result.out;
  EXPECT_GT(parts["sustained"]["requests_per_s"], 0) << result.out;
  EXPECT_GT(parts["ratio"]["drawn_ratio"], 0);
}

TEST_F(ServeTest, ABackupIsMadeWhileTheServerWorksAndServesAsAStore) {
  start();
  import_table();
  std::filesystem::create_directories(folder_ / "copy");
  const ProgramResult backup = run_program({"backup", folder_ / "copy/vitrine.db", "--data", folder_ / "data"});
  EXPECT_EQ(backup.exit_code, 0) << backup.err;
  server_.emplace(folder_ / "copy");
  client_.emplace(server_->port());
  client_->sign_in("admin", ServerProcess::kPassword);
  EXPECT_EQ(client_->get("/api/v1/products").json()["total"], 2);
  EXPECT_TRUE(failed_with_one_line(run_program({"backup", folder_ / "x.db", "--data", folder_ / "nothing"}), 1, "no database"));
}

/// Scripts of Node.js that ask a server as its admin, with the packages of web/.
class ScriptTest : public ServeTest {
 protected:
  void SetUp() override {
    const std::string web = std::string(VITRINE_SOURCE_DIR) + "/web/node_modules";
    if (kNode.empty() || !std::filesystem::exists(web)) GTEST_SKIP() << "no Node.js, or no packages in " << web;
    start();
  }
  void expect_success(const std::string& script) {
    const std::string command = kNode + " " + VITRINE_SOURCE_DIR + "/tests/e2e/" + script + " http://127.0.0.1:" + std::to_string(server_->port()) +
                                " admin " + ServerProcess::kPassword + " >" + (folder_ / "said.txt") + " 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << read_file(folder_ / "said.txt");
  }

 private:
  const std::string kNode = VITRINE_NODE;
};

/// Every answer of the way is held to docs/api/openapi.yaml by the validators of the page's own tests.
TEST_F(ScriptTest, KeepsTheContract) { expect_success("contract.mjs"); }

TEST_F(ScriptTest, AClientGeneratedFromTheContractWorks) { expect_success("generated_client.mjs"); }

}  // namespace
}  // namespace vitrine::e2e
