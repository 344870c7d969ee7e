// Ids of CLIP vocabularies that we trained or extended against those of transformers' CLIPTokenizer for their files.
#include <gtest/gtest.h>

#include "support/clip_vocabularies.h"
#include "text/tokenizer.h"

namespace vitrine::text {
namespace {

std::string name_of(const ::testing::TestParamInfo<std::string_view>& row) { return std::string(row.param); }

class ClipVocabularyGoldenTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(ClipVocabularyGoldenTest, IdsAreThoseOfTransformers) {
  const Json record = read_json_file(VITRINE_SOURCE_DIR "/tests/data/golden/clip_vocabulary.json")["vocabularies"][std::string(GetParam())];
  const auto tokenizer = make_tokenizer(test::clip_vocabulary(GetParam(), VITRINE_SOURCE_DIR));
  EXPECT_EQ(tokenizer->vocab_size(), record["size"].get<int32_t>());
  EXPECT_EQ(tokenizer->special().bos, record["bos"].get<int32_t>());
  EXPECT_EQ(tokenizer->special().eos, record["eos"].get<int32_t>());
  EXPECT_EQ(tokenizer->special().pad, record["pad"].get<int32_t>());
  for (const Json& row : record["rows"]) {
    EXPECT_EQ(tokenizer->encode(row["text"].get<std::string>()), row["ids"].get<std::vector<int32_t>>()) << row["text"];
  }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, ClipVocabularyGoldenTest, ::testing::ValuesIn(test::kClipVocabularies), name_of);

}  // namespace
}  // namespace vitrine::text
