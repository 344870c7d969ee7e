// vitrine write: the main job, its bad input, and that one command always gives the same bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"
#include "text/utf8.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

constexpr const char* kDress = "类型#裙*版型#显瘦*风格#简约*裙长#连衣裙";

/// A copy of the embedded model in `folder`.
fs::path model_copy(const TemporaryFolder& folder) {
  const fs::path copy = folder.path() / "model";
  fs::copy(source_file("models/copy-mini"), copy, fs::copy_options::recursive);
  return copy;
}

std::vector<std::string> texts_of(const std::string& line) {
  std::vector<std::string> texts;
  const Json record = parse_json(line, "candidates");
  for (const Json& candidate : record["candidates"]) texts.push_back(candidate["text"]);
  return texts;
}

TEST(WriteE2e, TheTemplateBaselineNamesTheProductInEveryCandidate) {
  const auto result = run_program({"write", "--attributes", kDress, "--baseline", "template", "-n", "3", "--format", "jsonl"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_EQ(lines(result.out).size(), 1u);
  const auto texts = texts_of(result.out);
  EXPECT_EQ(texts.size(), 3u);
  for (const std::string& text : texts) EXPECT_NE(text.find("裙"), std::string::npos) << text;
}

TEST(WriteE2e, AHomestayGetsNoWordsOfClothing) {
  const auto result =
      run_program({"write", "--attributes", "类型#民宿*位置#西湖边*房型#家庭房*设施#停车场", "-n", "2", "--format", "jsonl"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto texts = texts_of(result.out);
  ASSERT_FALSE(texts.empty()) << result.out;
  for (const std::string& text : texts) {
    for (const char* word : {"面料", "版型", "裙", "上身", "穿着", "显瘦"}) EXPECT_EQ(text.find(word), std::string::npos) << text;
  }
}

TEST(WriteE2e, TheSameCommandGivesTheSameBytes) {
  const std::vector<std::string> command{"write", "--attributes", kDress, "-n", "3", "--format", "jsonl"};
  const auto once = run_program(command);
  ASSERT_EQ(once.exit_code, 0) << once.err;
  EXPECT_EQ(run_program(command).out, once.out);
  auto one_thread = command;
  one_thread.insert(one_thread.end(), {"--threads", "1"});
  EXPECT_EQ(run_program(one_thread).out, once.out);
}

Json four_candidates(const std::vector<std::string>& options, const char* product = kDress) {
  std::vector<std::string> command{"write", "--attributes", product, "-n", "4", "--format", "jsonl"};
  command.insert(command.end(), options.begin(), options.end());
  const auto result = run_program(command);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return parse_json(result.out, "candidates")["candidates"];
}

int64_t count_ranked(const Json& candidates) {
  return std::count_if(candidates.begin(), candidates.end(), [](const Json& candidate) { return candidate["scores"].contains("ranker"); });
}

TEST(WriteE2e, TheEmbeddedRankingModelJudgesWhatTheEmbeddedModelWrote) {
  const std::string other = source_file("models/copy-mini-sft").string();
  EXPECT_EQ(count_ranked(four_candidates({})), 4);
  EXPECT_EQ(count_ranked(four_candidates({"--ranker", ""})), 0);
  EXPECT_EQ(count_ranked(four_candidates({"--model", other})), 0) << "it was made for another model";
  EXPECT_EQ(count_ranked(four_candidates({"--model", other, "--ranker", "ranker-mini"})), 4);
  EXPECT_EQ(count_ranked(four_candidates({}, "类型#民宿*位置#西湖边*房型#家庭房")), 0) << "template copy is not ranked";
}

TEST(WriteE2e, ARankingModelThatHasAllTheSayOrdersCandidatesOfOneVerdict) {
  const Json candidates = four_candidates({"--order-ranker", "1000", "--order-coverage", "0", "--order-agreement", "0", "--order-repetition", "0", "--order-fluency", "0"});
  ASSERT_EQ(count_ranked(candidates), 4);
  for (size_t i = 1; i < candidates.size(); ++i) {
    if (candidates[i]["verdict"] != candidates[i - 1]["verdict"]) continue;
    EXPECT_LE(candidates[i]["scores"]["ranker"], candidates[i - 1]["scores"]["ranker"]);
  }
}

TEST(WriteE2e, BeamsGiveCandidatesThatDifferAndAlwaysTheSameBytes) {
  const std::vector<std::string> command{"write", "--attributes", kDress, "-n", "3", "--num-beams", "4", "--num-beam-groups", "2",
                                         "--diversity-penalty", "1.5", "--no-check", "--format", "jsonl"};
  const auto once = run_program(command);
  ASSERT_EQ(once.exit_code, 0) << once.err;
  const auto texts = texts_of(once.out);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 3u) << once.out;
  auto one_thread = command;
  one_thread.insert(one_thread.end(), {"--threads", "1"});
  EXPECT_EQ(run_program(one_thread).out, once.out);
}

TEST(WriteE2e, BeamsThatDoNotFitTogetherAreWrongUsageInOneLine) {
  const std::pair<std::vector<std::string>, const char*> bad[] = {
      {{"--num-beams", "4", "-n", "5"}, "--num-return-sequences: expected at most --num-beams 4, got 5"},
      {{"--num-beams", "4", "-n", "2", "--num-beam-groups", "3", "--diversity-penalty", "1"}, "--num-beam-groups: expected a divisor of --num-beams 4, got 3"},
      {{"--num-beams", "4", "-n", "2", "--num-beam-groups", "2"}, "--diversity-penalty: expected above 0"},
      {{"--num-beams", "4", "-n", "2", "--diversity-penalty", "1"}, "--diversity-penalty: expected --num-beam-groups above 1"},
      {{"--num-beam-groups", "2"}, "expected --num-beams"},
      {{"--num-beams", "-1"}, "--num-beams"},
      {{"--num-beams", "10000"}, "--num-beams"}};
  for (const auto& [options, part] : bad) {
    std::vector<std::string> command{"write", "--attributes", kDress};
    command.insert(command.end(), options.begin(), options.end());
    const auto result = run_program(command);
    EXPECT_EQ(result.exit_code, 2) << part << ": " << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
    EXPECT_EQ(lines(result.err).size(), 1u) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST(WriteE2e, ABadRowStillGivesItsLineAndExitCode3) {
  const std::string rows = "{\"content\": \"类型#裙*风格#简约\"}\nnot JSON\n";
  const auto result = run_program({"write", "-", "--baseline", "template", "-n", "1", "--format", "jsonl"}, {.stdin_text = rows});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  ASSERT_EQ(lines(result.out).size(), 2u) << result.out;
  const Json rejected = parse_json(lines(result.out)[1], "line");
  EXPECT_TRUE(rejected["candidates"].empty());
  EXPECT_FALSE(rejected["error"].get<std::string>().empty());
}

TEST(WriteE2e, ARejectedRowKeepsItsIdInItsLine) {
  const std::string rows = "{\"id\":\"x1\",\"content\":\"裙\"}\n{\"id\":\"x2\",\"content\":\"类型#裙\"}\n";
  const auto result = run_program({"write", "-", "--baseline", "template", "-n", "1", "--format", "jsonl"}, {.stdin_text = rows});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  ASSERT_EQ(lines(result.out).size(), 2u) << result.out;
  EXPECT_EQ(parse_json(lines(result.out)[0], "line")["id"], "x1");
  EXPECT_NE(result.err.find("- row 1, content: MISSING_REQUIRED: '裙'"), std::string::npos) << result.err;
}

TEST(WriteE2e, TheTableBesideTheLinesIsOfTheSameRun) {
  TemporaryFolder folder;
  const std::vector<std::string> command{"write", "--attributes", kDress, "--baseline", "template", "-n", "2", "--format"};
  auto both = command, table = command;
  both.insert(both.end(), {"jsonl", "--output", folder / "out.jsonl", "--table", "-"});
  table.push_back("table");
  const auto result = run_program(both);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, run_program(table).out);
  EXPECT_EQ(texts_of(read_file(folder / "out.jsonl")).size(), 2u);
}

TEST(WriteE2e, APlanFileDecidesWhichPointsAreSaidAndInWhichOrder) {
  TemporaryFolder folder;
  write_file_atomic(folder / "set.jsonl", R"({"id":"p1","content":"类型#裙*颜色#黑色*风格#简约*裙长#连衣裙"})"
                                          "\n");
  const auto planned = run_program({"points", folder / "set.jsonl", "--format", "jsonl"});
  ASSERT_EQ(planned.exit_code, 0) << planned.err;
  Json plan = parse_json(lines(planned.out).front(), "plan");
  Json kept = Json::array();
  for (const Json& point : plan["points"]) {
    if (point["value"] != "黑色") kept.push_back(point);
  }
  plan["points"] = kept;
  write_file_atomic(folder / "plans.jsonl", dump_line(plan) + "\n");
  const auto result = run_program({"write", folder / "set.jsonl", "--points", folder / "plans.jsonl", "-n", "1", "--format", "jsonl", "--no-check"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json written = parse_json(lines(result.out).front(), "line");
  EXPECT_EQ(written["plan"]["points"].size(), kept.size());
  EXPECT_EQ(texts_of(result.out).front().find("黑色"), std::string::npos) << result.out;
}

TEST(WriteE2e, APlanInTheSpellingOfPointsIsFollowedAndAForeignPointIsAnError) {
  TemporaryFolder folder;
  write_file_atomic(folder / "set.jsonl", R"({"id":"p1","content":"类型#裙*材质#真丝*裙长#连衣裙"})"
                                          "\n");
  const auto planned = run_program({"points", folder / "set.jsonl", "--format", "jsonl"});
  ASSERT_NE(planned.out.find("蚕丝"), std::string::npos) << planned.out;
  write_file_atomic(folder / "plans.jsonl", planned.out);
  const auto result = run_program({"write", folder / "set.jsonl", "--points", folder / "plans.jsonl", "-n", "1", "--format", "jsonl"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(texts_of(result.out).front().find("真丝"), std::string::npos) << result.out;

  write_file_atomic(folder / "foreign.jsonl", R"({"product_id":"p1","points":[{"key":"材质","value":"钻石"}]})"
                                              "\n");
  const auto refused = run_program({"write", folder / "set.jsonl", "--points", folder / "foreign.jsonl", "-n", "1", "--format", "jsonl"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(parse_json(lines(refused.out).front(), "line")["error"].get<std::string>().find("材质#钻石"), std::string::npos) << refused.out;
}

TEST(WriteE2e, ACandidateThatIsDroppedSaysWhy) {
  const auto result = run_program({"write", "--attributes", "类型#沙发*荣誉#国家级认证", "--baseline", "template", "-n", "1", "--format", "jsonl"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  const Json line = parse_json(lines(result.out).front(), "line");
  EXPECT_TRUE(line["dropped_faults"].contains("ABS-01:国家级")) << line.dump();
  EXPECT_NE(line["error"].get<std::string>().find("国家级"), std::string::npos);
}

TEST(WriteE2e, PlansAreReadPackedAndFromStandardInput) {
  TemporaryFolder folder;
  write_file_atomic(folder / "set.jsonl", R"({"id":"p1","content":"类型#裙*颜色#黑色*风格#简约"})");
  ASSERT_EQ(run_program({"points", folder / "set.jsonl", "--output", folder / "plans.jsonl"}).exit_code, 0);
  ASSERT_EQ(run_program({"points", folder / "set.jsonl", "--output", folder / "plans.jsonl.gz"}).exit_code, 0);
  const auto plain = run_program({"write", folder / "set.jsonl", "--points", folder / "plans.jsonl", "-n", "1", "--format", "jsonl"});
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_EQ(run_program({"write", folder / "set.jsonl", "--points", folder / "plans.jsonl.gz", "-n", "1", "--format", "jsonl"}).out, plain.out);
  const auto piped = run_program({"write", folder / "set.jsonl", "--points", "-", "-n", "1", "--format", "jsonl"}, {.stdin_text = read_file(folder / "plans.jsonl")});
  EXPECT_EQ(piped.out, plain.out) << piped.err;
}

TEST(WriteE2e, AManifestThatIsNoneOfACopyModelIsRefusedByFileAndField) {
  TemporaryFolder folder;
  const fs::path manifest = model_copy(folder) / "vitrine.json";
  const Json good = parse_json(read_file(manifest), "vitrine.json");
  const auto with = [&](const char* field, const Json& value) {
    Json json = good;
    json[field] = value;
    return json.dump();
  };
  const std::pair<std::string, const char*> cases[] = {{"[]", "vitrine.json: expected an object, got []"},
                                                       {with("prompt_format", 7), "vitrine.json: prompt_format: expected"},
                                                       {with("kind", "ranker"), "vitrine.json: kind: expected \"copy\", got \"ranker\""}};
  for (const auto& [text, message] : cases) {
    write_file_atomic(manifest, text);
    EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", kDress, "--model", folder / "model"}), 1, message));
  }
}

TEST(WriteE2e, AnotherVocabularyOfTheSameSizeIsRefused) {
  TemporaryFolder folder;
  const fs::path vocabulary = model_copy(folder) / "vocab.json";
  Json tokens = parse_json(read_file(vocabulary), "vocab.json");
  const auto first = std::next(tokens.begin(), 300), second = std::next(tokens.begin(), 301);
  std::swap(first.value(), second.value());
  write_file_atomic(vocabulary, tokens.dump());
  EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", kDress, "--model", folder / "model"}), 1, "TOK_MISMATCH"));
}

TEST(WriteE2e, AFinerCategoryOfTheShopStillGetsModelCopy) {
  const std::string row = R"({"id":"p1","category_path":["女装","牛仔裤"],"title_raw":"裤","attributes":[{"id":"a1","key_raw":"类型","val_raw":"裤"},{"id":"a2","key_raw":"裤长","val_raw":"九分裤"}]})";
  const auto result = run_program({"write", "-", "-n", "2", "--format", "jsonl"}, {.stdin_text = row + "\n"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(parse_json(lines(result.out).front(), "line")["origin"], "model") << result.out;
  EXPECT_FALSE(texts_of(result.out).empty());
}

TEST(WriteE2e, AMissingModelIsOneLineThatNamesIt) {
  EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", kDress, "--model", "/nowhere/model"}), 1, "/nowhere/model"));
}

TEST(WriteE2e, ACutOffWeightFileIsRefusedByName) {
  TemporaryFolder folder;
  const fs::path weights = model_copy(folder) / "model.safetensors";
  fs::resize_file(weights, fs::file_size(weights) / 2);
  EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", kDress, "--model", folder / "model"}), 1, "model.safetensors"));
}

TEST(WriteE2e, SettingsThatContradictTheWeightsAreRefused) {
  TemporaryFolder folder;
  const fs::path config = model_copy(folder) / "config.json";
  Json settings = parse_json(read_file(config), "config");
  settings["vocab_size"] = settings["vocab_size"].get<int64_t>() + 1;
  write_file_atomic(config, settings.dump());
  EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", kDress, "--model", folder / "model"}), 1, ""));
}

TEST(WriteE2e, AVocabularyThatDoesNotFitTheWeightsIsRefused) {
  TemporaryFolder folder;
  const fs::path added = model_copy(folder) / "added_tokens.json";
  Json tokens = parse_json(read_file(added), "added_tokens");
  tokens.erase(std::prev(tokens.end()));
  write_file_atomic(added, tokens.dump());
  fs::remove(folder.path() / "model/tokenizer_config.json");
  EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", kDress, "--model", folder / "model"}), 1, "model"));
}

TEST(WriteE2e, TheTorchEngineIsRefusedAndAPackedOutputIsPacked) {
  const auto torch = run_program({"write", "--attributes", kDress, "--engine", "torch"});
  EXPECT_TRUE(failed_with_one_line(torch, 2, "--engine"));
  TemporaryFolder folder;
  const auto packed = run_program({"write", "--attributes", kDress, "-n", "1", "--format", "jsonl", "--output", folder / "copy.jsonl.gz"});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  EXPECT_TRUE(read_file(folder / "copy.jsonl.gz").starts_with("\x1f\x8b"));
}

TEST(WriteE2e, AnUnknownBaselineOrOptionIsWrongUsage) {
  EXPECT_EQ(run_program({"write", "--attributes", kDress, "--baseline", "oracle"}).exit_code, 2);
  EXPECT_EQ(run_program({"write", "--attributes", kDress, "--top-q", "0.9"}).exit_code, 2);
}

TEST(WriteE2e, AFullDiskIsOneLineAndLeavesNothing) {
  const SmallDisk disk(64);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  const auto result = run_program({"write", source_file("data/advertisegen/dev.jsonl").string(), "--baseline", "template", "-n", "1",
                                   "--quiet", "--output", (disk.path() / "copy.jsonl").string()});
  EXPECT_TRUE(failed_with_one_line(result, 1, "copy.jsonl"));
  EXPECT_EQ(files_below(disk.path()), std::vector<std::string>{});
}

/// Options behind `write` for one dress.
ProgramResult write_dress(std::vector<std::string> options, const std::string& content = kDress) {
  std::vector<std::string> command{"write", "--attributes", content, "--format", "jsonl"};
  command.insert(command.end(), options.begin(), options.end());
  if (std::find(options.begin(), options.end(), "-n") == options.end()) command.insert(command.end(), {"-n", "2"});
  return run_program(command);
}

size_t code_points(const std::string& utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(WriteE2e, TitlesKeepTheLengthOfThePlatformAndCarryTheirVerdict) {
  const auto result = write_dress({"--field", "title", "--platform", "xiaohongshu", "--style", "taobao"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json line = parse_json(lines(result.out).front(), "line");
  ASSERT_FALSE(line["candidates"].empty());
  for (const Json& candidate : line["candidates"]) {
    EXPECT_LE(code_points(candidate["text"]), 20u) << candidate["text"];
    EXPECT_TRUE(candidate.contains("verdict") && candidate.contains("hits") && candidate.contains("claims"));
    EXPECT_NE(candidate["verdict"], "block");
  }
}

TEST(WriteE2e, AnUnknownPlatformIsWrongUsageThatListsTheKnown) {
  const auto result = write_dress({"--platform", "ebay"});
  EXPECT_TRUE(failed_with_one_line(result, 2, "--platform"));
  EXPECT_NE(result.err.find("taobao"), std::string::npos) << result.err;
}

TEST(WriteE2e, AnEventIsWovenInWhereTheProductSupportsItAndRefusedElsewhere) {
  TemporaryFolder folder;
  const std::string tail = R"(,"source":"own","starts":"2020-01-01","expires":"2099-12-31","requires":{"all":[{"categories":["裙"]},{"key":"风格","values":["简约"]}]}})";
  write_file_atomic(folder / "events.jsonl", R"({"id":"e1","texts":["换季上新，{v}正应时"])" + tail + "\n");
  const auto taken = write_dress({"--events", folder / "events.jsonl"});
  ASSERT_EQ(taken.exit_code, 0) << taken.err;
  const Json event = parse_json(lines(taken.out).front(), "line")["events"][0];
  EXPECT_EQ(event["id"], "e1");
  EXPECT_EQ(event["accepted"], true) << event.dump();
  EXPECT_NE(taken.out.find("正应时"), std::string::npos) << taken.out;
  const auto refused = write_dress({"--events", folder / "events.jsonl"}, "类型#裤*风格#简约*裤长#九分裤");
  EXPECT_EQ(refused.out.find("正应时"), std::string::npos) << refused.out;
  const Json no = parse_json(lines(refused.out).front(), "line")["events"][0];
  EXPECT_EQ(no["accepted"], false);
  EXPECT_FALSE(no["reason"].get<std::string>().empty());
}

TEST(WriteE2e, APolishedTextIsAmongTheCandidatesWithoutWhatNothingSupports) {
  const auto result = write_dress({"--polish", "这条连衣裙版型显瘦，风格十分简约。裙身采用真丝面料，穿着十分好看。"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::string polished;
  const Json line = parse_json(lines(result.out).front(), "line");
  for (const Json& candidate : line["candidates"]) {
    if (candidate["origin"] == "polished") polished = candidate["text"];
    EXPECT_EQ(candidate["text"].get<std::string>().find("真丝"), std::string::npos);
  }
  EXPECT_NE(polished.find("显瘦"), std::string::npos) << result.out;
}

TEST(WriteE2e, ACandidateLikeAnotherProductsCopyIsWrittenAnew) {
  TemporaryFolder folder;
  const auto first = write_dress({"-n", "1"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const std::string text = texts_of(first.out).front();
  write_file_atomic(folder / "copy.jsonl", dump_line({{"id", "other"}, {"text", text}}) + "\n");
  const auto second = write_dress({"-n", "1", "--catalogue", folder / "copy.jsonl"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_NE(texts_of(second.out).front(), text);
}

TEST(WriteE2e, ANoteForXiaohongshuSaysThatItIsAnAdvertisement) {
  const auto result = write_dress({"--style", "xiaohongshu"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const auto& text : texts_of(result.out)) EXPECT_NE(text.find("广告"), std::string::npos) << text;
}

TEST(ScoreE2e, GivesEachLineItsTokensAndANegativeLogProbability) {
  TemporaryFolder folder;
  write_file_atomic(folder / "ids.jsonl", R"({"id":"a","input_ids":[1,2,3,4],"labels_from":1})"
                                          "\n"
                                          R"({"id":"b","input_ids":[1,2,3,4],"labels_from":3})"
                                          "\n");
  const auto result = run_program({"score", "copy", folder / "ids.jsonl", "--model", source_file("tests/data/gpt2_tiny/tied").string()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto scores = lines(result.out);
  ASSERT_EQ(scores.size(), 2u);
  const Json a = parse_json(scores[0], "a"), b = parse_json(scores[1], "b");
  EXPECT_EQ(a["tokens"], 3);
  EXPECT_EQ(b["tokens"], 1);
  EXPECT_LT(a["logprob"].get<double>(), b["logprob"].get<double>());
  EXPECT_LT(b["logprob"].get<double>(), 0);
}

TEST(ScoreE2e, ARankingModelGivesEachLineAScoreAndALanguageModelIsRefused) {
  TemporaryFolder folder;
  write_file_atomic(folder / "ids.jsonl", R"({"id":"a","input_ids":[5,6,7]})"
                                          "\n"
                                          R"({"id":"b","input_ids":[5,6,7,0]})"
                                          "\n"
                                          R"({"id":"c","input_ids":[5,97]})"
                                          "\n");
  const auto result = run_program({"score", "ranker", folder / "ids.jsonl", "--model", source_file("tests/data/ranker_tiny/model").string()});
  ASSERT_EQ(result.exit_code, 3) << result.err;
  EXPECT_NE(result.err.find("row 3: token 97"), std::string::npos) << result.err;
  const auto scores = lines(result.out);
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(parse_json(scores[0], "a")["score"], parse_json(scores[1], "b")["score"]);  // 0 is padding
  const std::string model = source_file("tests/data/gpt2_tiny/tied").string();
  EXPECT_TRUE(failed_with_one_line(run_program({"score", "ranker", folder / "ids.jsonl", "--model", model}), 1, "no score.weight"));
}

TEST(ScoreE2e, AModelIsFoundByItsNameAsWriteFindsIt) {
  TemporaryFolder folder;
  write_file_atomic(folder / "ids.jsonl", R"({"id":"a","input_ids":[1,2,3,4],"labels_from":1})");
  const auto result = run_program({"score", "copy", folder / "ids.jsonl", "--model", "copy-mini"}, {.working_folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(lines(result.out).size(), 1u);
}

TEST(ScoreE2e, AnEmptyInputOrAModelWithoutTokenizerIsOneLine) {
  TemporaryFolder folder;
  const std::string model = source_file("tests/data/gpt2_tiny/tied").string();
  write_file_atomic(folder / "empty.jsonl", "");
  EXPECT_TRUE(failed_with_one_line(run_program({"score", "copy", folder / "empty.jsonl", "--model", model}), 1, "EMPTY_FILE"));
  write_file_atomic(folder / "text.jsonl", R"({"prompt":"a","text":"b"})");
  EXPECT_TRUE(failed_with_one_line(run_program({"score", "copy", folder / "text.jsonl", "--model", model}), 1, "tokenizer.json"));
}

TEST(ScoreE2e, AnIdBeyondTheVocabularyIsNamedWithItsLine) {
  TemporaryFolder folder;
  write_file_atomic(folder / "ids.jsonl", R"({"id":"a","input_ids":[1,99999999],"labels_from":1})");
  const auto result = run_program({"score", "copy", folder / "ids.jsonl", "--model", source_file("tests/data/gpt2_tiny/tied").string()});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE((result.err + result.out).find("99999999"), std::string::npos) << result.err;
}

TEST(WriteE2e, AStyleIsGivenByRuleAndScored) {
  for (const std::vector<std::string>& source : {std::vector<std::string>{"--baseline", "template"}, {}}) {
    std::vector<std::string> command{"write", "--attributes", kDress, "-n", "3", "--format", "jsonl", "--style", "xiaohongshu"};
    command.insert(command.end(), source.begin(), source.end());
    const auto result = run_program(command);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json record = parse_json(result.out, "candidates");
    ASSERT_FALSE(record["candidates"].empty()) << result.out;
    for (const Json& candidate : record["candidates"]) {
      const std::string text = candidate["text"];
      EXPECT_NE(text.find("\n#广告"), std::string::npos) << text;
      EXPECT_GE(candidate["scores"]["style"].get<double>(), 0.7) << text;
    }
    EXPECT_EQ(run_program(command).out, result.out);
  }
}

TEST(WriteE2e, WithoutStyleRulesTheStyleIsTheControlTokenAlone) {
  const auto result = run_program({"write", "--attributes", kDress, "--baseline", "template", "-n", "2", "--format", "jsonl", "--style", "jd", "--no-style-rules"});
  const auto taobao = run_program({"write", "--attributes", kDress, "--baseline", "template", "-n", "2", "--format", "jsonl"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(texts_of(result.out), texts_of(taobao.out));
  EXPECT_FALSE(parse_json(result.out, "line")["candidates"][0]["scores"].contains("style"));
}

TEST(WriteE2e, AStylesPostKeepsThePlatformsLength) {
  const auto result = run_program({"write", "--attributes", kDress, "-n", "4", "--format", "jsonl", "--style", "douyin", "--platform", "douyin"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto texts = texts_of(result.out);
  ASSERT_FALSE(texts.empty()) << result.out;
  for (const auto& text : texts) {
    EXPECT_LE(text::count_code_points(text), 55u) << text;
    EXPECT_NE(text.find("广告"), std::string::npos) << text;
  }
}

TEST(WriteE2e, AnOpenPlanIsCompletedUnlessOneAsksForTheModelAlone) {
  const std::vector<std::string> command = {"write", "--attributes", "类型#裙*版型#显瘦*风格#简约*裙长#连衣裙*图案#条纹*裙领型#圆领*颜色#白色*裙款式#拼接*裙袖型#泡泡袖*裙下摆#荷叶边*裙腰型#高腰", "--open-plan", "-n", "2", "--no-check", "--format", "jsonl"};
  const auto written = run_program(command);
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const Json line = parse_json(written.out, "write");
  ASSERT_EQ(line["plan"]["groups"].size(), 1u);  // all points at once
  EXPECT_EQ(line["plan"]["groups"][0].size(), line["plan"]["points"].size());
  for (const Json& candidate : line["candidates"]) {
    for (const char* value : {"显瘦", "简约", "连衣裙", "条纹", "圆领", "白色", "拼接", "泡泡袖", "荷叶边", "高腰"}) EXPECT_NE(candidate["text"].get<std::string>().find(value), std::string::npos) << candidate["text"];
  }
  auto alone = command;
  alone.push_back("--no-complete-open-plan");
  const auto unaided = run_program(alone);
  ASSERT_EQ(unaided.exit_code, 0) << unaided.err;
  EXPECT_NE(unaided.out, written.out);
}

}  // namespace
}  // namespace vitrine::e2e
