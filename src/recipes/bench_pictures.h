// recipes/bench_pictures.h - speed of Stable Diffusion on this machine: the parts of `draw`, and a step of `train text-encoder`.
//
// Weights are random, of a named shape or of a directory's: speed does not depend on their values.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>

#include "base/config.h"

namespace vitrine::recipes {

/// What is measured.
struct BenchShape {
  std::string model;  // directory whose shapes are taken; empty = SD 1.5
  int64_t width = 512, height = 512;
  int64_t steps = 3;
  std::string dtype = "auto";

  void describe(FieldVisitor& v) {
    v.field("model", model, "directory whose shapes are taken; empty = Stable Diffusion 1.5");
    v.field("width", width, "pixels", 8, 8192);
    v.field("height", height, "pixels", 8, 8192);
    v.field("steps", steps, "timed calls of each part, after one to warm up; the median counts", 1, 1000);
    v.field("dtype", dtype, "compute type: float32, bfloat16, or auto = the faster one here", {"auto", "float32", "bfloat16"});
  }
};

struct BenchDrawConfig {
  BenchShape shape;
  void describe(FieldVisitor& v) { shape.describe(v); }
};

struct BenchTuneConfig {
  BenchShape shape;
  int batch = 1;
  bool gradient_checkpointing = false;

  void describe(FieldVisitor& v) {
    shape.describe(v);
    v.field("batch", batch, "pictures of a step", 1, 4096);
    v.field("gradient_checkpointing", gradient_checkpointing, "compute blocks again in the backward pass: less memory, more time");
  }
};

/// The text encoder for prompt and negative prompt, one UNet step with guidance (both in one batch), the VAE's decoding of one
/// picture. Prints one JSON object a part to `out`, a table to stderr.
/// Throws UsageError for sizes that the model cannot have, before anything is measured; what reading the shapes throws, Cancelled.
void bench_draw(const BenchDrawConfig& config, const std::string& device, std::ostream& out);

/// A step of train text-encoder with the diffusion loss, AdamW included; UNet frozen.
void bench_tune(const BenchTuneConfig& config, const std::string& device, std::ostream& out);

}  // namespace vitrine::recipes
