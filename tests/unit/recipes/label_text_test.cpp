// Labels of files, with a clock that is set: what a file carries afterwards, and what an article 9
// export takes.
#include "recipes/label_text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "recipes/label_sidecar.h"
#include "recipes/label_workflow.h"
#include "recipes/verify_text.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

LabelTextConfig propagator() {
  LabelTextConfig config;
  config.as_propagator = true;
  return config;
}

LabelTextConfig at_start() {
  LabelTextConfig config;
  config.place = "start";
  return config;
}

LabelTextConfig shorter_than(int max_length) {
  LabelTextConfig config;
  config.max_length = max_length;
  return config;
}

class LabelTextTest : public testing::Test {
 protected:
  LabelTextTest() {
    context_.producer = "91310000X";
    context_.log = path("labels.jsonl");
    context_.who = "张";
    context_.clock = [this] { return now_; };
  }
  fs::path path(const std::string& name) const { return folder_.path() / name; }
  std::string write(const std::string& name, const std::string& bytes) {
    write_file_atomic(path(name), bytes);
    return path(name).string();
  }
  LabelTextResult label(const std::string& input, const std::string& output,
                        LabelTextConfig config = {}) {
    config.output = path(output).string();
    config.rejects = path("rejects.jsonl").string();
    return label_texts({input}, config, context_);
  }
  Json verify(const std::string& name) {
    return verify_text_file(path(name).string(), {}, context_);
  }
  std::vector<SidecarRow> rows(const std::string& name) {
    return read_sidecar(path(name))->sidecar.rows;
  }
  int64_t log_entries() { return store::read_label_log(context_.log).entries; }

  test::TemporaryDirectory folder_;
  UtcSeconds now_ = parse_iso_time("2026-11-24T08:00:00Z").value();
  LabelContext context_;
};

constexpr const char* kRows =
    "{\"id\":\"p1\",\"text\":\"好看的裙子。\",\"n\":1.50}\n{\"id\":\"p2\",\"text\":"
    "\"好穿的裤子。\"}\n";

TEST_F(LabelTextTest, RowsGetTheirLabelsAndTheRestOfTheFileStays) {
  EXPECT_EQ(label(write("in.jsonl", kRows), "out.jsonl").labelled, 2u);
  const std::string out = read_file(path("out.jsonl"));
  EXPECT_TRUE(
      out.starts_with("{\"id\":\"p1\",\"text\":\"好看的裙子。（本文由AI生成）\",\"n\":1.5}\n"))
      << out;
  const auto labels = rows("out.jsonl");
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].id, "p1");
  EXPECT_EQ(labels[0].label.reserved_code1,
            sha256_hex("好看的裙子。（本文由AI生成）" + labels[0].label.produce_id));
  EXPECT_EQ(labels[0].label.content_propagator, "91310000X");
  EXPECT_EQ(verify("out.jsonl").at("result"), "pass");
  EXPECT_EQ(log_entries(), 2);
}

TEST_F(LabelTextTest, WithoutAProducerNothingIsLabelled) {
  context_.producer.clear();
  const auto error =
      test::message_of<InvalidInput>([&] { label(write("in.jsonl", kRows), "out.jsonl"); });
  EXPECT_NE(error.find("LBL_NO_PRODUCER"), std::string::npos);
  EXPECT_FALSE(fs::exists(path("out.jsonl")));
}

TEST_F(LabelTextTest, ALabelledFileKeepsExactlyItsLabels) {
  label(write("in.jsonl", kRows), "out.jsonl");
  const auto result = label(path("out.jsonl").string(), "again.jsonl");
  EXPECT_EQ(result.labelled, 0u);
  EXPECT_EQ(result.kept, 2u);
  EXPECT_EQ(read_file(path("again.jsonl")), read_file(path("out.jsonl")));
  EXPECT_EQ(rows("again.jsonl")[0].label.produce_id, rows("out.jsonl")[0].label.produce_id);
  EXPECT_EQ(log_entries(), 2) << "no new label";
  EXPECT_EQ(verify("again.jsonl").at("result"), "pass");
}

TEST_F(LabelTextTest, APropagatorChangesItsThreeFieldsOnly) {
  label(write("in.jsonl", kRows), "out.jsonl");
  context_.producer = "platform";
  label(path("out.jsonl").string(), "again.jsonl", propagator());
  const auto before = rows("out.jsonl")[0].label, after = rows("again.jsonl")[0].label;
  EXPECT_EQ(after.content_producer, before.content_producer);
  EXPECT_EQ(after.produce_id, before.produce_id);
  EXPECT_EQ(after.reserved_code1, before.reserved_code1);
  EXPECT_EQ(after.content_propagator, "platform");
  EXPECT_NE(after.propagate_id, before.propagate_id);
  EXPECT_NE(after.reserved_code2, "");
  EXPECT_EQ(read_file(path("again.jsonl")), read_file(path("out.jsonl")));
  EXPECT_EQ(verify("again.jsonl").at("result"), "pass");
}

TEST_F(LabelTextTest, AChangedTextIsFoundAndNotLabelledAnew) {
  label(write("in.jsonl", kRows), "out.jsonl");
  std::string out = read_file(path("out.jsonl"));
  out.replace(out.find("（本文由AI生成）"), std::string("（本文由AI生成）").size(), "");
  write("out.jsonl", out);
  const Json report = verify("out.jsonl");
  EXPECT_EQ(report.at("result"), "fail");
  EXPECT_EQ(report.at("explicit"), "absent");
  EXPECT_EQ(report.at("implicit").at("integrity"), "changed");
  const auto error =
      test::message_of<Corrupt>([&] { label(path("out.jsonl").string(), "again.jsonl"); });
  EXPECT_NE(error.find("LBL_CHANGED"), std::string::npos) << error;
}

TEST_F(LabelTextTest, TitlesRelyOnTheirDescriptionAndAreListedSo) {
  const auto input = write("in.jsonl",
                           "{\"id\":\"p1\",\"field\":\"title\",\"text\":\"简约连衣裙\"}\n{\"id\":"
                           "\"p1\",\"field\":\"description\",\"text\":\"好看。\"}\n"
                           "{\"id\":\"p2\",\"field\":\"title\",\"text\":\"孤单的标题\"}\n");
  const auto result = label(input, "out.jsonl");
  EXPECT_EQ(result.labelled, 2u);
  EXPECT_EQ(result.rejected, 1u);
  const auto labels = rows("out.jsonl");
  EXPECT_EQ(labels[0].explicit_label, "adjacent");
  EXPECT_EQ(labels[0].described_by, "p1/description");
  EXPECT_NE(read_file(path("out.jsonl")).find("\"简约连衣裙\""), std::string::npos)
      << "a title carries no label";
  EXPECT_NE(read_file(path("rejects.jsonl")).find("LBL_NO_DESCRIPTION"), std::string::npos);
  EXPECT_EQ(verify("out.jsonl").at("result"), "pass");
}

TEST_F(LabelTextTest, ATableKeepsItsColumnsEncodingAndLineEnds) {
  LabelTextConfig config;
  config.file.column = "描述";
  config.file.adjacent_columns = {"title"};
  const std::string table = "id,title,描述,价\r\np1,裙,\"好看,\"\"百搭\"\"。\",9\r\n";
  label(write("in.csv", text::encode(table, text::Encoding::gb18030)), "out.csv", config);
  EXPECT_EQ(text::decode(read_file(path("out.csv")), text::Encoding::gb18030),
            "id,title,描述,价\r\np1,裙,\"好看,\"\"百搭\"\"。（本文由AI生成）\",9\r\n");
  EXPECT_EQ(verify("out.csv").at("result"), "pass") << verify("out.csv");
  EXPECT_EQ(rows("out.csv").size(), 2u);
}

TEST_F(LabelTextTest, LinesOfPlainTextAreTextsByNumber) {
  label(write("in.txt", "好看。\n\n好穿。"), "out.txt", at_start());
  EXPECT_EQ(read_file(path("out.txt")), "（本文由AI生成）好看。\n\n（本文由AI生成）好穿。\n");
  EXPECT_EQ(rows("out.txt")[1].id, "3");
  EXPECT_EQ(verify("out.txt").at("result"), "pass");
}

TEST_F(LabelTextTest, APageCarriesItsLabelsInItself) {
  label(write("in.html", "<html><head><title>t</title></head><body><p>好看。</p></body></html>"),
        "out.html");
  EXPECT_FALSE(fs::exists(path("out.html.aigc.json"))) << "one implicit label a file";
  const Json report = verify("out.html");
  EXPECT_EQ(report.at("result"), "pass") << report;
  EXPECT_EQ(report.at("implicit").at("carrier"), "meta");
  label(path("out.html").string(), "again.html");
  EXPECT_EQ(read_file(path("again.html")), read_file(path("out.html")));
  context_.producer = "platform";
  label(path("out.html").string(), "spread.html", propagator());
  EXPECT_EQ(verify("spread.html").at("result"), "pass");
  write("two.html", read_file(path("out.html")) + "<meta name=\"AIGC\" content=\"{}\">");
  EXPECT_EQ(verify("two.html").at("implicit").at("count"), 2);
  EXPECT_EQ(verify("two.html").at("result"), "fail");
  EXPECT_THROW(label(path("two.html").string(), "x.html"), Corrupt);
}

TEST_F(LabelTextTest, AFragmentHasItsLabelBesideIt) {
  label(write("in.html", "<p>好看。</p>"), "out.html");
  EXPECT_EQ(read_file(path("out.html")), "<p>好看。</p><p>（本文由AI生成）</p>\n");
  EXPECT_EQ(verify("out.html").at("implicit").at("carrier"), "sidecar");
  EXPECT_EQ(verify("out.html").at("result"), "pass");
}

TEST_F(LabelTextTest, TheLengthBudgetHoldsTheLabel) {
  const auto result = label(write("in.jsonl",
                                  "{\"id\":\"1\",\"text\":\"好看的裙子，百搭。\"}\n{\"id\":\"2\","
                                  "\"text\":\"没有标点的一句长长的话\"}\n"),
                            "out.jsonl", shorter_than(17));
  EXPECT_EQ(result.labelled, 1u);
  EXPECT_EQ(result.rejected, 1u);
  EXPECT_EQ(read_file(path("out.jsonl")),
            "{\"id\":\"1\",\"text\":\"好看的裙子。（本文由AI生成）\"}\n");
  EXPECT_NE(read_file(path("rejects.jsonl")).find("LBL_NO_ROOM"), std::string::npos);
}

TEST_F(LabelTextTest, ARowThatCarriesAForeignLabelGetsNoSecondOne) {
  const auto input =
      write("in.jsonl", std::string(kRows) + "{\"id\":\"p3\",\"text\":\"好看。\",\"AIGC\":{}}\n");
  EXPECT_EQ(label(input, "out.jsonl").rejected, 1u);
  EXPECT_NE(read_file(path("rejects.jsonl")).find("FOREIGN_LABEL"), std::string::npos);
}

TEST_F(LabelTextTest, APageIsNotPutBesideTheSidecarOfAnotherFile) {
  label(write("part.html", "<p>好看。</p>"), "out.html");
  const auto page = write("in.html", "<html><head></head><body>好看。</body></html>");
  EXPECT_THROW(label(page, "out.html"), InvalidInput);
}

TEST_F(LabelTextTest, ARowWithDamagedBytesIsLeftOutOfATable) {
  EXPECT_EQ(
      label(write("in.csv", "id,text\n1,好看。\n2,好\xff穿。\n3,百搭的裙子很好看。\n"), "out.csv")
          .rejected,
      1u);
  EXPECT_EQ(verify("out.csv").at("texts"), 2);
}

TEST_F(LabelTextTest, AMissingSidecarOrAForgedFieldFails) {
  label(write("in.jsonl", kRows), "out.jsonl");
  std::string sidecar = read_file(path("out.jsonl.aigc.json"));
  EXPECT_TRUE(std::all_of(sidecar.begin(), sidecar.end(), [](char c) {
    return c == '\n' || (c >= ' ' && c <= '~');
  })) << "printable ASCII";
  fs::remove(path("out.jsonl.aigc.json"));
  EXPECT_EQ(verify("out.jsonl").at("implicit").at("count"), 0);
  EXPECT_EQ(verify("out.jsonl").at("result"), "fail");
  sidecar.replace(sidecar.find("\"Label\":\"1\""), 11, "\"Label\":1");
  write("out.jsonl.aigc.json", sidecar);
  EXPECT_EQ(verify("out.jsonl").at("implicit").at("fields_ok"), false);
  EXPECT_EQ(verify("out.jsonl").at("result"), "fail");
  EXPECT_EQ(verify("gone.jsonl").at("result"), "fail");
}

TEST_F(LabelTextTest, AWriterOfTheLogKeepsTheFileAwayAndTheInputAsItWas) {
  const store::LabelLog other(context_.log, context_.clock);
  EXPECT_THROW(label(write("in.jsonl", kRows), "out.jsonl"), Busy);
  EXPECT_FALSE(fs::exists(path("out.jsonl")));
  EXPECT_FALSE(fs::exists(path("out.jsonl.aigc.json")));
}

/// The four steps over one master.
class ExportTest : public LabelTextTest {
 protected:
  std::string request() {
    master_ = write("master.jsonl", kRows);
    return request_export(master_, {"p1"}, "线下印刷", context_).at("request").get<std::string>();
  }
  void agree(const std::string& id) {
    agree_to_export(id, shipped_agreement().sha256.substr(0, 12), context_);
  }
  void approve(const std::string& id) {
    context_.who = "李";
    approve_export(id, "可以", context_);
    context_.who = "张";
  }
  void approved(const std::string& id) {
    agree(id);
    approve(id);
  }
  std::string master_;
};

TEST_F(ExportTest, AnApprovedRequestIsExportedWithItsImplicitLabelAlone) {
  const std::string id = request();
  approved(id);
  EXPECT_EQ(export_by_agreement(id, path("out.jsonl"), context_).at("state"), "exported");
  EXPECT_EQ(read_file(path("out.jsonl")),
            "{\"id\":\"p1\",\"field\":\"description\",\"text\":\"好看的裙子。\"}\n");
  const auto row = rows("out.jsonl").at(0);
  EXPECT_EQ(row.explicit_label, "by agreement");
  EXPECT_EQ(row.request, id);
  const Json report = verify("out.jsonl");
  EXPECT_EQ(report.at("explicit"), "by_agreement");
  EXPECT_EQ(report.at("result"), "pass") << report;
  EXPECT_THROW(export_by_agreement(id, path("twice.jsonl"), context_), InvalidInput);
}

TEST_F(ExportTest, BeforeApprovalThereIsNoExport) {
  const std::string id = request();
  EXPECT_THROW(export_by_agreement(id, path("out.jsonl"), context_), InvalidInput);
  agree(id);
  EXPECT_THROW(export_by_agreement(id, path("out.jsonl"), context_), InvalidInput);
  EXPECT_THROW(approve_export(id, "可以", context_), InvalidInput) << "the requester";
  EXPECT_FALSE(fs::exists(path("out.jsonl")));
}

TEST_F(ExportTest, AnExpiredRequestIsNotExported) {
  const std::string id = request();
  approved(id);
  now_ += std::chrono::days(31);
  EXPECT_THROW(export_by_agreement(id, path("out.jsonl"), context_), InvalidInput);
  EXPECT_EQ(export_requests(id, context_).at(0).at("state"), "expired");
}

TEST_F(ExportTest, ALabelledFileIsNoMaster) {
  label(write("in.jsonl", kRows), "labelled.jsonl");
  EXPECT_THROW(request_export(path("labelled.jsonl").string(), {"p1"}, "x", context_), InvalidInput)
      << "it has a sidecar";
  fs::copy(path("labelled.jsonl"), path("copy.jsonl"));
  EXPECT_THROW(request_export(path("copy.jsonl").string(), {"p1"}, "x", context_), InvalidInput)
      << "its texts hold the label";
  const std::string titles =
      "{\"id\":\"p1\",\"text\":\"好看。\"}\n{\"id\":\"p1\",\"field\":\"title\",\"text\":\"裙\"}\n";
  label(write("titles.jsonl", titles), "titled.jsonl");
  fs::copy(path("titled.jsonl"), path("copy2.jsonl"));
  EXPECT_THROW(request_export(path("copy2.jsonl").string(), {"p1"}, "x", context_), InvalidInput);
}

TEST_F(ExportTest, AnotherMasterThanTheRequestedOneIsRefused) {
  const std::string id = request();
  approved(id);
  write("master.jsonl", "{\"id\":\"p1\",\"text\":\"别的。\"}\n");
  EXPECT_THROW(export_by_agreement(id, path("out.jsonl"), context_), Corrupt);
}

TEST_F(ExportTest, CandidatesOfWriteAreMastersByNumber) {
  const auto master =
      write("written.jsonl",
            "{\"id\":\"p1\",\"candidates\":[{\"text\":\"一。\"},{\"text\":\"二。\"}]}\n");
  const std::string id =
      request_export(master, {"p1#2"}, "x", context_).at("request").get<std::string>();
  approved(id);
  export_by_agreement(id, path("out.jsonl"), context_);
  EXPECT_EQ(read_file(path("out.jsonl")),
            "{\"id\":\"p1#2\",\"field\":\"description\",\"text\":\"二。\"}\n");
  EXPECT_THROW(request_export(master, {"p1#3"}, "x", context_), InvalidInput);
}

TEST_F(ExportTest, TheWordOfASidecarIsNotEnough) {
  const std::string id = request();
  approved(id);
  export_by_agreement(id, path("out.jsonl"), context_);
  context_.log = path("other.jsonl");
  EXPECT_EQ(verify("out.jsonl").at("explicit"), "absent");
  EXPECT_EQ(verify("out.jsonl").at("result"), "fail");
}

TEST_F(ExportTest, TheAgreementMustHaveBeenRead) {
  const std::string id = request();
  for (const char* accept : {"", "0123456789ab"})
    EXPECT_THROW(agree_to_export(id, accept, context_), InvalidInput);
  EXPECT_THROW(agree_to_export(id, shipped_agreement().sha256.substr(0, 8), context_),
               InvalidInput);
}

}  // namespace
}  // namespace vitrine::recipes
