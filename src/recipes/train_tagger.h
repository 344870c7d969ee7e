// recipes/train_tagger.h - from products with human copy to a tagger directory: align, vocabulary, train,
// measure, save.
#pragma once
#include <filesystem>
#include <set>
#include <string>

#include "copywriting/tagger_training_set.h"
#include "train/train_config.h"

namespace vitrine::recipes {

struct TrainTaggerConfig {
  // Model.
  int num_hidden_layers = 4;
  int hidden_size = 256;
  int num_attention_heads = 4;
  int intermediate_size = 1024;
  int max_position_embeddings = 160;
  int min_frequency = 2;  // of a character that gets a token
  std::string init;       // tagger directory to start from (--init)
  // Data.
  std::string vocabulary;           // attribute table; empty = data/advertisegen/attribute_vocab.tsv
  double held_out_synonyms = 0.15;  // never learned: the evidence is measured on them
  double validation_share = 0.05;   // of the products, when no validation set is given
  copywriting::TaggerDrawConfig draw;
  train::TrainConfig train;
  std::string save_dtype = "bfloat16";
  std::set<std::string> given;  // names of the fields that the user set

  TrainTaggerConfig() { train.attn_pdrop = 0; }  // attention has no dropout here

  void describe(FieldVisitor& v) {
    v.field("num_hidden_layers", num_hidden_layers, "transformer layers", 1, 1000);
    v.field("hidden_size", hidden_size, "width", 1, 100000);
    v.field("num_attention_heads", num_attention_heads, "attention heads", 1, 1000);
    v.field("intermediate_size", intermediate_size, "width inside the MLP", 1, 100000);
    v.field("max_position_embeddings", max_position_embeddings, "longest input, tokens: text and attributes", 32, 4096);
    v.field("min_frequency", min_frequency, "times a character occurs at least to get a token", 1, 1e6);
    v.field("init", init, "start from this tagger: a folder, or a name in models/; it keeps its sizes, labels and vocabulary");
    v.field("vocabulary", vocabulary, "TSV of key, value and count: the keys are the labels; empty = data/advertisegen/attribute_vocab.tsv");
    v.field("held_out_synonyms", held_out_synonyms, "share of the synonyms that are never learned", 0, 0.9);
    v.field("validation_share", validation_share, "products held out when no validation set is given", 0, 0.5);
    v.field("save_dtype", save_dtype, "bfloat16 | float32", {"bfloat16", "float32"});
    draw.describe(v);
    train.describe(v);
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
};

/// data, validation, output, device and what is thrown: as train_copy.h. Rows need copy (`summary`) and
/// attributes. Returns false when rows were rejected.
bool train_tagger(const std::filesystem::path& data, const std::filesystem::path& validation,
                  const std::string& output, const TrainTaggerConfig& config,
                  const std::string& device);

}  // namespace vitrine::recipes
