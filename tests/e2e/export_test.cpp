// export, and write with a table as output: into a shop's own file, checked and labelled.
#include <fstream>
#include <sstream>

#include "base/compressed.h"
#include "base/error.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

void put(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Json> json_lines(const std::string& path) {
  std::vector<Json> rows;
  for (const std::string& line : lines(get(path))) rows.push_back(parse_json(line, path));
  return rows;
}

/// Options that keep a run away from the settings of whoever runs the tests.
std::vector<std::string> labelled(std::vector<std::string> args, const TemporaryFolder& folder) {
  for (const std::string& more : {std::string("--producer"), std::string("测试店铺"), std::string("--log"), folder / "log.jsonl"}) args.push_back(more);
  return args;
}

constexpr const char* kShopify =
    "Handle,Title,Body (HTML),Vendor,Variant Price,Image Src,SEO Title\r\n"
    "dress,,,甲,99.00,http://i/1.jpg,\r\n"
    "skirt,棉质半身裙,,甲,59.00,http://i/2.jpg,\r\n"
    "skirt,,,,59.00,http://i/3.jpg,\r\n"
    "shirt,衬衫,<p>旧文</p>,\"甲,乙\",79.00,http://i/4.jpg,\r\n";

constexpr const char* kTexts =
    "{\"id\":\"skirt\",\"text\":\"这款半身裙简约百搭，日常穿着舒适。\"}\n"
    "{\"id\":\"skirt\",\"field\":\"seo_title\",\"text\":\"简约半身裙\"}\n"
    "{\"id\":\"shirt\",\"text\":\"这款衬衫简约百搭。\"}\n"
    "{\"id\":\"unknown\",\"text\":\"没有这件。\"}\n";

TEST(ExportTest, TextsGoIntoEmptyCellsAndEveryOtherCellStays) {
  const TemporaryFolder folder;
  put(folder / "s.csv", kShopify);
  put(folder / "t.jsonl", kTexts);
  const auto result = run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv"}, folder));
  EXPECT_EQ(result.exit_code, 3) << result.err;  // one text has no row
  EXPECT_NE(result.err.find("name no licence"), std::string::npos);
  const auto before = lines(kShopify), after = lines(get(folder / "out.csv"));
  ASSERT_EQ(before.size(), after.size());
  for (const size_t same : {0, 1, 3, 4}) EXPECT_EQ(before[same], after[same]);
  EXPECT_NE(after[2].find("<p>这款半身裙简约百搭，日常穿着舒适。（本文由AI生成）</p>"), std::string::npos) << after[2];
  EXPECT_EQ(run_program(labelled({"verify", "text", folder / "out.csv"}, folder)).exit_code, 0);

  const auto manifest = json_lines(folder / "out.csv.manifest.jsonl");
  EXPECT_EQ(manifest[0]["kind"], "export_manifest");
  std::map<std::string, Json> by_place;
  for (size_t i = 1; i < manifest.size(); ++i) by_place[manifest[i]["id"].get<std::string>() + "/" + manifest[i]["field"].get<std::string>()] = manifest[i];
  EXPECT_EQ(by_place["skirt/description"]["status"], "written");
  EXPECT_EQ(by_place["skirt/description"]["before_sha256"], nullptr);
  EXPECT_EQ(by_place["skirt/description"]["after_sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(by_place["shirt/description"]["status"], "filled");
  EXPECT_EQ(by_place["unknown/description"]["status"], "no_row");
}

TEST(ExportTest, WhatTheChecksBlockAndWhatHasNoLabelDoesNotLeave) {
  const TemporaryFolder folder;
  put(folder / "s.csv", "id,标题,文案,短标题\n1,裙,,\n2,裤,,\n");
  put(folder / "t.jsonl", "{\"id\":\"1\",\"text\":\"全国第一的最佳裙子。\"}\n{\"id\":\"2\",\"field\":\"short_title\",\"text\":\"简约裤\"}\n");
  const auto result = run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv", "--licence", "own"}, folder));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err.find("licence"), std::string::npos) << result.err;
  EXPECT_EQ(get(folder / "out.csv"), get(folder / "s.csv"));
  const auto manifest = json_lines(folder / "out.csv.manifest.jsonl");
  EXPECT_EQ(manifest[1]["status"], "blocked");
  EXPECT_EQ(manifest[2]["status"], "no_description");
  put(folder / "ok.jsonl", "{\"id\":\"1\",\"text\":\"简约长裙。\"}\n");
  const auto nobody = run_program({"export", folder / "s.csv", "--texts", folder / "ok.jsonl", "--output", folder / "x.csv", "--settings", folder / "none.json"});
  EXPECT_EQ(nobody.exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder / "x.csv"));
}

TEST(ExportTest, TitlesThatAreTooLongForMerchantCenterDoNotLeave) {
  const TemporaryFolder folder;
  std::string title;
  for (int i = 0; i < 151; ++i) title += "裙";
  put(folder / "f.tsv", "id\ttitle\tlink\timage_link\n1\t裙\tu\tv\n2\t裤\tu\tv\n");
  put(folder / "t.jsonl", "{\"id\":\"1\",\"text\":\"简约长裙。\"}\n{\"id\":\"1\",\"field\":\"title\",\"text\":\"" + title + "\"}\n{\"id\":\"2\",\"text\":\"简约裤。\"}\n{\"id\":\"2\",\"field\":\"title\",\"text\":\"简约裤\"}\n");
  const std::vector<std::string> command = {"export", folder / "f.tsv", "--texts", folder / "t.jsonl", "--output", folder / "out.tsv", "--licence", "own"};
  const auto result = run_program(labelled(command, folder));
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_EQ(get(folder / "out.tsv").find(title), std::string::npos);
  EXPECT_NE(get(folder / "out.tsv").find("trained_algorithmic_media:\"简约裤\""), std::string::npos);
  const auto manifest = json_lines(folder / "out.tsv.manifest.jsonl");
  EXPECT_EQ(manifest[0]["platform"], "google_merchant");
  EXPECT_EQ(manifest[2]["status"], "too_long");
  auto other = labelled(command, folder);
  other.insert(other.end(), {"--platform", "taobao"});
  EXPECT_EQ(run_program(other).exit_code, 2);
}

TEST(ExportTest, ADryRunWritesTheManifestAlone) {
  const TemporaryFolder folder;
  put(folder / "s.csv", kShopify);
  put(folder / "t.jsonl", kTexts);
  run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv", "--dry-run"}, folder));
  EXPECT_EQ(files_below(folder.path()), (std::vector<std::string>{"out.csv.manifest.jsonl", "s.csv", "t.jsonl"}));
  EXPECT_NE(get(folder / "out.csv.manifest.jsonl").find("would_write"), std::string::npos);
}

TEST(ExportTest, AnArchiveHoldsTheFileItsLabelsAndItsManifestAndVerifies) {
  const TemporaryFolder folder;
  put(folder / "s.csv", kShopify);
  put(folder / "t.jsonl", kTexts);
  run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.zip"}, folder));
  const auto verified = run_program(labelled({"verify", "text", folder / "out.zip"}, folder));
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_EQ(run_program({"import", folder / "out.zip", "--output", folder / "p.jsonl"}).exit_code, 3);  // a row without title
}

TEST(ExportTest, AChangedTextIsFoundAndNotExportedAgain) {
  const TemporaryFolder folder;
  put(folder / "s.csv", kShopify);
  put(folder / "t.jsonl", kTexts);
  run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv"}, folder));
  // Again from the labelled file: its labels stay with it.
  put(folder / "more.jsonl", "{\"id\":\"shirt\",\"field\":\"seo_title\",\"text\":\"衬衫\"}\n");
  run_program(labelled({"export", folder / "out.csv", "--texts", folder / "more.jsonl", "--output", folder / "again.csv"}, folder));
  EXPECT_EQ(run_program(labelled({"verify", "text", folder / "again.csv"}, folder)).exit_code, 0);
  std::string text = get(folder / "out.csv");
  text.replace(text.find("舒适"), 6, "漂亮");
  put(folder / "out.csv", text);
  EXPECT_EQ(run_program(labelled({"verify", "text", folder / "out.csv"}, folder)).exit_code, 3);
  const auto refused = run_program(labelled({"export", folder / "out.csv", "--texts", folder / "more.jsonl", "--output", folder / "third.csv"}, folder));
  EXPECT_TRUE(failed_with_one_line(refused, 1, "LBL_CHANGED"));
}

TEST(ExportTest, RejectedRowsAreNamedAndBlanksAreFilled) {
  const TemporaryFolder folder;
  put(folder / "s.csv", "商品ID,标题,文案\ng1,裙,\ng1,裤,\ng3,衫,　\n");
  put(folder / "t.jsonl", "{\"id\":\"g1\",\"text\":\"简约长裙。\"}\n{\"id\":\"g3\",\"text\":\"简约衬衫。\"}\n");
  const auto result = run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv", "--rejects", folder / "r.jsonl"}, folder));
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_NE(result.err.find("s.csv row 3"), std::string::npos) << result.err;
  EXPECT_EQ(get(folder / "out.csv"), "商品ID,标题,文案\ng1,裙,简约长裙。（本文由AI生成）\ng1,裤,\ng3,衫,简约衬衫。（本文由AI生成）\n");
  const auto rejects = json_lines(folder / "r.jsonl");
  ASSERT_EQ(rejects.size(), 1u);
  EXPECT_EQ(rejects[0]["code"], "DUP_ID");
}

TEST(ExportTest, AnOutputOfAnotherKindIsWrongUsage) {
  const TemporaryFolder folder;
  put(folder / "s.csv", "商品ID,标题,文案\ng1,裙,\n");
  put(folder / "t.jsonl", "{\"id\":\"g1\",\"text\":\"简约长裙。\"}\n");
  for (const char* output : {"out.xlsx", "out.json", "out.tsv"}) {
    EXPECT_TRUE(failed_with_one_line(run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / output, "--licence", "own"}, folder)), 2, output));
    if (output == std::string_view("out.tsv")) continue;
    EXPECT_TRUE(failed_with_one_line(run_program(labelled({"write", folder / "s.csv", "--baseline", "template", "--output", folder / output}, folder)), 2, output));
  }
  EXPECT_EQ(files_below(folder.path()), (std::vector<std::string>{"s.csv", "t.jsonl"}));
}

TEST(ExportTest, EveryOfferedTextIsInTheManifestWithWhatBecameOfIt) {
  const TemporaryFolder folder;
  put(folder / "s.csv", "商品ID,标题,文案\ng1,裙,\ng2,裤,\n");
  put(folder / "t.jsonl",
      "{\"id\":\"g1\",\"text\":\"全国第一的最佳裙子。\"}\n{\"id\":\"g1\",\"text\":\"简约长裙。\"}\n{\"id\":\"g1\",\"text\":\"百搭长裙。\"}\n"
      "{\"id\":\"g2\",\"candidates\":[{\"index\":5,\"text\":\"全国第一的裤子。\"},{\"index\":2,\"text\":\"简约长裤。\"},{\"index\":0,\"text\":\"百搭长裤。\"}]}\n");
  put(folder / "more.jsonl", "{\"id\":\"g2\",\"text\":\"又一条长裤。\"}\n");
  const auto result = run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl" + "," + folder / "more.jsonl", "--output", folder / "out.csv", "--licence", "own"}, folder));
  EXPECT_EQ(result.exit_code, 0) << result.err;  // every place got a text
  EXPECT_EQ(get(folder / "out.csv"), "商品ID,标题,文案\ng1,裙,简约长裙。（本文由AI生成）\ng2,裤,简约长裤。（本文由AI生成）\n");
  const auto manifest = json_lines(folder / "out.csv.manifest.jsonl");
  ASSERT_EQ(manifest.size(), 6u);
  std::vector<std::string> what;
  for (size_t i = 1; i < manifest.size(); ++i) what.push_back(manifest[i]["id"].get<std::string>() + " " + manifest[i]["status"].get<std::string>());
  EXPECT_EQ(what, (std::vector<std::string>{"g1 blocked", "g1 written", "g1 not_needed", "g2 written", "g2 not_needed"}));
  EXPECT_EQ(manifest[0]["counts"], Json({{"written", 2}, {"not_needed", 2}, {"blocked", 1}}));
  EXPECT_EQ(manifest[4]["candidate"]["index"], 2);
  const Json& others = manifest[4]["others"];
  ASSERT_EQ(others.size(), 2u);
  EXPECT_EQ(others[0]["index"], 5);
  EXPECT_EQ(others[0]["status"], "blocked");
  EXPECT_FALSE(others[0]["hits"].empty());
  EXPECT_EQ(others[1], Json({{"index", 0}, {"status", "not_needed"}}));
}

TEST(ExportTest, ALineOfAnyLengthIsARejectedRowAsItIsForImport) {
  const TemporaryFolder folder;
  const std::string long_cell(size_t{40} << 20, 'x');
  const std::string table = "商品ID,标题,文案\ng1,裙,\ng2," + long_cell + ",\ng3,衫,\n";
  put(folder / "s.csv", table);
  put(folder / "t.jsonl", "{\"id\":\"g3\",\"text\":\"简约衬衫。\"}\n");
  const auto result = run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv", "--rejects", folder / "r.jsonl"}, folder));
  EXPECT_EQ(result.exit_code, 3) << result.err;
  run_program({"import", folder / "s.csv", "--output", folder / "p.jsonl", "--rejects", folder / "import.jsonl"});
  EXPECT_EQ(get(folder / "r.jsonl"), get(folder / "import.jsonl"));
  EXPECT_EQ(json_lines(folder / "r.jsonl").at(0)["code"], "TOO_LARGE");
  std::string expected = table;
  expected.insert(expected.size() - 1, "简约衬衫。（本文由AI生成）");
  EXPECT_TRUE(get(folder / "out.csv") == expected);
}

/// A table of so many rows of about 4 KB without copy.
std::string wide_table(int rows) {
  std::string table = "商品ID,标题,商品属性,备注,文案\n";
  for (int row = 0; row < rows; ++row) {
    table += "g" + std::to_string(row) + ",连衣裙,类型:裙;颜色:红色;风格:简约,";
    for (int i = 0; i < 330; ++i) table += "店里的话";
    table += ",\n";
  }
  return table;
}

TEST(ExportTest, MemoryDoesNotGrowWithTheFile) {
  const TemporaryFolder folder;
  put(folder / "t.jsonl", "{\"id\":\"g7\",\"text\":\"简约长裙。\"}\n");
  long memory[2] = {0, 0};
  for (const int rows : {10, 25000}) {  // the second of 100 MB
    put(folder / "s.csv", wide_table(rows));  // not kept: what forks a program lends it its memory
    const auto result = run_program(labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv", "--licence", "own"}, folder));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto more = std::filesystem::file_size(folder / "out.csv") - std::filesystem::file_size(folder / "s.csv");
    ASSERT_EQ(more, std::string("简约长裙。（本文由AI生成）").size());
    memory[rows > 10] = result.max_rss_kib;
  }
  EXPECT_LT(memory[1] - memory[0], 30 << 10);  // KiB
}

TEST(ExportTest, AnInterruptedExportGoesOnWhereItStopped) {
  const TemporaryFolder folder;
  std::string texts;
  for (int row = 0; row < 2000; ++row) texts += "{\"id\":\"g" + std::to_string(row) + "\",\"text\":\"简约长裙，日常穿着舒适。\"}\n";
  put(folder / "t.jsonl", texts);
  put(folder / "s.csv", wide_table(2000));
  const auto args = labelled({"export", folder / "s.csv", "--texts", folder / "t.jsonl", "--output", folder / "out.csv", "--licence", "own"}, folder);
  const auto stopped = run_program(args, {.signal_once_there = folder / "out.csv.parts/000001.done", .signal = 15});
  ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_NE(stopped.err.find("run the same command again"), std::string::npos) << stopped.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "out.csv"));
  for (const char* part : {"000000.labels", "000001.labels"}) ASSERT_FALSE(get(folder / "out.csv.parts/" + part).empty());
  const std::string labels = get(folder / "out.csv.parts/000000.labels");
  const auto result = run_program(args);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("going on from"), std::string::npos) << result.err;
  EXPECT_NE(get(folder / "out.csv.aigc.json").find(labels.substr(0, labels.find('\n'))), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "out.csv.parts"));
  EXPECT_EQ(run_program(labelled({"verify", "text", folder / "out.csv"}, folder)).exit_code, 0);
  EXPECT_EQ(lines(get(folder / "log.jsonl")).size(), 2000u);
}

/// A table of goods, each third with copy of its own.
std::string catalogue(int rows) {
  std::string table = "商品ID,标题,类目,商品属性,文案,备注\n";
  for (int row = 1; row <= rows; ++row) {
    const std::string copy = row % 3 == 0 ? "\"已有的文案" + std::to_string(row) + "，\"\"不动\"\"\"" : "";
    table += "g" + std::to_string(row) + ",连衣裙" + std::to_string(row) + ",女装>裙,类型:裙;颜色:红色;风格:简约;材质:棉," + copy + ",=x" + std::to_string(row) + "\n";
  }
  return table;
}

std::vector<std::string> write_catalogue(const TemporaryFolder& folder, const std::string& output) {
  return labelled({"write", folder / "in.csv", "--output", folder / output, "--baseline", "template", "-n", "2", "--fields", "description", "--checkpoint-every", "2", "--quiet"}, folder);
}

TEST(CatalogueTest, EveryEmptyCellGetsALabelledTextAndNothingElseChanges) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(12));
  const auto result = run_program(write_catalogue(folder, "out.csv"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto before = lines(get(folder / "in.csv")), after = lines(get(folder / "out.csv"));
  ASSERT_EQ(before.size(), after.size());
  for (size_t row = 1; row < after.size(); ++row) {
    if (row % 3 == 0) EXPECT_EQ(after[row], before[row]);
    else EXPECT_NE(after[row].find("（本文由AI生成）,=x"), std::string::npos) << after[row];
  }
  EXPECT_EQ(run_program(labelled({"verify", "text", folder / "out.csv"}, folder)).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "out.csv.run"));
}

TEST(CatalogueTest, TheFormatOfTheTableCanBeStated) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(3));
  auto args = write_catalogue(folder, "out.csv");
  for (const char* more : {"--source-format", "shopify"}) args.push_back(more);
  EXPECT_TRUE(failed_with_one_line(run_program(args), 1, "Handle"));
  args.back() = "csv";
  EXPECT_EQ(run_program(args).exit_code, 0);
  args.back() = "cvs";
  EXPECT_TRUE(failed_with_one_line(run_program(args), 2, "source-format"));
}

TEST(CatalogueTest, AFolderOfSomebodyElsesIsLeftAlone) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(3));
  std::filesystem::create_directories(folder / "out.csv.run/mine");
  put(folder / "out.csv.run/mine/a.txt", "precious");
  EXPECT_TRUE(failed_with_one_line(run_program(write_catalogue(folder, "out.csv")), 1, "is no folder of a run (it holds mine)"));
  EXPECT_EQ(get(folder / "out.csv.run/mine/a.txt"), "precious");
  EXPECT_FALSE(std::filesystem::exists(folder / "out.csv"));
}

TEST(CatalogueTest, ADryRunSaysWhatTheRunWouldTake) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(9));
  auto args = write_catalogue(folder, "out.csv");
  for (const char* more : {"--dry-run", "--price-per-hour", "3.6"}) args.push_back(more);
  const auto result = run_program(args);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto manifest = json_lines(folder / "out.csv.manifest.jsonl");
  EXPECT_EQ(manifest[0]["texts_to_write"], 6);
  EXPECT_GT(manifest[0]["seconds"], 0);
  EXPECT_NEAR(manifest[0]["cost"].get<double>(), manifest[0]["seconds"].get<double>() / 1000, 0.002);
  EXPECT_EQ(manifest.size(), 7u);
  EXPECT_EQ(files_below(folder.path()), (std::vector<std::string>{"in.csv", "out.csv.manifest.jsonl"}));
}

TEST(CatalogueTest, KilledFiftyTimesItWritesEachRowOnceAndOverwritesNothing) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(90));
  ASSERT_EQ(run_program(write_catalogue(folder, "whole.csv")).exit_code, 0);
  int killed = 0;
  for (int kill = 0; kill < 50; ++kill) {
    // At a file that a later and later part makes, so that every stage is met.
    const std::string part = "out.csv.run/description.jsonl.parts/0000" + std::string(kill < 20 ? "0" : "") + std::to_string(kill / 2) + ".done";
    const auto result = run_program(write_catalogue(folder, "out.csv"), {.signal_once_there = folder / part, .signal = 9, .kill_after_ms = kill % 5 == 0 ? 120 + 7 * kill : 0});
    killed += result.exit_code != 0;
    if (result.exit_code == 0) std::filesystem::remove(folder / "out.csv");  // and from the start again
  }
  EXPECT_GE(killed, 25);
  const auto last = run_program(write_catalogue(folder, "out.csv"));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(get(folder / "out.csv"), get(folder / "whole.csv"));
  EXPECT_EQ(run_program(labelled({"verify", "text", folder / "out.csv"}, folder)).exit_code, 0);
}

TEST(CatalogueTest, PartsOfAnotherTableAreRefusedAndNoResumeStartsAnew) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(60));
  run_program(write_catalogue(folder, "out.csv"), {.signal_once_there = folder / "out.csv.run/run.json"});
  ASSERT_TRUE(std::filesystem::exists(folder / "out.csv.run/run.json"));
  put(folder / "in.csv", catalogue(61));
  EXPECT_TRUE(failed_with_one_line(run_program(write_catalogue(folder, "out.csv")), 1, "input_sha256"));
  auto args = write_catalogue(folder, "out.csv");
  args.push_back("--no-resume");
  EXPECT_EQ(run_program(args).exit_code, 0);
}

/// A run that stops behind its texts: the log of labels cannot be written.
ProgramResult stopped_before_the_export(std::vector<std::string> args, const TemporaryFolder& folder) {
  std::filesystem::create_directory(folder / "log.jsonl");
  ProgramResult result = run_program(args);
  std::filesystem::remove_all(folder / "log.jsonl");
  return result;
}

TEST(CatalogueTest, AResumedRunEndsWithTheSameCode) {
  const TemporaryFolder folder, other;
  for (const TemporaryFolder* place : {&folder, &other}) put(*place / "in.csv", catalogue(4) + "g5,无,,,,\n");
  const auto whole = run_program(write_catalogue(other, "whole.csv"));
  ASSERT_EQ(whole.exit_code, 3) << whole.err;  // of g5 nothing can be said
  ASSERT_EQ(stopped_before_the_export(write_catalogue(folder, "out.csv"), folder).exit_code, 1);
  ASSERT_TRUE(std::filesystem::exists(folder / "out.csv.run/description.jsonl"));
  EXPECT_EQ(run_program(write_catalogue(folder, "out.csv")).exit_code, 3);
  EXPECT_EQ(get(folder / "out.csv"), get(other / "whole.csv"));
}

TEST(CatalogueTest, RejectedRowsOfTheTableAreListed) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(4) + "g4,裙,,,,\n");
  auto args = write_catalogue(folder, "out.csv");
  for (const std::string& more : {std::string("--rejects"), folder / "r.jsonl"}) args.push_back(more);
  EXPECT_EQ(run_program(args).exit_code, 3);
  const auto rejects = json_lines(folder / "r.jsonl");
  ASSERT_EQ(rejects.size(), 1u);
  EXPECT_EQ(rejects[0]["row"], 6);
  EXPECT_EQ(rejects[0]["code"], "DUP_ID");
}

TEST(CatalogueTest, ARunThatIsToldToStopKeepsItsTextsAndGoesOn) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(1500));
  auto args = labelled({"write", folder / "in.csv", "--output", folder / "whole.csv", "--baseline", "template", "-n", "2", "--fields", "description", "--checkpoint-every", "200"}, folder);
  ASSERT_EQ(run_program(args).exit_code, 0);
  args[3] = folder / "out.csv";
  const std::string parts = "out.csv.run/description.jsonl.parts/";
  const auto stopped = run_program(args, {.signal_once_there = folder / (parts + "000001.done"), .signal = 15});
  ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "out.csv"));
  int64_t kept = 0;  // each part begins behind the one before, also the short one
  for (int part = 0; std::filesystem::exists(folder / (parts + "00000" + std::to_string(part) + ".done")); ++part) {
    const Json done = json_lines(folder / (parts + "00000" + std::to_string(part) + ".done")).at(0);
    EXPECT_EQ(done["first_row"], kept);
    kept += done["totals"]["rows"].get<int64_t>();
  }
  EXPECT_GE(kept, 400);
  const auto result = run_program(args);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(get(folder / "out.csv"), get(folder / "whole.csv"));
}

TEST(CatalogueTest, AnExportThatIsKilledAgainAndAgainComesToItsEnd) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(2600));
  auto args = labelled({"write", folder / "in.csv", "--output", folder / "whole.csv", "--baseline", "template", "-n", "1", "--fields", "description"}, folder);
  ASSERT_EQ(run_program(args).exit_code, 0);
  const auto labels_before = lines(get(folder / "log.jsonl")).size();
  args[3] = folder / "out.csv";
  size_t stops = 0;
  for (int part = 0; part < 3; ++part) {
    const std::string done = "out.csv.run/export.parts/00000" + std::to_string(part) + ".done";
    stops += run_program(args, {.signal_once_there = folder / done}).exit_code != 0;
    if (std::filesystem::exists(folder / "out.csv.run")) {
      EXPECT_TRUE(std::filesystem::exists(folder / done)) << done;
    }
  }
  EXPECT_GE(stops, 2u);
  const auto last = run_program(args);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(get(folder / "out.csv"), get(folder / "whole.csv"));
  EXPECT_EQ(lines(get(folder / "log.jsonl")).size(), 2 * labels_before);  // each text once
  EXPECT_EQ(run_program(labelled({"verify", "text", folder / "out.csv"}, folder)).exit_code, 0);
}

TEST(CatalogueTest, RejectedRowsOfAPackedTableAreListed) {
  const TemporaryFolder folder;
  const std::string table = catalogue(4) + "g4,裙,,,,\n";
  put(folder / "in.csv", table);
  put(folder / "in.csv.gz", compress(table, Compression::gzip));
  put(folder / "in.csv.zst", compress(table, Compression::zstd));
  for (const std::string input : {"in.csv", "in.csv.gz", "in.csv.zst"}) {
    for (const std::string output : {"out.csv", "out.csv.gz", "out.jsonl"}) {
      auto args = labelled({"write", folder / input, "--output", folder / output, "--baseline", "template", "-n", "1", "--rejects", folder / "r.jsonl", "--quiet"}, folder);
      if (output == "out.jsonl") args.resize(args.size() - 4);  // texts alone have no labels
      const auto result = run_program(args);
      EXPECT_EQ(result.exit_code, 3) << result.err;
      const auto rejects = json_lines(folder / "r.jsonl");
      ASSERT_EQ(rejects.size(), 1u) << input << " to " << output;
      EXPECT_EQ(rejects[0]["file"], folder / input);
      EXPECT_EQ(rejects[0]["row"], 6);
      EXPECT_EQ(rejects[0]["code"], "DUP_ID");
      EXPECT_EQ(rejects[0]["id"], "g4");
      std::filesystem::remove(folder / "r.jsonl");
    }
  }
}

TEST(CatalogueTest, AFileThatIsRefusedAsAWholeIsListedToo) {
  const TemporaryFolder folder;
  const std::string packed = compress(catalogue(40), Compression::gzip);
  put(folder / "in.csv.gz", packed.substr(0, packed.size() - 9));
  for (const std::string output : {"out.csv", "out.jsonl"}) {
    auto args = labelled({"write", folder / "in.csv.gz", "--output", folder / output, "--baseline", "template", "-n", "1", "--rejects", folder / "r.jsonl", "--quiet"}, folder);
    if (output == "out.jsonl") args.resize(args.size() - 4);
    EXPECT_TRUE(failed_with_one_line(run_program(args), 1, "ARCHIVE_DAMAGED")) << output;
    EXPECT_EQ(json_lines(folder / "r.jsonl").at(0)["code"], "ARCHIVE_DAMAGED") << output;
    std::filesystem::remove(folder / "r.jsonl");
  }
}

TEST(CatalogueTest, TextsOfOtherSettingsAreNotTakenOver) {
  const TemporaryFolder folder;
  put(folder / "in.csv", catalogue(4));
  ASSERT_EQ(stopped_before_the_export(write_catalogue(folder, "out.csv"), folder).exit_code, 1);
  for (const auto& [option, value] : {std::pair{"shop", "甲"}, {"columns", "description=文案"}, {"pin", "类型"}}) {
    auto args = write_catalogue(folder, "out.csv");
    for (const std::string& more : {concat("--", option), std::string(value)}) args.push_back(more);
    EXPECT_TRUE(failed_with_one_line(run_program(args), 1, concat("another ", option)));
  }
  EXPECT_EQ(run_program(write_catalogue(folder, "out.csv")).exit_code, 0);
}

}  // namespace
}  // namespace vitrine::e2e
