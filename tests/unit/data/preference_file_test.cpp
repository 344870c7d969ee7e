// Preference files of every dialect: what each row becomes, what is refused, and that nothing is
// lost on the way there and back.
#include "data/preference_file.h"

#include <gtest/gtest.h>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "data/import.h"
#include "support/temporary_directory.h"

namespace vitrine::data {
namespace {

PreferenceFile read(const std::string& lines, const Json& entry = nullptr) {
  return read_preferences_from(lines, "f.jsonl", {}, entry);
}

/// "row column CODE" of every finding.
std::vector<std::string> findings(const PreferenceFile& file) {
  std::vector<std::string> found;
  for (const auto& e : file.report.entries)
    found.push_back(concat(e.row, " ", e.column, " ", e.code));
  EXPECT_EQ(file.report.rows_kept + file.report.rows_rejected, file.report.rows_in);
  return found;
}

std::string fatal_code(const std::string& lines, const Json& entry = nullptr) {
  try {
    read(lines, entry);
  } catch (const ImportRefused& refused) {
    return refused.entry().code;
  }
  return "";
}

/// Total and partial orders, ties, reject-all before, between and after, a plain pair, unknown
/// fields.
const std::string kOwnLines =
    R"({"product_id":"p0","prompt":"类型#裙","candidates":["全都","不好"],"order":[],"source":"pick","weight":1.0,"pick_id":"k0"})"
    "\n"
    R"({"product_id":"p1","prompt":"类型#裙","candidates":["甲","乙","丙","丁"],"order":[2,[0,3]],"source":"pick","weight":0.5,"user":"u1"})"
    "\n"
    R"({"product_id":"p1","prompt":"类型#裙","candidates":["甲","乙"],"order":[1,0],"source":"synthetic","type":"banned_term","weight":1.0})"
    "\n"
    R"({"product_id":"p2","prompt":"类型#裤","candidates":["子","丑"],"order":[[0,1]],"source":"feedback","weight":1.0})"
    "\n"
    R"({"product_id":"p2","prompt":"类型#裤","candidates":["子","丑"],"order":[0,1],"source":"feedback","weight":0.12345678901234566,"rejected":"a field of this name"})"
    "\n"
    R"({"product_id":"p3","prompt":"类型#裤\n第二行","candidates":["寅 \"卯\"","辰","巳"],"order":[[0,1],2],"source":"rule","weight":0.25,"note":null})"
    "\n"
    R"({"product_id":"p3","prompt":"类型#裤","candidates":["午","未"],"order":[],"source":"pick","weight":1.0})"
    "\n";

TEST(PreferenceFileTest, OwnListsAreWrittenAsTheyWereRead) {
  const auto file = read(kOwnLines);
  EXPECT_EQ(file.kind, "ranked lists");
  EXPECT_EQ(to_own_lines(file.lists), kOwnLines);
}

TEST(PreferenceFileTest, ListsSurviveTheWayThroughTrl) {
  const std::string trl = to_trl_lines(read(kOwnLines).lists);
  const auto back = read(trl);
  EXPECT_EQ(back.kind, "pairs");
  EXPECT_TRUE(findings(back).empty());
  EXPECT_EQ(to_own_lines(back.lists), to_own_lines(read(kOwnLines).lists));
}

TEST(PreferenceFileTest, ListsSurviveTheWayThroughLlamaFactory) {
  const auto back = read(to_llama_factory_lines(read(kOwnLines).lists));
  EXPECT_EQ(back.kind, "LLaMA-Factory pairs");
  EXPECT_EQ(to_own_lines(back.lists), to_own_lines(read(kOwnLines).lists));
}

TEST(PreferenceFileTest, ManyListsWithoutAPairFindRoomBesideFewPairs) {
  RankedList tie{.product_id = "p",
                 .prompt = "x",
                 .candidates = {std::string(20000, 'a'), "b"},
                 .order = {{0, 1}},
                 .source = "rule",
                 .type = ""};
  const RankedList pair = list_of({"p", "x", "a", "b", "rule", "", 1});
  const std::vector<RankedList> lists = {tie, tie, tie, pair, tie, tie, tie, tie, tie, pair};
  EXPECT_EQ(read(to_trl_lines(lists)).lists.size(), 10u);
  EXPECT_THROW(to_trl_lines(std::vector<RankedList>{tie}), InvalidInput);
  EXPECT_THROW(to_trl_lines(std::vector<RankedList>(20, tie)), InvalidInput);
}

TEST(PreferenceFileTest, EveryTrlRowHasTheSameColumns) {
  const std::string trl = to_trl_lines(
      read(R"({"prompt":"x","candidates":["a","b","c"],"order":[0,1,2],"source":"rule"})").lists);
  std::vector<std::string> rows;
  for (size_t at = 0; at < trl.size(); at = trl.find('\n', at) + 1)
    rows.push_back(trl.substr(at, trl.find('\n', at) - at));
  ASSERT_EQ(rows.size(), 3u);
  for (const auto& line : rows) {
    std::string names;
    const Json row = parse_json(line, "row");
    for (const auto& [name, value] : row.items()) names += name + " ";
    EXPECT_EQ(names,
              "prompt chosen rejected product_id source type weight vitrine_group vitrine_lists ");
  }
}

TEST(PreferenceFileTest, AListThatLostARowComesBackAsTheRowsThatAreLeft) {
  const std::string trl = to_trl_lines(
      read(
          R"({"prompt":"x","candidates":["a","b","c"],"order":[0,1,2],"source":"rule","weight":0.5})")
          .lists);
  const std::string two = trl.substr(0, trl.rfind('\n', trl.size() - 2) + 1);
  const auto back = read(two);
  ASSERT_EQ(back.lists.size(), 2u);
  EXPECT_EQ(pairs_of(back.lists[0])[0].rejected, "b");
  EXPECT_EQ(pairs_of(back.lists[1])[0].rejected, "c");
  EXPECT_EQ(back.lists[1].weight, 0.5);
}

TEST(PreferenceFileTest, APlainTrlPairHasTheSourceOfTheConfig) {
  const auto file =
      read_preferences_from(R"({"prompt":"类型#裙","chosen":"好","rejected":"坏","score":3})",
                            "f.jsonl", {.source = "rule"});
  ASSERT_EQ(file.lists.size(), 1u);
  EXPECT_EQ(file.lists[0].source, "rule");
  EXPECT_EQ(file.lists[0].extra, (Json{{"score", 3}}));
  EXPECT_EQ(file.lists[0].product_id, product_id_of_prompt("类型#裙"));
}

TEST(PreferenceFileTest, AForeignColumnThatIsCalledOrderDoesNotReplaceTheOrder) {
  const auto file = read(R"({"prompt":"q","chosen":"a","rejected":"b","order":"first"})");
  EXPECT_EQ(to_json(file.lists.at(0)).at("order"), Json::array({0, 1}));
}

TEST(PreferenceFileTest, ConversationsAreReadWithAndWithoutAPrompt) {
  const auto file = read(
      R"({"prompt":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"chosen":[{"role":"assistant","content":"a"}],"rejected":[{"role":"assistant","content":"b"}]})"
      "\n"
      R"({"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"c"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"d"}]})"
      "\n"
      R"({"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"c"}],"rejected":[{"role":"user","content":"other"},{"role":"assistant","content":"d"}]})"
      "\n"
      R"({"prompt":[{"role":"user","content":"q"},{"role":"assistant","content":"r"},{"role":"user","content":"q"}],"chosen":[],"rejected":[]})"
      "\n");
  EXPECT_EQ(file.kind, "TRL conversational pairs");
  EXPECT_EQ(findings(file),
            (std::vector<std::string>{"3 rejected BAD_FIELD", "4 prompt BAD_FIELD"}));
  ASSERT_EQ(file.lists.size(), 2u);
  EXPECT_EQ(file.lists[0].extra["system"], "s");
  EXPECT_EQ(file.lists[0].prompt + file.lists[0].candidates[0] + file.lists[0].candidates[1],
            "qab");
  EXPECT_EQ(file.lists[1].prompt + file.lists[1].candidates[0] + file.lists[1].candidates[1],
            "qcd");
}

TEST(PreferenceFileTest, GoodAndBadTextsOfOnePromptBecomeOneList) {
  const auto file = read(R"({"prompt":"q","completion":"good","label":true})"
                         "\n"
                         R"({"prompt":"other","completion":"alone","label":true})"
                         "\n"
                         R"({"prompt":"q","completion":"bad","label":false})"
                         "\n"
                         R"({"prompt":"q","completion":"fine","label":true})"
                         "\n"
                         R"({"prompt":"q","completion":"x","label":"yes"})"
                         "\n"
                         R"({"prompt":"q","completion":"good","label":false})"
                         "\n");
  EXPECT_EQ(file.kind, "TRL unpaired");
  EXPECT_EQ(findings(file),
            (std::vector<std::string>{"2 completion LIST_ONE_SIDED", "5 label BAD_FIELD",
                                      "6 completion PAIR_EQUAL"}));
  ASSERT_EQ(file.lists.size(), 1u);
  EXPECT_EQ(file.lists[0].candidates, (std::vector<std::string>{"good", "bad", "fine"}));
  EXPECT_EQ(file.lists[0].order, (std::vector<std::vector<int>>{{0, 2}, {1}}));
}

TEST(PreferenceFileTest, KtoRowsAreUnpairedRows) {
  const auto file = read(
      R"([{"instruction":"写文案","input":"类型#裙","output":"好","kto_tag":true},{"instruction":"写文案","input":"类型#裙","output":"坏","kto_tag":false},)"
      R"({"instruction":"写文案","input":"类型#裙","output":"坏","kto_tag":1}])");
  EXPECT_EQ(file.kind, "LLaMA-Factory KTO");
  EXPECT_EQ(findings(file), (std::vector<std::string>{"3 kto_tag BAD_FIELD"}));
  ASSERT_EQ(file.lists.size(), 1u);
  EXPECT_EQ(pairs_of(file.lists[0]).at(0).chosen, "好");
  EXPECT_EQ(file.lists[0].prompt, "写文案\n类型#裙");
}

TEST(PreferenceFileTest, TheOlderFormHasItsPairInOutput) {
  const auto file = read(R"({"instruction":"q","input":"","output":["a","b"]})"
                         "\n"
                         R"({"instruction":"q","output":["a","a"]})"
                         "\n"
                         R"({"instruction":"q","output":["a"]})");
  EXPECT_EQ(findings(file),
            (std::vector<std::string>{"2 output[1] PAIR_EQUAL", "3 output BAD_FIELD"}));
  ASSERT_EQ(file.lists.size(), 1u);
  EXPECT_EQ(file.lists[0].candidates, (std::vector<std::string>{"a", "b"}));
}

TEST(PreferenceFileTest, BadRowsAreListedWithRowFieldAndCodeAndTheOthersStay) {
  const auto file = read(R"({"prompt":"q","chosen":"a","rejected":"a"})"
                         "\n"
                         R"({"prompt":"q","chosen":"a","rejected":"b"})"
                         "\n"
                         "not json\n"
                         R"({"prompt":"q","chosen":"a"})"
                         "\n"
                         R"({"prompt":"q","chosen":"a","rejected":"b","weight":-1})"
                         "\n"
                         R"({"chosen":"a","rejected":"b"})"
                         "\n"
                         R"({"x":1})"
                         "\n");
  EXPECT_EQ(findings(file),
            (std::vector<std::string>{"1 rejected PAIR_EQUAL", "3  NOT_JSON",
                                      "4 rejected MISSING_REQUIRED", "5 weight BAD_WEIGHT",
                                      "6 prompt MISSING_REQUIRED", "7 prompt MISSING_REQUIRED"}));
  EXPECT_EQ(file.lists.size(), 1u);
}

TEST(PreferenceFileTest, MixedKindsAndFilesWithoutAPreferenceAreRefused) {
  const std::string pair = R"({"prompt":"q","chosen":"a","rejected":"b"})"
                           "\n";
  EXPECT_EQ(fatal_code(pair + R"({"prompt":"q","completion":"a","label":true})"), "MIXED_KINDS");
  EXPECT_EQ(
      fatal_code(pair + R"({"prompt":"q","candidates":["a","b"],"order":[0],"source":"rule"})"),
      "MIXED_KINDS");
  EXPECT_EQ(fatal_code(pair + R"({"prompt":"q"})"), "MIXED_KINDS");
  EXPECT_EQ(fatal_code(R"({"prompt":"q"})"), "NO_PREFERENCE");
  EXPECT_EQ(fatal_code(R"({"prompt":"q","completion":"a"})"), "NO_PREFERENCE");
  EXPECT_EQ(fatal_code(R"({"instruction":"q","output":"a"})"), "NO_PREFERENCE");
  EXPECT_EQ(fatal_code(" \n"), "EMPTY_FILE");
}

TEST(PreferenceFileTest, ADatasetEntryNamesColumnsAndMustSayRanking) {
  const std::string row = R"({"q":"x","good":"a","poor":"b"})";
  const Json columns = {{"prompt", "q"}, {"chosen", "good"}, {"rejected", "poor"}};
  const auto file =
      read(row, Json{{"file_name", "f.jsonl"}, {"ranking", true}, {"columns", columns}});
  ASSERT_EQ(file.lists.size(), 1u);
  EXPECT_EQ(file.lists[0].prompt, "x");
  EXPECT_EQ(fatal_code(row, Json{{"file_name", "f.jsonl"}, {"columns", columns}}), "NOT_RANKING");
}

TEST(PreferenceFileTest, LlamaFactoryFilesBringTheirEntryAndLeaveTheOthers) {
  test::TemporaryDirectory folder;
  const auto info = folder.path() / "dataset_info.json";
  write_file_atomic(info, R"({"other":{"file_name":"other.json"}})");
  const auto lists = read(kOwnLines).lists;
  write_preferences(folder.path() / "pairs.json", lists, PreferenceFormat::llama_factory);
  const Json entries = read_json_file(info);
  EXPECT_EQ(entries["other"]["file_name"], "other.json");
  EXPECT_EQ(entries["pairs"]["file_name"], "pairs.json");
  EXPECT_EQ(entries["pairs"]["ranking"], true);
  EXPECT_TRUE(read_json_file(folder.path() / "pairs.json").is_array());
  EXPECT_EQ(to_own_lines(read_preferences(folder.path() / "pairs.json").lists),
            to_own_lines(lists));
  EXPECT_THROW(
      write_preferences(folder.path() / "pairs.jsonl.gz", lists, PreferenceFormat::llama_factory),
      UsageError);
  EXPECT_THROW(
      write_preferences(folder.path() / "other.jsonl", lists, PreferenceFormat::llama_factory),
      InvalidInput);
}

TEST(PreferenceFileTest, PackedFilesAreReadByTheirName) {
  test::TemporaryDirectory folder;
  for (const char* name : {"a.jsonl.gz", "a.jsonl.zst"}) {
    write_preferences(folder.path() / name, read(kOwnLines).lists, PreferenceFormat::own);
    EXPECT_EQ(read_preferences(folder.path() / name).lists.size(), 7u);
  }
}

}  // namespace
}  // namespace vitrine::data
