#include "eval/hacking_watch.h"

#include <cmath>

#include "base/error.h"
#include "base/svg_chart.h"
#include "eval/diversity.h"
#include "text/utf8.h"

namespace vitrine::eval {
namespace {

/// A number that is watched, with its name for people.
struct Watched {
  const char* name;
  const char* zh;
  const char* en;
  double RoundNumbers::* value;
};

constexpr Watched kLength = {"mean_length", "平均长度", "mean length", &RoundNumbers::mean_length};
constexpr Watched kRepetition = {"repetition_4", "重复率", "repetition-4",
                                 &RoundNumbers::repetition_4};
constexpr Watched kDistinct = {"distinct_4", "用词多样性", "distinct-4", &RoundNumbers::distinct_4};
constexpr Watched kKl = {"kl_to_sft", "偏离 SFT 模型（KL/词元）", "KL to SFT per token",
                         &RoundNumbers::kl_to_sft};
constexpr Watched kUnsupported = {"unsupported", "无依据宣称率", "unsupported-claim rate",
                                  &RoundNumbers::unsupported};
constexpr Watched kBanned = {"banned", "禁用语率", "banned-term rate", &RoundNumbers::banned};
constexpr Watched kDisagreement = {"disagreement", "排序模型与规则不一致率",
                                   "disagreement of ranker and rules", &RoundNumbers::disagreement};

void require_finite(const RoundNumbers& numbers) {
  for (const auto& watched :
       {kLength, kRepetition, kDistinct, kKl, kUnsupported, kBanned}) {
    const double value = numbers.*watched.value;
    VITRINE_REQUIRE(std::isfinite(value), "[alarms] ", numbers.name, ": ", watched.name,
                    ": expected a number, got ", value);
  }
}

Alarm alarm_of(const Watched& watched, const RoundNumbers& now, double limit, bool is_upper) {
  const double value = now.*watched.value;
  const std::string got = format_number(value), bound = format_number(limit);
  return {
      watched.name, value, limit,
      concat(now.name, "：", watched.zh, " ", got, is_upper ? "，高于上限 " : "，低于下限 ", bound),
      concat(now.name, ": ", watched.en, " ", got,
             is_upper ? " is above the limit " : " is below the limit ", bound)};
}

}  // namespace

double kl_per_token(std::span<const SampleLogprobs> samples) {
  VITRINE_REQUIRE(!samples.empty(), "[kl_per_token] no samples");
  double sum = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto& [round, sft, tokens] = samples[i];
    VITRINE_REQUIRE(tokens > 0, "[kl_per_token] sample ", i, ": expected tokens, got ", tokens);
    const double difference = round - sft;
    VITRINE_REQUIRE(std::isfinite(difference), "[kl_per_token] sample ", i, ": log-probabilities ",
                    round, " and ", sft);
    sum += difference / static_cast<double>(tokens);
  }
  return sum / static_cast<double>(samples.size());
}

void count_texts(std::span<const std::string> texts, RoundNumbers& numbers) {
  VITRINE_REQUIRE(!texts.empty(), "[count_texts] ", numbers.name, ": no texts");
  std::vector<std::u32string> code_points;
  double length = 0, repeating = 0;
  for (const auto& text : texts) {
    const auto& points = code_points.emplace_back(text::metric_code_points(text));
    length += static_cast<double>(points.size());
    repeating += repeats_four_gram(points) ? 1 : 0;
  }
  const auto n = static_cast<double>(texts.size());
  numbers.texts = static_cast<int64_t>(texts.size());
  numbers.mean_length = length / n;
  numbers.repetition_4 = repeating / n;
  numbers.distinct_4 = FourGrams(code_points).distinct_share();
}

std::vector<Alarm> alarms(const RoundNumbers& before, const RoundNumbers& now,
                          const HackingWatchConfig& config) {
  check_config(config, "alarms");
  require_finite(before);
  require_finite(now);
  std::vector<Alarm> raised;
  const auto at_most = [&](const Watched& watched, double limit) {
    if (now.*watched.value > limit) raised.push_back(alarm_of(watched, now, limit, true));
  };
  const auto at_least = [&](const Watched& watched, double limit) {
    if (now.*watched.value < limit) raised.push_back(alarm_of(watched, now, limit, false));
  };
  at_most(kLength, before.mean_length * config.max_length_ratio);
  at_least(kLength, before.mean_length * config.min_length_ratio);
  at_most(kRepetition, before.repetition_4 + config.max_repetition_rise);
  at_least(kDistinct, before.distinct_4 * config.min_distinct_ratio);
  at_most(kKl, config.max_kl_per_token);
  at_most(kUnsupported, before.unsupported + config.max_unsupported_rise);
  at_most(kBanned, before.banned + config.max_banned_rise);
  at_most(kDisagreement, config.max_disagreement);
  return raised;
}

Json to_json(const RoundNumbers& numbers) {
  return {{"name", numbers.name},
          {"texts", numbers.texts},
          {"mean_length", numbers.mean_length},
          {"repetition_4", numbers.repetition_4},
          {"distinct_4", numbers.distinct_4},
          {"kl_to_sft", numbers.kl_to_sft},
          {"unsupported", numbers.unsupported},
          {"banned", numbers.banned},
          {"disagreement", std::isnan(numbers.disagreement) ? Json(nullptr) : Json(numbers.disagreement)}};
}

Json to_json(const Alarm& alarm) {
  return {{"name", alarm.name},
          {"value", alarm.value},
          {"limit", alarm.limit},
          {"zh", alarm.zh},
          {"en", alarm.en}};
}

}  // namespace vitrine::eval
