// train/train_config.h - the settings of a training run.
#pragma once
#include "base/config.h"

namespace vitrine::train {

struct TrainConfig {
  int epochs = 10;
  int batch_tokens = 4096;
  int micro_batch_tokens = 0;
  double learning_rate = 1e-3;
  double min_learning_rate_ratio = 0.1;
  int warmup_steps = 100;
  double weight_decay = 0.1;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double clip_norm = 1.0;
  double resid_pdrop = 0.1;
  double embd_pdrop = 0.1;
  double attn_pdrop = 0.1;
  double label_smoothing = 0;
  int64_t seed = 0;
  int patience = 0;
  int average_checkpoints = 1;
  double checkpoint_minutes = 10;
  double max_minutes = 0;
  int64_t max_steps = 0;
  std::string dtype = "auto";
  bool plain = false;

  void describe(FieldVisitor& v) {
    v.field("epochs", epochs, "passes over the examples", 1, 100000);
    v.field("batch_tokens", batch_tokens, "tokens of a step; whole documents, no padding", 1, 1 << 24);
    v.field("micro_batch_tokens", micro_batch_tokens, "tokens computed at once, gradients are added; 0 = batch_tokens", 0, 1 << 24);
    v.field("learning_rate", learning_rate, "highest learning rate", 0, 10);
    v.field("min_learning_rate_ratio", min_learning_rate_ratio, "share of it that the cosine ends at", 0, 1);
    v.field("warmup_steps", warmup_steps, "steps of linear warm-up", 0, 1e9);
    v.field("weight_decay", weight_decay, "decoupled, on matrices", 0, 10);
    v.field("beta1", beta1, "AdamW: decay of the mean", 0, 1);
    v.field("beta2", beta2, "AdamW: decay of the squared mean", 0, 1);
    v.field("epsilon", epsilon, "AdamW: added to the root", 0, 1);
    v.field("clip_norm", clip_norm, "largest gradient norm; 0 = off", 0);
    v.field("resid_pdrop", resid_pdrop, "dropout of attention and MLP outputs", 0, 0.95);
    v.field("embd_pdrop", embd_pdrop, "dropout of embeddings", 0, 0.95);
    v.field("attn_pdrop", attn_pdrop, "dropout of attention probabilities", 0, 0.95);
    v.field("label_smoothing", label_smoothing, "probability spread over the vocabulary", 0, 0.95);
    v.field("seed", seed, "order, dropout and initial weights");
    v.field("patience", patience, "epochs without a better validation loss before the end; 0 = off", 0, 100000);
    v.field("average_checkpoints", average_checkpoints, "the result is the mean of so many best epochs' weights, when that is better", 1, 100);
    v.field("checkpoint_minutes", checkpoint_minutes, "time between saved states", 0);
    v.field("max_minutes", max_minutes, "stop (state saved) after this time; 0 = off", 0);
    v.field("max_steps", max_steps, "stop (state saved) after this step; 0 = off", 0);
    v.field("dtype", dtype, "compute type: float32, bfloat16, or auto = the faster one here; weights are float32", {"auto", "float32", "bfloat16"});
    v.field("plain", plain, "plain ATen instead of the fused loops");
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
};

}  // namespace vitrine::train
