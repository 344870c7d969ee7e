#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/resource.h"
#include "copywriting/claim_tagger.h"
#include "copywriting/tagger_training_set.h"
#include "support/random_bert.h"
#include "support/temporary_directory.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

const MentionTable& table() {
  static const MentionTable kTable =
      MentionTable::load(resource_path("data/advertisegen/attribute_vocab.tsv"), 0);
  return kTable;
}

std::vector<std::string> found(std::string_view utf8, std::string_view type,
                               const std::vector<TaggerAttribute>& attributes) {
  const std::u32string text = text::to_utf32(utf8);
  std::vector<std::string> spelled;
  for (const auto& mention : find_mentions(text, type, attributes, table())) {
    const auto [begin, end] = mention.range;
    spelled.push_back(text::to_utf8(text.substr(begin, end - begin)) + "/" + mention.key);
  }
  return spelled;
}

using Strings = std::vector<std::string>;

TEST(MentionsTest, AValueThatStandsInTheTextIsFoundUnderItsAttributesKey) {
  EXPECT_EQ(found("这款雪纺连衣裙，圆领设计。", "裙", {{"材质", "雪纺"}, {"裙领型", "圆领"}}),
            (Strings{"雪纺/材质", "连衣裙/裙长", "圆领/裙领型"}));
}

TEST(MentionsTest, ASynonymOfTheTableIsAMentionAndTheLongestSpellingWins) {
  EXPECT_EQ(found("真丝面料，小清新。", "裙", {{"材质", "蚕丝"}, {"风格", "清新"}}),
            (Strings{"真丝/材质", "小清新/风格"}));
  EXPECT_EQ(found("雪纺纱轻盈", "裙", {{"材质", "雪纺"}}), (Strings{"雪纺纱/材质"}));
}

TEST(MentionsTest, TheStemOfAColourIsAMention) {
  EXPECT_EQ(found("酒红很美", "裙", {{"颜色", "酒红色"}}), (Strings{"酒红/颜色"}));
}

TEST(MentionsTest, AKeyThatRepeatsAnotherComesSecond) {
  EXPECT_EQ(found("复古", "裙", {{"图案", "复古"}, {"风格", "复古"}}), (Strings{"复古/风格"}));
}

TEST(MentionsTest, TheTypeOfTheProductChoosesTheKeyOfAValueThatNoAttributeHas) {
  EXPECT_EQ(found("v领", "上衣", {}), (Strings{"v领/衣领型"}));
  EXPECT_EQ(found("V领", "裙", {}), (Strings{"V领/裙领型"}));
}

TEST(MentionsTest, ASingleCharacterCountsOnlyAsAWholeValue) {
  EXPECT_EQ(found("风格很潮", "裙", {{"图案", "格子"}, {"风格", "潮"}, {"类型", "裙"}}),
            (Strings{"潮/风格"}));
  EXPECT_EQ(found("半身裙摆", "裙", {{"类型", "裙"}}), (Strings{"半身裙/裙长"}));
}

TEST(MentionsTest, ALatinSpellingIsNotCutOutOfALongerWord) {
  EXPECT_EQ(found("polos与polo", "上衣", {{"衣样式", "polo"}}), (Strings{"polo/衣样式"}));
}

TEST(MentionsTest, ClausesWithPlaceholdersAreLeftOut) {
  EXPECT_EQ(without_placeholders(U"好看，<UNK>设计，BRAND出品。显瘦"), U"好看，显瘦");
}

TEST(MentionTableTest, RelationsTellEntailedFromOtherAndUnclearValues) {
  const auto relation = [](std::u32string_view spelled, const char* key, const char* val) {
    return table().relation(spelled, key, val);
  };
  EXPECT_EQ(relation(U"真丝", "材质", "蚕丝"), Relation::supports);
  EXPECT_EQ(relation(U"蚕丝", "材质", "桑蚕丝"), Relation::supports);
  EXPECT_EQ(relation(U"圆领设计", "裙领型", "圆领"), Relation::supports);
  EXPECT_EQ(relation(U"红色", "颜色", "蓝色"), Relation::unrelated);
  EXPECT_EQ(relation(U"显瘦", "版型", "修身"), Relation::unrelated);
  EXPECT_EQ(relation(U"牛仔", "裙型", "牛仔裙"), Relation::supports);  // an ending of the key
  EXPECT_EQ(relation(U"网纱", "裙款式", "网纱拼接"), Relation::unclear);
}

TEST(MentionTableTest, HeldOutSpellingsAreKnownButMarked) {
  const auto half =
      MentionTable::load(resource_path("data/advertisegen/attribute_vocab.tsv"), 0.5);
  const auto learned = half.spellings("材质", "蚕丝", false);
  const auto held_out = half.spellings("材质", "蚕丝", true);
  EXPECT_FALSE(held_out.empty());
  EXPECT_EQ(learned.size() + held_out.size(), table().spellings("材质", "蚕丝", false).size());
  const auto* readings = half.readings(text::to_utf32(held_out.front()));
  ASSERT_NE(readings, nullptr);
  EXPECT_TRUE(readings->front().held_out);
}

constexpr const char* kVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n[unused1]\n[unused2]\n红\n裙\n色\n颜\n，\n。\n：\n"
    "dress\n##e\na\n##b\n!\n";

/// A random tagger of 32 positions.
class TaggerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    models::BertConfig config;
    config.vocab_size = 19;
    config.hidden_size = 32;
    config.num_hidden_layers = 2;
    config.num_attention_heads = 2;
    config.intermediate_size = 64;
    config.max_position_embeddings = 32;
    config.type_vocab_size = TaggerEncoding::kTokenTypes;
    config.id2label = TaggerLabels({"颜色", "类型"}).names();
    test::write_random_bert(dir_.path(), config, 0.5f);
    write_file_atomic(dir_.path() / "vocab.txt", kVocabulary);
    write_file_atomic(dir_.path() / "vitrine.json", R"({"kind":"tagger"})");
    tokenizer_ = text::load_tokenizer(dir_.path());
  }

  test::TemporaryDirectory dir_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
};

TEST_F(TaggerTest, TokensKnowTheirCodePoints) {
  const TaggerEncoding encoding(*tokenizer_);
  const auto tokens = encoding.tokens(U"红 Dresses😀红?");
  std::vector<TextRange> ranges;
  for (const auto& token : tokens) ranges.push_back(token.range);
  // The emoji is a part of its word, which is therefore unknown as a whole.
  EXPECT_EQ(ranges, (std::vector<TextRange>{{0, 1}, {2, 10}, {10, 11}, {11, 12}}));
  EXPECT_EQ(tokens_of(tokens, {9, 11}), (std::optional<TextRange>{{1, 3}}));
  EXPECT_EQ(tokens_of(tokens, {1, 2}), std::nullopt);
}

TEST_F(TaggerTest, PiecesOfAWordShareItsLettersAndAnUnknownWordIsOneToken) {
  const TaggerEncoding encoding(*tokenizer_);
  const auto pieces = encoding.tokens(U"红Ab");
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[1].range, (TextRange{1, 2}));
  EXPECT_EQ(pieces[2].range, (TextRange{2, 3}));
  const auto unknown = encoding.tokens(U"dressing红");
  ASSERT_EQ(unknown.size(), 2u);
  EXPECT_EQ(unknown[0].range, (TextRange{0, 8}));
}

TEST_F(TaggerTest, SpecialTokensInATextAreText) {
  const TaggerEncoding encoding(*tokenizer_);
  for (const auto& token : encoding.tokens(U"[SEP][unused1]")) {
    EXPECT_EQ(token.id, 1);  // [UNK]: the vocabulary has neither bracket nor word
  }
}

TEST_F(TaggerTest, TheInputIsTextThenAttributesWithTheMarkAroundItsSpan) {
  const TaggerEncoding encoding(*tokenizer_);
  const auto input = encoding.assemble(encoding.tokens(U"红裙"), TextRange{0, 1},
                                       {encoding.attribute_tokens({"颜色", "红"})});
  EXPECT_EQ(input.input_ids, (std::vector<int32_t>{2, 5, 7, 6, 8, 3, 10, 9, 13, 7, 3}));
  EXPECT_EQ(input.token_type_ids, (std::vector<int32_t>{0, 2, 2, 2, 0, 0, 1, 1, 1, 1, 1}));
  EXPECT_EQ(input.text_positions, (std::vector<size_t>{2, 4}));
  EXPECT_EQ(input.attribute_positions, (std::vector<size_t>{6}));
}

TEST_F(TaggerTest, WindowsEndWithSentencesAndCoverTheText) {
  const TaggerEncoding encoding(*tokenizer_);
  const std::u32string text = U"红红红，红红。裙裙裙裙裙裙裙裙裙裙，红。";
  const auto windows = token_windows(text, encoding.tokens(text), 8);
  EXPECT_EQ(windows, (std::vector<TextRange>{{0, 7}, {7, 15}, {15, 20}}));
  EXPECT_TRUE(token_windows(U"", {}, 8).empty());
}

TEST_F(TaggerTest, TaggingTakesLongOddAndEmptyTextsAlike) {
  auto tagger = ClaimTagger::load(dir_.path(), {.threads = 1});
  std::string text;
  for (int i = 0; i < 40; ++i) text += "红裙，颜色😀";
  const std::vector<TaggerText> texts{
      {text, {{"颜色", text}, {"", ""}}}, {"", {}}, {" \t", {{"颜色", "红"}}}};
  const auto spans = tagger.tag(texts);
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_TRUE(spans[1].empty());
  EXPECT_TRUE(spans[2].empty());
  size_t behind = 0;
  for (const auto& span : spans[0]) {
    EXPECT_LE(behind, span.range.begin);
    EXPECT_LT(span.range.begin, span.range.end);
    EXPECT_LE(span.range.end, 40u * 6);
    behind = span.range.end;
  }
}

TEST_F(TaggerTest, ATextGivesTheSameAloneAndAmongOthers) {
  auto tagger = ClaimTagger::load(dir_.path(), {.threads = 1, .support_threshold = 0});
  const std::vector<TaggerText> texts{{"红裙，颜色。", {{"颜色", "红"}, {"类型", "裙"}}},
                                      {"裙色红", {{"颜色", "红色"}}}};
  const std::vector<MarkedSpan> spans{{0, {0, 2}}, {1, {2, 3}}};
  const auto together = tagger.supports(texts, spans);
  const std::vector<MarkedSpan> second{{0, {2, 3}}};
  const auto alone = tagger.supports(std::span(texts).subspan(1), second);
  ASSERT_TRUE(together[1] && alone[0]);
  EXPECT_EQ(together[1]->probability, alone[0]->probability);
  EXPECT_LT(together[0]->attribute_idx, 2u);
}

TEST_F(TaggerTest, AttributesBeyondOnePassAreAskedInFurtherOnes) {
  auto tagger = ClaimTagger::load(dir_.path(), {.threads = 1, .support_threshold = 0});
  std::vector<TaggerText> texts{{"红裙", {}}};
  for (int i = 0; i < 12; ++i) texts[0].attributes.push_back({"颜色", i == 11 ? "红裙红" : "裙"});
  const std::vector<MarkedSpan> spans{{0, {0, 1}}};
  EXPECT_TRUE(tagger.supports(texts, spans)[0].has_value());
  texts[0].attributes.clear();
  EXPECT_FALSE(tagger.supports(texts, spans)[0].has_value());
}

TEST_F(TaggerTest, ASpanOutsideItsTextIsRefused) {
  auto tagger = ClaimTagger::load(dir_.path(), {.threads = 1});
  const std::vector<TaggerText> texts{{"红裙", {}}};
  EXPECT_THROW(tagger.supports(texts, std::vector<MarkedSpan>{{0, {1, 3}}}), InvalidInput);
  EXPECT_THROW(tagger.supports(texts, std::vector<MarkedSpan>{{0, {1, 1}}}), InvalidInput);
  EXPECT_THROW(tagger.supports(texts, std::vector<MarkedSpan>{{1, {0, 1}}}), InvalidInput);
  EXPECT_THROW(tagger.tag(std::vector<TaggerText>{{"\xff", {}}}), InvalidInput);
}

TEST_F(TaggerTest, AFolderThatIsNoTaggerIsRefused) {
  write_file_atomic(dir_.path() / "vitrine.json", R"({"kind":"copy"})");
  EXPECT_THROW(ClaimTagger::load(dir_.path(), {}), Corrupt);
  EXPECT_THROW(TaggerLabels::from_names({"O", "B-颜色", "SUPPORTS"}, "config.json"), Corrupt);
}

TEST(TaggerTrainingSetTest, ReplacingAMentionMovesTheLaterOnes) {
  MentionedText text{U"红色裙，雪纺。", "裙", {}, {{{0, 2}, "颜色", "红色"}, {{4, 6}, "材质", "雪纺"}}};
  replace_mention(text, 0, U"酒红色系");
  EXPECT_EQ(text.text, U"酒红色系裙，雪纺。");
  EXPECT_EQ(text.mentions[1].range, (TextRange{6, 8}));
}

TEST_F(TaggerTest, ExamplesCarryLabelsAtTheTokensOfTheirSpans) {
  const TaggerEncoding encoding(*tokenizer_);
  const TaggerLabels labels({"颜色", "类型"});
  const MentionedText text{U"红色裙。", "裙", {{"颜色", "红"}}, {{{0, 2}, "颜色", "红色"}}};
  const TaggerTrainingSet set({text}, table(), encoding, labels, 32, {});
  const auto plain = set.encode({text, std::nullopt, std::nullopt});
  EXPECT_EQ(plain.classes, (std::vector<int32_t>{-100, 1, 2, 0, 0, -100, -100, -100, -100, -100, -100}));
  const auto marked = set.encode({text, TextRange{0, 2}, 0});
  EXPECT_EQ(marked.classes[8], labels.supports());
  EXPECT_EQ(std::count(marked.classes.begin(), marked.classes.end(), -100),
            static_cast<std::ptrdiff_t>(marked.classes.size()) - 5);  // 颜 色 ： 红 [SEP]
}

TEST_F(TaggerTest, TheSameKeyDrawsTheSameExamplesAndNoneIsTooLong) {
  const TaggerEncoding encoding(*tokenizer_);
  const TaggerLabels labels(table().keys());
  std::vector<MentionedText> texts;
  for (int i = 0; i < 20; ++i) {
    MentionedText text{U"红色的雪纺连衣裙，圆领。复古的风格，百搭显瘦。", "裙",
                       {{"颜色", "红色"}, {"材质", "雪纺"}, {"裙长", "连衣裙"}}, {}};
    text.mentions = find_mentions(text.text, text.type, text.attributes, table());
    texts.push_back(text);
  }
  const TaggerTrainingSet set(texts, table(), encoding, labels, 32, {});
  const auto first = set.epoch(RandomKey(1)), again = set.epoch(RandomKey(1));
  const auto other = set.epoch(RandomKey(2));
  bool differs = false;
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].input_ids, again[i].input_ids);
    EXPECT_EQ(first[i].classes, again[i].classes);
    EXPECT_LE(first[i].input_ids.size(), 32u);
    differs = differs || first[i].input_ids != other[i].input_ids;
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace vitrine::copywriting
