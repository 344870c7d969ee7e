#include <gtest/gtest.h>

#include "base/error.h"
#include "models/gpt2/config.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::message_of;

/// The sizes of GPT-2, and what `text` says otherwise.
Gpt2Config parse(std::string_view text) {
  Json json = parse_json(R"({"vocab_size":50257,"n_positions":1024,"n_embd":768,"n_layer":12,"n_head":12})", "test");
  const Json other = parse_json(text, "test");
  if (!other.is_object()) return gpt2_config_from_json(other, "config.json");
  if (other.contains("n_ctx")) json.erase("n_positions");
  json.update(other);
  return gpt2_config_from_json(json, "config.json");
}

TEST(Gpt2ConfigTest, WrittenSettingsAreReadBack) {
  Gpt2Config config{.vocab_size = 97, .n_positions = 64, .n_embd = 32, .n_layer = 2, .n_head = 4, .n_inner = 48};
  config.activation_function = "gelu";
  config.tie_word_embeddings = false;
  config.scale_attn_by_inverse_layer_idx = true;
  config.eos_token_id = 3;
  config.embd_pdrop = 0;
  const Json json = to_json(config, "bfloat16");
  EXPECT_EQ(to_json(gpt2_config_from_json(json, "x"), "bfloat16"), json);
  EXPECT_EQ(json["architectures"][0], "GPT2LMHeadModel");
  EXPECT_EQ(json["dtype"], "bfloat16");
  EXPECT_TRUE(json["bos_token_id"].is_null());
}

TEST(Gpt2ConfigTest, AbsentFieldsKeepDefaultsAndOldNamesAreKnown) {
  const Gpt2Config config = parse(R"({"n_ctx":512,"n_inner":null,"task_specific_params":{},"eos_token_id":null})");
  EXPECT_EQ(config.n_positions, 512);
  EXPECT_EQ(config.n_embd, 768);
  EXPECT_EQ(config.mlp_width(), 3072);
  EXPECT_EQ(config.head_size(), 64);
  EXPECT_EQ(config.eos_token_id, -1);
  EXPECT_EQ(parse(R"({"n_ctx":512,"n_positions":256})").n_positions, 256);
}

TEST(Gpt2ConfigTest, BadValuesAreRefusedByFieldAndValue) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"activation_function":"swish"})", "swish"}, {R"({"n_head":7})", "n_head 7"},      {R"({"n_head":0})", "n_head"},
      {R"({"n_embd":"768"})", "n_embd"},               {R"({"n_embd":76.5})", "76.5"},       {R"({"n_layer":-2})", "got -2"},
      {R"({"vocab_size":99999999999})", "vocab_size"}, {R"({"eos_token_id":50257})", "50257"}, {R"({"embd_pdrop":1})", "embd_pdrop"},
      {R"({"layer_norm_epsilon":0})", "epsilon"},      {R"({"model_type":"bert"})", "bert"}, {R"({"add_cross_attention":true})", "cross"},
      {R"([])", "object"},                             {R"({"tie_word_embeddings":1})", "tie_word_embeddings"}};
  for (const auto& [text, part] : cases) {
    const std::string message = message_of<InvalidInput>([&] { parse(text); });
    EXPECT_NE(message.find(part), std::string::npos) << text << " gave: " << message;
    EXPECT_NE(message.find("config.json"), std::string::npos) << message;
  }
}

TEST(Gpt2ConfigTest, AMissingSizeIsNotTakenFromGpt2) {
  const Json whole = parse_json(R"({"vocab_size":50257,"n_positions":1024,"n_embd":768,"n_layer":12,"n_head":12})", "test");
  for (const auto& [name, value] : whole.items()) {
    for (const Json& absent : {Json(), Json("gone")}) {
      Json json = whole;
      json[name] = nullptr;
      if (absent.is_string()) json.erase(name);
      const std::string message = message_of<InvalidInput>([&] { gpt2_config_from_json(json, "config.json"); });
      EXPECT_EQ(message, "[gpt2_config] config.json: " + name + ": missing");
    }
  }
}

TEST(Gpt2ConfigTest, AMissingDirectoryOrFileIsOneClearLine) {
  const test::TemporaryDirectory dir;
  EXPECT_NE(message_of<NotFound>([&] { read_gpt2_config(dir.path() / "none"); }).find("no such model directory"), std::string::npos);
  EXPECT_NE(message_of<NotFound>([&] { read_gpt2_config(dir.path()); }).find("config.json"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::models
