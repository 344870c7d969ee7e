// vitrine import, as a shop sees it: good tables, bad tables, a full disk.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

std::string pair_row(const std::string& content) { return R"({"content": ")" + content + "\"}\n"; }

TEST(ImportE2e, ATableBecomesProductRecordsInItsOrder) {
  TemporaryFolder folder;
  write_file_atomic(folder / "shop.csv", "商品ID,标题,类目,属性\nA1,蚕丝连衣裙,裙,材质:蚕丝;裙长:连衣裙\nA2,台灯,灯具,材质:陶瓷\n");
  const auto result = run_program({"import", folder / "shop.csv"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto records = lines(result.out);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(parse_json(records[0], "record")["id"], "A1");
  EXPECT_EQ(parse_json(records[1], "record")["id"], "A2");
}

TEST(ImportE2e, TheSameTableInGb18030AndUtf8GivesTheSameRecords) {
  TemporaryFolder folder;
  write_file_atomic(folder / "t.csv", "id,标题\n1,连衣裙\n");
  const auto utf8 = run_program({"import", "t.csv"}, {.working_folder = folder.path()});
  write_file_atomic(folder / "t.csv", "id,\xb1\xea\xcc\xe2\n1,\xc1\xac\xd2\xc2\xc8\xb9\n");
  const auto gb18030 = run_program({"import", "t.csv"}, {.working_folder = folder.path()});
  EXPECT_EQ(utf8.exit_code, 0) << utf8.err;
  EXPECT_NE(utf8.out.find("连衣裙"), std::string::npos);
  EXPECT_EQ(gb18030.out, utf8.out) << gb18030.err;
}

TEST(ImportE2e, TheShippedHeldOutRowsComeInWithoutARejection) {
  const auto result = run_program({"import", "--quiet", source_file("data/advertisegen/dev.jsonl").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(lines(result.out).size(), 535u);
}

TEST(ImportE2e, AMissingFileIsOneLineThatNamesIt) {
  EXPECT_TRUE(failed_with_one_line(run_program({"import", "/nowhere/shop.csv"}), 1, "/nowhere/shop.csv"));
}

TEST(ImportE2e, AnEmptyFileIsRefusedAndNoOutputAppears) {
  TemporaryFolder folder;
  write_file_atomic(folder / "shop.csv", "");
  const auto result = run_program({"import", folder / "shop.csv", "--output", folder / "out.jsonl"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "EMPTY_FILE: no text in it"));
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"shop.csv"});
}

TEST(ImportE2e, BytesOfNoKnownEncodingAreRefused) {
  TemporaryFolder folder;
  write_file_atomic(folder / "shop.csv", "id,title\n1,\xff\xff\xff\n");
  EXPECT_TRUE(failed_with_one_line(run_program({"import", folder / "shop.csv"}), 1, "ENC_"));
}

TEST(ImportE2e, NearDuplicatesAreListedWithTheRowTheyAreLike) {
  TemporaryFolder folder;
  const std::string text = "这款连衣裙采用棉质面料，简约的版型搭配红色，日常穿着舒适，适合各种场合";
  write_file_atomic(folder / "shop.csv", "id,标题,描述\n1,长款连衣裙," + text + "\n2,台灯,陶瓷灯座暖光护眼\n3,短款半身裙," + text + "。\n4,长款连衣裙,\n");
  const auto result = run_program({"import", folder / "shop.csv", "--duplicates", folder / "duplicates.jsonl"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::vector<std::string> found;
  for (const std::string& line : lines(read_file(folder / "duplicates.jsonl"))) {
    const Json pair = parse_json(line, "pair");
    found.push_back(pair["id"].get<std::string>() + " " + pair["field"].get<std::string>() + " " + pair["like"].get<std::string>());
    EXPECT_GE(pair["similarity"].get<double>(), 0.8) << line;
  }
  EXPECT_EQ(found, (std::vector<std::string>{"4 title 1", "3 text 1"}));
}

TEST(ImportE2e, AFileOverTheLimitIsListedAmongTheRejects) {
  TemporaryFolder folder;
  write_file_atomic(folder / "shop.csv", "标题\n裙\n" + std::string(1 << 20, '\n'));
  const auto result = run_program({"import", folder / "shop.csv", "--max-file-mib", "1", "--rejects", folder / "rejects.jsonl"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "TOO_LARGE"));
  const Json finding = parse_json(read_file(folder / "rejects.jsonl"), "finding");
  EXPECT_EQ(finding["code"], "TOO_LARGE");
  EXPECT_EQ(finding["severity"], "fatal");
}

TEST(ImportE2e, RowsForStandardOutputTakeLittleMemory) {
  TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 60'000; ++i) rows += pair_row("类型#裙*备注#" + std::string(1000, 'x'));
  write_file_atomic(folder / "rows.jsonl", rows);
  const auto result = run_program({"import", folder / "rows.jsonl"}, {.stdout_file = "/dev/null"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LT(result.max_rss_kib, 80 << 10);  // of 120 MiB
}

TEST(ImportE2e, APairWithoutASeparatorIsListedAndTheOthersStay) {
  TemporaryFolder folder;
  write_file_atomic(folder / "rows.jsonl", pair_row("类型#裙*显瘦*风格#简约"));
  const auto result = run_program({"import", folder / "rows.jsonl", "--rejects", folder / "rejects.jsonl"});
  const auto record = parse_json(result.out, "record");
  EXPECT_EQ(record["attributes"].size(), 2u) << result.out;
  EXPECT_NE(read_file(folder / "rejects.jsonl").find("ATTR_NO_SEPARATOR"), std::string::npos);
}

TEST(ImportE2e, ARejectedRowIsListedWithItsLineAndTheGoodOnesComeIn) {
  TemporaryFolder folder;
  write_file_atomic(folder / "rows.jsonl", pair_row("类型#裙") + "not JSON\n" + pair_row("类型#裤"));
  const auto result = run_program({"import", folder / "rows.jsonl", "--rejects", folder / "rejects.jsonl"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_EQ(lines(result.out).size(), 2u);
  EXPECT_EQ(parse_json(lines(read_file(folder / "rejects.jsonl")).at(0), "reject")["row"], 2);
}

TEST(ImportE2e, StrictImportsNothingWhenARowIsRejected) {
  TemporaryFolder folder;
  write_file_atomic(folder / "rows.jsonl", pair_row("类型#裙") + "not JSON\n");
  const auto result = run_program({"import", folder / "rows.jsonl", "--strict", "--output", folder / "out.jsonl"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "rows.jsonl"));
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"rows.jsonl"});
}

TEST(ImportE2e, AnAttributeOf100000CharactersIsKeptOrListedButNeverCut) {
  TemporaryFolder folder;
  const std::string huge(100000, 'x');
  write_file_atomic(folder / "rows.jsonl", pair_row("类型#裙*备注#" + huge) + pair_row("类型#裤"));
  const auto result = run_program({"import", folder / "rows.jsonl", "--rejects", folder / "rejects.jsonl"});
  const bool kept = result.out.find(huge) != std::string::npos;
  EXPECT_EQ(lines(result.out).size(), kept ? 2u : 1u);
  EXPECT_EQ(result.exit_code, kept ? 0 : 3) << result.err;
}

TEST(ImportE2e, AFullDiskIsOneLineAndLeavesNothing) {
  const SmallDisk disk(64);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  const auto out = disk.path() / "products.jsonl";
  const auto result = run_program({"import", source_file("data/advertisegen/dev.jsonl").string(), "--output", out.string()});
  EXPECT_TRUE(failed_with_one_line(result, 1, "products.jsonl"));
  EXPECT_EQ(files_below(disk.path()), std::vector<std::string>{});
}

TEST(ImportE2e, AStdoutThatTakesNothingIsAFailure) {
  const auto result = run_program({"import", source_file("data/advertisegen/dev.jsonl").string()}, {.stdout_file = "/dev/full"});
  EXPECT_TRUE(failed_with_one_line(result, 1, ""));
}

TEST(ImportE2e, ReadsStandardInputAndGzip) {
  TemporaryFolder folder;
  const auto plain = run_program({"import", "-"}, {.stdin_text = pair_row("类型#裙")});
  EXPECT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_EQ(lines(plain.out).size(), 1u);
  ASSERT_EQ(run_program({"import", "-", "--output", folder / "p.jsonl.gz"}, {.stdin_text = pair_row("类型#裙")}).exit_code, 0);
  EXPECT_EQ(lines(run_program({"import", folder / "p.jsonl.gz"}).out).size(), 1u);
}

TEST(ImportE2e, AnOutputThatIsTheInputOrAFolderIsWrongUsageAndNothingIsTouched) {
  TemporaryFolder folder;
  write_file_atomic(folder / "rows.jsonl", pair_row("类型#裙"));
  std::filesystem::create_symlink("rows.jsonl", folder / "link.jsonl");
  for (const char* output : {"rows.jsonl", "link.jsonl"}) {
    EXPECT_TRUE(failed_with_one_line(run_program({"import", folder / "rows.jsonl", "--output", folder / output}), 2, "also an input"));
    EXPECT_TRUE(failed_with_one_line(run_program({"points", folder / "rows.jsonl", "--output", folder / output}), 2, "also an input"));
    EXPECT_TRUE(failed_with_one_line(run_program({"write", folder / "rows.jsonl", "--rejects", folder / output}), 2, "also an input"));
    EXPECT_TRUE(failed_with_one_line(run_program({"score", "copy", folder / "rows.jsonl", "--model", "copy-mini", "--output", folder / output}), 2, "also an input"));
  }
  EXPECT_TRUE(failed_with_one_line(run_program({"import", folder / "rows.jsonl", "--output", folder / "new/"}), 2, "is a folder"));
  EXPECT_EQ(read_file(folder / "rows.jsonl"), pair_row("类型#裙"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.jsonl"));
  EXPECT_FALSE(std::filesystem::exists(folder / "new"));
}

TEST(ImportE2e, CtrlCWhileItWaitsForStandardInputIsAnInterruption) {
  const auto result = run_program({"import", "-"}, {.stdin_text = pair_row("类型#裙"), .stdin_stays_open = true, .interrupt_after_ms = 500});
  EXPECT_TRUE(failed_with_one_line(result, 130, "interrupted"));
  EXPECT_EQ(lines(result.err).size(), 1u) << result.err;
}

TEST(PointsE2e, AFullStandardOutputFailsAndAPackedOutputIsPacked) {
  const std::string rows = pair_row("类型#裙*风格#简约");
  EXPECT_TRUE(failed_with_one_line(run_program({"points", "-"}, {.stdin_text = rows, .stdout_file = "/dev/full"}), 1, "No space"));
  TemporaryFolder folder;
  ASSERT_EQ(run_program({"points", "-", "--output", folder / "plans.jsonl.gz"}, {.stdin_text = rows}).exit_code, 0);
  EXPECT_TRUE(read_file(folder / "plans.jsonl.gz").starts_with("\x1f\x8b"));
  EXPECT_EQ(run_program({"points", "-", "--output", "/dev/null"}, {.stdin_text = rows}).exit_code, 0);
}

}  // namespace
}  // namespace vitrine::e2e
