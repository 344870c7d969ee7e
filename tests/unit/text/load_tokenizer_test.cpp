#include <gtest/gtest.h>

#include "text/byte_level.h"
#include "text/tokenizer.h"
#include "unit/text/tokenizer_dir.h"

namespace vitrine::text {
namespace {

/// The message of what load_tokenizer throws; "" when it throws nothing.
template <typename Exception = Corrupt>
std::string failure(const TokenizerDir& dir) {
  try {
    load_tokenizer(dir.path());
  } catch (const Exception& e) {
    return e.what();
  }
  return "";
}

void expect_part(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << "message: " << message << "\nwithout: " << part;
}

std::string bpe_vocab(const std::string& more = "") {
  std::string json = "{";
  for (size_t byte = 0; byte < 256; ++byte) {
    const std::string& symbol = byte_symbol_texts()[byte];
    json += concat(byte == 0 ? "\"" : ",\"", symbol == "\"" || symbol == "\\" ? "\\" : "", symbol, "\":", byte);
  }
  return json + more + "}";
}

std::string wordpiece_json(const std::string& change_from = "", const std::string& change_to = "") {
  std::string json =
      R"({"version":"1.0","added_tokens":[{"id":0,"content":"[UNK]","special":true,"normalized":false},)"
      R"({"id":2,"content":"连衣裙","special":false,"normalized":false}],)"
      R"("normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},)"
      R"("pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":null,"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},)"
      R"("model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,)"
      R"("vocab":{"[UNK]":0,"a":1}}})";
  if (!change_from.empty()) json.replace(json.find(change_from), change_from.size(), change_to);
  return json;
}

TEST(LoadTokenizerTest, ReadsAVocabularyFileLineByLine) {
  TokenizerDir dir;
  dir.put("vocab.txt", kSmallVocab);
  const auto tokenizer = load_tokenizer(dir.path());
  EXPECT_EQ(tokenizer->vocab_size(), 11);
  EXPECT_EQ(tokenizer->encode("红裙 dresses[MASK]!"), (std::vector<int32_t>{5, 6, 7, 8, 4, 10}));
  EXPECT_EQ(tokenizer->special().cls, 2);
  EXPECT_FALSE(tokenizer->special().bos);
  EXPECT_EQ(tokenizer->id_to_token(8), "##es");
}

TEST(LoadTokenizerTest, ADirectoryWithoutVocabularyIsNotFound) {
  const TokenizerDir dir;
  expect_part(failure<NotFound>(dir), "no tokenizer.json, vocab.txt, vocab.json with merges.txt");
}

TEST(LoadTokenizerTest, HalfOfAPairOfFilesIsNotFound) {
  TokenizerDir dir;
  dir.put("vocab.json", bpe_vocab());
  expect_part(failure<NotFound>(dir), "has vocab.json but no merges.txt");
}

TEST(LoadTokenizerTest, ADuplicateLineIsNamed) {
  TokenizerDir dir;
  dir.put("vocab.txt", concat(kSmallVocab, "红\n"));
  expect_part(failure(dir), "vocab.txt: token '红' is there twice, with ids 5 and 11");
}

TEST(LoadTokenizerTest, AMissingSpecialTokenIsNamed) {
  TokenizerDir dir;
  dir.put("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n");
  expect_part(failure(dir), "mask_token '[MASK]' is missing");
  dir.put("tokenizer_config.json", R"({"mask_token": null})");
  EXPECT_EQ(failure(dir), "");
}

TEST(LoadTokenizerTest, ABrokenVocabularyIsRefused) {
  TokenizerDir dir;
  dir.put("vocab.txt", "[PAD]\n\xFF\n");
  expect_part(failure(dir), "vocab.txt: not valid UTF-8");
  dir.put("vocab.txt", "[PAD]\n\n[UNK]\n");
  expect_part(failure(dir), "vocab.txt: line 2 is empty");
}

TEST(LoadTokenizerTest, MergesThatTheVocabularyDoesNotKnowAreAMismatch) {
  TokenizerDir dir;
  dir.put("vocab.json", bpe_vocab(R"(,"ab":256)")).put("merges.txt", "#version: 0.2\na b\nb c\n");
  expect_part(failure(dir), "TOK_MISMATCH");
  expect_part(failure(dir), "merges.txt merge 2: 'bc' is no token");
}

TEST(LoadTokenizerTest, ABrokenMergeLineIsNamed) {
  TokenizerDir dir;
  dir.put("vocab.json", bpe_vocab()).put("merges.txt", "#version: 0.2\na b c\n");
  expect_part(failure(dir), "merges.txt: line 2: expected two parts, got 'a b c'");
}

TEST(LoadTokenizerTest, IdsThatAreTakenOrNoIdsAreNamed) {
  TokenizerDir dir;
  dir.put("merges.txt", "").put("vocab.json", bpe_vocab(R"(,"ab":7)"));
  expect_part(failure(dir), "id 7 belongs to");
  dir.put("vocab.json", bpe_vocab(R"(,"ab":"7")"));
  expect_part(failure(dir), "token 'ab': expected an id, got \"7\"");
  dir.put("vocab.json", bpe_vocab(R"(,"ab":4294967296)"));
  expect_part(failure(dir), "token 'ab': expected an id, got 4294967296");
  dir.put("vocab.json", "{");
  expect_part(failure(dir), "vocab.json: not JSON");
}

TEST(LoadTokenizerTest, AddedTokensFollowTheVocabularyWithoutGap) {
  TokenizerDir dir;
  dir.put("vocab.txt", kSmallVocab).put("added_tokens.json", R"({"连衣裙": 11})");
  EXPECT_EQ(load_tokenizer(dir.path())->token_to_id("连衣裙"), 11);
  dir.put("added_tokens.json", R"({"连衣裙": 12})");
  expect_part(failure(dir), "TOK_MISMATCH: id of added token '连衣裙': expected 11, file has 12");
}

TEST(LoadTokenizerTest, TwoListsOfAddedTokensMustAgree) {
  TokenizerDir dir;
  dir.put("vocab.txt", kSmallVocab).put("added_tokens.json", R"({"连衣裙": 11})");
  dir.put("tokenizer_config.json", R"({"added_tokens_decoder": {"12": {"content": "连衣裙"}}})");
  expect_part(failure(dir), "TOK_MISMATCH: '连衣裙' has id 11, tokenizer_config.json has 12");
}

TEST(LoadTokenizerTest, SettingsOfTheWrongTypeAreNamed) {
  TokenizerDir dir;
  dir.put("vocab.txt", kSmallVocab).put("tokenizer_config.json", R"({"do_lower_case": "no"})");
  expect_part(failure(dir), "tokenizer_config.json: do_lower_case: expected true or false, got \"no\"");
}

TEST(LoadTokenizerTest, ReadsTokenizerJson) {
  TokenizerDir dir;
  dir.put("tokenizer.json", wordpiece_json());
  const auto tokenizer = load_tokenizer(dir.path());
  EXPECT_EQ(tokenizer->encode("A连衣裙 b"), (std::vector<int32_t>{1, 2, 0}));
  EXPECT_EQ(tokenizer->special().unk, 0);
  EXPECT_FALSE(tokenizer->special().pad);
}

TEST(LoadTokenizerTest, ComponentsThatAreNotKnownAreRefusedByTheirName) {
  const auto refused = [](const std::string& from, const std::string& to) {
    TokenizerDir dir;
    dir.put("tokenizer.json", wordpiece_json(from, to));
    return failure(dir);
  };
  expect_part(refused("\"BertNormalizer\"", "\"Nmt\""), "unknown normalizer 'Nmt'");
  expect_part(refused("\"BertPreTokenizer\"", "\"Metaspace\""), "unknown pre_tokenizer 'Metaspace'");
  expect_part(refused("\"type\":\"WordPiece\",\"unk", "\"type\":\"Unigram\",\"unk"), "unknown model 'Unigram'");
  expect_part(refused("\"type\":\"WordPiece\",\"prefix\"", "\"type\":\"Fuse\",\"prefix\""), "unknown decoder 'Fuse'");
  expect_part(refused("\"post_processor\":null", "\"post_processor\":{\"type\":\"Other\"}"), "unknown post_processor 'Other'");
  expect_part(refused("\"id\":2", "\"id\":5"), "id of '连衣裙': expected 2, file has 5");
}

TEST(LoadTokenizerTest, BothFormsMustBeEqual) {
  TokenizerDir dir;
  dir.put("tokenizer.json", wordpiece_json()).put("vocab.txt", "[UNK]\na\n");
  dir.put("tokenizer_config.json", R"({"pad_token": null, "cls_token": null, "sep_token": null, "mask_token": null})");
  EXPECT_EQ(failure(dir), "");
  dir.put("vocab.txt", "[UNK]\nb\n");
  expect_part(failure(dir), "TOK_MISMATCH: id 1 is 'a'");
  dir.put("vocab.txt", "[UNK]\na\nb\n");
  expect_part(failure(dir), "TOK_MISMATCH: id 2 is absent");
}

TEST(LoadTokenizerTest, SettingsOfBothFormsMustBeEqual) {
  TokenizerDir dir;
  dir.put("tokenizer.json", wordpiece_json()).put("tokenizer_config.json", R"({"do_lower_case": false})");
  expect_part(failure(dir), "TOK_MISMATCH: do_lower_case is false, tokenizer.json has true");
}

TEST(LoadTokenizerTest, TextAndIdsOutOfRangeAreRefused) {
  TokenizerDir dir;
  dir.put("vocab.txt", kSmallVocab);
  const auto tokenizer = load_tokenizer(dir.path());
  EXPECT_THROW(tokenizer->encode("a\xC3"), InvalidInput);
  EXPECT_THROW(tokenizer->decode(std::vector<int32_t>{11}), InvalidInput);
  EXPECT_THROW(tokenizer->id_to_token(-1), InvalidInput);
}

TEST(TokenizerHashTest, DependsOnTokensTheirOrderAndMergesNotOnTheFiles) {
  const auto hash = [](const std::string& vocab, const std::string& merges) {
    TokenizerDir dir;
    dir.put("vocab.json", vocab).put("merges.txt", merges);
    return load_tokenizer(dir.path())->sha256();
  };
  const std::string two = hash(bpe_vocab(",\"ab\":256,\"bc\":257"), "#version: 0.2\na b\nb c\n");
  EXPECT_EQ(two.size(), 64u);
  EXPECT_EQ(hash(bpe_vocab(",\"bc\":257,\"ab\":256"), "a b\nb c\n"), two);
  EXPECT_NE(hash(bpe_vocab(",\"ab\":257,\"bc\":256"), "a b\nb c\n"), two);
  EXPECT_NE(hash(bpe_vocab(",\"ab\":256,\"bc\":257"), "b c\na b\n"), two);
}

}  // namespace
}  // namespace vitrine::text
