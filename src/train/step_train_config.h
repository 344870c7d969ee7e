// train/step_train_config.h - the settings of a training run that is counted in steps: pictures, and pairs of pictures and texts.
#pragma once
#include "base/config.h"

namespace vitrine::train {

struct StepTrainConfig {
  int64_t steps = 1000;
  int batch_size = 32;
  double learning_rate = 1e-4;
  double min_learning_rate_ratio = 0.1;
  int64_t warmup_steps = 100;
  double weight_decay = 0.01;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double clip_norm = 1.0;
  double ema_decay = 0;
  int64_t validation_steps = 250;
  bool keep_best = false;
  int patience = 0;
  int64_t seed = 0;
  double checkpoint_minutes = 5;
  double max_minutes = 0;
  int64_t max_steps = 0;
  std::string dtype = "auto";

  void describe(FieldVisitor& v) {
    v.field("steps", steps, "optimizer steps", 1, 1e9);
    v.field("batch_size", batch_size, "pictures of a step", 1, 65536);
    v.field("learning_rate", learning_rate, "highest learning rate", 0, 10);
    v.field("min_learning_rate_ratio", min_learning_rate_ratio, "share of it that the cosine ends at", 0, 1);
    v.field("warmup_steps", warmup_steps, "steps of linear warm-up", 0, 1e9);
    v.field("weight_decay", weight_decay, "decoupled, on matrices and kernels", 0, 10);
    v.field("beta1", beta1, "AdamW: decay of the mean", 0, 1);
    v.field("beta2", beta2, "AdamW: decay of the squared mean", 0, 1);
    v.field("epsilon", epsilon, "AdamW: added to the root", 0, 1);
    v.field("clip_norm", clip_norm, "largest gradient norm; 0 = off", 0);
    v.field("ema_decay", ema_decay, "decay of the running mean of the weights that is kept as the result; 0 = off", 0, 0.99999);
    v.field("validation_steps", validation_steps, "steps between validations and sample grids", 1, 1e9);
    v.field("keep_best", keep_best, "the result is the weights of the best validation, not the last ones");
    v.field("patience", patience, "validations without a better one before the end; 0 = off", 0, 100000);
    v.field("seed", seed, "order, noise and initial weights");
    v.field("checkpoint_minutes", checkpoint_minutes, "time between saved states", 0);
    v.field("max_minutes", max_minutes, "stop (state saved) after this time; 0 = off", 0);
    v.field("max_steps", max_steps, "stop (state saved) after this step; 0 = off", 0);
    v.field("dtype", dtype, "compute type: float32, bfloat16, or auto = the faster one here; weights are float32", {"auto", "float32", "bfloat16"});
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
};

/// Linear warm-up, then half a cosine over the steps. step: 0-based.
double learning_rate_at(const StepTrainConfig& config, int64_t step);

}  // namespace vitrine::train
