// recipes/train_copy.h - from raw pairs to a copy model directory: curate, align, vocabulary, train, save.
#pragma once
#include <filesystem>
#include <set>
#include <string>

#include "copywriting/training_set.h"
#include "train/train_config.h"

namespace vitrine::recipes {

struct TrainCopyConfig {
  // Model.
  int n_layer = 8;
  int n_embd = 320;
  int n_head = 5;
  int n_positions = 320;
  int vocab_size = 6000;       // pieces, control and value tokens together
  int min_frequency = 4;       // of a merged piece
  int min_value_products = 3;  // products that make a value a token
  std::string init;            // model directory to start from (--init); its sizes take the place of those above
  // Data.
  bool curate = true;
  double validation_share = 0.05;  // of the products, when no validation set is given
  copywriting::AugmentConfig augment;
  train::TrainConfig train;
  std::string save_dtype = "bfloat16";
  std::set<std::string> given;  // names of the fields that the user set: sizes among them must be the init model's

  void describe(FieldVisitor& v) {
    v.field("n_layer", n_layer, "transformer layers", 1, 1000);
    v.field("n_embd", n_embd, "width", 1, 100000);
    v.field("n_head", n_head, "attention heads", 1, 1000);
    v.field("n_positions", n_positions, "longest sequence, tokens", 8, 100000);
    v.field("vocab_size", vocab_size, "learned pieces, control and value tokens together", 256, 250000);
    v.field("min_frequency", min_frequency, "times a merged piece occurs at least", 1, 1e6);
    v.field("min_value_products", min_value_products, "products that make a value a token", 1, 1e6);
    v.field("init", init, "start from this model: a copy model or any GPT-2 in Hugging Face layout; a folder, or a name in models/");
    v.field("curate", curate, "run the filter funnel on the pairs first");
    v.field("validation_share", validation_share, "products held out when no validation set is given", 0, 0.5);
    v.field("save_dtype", save_dtype, "bfloat16 | float32", {"bfloat16", "float32"});
    augment.describe(v);
    train.describe(v);
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
};

/// device: "cpu", "cuda", "cuda:1".
/// data: a folder with train.jsonl, or a file of AdvertiseGen rows or product records with copy; "-" = standard input.
/// validation: the same, or empty: validation_share of the products, chosen by the hash of their id.
/// output: the model directory; `output`.run beside it holds state, log and page while it runs; the log
/// and the page end in the model directory. Run again after an interruption, it goes on. An older model in `output` is
/// replaced in its own files (artefact.h).
/// config.init: a copy model keeps its vocabulary; a public GPT-2 gets the tokens it lacks (public_gpt2.h).
/// Returns false when rows were rejected (they are logged by code).
/// Throws UsageError (an output that holds other files, a state of other settings, a size that is not the init model's),
/// Busy (another process trains there), NotFound, Corrupt, InvalidInput, IoError, Cancelled (state saved): by the user, or
/// by max_minutes or max_steps.
bool train_copy(const std::filesystem::path& data, const std::filesystem::path& validation, const std::string& output,
                const TrainCopyConfig& config, const std::string& device);

}  // namespace vitrine::recipes
