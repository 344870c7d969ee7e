// The real program: labels of files, their proof and log, exports by agreement, claim ledgers,
// likeness in a catalogue.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

/// Runs with settings and log of its own.
class LabelE2e : public testing::Test {
 protected:
  LabelE2e() {
    ::setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
    ::setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
    ::unsetenv("VITRINE_PRODUCER");
  }
  ~LabelE2e() override {
    ::unsetenv("XDG_CONFIG_HOME");
    ::unsetenv("XDG_STATE_HOME");
  }
  std::string write(const std::string& name, const std::string& bytes) {
    write_file_atomic(folder_ / name, bytes);
    return folder_ / name;
  }
  void set_producer() {
    ASSERT_EQ(run_program({"label", "settings", "--set-producer", "91310000X"}).exit_code, 0);
  }
  Json one_line(const ProgramResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return parse_json(result.out, "stdout");
  }
  TemporaryFolder folder_;
};

constexpr const char* kRows =
    "{\"id\":\"p1\",\"text\":\"真丝的裙子，好看。\"}\n{\"id\":\"p2\",\"text\":\"好穿的裤子。\"}\n";

TEST_F(LabelE2e, NothingIsLabelledBeforeAProducerIsSet) {
  const auto input = write("in.jsonl", kRows);
  const auto refused = run_program({"label", "text", input, "--output", folder_ / "out.jsonl"});
  EXPECT_TRUE(failed_with_one_line(refused, 1, "LBL_NO_PRODUCER"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.jsonl"));
  EXPECT_EQ(
      run_program({"label", "text", input, "--output", folder_ / "out.jsonl", "--producer", "X"})
          .exit_code,
      0);
  set_producer();
  EXPECT_EQ(run_program({"label", "text", input, "--output", folder_ / "out.jsonl"}).exit_code, 0);
}

TEST_F(LabelE2e, EveryFormatThatIsLabelledIsVerified) {
  set_producer();
  const std::vector<std::string> inputs = {
      write("a.jsonl", kRows), write("b.csv", "id,text\n1,好看。\n"),
      write("c.tsv", "id\ttext\n1\t好看。\n"), write("d.txt", "好看。\n"),
      write("e.html", "<html><head></head><body>好看。</body></html>")};
  std::vector<std::string> label{"label", "text"}, verify{"verify", "text"};
  for (const auto& input : inputs) {
    label.push_back(input);
    verify.push_back(folder_ / "out/" + std::filesystem::path(input).filename().string());
  }
  label.insert(label.end(), {"--output", folder_ / "out/"});
  const auto labelled = run_program(label);
  ASSERT_EQ(labelled.exit_code, 0) << labelled.err;
  const auto verified = run_program(verify);
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  EXPECT_EQ(lines(verified.out).size(), inputs.size());
  EXPECT_NE(verified.err.find("5/5"), std::string::npos) << verified.err;
  EXPECT_EQ(run_program({"verify", "text", inputs[0]}).exit_code, 3) << "the unlabelled input";
}

TEST_F(LabelE2e, PackedFilesAndRejectedRowsAreReported) {
  set_producer();
  const auto input =
      write("in.jsonl", std::string(kRows) + "{\"id\":\"p3\",\"text\":\"\"}\nno json\n");
  const auto result = run_program({"label", "text", input, "--output", folder_ / "out.jsonl.gz",
                                   "--rejects", folder_ / "rejects.jsonl"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(lines(read_file(folder_ / "rejects.jsonl")).size(), 2u);
  EXPECT_EQ(run_program({"verify", "text", folder_ / "out.jsonl.gz"}).exit_code, 0);
}

TEST_F(LabelE2e, OutputsThatCannotHoldALabelAreWrongUsage) {
  set_producer();
  const auto input = write("in.jsonl", kRows);
  EXPECT_TRUE(failed_with_one_line(run_program({"label", "text", input}), 2, "--output"));
  EXPECT_TRUE(failed_with_one_line(run_program({"label", "text", input, "--output", "-"}), 2,
                                   "implicit labels lie beside"));
  EXPECT_TRUE(failed_with_one_line(run_program({"label", "text", input, "--output", input}), 2,
                                   "also an input"));
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", "text", input, input, "--output", folder_ / "x.jsonl"}), 2,
      "need a folder"));
  EXPECT_TRUE(failed_with_one_line(run_program({"label", "text", input, "--output",
                                                folder_ / "x.jsonl", "--wording", "自动生成"}),
                                   1, "wording"));
  EXPECT_EQ(read_file(input), kRows);
}

TEST_F(LabelE2e, ATamperedLogIsFound) {
  set_producer();
  ASSERT_EQ(
      run_program({"label", "text", write("in.jsonl", kRows), "--output", folder_ / "out.jsonl"})
          .exit_code,
      0);
  EXPECT_EQ(run_program({"label", "log", "--verify"}).exit_code, 0);
  EXPECT_EQ(lines(run_program({"label", "log"}).out).size(), 2u);
  EXPECT_TRUE(failed_with_one_line(run_program({"label", "log", "--prune", "--keep-months", "5"}),
                                   2, "--keep-months: expected 6"));
  EXPECT_EQ(run_program({"label", "log", "--prune"}).exit_code, 0);
  const std::string log = folder_ / "state/vitrine/labels.jsonl";
  std::string bytes = read_file(log);
  bytes.replace(bytes.find("\"row\":\"p1\""), 10, "\"row\":\"p9\"");
  write_file_atomic(log, bytes);
  const auto broken = run_program({"label", "log", "--verify"});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_NE(broken.out.find("line 1"), std::string::npos) << broken.out;
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", "text", folder_ / "in.jsonl", "--output", folder_ / "x.jsonl"}), 1,
      "LBL_LOG_BROKEN"));
}

TEST_F(LabelE2e, AnExportWithoutExplicitLabelTakesAllItsSteps) {
  set_producer();
  const auto master = write("master.jsonl", kRows);
  const std::string id = one_line(run_program({"label", "request", master, "--ids", "p1",
                                               "--purpose", "线下印刷", "--who", "zhang"}))
                             .at("request");
  const std::vector<std::string> send{"label", "export", id, "--output", folder_ / "out.jsonl",
                                      "--who", "zhang"};
  EXPECT_TRUE(
      failed_with_one_line(run_program(send), 1, "expected state approved, it is requested"));
  const std::string agreement = run_program({"label", "agreement"}).out;
  const std::string version = agreement.substr(agreement.rfind(": ") + 2, 64);
  EXPECT_EQ(one_line(run_program({"label", "agree", id, "--accept", version, "--who", "wang"}))
                .at("state"),
            "agreed");
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", "approve", id, "--reason", "ok", "--who", "zhang"}), 1,
      "expected another person"));
  EXPECT_EQ(
      one_line(run_program({"label", "approve", id, "--reason", "ok", "--who", "li"})).at("state"),
      "approved");
  EXPECT_EQ(one_line(run_program(send)).at("state"), "exported");
  const auto verified = run_program({"verify", "text", folder_ / "out.jsonl"});
  EXPECT_EQ(one_line(verified).at("explicit"), "by_agreement");
  EXPECT_TRUE(
      failed_with_one_line(run_program({"label", "refuse", id, "--reason", "no"}), 1, "exported"));
  EXPECT_EQ(one_line(run_program({"label", "status", id})).at("approved_by"), "li");
}

/// Every object of `label` and every option of each: none promises to take a label away, and each
/// that writes texts gives files that are labelled.
TEST_F(LabelE2e, NoCommandTakesALabelAway) {
  const auto words_of = [](const std::string& help) {
    std::vector<std::string> names;
    for (const std::string& line : lines(help)) {
      if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
        names.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    return names;
  };
  const std::vector<std::string> known{"FILES", "text",  "settings", "log",    "agreement", "request",
                                       "agree", "approve",  "refuse", "export",    "status"};
  std::vector<std::string> objects;
  for (const std::string& name : words_of(run_program({"label", "--help"}).out)) {
    if (!name.starts_with('-')) objects.push_back(name);
  }
  EXPECT_EQ(objects, known) << "a new object: show here that it takes no label away";
  for (const std::string& object : objects) {
    // FILES are pictures: the help of the verb itself.
    const std::string help = run_program(object == "FILES" ? std::vector<std::string>{"label", "--help"} : std::vector<std::string>{"label", object, "--help"}).out;
    for (const char* word : {"remove", "strip", "erase", "--no-explicit", "--no-implicit",
                             "--no-label", "without-label", "hide", "去除", "删除"}) {
      EXPECT_EQ(help.find(word), std::string::npos) << object << ": " << word;
    }
  }
  // The two objects that write texts, on labelled files.
  set_producer();
  ASSERT_EQ(
      run_program({"label", "text", write("in.jsonl", kRows), "--output", folder_ / "a.jsonl"})
          .exit_code,
      0);
  const std::vector<std::vector<std::string>> ways = {{},
                                                      {"--as-propagator"},
                                                      {"--place", "start"},
                                                      {"--wording", "（AI生成）"},
                                                      {"--max-length", "5"}};
  for (const auto& way : ways) {
    std::vector<std::string> args{"label", "text", folder_ / "a.jsonl", "--output",
                                  folder_ / "b.jsonl"};
    args.insert(args.end(), way.begin(), way.end());
    if (run_program(args).exit_code != 0) continue;
    EXPECT_EQ(run_program({"verify", "text", folder_ / "b.jsonl"}).exit_code, 0)
        << (way.empty() ? "" : way.front());
    EXPECT_EQ(read_file(folder_ / "b.jsonl"), read_file(folder_ / "a.jsonl"));
  }
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", "request", folder_ / "a.jsonl", "--ids", "p1", "--purpose", "x"}), 1,
      "LBL_NO_MASTER"));
}

TEST_F(LabelE2e, DeletingADocumentTurnsItsClaimsRed) {
  set_producer();
  const char* product =
      R"({"id":"p1","source":{"file":"x","row":1,"format":"product"},"attributes":[{"id":"a1","key_raw":"材质","val_raw":"真丝","evidence_id":"d1"}])";
  const std::string with =
      std::string(product) +
      R"(,"docs":[{"id":"d1","type":"report","issuer":"检测所","valid_to":"2099-01-01"}]})" + "\n";
  write("products.jsonl", with);
  write("in.jsonl", "{\"id\":\"p1\",\"text\":\"真丝的裙子，好看。\"}\n");
  const auto labelled =
      run_program({"label", "text", folder_ / "in.jsonl", "--output", folder_ / "out.jsonl",
                   "--evidence", folder_ / "products.jsonl", "--reviewer", "li"});
  ASSERT_EQ(labelled.exit_code, 0) << labelled.err;
  const std::vector<std::string> verify{"verify", "ledger", folder_ / "out.jsonl.ledger.jsonl",
                                        "--evidence", folder_ / "products.jsonl"};
  const auto green = run_program(verify);
  EXPECT_EQ(green.exit_code, 0) << green.out << green.err;
  EXPECT_NE(green.out.find("\"claim\":\"真丝\""), std::string::npos) << green.out;
  EXPECT_EQ(green.out.find("AI"), std::string::npos) << "the label is no claim: " << green.out;
  write("products.jsonl", std::string(product) + "}\n");
  const auto red = run_program(verify);
  EXPECT_EQ(red.exit_code, 3);
  EXPECT_NE(red.out.find("document_gone doc:d1"), std::string::npos) << red.out << red.err;
}

TEST_F(LabelE2e, TextsOfACatalogueThatAreTooLikeAreListed) {
  const auto texts =
      write("texts.jsonl",
            "{\"id\":\"p1\",\"text\":\"这款连衣裙选用柔软的面料，穿着舒适，简约大方。\"}\n{\"id\":"
            "\"p2\",\"text\":\"这款连衣裙选用柔软的面料，穿着舒服，简约大方。\"}\n"
            "{\"id\":\"p3\",\"text\":\"厚实的羊毛大衣，翻领设计尽显干练。\"}\n");
  const auto result = run_program({"evaluate", "catalogue", texts});
  const Json json = one_line(result);
  ASSERT_EQ(json.at("pairs").size(), 1u) << result.out;
  EXPECT_EQ(json.at("pairs")[0].at("a"), "p1");
  EXPECT_EQ(json.at("pairs")[0].at("b"), "p2");
  EXPECT_EQ(json.at("self_similarity").at("n"), 3);
  EXPECT_NE(result.err.find("p1"), std::string::npos) << result.err;
  EXPECT_EQ(run_program({"evaluate", "catalogue", texts, "--threads", "1"}).out, result.out);
  EXPECT_TRUE(
      failed_with_one_line(run_program({"evaluate", "catalogue",
                                        write("one.jsonl", "{\"id\":\"p1\",\"text\":\"x\"}\n")}),
                           1, "two products"));
}

}  // namespace
}  // namespace vitrine::e2e
