// support/random_bert.h - writes a BERT directory of random weights with our own saver.
#pragma once
#include <filesystem>
#include <string>

#include "models/bert/weights.h"
#include "support/random_checkpoint.h"

namespace vitrine::test {

/// See write_random_checkpoint; with a token head when `config` has labels.
inline void write_random_bert(const std::filesystem::path& dir, models::BertConfig config,
                              float scale, uint64_t seed = 1) {
  auto specs = models::bert_weight_specs(config);
  const bool has_head = config.num_labels() > 0;
  config.architectures = {has_head ? "BertForTokenClassification" : "BertModel"};
  if (has_head) {
    for (const auto& spec : models::bert_head_specs(config)) specs.push_back(spec);
  }
  const auto stored_name = [](const std::string& name) {
    return name.starts_with("classifier.") ? name : "bert." + name;
  };
  write_random_checkpoint(dir, specs, stored_name, models::to_json(config), scale, seed);
}

}  // namespace vitrine::test
