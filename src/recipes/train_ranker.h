// recipes/train_ranker.h - from preference pairs and ranked lists to a ranking model's directory:
// read, split by product, train, measure, save.
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/artefact.h"
#include "copywriting/ranking_model.h"
#include "train/train_config.h"

namespace vitrine::recipes {

/// Everything that a directory of `train ranker` may hold of the program's own.
inline constexpr std::string_view kRankerModelFiles[] = {"config.json",
                                                         "model.safetensors",
                                                         "vocab.json",
                                                         "vocab.txt",
                                                         "merges.txt",
                                                         "tokenizer.json",
                                                         "tokenizer_config.json",
                                                         "special_tokens_map.json",
                                                         "added_tokens.json",
                                                         "statistics.tsv",
                                                         "metrics.json",
                                                         "train.jsonl",
                                                         "run.html",
                                                         kManifestName,
                                                         "packed-float32.cache",
                                                         "packed-bfloat16.cache",
                                                         "packed-int8.cache",
                                                         "packed-int4.cache"};
inline constexpr ArtefactKind kRankerModelKind{copywriting::kRankerKindName, kRankerModelFiles};

struct TrainRankerConfig {
  // Model.
  std::string init;       // copy model or ranking model to start from (--init)
  std::string tokenizer;  // without init: a model directory whose vocabulary is taken
  int n_layer = 0;        // 0 = all of the init model; fewer = its first ones
  int n_embd = 320;
  int n_head = 5;
  int n_positions = 320;
  // Objective.
  std::string objective = "pairs";
  double margin = 0;
  double center_weight = 0.01;
  // Data.
  double validation_share = 0.1;  // of the products, when no validation set is given
  std::string split = "ranker";
  std::vector<std::string> sources;  // empty = all
  train::TrainConfig train;
  std::string save_dtype = "bfloat16";
  std::set<std::string>
      given;  // names of the fields that the user set: sizes among them must be the init model's

  /// Sized for 10,000 pairs on two cores.
  TrainRankerConfig() {
    train.epochs = 2;
    train.batch_tokens = 2048;
    train.learning_rate = 3e-4;
    train.warmup_steps = 50;
    train.weight_decay = 0.05;
    train.beta2 = 0.98;
    train.embd_pdrop = 0.05;
    train.attn_pdrop = 0;
    train.checkpoint_minutes = 2;
  }

  void describe(FieldVisitor& v) {
    v.field("init", init,
            "start from this copy model or ranking model: a folder, or a name in models/");
    v.field("tokenizer", tokenizer,
            "without init: take the vocabulary of this copy model or ranking model");
    v.field("n_layer", n_layer,
            "transformer layers; 0 = all of the init model, fewer = its first ones", 0, 1000);
    v.field("n_embd", n_embd, "width", 1, 100000);
    v.field("n_head", n_head, "attention heads", 1, 1000);
    v.field("n_positions", n_positions, "longest product and text, tokens", 8, 100000);
    v.field("objective", objective,
            "pairs: Bradley-Terry on every pair of a list; list: Plackett-Luce on its order",
            {"pairs", "list"});
    v.field("margin", margin, "score units by which the better text must win (pairs)", 0, 1000);
    v.field("center_weight", center_weight, "pull of the scores to 0; 0 = off", 0, 1000);
    v.field("validation_share", validation_share,
            "products held out when no validation set is given", 0, 0.5);
    v.field("split", split, "name of the split: another one holds out other products");
    v.field("sources", sources, "learn from pairs of these sources only (pick, feedback, human, rule, synthetic); empty = all");
    v.field("save_dtype", save_dtype, "bfloat16 | float32", {"bfloat16", "float32"});
    train.describe(v);
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
};

/// With the sizes of the model that it starts from. Throws UsageError for a given size that is another one, or more layers
/// than that has.
TrainRankerConfig with_sizes_of(TrainRankerConfig config, const std::filesystem::path& init);

/// data, validation: files of preference pairs and ranked lists (recipes/ranker_rows.h). Without
/// validation the products of `split` are held out. output, device, the run's folder and what else
/// is thrown: as train_copy.h. Every row is used or the whole file is refused: InvalidInput names
/// the row (read_ranked_rows, ranked_example), and a product that is in both files. Returns true:
/// no row is left out.
bool train_ranker(const std::filesystem::path& data, const std::filesystem::path& validation,
                  const std::string& output, const TrainRankerConfig& config,
                  const std::string& device);

}  // namespace vitrine::recipes
