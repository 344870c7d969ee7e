// Encode, then decode, on random text; and loaders on files with random damage.
#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "text/tokenizer.h"
#include "text/utf8.h"
#include "unit/text/tokenizer_dir.h"

namespace vitrine::text {
namespace {
namespace fs = std::filesystem;

/// A code point of one of the ranges that matter: ASCII, Latin, Chinese, all planes.
char32_t random_code_point(RandomStream& random) {
  constexpr std::array<char32_t, 6> kBounds = {0x80, 0x250, 0x3100, 0xA000, 0x20000, 0x110000};
  while (true) {
    const auto c = static_cast<char32_t>(random.below(kBounds[random.below(kBounds.size())]));
    if (c < 0xD800 || c > 0xDFFF) return c;
  }
}

std::string random_text(RandomStream& random) {
  static const std::vector<std::string> parts = {"连衣裙", " ", "  ", "\n", "'s", "dress", "<|endoftext|>", "slot", "9", "，"};
  std::u32string text;
  for (uint64_t left = random.below(14); left > 0; --left) {
    if (random.below(2) == 0) {
      text += to_utf32(parts[random.below(parts.size())]);
    } else {
      text += random_code_point(random);
    }
  }
  return to_utf8(text);
}

TEST(TokenizerPropertyTest, ByteBpeDecodesEveryTextToItself) {
  const auto large = load_tokenizer("data/vocab/gpt2");
  const auto small = load_tokenizer("tests/data/tokenizers/bpe");
  RandomStream random(RandomKey(11));
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text(random);
    ASSERT_EQ(large->decode(large->encode(text)), text);
    ASSERT_EQ(small->decode(small->encode(text)), text);
  }
}

TEST(TokenizerPropertyTest, WordPieceGivesItsOwnTextTheSameIds) {
  const auto tokenizer = load_tokenizer("data/vocab/bert-chinese");
  RandomStream random(RandomKey(12));
  int compared = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto ids = tokenizer->encode(random_text(random));
    if (std::find(ids.begin(), ids.end(), *tokenizer->special().unk) != ids.end()) continue;
    ASSERT_EQ(tokenizer->encode(tokenizer->decode(ids)), ids) << tokenizer->decode(ids);
    ++compared;
  }
  EXPECT_GT(compared, 2000);
}

TEST(TokenizerPropertyTest, IdsStayInsideTheVocabulary) {
  for (const char* dir : {"wordpiece_added", "bpe_added", "clip_added", "legacy_bpe"}) {
    const auto tokenizer = load_tokenizer(fs::path("tests/data/tokenizers") / dir);
    RandomStream random(RandomKey(13));
    for (int i = 0; i < 3000; ++i) {
      for (const int32_t id : tokenizer->encode(random_text(random))) {
        ASSERT_EQ(tokenizer->token_to_id(tokenizer->id_to_token(id)), id);
      }
    }
  }
}

TEST(TokenizerPropertyTest, ManyThreadsGetTheSameIds) {
  const auto tokenizer = load_tokenizer("data/vocab/gpt2");
  std::vector<std::string> texts;
  RandomStream random(RandomKey(14));
  for (int i = 0; i < 400; ++i) texts.push_back(random_text(random));
  std::array<std::vector<std::vector<int32_t>>, 4> ids;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : ids) {
      threads.emplace_back([&] {
        for (const std::string& text : texts) mine.push_back(tokenizer->encode(text));
      });
    }
  }
  for (const auto& mine : ids) EXPECT_EQ(mine, ids[0]);
}

/// One byte changed, a piece cut out, or the end cut off.
std::string damaged(std::string bytes, RandomStream& random) {
  const size_t at = random.below(bytes.size());
  switch (random.below(4)) {
    case 0: bytes[at] = static_cast<char>(random.below(256)); break;
    case 1: bytes.erase(at, 1 + random.below(40)); break;
    case 2: bytes.resize(at); break;
    default: bytes[at] = "0\"[{}],:n"[random.below(9)];
  }
  return bytes;
}

class DamagedFilesTest : public ::testing::TestWithParam<std::array<const char*, 2>> {};

TEST_P(DamagedFilesTest, AreReadOrRefusedWithOurOwnErrors) {
  const auto [name, file] = GetParam();
  TokenizerDir dir;
  fs::copy(fs::path("tests/data/tokenizers") / name, dir.path(), fs::copy_options::recursive);
  const std::string bytes = read_file(dir.path() / file);
  RandomStream random(RandomKey(15));
  int refused = 0;
  for (int i = 0; i < 120; ++i) {
    dir.put(file, damaged(bytes, random));
    try {
      load_tokenizer(dir.path())->encode("a 连衣裙 <left>!");
    } catch (const Error& e) {  // anything else ends the test
      ASSERT_NE(std::string(e.what()).find("load_tokenizer"), std::string::npos) << e.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 8);
}

INSTANTIATE_TEST_SUITE_P(Files, DamagedFilesTest,
                         ::testing::Values(std::array{"wordpiece_added", "tokenizer.json"}, std::array{"clip_added", "tokenizer.json"},
                                           std::array{"bpe_added", "tokenizer_config.json"}, std::array{"legacy_bpe", "vocab.json"},
                                           std::array{"legacy_bpe", "merges.txt"}, std::array{"legacy_bpe", "tokenizer_config.json"},
                                           std::array{"legacy_wordpiece", "vocab.txt"}, std::array{"legacy_wordpiece", "added_tokens.json"},
                                           std::array{"legacy_wordpiece", "special_tokens_map.json"}),
                         [](const auto& test) {
                           std::string name = concat(test.param[0], "_", test.param[1]);
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace vitrine::text
