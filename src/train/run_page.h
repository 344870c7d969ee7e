// train/run_page.h - run.html: loss curves, the epochs and their samples.
#pragma once
#include <string>

#include "train/run_log.h"
#include "train/run_state.h"
#include "train/train_config.h"

namespace vitrine::train {

/// The page as HTML. Steps may be many: the curve is thinned to some hundred points. loss_unit: of the losses.
std::string run_page(const TrainConfig& config, const std::vector<StepReport>& steps, const std::vector<EpochReport>& epochs,
                     const std::string& loss_unit);

}  // namespace vitrine::train
