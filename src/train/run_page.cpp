#include "train/run_page.h"

#include "base/html_report.h"

namespace vitrine::train {
namespace {

using Points = std::vector<std::pair<double, double>>;
constexpr size_t kCurvePoints = 400;

/// Means of equal runs of steps.
template <typename Value>
Points thinned(const std::vector<StepReport>& steps, const Value& value) {
  Points points;
  const size_t run = steps.size() / kCurvePoints + 1;
  for (size_t begin = 0; begin < steps.size(); begin += run) {
    const size_t end = std::min(steps.size(), begin + run);
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += value(steps[i]);
    points.emplace_back(static_cast<double>(steps[end - 1].step), sum / static_cast<double>(end - begin));
  }
  return points;
}

Points validation_points(const std::vector<EpochReport>& epochs) {
  Points points;
  for (const EpochReport& epoch : epochs) {
    if (epoch.validation_loss) points.emplace_back(static_cast<double>(epoch.step), *epoch.validation_loss);
  }
  return points;
}

std::string cell(std::optional<double> value) { return value ? format_number(*value) : "–"; }

void add_epochs(HtmlReport& page, const std::vector<EpochReport>& epochs, const std::string& loss_unit) {
  std::vector<std::vector<std::string>> rows;
  for (const EpochReport& epoch : epochs) {
    rows.push_back({std::to_string(epoch.epoch), std::to_string(epoch.step), format_number(epoch.train_loss),
                    cell(epoch.validation_loss), cell(epoch.validation_nats_per_char),
                    format_number(epoch.seconds), format_number(epoch.tokens_per_s)});
  }
  page.heading("Epochs");
  page.table({"epoch", "steps", "train, " + loss_unit, "validation, " + loss_unit, "validation, nats/char", "seconds", "tokens/s"}, rows);
}

void add_samples(HtmlReport& page, const std::vector<EpochReport>& epochs) {
  page.heading("Samples");
  for (auto epoch = epochs.rbegin(); epoch != epochs.rend(); ++epoch) {
    if (epoch->samples.empty()) continue;
    page.begin_details("after epoch " + std::to_string(epoch->epoch));
    page.list(epoch->samples);
    page.end_details();
  }
}

}  // namespace

std::string run_page(const TrainConfig& config, const std::vector<StepReport>& steps, const std::vector<EpochReport>& epochs,
                     const std::string& loss_unit) {
  HtmlReport page("Training run", "en");
  page.heading("Loss");
  page.line_chart("Loss", "step", loss_unit,
                  {{"train", thinned(steps, [](const StepReport& s) { return s.loss; })}, {"validation", validation_points(epochs)}});
  page.line_chart("Learning rate", "step", "", {{"learning rate", thinned(steps, [](const StepReport& s) { return s.learning_rate; })}});
  page.line_chart("Gradient norm", "step", "", {{"norm before clipping", thinned(steps, [](const StepReport& s) { return s.gradient_norm; })}});
  add_epochs(page, epochs, loss_unit);
  add_samples(page, epochs);
  page.raw_text("Settings", dump_pretty(config_to_json(config)));
  return page.html();
}

}  // namespace vitrine::train
