#include <gtest/gtest.h>

#include "base/error.h"
#include "models/bert/config.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::message_of;

/// The sizes of BERT, and what `text` says otherwise.
BertConfig parse(std::string_view text) {
  Json json = parse_json(R"({"vocab_size":21128,"hidden_size":768,"num_hidden_layers":12,
    "num_attention_heads":12,"intermediate_size":3072,"max_position_embeddings":512})",
                         "test");
  const Json other = parse_json(text, "test");
  if (!other.is_object()) return bert_config_from_json(other, "config.json");
  json.update(other);
  return bert_config_from_json(json, "config.json");
}

TEST(BertConfigTest, WrittenSettingsAreReadBack) {
  BertConfig config{.vocab_size = 97, .hidden_size = 32, .num_attention_heads = 4};
  config.hidden_act = "gelu_new";
  config.layer_norm_eps = 1e-5;
  config.architectures = {"BertForTokenClassification"};
  config.id2label = {"O", "B", "I"};
  const Json json = to_json(config);
  EXPECT_EQ(to_json(bert_config_from_json(json, "x")), json);
  EXPECT_EQ(json["label2id"]["I"], 2);
}

TEST(BertConfigTest, AbsentFieldsKeepTheDefaultsOfTransformers) {
  const BertConfig config = parse(R"({"architectures":null,"classifier_dropout":null})");
  EXPECT_EQ(config.type_vocab_size, 2);
  EXPECT_EQ(config.layer_norm_eps, 1e-12);
  EXPECT_EQ(config.hidden_act, "gelu");
  EXPECT_EQ(config.head_size(), 64);
  EXPECT_EQ(config.id2label, (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
  EXPECT_EQ(parse(R"({"num_labels":3})").num_labels(), 3);
}

TEST(BertConfigTest, LabelsComeInOrderOfTheirIds) {
  const BertConfig config = parse(R"({"id2label":{"10":"k","0":"a","1":"b","2":"c","3":"d",
    "4":"e","5":"f","6":"g","7":"h","8":"i","9":"j"}})");
  EXPECT_EQ(config.num_labels(), 11);
  EXPECT_EQ(config.id2label[2], "c");
  EXPECT_EQ(config.id2label[10], "k");
}

TEST(BertConfigTest, BadValuesAreRefusedByFieldAndValue) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"hidden_act":"silu"})", "silu"},
      {R"({"num_attention_heads":7})", "num_attention_heads 7"},
      {R"({"num_hidden_layers":0})", "num_hidden_layers"},
      {R"({"hidden_size":"768"})", "hidden_size"},
      {R"({"vocab_size":null})", "vocab_size: missing"},
      {R"({"layer_norm_eps":0})", "layer_norm_eps"},
      {R"({"model_type":"gpt2"})", "gpt2"},
      {R"({"position_embedding_type":"relative_key"})", "relative_key"},
      {R"({"is_decoder":true})", "is_decoder"},
      {R"({"id2label":{"0":"a","2":"b"}})", "but 1 has none"},
      {R"({"id2label":["a"]})", "id2label: expected an object"},
      {R"({"id2label":{}})", "num_labels"},
      {R"({"num_labels":3,"id2label":{"0":"a"}})", "num_labels is 3, but id2label has 1"},
      {R"({"architectures":"BertModel"})", "architectures"},
      {R"([])", "object"}};
  for (const auto& [text, part] : cases) {
    const std::string message = message_of<InvalidInput>([&] { parse(text); });
    EXPECT_NE(message.find(part), std::string::npos) << text << " gave: " << message;
    EXPECT_NE(message.find("config.json"), std::string::npos) << message;
  }
}

TEST(BertConfigTest, AFolderThatIsNotThereIsNotFound) {
  EXPECT_THROW(read_bert_config("/nowhere"), NotFound);
}

}  // namespace
}  // namespace vitrine::models
