// train/contrast_config.h - the settings of a text encoder that learns which caption belongs to which picture.
#pragma once
#include "base/config.h"

namespace vitrine::train {

/// Defaults. CLIP learned from batches of 32,768 pairs (Radford et al. 2021, arXiv 2103.00020): more wrong answers make a better loss, and here
/// they cost a pass of the text encoder alone, so a step takes more captions than pictures of the diffusion loss. The diffusion loss keeps its
/// whole weight, as nothing in the contrastive one knows what the frozen UNet understands: TextCraftor (Li et al. 2024, arXiv 2403.18978) saw a
/// text encoder collapse that was tuned without such a hold.
struct CaptionContrastConfig {
  int contrastive_batch_size = 64;
  double diffusion_weight = 1;

  void describe(FieldVisitor& v) {
    v.field("contrastive_batch_size", contrastive_batch_size, "objective contrastive: captions of a step that are told apart", 2, 65536);
    v.field("diffusion_weight", diffusion_weight, "objective contrastive: weight of the diffusion loss beside it; 0 = the UNet has no say", 0, 1000);
  }
};

}  // namespace vitrine::train
