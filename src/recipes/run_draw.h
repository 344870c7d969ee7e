// recipes/run_draw.h - `vitrine draw` from files to a folder: prompts, pictures with their labels, a
// contact sheet.
#pragma once
#include <string>

#include "recipes/draw_config.h"
#include "recipes/draw_tasks.h"
#include "recipes/label_picture.h"
#include "recipes/label_settings.h"
#include "recipes/picture_drawer.h"
#include "recipes/picture_inspector.h"

namespace vitrine::recipes {

struct DrawRun {
  DrawSource source;
  DrawMaterial material;
  std::string output, save_latents, rejects;
  bool restart = false;
  std::string dtype;   // float32 | bfloat16; empty = float32
  std::string device;  // cpu, cuda:0
  bool preview = false;
  bool quiet = false;  // no table at the end

  void describe(FieldVisitor& v) {
    v.field("prompt", source.prompt,
            "what the pictures show; (word:1.2) and [word] weigh words, BREAK begins a new chunk");
    v.field("attributes", source.attributes, "one product: '类型#裙*风格#简约'");
    v.field("image", material.image, "picture to begin with");
    v.field("mask", material.mask, "of the image and of its size: white is painted anew, black stays");
    v.field("latents", material.latents,
            "safetensors file: tensor latents [n, C, h, w], the noise of unit variance to begin with");
    v.field("save_latents", save_latents,
            "safetensors file for the latents before the VAE; of one prompt");
    v.field("output", output, "folder for the pictures");
    v.field("preview", preview, "show what the pictures have come to, a few times on the way, when standard error is a terminal");
    v.field("rejects", rejects, "file for the rows that were rejected");
    v.field("restart", restart, "delete the rows that an interrupted run left, and start anew");
  }
};

/// Pictures are inspected; what is refused is drawn anew, up to `inspection.attempts` (resample.h). With latents given as the noise
/// there is one attempt. Rates before and after, and defects by class, go to standard error unless `quiet`, and into vitrine.json.
///
/// Writes OUTPUT/pictures/, candidates.jsonl (docs/formats/drawn_pictures.md), sheet.png and
/// vitrine.json, all at once at the end. Finished rows are kept in OUTPUT.parts; the same call after
/// an interruption goes on behind them. Every picture has its labels (recipes/label_picture.h).
/// Returns false when a row was rejected or had nothing to draw.
/// Throws UsageError, also for options that do not fit together; NotFound, Corrupt, IoError, Busy,
/// Cancelled; InvalidInput for what PictureDrawer refuses, pictures too small for a label, an
/// unknown wording, and rows of other settings.
bool run_draw(const DrawConfig& config, const DrawRun& run, const PictureInspectorConfig& inspection,
              const PictureLabelConfig& label, const LabelOptions& labels);

}  // namespace vitrine::recipes
