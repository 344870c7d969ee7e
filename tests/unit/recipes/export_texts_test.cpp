#include "recipes/export_texts.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utc_time.h"
#include "recipes/verify_text.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

class ExportTextsTest : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  void put(const std::string& name, std::string_view text) const { write_file_atomic(at(name), text); }

  LabelContext context() const {
    LabelContext context;
    context.producer = "测试店铺";
    context.who = "tester";
    context.log = at("log.jsonl");
    context.clock = system_utc_clock();
    return context;
  }
  ExportConfig config_for(const std::string& output) const {
    ExportConfig config;
    config.texts = {at("t.jsonl")};
    config.output = at(output);
    config.file.reader.licence = "own";
    config.file.reader.mappings = "-";
    return config;
  }
  ExportResult run(const std::string& source, const ExportConfig& config) const { return export_texts(at(source), config, context()); }
  /// Statuses of the manifest's lines.
  std::vector<std::string> statuses(const std::string& manifest) const {
    std::vector<std::string> all;
    const std::string text = read_file(at(manifest));
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      const Json line = parse_json(text.substr(begin, end - begin), manifest);
      if (line.contains("status")) all.push_back(line["status"].get<std::string>());
      begin = end + 1;
    }
    return all;
  }

  test::TemporaryDirectory folder_;
};

TEST_F(ExportTextsTest, TheWordsOfALabelAreNoClaimAndItsTextKeepsTheLimit) {
  std::string longest;
  for (int i = 0; i < 500; ++i) longest += "出门穿着它轻松自在，";
  put("f.tsv", "id\ttitle\tlink\timage_link\n1\t裙\tu\tv\n2\t裤\tu\tv\n");
  put("t.jsonl", concat("{\"id\":\"1\",\"text\":\"日常出门，穿着它轻松自在。（AI生成）\"}\n{\"id\":\"2\",\"text\":\"", longest, "（AI生成）\"}\n"));
  EXPECT_TRUE(run("f.tsv", config_for("out.tsv")).has_refused());
  EXPECT_EQ(statuses("out.tsv.manifest.jsonl"), (std::vector<std::string>{"written", "no_room"}));
}

TEST_F(ExportTextsTest, ADryRunLeavesTheManifestOfAFinishedExport) {
  put("s.csv", "id,标题,文案\n1,裙,\n");
  put("t.jsonl", "{\"id\":\"1\",\"text\":\"简约长裙。\"}\n");
  ExportConfig config = config_for("out.csv");
  run("s.csv", config);
  config.dry_run = true;
  EXPECT_THROW(run("s.csv", config), UsageError);
  config.manifest = at("plan.jsonl");
  run("s.csv", config);
  EXPECT_EQ(statuses("plan.jsonl"), std::vector<std::string>{"would_write"});
  EXPECT_EQ(statuses("out.csv.manifest.jsonl"), std::vector<std::string>{"written"});
}

TEST_F(ExportTextsTest, WordsThatNobodyKnowsAreWrongUsage) {
  put("s.csv", "id,标题,文案\n1,裙,\n");
  put("t.jsonl", "{\"id\":\"1\",\"text\":\"简约长裙。\"}\n");
  const auto refused = [&](auto change) {
    ExportConfig config = config_for("out.csv");
    change(config);
    EXPECT_THROW(run("s.csv", config), UsageError);
  };
  refused([](ExportConfig& config) { config.platform = "nowhere"; });
  refused([](ExportConfig& config) { config.wording = "abc"; });
  refused([](ExportConfig& config) { config.file.columns = {"foo=文案"}; });
}

TEST_F(ExportTextsTest, ATextOfBlanksIsNotWrittenAndTheFileSaysThatItHasNoLabel) {
  put("s.csv", "id,标题,文案\n1,裙,\n");
  put("t.jsonl", "{\"id\":\"1\",\"text\":\"\u3000 \"}\n");
  run("s.csv", config_for("out.csv"));
  EXPECT_EQ(read_file(at("out.csv")), read_file(at("s.csv")));
  EXPECT_EQ(statuses("out.csv.manifest.jsonl"), std::vector<std::string>{"no_text"});
  EXPECT_EQ(verify_text_file(at("out.csv"), {}, context()).at("explicit"), "absent");
}

}  // namespace
}  // namespace vitrine::recipes
