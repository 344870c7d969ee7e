// What operators and reviewers do, request by request.
#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <thread>

#include "base/compressed.h"
#include "base/file.h"
#include "service_fixture.h"

namespace vitrine::serve {
namespace {

using RoutesTest = ServiceTest;

Json pick_of(const std::vector<std::string>& chosen) {
  return {{"shown_ids", {"c2", "c1"}}, {"chosen", chosen.empty() ? Json("none") : Json(chosen)}, {"edits", Json::array()}, {"ms", 5400}};
}

/// "getJob GET /api/v1/jobs/{id}" of each operation of the file.
std::set<std::string> operations_of_contract() {
  std::ifstream file(std::string(VITRINE_SOURCE_DIR) + "/docs/api/openapi.yaml");
  std::set<std::string> operations;
  std::string path, method;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("  /")) path = line.substr(2, line.find(':') - 2);
    if (line.starts_with("    ") && line[4] != ' ' && line.ends_with(":")) method = line.substr(4, line.size() - 5);
    const size_t id = line.find("operationId: ");
    if (id == line.npos) continue;
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::toupper(c); });
    operations.insert(line.substr(id + 13) + " " + method + " " + path);
  }
  return operations;
}

TEST(OperationsTest, AreThoseOfTheContract) {
  std::set<std::string> ours;
  for (const Operation& operation : all_operations()) ours.insert(concat(operation.id, " ", operation.method, " ", operation.path));
  EXPECT_EQ(ours, operations_of_contract());
}

/// YAML 1.1 reads these words as true and false, so that a description would not be a text.
TEST(OperationsTest, NoTextOfTheContractIsATruthValue) {
  std::ifstream file(std::string(VITRINE_SOURCE_DIR) + "/docs/api/openapi.yaml");
  const std::regex truth("(description|summary|title): *(y|yes|n|no|on|off|true|false) *([,}#]|$)", std::regex::icase);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    EXPECT_FALSE(std::regex_search(line, truth)) << number << ": " << line;
  }
  EXPECT_GT(number, 0);
}

TEST_F(RoutesTest, WrongAddressesMethodsAndTypesAreProblems) {
  const Asker writer = sign_in("writer");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/nothing")), "404 unknown_address");
  EXPECT_EQ(outcome(ask(writer, "DELETE", "/api/v1/products")), "405 method_not_allowed");
  EXPECT_EQ(outcome(ask(writer, "POST", "/api/v1/checks", {.body = "{}", .type = "text/plain"})), "415 wrong_type");
  EXPECT_EQ(outcome(ask(writer, "POST", "/api/v1/checks", {.body = "{"})), "400 bad_json");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/products/%ff")), "400 bad_address");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/products?limit=0")), "400 bad_request");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/products?state=bogus")), "400 bad_request");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/products?cursor=bogus")), "400 bad_request");
}

TEST_F(RoutesTest, AWrongMethodIsToldTheRightOnes) {
  const auto allowed = [&](const std::string& method, const std::string& address) {
    std::string value;
    for (const auto& [name, text] : ask({}, method, address).headers) value += name == "Allow" ? text : "";
    return value;
  };
  EXPECT_EQ(allowed("DELETE", "/api/v1/jobs"), "GET, HEAD, POST");
  EXPECT_EQ(allowed("GET", "/api/v1/picks/k1"), "PUT");
  EXPECT_EQ(allowed("POST", "/"), "GET, HEAD");
  EXPECT_EQ(allowed("GET", "/api/v1/jobs"), "");
}

TEST_F(RoutesTest, EveryAnswerHasItsRequestId) {
  const HttpResponse response = ask({}, "GET", "/healthz", {.headers = {{"x-request-id", "mine-1"}}});
  EXPECT_NE(std::find(response.headers.begin(), response.headers.end(), std::pair<std::string, std::string>("X-Request-Id", "mine-1")), response.headers.end());
  const HttpResponse other = ask({}, "GET", "/healthz", {.headers = {{"x-request-id", "a\r\nb"}}});
  for (const auto& [name, value] : other.headers) EXPECT_EQ(value.find('\n'), std::string::npos) << name;
}

TEST_F(RoutesTest, ProductsAreFoundAndCounted) {
  const Json page = json_of(ask(sign_in("writer"), "GET", "/api/v1/products?q=真丝"));
  EXPECT_EQ(page["items"].size(), 1u);
  EXPECT_EQ(page["total"], 1);
  EXPECT_EQ(page["counts"]["written"], 1);
}

TEST_F(RoutesTest, ATextIsCheckedAgainstItsProduct) {
  const Json report = json_of(send(sign_in("writer"), "POST", "/api/v1/checks",
                                   {{"text", "全网最低价，羊绒面料。"}, {"product_id", "p1"}, {"field", "description"}, {"platform", ""}, {"style", "taobao"}}));
  EXPECT_EQ(report["verdict"], "block");
  EXPECT_FALSE(report["hits"].empty());
  EXPECT_EQ(report["lengths"]["code_points"], 11);
}

TEST_F(RoutesTest, APickStandsInTheQueueUntilItIsApproved) {
  const Asker writer = sign_in("writer"), reviewer = sign_in("reviewer");
  const Json pick = json_of(send(writer, "PUT", "/api/v1/picks/k1", pick_of({"c1"})));
  EXPECT_EQ(pick["user"], "writer-s1");
  EXPECT_EQ(json_of(send(writer, "PUT", "/api/v1/picks/k1", pick_of({"c1"})))["review_ids"], pick["review_ids"]);
  const Json queue = json_of(ask(reviewer, "GET", "/api/v1/reviews?state=pending"));
  ASSERT_EQ(queue["items"].size(), 1u);
  EXPECT_EQ(queue["items"][0]["id"], pick["review_ids"][0]);
  EXPECT_EQ(queue["counts"]["pending"], 1);
  const std::string decisions = "/api/v1/reviews/" + pick["review_ids"][0].get<std::string>() + "/decisions";
  EXPECT_EQ(outcome(send(reviewer, "POST", decisions, {{"decision", "approve"}, {"text_sha256", std::string(64, '0')}})), "409 review_changed");
  EXPECT_EQ(json_of(send(reviewer, "POST", decisions, {{"decision", "edit"}, {"text", "真丝连衣裙，墨绿色。"}}))["text"], "真丝连衣裙，墨绿色。");
  EXPECT_EQ(outcome(send(reviewer, "POST", decisions, {{"decision", "approve"}})), "403 own_work") << "of one's own edit";
  EXPECT_EQ(json_of(send(sign_in("admin"), "POST", decisions, {{"decision", "approve"}}))["state"], "approved");
  EXPECT_EQ(outcome(send(writer, "PUT", "/api/v1/picks/k1", pick_of({}))), "409 review_closed");
  EXPECT_EQ(json_of(ask(writer, "GET", "/api/v1/products/p1"))["copy"], "真丝连衣裙，墨绿色。");
  const Json trail = json_of(ask(reviewer, "GET", "/api/v1/audit?subject=review:" + pick["review_ids"][0].get<std::string>()));
  EXPECT_EQ(trail["items"][0]["action"], "review.approve");
  EXPECT_EQ(trail["items"][0]["before"]["state"], "pending");
  EXPECT_EQ(trail["items"][0]["after"]["state"], "approved");
}

TEST_F(RoutesTest, WhoeverSendsATextBackSaysWhy) {
  const Asker reviewer = sign_in("reviewer");
  const Json pick = json_of(send(sign_in("writer"), "PUT", "/api/v1/picks/k1", pick_of({"c1"})));
  const std::string decisions = "/api/v1/reviews/" + pick["review_ids"][0].get<std::string>() + "/decisions";
  for (const Json& without : {Json{{"decision", "reject"}}, Json{{"decision", "reject"}, {"reason", " \u3000"}}}) {
    const HttpResponse refused = send(reviewer, "POST", decisions, without);
    EXPECT_EQ(outcome(refused), "422 impossible");
    EXPECT_EQ(parse_json(refused.body, "problem")["errors"][0]["field"], "/reason");
  }
  EXPECT_EQ(json_of(send(reviewer, "POST", decisions, {{"decision", "reject"}, {"reason", "语气不对"}}))["state"], "rejected");
}

TEST_F(RoutesTest, WhatTheChecksBlockIsNotApproved) {
  const Json pick = json_of(send(sign_in("writer"), "PUT", "/api/v1/picks/k1", pick_of({"c2"})));
  const std::string decisions = "/api/v1/reviews/" + pick["review_ids"][0].get<std::string>() + "/decisions";
  EXPECT_EQ(outcome(send(sign_in("reviewer"), "POST", decisions, {{"decision", "approve"}})), "409 check_blocked");
}

TEST_F(RoutesTest, AuthorsDoNotApproveTheirOwnWorkUnlessTheShopLetsThem) {
  const Asker reviewer = sign_in("reviewer");
  const Json pick = json_of(send(reviewer, "PUT", "/api/v1/picks/k1", pick_of({"c1"})));
  const std::string decisions = "/api/v1/reviews/" + pick["review_ids"][0].get<std::string>() + "/decisions";
  EXPECT_EQ(outcome(send(reviewer, "POST", decisions, {{"decision", "approve"}})), "403 own_work");
  EXPECT_EQ(outcome(send(sign_in("admin"), "PATCH", "/api/v1/shop", {{"own_approval", true}})), "200");
  EXPECT_EQ(outcome(send(reviewer, "POST", decisions, {{"decision", "approve"}})), "200");
}

TEST_F(RoutesTest, BlankTextsAreRefusedWithTheirField) {
  const Asker admin = sign_in("admin"), reviewer = sign_in("reviewer");
  const auto refused = [&](const HttpResponse& response) {
    const Json problem = parse_json(response.body, "problem");
    return outcome(response) + " " + problem.at("errors").at(0).at("field").get<std::string>();
  };
  Json blank = pick_of({"c1"});
  blank["edits"] = {{{"from", "c1"}, {"to", " \n "}}};
  EXPECT_EQ(refused(send(reviewer, "PUT", "/api/v1/picks/k1", blank)), "422 blank_text /edits/0/to");
  const Json pick = json_of(send(reviewer, "PUT", "/api/v1/picks/k1", pick_of({"c1"})));
  const std::string decisions = "/api/v1/reviews/" + pick["review_ids"][0].get<std::string>() + "/decisions";
  for (const char* text : {"   ", "\u3000\u3000", "\u200b"}) {
    EXPECT_EQ(refused(send(reviewer, "POST", decisions, {{"decision", "edit"}, {"text", text}})), "422 blank_text /text") << text;
  }
  EXPECT_EQ(refused(send(admin, "PATCH", "/api/v1/shop", {{"producer", "   "}})), "422 blank_text /producer");
  for (const char* name : {"   ", " a", "a\u3000"}) {
    EXPECT_EQ(refused(send(admin, "POST", "/api/v1/users", {{"name", name}, {"password", "long enough"}, {"role", "writer"}})), "422 blank_text /name") << name;
  }
  EXPECT_EQ(refused(send(admin, "PATCH", "/api/v1/users/u-writer", {{"password", "            "}})), "422 blank_text /password");
}

TEST_F(RoutesTest, PicksAreReadAsPagesAndAsLinesForTraining) {
  const Asker writer = sign_in("writer");
  json_of(send(writer, "PUT", "/api/v1/picks/k1", pick_of({"c1"})));
  json_of(send(writer, "PUT", "/api/v1/picks/k2", pick_of({})));
  const Json page = json_of(ask(writer, "GET", "/api/v1/picks?limit=1"));
  EXPECT_EQ(page["items"][0]["id"], "k1");
  EXPECT_EQ(json_of(ask(writer, "GET", "/api/v1/picks?cursor=" + page["next"].get<std::string>()))["items"][0]["chosen"], "none");
  const HttpResponse lines = ask(writer, "GET", "/api/v1/picks", {.headers = {{"accept", "application/jsonl"}}});
  EXPECT_EQ(lines.content_type, "application/jsonl");
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 2);
}

TEST_F(RoutesTest, PresetsAndBoardsAreKeptUnderTheClientsId) {
  const Asker writer = sign_in("writer");
  const Json factors = parse_json(R"({"field":"title","style":"jd","platform":"jd","length":60,"audience":"women","keywords":["真丝"],"pin":[],"order":[],"drop":[]})", "");
  EXPECT_EQ(outcome(send(writer, "PUT", "/api/v1/presets/p", {{"id", "q"}, {"name", "n"}, {"factors", factors}})), "400 bad_request");
  EXPECT_EQ(outcome(send(writer, "PUT", "/api/v1/presets/p", {{"id", "p"}, {"name", "n"}, {"factors", factors}})), "200");
  EXPECT_EQ(json_of(ask(writer, "GET", "/api/v1/presets"))["items"][0]["factors"], factors);
  EXPECT_EQ(outcome(ask(writer, "DELETE", "/api/v1/presets/p")), "204");
  EXPECT_EQ(outcome(send(writer, "PUT", "/api/v1/boards/b", {{"id", "b"}, {"name", "秋冬"}, {"candidate_ids", {"c2", "c1"}}})), "200");
  EXPECT_EQ(json_of(ask(writer, "GET", "/api/v1/candidates?board_id=b"))["items"].size(), 2u);
}

TEST_F(RoutesTest, ABoardHoldsCandidatesOfItsShopAlone) {
  {
    auto loan = service_->database.borrow();
    store::Candidates(*loan, "s2").add({candidate("of-s2", "真丝连衣裙")});
  }
  for (const char* id : {"nobody", "of-s2"}) {
    const HttpResponse refused = send(sign_in("writer"), "PUT", "/api/v1/boards/b", {{"id", "b"}, {"name", "秋冬"}, {"candidate_ids", {"c1", id}}});
    EXPECT_EQ(outcome(refused), "404 unknown");
    EXPECT_EQ(parse_json(refused.body, "problem")["errors"][0]["field"], "/candidate_ids/1");
    EXPECT_EQ(refused.body.find(folder_.path().string()), std::string::npos) << refused.body;
  }
}

TEST_F(RoutesTest, JobsNeedAKeyAndSomethingThatIsThere) {
  const Asker writer = sign_in("writer");
  const auto add = [&](const Json& body, const std::string& key) {
    return outcome(ask(writer, "POST", "/api/v1/jobs", {.body = dump_line(body), .headers = {{"idempotency-key", key}}}));
  };
  const Json write{{"kind", "write"}, {"plan_id", "l1"}, {"num_return_sequences", 1}, {"seed", 0}};
  EXPECT_EQ(add(write, ""), "400 key_missing");
  EXPECT_EQ(add(write, "short"), "400 bad_request");
  EXPECT_EQ(add(write, "key-00001"), "202");
  EXPECT_EQ(add(Json{{"seed", 0}, {"num_return_sequences", 1}, {"plan_id", "l1"}, {"kind", "write"}}, "key-00001"), "202") << "the same request in another order";
  EXPECT_EQ(add(Json{{"kind", "write"}, {"plan_id", "l1"}, {"num_return_sequences", 2}, {"seed", 0}}, "key-00001"), "409 key_reused");
  EXPECT_EQ(add(Json{{"kind", "write"}, {"plan_id", "no"}, {"num_return_sequences", 1}, {"seed", 0}}, "key-00002"), "404 unknown");
  EXPECT_EQ(add(Json{{"kind", "draw"}, {"product_id", "p1"}, {"num_images_per_prompt", 1}, {"seed", 0}}, "key-00003"), "503 model_missing");
  const Json batch{{"kind", "batch"}, {"fields", {"description"}}, {"factors", parse_json(R"({"field":"description","style":"taobao","platform":"","length":110,"audience":"","keywords":[],"pin":[],"order":[],"drop":[]})", "factors")},
                   {"num_return_sequences", 1}, {"seed", 0}, {"only_empty", true}, {"dry_run", false}, {"deliver", "review"}};
  EXPECT_EQ(add(batch, "key-00005"), "503 model_missing");
  Json urgent = write;
  urgent["priority"] = "high";
  EXPECT_EQ(add(urgent, "key-00004"), "403 forbidden");
  EXPECT_EQ(json_of(ask(writer, "GET", "/api/v1/jobs"))["items"].size(), 1u);
}

TEST_F(RoutesTest, AnUploadIsPreviewedMappedAndImported) {
  const Asker writer = sign_in("writer");
  const auto place = service_->uploads() / "part-1";
  std::ofstream(place) << "商品ID,标题,材质,备注,价格\nn1,羊毛大衣,羊毛,甲,面议\nn2,棉布衬衫,纯棉,乙,99\nn2,重复,棉,丙,1\n";
  const Json preview = json_of(ask(writer, "POST", "/api/v1/imports", {.type = "multipart/form-data", .upload = std::make_shared<Upload>(place, "shop.csv")}));
  EXPECT_EQ(preview["file"], "shop.csv");
  EXPECT_EQ(preview["rows"], 3);
  EXPECT_EQ(preview["rejected"], 1);
  EXPECT_EQ(preview["columns"][3]["target"], "kept");
  EXPECT_EQ(preview["columns"][3]["samples"], Json({"甲", "乙", "丙"}));
  EXPECT_EQ(preview["sample"][0]["source"]["file"], "shop.csv");
  const std::string id = preview["id"];
  const Json mapped = json_of(send(writer, "PATCH", "/api/v1/imports/" + id, {{"map", {{"备注", "attribute"}}}}));
  EXPECT_EQ(mapped["columns"][3]["origin"], "hand");
  EXPECT_EQ(outcome(send(writer, "PATCH", "/api/v1/imports/" + id, {{"map", {{"备注", "bogus"}}}})), "400 bad_request");
  const Json findings = json_of(ask(writer, "GET", "/api/v1/imports/" + id + "/findings"))["items"];
  EXPECT_EQ(findings[0]["file"], "shop.csv");
  EXPECT_EQ(findings.back()["code"], "DUP_ID");
  EXPECT_EQ(findings.back()["column"], "商品ID") << "not as the file calls it";

  service_->jobs.start();
  const Json job = json_of(ask(writer, "POST", "/api/v1/jobs", {.body = dump_line(Json{{"kind", "import"}, {"import_id", id}, {"licence", "own"}}), .headers = {{"idempotency-key", "import-01"}}}));
  Json state;
  for (int tries = 0; tries < 200 && state != "done"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    state = json_of(ask(writer, "GET", "/api/v1/jobs/" + job["id"].get<std::string>()))["state"];
  }
  EXPECT_EQ(state, "done");
  const Json product = json_of(ask(writer, "GET", "/api/v1/products/n1"));
  EXPECT_EQ(product["state"], "empty");
  EXPECT_EQ(product["product"]["source"]["licence"], "own");
  EXPECT_EQ(json_of(ask(writer, "GET", "/api/v1/imports/" + id))["state"], "imported");
  EXPECT_EQ(outcome(send(writer, "PATCH", "/api/v1/imports/" + id, {{"map", {{"备注", "kept"}}}})), "409 imported_already");
}

TEST_F(RoutesTest, AFileThatHoldsNoProductsIsRefusedByName) {
  const auto place = service_->uploads() / "part-2";
  std::ofstream(place) << "甲,乙\n1,2\n";
  const HttpResponse response = ask(sign_in("writer"), "POST", "/api/v1/imports", {.type = "multipart/form-data", .upload = std::make_shared<Upload>(place, "x.csv")});
  EXPECT_EQ(outcome(response), "422 unreadable_file");
  EXPECT_EQ(response.body.find(folder_.path().string()), std::string::npos) << "names a place of ours: " << response.body;
}

TEST_F(RoutesTest, ControlCharactersInAFilesNameAreRefused) {
  for (const std::string& name : {std::string("a\0b.csv", 7), std::string("a\nb.csv")}) {
    const auto place = service_->uploads() / "part-4";
    std::ofstream(place) << "商品ID,标题,材质\nn1,羊毛大衣,羊毛\n";
    const HttpResponse refused = ask(sign_in("writer"), "POST", "/api/v1/imports", {.type = "multipart/form-data", .upload = std::make_shared<Upload>(place, name)});
    EXPECT_EQ(outcome(refused), "422 impossible");
    EXPECT_NE(refused.body.find("control characters"), std::string::npos) << refused.body;
  }
}

TEST_F(RoutesTest, AShopsNameAndProviderHaveNoControlCharacters) {
  for (const char* field : {"name", "producer"}) {
    const HttpResponse refused = send(sign_in("admin"), "PATCH", "/api/v1/shop", {{field, "甲\n乙"}});
    EXPECT_EQ(outcome(refused), "422 impossible");
    EXPECT_EQ(parse_json(refused.body, "problem")["errors"][0]["field"], std::string("/") + field);
  }
}

TEST_F(RoutesTest, SoManyStreamsAsAreSaidAreOpenAtOnce) {
  const Asker writer = sign_in("writer");
  const Json job = json_of(ask(writer, "POST", "/api/v1/jobs", {.body = R"({"kind":"write","plan_id":"l1","num_return_sequences":1,"seed":0})", .headers = {{"idempotency-key", "stream-01"}}}));
  const std::string address = "/api/v1/jobs/" + job["id"].get<std::string>() + "/events";
  {
    const HttpResponse stream = ask(writer, "GET", address);
    EXPECT_EQ(service_->streams.inside(), 1);
    std::vector<std::shared_ptr<const void>> others;
    while (auto place = service_->streams.enter()) others.push_back(place);
    EXPECT_EQ(others.size() + 1, static_cast<size_t>(service_->config.max_streams));
    EXPECT_EQ(outcome(ask(writer, "GET", address)), "503 too_many_streams");
  }
  EXPECT_EQ(service_->streams.inside(), 0);
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/jobs/nobody/events")), "404 unknown");
  EXPECT_EQ(service_->streams.inside(), 0);
}

/// A server with a picture worker, whose model is not there.
class PicturesTest : public ServiceTest {
 protected:
  PicturesTest() : ServiceTest({.export_texts = {}, .program = {}, .draw_worker = {"/bin/false"}}, config()) {}
  static ServeConfig config() {
    ServeConfig config;
    config.picture_model = "/there/is/no/sd-model";
    return config;
  }
  std::string draw(const Json& more, const std::string& key) {
    Json request{{"kind", "draw"}, {"product_id", "p1"}, {"num_images_per_prompt", 1}, {"seed", 0}};
    request.update(more);
    return outcome(ask(sign_in("writer"), "POST", "/api/v1/jobs", {.body = dump_line(request), .headers = {{"idempotency-key", key}}}));
  }
};

TEST_F(PicturesTest, WithoutAModelNoPictureIsPromised) {
  EXPECT_EQ(json_of(ask({}, "GET", "/healthz"))["checks"]["picture_worker"], "the model sd-model is missing");
  EXPECT_EQ(draw(Json::object(), "draw-00001"), "503 model_missing");
  const Json token = json_of(send(sign_in("writer"), "POST", "/api/v1/tokens", {{"name", "ERP"}}));
  const Asker program{.cookie = {}, .csrf = {}, .token = token["secret"]};
  EXPECT_EQ(outcome(send(program, "POST", "/v1/images/generations", {{"prompt", "dress"}})), "503 model_missing");
  EXPECT_EQ(outcome(send(program, "POST", "/v1/images/generations", {{"prompt", "dress"}, {"model", "sd-model"}})), "503 model_missing");
  const HttpResponse refused = send(program, "POST", "/v1/images/generations", {{"prompt", "dress"}, {"model", "dall-e-3"}});
  EXPECT_EQ(outcome(refused), "404 unknown");
  EXPECT_EQ(parse_json(refused.body, "problem")["errors"][0]["field"], "/model");
}

TEST_F(PicturesTest, ASchedulerThatNobodyKnowsIsRefused) {
  EXPECT_EQ(draw({{"scheduler", "magic"}}, "draw-00002"), "422 impossible");
  EXPECT_EQ(draw({{"scheduler", "ddim"}}, "draw-00003"), "503 model_missing");
}

TEST_F(RoutesTest, HealthSaysWhatIsMissing) {
  const Json health = json_of(ask({}, "GET", "/healthz"));
  EXPECT_EQ(health["status"], "degraded");
  EXPECT_EQ(health["checks"]["database"], "ok");
  EXPECT_EQ(health["checks"]["copy_model"], "the model copy-mini is missing");
}

TEST_F(RoutesTest, ACompletionByAModelThatIsNotThereIsUnknown) {
  const Json token = json_of(send(sign_in("writer"), "POST", "/api/v1/tokens", {{"name", "ERP"}}));
  const Asker program{.cookie = {}, .csrf = {}, .token = token["secret"]};
  const HttpResponse refused = send(program, "POST", "/v1/completions", {{"model", "gpt-4"}, {"prompt", "类型#裙"}});
  EXPECT_EQ(outcome(refused), "404 unknown");
  EXPECT_EQ(parse_json(refused.body, "problem")["errors"][0]["field"], "/model");
  EXPECT_EQ(outcome(send(program, "POST", "/v1/completions", {{"prompt", "类型#裙"}})), "503 model_missing");
  std::vector<std::shared_ptr<const void>> inside;
  while (auto place = service_->completions_at_once.enter()) inside.push_back(place);
  EXPECT_EQ(inside.size(), static_cast<size_t>(service_->config.max_completions()));
  EXPECT_EQ(outcome(send(program, "POST", "/v1/completions", {{"prompt", "类型#裙"}})), "429 queue_full");
}

TEST_F(RoutesTest, ALimitThatNoTextKeepsIsRefused) {
  const Json token = json_of(send(sign_in("writer"), "POST", "/api/v1/tokens", {{"name", "ERP"}}));
  const Asker program{.cookie = {}, .csrf = {}, .token = token["secret"]};
  const HttpResponse refused = send(program, "POST", "/v1/completions", {{"prompt", "类型#裙"}, {"max_tokens", 15}});
  EXPECT_EQ(outcome(refused), "422 impossible");
  EXPECT_EQ(parse_json(refused.body, "problem")["errors"][0]["field"], "/max_tokens");
  EXPECT_EQ(outcome(send(program, "POST", "/v1/completions", {{"prompt", "类型#裙"}, {"max_tokens", 16}})), "503 model_missing");
}

TEST_F(RoutesTest, RefusalsOutsideOfRequestsAreLoggedAndCounted) {
  HttpRequest request;
  request.remote_address = "192.0.2.7";
  const HttpResponse response = dispatcher_->refuse(request, Refusal("slow_request"));
  EXPECT_EQ(response.status, 408);
  const std::string log = read_file(service_->config.access_log_file());
  EXPECT_NE(log.find(request.id), std::string::npos) << log;
  EXPECT_NE(log.find(R"("address":"192.0.2.7")"), std::string::npos) << log;
  EXPECT_NE(ask(sign_in("admin"), "GET", "/metrics").body.find("vitrine_http_requests_total{operation=\"none\",status=\"408\"} 1"), std::string::npos);
}

TEST_F(RoutesTest, APackedUploadThatUnpacksToMuchMoreIsRefusedSoon) {
  const auto place = service_->uploads() / "part-3";
  write_file_atomic(place, compress("标题,材质\n" + std::string(64 << 20, 'a'), Compression::gzip));
  const HttpResponse response = ask(sign_in("writer"), "POST", "/api/v1/imports", {.type = "multipart/form-data", .upload = std::make_shared<Upload>(place, "x.csv.gz")});
  EXPECT_EQ(outcome(response), "422 unreadable_file");
  EXPECT_NE(response.body.find("TOO_LARGE"), std::string::npos) << response.body;
}

TEST_F(RoutesTest, MetricsAreForThisMachineAndForAdmins) {
  EXPECT_EQ(outcome(ask({}, "GET", "/metrics")), "401 not_signed_in");
  EXPECT_EQ(outcome(ask(sign_in("writer"), "GET", "/metrics")), "403 forbidden");
  const HttpResponse metrics = ask(sign_in("admin"), "GET", "/metrics");
  EXPECT_EQ(outcome(metrics), "200");
  EXPECT_NE(metrics.body.find("vitrine_http_requests_total{operation=\"signIn\""), std::string::npos);
}

TEST_F(RoutesTest, MetricsAtTheLoopbackAreNotForPagesOfOtherNames) {
  address_ = "127.0.0.1";
  for (const char* host : {"localhost:8790", "127.0.0.1", "[::1]:8790"}) EXPECT_EQ(outcome(ask({}, "GET", "/metrics", {.headers = {{"host", host}}})), "200") << host;
  for (const char* host : {"evil.example:8790", "localhost.evil.example", "127.0.0.1.evil.example", ""}) {
    EXPECT_EQ(outcome(ask({}, "GET", "/metrics", {.headers = {{"host", host}}})), "401 not_signed_in") << host;
  }
}

TEST_F(RoutesTest, AModelServesOnlyBehindItsGate) {
  const auto model = [](const std::string& id) {
    store::Model one;
    one.id = one.name = id;
    one.sha256 = "00" + id;
    one.folder = "/there/is/no/" + id;
    one.created_at = store::utc_now();
    return one;
  };
  const auto gate = [](const std::string& against, double low) {
    const Json rate{{"value", 0.6}, {"low", low}, {"high", 0.7}, {"n", 200}}, share{{"value", 0.9}, {"low", 0.88}, {"high", 0.92}, {"n", 200}};
    return dump_line(Json{{"passed", low > 0.5}, {"against", against}, {"judge", "j"}, {"products", 200}, {"time", "2026-11-30T09:30:00Z"},
                          {"rows", {{{"metric", "win_rate"}, {"before", nullptr}, {"after", rate}, {"difference", nullptr}, {"passed", low > 0.5}},
                                    {{"metric", "coverage"}, {"before", share}, {"after", share}, {"difference", share}, {"passed", true}}}}});
  };
  {
    auto loan = service_->database.borrow();
    store::Models models(*loan, "s1");
    models.add_first(model("m1"));
    models.add(model("m2"));
  }
  const auto set_gate = [&](bool passed, const std::string& document) {
    auto loan = service_->database.borrow();
    store::Models(*loan, "s1").set_gate("m2", passed, document);
  };
  const Asker admin = sign_in("admin");
  const auto promote = [&](const Asker& asker) { return ask(asker, "PUT", "/api/v1/models/m2/promotion"); };
  EXPECT_EQ(outcome(promote(sign_in("reviewer"))), "403 forbidden");
  EXPECT_EQ(outcome(promote(admin)), "409 gate_not_passed");
  set_gate(false, gate("m1", 0.45));
  const HttpResponse refused = promote(admin);
  EXPECT_EQ(outcome(refused), "409 gate_not_passed");
  const Json problem = parse_json(refused.body, "problem");
  ASSERT_EQ(problem["errors"].size(), 1u) << problem;
  EXPECT_EQ(problem["errors"][0]["field"], "win_rate");
  EXPECT_FALSE(problem.contains("detail")) << "it said the same twice";
  EXPECT_EQ(problem["errors"][0]["detail"], "0.600 [0.450, 0.700]: expected a lower bound over 0.5");
  set_gate(true, gate("m0", 0.55));
  EXPECT_EQ(outcome(promote(admin)), "409 gate_not_passed") << "against a model that does not serve any more";
  set_gate(true, gate("m1", 0.55));
  EXPECT_EQ(outcome(promote(admin)), "503 model_missing") << "a model that cannot be loaded does not serve";
  EXPECT_EQ(json_of(ask(admin, "GET", "/api/v1/models"))["items"][1]["state"], "serving");
}

TEST_F(RoutesTest, StatisticsHaveTheShapeOfTheContract) {
  json_of(send(sign_in("writer"), "PUT", "/api/v1/picks/k1", pick_of({"c1"})));
  const Json statistics = json_of(ask(sign_in("reviewer"), "GET", "/api/v1/statistics"));
  EXPECT_EQ(statistics["requests"], 1);
  EXPECT_EQ(statistics["accepted"], 1);
  EXPECT_EQ(statistics["position_bias"][1]["picked"], 1);
  EXPECT_EQ(statistics["cost"]["currency"], "CNY");
}

}  // namespace
}  // namespace vitrine::serve
