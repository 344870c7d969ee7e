// Which approved texts leave, and what is said of those that do not.
#include "base/file.h"
#include "service_fixture.h"
#include "store/exports.h"
#include "store/ids.h"
#include "store/reviews.h"

namespace vitrine::serve {
namespace {

/// Writes each text that it is given, as an export without checks.
TextExportResult write_all(const TextExport& order) {
  std::string manifest = dump_line(Json{{"kind", "export_manifest"}}) + "\n";
  const std::string texts = read_file(order.texts);
  TextExportResult result{.counts = {}, .verified = true};
  for (size_t at = 0; at < texts.size();) {
    const size_t end = texts.find('\n', at);
    Json line = parse_json(std::string_view(texts).substr(at, end - at), "texts");
    line["status"] = "written";
    manifest += dump_line(line) + "\n";
    ++result.counts["written"];
    at = end + 1;
  }
  write_file_atomic(order.folder / "out.jsonl", texts);
  write_file_atomic(order.folder / "out.jsonl.manifest.jsonl", manifest);
  return result;
}

class ExportTest : public ServiceTest {
 protected:
  ExportTest() : ServiceTest({.export_texts = write_all, .program = {}, .draw_worker = {}}) {}
  void SetUp() override {
    service_->jobs.start();
    writer_ = sign_in("writer");
    reviewer_ = sign_in("reviewer");
  }

  /// The review of a pick of c1 with another text, approved.
  std::string approved(const std::string& pick_id, const std::string& text) {
    const std::string id = opened(pick_id, text);
    approve(id);
    return id;
  }
  std::string opened(const std::string& pick_id, const std::string& text) {
    return json_of(send(writer_, "PUT", "/api/v1/picks/" + pick_id,
                        {{"shown_ids", {"c1"}}, {"chosen", {"c1"}}, {"edits", {{{"from", "c1"}, {"to", text}}}}, {"ms", 1}}))["review_ids"][0];
  }
  void approve(const std::string& id) { EXPECT_EQ(outcome(send(reviewer_, "POST", "/api/v1/reviews/" + id + "/decisions", {{"decision", "approve"}})), "200"); }
  std::string state_of(const std::string& id) {
    auto loan = service_->database.borrow();
    return std::string(to_word(store::Reviews(*loan, "s1").find(id)->state));
  }
  /// The job at its end.
  Json exported(const std::vector<std::string>& review_ids = {}) {
    Json request{{"kind", "export"}, {"format", "jsonl"}, {"overwrite", true}, {"dry_run", false}};
    if (!review_ids.empty()) request["review_ids"] = review_ids;
    const Json job = json_of(ask(writer_, "POST", "/api/v1/jobs", {.body = dump_line(request), .headers = {{"idempotency-key", store::new_id("key")}}}));
    const auto stream = service_->jobs.follow("s1", job["id"], 0);
    while (!stream->is_over()) stream->take(std::chrono::seconds(1));
    return json_of(ask(writer_, "GET", "/api/v1/jobs/" + job["id"].get<std::string>()));
  }
  /// Of the newest export.
  Json counts() {
    auto loan = service_->database.borrow();
    return parse_json(store::Exports(*loan, "s1").list().front().counts, "counts");
  }
  int64_t exports_in_trail(const std::string& id) {
    const Json trail = json_of(ask(reviewer_, "GET", "/api/v1/audit?subject=review:" + id));
    return std::count_if(trail["items"].begin(), trail["items"].end(), [](const Json& entry) { return entry["action"] == "review.export"; });
  }

  Asker writer_, reviewer_;
};

TEST_F(ExportTest, TheTextThatWasApprovedLastLeavesAndTheOthersStay) {
  const std::string late = opened("k1", "这款真丝连衣裙选用墨绿色，质感细腻。");
  const std::string early = approved("k2", "墨绿色真丝连衣裙，光泽柔和。");
  approve(late);  // it was picked first and approved last
  const Json job = exported();
  ASSERT_EQ(job["state"], "done") << job;
  EXPECT_EQ(job["result"]["superseded"], 1) << job;
  EXPECT_EQ(counts(), (Json{{"superseded", 1}, {"written", 1}}));
  EXPECT_EQ(state_of(late), "exported");
  EXPECT_EQ(state_of(early), "approved");
  EXPECT_EQ(exports_in_trail(late), 1);
  EXPECT_EQ(exports_in_trail(early), 0) << "it was not written";
  EXPECT_EQ(json_of(ask(writer_, "GET", "/api/v1/products/p1"))["copy"], "这款真丝连衣裙选用墨绿色，质感细腻。");
}

TEST_F(ExportTest, ATextBehindOneThatHasLeftLeavesOnlyWhenItIsNamed) {
  const std::string early = approved("k1", "墨绿色真丝连衣裙，光泽柔和。"), late = approved("k2", "这款真丝连衣裙选用墨绿色，质感细腻。");
  exported();
  EXPECT_EQ(state_of(late), "exported");
  const Json again = exported();
  ASSERT_EQ(again["state"], "done") << again;
  EXPECT_EQ(again["result"]["superseded"], 1);
  EXPECT_EQ(state_of(early), "approved");
  const Json named = exported({early});
  EXPECT_EQ(named["result"]["superseded"], 0);
  EXPECT_EQ(state_of(early), "exported");
  const std::string latest = approved("k3", "真丝连衣裙，墨绿色。");
  exported();
  EXPECT_EQ(state_of(latest), "exported") << "approved after what has left";
}

TEST_F(ExportTest, OfSeveralThatAreNamedTheNewestLeaves) {
  const std::string first = approved("k1", "墨绿色真丝连衣裙，光泽柔和。"), second = approved("k2", "这款真丝连衣裙选用墨绿色，质感细腻。");
  approved("k3", "真丝连衣裙，墨绿色。");
  const Json job = exported({first, second});
  EXPECT_EQ(job["result"]["superseded"], 1);
  EXPECT_EQ(state_of(first), "approved");
  EXPECT_EQ(state_of(second), "exported");
}

}  // namespace
}  // namespace vitrine::serve
