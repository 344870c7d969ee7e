#include "generation/encoder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/random_bert.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

using test::message_of;

class EncoderTest : public ::testing::Test {
 protected:
  void write(std::vector<std::string> labels) const {
    test::write_random_bert(dir_.path(),
                            {.vocab_size = 50,
                             .hidden_size = 16,
                             .num_hidden_layers = 2,
                             .num_attention_heads = 2,
                             .intermediate_size = 20,
                             .max_position_embeddings = 24,
                             .id2label = std::move(labels)},
                            0.5f);
  }
  EncoderTest() { write({"O", "B", "I"}); }
  Encoder load() const { return Encoder::load(dir_.path(), {.threads = 1}); }
  /// The message for a good input and then `bad`.
  std::string refusal(EncoderInput bad) const {
    Encoder encoder = load();
    return message_of<InvalidInput>([&] {
      encoder.logits(std::vector{EncoderInput{{1}}, std::move(bad)});
    });
  }

  test::TemporaryDirectory dir_;
};

TEST_F(EncoderTest, BadInputsAreRefusedByNumberAndValue) {
  const std::pair<EncoderInput, const char*> cases[] = {
      {{{}}, "input 1: no tokens"},
      {{{3, 50}}, "input 1: token 50 is outside the vocabulary of 50"},
      {{{-1}}, "token -1"},
      {{std::vector<int32_t>(25, 3)},
       "25 tokens are more than the model's max_position_embeddings 24"},
      {{{3, 4}, {0}}, "expected 2 token_type_ids, got 1"},
      {{{3, 4}, {0, 2}}, "token type 2 is outside the type_vocab_size of 2"}};
  for (const auto& [input, part] : cases) {
    const std::string message = refusal(input);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST_F(EncoderTest, TheLongestInputPasses) {
  EXPECT_EQ(load().logits(std::vector{EncoderInput{std::vector<int32_t>(24, 3)}})[0].size(), 72u);
  EXPECT_TRUE(load().logits({}).empty());
}

TEST_F(EncoderTest, AnUnknownDtypeIsRefused) {
  const auto message =
      message_of<InvalidInput>([&] { Encoder::load(dir_.path(), {.dtype = "int3"}); });
  EXPECT_NE(message.find("int3"), std::string::npos) << message;
}

TEST_F(EncoderTest, AModelWithoutHeadGivesHiddenStatesAlone) {
  write({});
  Encoder encoder = load();
  const std::vector<EncoderInput> inputs{{{1, 2, 3}}};
  EXPECT_FALSE(encoder.has_head());
  EXPECT_EQ(encoder.hidden_states(inputs)[0].size(), 3u * 16);
  EXPECT_NE(message_of<InvalidInput>([&] { encoder.logits(inputs); }).find("no classifier"),
            std::string::npos);
}

TEST_F(EncoderTest, TokenTypesCount) {
  Encoder encoder = load();
  const auto logits =
      encoder.logits(std::vector<EncoderInput>{{{1, 2}}, {{1, 2}, {0, 0}}, {{1, 2}, {0, 1}}});
  EXPECT_EQ(logits[0], logits[1]);
  EXPECT_NE(logits[0], logits[2]);
}

}  // namespace
}  // namespace vitrine::generation
