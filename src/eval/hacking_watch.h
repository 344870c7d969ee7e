// eval/hacking_watch.h - whether a round of alignment pleases the ranking model at the cost of the
// copy.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"

namespace vitrine::eval {

/// What is watched, for the outputs of one model on one set of products with one decoding.
struct RoundNumbers {
  std::string name;  // sft, round-1, …
  int64_t texts = 0;
  double mean_length = 0;   // code points, white space removed
  double repetition_4 = 0;  // share of texts with a repeated 4-gram of characters
  double distinct_4 = 0;    // distinct 4-grams / all; compare at equal numbers of texts only
  double kl_to_sft = 0;     // nats a token; 0 for the SFT model itself
  double unsupported = 0;   // share of texts with an unsupported claim
  double banned = 0;        // share of texts with a banned term
  double disagreement = 0;  // share of pairs that the ranking model and the rules order differently; NaN = none was compared
};

/// A text as sampled from the round's model, under that model and under the SFT model.
struct SampleLogprobs {
  double logprob_round = 0, logprob_sft = 0;  // sums of natural logarithms over the text's tokens
  int64_t tokens = 0;
};

/// Mean over samples of (logprob_round - logprob_sft) / tokens: an estimate of the KL divergence of
/// the round from SFT. Throws InvalidInput naming the sample: no samples, no tokens, a number that
/// is not finite.
double kl_per_token(std::span<const SampleLogprobs> samples);

/// Fills texts, mean_length, repetition_4 and distinct_4. Throws InvalidInput for no texts.
void count_texts(std::span<const std::string> texts, RoundNumbers& numbers);

/// When a round is stopped. Ratios and rises are against the numbers before (of SFT, or of the
/// round before).
struct HackingWatchConfig {
  double max_length_ratio = 1.25;
  double min_length_ratio = 0.75;
  double max_repetition_rise = 0.05;
  double min_distinct_ratio = 0.85;
  double max_kl_per_token = 0.5;
  double max_unsupported_rise = 0.02;
  double max_banned_rise = 0.01;
  double max_disagreement = 0.4;

  void describe(FieldVisitor& v) {
    v.field("max_length_ratio", max_length_ratio,
            "alarm when the mean length grows beyond this ratio", 1, 100);
    v.field("min_length_ratio", min_length_ratio,
            "alarm when the mean length falls below this ratio", 0, 1);
    v.field("max_repetition_rise", max_repetition_rise,
            "alarm when the share of texts with a repeated 4-gram rises by more", 0, 1);
    v.field("min_distinct_ratio", min_distinct_ratio,
            "alarm when distinct-4 falls below this ratio", 0, 1);
    v.field("max_kl_per_token", max_kl_per_token,
            "alarm when the KL divergence to the SFT model is larger, nats a token", 0, 100);
    v.field("max_unsupported_rise", max_unsupported_rise,
            "alarm when the share of texts with an unsupported claim rises by more", 0, 1);
    v.field("max_banned_rise", max_banned_rise,
            "alarm when the share of texts with a banned term rises by more", 0, 1);
    v.field("max_disagreement", max_disagreement,
            "alarm when ranking model and rules order a larger share of pairs differently", 0, 1);
  }
};

struct Alarm {
  std::string name;    // of the field of RoundNumbers
  double value = 0;    // of the round
  double limit = 0;    // the greatest (or least) value without alarm
  std::string zh, en;  // one line each, with round, value and limit
};

/// The alarms of a round, in the order of RoundNumbers; a value at its limit is none.
/// Throws InvalidInput naming the round and the number: one that is not finite, as then nothing was
/// watched. Only the disagreement may be NaN, which is no alarm.
std::vector<Alarm> alarms(const RoundNumbers& before, const RoundNumbers& now,
                          const HackingWatchConfig& config);

Json to_json(const RoundNumbers& numbers);
Json to_json(const Alarm& alarm);

}  // namespace vitrine::eval
