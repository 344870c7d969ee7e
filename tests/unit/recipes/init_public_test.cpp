// train copy --init of a public GPT-2 with each kind of tokenizer, trained for a moment and written with.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "copywriting/copy_model.h"
#include "data/import.h"
#include "recipes/train_copy.h"
#include "copywriting/copy_writer.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"
#include "text/bpe_trainer.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {
namespace fs = std::filesystem;

constexpr const char* kContents[] = {"类型#裙*材质#蕾丝*裙长#连衣裙*风格#简约", "类型#裙*版型#宽松*图案#条纹*裙长#连衣裙",
                                     "类型#裤*版型#宽松*风格#简约*裤型#阔腿裤"};
constexpr const char* kSummaries[] = {"这款连衣裙采用蕾丝面料，触感柔软舒适。简约的设计，穿着优雅大方，很显气质。",
                                      "经典的条纹图案，修饰身形更显瘦。宽松的连衣裙版型，穿着自在又舒适。",
                                      "阔腿裤的剪裁利落大方，走路带风。宽松的版型遮肉显瘦，简约又百搭。"};

class InitPublicTest : public ::testing::TestWithParam<const char*> {
 protected:
  InitPublicTest() {
    at::set_num_threads(1);
    std::string rows;
    for (int i = 0; i < 24; ++i) rows += dump_line(Json{{"content", kContents[i % 3]}, {"summary", kSummaries[i % 3]}}) + "\n";
    write_file_atomic(dir_.path() / "rows.jsonl", rows);
    config_.n_layer = 99;  // the base's sizes count, not these
    config_.init = base().string();
    config_.curate = false;
    config_.train.epochs = 1;
    config_.train.dtype = "float32";
    config_.save_dtype = "float32";
  }

  fs::path base() const { return dir_.path() / "base"; }
  fs::path output() const { return dir_.path() / "out"; }
  void train() const { train_copy(dir_.path() / "rows.jsonl", {}, output(), config_, "cpu"); }

  /// A byte-level vocabulary of random weights may write any sign, so whole tokens only.
  std::vector<std::string> never_written() const {
    if (GetParam() == std::string("wordpiece")) return {"<", "[", "##"};
    auto tokens = copywriting::control_tokens({"材质", "裙长"});
    tokens.push_back("<|slot:");
    return tokens;
  }

  /// A tokenizer of this kind and random weights for it.
  void write_base(const std::string& kind, int vocab_size_error = 0) const {
    kind == "wordpiece" ? write_wordpiece() : write_byte_bpe();
    models::Gpt2Config config{.n_positions = 256, .n_embd = 16, .n_layer = 1, .n_head = 2};
    config.vocab_size = text::load_tokenizer(base())->vocab_size() + vocab_size_error;
    test::write_random_gpt2(base(), config, 0.1f);
    Json json = read_json_file(base() / "config.json");
    json["eos_token_id"] = 50256;  // what transformers writes for a smaller vocabulary too
    write_file_atomic(base() / "config.json", dump_pretty(json));
  }

  test::TemporaryDirectory dir_;
  TrainCopyConfig config_;

 private:
  /// Each character of the rows but two, as in Google's Chinese vocabulary.
  void write_wordpiece() const {
    std::set<std::string> characters{"！", "；", "a", "##a"};
    for (const char* text : kSummaries) {
      for (const char32_t c : text::to_utf32(text)) characters.insert(text::to_utf8(std::u32string(1, c)));
    }
    characters.erase("蕾");
    characters.erase("、");
    std::string vocab = "[PAD]\n[unused1]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n<S>\n";
    for (const auto& character : characters) vocab += character + "\n";
    write_file_atomic(base() / "vocab.txt", vocab);
  }

  void write_byte_bpe() const {
    const std::vector<text::AddedToken> added{{.content = "<|endoftext|>", .special = true}};
    const std::vector<std::string> texts{kSummaries[0], kSummaries[0]};
    text::save_bpe_tokenizer(base(), text::train_bpe(texts, {.vocab_size = 320, .added_tokens = added}), added, {.eos = "<|endoftext|>"});
  }
};

TEST_P(InitPublicTest, TheVocabularyGrowsAndOldIdsStay) {
  write_base(GetParam());
  train();
  const auto old_tokenizer = text::load_tokenizer(base());
  const auto tokenizer = text::load_tokenizer(output());
  for (int32_t id = 0; id < old_tokenizer->vocab_size(); ++id) ASSERT_EQ(tokenizer->id_to_token(id), old_tokenizer->id_to_token(id));
  for (const char* token : {"<|group|>", "<|key:裙长|>", "连衣裙", "阔腿裤"}) {
    EXPECT_GE(tokenizer->token_to_id(token).value_or(-1), old_tokenizer->vocab_size()) << token;
  }
  EXPECT_EQ(tokenizer->encode("，、。").size(), 3u);
  EXPECT_EQ(tokenizer->special().eos, tokenizer->token_to_id("<|endoftext|>"));
  const auto config = models::read_gpt2_config(output());
  EXPECT_EQ(config.vocab_size, tokenizer->vocab_size());
  EXPECT_EQ(config.eos_token_id, *tokenizer->special().eos);
  const Json settings = read_json_file(output() / "vitrine.json");
  EXPECT_EQ(settings["kind"], "copy");
  EXPECT_EQ(settings["settings"]["n_layer"], 1);
}

TEST_P(InitPublicTest, TheTunedModelWritesTextsWithoutControlTokens) {
  write_base(GetParam());
  train();
  const auto model = copywriting::load_copy_model(output(), {.threads = 1});
  copywriting::WriteConfig config;
  config.num_return_sequences = 2;
  config.min_category_rows = 0;
  config.check = false;
  const auto products = data::read_products(dir_.path() / "rows.jsonl", {}).products;
  for (const auto& written : copywriting::CopyWriter(config, &model).write(std::span(products).first(3))) {
    ASSERT_EQ(written.candidates.size(), 2u) << written.error;
    EXPECT_EQ(written.candidates.front().origin, "model");
    for (const auto& candidate : written.candidates) {
      EXPECT_TRUE(text::is_valid_utf8(candidate.text));
      EXPECT_GT(text::count_code_points(candidate.text), 20u);
      for (const auto& token : never_written()) EXPECT_EQ(candidate.text.find(token), std::string::npos) << token << ": " << candidate.text;
    }
  }
}

TEST_P(InitPublicTest, TheSameSeedGivesTheSameModel) {
  write_base(GetParam());
  train();
  const std::string first = read_file(output() / "model.safetensors");
  train();
  EXPECT_TRUE(read_file(output() / "model.safetensors") == first);
}

TEST_P(InitPublicTest, AVocabularyOfAnotherSizeIsNamedAndNothingIsLeft) {
  write_base(GetParam(), 1);
  const std::string message = test::message_of<Corrupt>([&] { train(); });
  EXPECT_NE(message.find("TOK_MISMATCH: config.json has vocab_size"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(output().string() + ".run"));
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, InitPublicTest, ::testing::Values("wordpiece", "byte_bpe"),
                         [](const auto& test) { return std::string(test.param); });

class BadBaseTest : public InitPublicTest {};

TEST_F(BadBaseTest, ADirectoryThatIsNoModelIsNamed) {
  fs::create_directories(base());
  const std::string message = test::message_of<Corrupt>([&] { train(); });
  EXPECT_NE(message.find("neither a copy model (vitrine.json) nor a GPT-2 directory (config.json)"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(output().string() + ".run"));
}

TEST_F(BadBaseTest, MissingWeightsAreNotFound) {
  write_base("wordpiece");
  fs::remove(base() / "model.safetensors");
  EXPECT_THROW(train(), NotFound);
  EXPECT_FALSE(fs::exists(output().string() + ".run"));
}

TEST_F(BadBaseTest, AnotherKindOfModelIsRefusedByItsName) {
  write_base("wordpiece");
  write_file_atomic(base() / "config.json", R"({"model_type":"bert","vocab_size":100})");
  EXPECT_NE(test::message_of<InvalidInput>([&] { train(); }).find("bert"), std::string::npos);
  EXPECT_FALSE(fs::exists(output().string() + ".run"));
}

TEST_F(BadBaseTest, AnEosTokenOfTheBaseEndsTheCopy) {
  write_base("wordpiece");
  write_file_atomic(base() / "tokenizer_config.json", R"({"eos_token":"[SEP]"})");
  train();
  const auto tokenizer = text::load_tokenizer(output());
  EXPECT_FALSE(tokenizer->token_to_id("<|endoftext|>"));
  EXPECT_EQ(copywriting::PromptFormat(*tokenizer).end_id(), tokenizer->token_to_id("[SEP]"));
}

}  // namespace
}  // namespace vitrine::recipes
